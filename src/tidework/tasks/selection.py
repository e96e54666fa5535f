"""Tasks by the filters of a list, given as a JSON object: for what is done to all that match."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote_plus

from msgspec import UNSET, Meta, Struct, UnsetType

from tidework.errors import FieldError, Invalid
from tidework.tasks.filters import TaskQuery, read_task_query
from tidework.tasks.schemas import PriorityName, StatusName

Ids = Annotated[list[str], Meta(max_length=200)] | str


class TaskFilter(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The filters of `GET /tasks`; all of them must hold. An empty object is every task.

    `assignee` takes `me` and `none` beside ids, `project` and `parent` take `none`; times are
    moments or days in UTC.
    """

    status: list[StatusName] | StatusName | UnsetType = UNSET
    priority: list[PriorityName] | PriorityName | UnsetType = UNSET
    assignee: Ids | UnsetType = UNSET
    project: Ids | UnsetType = UNSET
    label: Ids | UnsetType = UNSET
    parent: Ids | UnsetType = UNSET
    due_before: str | UnsetType = UNSET
    due_after: str | UnsetType = UNSET
    overdue: bool | UnsetType = UNSET
    q: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET


def query_of(
    wanted: TaskFilter, workspace_id: str, user_id: str, dialect: str, pointer: str = "/filter"
) -> TaskQuery:
    """The list that a filter asks for. Raises `Invalid`, with pointers below `pointer`."""
    raw = "&".join(f"{name}={quote_plus(value)}" for name, value in _pairs(wanted))
    try:
        return read_task_query(raw.encode(), workspace_id, user_id, dialect)
    except Invalid as error:
        raise Invalid(
            error.detail.replace("?", f"{pointer}/", 1),
            code=error.code,
            errors=[_moved(found, pointer) for found in error.errors],
        ) from None


def _pairs(wanted: TaskFilter) -> Iterator[tuple[str, str]]:
    for name in wanted.__struct_fields__:
        given: Any = getattr(wanted, name)
        if given is UNSET:
            continue
        for value in given if isinstance(given, list) else [given]:
            yield name, str(value).lower() if isinstance(value, bool) else value


def _moved(found: FieldError, pointer: str) -> FieldError:
    place = f"{pointer}/{found.pointer.removeprefix('?')}"
    return FieldError(place, found.code, found.detail.replace(found.pointer, place))
