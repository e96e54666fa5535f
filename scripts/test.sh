#!/bin/sh
# Runs the tests, all of them or what the arguments name.
# All: first those of the web app's parts; then those that can share the machine, twice as many at once
# as it has processors, since half of their time is waiting; then those that break things under load,
# one for each processor; then those that ask how long something takes, by themselves. Processors are
# shared, and a test that fails beside others is run once more by itself; both outcomes are printed.
# Named tests are run once, as they are.
set -u
cd "$(dirname "$0")/.."
PYTHON=.venv/bin/python

if [ $# -gt 0 ]; then
    exec $PYTHON -m pytest -n logical --maxprocesses 8 --dist worksteal "$@"
fi

tried() { # PYTEST_ARGUMENT...
    $PYTHON -m pytest "$@" && return 0
    [ $? -eq 1 ] || return 1
    echo "tidework: once more, by themselves, those that failed:"
    $PYTHON -m pytest "$@" -n 0 --last-failed --last-failed-no-failures none
}

twice=$($PYTHON -c 'import psutil; print(min(8, 2 * (psutil.cpu_count() or 1)))')
failed=0
scripts/web.sh test || failed=1
tried -n "$twice" --dist worksteal --ignore tests/faults tests || failed=1
tried -n logical --maxprocesses 4 --dist loadfile -m "not alone" tests/faults || failed=1
tried -m alone tests/faults || failed=1
exit $failed
