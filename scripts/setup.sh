#!/bin/sh
# Makes .venv hold what uv.lock says. Usage: setup.sh run|dev|bench
#   run    what the product needs (what else is there already is left alone)
#   dev    that, and what tests and checks need
#   bench  that, and the peers that the benchmarks compare with
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

adequate() {
    "$1" -c 'import sqlite3, ssl, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# An environment moved with its folder has the old place in every script.
if [ -e .venv ] && [ "$(cat .venv/.ready-where 2>/dev/null)" != "$PWD" ]; then
    grep -qs "$PWD/.venv" .venv/bin/activate || rm -rf .venv
fi

# Keep an environment's interpreter: uv would rebuild it all for another one.
python=
if [ -z "${UV_PYTHON:-}" ] && adequate .venv/bin/python; then
    python=.venv/bin/python
else
    for candidate in $(python_candidates); do
        if adequate "$candidate"; then
            python=$candidate
            break
        fi
    done
fi
if [ -n "$python" ]; then
    export UV_PYTHON_DOWNLOADS="${UV_PYTHON_DOWNLOADS:-never}"
else
    # Without --python uv fetches one that fits, where it is allowed to.
    say "no Python 3.11 or newer found here; asking uv for one"
fi

what=${1:?usage: setup.sh run|dev|bench}
case $what in
run) groups="--no-dev --inexact" ;;
dev) groups="--inexact" ;;
bench) groups="--group bench --inexact" ;;
*) die "setup.sh: unknown set '$what'; use run, dev or bench" ;;
esac

# --frozen: setting up installs the lock file and never rewrites it; "make check" sees to it that
# the lock file fits pyproject.toml. Compiled now, so that the first start is as quick as the next.
# shellcheck disable=SC2086
scripts/uv.sh sync --quiet --frozen --compile-bytecode $groups ${python:+--python "$python"} ||
    die "setting up .venv failed; uv says above why. It needs the package index, and Python 3.11 or" \
        "newer with sqlite3 and ssl (point UV_PYTHON at one if several are installed)."
pwd >.venv/.ready-where
touch .venv/.ready-run
if [ "$what" != run ]; then touch .venv/.ready-dev; fi
if [ "$what" = bench ]; then touch .venv/.ready-bench; fi
