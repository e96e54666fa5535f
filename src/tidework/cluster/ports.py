"""Free ports on this machine."""

import random
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
# Below what systems give to outgoing connections, so that a stopped part finds its port again.
_FIRST, _LAST = 20_000, 32_000


def free_port() -> int:
    """A loopback port that nobody listens on now; whoever binds it must bear that it is taken."""
    for _ in range(200):
        port = random.randint(_FIRST, _LAST)  # noqa: S311  # no secret
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        found: int = probe.getsockname()[1]
        return found


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        # As servers do it: what lingers of closed connections is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int, seconds: float = 1.0) -> bool:
    """Whether somebody takes connections on a loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), seconds).close()
    except OSError:
        return False
    return True
