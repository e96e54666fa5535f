"""The standbys of a Patroni cluster as it starts: waited for, made anew, or gone on without."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tidework.cluster.patroni import Patroni
from tidework.cluster.process import ClusterError, wait_until

_FOLLOW_S: Final = 90.0
_REMADE_S: Final = 60.0
_SYNCHRONOUS_S: Final = 30.0


def await_standbys(
    nodes: Sequence[Patroni],
    primary: Patroni,
    say: Callable[[str], None],
    *,
    follow_s: float = _FOLLOW_S,
    remade_s: float = _REMADE_S,
) -> None:
    """Wait until all follow the primary. One that does not in time is copied anew; one that does not
    even then is told of and left alone, as long as changes can be acknowledged without it. Raises
    `ClusterError` where they cannot.
    """
    late = _late([node for node in nodes if node is not primary], follow_s)
    for node in late:
        if node.node().get("state") == "creating replica":
            # It is being copied already.
            continue
        say(f"{node.name} anew: it has not come to follow the primary within {follow_s:g} s")
        try:
            # Who was promoted meanwhile is none to be copied over; Patroni refuses that, too.
            if not node.is_primary():
                node.remake()
        except ClusterError as error:
            say(error.detail)
    left = _late(late, remade_s) if late else []
    for node in left:
        say(
            f"without {node.name}, which is unhealthy and does not follow the primary"
            f" (its log: {node.log})"
        )
    if len(nodes) > 1:
        try:
            synchronous = lambda: any(node.is_synchronous() for node in nodes)  # noqa: E731
            wait_until(synchronous, "PostgreSQL has a synchronous standby", _SYNCHRONOUS_S)
        except TimeoutError as error:
            logs = ", ".join(str(node.log) for node in left or nodes)
            raise ClusterError(f"{error}. See the logs: {logs}") from None


def _late(nodes: Sequence[Patroni], seconds: float) -> list[Patroni]:
    """Those that are not healthy within so many seconds, all of them together."""
    waiting = list(nodes)
    until = time.monotonic() + seconds
    while waiting and time.monotonic() < until:
        waiting = [node for node in waiting if not node.healthy()]
        if waiting:
            time.sleep(0.2)
    return waiting
