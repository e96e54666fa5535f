"""Routes of reports."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, JSONBody

from tidework.http.answer import Receive, Send
from tidework.http.context import Membership, RequestContext
from tidework.http.dispatch import Streaming
from tidework.http.openapi import PUBLIC, problem_responses
from tidework.http.parameters import QUERY, text
from tidework.http.query import Query
from tidework.http.replies import known_id, written
from tidework.reports.records import no_such_link
from tidework.reports.schedules import ScheduleService
from tidework.reports.schemas import (
    ReportList,
    ReportOut,
    ReportSpec,
    ScheduleIn,
    ScheduleList,
    ScheduleOut,
)
from tidework.reports.service import ReportService
from tidework.store.patience import patience

_BASE = "/workspaces/{w:str}/reports"
_ONE = f"{_BASE}/{{report_id:str}}"
_SLOWEST_S = 60.0
_READ = problem_responses(404)
_FILE = ResponseSpec(
    data_container=bytes,
    description="The file.",
    media_type="application/octet-stream",
    generate_examples=False,
    examples=[Example(value="number,title\r\n1,Repair the crane\r\n")],
)


@post(
    _BASE,
    operation_id="createReport",
    summary="Make a report, in the background",
    responses=problem_responses(404, 409),
    status_code=202,
)
async def create_report(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    data: JSONBody[ReportSpec],
    context: NamedDependency[RequestContext],
    reports: NamedDependency[ReportService],
) -> ReportOut:
    made = await reports.ask(viewer, data, context)
    context.location = f"/api/v1/workspaces/{viewer.workspace_id}/reports/{made.id}"
    return made


@get(_BASE, operation_id="listReports", summary="The caller's reports", responses=_READ)
async def list_reports(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    reports: NamedDependency[ReportService],
) -> ReportList:
    return await reports.latest(viewer)


@get(_ONE, operation_id="getReport", summary="A report, and the link to it", responses=_READ)
async def get_report(
    w: FromPath[str],
    report_id: FromPath[str],
    viewer: NamedDependency[Membership],
    reports: NamedDependency[ReportService],
) -> ReportOut:
    return await reports.show(viewer, known_id(report_id, "report"))


@delete(_ONE, operation_id="deleteReport", summary="Cancel or remove it", responses=_READ)
async def delete_report(
    w: FromPath[str],
    report_id: FromPath[str],
    viewer: NamedDependency[Membership],
    reports: NamedDependency[ReportService],
) -> None:
    """Links to it lead nowhere from then on."""
    await reports.remove(viewer, known_id(report_id, "report"))


@get(
    "/downloads",
    operation_id="download",
    summary="The file of a link; the link is all that it takes",
    responses={200: _FILE, **_READ},
    media_type="application/octet-stream",
    security=PUBLIC,
    opt={QUERY: (text("token", "What the link was given.", "hJ3k…"),)},
)
async def download(
    request: Request[Any, Any, Any], reports: NamedDependency[ReportService]
) -> Streaming:
    token = Query(request.scope["query_string"], ("token",)).text("token")
    if token is None:
        raise no_such_link()
    found = await reports.download(token)
    headers = [
        (b"content-type", found.media_type.encode()),
        (b"content-length", b"%d" % found.size),
        (b"content-disposition", found.disposition.encode()),
        (b"cache-control", b"private, no-store"),
    ]
    return Streaming(headers, partial(_send, found.pieces))


async def _send(pieces: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    patience.set(None)
    async for piece in pieces:
        # Who takes nothing for so long has gone.
        async with asyncio.timeout(_SLOWEST_S):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


_SCHEDULES = "/workspaces/{w:str}/report-schedules"
_SCHEDULE = f"{_SCHEDULES}/{{schedule_id:str}}"


@post(
    _SCHEDULES,
    operation_id="createReportSchedule",
    summary="Make a report time and again, and send links to it",
    responses=problem_responses(403, 404, 409),
)
async def create_schedule(
    w: FromPath[str],
    editor: NamedDependency[Membership],
    data: JSONBody[ScheduleIn],
    context: NamedDependency[RequestContext],
    schedules: NamedDependency[ScheduleService],
) -> ScheduleOut:
    made = await schedules.create(editor, data, context)
    place = f"/api/v1/workspaces/{editor.workspace_id}/report-schedules/{made.id}"
    return written(context, made.version, made, place)


@get(_SCHEDULES, operation_id="listReportSchedules", summary="Schedules", responses=_READ)
async def list_schedules(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    schedules: NamedDependency[ScheduleService],
) -> ScheduleList:
    return await schedules.all(viewer.workspace_id)


@get(_SCHEDULE, operation_id="getReportSchedule", summary="A schedule", responses=_READ)
async def get_schedule(
    w: FromPath[str],
    schedule_id: FromPath[str],
    viewer: NamedDependency[Membership],
    schedules: NamedDependency[ScheduleService],
) -> ScheduleOut:
    return await schedules.show(viewer.workspace_id, known_id(schedule_id, "schedule"))


@delete(
    _SCHEDULE,
    operation_id="deleteReportSchedule",
    summary="Remove one's schedule; owners remove any",
    responses=problem_responses(403, 404),
)
async def delete_schedule(
    w: FromPath[str],
    schedule_id: FromPath[str],
    editor: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    schedules: NamedDependency[ScheduleService],
) -> None:
    await schedules.remove(editor, known_id(schedule_id, "schedule"), context)


def routers(reports: ReportService, schedules: ScheduleService) -> list[Router]:
    """The routes."""
    handlers = [
        create_report,
        list_reports,
        get_report,
        delete_report,
        download,
        create_schedule,
        list_schedules,
        get_schedule,
        delete_schedule,
    ]
    services: dict[str, object] = {"reports": reports, "schedules": schedules}
    provided = {name: _provide(service) for name, service in services.items()}
    return [Router(path="/", route_handlers=handlers, dependencies=provided)]


def _provide(service: object) -> Provide:
    return Provide(lambda: service, use_cache=True, sync_to_thread=False)
