#!/bin/sh
# The web app: what `make` does with web/. Usage: web.sh WHAT
#   build [--if-possible]  build it into src/tidework/web/dist, if its sources have changed since; with
#                          --if-possible what fails is only told, for a server that can go on
#   check                  lint, format and types; and whether the client's types fit the API
#   api                    make the client's types from the API (web/src/api/schema.d.ts)
#   lock                   complete package-lock.json for other platforms, after an `npm install`
#   test [ARGUMENT...]     its unit tests, for vitest
#   format                 repair what the linter can, and format
# Node is the system's when it is new enough, else one from the package index, in .venv. It needs the
# network for Node and for npm's packages only, and only when these have changed.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

DIST=src/tidework/web/dist
BUILT=web/node_modules/.built
INSTALLED=web/node_modules/.installed
LOCK=.tools/web.lock
TYPES=web/src/api/schema.d.ts

new_enough() { # NODE: what Vite runs on
    "$1" -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1);
    ' >/dev/null 2>&1
}

has_node() { # on PATH, with its npm
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && new_enough node
}

find_node() {
    has_node && return 0
    PATH=$PWD/.venv/bin:$PATH
    has_node && return 0
    [ -x .venv/bin/python ] || scripts/setup.sh run || return 1
    say "no Node 20.19, 22.12 or newer found here; fetching one into .venv"
    UV_PYTHON_DOWNLOADS=never scripts/uv.sh sync --quiet --frozen --inexact --only-group web \
        --python .venv/bin/python || return 1
    # The shell remembers where it found the old one.
    hash -r
    has_node
}

quietly() { # NPM_ARGUMENT...
    (cd web && npm --loglevel=error --no-update-notifier "$@" </dev/null)
}

is_installed() {
    [ -x web/node_modules/.bin/vite ] || return 1
    [ "$(cat $INSTALLED 2>/dev/null)" = "$(cksum <web/package-lock.json)" ] && return 0
    # Or by npm itself, just now, by somebody who changes what is needed.
    [ -e web/node_modules/.package-lock.json ] &&
        [ -z "$(find web/package-lock.json -newer web/node_modules/.package-lock.json)" ]
}

install() {
    find_node || {
        say "the web app needs Node (20.19, 22.12 or newer), and it could not be fetched. Install it" \
            "(https://nodejs.org), or try again with a network"
        return 1
    }
    is_installed && return 0
    say "fetching the web app's packages"
    # Where the home folder cannot be written, as in some containers.
    [ -w "${HOME:-/}" ] || export npm_config_cache="$PWD/.tools/npm"
    # npm itself tries each file three times; with an app to go on with it is not worth the wait.
    pauses="2 10 0"
    [ ! -e $DIST/index.html ] || pauses=0
    for pause in $pauses; do
        if quietly ci --no-audit --no-fund --prefer-offline >.tools/web.log 2>&1; then
            cksum <web/package-lock.json >$INSTALLED
            return 0
        fi
        [ "$pause" = 0 ] || sleep "$pause"
    done
    grep '^npm error' .tools/web.log | head -n 8 >&2
    say "npm could not fetch the web app's packages; it says above why, more of it in .tools/web.log"
    return 1
}

is_built() {
    [ -e $DIST/index.html ] && [ -e $BUILT ] &&
        [ -z "$(find web -name node_modules -prune -o -name '*.test.ts*' -prune \
            -o -path web/openapi.json -prune -o ! -path web -newer $BUILT -print | head -n 1)" ]
}

# Beside the old app and then in its place, so that a server which runs has a whole one all the time.
build() {
    is_built && return 0
    say "building the web app"
    touch web/node_modules/.begun
    rm -rf $DIST.new
    quietly run build --silent -- --outDir "$PWD/$DIST.new" >.tools/web.log 2>&1 &&
        [ -e $DIST.new/index.html ] || {
        cat .tools/web.log >&2
        rm -rf $DIST.new
        say "the web app could not be built; it is said above why"
        return 1
    }
    rm -rf $DIST.old
    [ ! -e $DIST ] || mv $DIST $DIST.old
    mv $DIST.new $DIST
    rm -rf $DIST.old
    mv web/node_modules/.begun $BUILT
}

# One at a time: npm begins with removing everything.
exclusive() {
    mkdir -p .tools
    until mkdir $LOCK 2>/dev/null; do
        owner=$(cat $LOCK/pid 2>/dev/null) || owner=
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf $LOCK
        else
            sleep 1
        fi
    done
    echo $$ >$LOCK/pid
    trap 'rm -rf $LOCK' EXIT
    trap 'exit 130' INT TERM HUP
}

need() {
    exclusive
    install || exit 1
    rm -rf $LOCK
    trap - EXIT
}

types() { # FILE: the client's types, as the API is now
    .venv/bin/python -m tidework openapi >web/openapi.json &&
        quietly exec --no -- openapi-typescript openapi.json --output "$1" >/dev/null
}

what=${1:-build}
[ $# -eq 0 ] || shift
case $what in
build)
    is_built && exit 0
    exclusive
    fetched=
    install && fetched=1 && build && exit 0
    # A mistake in the sources is one, without a network one goes on with what there is.
    [ -z "$fetched" ] || [ "${1:-}" = --if-possible ] || exit 1
    if [ -e $DIST/index.html ]; then
        say "going on with the web app as it was built before"
    elif [ "${1:-}" = --if-possible ]; then
        say "going on without the web app: the API is all there is"
    else
        exit 1
    fi
    ;;
check)
    need
    failed=0
    quietly run check --silent || failed=1
    node web/build/lock.mjs --check || failed=1
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    types "$made/schema.d.ts"
    cmp -s "$made/schema.d.ts" $TYPES || {
        say "$TYPES is not what the API is now. Run: scripts/web.sh api"
        failed=1
    }
    exit $failed
    ;;
api)
    need
    types src/api/schema.d.ts
    ;;
lock)
    find_node
    is_installed && installed=1 || installed=
    node web/build/lock.mjs
    # What is installed has not become another by it.
    [ -z "$installed" ] || cksum <web/package-lock.json >$INSTALLED
    ;;
test)
    need
    quietly test --silent -- "$@"
    ;;
format)
    need
    quietly run format --silent
    ;;
*) die "web.sh: unknown '$what'; use build, check, api, lock, test or format" ;;
esac
