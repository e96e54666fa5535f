"""The fixed parts of the OpenAPI document: tags, headers, parameters, and every kind of error."""

import re
from typing import Any, Final, NamedTuple

from tidework import errors

DESCRIPTION: Final = """\
Tasks for teams. Register, log in, and send the access token as `Authorization: Bearer <token>`.

**Errors** are `application/problem+json` (RFC 9457); `code` is for programs, `detail` for people,
`request_id` for reports. **Versions**: `ETag` and `If-None-Match` save unchanged answers,
`If-Match` saves from lost updates. **Retries**: a `POST` with an `Idempotency-Key` is done once.
**Read your writes**: send the `Tidework-Seq` of a write with the next read. Unknown fields are
refused.
"""

TAGS: Final[tuple[dict[str, str], ...]] = (
    {"name": "auth", "description": "Registering, logging in, sessions, passwords, API tokens."},
    {"name": "users", "description": "The caller's own account."},
    {"name": "workspaces", "description": "Workspaces and their members."},
    {"name": "projects", "description": "Projects of a workspace."},
    {"name": "labels", "description": "Labels of a workspace."},
    {"name": "tasks", "description": "Tasks, their relations and their history."},
    {"name": "comments", "description": "Comments on tasks."},
    {
        "name": "changes",
        "description": "Copies and the log that they follow: changes since a seq, undo, statistics.",
    },
    {"name": "notifications", "description": "What happened that concerns the caller."},
    {"name": "reminders", "description": "What the caller wants to be told of a task, and when."},
    {"name": "webhooks", "description": "Telling other systems what happened."},
    {"name": "reports", "description": "Files made of a workspace, and the links to them."},
    {"name": "imports", "description": "Imports and exports, in the background."},
    {"name": "admin", "description": "The whole installation; for the role admin."},
    {"name": "meta", "description": "Keys, health and this document."},
)

# The first that is found in the path names the group.
_TAG_RULES: Final = tuple(
    (re.compile(rule), tag)
    for rule, tag in (
        (r"/admin(/|$)", "admin"),
        (r"/auth(/|$)", "auth"),
        (r"/users(/|$)", "users"),
        (r"/notifications(/|$)", "notifications"),
        (r"/reminders(/|$)", "reminders"),
        (r"/webhooks(/|$)", "webhooks"),
        (r"/comments(/|$)", "comments"),
        (r"/projects(/|$)", "projects"),
        (r"/labels(/|$)", "labels"),
        (r"/(tasks|bulk)(/|$)", "tasks"),
        (r"/(reports|report-schedules|downloads)(/|$)", "reports"),
        (r"/(imports|exports)(/|$)", "imports"),
        (r"/(changes|snapshot|texts|undo|stats|events)(/|$)", "changes"),
        (r"/workspaces(/|$)", "workspaces"),
    )
)


def tag_of(path: str) -> str:
    """The group in which the operations of a path are shown."""
    return next((tag for rule, tag in _TAG_RULES if rule.search(path)), "meta")


PATH_PARAMETERS: Final = {
    "w": "The workspace's id, or the word `personal`.",
    "workspace_id": "The workspace's id.",
    "id": "The task's id, or its number within the workspace.",
    "item_id": "Its id.",
    "kind": "What the task is to the other one.",
    "user_id": "The account's id.",
    "task_id": "The other task's id.",
    "comment_id": "The comment's id.",
    "project_id": "The project's id.",
    "label_id": "The label's id.",
    "session_id": "The session's id.",
    "token_id": "The API token's id.",
    "filter_id": "The saved filter's id.",
    "reminder_id": "The reminder's id.",
    "webhook_id": "The webhook's id.",
    "run_id": "The id of the change in bulk.",
    "report_id": "The report's id.",
    "schedule_id": "The schedule's id.",
    "import_id": "The import's id.",
    "export_id": "The export's id.",
    "subscription_id": "The id of the browser's subscription.",
    "channel": "The channel: sms or chat.",
}


def _header(description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


HEADERS: Final[dict[str, Any]] = {
    "X-Request-Id": _header("The request's id, the caller's own when it sent a valid one.", "r-1"),
    "ETag": _header("The version of what was answered.", '"42"'),
    "Location": _header("The address of what was made.", "/api/v1/workspaces/0199…"),
    "Tidework-Seq": _header("The seq of the commit, for reading one's own writes.", "42"),
    "RateLimit": _header("What is left, and for how many seconds.", '"account";r=999;t=60'),
    "RateLimit-Policy": _header("What is allowed in which time.", '"account";q=1000;w=60'),
    "Retry-After": _header("After how many seconds to try again.", "7"),
    "WWW-Authenticate": _header("How to authenticate (RFC 6750).", "Bearer"),
}


def _parameter(name: str, description: str, example: str, pattern: str = "") -> dict[str, Any]:
    # The example is not one of the document's own: the page that shows it would send it unasked.
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": f"{description} Such as `{example}`.",
        "schema": {"type": "string", "pattern": pattern} if pattern else {"type": "string"},
    }


