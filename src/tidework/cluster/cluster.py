"""The parts of a cluster together: made from its state, started and ended in their order."""

import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidework.cluster.copy import Copy, run_command, supported, takes
from tidework.cluster.edge import Target
from tidework.cluster.etcd import Etcd
from tidework.cluster.nginx import Nginx
from tidework.cluster.part import Part
from tidework.cluster.patroni import Patroni, primary_of
from tidework.cluster.pgbouncer import PgBouncer
from tidework.cluster.ports import LOOPBACK
from tidework.cluster.postgres import DATABASE, REPLICATOR, ROLE, SUPERUSER, Postgres, PostgresNode
from tidework.cluster.process import ClusterError, wait_until
from tidework.cluster.rabbitmq import RabbitMQ
from tidework.cluster.redis import Redis
from tidework.cluster.sentinel import WATCHED, Sentinel
from tidework.cluster.standbys import await_standbys
from tidework.cluster.state import State, load_state, locked
from tidework.cluster.worker import Worker

Say = Callable[[str], None]
_SENTINELS = 3


@dataclass(frozen=True, slots=True)
class PartStatus:
    """What is known of a part now; `health` is healthy, unhealthy or stopped."""

    name: str
    health: str
    address: str
    detail: str
    pid: int | None
    log: str


def _silent(_line: str) -> None:
    pass


