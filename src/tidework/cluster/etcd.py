"""etcd: where Patroni's nodes agree on who is the primary."""

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from tidework.cluster.part import Part, find_program, new_password
from tidework.cluster.ports import LOOPBACK, free_port
from tidework.cluster.process import ClusterError

USER: Final = "root"
_QUICK_S: Final = 2.0


def fetch_json(url: str, body: Any = None, token: str = "", deadline: float = _QUICK_S) -> Any:
    """The JSON answer of a part's own HTTP interface. Raises OSError when there is none."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": token} if token else {})
    request = urllib.request.Request(url, data, headers)  # noqa: S310  (http on loopback)
    with urllib.request.urlopen(request, timeout=deadline) as answer:  # noqa: S310
        return json.loads(answer.read())


class Etcd(Part):
    """One etcd, which asks for the password of its user `root`."""

    program = "etcd"
    service = "etcd"

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "etcd",
        port: int | None = None,
        peer_port: int | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(folder, name=name, port=port)
        self.peer_port = peer_port or free_port()
        self.password = password or new_password()

    def command(self) -> list[str | Path]:
        here, peer = f"http://{LOOPBACK}:{self.port}", f"http://{LOOPBACK}:{self.peer_port}"
        return [
            find_program(self.program) or self.program, "--name", "tidework",
            "--data-dir", self.folder / "data",
            "--listen-client-urls", here, "--advertise-client-urls", here,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"tidework={peer}",
        ]  # fmt: skip

    def environ(self) -> dict[str, str]:
        # Where etcd does not know a processor yet, it wants to be told that this is known.
        return super().environ() | {"ETCD_UNSUPPORTED_ARCH": "arm64"}

    def healthy(self) -> bool:
        try:
            return str(fetch_json(f"http://{LOOPBACK}:{self.port}/health")["health"]) == "true"
        except (OSError, ValueError, KeyError):
            return False

    def start(self, deadline: float = 30.0) -> None:
        super().start(deadline)
        self._protect()

    def _protect(self) -> None:
        """Ask for a password from now on; nothing when it does already."""
        self._tell("user/add", {"name": USER, "password": self.password})
        self._tell("role/add", {"name": USER})
        self._tell("user/grant", {"user": USER, "role": USER})
        self._tell("enable", {})

    def _tell(self, what: str, body: Any) -> None:
        try:
            fetch_json(f"http://{LOOPBACK}:{self.port}/v3/auth/{what}", body)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read()
            # Where it asks for a password already, and where an earlier start came no further.
            if b"user name is empty" not in said and b"already exists" not in said:
                raise ClusterError(f"{self.name} cannot be given a password: {said!r}") from error

    def read(self, key: str) -> str | None:
        """The value of a key. Raises OSError."""
        base = f"http://{LOOPBACK}:{self.port}/v3"
        credentials = {"name": USER, "password": self.password}
        token = fetch_json(f"{base}/auth/authenticate", credentials)["token"]
        wanted = {"key": base64.b64encode(key.encode()).decode()}
        pairs = fetch_json(f"{base}/kv/range", wanted, token).get("kvs")
        return base64.b64decode(pairs[0]["value"]).decode() if pairs else None
