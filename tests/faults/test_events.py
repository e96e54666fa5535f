"""Events while relays and brokers die: nothing is missing, nothing happens twice, order is kept."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.services.brokers import Broker, close_broker, new_broker
from tests.services.commits import commit, new_task, new_workspace
from tests.services.proxy import proxied
from tests.services.runs import Run
from tests.services.stores import Database

from tidework.bus.catalogue import LoggedCommit
from tidework.bus.jobs import Jobs
from tidework.bus.wakeups import Wakeups
from tidework.bus.worker import Worker
from tidework.cluster.copy import run_command
from tidework.cluster.worker import Worker as WorkerProcess
from tidework.errors import Unavailable
from tidework.log import Operation
from tidework.store.protocol import Store

NAME = "counter"
LONG_FROM_NOW = "2999-01-01T00:00:00.000000Z"

# Behind the commit's own statements: the seq is taken, and nobody sees it yet.
LATE = (
    """CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ordinal = 0 THEN
        PERFORM pg_sleep(CASE WHEN random() < 0.2 THEN random() * 0.5 ELSE 0 END);
    END IF;
    RETURN NULL;
END $$""",
    """CREATE CONSTRAINT TRIGGER late AFTER INSERT ON changes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()""",
)


class Counter:
    """A consumer whose effect can be counted: a job that is not due for a thousand years."""

    name = NAME

    async def handle(self, commit: LoggedCommit) -> Sequence[Operation]:
        args = {"seq": commit.seq}
        return [Jobs.operation(commit.stream_id, "counted", args, due_at=LONG_FROM_NOW)]


def effects(database: Database) -> dict[str, list[int]]:
    """By stream the seqs whose effect has happened, in the order in which it did."""
    rows = database.execute(
        # Ids of the same millisecond are in no order.
        "SELECT stream_id, args::text FROM jobs WHERE kind = 'counted' ORDER BY created_at"
    )
    found: dict[str, list[int]] = defaultdict(list)
    for stream_id, args in rows[0]:
        found[str(stream_id)].append(int(json.loads(args)["seq"]))
    return found


@asynccontextmanager
async def consuming(
    store: Store, broker: Broker, url: str = "", *, relay: bool = False
) -> AsyncIterator[Worker]:
    """A worker in this process, with the consumer that counts."""
    parts = {NAME, "relay"} if relay else {NAME}
    worker = Worker(store, broker.bus(url), Jobs(store), [Counter()], Wakeups(), only=parts)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.close()


async def write(
    store: Store, streams: list[str], count: int, run: Run, who: int, done: list[str]
) -> None:
    """Commit to some streams, and note each that was acknowledged."""
    dice = run.dice(who)
    for _ in range(count):
        stream_id = dice.choice(streams)
        try:
            await store.append(commit(stream_id, new_task()))
        except Unavailable:
            continue
        done.append(stream_id)


async def until(holds: Callable[[], bool], what: str, within: float) -> None:
    try:
        async with asyncio.timeout(within):
            while True:
                if await asyncio.to_thread(holds):
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within:g} s") from None


async def all_counted(database: Database, within: float) -> dict[str, list[int]]:
    """Wait until each commit of each stream has had its effect; what happened, in its order."""
    rows = database.execute("SELECT stream_id, seq FROM streams")[0]
    wanted = {str(stream_id): list(range(1, seq + 1)) for stream_id, seq in rows}
    total = sum(map(len, wanted.values()))
    await until(
        lambda: sum(map(len, effects(database).values())) >= total, f"{total} effects", within
    )
    found = effects(database)
    assert {stream: sorted(seqs) for stream, seqs in found.items()} == wanted
    return found


@pytest.mark.timeout(900)
async def test_with_relays_and_the_broker_killed_nothing_is_missing_or_doubled(
    postgres_copy: Database, tmp_path: Path, run: Run
) -> None:
    commits, writers, streams = run.pick((300, 6, 30), (5000, 16, 200))
    broker = new_broker(run.pick("nats", "rabbitmq"))
    postgres_copy.execute(*LATE)
    keys = str(tmp_path / "keys.json")
    run_command("keys", "create", keys, settings={})
    settings = {
        "TIDEWORK_DATABASE_URL": postgres_copy.address,
        "TIDEWORK_BROKER_URL": broker.url,
        "TIDEWORK_SIGNING_KEYS_FILE": keys,
    }
    relays = [
        WorkerProcess(tmp_path / f"relay-{n}", settings, options=("--only", "relay"))
        for n in (1, 2)
    ]
    async with AsyncExitStack() as ending:
        ending.callback(close_broker, broker)
        await broker.start()
        for relay in relays:
            ending.callback(relay.kill)
        await asyncio.gather(*[asyncio.to_thread(relay.start) for relay in relays])
        for _ in range(2):
            await ending.enter_async_context(consuming(await postgres_copy.open(), broker))
        first = await postgres_copy.open()
        ids = [await new_workspace(first) for _ in range(streams)]
        done: list[str] = []
        share = commits // writers
        writing = [
            asyncio.create_task(write(await postgres_copy.open(), ids, share, run, n, done))
            for n in range(writers)
        ]
        breaks: list[Callable[[], Awaitable[None]]] = [
            lambda: again(relays[0].kill, relays[0].start),
            lambda: again(broker.part.kill, broker.part.start),
            lambda: again(relays[1].kill, relays[1].start),
            lambda: again(broker.part.kill, broker.part.start),
        ]
        for number, break_it in enumerate(breaks, 1):
            mark = number * share * writers // 6
            await until(lambda mark=mark: len(done) >= mark, f"{mark} commits", 300)  # type: ignore[misc]
            await break_it()
        await asyncio.gather(*writing)
        assert len(done) == share * writers
        found = await all_counted(postgres_copy, 120)
        for seqs in found.values():
            assert seqs == sorted(seqs)
        dead = postgres_copy.execute("SELECT count(*) FROM dead_events")[0]
        assert dead[0][0] == 0


async def again(kill: Callable[[], None], start: Callable[[], None]) -> None:
    """Kill -9, and start again."""
    await asyncio.to_thread(kill)
    await asyncio.to_thread(start)


BREAKS = ("cut", "half-open", "deleted")


@pytest.mark.parametrize("how", BREAKS)
async def test_a_hundred_jobs_are_there_within_thirty_seconds_of_a_break(
    how: str, postgres_copy: Database, run: Run
) -> None:
    for name in run.pick(("nats",), ("rabbitmq", "nats", "redis")):
        broker = new_broker(name)
        try:
            await broker.start()
            await break_once(how, postgres_copy, broker)
        finally:
            close_broker(broker)


async def break_once(how: str, database: Database, broker: Broker) -> None:
    store = await database.open()
    ids = [await new_workspace(store) for _ in range(10)]
    async with proxied(broker.url) as (proxy, url), consuming(store, broker, url, relay=True):
        await all_counted(database, 30)
        if how == "cut":
            proxy.refusing = True
            await proxy.cut_all()
        elif how == "half-open":
            proxy.silence()
        else:
            await broker.take_away(NAME)
        for number in range(100):
            await store.append(commit(ids[number % 10], new_task()))
        proxy.refusing = False
        proxy.let_new_ones_pass()
        for seqs in (await all_counted(database, 30)).values():
            assert seqs == sorted(seqs)
