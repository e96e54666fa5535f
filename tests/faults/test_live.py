"""Event streams whose connections are cut at random, or go dumb: no gap, nothing twice, nothing stale."""

import asyncio
import time
from collections.abc import Iterator

import pytest
import websockets
from tests.faults.harness.installation import Installation, plain
from tests.faults.harness.people import Person, somebody
from tests.faults.harness.streams import Network, Reader, network, reading, until_all
from tests.services.runs import FULL, Run

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900 if FULL else 240)]

HEARTBEAT_S = 15 if FULL else 1
SILENCE_S = 22.0 if FULL else 2.0
STALE_S = 30.0
WORKSPACES = 8


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    settings = {
        "TIDEWORK_LIVE_HEARTBEAT_SECONDS": str(HEARTBEAT_S),
        "TIDEWORK_LIVE_STREAMS_PER_ACCOUNT": "500",
    }
    with plain(copies=2, settings=settings) as made:
        yield made


class Writers:
    """Write tasks into workspaces at random until they are stopped; `seqs` is where each is."""

    def __init__(self, installation: Installation, person: Person, workspaces: list[str]) -> None:
        self._person = person
        self._ports = installation.ports
        self.workspaces = workspaces
        self.seqs: dict[str, int] = {}
        self.answered: dict[tuple[str, int], float] = {}
        self.written = 0

    async def run(self, run: Run, seconds: float) -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._one(run, number, until) for number in range(4)))

    async def _one(self, run: Run, number: int, until: float) -> None:
        dice = run.dice(f"writer {number}")
        while time.monotonic() < until:
            await self.write(dice.choice(self.workspaces), dice.choice(self._ports))

    async def write(self, workspace: str, port: int) -> None:
        answer = await asyncio.to_thread(
            self._person.call, port, "POST", f"/workspaces/{workspace}/tasks", {"title": "T"}
        )
        assert answer.seq is not None, answer
        self.seqs[workspace] = max(answer.seq, self.seqs.get(workspace, 0))
        self.answered[workspace, answer.seq] = time.monotonic()
        self.written += 1

    def latest(self, reader: Reader) -> float:
        """How long after its answer a commit has come to a reader at the latest."""
        seen = ((self.answered.get((reader.workspace, seq)), at) for seq, at in reader.seen.items())
        return max((at - answered for answered, at in seen if answered is not None), default=0.0)


async def cutting(net: Network, run: Run) -> None:
    """Cut a connection at random, time and again."""
    dice = run.dice("cuts")
    while True:
        await asyncio.sleep(dice.uniform(0.005, 0.03))
        if lines := [line for line in net.lines if not line.is_dumb]:
            dice.choice(lines).cut()


async def test_two_hundred_streams_cut_at_random_miss_nothing(
    installation: Installation, run: Run
) -> None:
    person = somebody(installation)
    workspaces = installation.workspaces(person.first.access, WORKSPACES)
    writers = Writers(installation, person, workspaces)
    async with network(installation.everywhere) as net:
        readers = [
            Reader(
                person.first.access, workspaces[number % WORKSPACES], net.ports,
                SILENCE_S, run.dice(f"reader {number}"),
            )
            for number in range(200)
        ]  # fmt: skip
        async with reading(readers):
            dumb, dice = [], run.dice("dumb")
            for line in dice.sample(net.lines, 5):
                line.silence()
                dumb.append(line)
            chaos = asyncio.create_task(cutting(net, run))
            await writers.run(run, run.pick(6.0, 90.0))
            chaos.cancel()
            await _all_have(readers, writers)
            # The connections that say nothing were never cut: their readers gave them up.
            for line in dumb:
                line.cut()
    for reader in readers:
        assert reader.since is not None
        assert reader.seqs == list(range(reader.since + 1, writers.seqs[reader.workspace] + 1))
    opened = sum(reader.opened for reader in readers)
    late = max(writers.latest(reader) for reader in readers)
    print(
        f"{writers.written} commits, {opened} connections of 200 readers, {late:.1f} s late at most"
    )
    assert opened > 300
    # Those of the dumb connections have waited until they gave them up, and not for much longer.
    assert SILENCE_S / 2 < late < STALE_S


