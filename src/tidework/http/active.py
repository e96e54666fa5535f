"""Who was here in the last minutes: how many distinct accounts, in bounded memory."""

import time
from typing import Final

WINDOWS: Final = {"5m": 300.0, "15m": 900.0}
_LONGEST: Final = max(WINDOWS.values())


class ActiveAccounts:
    """When each account was last seen, `bound` accounts at most; beyond, the oldest are forgotten.

    Times are those of `time.perf_counter`. For use on the event loop; `within` on any thread.
    """

    __slots__ = ("_bound", "_last")

    def __init__(self, bound: int = 50_000) -> None:
        self._bound = bound
        self._last: dict[str, float] = {}

    def seen(self, account: str, now: float) -> None:
        """An account has asked for something. 0.1 µs."""
        self._last[account] = now
        if len(self._last) > self._bound:
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        kept = {account: at for account, at in self._last.items() if now - at <= _LONGEST}
        surplus = len(kept) - self._bound * 9 // 10
        if surplus > 0:
            for account in sorted(kept, key=kept.__getitem__)[:surplus]:
                del kept[account]
        self._last = kept

    def within(self, seconds: float) -> set[int]:
        """The accounts of the last `seconds`, each as a number, the same in every process."""
        since = time.perf_counter() - seconds
        recent = [account for account, at in list(self._last.items()) if at >= since]
        # The random half of a UUIDv7.
        return {int(account.replace("-", "")[-16:], 16) for account in recent}

    def __len__(self) -> int:
        return len(self._last)
