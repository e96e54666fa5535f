#!/bin/sh
# Everything that can be judged without running the product. Runs all checks, then says which failed.
set -u
cd "$(dirname "$0")/.."
. scripts/lib.sh

PATH=$PWD/.venv/bin:$PATH
export PATH
failed=

check() { # NAME COMMAND...
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed $name"
}

check lock scripts/uv.sh lock --check --quiet
check lint python -m ruff check --quiet .
check format python -m ruff format --check --quiet .
check types python -m mypy
check layers lint-imports --no-logo
if [ -f src/tidework/store/sql/check.py ]; then
    check queries python -m tidework.store.sql.check
fi
check docs python scripts/check_docs.py
check web scripts/web.sh check

[ -z "$failed" ] || die "failed:$failed"
say "all checks passed"
