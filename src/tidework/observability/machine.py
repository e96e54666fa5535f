"""What the machine has left, asked when metrics are read."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tidework.http.health_checks import memory_now


class Machine(Collector):
    """Memory, and the disk of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        memory = memory_now()
        yield GaugeMetricFamily(
            "tidework_memory_available_bytes",
            "Memory that the machine, or the container, has to give.",
            memory.available,
        )
        yield GaugeMetricFamily(
            "tidework_memory_limit_bytes", "Memory of the machine, or the container.", memory.limit
        )
        with suppress(OSError):
            disk = shutil.disk_usage(self._folder)
            yield GaugeMetricFamily(
                "tidework_disk_free_bytes", "Free on the disk of the data folder.", disk.free
            )
            yield GaugeMetricFamily(
                "tidework_disk_size_bytes", "Size of the disk of the data folder.", disk.total
            )
