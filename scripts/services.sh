#!/bin/sh
# Installs the servers and tools that tests and benchmarks talk to. It starts none: tests start
# their own, in temporary folders.
# Usage: services.sh [postgres] [wrk] [chromium]   (all, when none is named)
# What cannot be had is listed; that fails only with REQUIRE_SERVICES=1.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

OLDEST_POSTGRES=15

newest_postgres() { # prints the newest server's major version, or nothing
    for server in $(command -v postgres 2>/dev/null) /usr/lib/postgresql/*/bin/postgres \
        /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres; do
        [ -x "$server" ] && "$server" --version 2>/dev/null
    done | awk '{ print int($3) }' | sort -n | tail -n 1
}

has() { # SERVICE
    case $1 in
    postgres) version=$(newest_postgres) && [ -n "$version" ] && [ "$version" -ge $OLDEST_POSTGRES ] ;;
    chromium) command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

by_apt() {
    command -v apt-get >/dev/null 2>&1 || return 1
    case $1 in
    postgres)
        # Debian's packages would make a cluster and start it; the tests want only the programs.
        dropin=/etc/postgresql-common/createcluster.d/tidework-services.conf
        can_be_root || return 1
        as_root mkdir -p "${dropin%/*}"
        echo 'create_main_cluster = false' | as_root tee "$dropin" >/dev/null
        apt_install postgresql && done_well=0 || done_well=1
        as_root rm -f "$dropin"
        return "$done_well"
        ;;
    *) apt_install "$1" ;;
    esac
}

by_brew() {
    command -v brew >/dev/null 2>&1 || return 1
    case $1 in
    postgres) brew install postgresql@17 >&2 ;;
    chromium) brew install --cask chromium >&2 ;;
    *) brew install "$1" >&2 ;;
    esac
}

[ $# -gt 0 ] || set -- postgres wrk chromium
missing=
for service in "$@"; do
    case $service in
    postgres | wrk | chromium) ;;
    *) die "services.sh: unknown service '$service'; use postgres, wrk or chromium" ;;
    esac
    has "$service" || by_apt "$service" || by_brew "$service" || true
    has "$service" || missing="$missing $service"
done

[ -n "$missing" ] || exit 0
say "not to be had here:$missing"
say "  (postgres: PostgreSQL $OLDEST_POSTGRES or newer, with its server programs; wrk: for make bench;"
say "   chromium: for the tests in a browser)"
if [ "${REQUIRE_SERVICES:-}" = 1 ]; then
    die "REQUIRE_SERVICES=1, so this is a failure. Install them, or run as root or with sudo."
fi
say "going on without; tests that need them are shown as skipped"
