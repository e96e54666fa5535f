# Shared by the scripts beside it; POSIX sh, sourced from the repository's root.

say() { printf '%s\n' "tidework: $*" >&2; }

die() {
    say "$*"
    exit 1
}

# Interpreters worth trying, best first: the one asked for, then the distribution's (built with
# optimisations, where a self-compiled one often is not), then whatever PATH offers.
python_candidates() {
    for name in "${UV_PYTHON:-}" /usr/bin/python3 python3 \
        python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$name" ] && command -v "$name" 2>/dev/null
    done | awk '!seen[$0]++'
}

can_be_root() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null 2>&1 || return 1
    # Only a person at a terminal can answer a question about a password.
    sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_install PACKAGE...: non-zero when it cannot be done here.
apt_install() {
    command -v apt-get >/dev/null 2>&1 && can_be_root || return 1
    say "installing with apt-get: $*"
    if [ -z "${apt_updated:-}" ]; then
        as_root apt-get -qq -o Acquire::Retries=3 update >&2 ||
            say "apt-get update failed; trying with the lists at hand"
        apt_updated=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@" >&2 </dev/null
}
