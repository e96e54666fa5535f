"""How long faults are tried for, and from which seed; both are the environment's to say.

`TIDEWORK_FAULTS=full` is the full length (`make faults`); `TIDEWORK_FAULT_SEED` repeats a run: the
same clients do the same in the same order, and the same parts are broken after the same number of
answers. What processes and networks do in between is theirs.
"""

import os
import random
from dataclasses import dataclass
from typing import TypeVar

import pytest

T = TypeVar("T")


def _asked(name: str, default: str) -> str:
    """A variable of the tests, kept for the workers of pytest-xdist under a name of its own: a
    server would refuse one that starts as its settings do.
    """
    kept = f"TESTS_{name}"
    value = os.environ.pop(f"TIDEWORK_{name}", "") or os.environ.get(kept, "") or default
    os.environ[kept] = value
    return value


SEED = int(_asked("FAULT_SEED", str(random.SystemRandom().randrange(1_000_000))))
FULL = _asked("FAULTS", "short") == "full"
SOAK_MINUTES = float(_asked("SOAK_MINUTES", "0"))


@dataclass(frozen=True)
class Run:
    """What one test is told: its name makes its dice differ from those of other tests."""

    name: str
    seed: int = SEED
    full: bool = FULL

    def dice(self, who: object = "") -> random.Random:
        """Dice of one actor, the same for the same seed however others throw theirs."""
        return random.Random(f"{self.seed}/{self.name}/{who}")

    def pick(self, short: T, full: T) -> T:
        """What holds for this length."""
        return full if self.full else short


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """Length and seed of the test; a failure shows how to repeat it."""
    name = request.node.name
    length = "full" if FULL else "short"
    print(f"{name}: {length} form, to repeat: TIDEWORK_FAULT_SEED={SEED}")
    return Run(name)
