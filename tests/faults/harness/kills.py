"""Parts that are killed while clients work, again and again, and brought back."""

import time
from collections.abc import Callable
from random import Random

from tests.faults.harness.installation import Installation
from tests.faults.harness.record import Crew, Record

from tidework.cluster import Patroni, primary_of
from tidework.cluster.postgres import PostgresNode
from tidework.cluster.process import wait_until


def more(
    record: Record, crew: Crew, wanted: int, seconds: float = 0.0, deadline: float = 120.0
) -> None:
    """Wait until so many more writes are acknowledged, and at least so many seconds have passed."""
    goal, end = record.done + wanted, time.monotonic() + seconds

    def reached() -> bool:
        crew.check()
        return record.done >= goal and time.monotonic() >= end

    wait_until(reached, f"{wanted} more acknowledged writes", max(deadline, seconds * 2))


def primary(installation: Installation) -> PostgresNode:
    """The database server that takes writes."""
    nodes = installation.cluster.nodes
    watched = [node for node in nodes if isinstance(node, Patroni)]
    return primary_of(watched) if watched else nodes[0]


def kill_a_copy(installation: Installation, dice: Random) -> Callable[[], None]:
    """Kill one copy; what brings it back is returned."""
    victim = dice.choice(installation.cluster.copies)
    victim.kill()
    return victim.launch


def kill_the_primary(installation: Installation) -> Callable[[], None]:
    """Kill the server that takes writes; what brings it back is returned."""
    victim = primary(installation)
    victim.kill()
    return victim.launch


def kill_in_turns(
    installation: Installation, record: Record, crew: Crew, dice: Random, *,
    rounds: int, seconds: float,
) -> None:  # fmt: skip
    """Each round kills a copy and the primary, the one or the other first, and brings them back.

    Args:
        installation: what is broken.
        record: what its clients have been told; each kill waits for them to be at work.
        crew: the clients.
        dice: who is killed, and when.
        rounds: how many.
        seconds: how long a round takes at least.
    """
    for _ in range(rounds):
        end = time.monotonic() + seconds
        more(record, crew, dice.randint(20, 60))
        kills = [lambda: kill_a_copy(installation, dice), lambda: kill_the_primary(installation)]
        dice.shuffle(kills)
        back = [kills[0]()]
        if dice.random() < 0.5 and kills[0] is not kills[1]:
            # The second one in the middle of what the first one has left undone.
            back.append(kills[1]())
        else:
            back.pop()()
            back.append(kills[1]())
        for start in back:
            start()
        installation.heal()
        more(record, crew, 20, max(0.0, end - time.monotonic()))