async def _all_have(readers: list[Reader], writers: Writers) -> None:
    """Wait until nobody is behind, no longer than what is told may be stale."""
    await until_all(readers, lambda one: one.last >= writers.seqs[one.workspace], STALE_S)


async def test_what_is_taken_away_ends_the_streams_on_every_copy(
    installation: Installation, run: Run
) -> None:
    dice = run.dice()
    owner = somebody(installation)
    port = installation.ports[0]
    workspace = owner.must(port, "POST", "/workspaces", {"name": "Shared"})["id"]
    people = [somebody(installation) for _ in range(6)]
    for person in people:
        body = {"email": person.email, "role": "viewer"}
        owner.must(port, "POST", f"/workspaces/{workspace}/members", body)
    readers = [
        Reader(person.first.access, workspace, [copy], SILENCE_S, run.dice(person.id))
        for person in people
        for copy in installation.everywhere
    ]
    stays = Reader(owner.first.access, workspace, installation.ports, SILENCE_S, dice)
    longest = 0.0
    async with reading([*readers, stays]):
        for number, person in enumerate(people):
            at = dice.choice(installation.ports)
            before = time.monotonic()
            if number % 3 == 0:
                await asyncio.to_thread(person.must, at, "POST", "/auth/logout")
            elif number % 3 == 1:
                path = f"/workspaces/{workspace}/members/{person.id}"
                await asyncio.to_thread(owner.must, at, "DELETE", path)
            else:
                path, body = f"/admin/users/{person.id}", {"is_active": False}
                admin = installation.admin
                await asyncio.to_thread(owner.must, at, "PATCH", path, body, admin)
            mine = [reader for reader in readers if reader.token == person.first.access]
            await until_all(mine, lambda one: bool(one.end), 20)
            longest = max(longest, *(reader.ended_at - before for reader in mine))
        assert not stays.end
    print(f"the last of the streams was ended after {longest * 1000:.0f} ms")


async def test_a_copy_that_stops_sends_its_streams_to_another_one(
    installation: Installation, run: Run
) -> None:
    person = somebody(installation)
    [workspace] = installation.workspaces(person.first.access, 1)
    writers = Writers(installation, person, [workspace])
    edge = installation.everywhere[-1]
    first, second = installation.cluster.copies
    readers = [
        Reader(person.first.access, workspace, [edge], SILENCE_S, run.dice(number))
        for number in range(20)
    ]
    async with reading(readers):
        await writers.write(workspace, second.port)
        await asyncio.to_thread(first.stop)
        await writers.write(workspace, second.port)
        await _all_have(readers, writers)
        await asyncio.to_thread(installation.heal)
        await asyncio.to_thread(second.stop)
        await writers.write(workspace, first.port)
        await _all_have(readers, writers)
        await asyncio.to_thread(installation.heal)
    for reader in readers:
        assert reader.since is not None
        assert reader.seqs == list(range(reader.since + 1, writers.seqs[workspace] + 1))


async def test_a_websocket_goes_through_nginx(installation: Installation) -> None:
    person = somebody(installation)
    [workspace] = installation.workspaces(person.first.access, 1)
    writers = Writers(installation, person, [workspace])
    for port in installation.everywhere:
        url = f"ws://127.0.0.1:{port}/api/v1/workspaces/{workspace}/events"
        async with websockets.connect(url) as socket, asyncio.timeout(20):
            await socket.send(f'{{"token": "{person.first.access}"}}')
            assert '"event":"ready"' in str(await socket.recv())
            await writers.write(workspace, installation.ports[0])
            while '"task.created"' not in str(await socket.recv()):
                pass
        bearer = {"authorization": f"Bearer {person.first.access}"}
        async with websockets.connect(url, additional_headers=bearer) as socket:
            async with asyncio.timeout(20):
                assert '"event":"ready"' in str(await socket.recv())
                await asyncio.to_thread(person.must, port, "GET", "/users/me")
                await socket.send('{"token": "wrong"}')
                await socket.wait_closed()
                assert socket.close_code == 4401
