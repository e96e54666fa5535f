"""A mixed load for a long time: memory, descriptors and connections stay as they are.

`make soak` runs it for 30 minutes; otherwise it is short, and looks only whether descriptors and
connections come back to what they were.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

import httpx
import pytest
from tests.faults.harness.caller import Caller
from tests.faults.harness.gauges import Gauges, measured, of_process
from tests.faults.harness.installation import PASSWORD, plain
from tests.faults.harness.kills import primary
from tests.faults.harness.mixed import MixedClient
from tests.faults.harness.record import Record, working
from tests.services.runs import SOAK_MINUTES, Run
from tests.services.server import StartServer

from tidework.cluster.postgres import DATABASE
from tidework.cluster.process import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SOAK_MINUTES * 60 + 300)]

CLIENTS = 6
SAMPLES = 120
_BACKENDS = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
# Full soon, so that it does not pass for a leak.
_SMALL = {"TIDEWORK_CACHE_BYTES": str(8 * 1024 * 1024), "TIDEWORK_RATE_LIMITS": "off"}
_QUIET = _SMALL | {"TIDEWORK_LOG_LEVEL": "warning"}


@dataclass
class Subject:
    """What is under load: where, and what it holds."""

    ports: list[int]
    sample: Callable[[], Mapping[str, float]]


@pytest.fixture(params=["cluster", "single"])
def subject(request: pytest.FixtureRequest, tidework_server: StartServer) -> Iterator[Subject]:
    """Two copies on PostgreSQL and Redis behind nginx; or one server with the embedded database."""
    if request.param == "single":
        server = tidework_server(env=_QUIET)
        yield Subject([server.port], lambda: of_process("server", server.pid))
        return
    with plain(copies=2, settings=_SMALL) as made:
        cluster = made.cluster

        def sample() -> Mapping[str, float]:
            found: dict[str, float] = {}
            for part in (*cluster.copies, *cluster.redis[:1]):
                found |= of_process(part.name, part.pid)
            [[(backends,)]] = primary(made).execute(_BACKENDS)
            return found | {"backends": backends}

        assert cluster.nginx is not None
        yield Subject([*made.ports, cluster.nginx.port], sample)


def client(subject: Subject, record: Record, dice: Random, number: int) -> MixedClient:
    body = {"email": f"soak{number}@example.com", "password": PASSWORD, "name": "Soak"}
    url = f"http://127.0.0.1:{subject.ports[0]}/api/v1/auth/register"
    made = httpx.post(url, json=body, timeout=60).json()
    api = Caller([subject.ports[0]], made["access_token"], dice)
    # An access token would expire.
    token = api.must("POST", "/auth/tokens", {"name": "soak", "scopes": ["read", "write"]})["token"]
    api.close()
    workspace = made["user"]["personal_workspace_id"]
    port = subject.ports[number % len(subject.ports)]
    return MixedClient(Caller([port], token, dice), body["email"], workspace, record, dice)


def answers(record: Record) -> int:
    return sum(record.met.values())


def test_what_a_server_holds_stays_the_same(subject: Subject, run: Run) -> None:
    record = Record()
    clients = [client(subject, record, run.dice(number), number) for number in range(CLIENTS)]
    before = subject.sample()
    with working(clients) as crew:
        if SOAK_MINUTES:
            seconds = SOAK_MINUTES * 60
            gauges = measured(subject.sample, crew.stop, seconds, seconds / SAMPLES)
            crew.check()
            print(f"\n{gauges.table()}\n{answers(record)} answers")
            assert not gauges.growing(), "\n".join(gauges.growing())
        else:
            wait_until(lambda: crew.stop.is_set() or answers(record) > 1500, "a load", 120)
    assert not record.wrong, record.wrong[:10]
    wait_until(lambda: _back(before, subject.sample()), "all that was open is closed again", 60)


def _back(before: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Whether clients have left nothing open; what pools have opened since is theirs to keep."""
    pools = 12
    return all(now[name] <= before[name] + pools for name in now if not name.endswith("memory MiB"))


def test_what_grows_is_not_flat() -> None:
    dice = Random(1)
    gauges = Gauges()
    for minute in range(60):
        noise = dice.uniform(-2, 2)
        flat = {"a memory MiB": 100 + noise, "a descriptors": 40 + noise, "backends": 20 + noise}
        leaks = {"b memory MiB": 100 + minute * 0.4 + noise, "b descriptors": 40 + minute * 0.3}
        gauges.add(minute * 60, flat | leaks)
    assert [words.split(" rises")[0] for words in gauges.growing()] == [
        "b memory MiB",
        "b descriptors",
    ]
    assert "minute | a memory MiB" in gauges.table()
