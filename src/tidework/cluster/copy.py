"""A copy of the product, as `tidework serve` runs it; and the commands that must run before."""

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tidework.cluster.part import Part
from tidework.cluster.ports import LOOPBACK, free_port
from tidework.cluster.process import ClusterError
from tidework.settings import PREFIX, InvalidSettings, load

_QUICK_S: Final = 3.0
_READY: Final = 200


class Copy(Part):
    """One `tidework serve`.

    Attributes:
        metrics_port: where it shows its metrics, on loopback only.
        settings: its environment (`TIDEWORK_…`); what this version does not take is left out.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        *,
        name: str = "copy",
        port: int | None = None,
        metrics_port: int | None = None,
        workers: int = 1,
    ) -> None:
        super().__init__(folder, name=name, port=port)
        self.metrics_port = metrics_port or free_port()
        own = {
            "TIDEWORK_METRICS": f"{LOOPBACK}:{self.metrics_port}",
            "TIDEWORK_DATA_DIR": str(self.folder / "data"),
            "TIDEWORK_LOG_FORMAT": "json",
            "TIDEWORK_DRAIN_SECONDS": "2",
            "TIDEWORK_WORKERS": str(workers),
        }
        self.settings = supported(own | dict(settings))

    @classmethod
    def missing(cls) -> str | None:
        return None

    @property
    def url(self) -> str:
        """Where it is, without the nginx in front of it."""
        return f"http://{self.address}"

    @property
    def place(self) -> str:
        return self.url

    def command(self) -> list[str | Path]:
        serve = ("-m", "tidework", "serve", "--host", LOOPBACK, "--port", str(self.port))
        return [sys.executable, *serve]

    def environ(self) -> dict[str, str]:
        return plain_environ() | self.settings

    def healthy(self) -> bool:
        """Whether it says that it is ready."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_QUICK_S)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == _READY
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def start(self, deadline: float = 60.0) -> None:
        super().start(deadline)


def plain_environ() -> dict[str, str]:
    """Our environment without settings: those of a cluster are its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def supported(settings: Mapping[str, str]) -> dict[str, str]:
    """Those settings that this version takes, each with this value."""
    return {name: value for name, value in settings.items() if takes(name, value)}


def takes(name: str, value: str) -> bool:
    """Whether this version takes a setting with this value."""
    # Some are refused beside the embedded database, which is the default.
    beside = {"TIDEWORK_DATABASE_URL": "postgresql://127.0.0.1/tidework"}
    try:
        load(beside | {name: value})
    except InvalidSettings:
        return False
    return True


def run_command(*arguments: str, settings: Mapping[str, str]) -> None:
    """Run a command of the product to its end. Raises `ClusterError` with what it said."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tidework", *arguments],
        env=plain_environ() | dict(settings), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ClusterError(f"tidework {' '.join(arguments)} failed: {said}")
