#!/bin/sh
# Runs the tests, all of them or what the arguments name.
# All: first those of the web app's parts, then those that can share the machine, then those that break things under load, one after the
# other, so that none disturbs another's clients. Processors are shared, and a test that fails beside
# others is run once more by itself; both outcomes are printed. Named tests are run once, as they are.
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

failed=0
scripts/web.sh test || failed=1
tried -n logical --maxprocesses 8 --dist worksteal --ignore tests/faults tests || failed=1
tried tests/faults || failed=1
exit $failed
