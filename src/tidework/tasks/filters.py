"""From the query parameters of a list to a statement and its parameters."""

import unicodedata
from typing import Any

import msgspec

from tidework.errors import invalid
from tidework.http import cursor as cursors
from tidework.http.query import Query
from tidework.store.sql.tables import search_text
from tidework.tasks.foreign_keys import marks_of
from tidework.tasks.queries import SORTS
from tidework.times import now

KNOWN = (
    "status",
    "priority",
    "assignee",
    "project",
    "label",
    "parent",
    "due_before",
    "due_after",
    "overdue",
    "q",
    "sort",
    "limit",
    "cursor",
    "page",
    "total",
)
STATUSES = ("pending", "in_progress", "completed", "cancelled")
PRIORITIES = ("low", "medium", "high", "urgent")

_MAX_WORDS = 20
_MAX_WORD = 100
# Letters, the marks that are part of them in many scripts, and digits.
_OF_WORDS = frozenset("LMN")
_MAX_PAGE = 1_000_000
_NUMERIC = frozenset({"priority", "number"})


class TaskQuery(msgspec.Struct, frozen=True):
    """What a list was asked for. `params` are those of the filters."""

    filters: frozenset[str]
    params: dict[str, Any]
    sort: str
    descending: bool
    limit: int
    after: tuple[Any, str] | None
    page: int | None
    total: bool
    nothing: bool = False
    fleeting: bool = False
    """Whether the answer holds for this moment or this caller alone."""


def read_task_query(raw: bytes, stream_id: str, user_id: str, dialect: str) -> TaskQuery:
    """The list that a query string asks for. Raises `Malformed` or `Invalid`."""
    query = Query(raw, KNOWN)
    filters: set[str] = set()
    params: dict[str, Any] = {"stream_id": stream_id}
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES)):
        if values := query.choices(name, allowed):
            filters.add(name)
            params[name] = values
    for name, words in (
        ("assignee", {"me": user_id, "none": None}),
        ("project", {"none": None}),
        ("parent", {"none": None}),
    ):
        ids, none = query.ids(name, words)
        if ids or none:
            filters.add(name + ("_or_none" if ids and none else "_none" if none else ""))
            params[name] = ids
    labels, _ = query.ids("label", {})
    if labels:
        filters.add("label")
        params["label"] = labels
    for name in ("due_before", "due_after"):
        if (moment := query.time(name)) is not None:
            filters.add(name)
            params[name] = moment
    if query.flag("overdue"):
        filters.add("overdue")
        params["now"] = now()
    nothing = _search(query, filters, params, stream_id, dialect)
    # Whoever keeps answers knows a `me` by its plain spelling only.
    hidden_me = "me" in query.items("assignee") and b"me" not in raw
    found = _paged(query, frozenset(filters), params, nothing)
    if "overdue" in filters or hidden_me:
        return msgspec.structs.replace(found, fleeting=True)
    return found


def _search(
    query: Query, filters: set[str], params: dict[str, Any], stream_id: str, dialect: str
) -> bool:
    """Add the full-text filter; whether it can match nothing."""
    text = query.text("q")
    if text is None:
        return False
    words = words_of(text)
    if not words:
        return True
    if len(words) > _MAX_WORDS:
        raise invalid("?q", "too_many", f"?q takes {_MAX_WORDS} words at most.")
    if marks := marks_of(text):
        filters.add("q_or_key")
        params["marks"] = marks
    else:
        filters.add("q")
    params["q"] = search_text(dialect, stream_id, [word[:_MAX_WORD] for word in words])
    return False


def words_of(text: str) -> list[str]:
    """The words of a text that is searched for, without anything between them."""
    spaced = "".join(c if unicodedata.category(c)[0] in _OF_WORDS else " " for c in text)
    return [word for word in spaced.split() if any(c.isalnum() for c in word)]


def _paged(
    query: Query, filters: frozenset[str], params: dict[str, Any], nothing: bool
) -> TaskQuery:
    sort = query.text("sort") or "created_at"
    descending = sort.startswith("-")
    sort = sort.removeprefix("-")
    if sort not in SORTS:
        raise invalid(
            "?sort",
            "not_allowed",
            f"?sort must be one of {', '.join(SORTS)}, with - in front for descending.",
        )
    limit = query.number("limit", 1, 100) or 20
    page = query.number("page", 1, _MAX_PAGE)
    after = None
    if (text := query.text("cursor")) is not None:
        if page is not None:
            raise invalid("?page", "not_both", "?page and ?cursor exclude each other.")
        after = _after(text, _list_of(filters, params, sort, descending), sort)
    return TaskQuery(
        filters, params, sort, descending, limit, after, page, query.flag("total"), nothing
    )


def _list_of(
    filters: frozenset[str], params: dict[str, Any], sort: str, descending: bool
) -> tuple[Any, ...]:
    """What makes a list this one, for its cursors."""
    asked = {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in params.items()
        # What is overdue goes by each page's own moment.
        if name != "now"
    }
    return "tasks", sorted(filters), asked, sort, descending


def _after(text: str, of: tuple[Any, ...], sort: str) -> tuple[Any, str]:
    key, task_id = cursors.decode(text, of, [int if sort in _NUMERIC else str, str])
    if not cursors.is_place(sort, key, task_id):
        raise cursors.wrong()
    return key, task_id


def next_cursor(query: TaskQuery, key: Any, task_id: str) -> str:
    """The cursor behind a task that was sorted by `key`."""
    of = _list_of(query.filters, query.params, query.sort, query.descending)
    return cursors.encode(of, [key, task_id])
