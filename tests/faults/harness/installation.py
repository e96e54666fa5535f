"""A cluster of the tests' own: real copies on a real database, each part to be killed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
from tests.faults.harness.caller import Caller
from tests.services import clusters
from tests.services.require import unavailable

from tidework.cluster import Cluster, Part
from tidework.cluster.process import wait_until

PASSWORD = "correct horse battery staple"
_FOLDER = "tidework-faults-"
clusters.patch()
_PLAIN = ("patroni", "pgbouncer", "sentinel", "rabbitmq")
_OWN = {
    "TIDEWORK_RATE_LIMITS": "off",
    "TIDEWORK_LOG_LEVEL": "warning",
    # At full length some of a file's tests begin later than the usual end of a token.
    "TIDEWORK_ACCESS_TOKEN_SECONDS": "86400",
}


class Installation:
    """A running cluster, and the people on it.

    Attributes:
        cluster: its parts.
        admin: an administrator's access token.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._people = 0
        self._callers: list[Caller] = []
        self.admin = self.register("admin@example.com")["access_token"]

    @property
    def ports(self) -> list[int]:
        """Where the copies are."""
        return [copy.port for copy in self.cluster.copies]

    @property
    def everywhere(self) -> list[int]:
        """Where the copies are, and nginx in front of them."""
        edge = self.cluster.nginx
        return [*self.ports, *([edge.port] if edge else [])]

    def register(self, email: str | None = None) -> dict[str, Any]:
        """A new account: what registering answers."""
        self._people += 1
        address = email or f"person{self._people}@example.com"
        body = {"email": address, "password": PASSWORD, "name": "Somebody"}
        url = f"http://127.0.0.1:{self.ports[0]}/api/v1/auth/register"
        answer = httpx.post(url, json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        return {"email": address, **answer.json()}

    def caller(self, token: str, dice: Random, *ports: int) -> Caller:
        """A client; of all copies and nginx unless some are named."""
        made = Caller(ports or self.everywhere, token, dice)
        self._callers.append(made)
        return made

    def each(self, token: str) -> list[Caller]:
        """A client of every copy."""
        return [self.caller(token, Random(0), port) for port in self.ports]

    def hang_up(self) -> None:
        """Close the connections of all clients."""
        for caller in self._callers:
            caller.close()

    def workspaces(self, token: str, count: int) -> list[str]:
        """New workspaces of an account."""
        caller = self.caller(token, Random(0), self.ports[0])
        made = [caller.must("POST", "/workspaces", {"name": f"W{n}"}) for n in range(count)]
        return [one["id"] for one in made]

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the product on the database."""
        settings = self.cluster.settings() | {
            "TIDEWORK_DATA_DIR": str(self.cluster.folder / "commands")
        }
        return clusters.command(*arguments, settings=settings)

    def assert_replays(self) -> None:
        """The product's own proof: every log folds to its state."""
        done = self.command("doctor", "--replay", "--json")
        [found] = [one for one in json.loads(done.stdout)["checks"] if one["name"] == "replay"]
        assert found["ok"], found

    def heal(self) -> None:
        """Start what does not run, and wait until all of it is well.

        As a service manager does it: a copy that ends since its database is away is started again.
        """
        for part in self.cluster.parts:
            part.thaw()
            wait_until(partial(_well, part), f"{part.name} is well again", 120)


def _well(part: Part) -> bool:
    part.launch()
    return part.healthy()


@contextmanager
def installed(settings: Mapping[str, str] | None = None, **options: Any) -> Iterator[Installation]:
    """Start a cluster of its own, and remove it in the end; `options` are those of a cluster."""
    _remove_orphans()
    # Not pytest's folder: PostgreSQL's user may not enter that.
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir="/tmp"))
    folder.chmod(0o711)
    cluster = Cluster(folder / "cluster", **options)
    missing = dict.fromkeys(filter(None, (part.missing() for part in cluster.parts)))
    if missing:
        shutil.rmtree(folder)
        unavailable(f"{' '.join(missing)} (or `make services`).")
    for copy in cluster.copies:
        copy.settings |= _OWN | dict(settings or {})
    try:
        cluster.up()
        made = Installation(cluster)
        yield made
        made.hang_up()
    finally:
        cluster.kill()
        for copy in cluster.copies:
            # pytest shows it beside a failure, and only there.
            print(f"--- {copy.name}\n{copy.tail()}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)


def plain(copies: int = 3, **options: Any) -> AbstractContextManager[Installation]:
    """One PostgreSQL, Redis, copies and nginx: quick to start, and its database to come back."""
    return installed(copies=copies, replicas=0, without=_PLAIN, **options)


def replicated(copies: int = 2, replicas: int = 2) -> AbstractContextManager[Installation]:
    """PostgreSQL under Patroni with standbys, and copies."""
    without = ("pgbouncer", "redis", "sentinel", "rabbitmq", "nginx")
    return installed(copies=copies, replicas=replicas, without=without)


def _remove_orphans() -> None:
    for folder in Path("/tmp").glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).split("-", 1)[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        if (folder / "cluster").exists():
            Cluster(folder / "cluster").kill()
        shutil.rmtree(folder, ignore_errors=True)