class Cluster:
    """A cluster in a folder. Any process finds the same parts there, running or not.

    Attributes:
        state: its options, ports and passwords.
        etcd, nodes, pools, redis, sentinels, rabbitmq, copies, worker, nginx: its parts.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        """`options` are those of `Options`; what is not given stays as the folder has it."""
        self.folder = folder.absolute()
        self.state = load_state(self.folder) or State(self.folder)
        self.state.choose(**options)
        self.remake()

    def remake(self) -> None:
        """Make the parts anew, of a state that was changed."""
        chosen = self.state.options
        self.etcd: Etcd | None = None
        self.nodes: list[PostgresNode] = []
        if chosen.has("patroni"):
            self._make_patroni()
        else:
            self._make_postgres()
        self.pools = [
            PgBouncer(self.folder / name, node=node, name=name, port=self.state.port(name))
            for number, node in enumerate(self.nodes, 1)
            if chosen.has("pgbouncer") and (name := f"pgbouncer-{number}")
        ]
        self._make_redis()
        self.rabbitmq = self._rabbitmq() if chosen.has("rabbitmq") else None
        self._make_copies()

    def _node_options(self, number: int) -> dict[str, Any]:
        name = f"postgres-{number}"
        roles = (SUPERUSER, REPLICATOR, ROLE)
        passwords = {role: self.state.password(f"postgres-{role}") for role in roles}
        return {"name": name, "port": self.state.port(name), "passwords": passwords}

    def _numbers(self) -> range:
        return range(1, self.state.options.replicas + 2)

    def _make_patroni(self) -> None:
        state = self.state
        self.etcd = Etcd(
            self.folder / "etcd", port=state.port("etcd"), peer_port=state.port("etcd-peer"),
            password=state.password("etcd"),
        )  # fmt: skip
        for number in self._numbers():
            options = self._node_options(number)
            name = options["name"]
            node = Patroni(
                self.folder / name, etcd=self.etcd, rest_port=state.port(f"{name}-patroni"),
                rest_password=state.password("patroni"), **options,
            )  # fmt: skip
            self.nodes.append(node)

    def _make_postgres(self) -> None:
        primary: Postgres | None = None
        for number in self._numbers():
            options = self._node_options(number)
            node = Postgres(self.folder / options["name"], replica_of=primary, **options)
            primary = primary or node
            self.nodes.append(node)

    def _make_redis(self) -> None:
        state = self.state
        self.redis: list[Redis] = []
        self.sentinels: list[Sentinel] = []
        if not state.options.has("redis"):
            return
        password = state.password("redis")
        first = state.port("redis-1")
        for name, replica_of in (("redis-1", None), ("redis-2", first)):
            server = Redis(
                self.folder / name, name=name, port=state.port(name), password=password,
                replica_of=replica_of,
            )  # fmt: skip
            self.redis.append(server)
        for number in range(1, _SENTINELS + 1) if state.options.has("sentinel") else ():
            name = f"sentinel-{number}"
            sentinel = Sentinel(
                self.folder / name, name=name, port=state.port(name), password=password,
                watched=first, quorum=_SENTINELS // 2 + 1,
            )  # fmt: skip
            self.sentinels.append(sentinel)

    def _rabbitmq(self) -> RabbitMQ:
        state = self.state
        return RabbitMQ(
            self.folder / "rabbitmq", port=state.port("rabbitmq"),
            password=state.password("rabbitmq"), epmd_port=state.port("rabbitmq-epmd"),
            between_port=state.port("rabbitmq-between"),
        )  # fmt: skip

    def _make_copies(self) -> None:
        state, chosen = self.state, self.state.options
        self.nginx: Nginx | None = None
        names = [f"copy-{number}" for number in range(1, chosen.copies + 1)]
        if chosen.has("nginx"):
            targets = [
                Target(f"{LOOPBACK}:{state.port(name)}", backup=chosen.backup and name == names[-1])
                for name in names
            ]
            self.nginx = Nginx(
                self.folder / "nginx", targets=targets, variant=chosen.variant, tls=chosen.tls,
                port=state.port("nginx"), http_port=state.port("nginx-http"),
            )  # fmt: skip
        self.copies = [
            Copy(
                self.folder / name, self.settings(), name=name, port=state.port(name),
                metrics_port=state.port(f"{name}-metrics"),
            )
            for name in names
        ]  # fmt: skip
        # Without a broker the copies do its work themselves.
        self.worker: Worker | None = None
        if self.rabbitmq:
            port = state.port("worker")
            self.worker = Worker(self.folder / "worker", self.settings(), port=port)

    # --- What the product is told -------------------------------------------

    @property
    def database_url(self) -> str:
        """The database, wherever its primary is."""
        hosts = ",".join(node.address for node in self.nodes)
        password = self.nodes[0].passwords[ROLE]
        url = f"postgresql://{ROLE}:{password}@{hosts}/{DATABASE}"
        return f"{url}?target_session_attrs=read-write" if len(self.nodes) > 1 else url

    @property
    def redis_url(self) -> str:
        """Redis, wherever its primary is; nothing without Redis."""
        if not self.redis:
            return ""
        if not self.sentinels:
            return self.redis[0].url
        hosts = ",".join(sentinel.address for sentinel in self.sentinels)
        password = self.redis[0].password
        return f"redis+sentinel://:{password}@{hosts}/{WATCHED}/0?sentinel_password={password}"

    @property
    def url(self) -> str:
        """Where people and clients find the product."""
        return self.nginx.url if self.nginx else self.copies[0].url

    def settings(self) -> dict[str, str]:
        """The settings that all copies share, as environment; only those that this version takes."""
        database = self.database_url
        if not takes("TIDEWORK_DATABASE_URL", database):
            database = self.nodes[0].url()
        # With Patroni all of them: any may become the primary, and the primary a replica.
        readers = self.nodes if self.etcd else self.nodes[1:]
        # One for all: a copy takes no access token that was made for another URL.
        first = f"http://{LOOPBACK}:{self.state.port('copy-1')}"
        wanted = {
            "TIDEWORK_DATABASE_URL": database,
            "TIDEWORK_DATABASE_REPLICA_URLS": " ".join(node.url() for node in readers)
            if len(self.nodes) > 1
            else "",
            "TIDEWORK_REDIS_URL": self.redis_url,
            "TIDEWORK_BROKER_URL": self.rabbitmq.url if self.rabbitmq else "",
            "TIDEWORK_SIGNING_KEYS_FILE": str(self.folder / "signing-keys.json"),
            "TIDEWORK_PUBLIC_URL": self.nginx.url if self.nginx else first,
            "TIDEWORK_TRUSTED_PROXIES": LOOPBACK,
        }
        return supported({name: value for name, value in wanted.items() if value})

    # --- Up, down, status ---------------------------------------------------

    @property
    def parts(self) -> list[Part]:
        """All parts, in the order of their start."""
        one = [self.etcd] if self.etcd else []
        two = [self.rabbitmq.epmd, self.rabbitmq] if self.rabbitmq else []
        last = [part for part in (self.worker, self.nginx) if part]
        middle = [*self.nodes, *self.redis, *self.sentinels, *two, *self.pools, *self.copies]
        return [*one, *middle, *last]

    def up(self, say: Say = _silent) -> None:
        """Start what does not run, and wait until all is healthy. Raises `ClusterError`."""
        missing = dict.fromkeys(filter(None, (part.missing() for part in self.parts)))
        if missing:
            raise ClusterError(" ".join(missing))
        if _UNQUOTABLE.search(str(self.folder)):
            raise ClusterError(
                f"The parts cannot be told of the folder {str(self.folder)!r}. Choose one without"
                " quotes, backslashes and $ * ? [ ] in its path."
            )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.stat().st_uid != os.geteuid():
            raise ClusterError(f"{self.folder} belongs to another user. Choose another with --dir.")
        # Others must pass through it: PostgreSQL and nginx's workers have users of their own.
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        with locked(self.folder):
            self.check_unchanged()
            self.state.save()
            self._start_database(say)
            self._start_beside(say)
            self._start_product(say)

    def check_unchanged(self) -> None:
        """Raise `ClusterError` when what runs in the folder has other options."""
        kept = load_state(self.folder)
        if kept is None or kept.options == self.state.options:
            return
        if any(part.running for part in Cluster(self.folder).parts):
            raise ClusterError(
                f"A cluster with other options runs in {self.folder}. End it first:"
                " tidework cluster down"
            )

    def _start_database(self, say: Say) -> None:
        if self.rabbitmq:
            # It takes longest, and is waited for last.
            self.rabbitmq.launch()
        if self.etcd:
            say("etcd")
            self.etcd.start()
        say(f"PostgreSQL: {len(self.nodes)} nodes")
        patronis = [node for node in self.nodes if isinstance(node, Patroni)]
        if patronis:
            for node in patronis:
                node.launch()
            primary = primary_of(patronis, 90)
            primary.create_database()
            await_standbys(patronis, primary, say)
        else:
            for each in self.nodes:
                each.start()

    def _start_beside(self, say: Say) -> None:
        if self.redis:
            say("Redis")
        for server in (*self.redis, *self.sentinels):
            server.launch()
        for server in (*self.redis, *self.sentinels):
            server.await_healthy()
        if self.sentinels:
            agreed = lambda: all(one.agrees() for one in self.sentinels)  # noqa: E731
            wait_until(agreed, "the sentinels know each other", 30)
        for pool in self.pools:
            pool.launch()
            # Behind a node that was gone on without nothing answers.
            if pool.node.healthy():
                pool.await_healthy()
        if self.rabbitmq:
            say("RabbitMQ")
            self.rabbitmq.await_healthy(90)

    def _start_product(self, say: Say) -> None:
        keys = self.folder / "signing-keys.json"
        settings = self.settings() | {"TIDEWORK_DATA_DIR": str(self.folder / "commands")}
        if not keys.exists():
            run_command("keys", "create", str(keys), settings=settings)
        say("Migrations")
        run_command("migrate", settings=settings)
        say(f"Tidework: {len(self.copies)} copies")
        working = [self.worker] if self.worker else []
        for copy in (*self.copies, *working):
            copy.launch()
        for copy in (*self.copies, *working):
            copy.await_healthy(60)
        if self.nginx:
            say("nginx")
            self.nginx.start()

    def status(self) -> list[PartStatus]:
        """What is known of each part now."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(_status, self.parts))

    def down(self, say: Say = _silent, *, delete: bool = False) -> int:
        """End what was started and still runs, nothing else; how many parts did. `delete` the data."""
        if not self.folder.exists():
            return 0
        with locked(self.folder):
            running = [part for part in self.parts if part.running]
            for rank in range(_RANKS):
                group = [part for part in self.parts if _rank(part) == rank]
                names = [part.name for part in group if part in running]
                if names:
                    say(", ".join(names))
                # Each, as a part may have left something behind when it was killed.
                with ThreadPoolExecutor(8) as pool:
                    list(pool.map(lambda part: part.stop(), group))
            if delete:
                for part in self.parts:
                    shutil.rmtree(part.folder, ignore_errors=True)
        if delete:
            shutil.rmtree(self.folder)
        return len(running)

    def kill(self) -> None:
        """End all at once (kill -9)."""
        for part in self.parts:
            with suppress(ClusterError):
                part.kill()


_RANKS = 6
# What has a meaning of its own in the configuration of one part or the other.
_UNQUOTABLE = re.compile(r"[\"'\\$*?\[\]\0-\x1f]")


def _rank(part: Part) -> int:
    """When a part is ended: first what uses others. The primary after its replicas: one that ended
    before them would be replaced for nothing.
    """
    if isinstance(part, (Nginx, Copy, Worker)):
        return 0 if isinstance(part, Nginx) else 1
    if isinstance(part, PostgresNode):
        return 4 if part.detail().startswith("primary") else 3
    return 5 if isinstance(part, Etcd) else 2


def _status(part: Part) -> PartStatus:
    record = part.record
    running = part.running
    health = "stopped"
    if running:
        health = "healthy" if part.healthy() else "unhealthy"
    return PartStatus(
        part.name,
        health,
        part.place,
        part.detail() if running else "",
        record.pid if record and running else None,
        str(part.log),
    )
