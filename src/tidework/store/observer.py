"""What a store reports about itself; the default reports to nobody."""

from collections.abc import Sequence
from typing import Literal

from tidework.log import Committed, Operation

Standing = Literal["unseen", "used", "primary", "promoted", "behind", "away"]
"""How a replica of the settings does: `used` to read from; the present `primary` itself; `promoted`,
so that it takes writes, and is not the primary; `behind`, so that it has nothing of the present
primary yet; `away`, so that it does not answer; `unseen` before it was looked at.
"""


class Observer:
    """Receives measurements; `http.metrics` has the one that keeps them.

    Every method returns at once and never raises. Names are few and fixed: they become labels.
    """

    def query(self, name: str, seconds: float) -> None:
        """A query of this name took so long."""

    def group(self, size: int) -> None:
        """A group of this many commits goes out."""

    def committed(self, committed: Committed) -> None:
        """A commit has been written; called before its caller goes on."""

    def operated(self, operations: Sequence[Operation]) -> None:
        """Operational rows have been written alone; called before their writer goes on."""

    def read(self, target: Literal["primary", "replica"]) -> None:
        """A read was answered by the primary, or by a replica."""

    def replica(self, name: str, lag: float | None, standing: Standing) -> None:
        """A replica was looked at: so many seconds behind, None when that is not known.

        `name` is its host and port, never its address with a password.
        """
