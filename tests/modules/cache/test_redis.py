"""The connection to Redis: there, away, silent, and back."""

import asyncio
import ipaddress
import shutil
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from structlog.testing import capture_logs
from tests.services.buckets import raw_client
from tests.services.processes import free_port
from tests.services.redis import close_redis, new_redis

from tidework.cache.buckets import Charge, MemoryBuckets
from tidework.cache.redis import RedisAway, RedisConnection
from tidework.cache.redis_buckets import RedisBuckets
from tidework.cluster.redis import Redis

FIVE = Charge("five", 5, 60)


async def until(true: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    """Let the loop run until a condition holds."""
    async with asyncio.timeout(deadline):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert true(), what


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection(url)
    await connection.start()
    try:
        yield connection
    finally:
        await connection.close()


async def ping(connection: RedisConnection) -> object:
    return await connection.ask(lambda redis: redis.execute_command("PING"))


async def test_it_answers(redis: Redis) -> None:
    async with connected(redis.url) as connection:
        assert connection.is_open
        assert await ping(connection)
        assert await connection.state() == ""
    with pytest.raises(RedisAway):
        await ping(connection)


async def test_killed_and_back(redis: Redis) -> None:
    with capture_logs() as logs:
        async with connected(redis.url) as connection:
            redis.kill()
            outcomes = await asyncio.gather(
                *(ping(connection) for _ in range(20)), return_exceptions=True
            )
            assert {type(outcome) for outcome in outcomes} == {RedisAway}
            assert not connection.is_open
            assert await connection.state()
            redis.start()
            await until(lambda: connection.is_open, "Redis is found again")
            assert await ping(connection)
            redis.kill()
            assert await connection.state()
            redis.start()
            await until(lambda: connection.is_open, "Redis is found again")
    said = [line["event"] for line in logs]
    assert said == ["redis_away", "redis_back", "redis_away", "redis_back"]
    assert redis.password not in str(logs)


async def test_frozen_and_thawed(redis: Redis) -> None:
    with capture_logs() as logs:
        async with connected(redis.url) as connection:
            redis.freeze()
            try:
                assert await connection.state() == "no answer in time"
                assert not connection.is_open
            finally:
                redis.thaw()
            await until(lambda: connection.is_open, "Redis is found again")
    assert [line["event"] for line in logs] == ["redis_away", "redis_back"]


async def test_not_there_at_start(redis: Redis) -> None:
    redis.kill()
    async with connected(redis.url) as connection:
        assert not connection.is_open
        assert await connection.state()
        redis.start()
        await until(lambda: connection.is_open, "Redis is found at last")


async def test_a_wrong_password_is_said_and_not_shown(redis: Redis) -> None:
    with capture_logs() as logs:
        async with connected(f"redis://:pl4nted@127.0.0.1:{redis.port}/0") as connection:
            assert not connection.is_open
            assert "password" in (await connection.state()).lower()
    assert "pl4nted" not in str(logs)


async def test_a_user_with_few_rights_will_do(redis: Redis) -> None:
    """Those that docs/operations/redis.md names."""
    rights = "+@connection +@read +@write +@scripting +time ~tw:*"
    redis.ask("ACL", "SETUSER", "tidework", "on", ">s3cret", *rights.split())
    try:
        async with connected(f"redis://tidework:s3cret@127.0.0.1:{redis.port}/0") as connection:
            buckets = RedisBuckets(connection, MemoryBuckets())
            outcomes = [(await buckets.take([FIVE])).allowed for _ in range(6)]
            assert outcomes == [True] * 5 + [False]
            await buckets.fill([FIVE])
            assert await connection.state() == ""
        assert redis.ask("DBSIZE") == 1
    finally:
        redis.ask("ACL", "DELUSER", "tidework")


async def test_one_that_cannot_write_is_of_no_use(redis: Redis) -> None:
    async with connected(redis.url) as connection:
        redis.ask("REPLICAOF", "127.0.0.1", str(free_port()))
        try:
            buckets = RedisBuckets(connection, MemoryBuckets())
            assert (await buckets.take([FIVE])).allowed
            assert "read only" in await connection.state()
            async with connected(redis.url) as another:
                assert not another.is_open
        finally:
            redis.ask("REPLICAOF", "NO", "ONE")
        await until(lambda: connection.is_open, "it can write again")


async def test_while_redis_is_silent_nobody_asks_but_a_probe() -> None:
    heard: list[bytes] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(b"")
        while data := await reader.read(1000):
            heard.append(data)
        writer.close()

    port = free_port()
    server = await asyncio.start_server(silent, "127.0.0.1", port)
    async with server, connected(f"redis://127.0.0.1:{port}/0") as connection:
        assert not connection.is_open
        before = len(heard)
        buckets = RedisBuckets(connection, MemoryBuckets())
        for _ in range(2000):
            await buckets.take([FIVE])
        # Each probe is one connection and what the library says first.
        assert len(heard) - before <= 10


async def test_restarted_empty_while_nobody_asked(redis: Redis) -> None:
    """The old connection is dead, and the script is gone."""
    async with connected(redis.url) as connection:
        buckets = RedisBuckets(connection, MemoryBuckets())
        assert (await buckets.take([FIVE])).allowed
        redis.restart_empty()
        for _ in range(2):
            assert (await buckets.take([FIVE])).allowed
            await until(lambda: connection.is_open, "Redis is found again")
        assert redis.ask("DBSIZE") >= 1


async def test_a_script_that_is_gone_is_sent_again(redis: Redis) -> None:
    with capture_logs() as logs:
        async with connected(redis.url) as connection:
            buckets = RedisBuckets(connection, MemoryBuckets())
            allowed = 0
            for _ in range(8):
                redis.ask("SCRIPT", "FLUSH")
                allowed += (await buckets.take([FIVE])).allowed
            assert allowed == 5
    assert logs == []


async def test_what_is_kept_in_redis_ends_by_itself(redis: Redis) -> None:
    async with connected(redis.url) as connection:
        buckets = RedisBuckets(connection, MemoryBuckets())
        for number in range(500):
            await buckets.take([Charge(f"address {number}", 100, 900)])
        with raw_client(redis) as client:
            keys = client.keys("tw:b:*")
            assert len(keys) == 500
            assert all(0 < client.pttl(key) <= 9_002 for key in keys)
            client.flushall()
        await asyncio.gather(*(buckets.take([Charge(f"n{n}", 2, 1, 2)]) for n in range(50)))
        await until(lambda: redis.ask("DBSIZE") == 0, "the keys are gone", 10)
        # A bucket that is put back whole is not kept.
        await buckets.take([FIVE])
        await buckets.take([FIVE._replace(cost=-1)])
        await buckets.take([FIVE._replace(cost=0)])
        assert redis.ask("DBSIZE") == 0


async def test_a_redis_whose_clock_was_set_back(redis: Redis) -> None:
    """As after a failover: what is kept is of a time to come."""
    async with connected(redis.url) as connection:
        buckets = RedisBuckets(connection, MemoryBuckets())
        charge = Charge("later", 2, 2, 2)
        assert (await buckets.take([charge])).allowed
        with raw_client(redis) as client:
            key = client.keys("tw:b:*")[0]
            used, at = _unpacked(client.get(key))
            client.set(key, _packed(used, at + 3600e6))
        allowed = False
        async with asyncio.timeout(20):
            while not allowed:
                allowed = (await buckets.take([charge])).allowed
                await asyncio.sleep(0.02)
        assert allowed


def _packed(used: float, at: float) -> bytes:
    return struct.pack("<dd", used, at)


def _unpacked(kept: bytes) -> tuple[float, float]:
    used, at = struct.unpack("<dd", kept)
    return used, at


async def test_one_who_is_cancelled_leaves_nothing_for_the_next(redis: Redis) -> None:
    async with connected(redis.url) as connection:

        async def echo(word: str) -> bytes:
            answer: bytes = await connection.ask(lambda redis: redis.execute_command("ECHO", word))
            return answer

        for number in range(50):
            tasks = [asyncio.create_task(echo(f"{number}-{place}")) for place in range(4)]
            for _ in range(number % 7):
                await asyncio.sleep(0)
            tasks[number % 4].cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            for place, answer in enumerate(found):
                if not isinstance(answer, BaseException):
                    assert answer == f"{number}-{place}".encode()
        assert connection.is_open


class _WithTls(Redis):
    """Redis that speaks TLS on another port."""

    certificate: Path
    key: Path
    tls_port: int

    def prepare(self) -> None:
        super().prepare()
        text = self._config.read_text()
        if "tls-port" not in text:
            self._config.write_text(
                f"{text}tls-port {self.tls_port}\ntls-cert-file {self.certificate}\n"
                f"tls-key-file {self.key}\ntls-auth-clients no\n"
            )


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "redis.pem", folder / "redis.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


async def test_over_tls_only_a_certificate_that_is_trusted_will_do() -> None:
    plain = new_redis()
    shutil.rmtree(plain.folder, ignore_errors=True)
    server = _WithTls(plain.folder, port=plain.port)
    server.folder.mkdir()
    server.certificate, server.key = _certificate(server.folder)
    server.tls_port = free_port()
    try:
        server.start()
        url = f"rediss://:{server.password}@127.0.0.1:{server.tls_port}/0"
        async with connected(f"{url}?ca_file={server.certificate}") as connection:
            assert await connection.state() == ""
            assert await ping(connection)
        async with connected(url) as connection:
            assert "certificate" in (await connection.state()).lower()
    finally:
        close_redis(server)