PARAMETERS: Final[dict[str, Any]] = {
    "IfNoneMatch": _parameter(
        "If-None-Match", "The ETag of what the caller has; 304 when it is still current.", '"42"'
    ),
    "IfMatch": _parameter(
        "If-Match", "The ETag of what the caller means to change; 412 when it has moved.", '"42"'
    ),
    "IdempotencyKey": _parameter(
        "Idempotency-Key",
        "A key of the caller's choice: the same request with the same key is done once, and "
        "answered alike for 24 hours.",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        r"^[\x21-\x7e]{1,255}$",
    ),
    "TideworkSeq": _parameter(
        "Tidework-Seq",
        "The seq of a write; what is read is at least as new.",
        "42",
        r"^[0-9]{1,18}$",
    ),
}


class ProblemKind(NamedTuple):
    """What the document says about the errors of one status."""

    name: str
    code: str
    title: str
    description: str
    example: str
    headers: tuple[str, ...] = ()
    errors: tuple[dict[str, str], ...] = ()


def _kind(
    error: type[errors.TideworkError],
    description: str,
    example: str,
    *headers: str,
    details: tuple[dict[str, str], ...] = (),
) -> tuple[int, ProblemKind]:
    kind = ProblemKind(
        error.__name__, error.code, error.title, description, example, headers, details
    )
    return error.status, kind


PROBLEMS: Final[dict[int, ProblemKind]] = dict(
    (
        _kind(
            errors.Malformed,
            "The request cannot be read.",
            "The body is not valid JSON: the text ends too early. Correct it and send it again.",
        ),
        _kind(
            errors.Unauthenticated,
            "No valid credentials came with the request.",
            "The access token has expired. Get a new one with the refresh token.",
            "WWW-Authenticate",
        ),
        _kind(errors.Forbidden, "The caller may not do this.", "An editor's role is needed."),
        _kind(
            errors.NotFound,
            "There is no such thing, or the caller may not know of it.",
            "There is no such task in this workspace.",
        ),
        _kind(errors.MethodNotAllowed, "The address does not take this method.", "Use GET."),
        _kind(
            errors.TooSlow,
            "The body did not come in time.",
            "The body did not come within 46 s. Send it again.",
        ),
        _kind(
            errors.Conflict,
            "The request contradicts the present state.",
            "There is an account with this address already. Log in instead.",
        ),
        _kind(
            errors.Gone, "What was asked for is no longer kept.", "That seq is too old. Start over."
        ),
        _kind(
            errors.PreconditionFailed,
            "It was changed since the caller read it.",
            "The task has version 42 now. Read it again before changing it.",
        ),
        _kind(errors.TooLarge, "The body is too large.", "The body is larger than 1048576 bytes."),
        _kind(
            errors.UriTooLong, "The address is too long.", "The address is too long. Shorten it."
        ),
        _kind(
            errors.UnsupportedMediaType,
            "The body is of another type than JSON.",
            "The Content-Type is 'text/plain'. Send JSON with 'Content-Type: application/json'.",
        ),
        _kind(
            errors.Invalid,
            "Values that cannot be accepted; `errors` names each.",
            "/title: Must be at least 1 character long.",
            details=(
                {
                    "pointer": "/title",
                    "code": "too_short",
                    "detail": "Must be at least 1 character long.",
                },
            ),
        ),
        _kind(
            errors.TooManyRequests,
            "A limit is used up.",
            "Too many requests; wait 7 s before the next one.",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
        ),
        _kind(
            errors.Unavailable,
            "The service is overloaded, or a part of it is down.",
            "The database cannot be reached. Try again in a moment.",
            "Retry-After",
        ),
    )
)
"""The errors by status. 500 is not among them: it is a defect, never an answer to rely on."""


def _plain(
    operation_id: str, summary: str, responses: dict[str, Any], *, limited: bool = False
) -> dict[str, Any]:
    names = ("X-Request-Id", *(("RateLimit", "RateLimit-Policy") if limited else ()))
    for response in responses.values():
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        response["headers"] = headers
    if limited:
        responses["429"] = {"$ref": f"#/components/responses/{PROBLEMS[429].name}"}
    operation = {
        "operationId": operation_id,
        "summary": summary,
        "security": [{}],
        "responses": responses,
    }
    return {"get": operation}


def _answer(description: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    content = {"schema": schema, "examples": {"one": {"value": example}}}
    return {"description": description, "content": {"application/json": content}}


_HEALTH: Final = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "degraded", "failed"]},
        "checks": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "status": {"enum": ["ok", "degraded", "failed"]},
                    "seconds": {"type": "number"},
                    "detail": {"type": "string"},
                },
                "required": ["status", "seconds"],
            },
        },
    },
    "required": ["status", "checks"],
}

PLAIN_PATHS: Final[dict[str, Any]] = {
    "/health/live": _plain(
        "live",
        "Whether the process can answer",
        {"200": _answer("It can.", {"type": "object"}, {"status": "ok"})},
    ),
    "/health/ready": _plain(
        "ready",
        "Whether the service can serve, each dependency by name",
        {
            "200": _answer(
                "It can.",
                _HEALTH,
                {"status": "ok", "checks": {"database": {"status": "ok", "seconds": 0.001}}},
            ),
            "503": _answer(
                "It cannot.",
                _HEALTH,
                {"status": "failed", "checks": {"database": {"status": "failed", "seconds": 1.0}}},
            ),
        },
    ),
    "/api/v1/openapi.json": _plain(
        "getDocument",
        "This document",
        {"200": _answer("OpenAPI 3.1.", {"type": "object"}, {"openapi": "3.1.0"})},
        limited=True,
    ),
}
"""What is answered without the framework; of the API's own limits only what is of the API has any."""
