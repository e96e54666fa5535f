"""The primary is lost at full write load: a standby takes over, and the copies write to that alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.faults.harness.installation import Installation, replicated
from tests.faults.harness.kills import more
from tests.faults.harness.record import Crew, Record, working
from tests.faults.harness.truth import assert_true
from tests.faults.harness.writers import Writer
from tests.services.runs import FULL, Run

from tidework.cluster import Patroni, primary_of
from tidework.cluster.postgres import DATABASE
from tidework.cluster.process import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900 if FULL else 300)]

WRITES_WITHIN = 30.0


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """Two copies; a primary, a synchronous standby and, at full length, one more."""
    with replicated(2, 2 if FULL else 1) as made:
        yield made


def waiting_on(server: Patroni, *, end: bool = False) -> list[str]:
    """Who waits there for a standby that is gone; `end` ends those waits."""
    ended = ", pg_terminate_backend(pid)" if end else ""
    statement = (
        f"SELECT application_name {ended} FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    )
    return [row[0] for row in server.execute(statement)[0]]


@dataclass
class Fall:
    """Primaries that fall while clients write."""

    installation: Installation
    record: Record
    crew: Crew
    seconds: list[float] = field(default_factory=list)

    @property
    def nodes(self) -> list[Patroni]:
        return [node for node in self.installation.cluster.nodes if isinstance(node, Patroni)]

    def prepare(self) -> Patroni:
        """The primary, with every standby well and one of them synchronous."""
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.await_healthy(90)
        wait_until(lambda: any(map(Patroni.is_synchronous, self.nodes)), "a synchronous one", 60)
        more(self.record, self.crew, 100)
        return primary_of(self.nodes)

    def await_writes(self, begun: float, former: Patroni) -> Patroni:
        """Another primary is written to, in time."""
        new = primary_of([node for node in self.nodes if node is not former], 60)
        # What is acknowledged from here on has gone to the new one.
        more(self.record, self.crew, 20, deadline=60)
        self.seconds.append(time.monotonic() - begun)
        return new

    def tasks_on(self, node: Patroni) -> int:
        [[(count,)]] = node.execute("SELECT count(*) FROM tasks", database=DATABASE)
        return int(count)

    def killed(self) -> None:
        """It and whoever watches it are lost at once; later it comes back, and follows."""
        former = self.prepare()
        begun = time.monotonic()
        former.kill()
        self.await_writes(begun, former)
        former.launch()
        former.await_healthy(90)
        wait_until(lambda: former.in_recovery() is True, "the former primary follows", 60)
        more(self.record, self.crew, 50)

    def unwatched(self) -> None:
        """It goes on by itself, and takes connections and writes: none of them are ours.

        It answers reads until each copy has looked; that is said in docs/operations/replicas.md.
        """
        former = self.prepare()
        begun = time.monotonic()
        self.record.forgives_reads = True
        former.kill_agent()
        self.await_writes(begun, former)
        assert former.in_recovery() is False, "it should not have noticed"
        # Commits that wait for their standby for ever are visible once they are told not to.
        wait_until(lambda: not waiting_on(former, end=True), "nobody waits for a standby", 30)
        before = self.tasks_on(former)
        more(self.record, self.crew, 100)
        self.record.forgives_reads = False
        assert waiting_on(former, end=True) == []
        assert self.tasks_on(former) == before, "the former primary is written to"
        former.launch()
        former.await_healthy(90)
        wait_until(lambda: former.in_recovery() is True, "the former primary follows", 60)

    def frozen(self) -> None:
        """It hangs with its connections open; a watchdog ends it only when another one has its place.

        Without one it may wake, and Patroni 3.0 then takes its key back: see docs/operations/cluster.md.
        """
        former = self.prepare()
        begun = time.monotonic()
        former.freeze()
        try:
            self.await_writes(begun, former)
        finally:
            former.kill()
        former.launch()
        former.await_healthy(90)
        wait_until(lambda: former.in_recovery() is True, "the former primary follows", 60)
        more(self.record, self.crew, 50)


def test_a_lost_primary_takes_no_acknowledged_write_with_it(
    installation: Installation, run: Run
) -> None:
    record = Record()
    token = installation.register()["access_token"]
    streams = installation.workspaces(token, 3)

    def writer(number: int) -> Writer:
        own = run.dice(number)
        return Writer(f"w{number}", installation.caller(token, own), streams, record, own)

    with working([writer(number) for number in range(run.pick(4, 8))]) as crew:
        fall = Fall(installation, record, crew)
        ways = [fall.killed, fall.unwatched, fall.frozen]
        chosen = run.pick([fall.killed], ways * 2)
        run.dice().shuffle(chosen)
        for way in chosen:
            print(way.__name__)
            way()
    shown = ", ".join(f"{seconds:.1f}" for seconds in fall.seconds)
    print(f"{record.summary()}; writes again after {shown} s")
    assert_true(record, installation.each(token), streams)
    installation.assert_replays()
    # Last, so that what is true of the data is known however slow the machine is.
    assert max(fall.seconds) < WRITES_WITHIN
