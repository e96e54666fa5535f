"""What other modules may know of statistics: the numbers, and how to ask for them.

docs/api/analytics.md defines each number. Days are UTC days, `YYYY-MM-DD`; durations are whole
seconds; an id of None stands for tasks without a project, an assignee or a label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: days from `since` to `until`, both counted, 3,660 at most.

    `projects` and `assignees` are any of these ids, None among them for none; an empty tuple is
    no filter, as is a `label` of None.
    """

    since: str
    until: str
    projects: tuple[str | None, ...] = ()
    assignees: tuple[str | None, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day: what happened on it, and how many tasks stood where when it ended.

    `created`, `completed`, `reopened` and `cancelled` count what happened; `throughput` counts the
    tasks whose completion of that day still stands. `active_users` is of the whole workspace,
    whatever the filter.
    """

    day: str
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    in_pending: int
    in_progress: int
    in_completed: int
    in_cancelled: int
    active_users: int

    @property
    def scope(self) -> int:
        """Burn-up: the tasks that were there when the day ended, cancelled ones left out."""
        return self.in_pending + self.in_progress + self.in_completed

    @property
    def open(self) -> int:
        """The tasks that were neither completed nor cancelled when the day ended."""
        return self.in_pending + self.in_progress


@dataclass(frozen=True, slots=True)
class Spread:
    """How durations are spread: percentiles by nearest rank, in seconds; None where `count` is 0."""

    count: int
    p50: int | None
    p85: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """The tasks of one project, person or label: what happened in the days asked for, what was open
    when they ended, what is overdue now (None where the last day asked for is over).
    """

    id: str | None
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    open: int
    overdue: int | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """The statistics of a workspace as its log says them up to `seq`.

    `days` has each day asked for, also those on which nothing happened. `lead_time` and
    `cycle_time` are of the tasks that `throughput` counts. `overdue` is how many tasks are due and
    open at this moment; None where the last day asked for is over. The parts come in the order of
    their ids, None last; only those with a number other than 0.
    """

    seq: int
    since: str
    until: str
    created: int
    completed: int
    reopened: int
    cancelled: int
    throughput: int
    overdue: int | None
    lead_time: Spread
    cycle_time: Spread
    days: Sequence[Day]
    by_project: Sequence[Part]
    by_assignee: Sequence[Part]
    by_label: Sequence[Part]


class Analytics(Protocol):
    """The statistics of workspaces."""

    async def numbers(
        self, workspace_id: str, wanted: Wanted, *, at_least: int | None = None
    ) -> Numbers:
        """The numbers of one workspace, all of one moment; who may see them is the caller's affair.

        Waits shortly for the read model to reach the seq `at_least`; `Numbers.seq` says how far it
        is. Raises `errors.Invalid` for days that are none, the wrong way round or too many.
        """
        ...
