"""The route of live updates."""

from functools import partial
from typing import Any, Final

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath

from tidework.http.context import Membership, RequestContext
from tidework.http.dispatch import Streaming
from tidework.http.openapi import problem_responses
from tidework.http.parameters import QUERY, number
from tidework.live.feed import wish_of
from tidework.live.hub import Live
from tidework.live.since import since_of
from tidework.live.sse import HEADERS, run
from tidework.store.sql.queries import MAX_SEQ

_SINCE: Final = (
    number("since", "The seq after which to begin; without one from now on.", 0, MAX_SEQ // 10),
    {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "description": "The id of the last event that came; goes before `since`.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    },
)
_EXAMPLE: Final = """\
retry: 2000
id: 41
event: ready
data: {"seq":41}

id: 42
data: {"seq":42,"at":"2026-11-22T09:00:00.000000Z","actor_id":"0199f6a0-0000-7000-8000-000000000001",\
"events":["task.updated","task.completed"],"whole":true,"changes":[{"seq":42,\
"at":"2026-11-22T09:00:00.000000Z","actor_id":"0199f6a0-0000-7000-8000-000000000001",\
"entity":"task","id":"0199f6a0-0000-7000-8000-000000000002","op":"update",\
"set":{"status":"completed"},"was":{"status":"pending"}}]}

: alive

"""
_EVENTS: Final = ResponseSpec(
    data_container=str,
    description=(
        "An endless stream of server-sent events. First `ready`, whose data has the `seq` to go on"
        " from; then one for each commit, without a type, whose id is its seq and whose data are"
        " `{seq, at, actor_id, events, whole, changes}`; a comment as a sign of life; `end` when"
        " the server closes, with `{code, detail, retry_ms}`."
    ),
    media_type="text/event-stream",
    generate_examples=False,
    examples=[Example(value=_EXAMPLE)],
)


@get(
    "/workspaces/{w:str}/events",
    operation_id="listen",
    summary="Each commit as it happens, as server-sent events",
    responses={200: _EVENTS, **problem_responses(404, 410)},
    media_type="text/event-stream",
    opt={QUERY: _SINCE},
)
async def listen(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    request: Request[Any, Any, Any],
    context: NamedDependency[RequestContext],
    live: NamedDependency[Live],
) -> Streaming:
    """The same address takes a WebSocket."""
    last = request.headers.get("last-event-id", "").encode("latin-1", "replace")
    wish = wish_of("sse", context, since_of(request.scope["query_string"], last))
    await live.check(wish)
    return Streaming(HEADERS, partial(run, live, wish))


def routers(live: Live | None) -> list[Router]:
    """The route; without a `live` to be described only."""
    provided = {"live": Provide(lambda: live, use_cache=True, sync_to_thread=False)}
    return [Router(path="/", route_handlers=[listen], dependencies=provided)]
