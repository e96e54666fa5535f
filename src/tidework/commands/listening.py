"""The address that a server listens on."""

import contextlib
import errno
import os
import socket
from typing import Any, Final

from tidework.errors import TideworkError
from tidework.settings import Settings

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


def resolved(settings: Settings) -> str:
    """The numeric address of the host, IPv4 where it has both. Raises `CannotListen`."""
    return str(_found(settings)[1][0])


def _found(settings: Settings) -> tuple[int, Any]:
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise CannotListen(_refusal(settings, error)) from error
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
    """Raise `CannotListen` when the address cannot be listened on.

    Asked beforehand, since the server listens in a way that lets several share a port.
    """
    family, address = _found(settings)
    try:
        with socket.socket(family) as probe:
            # As any server does: connections of a predecessor that linger do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise CannotListen(_refusal(settings, error)) from error


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
