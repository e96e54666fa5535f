#!/bin/sh
# Runs uv with the given arguments: the one on PATH when it is recent enough, else one of our own
# in .tools/uv, fetched from PyPI on first use.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Keep in step with tool.uv.required-version in pyproject.toml.
OLDEST=0.8
OWN=.tools/uv

# Trust what the system trusts, so that it also works behind an organisation's own proxy. (The
# second name is that of older versions.) Without a bundle uv's own list is the better choice.
if [ -e /etc/ssl/certs/ca-certificates.crt ] || [ "$(uname)" = Darwin ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}" UV_NATIVE_TLS="${UV_NATIVE_TLS:-1}"
fi

recent() { # COMMAND...: it is uv, and OLDEST or newer
    version=$("$@" --version 2>/dev/null) || return 1
    version=$(printf '%s\n' "$version" | awk '$1 == "uv" { print $2 }')
    [ -n "$version" ] || return 1
    [ "$(printf '%s\n%s\n' "$OLDEST" "$version" | sort -V | head -n 1)" = "$OLDEST" ]
}

by_pip_target() {
    "$1" -m pip --version >/dev/null 2>&1 &&
        PIP_ROOT_USER_ACTION=ignore "$1" -m pip install -q --no-input \
            --disable-pip-version-check --upgrade --target "$OWN" "uv>=$OLDEST,<1" >&2
}

by_venv() {
    "$1" -m venv --clear "$OWN/venv" >/dev/null 2>&1 &&
        "$OWN/venv/bin/python" -m pip install -q --no-input --disable-pip-version-check \
            "uv>=$OLDEST,<1" >&2 &&
        mkdir -p "$OWN/bin" && ln -sf ../venv/bin/uv "$OWN/bin/uv"
}

bootstrap() {
    say "fetching uv into $OWN"
    rm -rf "$OWN"
    for python in $(python_candidates); do
        if by_pip_target "$python" || by_venv "$python"; then
            recent "$OWN/bin/uv" && return 0
        fi
    done
    return 1
}

if recent uv; then
    exec uv "$@"
fi
if ! recent "$OWN/bin/uv"; then
    bootstrap || { apt_install python3-venv && bootstrap; } ||
        die "uv is missing and could not be fetched. Install it (https://docs.astral.sh/uv/)," \
            "or give Python its pip (Debian, Ubuntu: apt-get install python3-venv), and try again."
fi
exec "$OWN/bin/uv" "$@"
