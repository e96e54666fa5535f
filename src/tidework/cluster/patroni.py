"""Patroni: a PostgreSQL node that agrees with the others on who is the primary."""

import base64
import json
import signal
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from tidework.cluster import process
from tidework.cluster.etcd import USER, Etcd, fetch_json
from tidework.cluster.part import find_program
from tidework.cluster.ports import LOOPBACK, free_port
from tidework.cluster.postgres import (
    HBA,
    LOCALE,
    PARAMETERS,
    REPLICATOR,
    SUPERUSER,
    PostgresNode,
    missing_for_postgres,
    own,
)
from tidework.cluster.process import ClusterError, Record, started, wait_until, write_private

SCOPE: Final = "tidework"
_REMADE_S: Final = 10.0
_DYNAMIC: Final = {
    # Short, since all is on one machine: a lost primary is replaced within about ttl + loop_wait.
    "ttl": 10,
    "loop_wait": 2,
    "retry_timeout": 3,
    "maximum_lag_on_failover": 1 << 20,
    # An acknowledged commit is on the standby that would be promoted.
    "synchronous_mode": True,
    "synchronous_node_count": 1,
}


class Patroni(PostgresNode):
    """One Patroni with the PostgreSQL that it starts and watches.

    `kill` takes both at once, as a lost machine would; `kill_agent` and `kill_server` one of them.

    Attributes:
        rest_port: of Patroni's own HTTP interface.
    """

    service = "patroni"

    def __init__(
        self,
        folder: Path,
        *,
        etcd: Etcd,
        name: str = "patroni",
        port: int | None = None,
        rest_port: int | None = None,
        passwords: dict[str, str] | None = None,
        rest_password: str = "",
    ) -> None:
        super().__init__(folder, name=name, port=port, passwords=passwords)
        self.rest_port = rest_port or free_port()
        self._etcd = etcd
        self._rest_password = rest_password or self.passwords[SUPERUSER]
        self._config = self.folder / "patroni.yml"

    @classmethod
    def missing(cls) -> str | None:
        if find_program("patroni") is None:
            return "patroni is not installed. Run: scripts/services.sh patroni"
        return missing_for_postgres() or Etcd.missing()

    def command(self) -> list[str | Path]:
        return [find_program("patroni") or "patroni", self._config]

    def prepare(self) -> None:
        super().prepare()
        # JSON is YAML, too.
        write_private(self._config, json.dumps(self._configuration(), indent=2))
        own(self._config)

    def _configuration(self) -> dict[str, Any]:
        rest = f"{LOOPBACK}:{self.rest_port}"
        roles = {"superuser": SUPERUSER, "replication": REPLICATOR}
        return {
            "scope": SCOPE,
            "name": self.name,
            "restapi": {
                "listen": rest,
                "connect_address": rest,
                "authentication": {"username": "patroni", "password": self._rest_password},
            },
            "etcd3": {
                "hosts": [self._etcd.address],
                "username": USER,
                "password": self._etcd.password,
            },
            "bootstrap": {
                "dcs": _DYNAMIC
                | {
                    "postgresql": {
                        "use_pg_rewind": True,
                        "use_slots": True,
                        "parameters": PARAMETERS,
                    }
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": LOCALE}, "data-checksums"],
            },
            "postgresql": {
                "listen": self.address,
                "connect_address": self.address,
                "data_dir": str(self.data),
                "bin_dir": str(self.programs),
                "pgpass": str(self.home / "pgpass"),
                "pg_hba": list(HBA),
                "parameters": {"unix_socket_directories": ""},
                # The default waits for a checkpoint that takes minutes.
                "basebackup": [{"checkpoint": "fast"}],
                "authentication": {
                    kind: {"username": role, "password": self.passwords[role]}
                    for kind, role in roles.items()
                },
            },
        }

    def keeps_port(self) -> bool:
        return self.server() is not None

    def node(self) -> dict[str, Any]:
        """What Patroni says of its node (role, state, timeline, …); nothing: it does not answer."""
        try:
            found: dict[str, Any] = fetch_json(f"http://{LOOPBACK}:{self.rest_port}/patroni")
        except urllib.error.HTTPError as error:
            with error:
                found = _as_object(error.read())
        except (OSError, ValueError):
            return {}
        return found

    def healthy(self) -> bool:
        node = self.node()
        if node.get("state") not in {"running", "streaming"}:
            return False
        primary = node.get("role") in {"master", "primary"}
        return primary or self.in_recovery() is True

    def is_synchronous(self) -> bool:
        """Whether it is the standby that has every acknowledged commit."""
        return bool(self.node().get("sync_standby"))

    def is_primary(self) -> bool:
        """Whether it holds the leader's key and takes writes."""
        try:
            fetch_json(f"http://{LOOPBACK}:{self.rest_port}/primary")
        except (OSError, ValueError):
            return False
        # It has the key a moment before it is promoted.
        return self.in_recovery() is False

    def remake(self) -> None:
        """Have a standby copied anew from the primary. Raises `ClusterError` where Patroni refuses,
        as it does for the leader.
        """
        body = json.dumps({"force": True}).encode()
        url = f"http://{LOOPBACK}:{self.rest_port}/reinitialize"
        login = base64.b64encode(f"patroni:{self._rest_password}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        request = urllib.request.Request(url, body, headers)
        try:
            urllib.request.urlopen(request, timeout=_REMADE_S).close()  # noqa: S310
        except OSError as error:
            said = str(error)
            if isinstance(error, urllib.error.HTTPError):
                with error:
                    said = error.read().decode("utf-8", "replace")
            raise ClusterError(f"{self.name} cannot be made anew: {said}") from error

    def detail(self) -> str:
        node = self.node()
        role = {"master": "primary"}.get(str(node.get("role", "")), str(node.get("role", "")))
        if node.get("sync_standby"):
            role = "synchronous replica"
        return f"{role}, timeline {node['timeline']}" if "timeline" in node else role

    def server(self) -> Record | None:
        """The postmaster that Patroni has started, or None."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            found = psutil.Process(int(lines[0]))
            # The number may have gone to another process since.
            if Path(found.cwd()) != self.data:
                return None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        begun = started(found.pid)
        return Record(found.pid, begun) if begun else None

    def kill_agent(self) -> None:
        """Kill Patroni alone: its PostgreSQL goes on, with nobody to watch it."""
        super().kill()

    def kill_server(self) -> None:
        """Kill PostgreSQL alone: Patroni finds it gone."""
        server = self.server()
        if server:
            process.kill(server)

    def kill(self) -> None:
        self.kill_agent()
        self.kill_server()

    def stop(self, deadline: float = 60.0) -> bool:
        polite = super().stop(deadline)
        server = self.server()
        if server:
            # Left behind by a Patroni that was killed.
            polite = process.end(server, self.stop_signal, deadline) and polite
        return polite

    def freeze(self) -> None:
        super().freeze()
        self.freeze_server()

    def thaw(self) -> None:
        super().thaw()
        self.thaw_server()

    def freeze_server(self) -> None:
        """Let PostgreSQL alone hang (SIGSTOP)."""
        self._signal_server(signal.SIGSTOP)

    def thaw_server(self) -> None:
        """Let PostgreSQL go on after `freeze_server`."""
        self._signal_server(signal.SIGCONT)

    def _signal_server(self, number: int) -> None:
        server = self.server()
        process.signal_all(process.family(server) if server else [], number)


def primary_of(nodes: Sequence[Patroni], deadline: float = 60.0) -> Patroni:
    """The node that takes writes, waited for. Raises `ClusterError` when there is none in time."""
    found: list[Patroni] = []

    def known() -> bool:
        found[:] = [node for node in nodes if node.is_primary()]
        return bool(found)

    try:
        wait_until(known, "PostgreSQL has a primary", deadline)
    except TimeoutError as error:
        logs = ", ".join(str(node.log) for node in nodes)
        raise ClusterError(f"{error}. See the logs: {logs}") from None
    return found[0]


def _as_object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
