#!/bin/sh
# Installs the servers and tools that tests and benchmarks talk to. It starts none: tests start
# their own, in temporary folders.
# Usage: services.sh [SERVICE...]   (all, when none is named; "cluster" is what a cluster is made of)
# What cannot be had is listed; that fails only with REQUIRE_SERVICES=1.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

OLDEST_POSTGRES=15
CLUSTER="postgres patroni etcd pgbouncer redis rabbitmq nginx"
ALL="$CLUSTER wrk browser chromium prometheus"
# Servers stand here, where only root looks by default.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

newest_postgres() { # prints the newest server's major version, or nothing
    for server in $(command -v postgres 2>/dev/null) /usr/lib/postgresql/*/bin/postgres \
        /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres; do
        [ -x "$server" ] && "$server" --version 2>/dev/null
    done | awk '{ print int($3) }' | sort -n | tail -n 1
}

has() { # SERVICE
    case $1 in
    postgres) version=$(newest_postgres) && [ -n "$version" ] && [ "$version" -ge $OLDEST_POSTGRES ] ;;
    browser) command -v chromium-headless-shell >/dev/null 2>&1 || has chromium ;;
    chromium) command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ;;
    redis) command -v redis-server >/dev/null 2>&1 ;;
    prometheus) command -v promtool >/dev/null 2>&1 && command -v amtool >/dev/null 2>&1 ;;
    rabbitmq) command -v rabbitmq-server >/dev/null 2>&1 ;;
    nginx)
        # The packaged module, or a brotli built in: without it a cluster's assets are larger.
        command -v nginx >/dev/null 2>&1 &&
            { ! command -v apt-get >/dev/null 2>&1 || has_brotli; }
        ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

has_brotli() { # whether nginx can compress with brotli, as far as a file tells
    for module in /usr/lib/nginx/modules/ngx_http_brotli_static_module.so \
        /usr/share/nginx/modules/ngx_http_brotli_static_module.so; do
        [ -e "$module" ] && return 0
    done
    nginx -V 2>&1 | grep -q brotli
}

units_of() { # SERVICE: what its packages would start at every boot
    case $1 in
    postgres) echo postgresql ;;
    redis) echo redis-server ;;
    rabbitmq) echo rabbitmq-server epmd.socket epmd ;;
    prometheus) echo prometheus prometheus-alertmanager ;;
    *) echo "$1" ;;
    esac
}

# Debian's packages start what they install, and PostgreSQL's makes a cluster; the tests want only
# the programs. What was enabled before stays so.
quietly() { # SERVICE PACKAGE...
    command -v apt-get >/dev/null 2>&1 && can_be_root || return 1
    new=
    for unit in $(units_of "$1"); do
        systemctl is-enabled --quiet "$unit" 2>/dev/null || new="$new $unit"
    done
    shift
    dropin=/etc/postgresql-common/createcluster.d/tidework-services.conf
    policy=/usr/sbin/policy-rc.d
    ours=
    as_root mkdir -p "${dropin%/*}"
    echo 'create_main_cluster = false' | as_root tee "$dropin" >/dev/null
    if [ ! -e "$policy" ]; then
        ours=1
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    # An interruption must not leave a machine on which nothing ever starts again.
    trap 'leave_policy; exit 130' INT TERM HUP
    apt_install "$@" && done_well=0 || done_well=1
    leave_policy
    trap - INT TERM HUP
    if command -v systemctl >/dev/null 2>&1; then
        for unit in $new; do
            as_root systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
        done
    fi
    return "$done_well"
}

leave_policy() {
    as_root rm -f "$dropin"
    [ -z "$ours" ] || as_root rm -f "$policy"
}

by_apt() {
    command -v apt-get >/dev/null 2>&1 || return 1
    case $1 in
    postgres) quietly postgres postgresql ;;
    patroni) quietly patroni patroni python3-etcd ;;
    etcd) quietly etcd etcd-server || quietly etcd etcd ;;
    redis) quietly redis redis-server ;;
    rabbitmq) quietly rabbitmq rabbitmq-server ;;
    nginx)
        quietly nginx nginx libnginx-mod-http-brotli-filter libnginx-mod-http-brotli-static ||
            quietly nginx nginx
        ;;
    pgbouncer) quietly pgbouncer pgbouncer ;;
    prometheus) quietly prometheus prometheus prometheus-alertmanager ;;
    browser) apt_install chromium-headless-shell || apt_install chromium ;;
    *) apt_install "$1" ;;
    esac
}

by_brew() {
    command -v brew >/dev/null 2>&1 || return 1
    case $1 in
    postgres) brew install postgresql@17 >&2 ;;
    browser | chromium) brew install --cask chromium >&2 ;;
    prometheus) brew install prometheus alertmanager >&2 ;;
    *) brew install "$1" >&2 ;;
    esac
}

[ $# -gt 0 ] || set -- $ALL
missing=
for service in $(printf '%s ' "$@" | sed "s/cluster/$CLUSTER/"); do
    case " $ALL " in
    *" $service "*) ;;
    *) die "services.sh: unknown service '$service'; use cluster, or some of $ALL" ;;
    esac
    has "$service" || by_apt "$service" || by_brew "$service" || true
    has "$service" || missing="$missing $service"
done

[ -n "$missing" ] || exit 0
say "not to be had here:$missing"
say "  (postgres: PostgreSQL $OLDEST_POSTGRES or newer, with its server programs; wrk: for make bench;"
say "   browser: chromium-headless-shell or Chromium, for the tests in one; chromium: for make bench-web;"
say "   prometheus: its promtool and amtool; $CLUSTER: for make cluster and the"
say "   tests of many copies)"
if [ "${REQUIRE_SERVICES:-}" = 1 ]; then
    die "REQUIRE_SERVICES=1, so this is a failure. Install them, or run as root or with sudo."
fi
say "going on without; tests that need them are shown as skipped"
