"""The address that a server listens on, and the connections that it may take there."""

import contextlib
import errno
import os
import resource
import socket
from typing import Any, Final

from tidework.errors import TideworkError
from tidework.settings import Settings

# A connection holds its place for as long as it is open, idle ones and event streams too.
CONNECTIONS: Final = 16_384
# What the server itself has open, and some connections. With fewer Granian and SQLite end the
# process without a word of what is missing.
_LEAST_FILES: Final = 256
# A peer that is gone without a word is noticed after a minute at the latest, whether something is
# being sent to it or not; connections inherit it from the socket that takes them. By default an
# event stream's would stay for a quarter of an hour.
_LIVENESS: Final = (
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 30),
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 10),
    ("IPPROTO_TCP", "TCP_KEEPCNT", 3),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 60_000),
)


class CannotListen(TideworkError):
    """The address cannot be listened on."""

    status = 503
    title = "Cannot listen"
    code = "cannot_listen"


class TooFewFiles(TideworkError):
    """The system lets this process open fewer files than a server needs."""

    status = 503
    title = "Too few open files"
    code = "too_few_files"


def allow_connections() -> None:
    """Ask for as many open files as connections may need; many systems begin with 1,024 or fewer.

    Raises `TooFewFiles` when not even a quiet server could do with what is allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        # macOS has a lower bound of its own below what it calls the hard one.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < _LEAST_FILES:
        raise TooFewFiles(
            f"The system allows {most} open files, and a server needs {_LEAST_FILES}, besides one"
            " for each connection. Allow more, e.g. ulimit -n 4096 (systemd: LimitNOFILE=4096)"
        )


def resolved(settings: Settings) -> str:
    """The numeric address of the host, IPv4 where it has both. Raises `CannotListen`."""
    try:
        return str(_found(settings.host, settings.port)[1][0])
    except OSError as error:
        raise CannotListen(_refusal(settings, error)) from error


def _found(host: str, port: int) -> tuple[int, Any]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address


def notice_the_dead(descriptor: int | None) -> None:
    """Let a listening socket's connections end when their peer has gone without a word."""
    if descriptor is None:
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as listener:
        for level, name, value in _LIVENESS:
            # Not every system knows all of them.
            if hasattr(socket, name):
                listener.setsockopt(getattr(socket, level), getattr(socket, name), value)


def check_address(settings: Settings) -> None:
    """Raise `CannotListen` when the address cannot be listened on, or not beside that of metrics.

    Asked beforehand, since the server listens in a way that lets several share a port.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_listening(settings.host, settings.port))
        except OSError as error:
            raise CannotListen(_refusal(settings, error)) from error
        _check_metrics(settings)


def _listening(host: str, port: int) -> socket.socket:
    family, address = _found(host, port)
    probe = socket.socket(family)
    try:
        # As any server does: connections of a predecessor that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)
    except OSError:
        probe.close()
        raise
    return probe


def _check_metrics(settings: Settings) -> None:
    """Raise `CannotListen` when metrics are to answer where this process already listens."""
    host, _, port = settings.metrics.rpartition(":")
    if not host or int(port) != settings.port:
        return
    try:
        # The system knows best which names and wildcards are the same address.
        _listening(host.strip("[]"), settings.port).close()
    except OSError as error:
        # Anything else is told by what serves metrics.
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"TIDEWORK_METRICS is {settings.metrics}, where the server itself listens"
                f" ({settings.host} port {port}). Choose another port, e.g."
                f" TIDEWORK_METRICS={host}:{settings.port % 65_535 + 1}; or TIDEWORK_METRICS=public"
            ) from error


def _refusal(settings: Settings, error: OSError) -> str:
    where = f"{settings.host} port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {where}. Stop it, or choose another port, e.g."
            f" --port {settings.port % 65_535 + 1}"
        )
    if error.errno == errno.EACCES:
        return (
            f"This user may not listen on {where}. Ports below 1024 need rights; choose another"
            " one, e.g. --port 8000"
        )
    return (
        f"Cannot listen on {where}: {error.strerror}. Choose another address with --host, e.g."
        " 127.0.0.1 or 0.0.0.0"
    )
