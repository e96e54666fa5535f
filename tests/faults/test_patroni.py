"""The primary is lost, its synchronous standby takes over, and the old one comes back fenced."""

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from tests.services.processes import wait_until
from tests.services.require import unavailable

from tidework.cluster import Etcd, Patroni, primary_of, process
from tidework.cluster.postgres import DATABASE, REPLICATOR, ROLE, SUPERUSER, UNANSWERED, execute
from tidework.cluster.process import ClusterError
from tidework.cluster.standbys import await_standbys

pytestmark = pytest.mark.slow

TAKEN_OVER_WITHIN = 30.0


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Patroni]]:
    """A primary, a synchronous and another replica."""
    missing = Patroni.missing()
    if missing:
        unavailable(f"{missing} (or `make services`).")
    folder = Path(tempfile.mkdtemp(prefix="tidework patroni ", dir="/tmp"))
    folder.chmod(0o711)
    etcd = Etcd(folder / "etcd")
    passwords = {role: f"password-{role}" for role in (SUPERUSER, REPLICATOR, ROLE)}
    made = [
        Patroni(folder / name, etcd=etcd, name=name, passwords=passwords)
        for name in ("postgres-1", "postgres-2", "postgres-3")
    ]
    try:
        etcd.start()
        for node in made:
            node.launch()
        primary_of(made).create_database()
        for node in made:
            node.await_healthy(60)
        yield made
    finally:
        for node in made:
            node.thaw()
            node.kill()
        etcd.kill()
        shutil.rmtree(folder)


@pytest.fixture
def primary(nodes: list[Patroni]) -> Patroni:
    """The primary, with a synchronous standby and a table `kept` with nothing in it."""
    for node in nodes:
        node.launch()
        node.await_healthy(60)
    found = primary_of(nodes)
    wait_until(lambda: any(map(Patroni.is_synchronous, nodes)), "a synchronous standby", 30)
    found.execute("DROP TABLE IF EXISTS kept", "CREATE TABLE kept (id bigint)", database=DATABASE)
    return found


class Writer(threading.Thread):
    """Writes one row after the other to whoever is the primary, and knows which are acknowledged."""

    def __init__(self, nodes: list[Patroni]) -> None:
        super().__init__(daemon=True)
        hosts = ",".join(node.address for node in nodes)
        password = nodes[0].passwords[SUPERUSER]
        self._url = f"postgresql://{SUPERUSER}:{password}@{hosts}/{DATABASE}"
        self._url += "?target_session_attrs=read-write"
        self.acknowledged: list[int] = []
        self._done = threading.Event()

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join(30)

    def run(self) -> None:
        number = 0
        while not self._done.is_set():
            number += 1
            with suppress(*UNANSWERED):
                execute(self._url, f"INSERT INTO kept VALUES ({number})", deadline=3)
                self.acknowledged.append(number)


def stop_sending(primary: Patroni) -> None:
    """Let no replica hear of what the primary writes from now on."""
    server = primary.server()
    assert server is not None
    senders: list[psutil.Process] = []

    def found() -> bool:
        senders[:] = [one for one in process.family(server) if "walsender" in title(one)]
        return len(senders) == 2

    wait_until(found, "it sends to both replicas", 30)
    process.signal_all(senders, signal.SIGSTOP)


def title(one: psutil.Process) -> str:
    """What a process calls itself; nothing when it has ended meanwhile."""
    with suppress(psutil.NoSuchProcess):
        return " ".join(one.cmdline())
    return ""


def rows(node: Patroni) -> list[int]:
    [found] = node.execute("SELECT id FROM kept ORDER BY id", database=DATABASE)
    return [number for (number,) in found]


def has(node: Patroni, expected: list[int]) -> bool:
    with suppress(*UNANSWERED):
        return rows(node) == expected
    return False


def test_a_lost_primary_is_replaced_without_a_lost_write_and_comes_back_as_a_replica(
    nodes: list[Patroni], primary: Patroni
) -> None:
    others = [node for node in nodes if node is not primary]
    with Writer(nodes) as writer:
        wait_until(lambda: len(writer.acknowledged) > 20, "writes", 30)
        # What only the old primary will ever have: it must be turned back, not only followed up.
        stop_sending(primary)
        local = ("SET synchronous_commit TO local", "INSERT INTO kept VALUES (-1)")
        primary.execute(*local, database=DATABASE)
        primary.kill()

        new = primary_of(others, TAKEN_OVER_WITHIN)
        before = len(writer.acknowledged)
        wait_until(lambda: len(writer.acknowledged) > before + 5, "writes go on", 30)

        primary.launch()
        primary.await_healthy(60)
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            primary.execute("INSERT INTO kept VALUES (-2)", database=DATABASE)
        assert "pg_rewind" in primary.log.read_text()
    assert set(writer.acknowledged) <= set(rows(new))
    assert -1 not in rows(new)
    wait_until(lambda: has(primary, rows(new)), "the old primary has what the new one has", 30)
    assert [node for node in nodes if node.is_primary()] == [new]


def test_a_primary_that_nobody_watches_acknowledges_nothing_any_more(
    nodes: list[Patroni], primary: Patroni
) -> None:
    others = [node for node in nodes if node is not primary]
    primary.kill_agent()
    new = primary_of(others, TAKEN_OVER_WITHIN)
    new.execute("INSERT INTO kept VALUES (1)", database=DATABASE)
    # It still takes connections, as it has not been told.
    assert primary.in_recovery() is False
    with pytest.raises(TimeoutError):
        execute(primary.admin_url(DATABASE), "INSERT INTO kept VALUES (-1)", deadline=3)

    primary.launch()
    wait_until(lambda: primary.in_recovery() is True, "it is a replica", 60)
    wait_until(lambda: has(primary, [1]), "it has what the new primary has", 30)


def wedge(node: Patroni) -> None:
    """Have a standby that starts, and can be of no use to anybody."""
    node.stop()
    (node.data / "global/pg_filenode.map").unlink()
    node.launch()


def test_a_standby_that_does_not_come_to_follow_is_made_anew(
    nodes: list[Patroni], primary: Patroni
) -> None:
    primary.execute("INSERT INTO kept VALUES (1)", database=DATABASE)
    [wedged, _] = [node for node in nodes if node is not primary]
    wedge(wedged)
    told: list[str] = []
    await_standbys(nodes, primary, told.append, follow_s=8)
    assert [line.partition(" anew")[0] for line in told] == [wedged.name]
    wait_until(lambda: has(wedged, [1]), "it has what the primary has", 30)
    with pytest.raises(ClusterError, match="cannot be made anew"):
        primary.remake()
    assert rows(primary) == [1]


def test_a_standby_that_cannot_be_helped_is_gone_on_without(
    nodes: list[Patroni], primary: Patroni
) -> None:
    [lost, _] = [node for node in nodes if node is not primary]
    lost.kill()
    told: list[str] = []
    await_standbys(nodes, primary, told.append, follow_s=1, remade_s=1)
    assert told[-1].startswith(f"without {lost.name}, which is unhealthy")
    assert str(lost.log) in told[-1]
