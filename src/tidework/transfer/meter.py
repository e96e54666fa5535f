"""One progress over several passes."""

from tidework.transfer.report import Progress


class Meter:
    """Progress over passes that count different things: a pass takes its share of a thousand."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._base = 0
        self._share = 0
        self._done = 0
        self._total = 1

    def begin(self, share: int, total: int) -> None:
        """Begin a pass over `total` things."""
        self._base += self._share
        self._share, self._total, self._done = share, max(total, 1), 0

    def advance(self, count: int) -> None:
        """Note that so many more of them are done."""
        self._done = min(self._done + count, self._total)
        if self._progress is not None:
            self._progress(self._base + self._share * self._done // self._total, 1000)
