"""What processes hold, measured again and again, and whether it grows."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Bound:
    """How much a gauge may rise over the second half of a run: a part of its level, or so much."""

    share: float
    least: float


BOUNDS: Mapping[str, Bound] = {
    # Python's memory goes up and down by more than a leak of a quiet hour would be.
    "memory MiB": Bound(0.05, 4.0),
    "descriptors": Bound(0.05, 3.0),
    "connections": Bound(0.05, 3.0),
    "backends": Bound(0.05, 3.0),
}
"""The bounds by the last words of a gauge's name."""


@dataclass
class Gauges:
    """Samples of named gauges over time."""

    times: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, at: float, sample: Mapping[str, float]) -> None:
        """Note what was measured at a moment, in seconds."""
        self.times.append(at)
        for name, value in sample.items():
            self.values.setdefault(name, []).append(value)

    def rises(self) -> dict[str, tuple[float, float]]:
        """Of each gauge: by how much it rises over the second half, and how much it may."""
        half = len(self.times) // 2
        times = self.times[half:]
        found = {}
        for name, values in self.values.items():
            later = values[half:]
            bound = next(one for words, one in BOUNDS.items() if name.endswith(words))
            allowed = max(bound.share * _mean(later), bound.least)
            found[name] = (_slope(times, later) * (times[-1] - times[0]), allowed)
        return found

    def growing(self) -> list[str]:
        """The gauges that are not flat."""
        return [
            f"{name} rises by {rise:.1f} over the second half; flat is up to {allowed:.1f}"
            for name, (rise, allowed) in self.rises().items()
            if rise > allowed
        ]

    def table(self, rows: int = 12) -> str:
        """Some of the samples, and the rise of each gauge, for people."""
        names = list(self.values)
        step = max(1, (len(self.times) - 1) // rows)
        chosen = range(0, len(self.times), step)
        lines = [" | ".join(["minute", *names])]
        for place in chosen:
            cells = [f"{self.times[place] / 60:.1f}"]
            cells += [f"{self.values[name][place]:.0f}" for name in names]
            lines.append(" | ".join(cells))
        rises = self.rises()
        lines.append(" | ".join(["rise", *(f"{rises[name][0]:+.1f}" for name in names)]))
        lines.append(" | ".join(["allowed", *(f"{rises[name][1]:.1f}" for name in names)]))
        return "\n".join(lines)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Of the line with the least squares."""
    middle, level = _mean(times), _mean(values)
    spread = sum((at - middle) ** 2 for at in times)
    if not spread:
        return 0.0
    return sum((at - middle) * (v - level) for at, v in zip(times, values, strict=True)) / spread


def of_process(name: str, pid: int) -> dict[str, float]:
    """What a process and its children hold now."""
    main = psutil.Process(pid)
    memory = descriptors = connections = 0
    for one in [main, *main.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            memory += one.memory_info().rss
            descriptors += one.num_fds()
            connections += len(one.net_connections("inet"))
    return {
        f"{name} memory MiB": memory / _MIB,
        f"{name} descriptors": descriptors,
        f"{name} connections": connections,
    }


def measured(
    sample: Callable[[], Mapping[str, float]], stop: threading.Event, seconds: float, every: float
) -> Gauges:
    """Measure for so long."""
    gauges, begun = Gauges(), time.monotonic()
    while (at := time.monotonic() - begun) < seconds and not stop.is_set():
        gauges.add(at, sample())
        stop.wait(every)
    return gauges
