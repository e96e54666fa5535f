"""The route of statistics."""

from datetime import UTC, date, datetime
from typing import Any, Final

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from tidework.analytics.api import Analytics, Wanted
from tidework.analytics.schemas import AnalyticsOut, shown
from tidework.analytics.service import MOST_DAYS
from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY, day, one, several
from tidework.http.query import Query

_DAYS = 30
PARAMETERS: Final = (
    day("from", f"The first day (UTC); {_DAYS - 1} days before `to` by default. At most"
        f" {MOST_DAYS} days before it."),
    day("to", "The last day (UTC), today by default."),
    several(
        "project", "Tasks in one of these projects; `none` is outside of any.", words=("none",)
    ),
    several(
        "assignee",
        "Tasks of one of these accounts; `me` is the caller, `none` is nobody.",
        words=("me", "none"),
    ),
    one("label", "Tasks that bear this label."),
)  # fmt: skip


def wanted(raw_query: bytes, user_id: str) -> Wanted:
    """What a query asks for. Raises `Invalid`."""
    query = Query(raw_query, ("from", "to", "project", "assignee", "label"))
    until = query.day("to") or datetime.now(UTC).date().isoformat()
    projects, no_project = query.ids("project", {"none": None})
    assignees, nobody = query.ids("assignee", {"me": user_id, "none": None})
    return Wanted(
        since=query.day("from") or _before(until),
        until=until,
        projects=(*projects, *([None] if no_project else [])),
        assignees=(*assignees, *([None] if nobody else [])),
        # One only: a task may bear several, and would count more than once.
        label=query.id("label"),
    )


def _before(until: str) -> str:
    """Where the days begin that end there."""
    last = date.fromisoformat(until).toordinal()
    return date.fromordinal(max(last - _DAYS + 1, 1)).isoformat()


@get(
    "/workspaces/{w:str}/analytics",
    operation_id="workspaceAnalytics",
    summary="Flow of the work: per day, per project, person and label",
    responses=problem_responses(404),
    opt={QUERY: PARAMETERS},
)
async def workspace_analytics(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: Request[Any, Any, Any],
    context: NamedDependency[RequestContext],
    analytics: NamedDependency[Analytics],
) -> AnalyticsOut:
    """Counted as commits happen, a moment later: `seq` says up to which one.

    With `Tidework-Seq`, it is waited for that commit for two seconds at most.
    """
    asked = wanted(request.scope["query_string"], viewer.user_id)
    seen = request.headers.get("tidework-seq")
    at_least = None if seen is None else min(int(seen), context.workspace_seq)
    numbers = await analytics.numbers(viewer.workspace_id, asked, at_least=at_least)
    # What is overdue depends on the clock; days that are over do not.
    if numbers.overdue is None and numbers.seq >= context.workspace_seq:
        context.keep(numbers.seq)
    return shown(numbers)


def routers(analytics: Analytics) -> list[Router]:
    """The route, with the service that it calls."""
    provided = {"analytics": Provide(lambda: analytics, sync_to_thread=False)}
    return [Router("/", route_handlers=[workspace_analytics], dependencies=provided)]
