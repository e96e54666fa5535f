"""A worker of the product, as `tidework worker` runs it."""

import http.client
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tidework.cluster.copy import plain_environ, supported
from tidework.cluster.part import Part
from tidework.cluster.ports import LOOPBACK

_QUICK_S: Final = 3.0
_OK: Final = 200


class Worker(Part):
    """One `tidework worker`; its port is that of its metrics.

    Attributes:
        settings: its environment (`TIDEWORK_…`); what this version does not take is left out.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        *,
        name: str = "worker",
        port: int | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """`options` of the command: `--only relay`, …"""
        super().__init__(folder, name=name, port=port)
        self._options = list(options)
        own = {
            "TIDEWORK_METRICS": f"{LOOPBACK}:{self.port}",
            "TIDEWORK_DATA_DIR": str(self.folder / "data"),
            "TIDEWORK_LOG_FORMAT": "json",
        }
        self.settings = supported(own | dict(settings))

    @classmethod
    def missing(cls) -> str | None:
        return None

    @property
    def place(self) -> str:
        return f"http://{self.address}/metrics"

    def command(self) -> list[str | Path]:
        return [sys.executable, "-m", "tidework", "worker", *self._options]

    def environ(self) -> dict[str, str]:
        return plain_environ() | self.settings

    def healthy(self) -> bool:
        """Whether it shows its metrics, which it does once it works."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_QUICK_S)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().status == _OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def start(self, deadline: float = 60.0) -> None:
        super().start(deadline)
