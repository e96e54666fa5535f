"""Reports that are made time and again, and sent as links.

A schedule is what people own, so it is in the log; when it is due next is its job's business. The
job begins a report and moves itself to the next time in one step: each time happens once. After the
server was down it happens once for all the times that were missed.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from tidework.bus.job import Job, Reschedule
from tidework.bus.jobs import Jobs
from tidework.errors import Conflict, Forbidden, NotFound, invalid
from tidework.http.context import Membership, RequestContext
from tidework.ids import new_id
from tidework.log import Change, Commit, Expect, Operation
from tidework.notifications.local_time import next_local, zone_of
from tidework.reports import queries
from tidework.reports.making import may_see
from tidework.reports.schemas import (
    WEEKDAYS,
    ReportSpec,
    ScheduleIn,
    ScheduleList,
    ScheduleOut,
    ScheduleRule,
)
from tidework.reports.service import asked
from tidework.reports.sources import Sources
from tidework.store.protocol import Store
from tidework.times import canonical, now, parse
from tidework.users.api import Users, clean_time_zone
from tidework.workspaces.api import present, still

JOB: Final = "report_schedule"
MOST: Final = 50


class Schedule(NamedTuple):
    """A row of `report_schedules`, and when its job is due."""

    id: str
    report: dict[str, Any]
    rule: dict[str, Any]
    recipients: list[str]
    created_by: str
    created_at: str
    version: int
    due_at: str | None


class ScheduleService:
    """The schedules of reports."""

    def __init__(self, store: Store, users: Users, sources: Sources) -> None:
        self._store = store
        self._users = users
        self._sources = sources

    def begin(self, jobs: Jobs) -> None:
        """Let `jobs` begin reports when they are due."""
        jobs.register(JOB, self.run, deadline_s=60, max_attempts=100)

    async def create(
        self, editor: Membership, data: ScheduleIn, context: RequestContext
    ) -> ScheduleOut:
        """Make a schedule. Raises `Invalid`, `Conflict` when there are too many."""
        self._sources.check(editor.workspace_id, editor.user_id, data.report, "/report")
        rule = _checked(data.rule)
        if len((await self.all(editor.workspace_id)).items) >= MOST:
            raise Conflict(
                f"A workspace has {MOST} schedules at most. Remove one first.",
                code="too_many_schedules",
            )
        recipients = [str(one) for one in dict.fromkeys(data.recipients)] or [editor.user_id]
        at, schedule_id = now(), new_id()
        fields = {
            "report": msgspec.to_builtins(data.report),
            "rule": msgspec.to_builtins(rule),
            "recipients": recipients,
            "created_by": editor.user_id,
            "created_at": at,
        }
        due_at = next_time(rule, at)
        committed = await self._store.append(
            Commit(
                stream_id=editor.workspace_id,
                actor_id=editor.user_id,
                at=at,
                request_id=context.request_id,
                changes=[Change("report_schedule", schedule_id, "create", fields)],
                expects=[
                    still(editor, "editor"),
                    *(
                        present("member", one, f"/recipients/{place}")
                        for place, one in enumerate(recipients)
                    ),
                ],
                operations=[
                    Jobs.operation(editor.workspace_id, JOB, {}, due_at, job_id=schedule_id)
                ],
                idempotency=context.idempotency,
            )
        )
        context.seq = committed.seq
        # Of a repeated request it is the one of the first time.
        return await self.show(editor.workspace_id, committed.changes[0].id)

    async def all(self, workspace_id: str) -> ScheduleList:
        """The schedules of a workspace."""
        rows = await self._store.fetch(queries.SCHEDULES, {"stream_id": workspace_id})
        return ScheduleList([_shown(Schedule(*row)) for row in rows])

    async def show(self, workspace_id: str, schedule_id: str) -> ScheduleOut:
        """A schedule. Raises `NotFound`."""
        found = await self._find(workspace_id, schedule_id)
        if found is None:
            raise _missing()
        return _shown(found)

    async def remove(self, editor: Membership, schedule_id: str, context: RequestContext) -> None:
        """Remove a schedule; its maker may, and owners. Raises `NotFound`, `Forbidden`."""
        found = await self._find(editor.workspace_id, schedule_id)
        if found is None:
            raise _missing()
        own = found.created_by == editor.user_id
        if not own and not editor.may("owner"):
            raise Forbidden("Only whoever made a schedule and owners can remove it.")
        committed = await self._store.append(
            Commit(
                stream_id=editor.workspace_id,
                actor_id=editor.user_id,
                at=now(),
                request_id=context.request_id,
                changes=[Change("report_schedule", schedule_id, "delete")],
                expects=[
                    still(editor, "editor" if own else "owner"),
                    Expect("report_schedule", schedule_id, error=_missing()),
                ],
                operations=[Jobs.cancelled(editor.workspace_id, schedule_id)],
            )
        )
        context.seq = committed.seq

    async def run(self, job: Job) -> Sequence[Operation]:
        """Begin the report that is due, and wait for the next time."""
        schedule = await self._find(job.stream_id, job.id)
        if schedule is None:
            return ()
        maker = schedule.created_by
        if not await may_see(self._store, self._users, job.stream_id, maker):
            return ()
        rule = msgspec.convert(schedule.rule, ScheduleRule)
        spec = msgspec.convert(schedule.report, ReportSpec)
        # Written together with the job's move: whoever does it again finds it moved.
        begun = asked(job.stream_id, new_id(), maker, spec, schedule.id)
        raise Reschedule(next_time(rule, now()), begun)

    async def _find(self, workspace_id: str, schedule_id: str) -> Schedule | None:
        params = {"stream_id": workspace_id, "id": schedule_id}
        rows = await self._store.fetch(queries.SCHEDULE, params)
        return Schedule(*rows[0]) if rows else None


def next_time(rule: ScheduleRule, after: str) -> str:
    """The first time of a rule after a moment, canonical."""
    hour, _, minute = rule.at.partition(":")
    at, zone = time(int(hour), int(minute)), zone_of(rule.time_zone)
    moment: datetime = parse(after)
    while True:
        moment = next_local(moment, at, zone)
        weekday = WEEKDAYS[moment.astimezone(zone).weekday()]
        if rule.weekday is UNSET or weekday == rule.weekday:
            return canonical(moment)


def _checked(rule: ScheduleRule) -> ScheduleRule:
    if (rule.every == "week") != (rule.weekday is not UNSET):
        raise invalid(
            "/rule/weekday", "missing", "/rule/weekday goes with every: week, and only with it."
        )
    zone = clean_time_zone(rule.time_zone, "/rule/time_zone")
    return msgspec.structs.replace(rule, time_zone=zone)


def _shown(schedule: Schedule) -> ScheduleOut:
    return ScheduleOut(
        id=schedule.id,
        report=msgspec.convert(schedule.report, ReportSpec),
        rule=msgspec.convert(schedule.rule, ScheduleRule),
        recipients=schedule.recipients,
        created_by=schedule.created_by,
        created_at=schedule.created_at,
        next_at=schedule.due_at,
        version=schedule.version,
    )


def _missing() -> NotFound:
    return NotFound("There is no such schedule in this workspace.")
