"""Plots of a summary, drawn as lines and surfaces."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from tidework.analytics.api import Day, Numbers
from tidework.reports.letters import FONT, Letters

_INK: Final = (0.2, 0.2, 0.24)
_PALE: Final = (0.86, 0.87, 0.89)
# Told apart also by who does not see colours well, and on paper (Okabe and Ito).
BLUE: Final = (0.0, 0.45, 0.70)
GREEN: Final = (0.0, 0.62, 0.45)
ORANGE: Final = (0.90, 0.62, 0.0)
GREY: Final = (0.6, 0.6, 0.62)
_SIZE: Final = 7
_TICKS: Final = 4
_MOST_BARS: Final = 62


class Series(NamedTuple):
    """A name, a colour, and a value for each day."""

    name: str
    color: tuple[float, float, float]
    values: Sequence[int]


class Frame(NamedTuple):
    """Where a plot stands on its page."""

    left: float
    bottom: float
    width: float
    height: float


class Plots:
    """Draws on a canvas."""

    def __init__(self, canvas: Any, letters: Letters) -> None:
        self._canvas = canvas
        self._letters = letters

    def summary(self, numbers: Numbers, frames: Sequence[Frame]) -> None:
        """The four plots of a summary, each in a frame."""
        days = numbers.days
        names = [day.day for day in days]

        def of(value: Callable[[Day], int]) -> list[int]:
            return [value(day) for day in days]

        throughput = [Series("Completed", GREEN, of(lambda day: day.throughput))]
        per, throughput_names = "day", names
        if len(names) > _MOST_BARS:
            per, throughput_names, throughput = "week", *_by_week(names, throughput)
        self.bars(frames[0], f"Throughput per {per}", throughput_names, throughput)
        scope = [
            Series("Scope", BLUE, of(lambda day: day.scope)),
            Series("Completed", GREEN, of(lambda day: day.in_completed)),
        ]
        self.lines(frames[1], "Burn-up", names, scope)
        flow = [
            Series("Completed", GREEN, of(lambda day: day.in_completed)),
            Series("In progress", ORANGE, of(lambda day: day.in_progress)),
            Series("Pending", BLUE, of(lambda day: day.in_pending)),
        ]
        self.areas(frames[2], "Cumulative flow", names, flow)
        self.spreads(frames[3], "Days from making, and from starting, to completing", numbers)

    def bars(self, frame: Frame, title: str, names: Sequence[str], all_: Sequence[Series]) -> None:
        """A bar for each value of the first series."""
        series = all_[0]
        inner, top = self._axes(frame, title, names, max(series.values, default=0), all_)
        step = inner.width / max(1, len(series.values))
        self._canvas.setFillColorRGB(*series.color)
        for place, value in enumerate(series.values):
            if value:
                height = inner.height * value / top
                left = inner.left + place * step + step * 0.1
                self._canvas.rect(left, inner.bottom, step * 0.8, height, stroke=0, fill=1)

    def lines(self, frame: Frame, title: str, names: Sequence[str], all_: Sequence[Series]) -> None:
        """A line for each series."""
        highest = max((value for series in all_ for value in series.values), default=0)
        inner, top = self._axes(frame, title, names, highest, all_)
        self._canvas.setLineWidth(1.4)
        for series in all_:
            self._canvas.setStrokeColorRGB(*series.color)
            path = self._canvas.beginPath()
            for place, value in enumerate(series.values):
                move = path.lineTo if place else path.moveTo
                move(_across(inner, place, len(names)), inner.bottom + inner.height * value / top)
            self._canvas.drawPath(path)

    def areas(self, frame: Frame, title: str, names: Sequence[str], all_: Sequence[Series]) -> None:
        """The series one on the other, the first at the bottom."""
        totals = [sum(values) for values in zip(*(one.values for one in all_), strict=True)]
        inner, top = self._axes(frame, title, names, max(totals, default=0), all_)
        below = [0] * len(names)
        for series in all_:
            above = [low + value for low, value in zip(below, series.values, strict=True)]
            path = self._canvas.beginPath()
            path.moveTo(inner.left, inner.bottom + inner.height * below[0] / top)
            for place, value in enumerate(above):
                path.lineTo(
                    _across(inner, place, len(names)), inner.bottom + inner.height * value / top
                )
            for place in range(len(below) - 1, -1, -1):
                path.lineTo(
                    _across(inner, place, len(names)),
                    inner.bottom + inner.height * below[place] / top,
                )
            self._canvas.setFillColorRGB(*series.color)
            self._canvas.drawPath(path, stroke=0, fill=1)
            below = above

    def spreads(self, frame: Frame, title: str, numbers: Numbers) -> None:
        """How long tasks took: percentiles as bars from left to right."""
        self._title(frame, title, ())
        kinds = (("Lead time", numbers.lead_time), ("Cycle time", numbers.cycle_time))
        rows = [
            (f"{name} {rank}", seconds / 86400)
            for name, spread in kinds
            for rank, seconds in (("50 %", spread.p50), ("85 %", spread.p85), ("95 %", spread.p95))
            if seconds is not None
        ]
        if not rows:
            self._text(frame.left, frame.bottom + frame.height / 2, "Nothing was completed.")
            return
        longest = max(value for _, value in rows) or 1
        step = (frame.height - 26) / len(rows)
        for place, (name, value) in enumerate(rows):
            bottom = frame.bottom + frame.height - 26 - (place + 1) * step
            self._text(frame.left, bottom + step * 0.35, name)
            self._canvas.setFillColorRGB(*(BLUE if name.startswith("Lead") else ORANGE))
            width = (frame.width - 130) * value / longest
            self._canvas.rect(frame.left + 80, bottom + step * 0.15, width, step * 0.6, 0, 1)
            self._text(frame.left + 84 + width, bottom + step * 0.35, f"{value:.1f}")

    def _axes(
        self,
        frame: Frame,
        title: str,
        names: Sequence[str],
        highest: int,
        all_: Sequence[Series],
    ) -> tuple[Frame, int]:
        """Draw title and axes; where the plot itself is, and the value at its top."""
        self._title(frame, title, all_)
        inner = Frame(frame.left + 30, frame.bottom + 14, frame.width - 36, frame.height - 40)
        step = _step(highest)
        top = step * max(1, -(-highest // step))
        self._canvas.setLineWidth(0.5)
        for value in range(0, top + 1, step):
            height = inner.bottom + inner.height * value / top
            self._canvas.setStrokeColorRGB(*_PALE)
            self._canvas.line(inner.left, height, inner.left + inner.width, height)
            label = f"{value:,}"
            left = inner.left - 4 - self._letters.width(label, _SIZE)
            self._text(left, height - _SIZE * 0.35, label)
        if names:
            self._text(inner.left, frame.bottom + 2, names[0])
            width = self._letters.width(names[-1], _SIZE)
            if len(names) > 1:
                self._text(inner.left + inner.width - width, frame.bottom + 2, names[-1])
        return inner, top

    def _title(self, frame: Frame, title: str, all_: Sequence[Series]) -> None:
        top = frame.bottom + frame.height
        self._text(frame.left, top - 9, title, 9)
        left = frame.left + 30
        for series in all_ if len(all_) > 1 else ():
            self._canvas.setFillColorRGB(*series.color)
            self._canvas.rect(left, top - 21, 7, 7, stroke=0, fill=1)
            self._text(left + 10, top - 20, series.name)
            left += 22 + self._letters.width(series.name, _SIZE)

    def _text(self, left: float, bottom: float, text: str, size: float = _SIZE) -> None:
        self._canvas.setFillColorRGB(*_INK)
        self._canvas.setFont(FONT, size)
        self._canvas.drawString(left, bottom, text)


def _across(frame: Frame, place: int, count: int) -> float:
    return frame.left + frame.width * place / max(1, count - 1)


def _step(highest: int) -> int:
    """The distance between the lines of a scale up to a value: 1, 2 or 5 times a power of ten."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size * _TICKS >= highest:
                return factor * size
        size *= 10


def _by_week(names: Sequence[str], all_: Sequence[Series]) -> tuple[list[str], list[Series]]:
    """The same, added up by weeks that begin on Mondays."""
    weeks: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        day = date.fromisoformat(name)
        monday = date.fromordinal(day.toordinal() - day.weekday()).isoformat()
        sums = weeks.setdefault(max(monday, names[0]), [0] * len(all_))
        for number, series in enumerate(all_):
            sums[number] += series.values[place]
    found = [
        Series(series.name, series.color, [sums[number] for sums in weeks.values()])
        for number, series in enumerate(all_)
    ]
    return list(weeks), found
