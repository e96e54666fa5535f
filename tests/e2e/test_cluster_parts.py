"""Parts of a cluster alone: they ask for their passwords, and come back from what is done to them."""

import os
import shutil
import signal
import socket
import tempfile
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from tests.services.processes import wait_until
from tests.services.require import unavailable

from tidework.cluster import Etcd, Part, PgBouncer, Postgres, RabbitMQ
from tidework.cluster.edge import Target
from tidework.cluster.etcd import fetch_json
from tidework.cluster.nginx import Nginx
from tidework.cluster.postgres import answers
from tidework.cluster.process import started
from tidework.cluster.rabbitmq import USER


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can enter."""
    path = Path(tempfile.mkdtemp(prefix="tidework part ", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def need(*parts: type[Part]) -> None:
    missing = [found for part in parts if (found := part.missing())]
    if missing:
        unavailable(f"{' '.join(missing)} (or `make services`).")


def test_a_pool_and_a_replica_of_postgresql(folder: Path) -> None:
    need(Postgres, PgBouncer)
    primary = Postgres(folder / "a", name="postgres-1")
    replica = Postgres(folder / "b", name="postgres-2", replica_of=primary)
    pool = PgBouncer(folder / "c", node=primary)
    try:
        for part in (primary, replica, pool):
            part.start()
        assert (primary.detail(), replica.detail()) == ("primary", "replica")
        assert answers(pool.url)
        assert not answers(pool.url.replace("tidework:", "tidework:x", 1))
        assert not answers(primary.url().replace("tidework:", "tidework:x", 1))
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            replica.execute("CREATE TABLE x (id int)")
        replica.freeze()
        assert not replica.healthy()
        replica.thaw()
        assert replica.healthy()
        primary.kill()
        assert not pool.healthy()
        replica.promote()
        replica.execute("CREATE TABLE x (id int)")
        primary.start()
        pool.await_healthy()
    finally:
        for part in (pool, replica, primary):
            part.kill()


def test_what_a_killed_nginx_has_left_behind_is_ended(folder: Path) -> None:
    need(Nginx)
    folder.chmod(0o755)
    nginx = Nginx(folder / "nginx", targets=[Target("127.0.0.1:9")])
    try:
        nginx.start()
        for again in (nginx.launch, nginx.stop):
            leader = psutil.Process(nginx.pid)
            wait_until(lambda leader=leader: bool(leader.children()), "it has workers")
            workers = leader.children()
            os.kill(nginx.pid, signal.SIGKILL)
            wait_until(lambda: not nginx.running, "it is gone")
            assert any(started(worker.pid) for worker in workers)
            again()
            assert not any(started(worker.pid) for worker in workers)
    finally:
        nginx.kill()


def test_etcd_asks_for_a_password_also_after_a_restart(folder: Path) -> None:
    need(Etcd)
    etcd = Etcd(folder / "etcd")
    try:
        for _ in range(2):
            etcd.start()
            assert etcd.read("nothing") is None
            with pytest.raises(urllib.error.HTTPError) as refused:
                fetch_json(f"http://{etcd.address}/v3/kv/range", {"key": "AA=="})
            with refused.value:
                assert b"user name is empty" in refused.value.read()
            etcd.stop()
    finally:
        etcd.kill()


@pytest.mark.slow
def test_rabbitmq_lets_in_who_has_the_password(folder: Path) -> None:
    need(RabbitMQ)
    rabbitmq = RabbitMQ(folder / "rabbitmq")
    try:
        rabbitmq.start()
        assert _logs_in(rabbitmq, USER, rabbitmq.password)
        assert not _logs_in(rabbitmq, USER, "wrong")
        assert not _logs_in(rabbitmq, "guest", "guest")
        rabbitmq.kill()
        assert not rabbitmq.healthy()
        rabbitmq.start()
        assert _logs_in(rabbitmq, USER, rabbitmq.password)
        assert rabbitmq.stop()
    finally:
        rabbitmq.kill()


def _logs_in(rabbitmq: RabbitMQ, user: str, password: str) -> bool:
    """Whether AMQP's connection.start-ok is followed by connection.tune."""
    secret = f"\0{user}\0{password}".encode()
    method = b"\x00\x0a\x00\x0b" + b"\x00\x00\x00\x00" + b"\x05PLAIN"
    method += len(secret).to_bytes(4, "big") + secret + b"\x05en_US"
    frame = b"\x01\x00\x00" + len(method).to_bytes(4, "big") + method + b"\xce"
    with socket.create_connection(("127.0.0.1", rabbitmq.port), 10) as connection:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        connection.recv(65536)
        try:
            connection.sendall(frame)
            answer = connection.recv(65536)
        except ConnectionResetError:
            return False
    return answer[7:11] == b"\x00\x0a\x00\x1e"
