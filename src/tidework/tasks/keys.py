"""Tasks as callers name them: by id, or by number."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from tidework.errors import Invalid, Malformed, NotFound, invalid
from tidework.http.conditional import expected_versions
from tidework.log import LoggedChange
from tidework.store.protocol import Store
from tidework.tasks import queries
from tidework.tasks.reads import MAX_NUMBER_DIGITS, task_missing
from tidework.tasks.schemas import BatchCreate, BatchDelete, BatchUpdate

Key = int | str
Operation = BatchCreate | BatchUpdate | BatchDelete


async def id_of(store: Store, workspace_id: str, key: Key, pointer: str) -> str | None:
    """The id that a key names; None for a number that no task has. Raises `Invalid` for what is
    neither; whether an id is a task's is not looked up.
    """
    named = _read(key, pointer)
    if isinstance(named, str):
        return named
    return (await _ids(store, workspace_id, [named])).get(named)


def unknown_task(pointer: str) -> Invalid:
    """The error of a field that refers to a task which is not there."""
    return invalid(
        pointer, "unknown_reference", f"{pointer}: there is no such task in this workspace."
    )


async def by_id(
    store: Store,
    workspace_id: str,
    operations: Sequence[Operation],
    done: Sequence[LoggedChange] = (),
) -> list[Operation]:
    """The operations, each with its task's id. Raises `Invalid`, and `NotFound` for a
    number that no task has.

    `done` is what they have led to already: what they have removed is known from there.
    """
    keys = {
        index: _read(operation.id, f"/operations/{index}/id")
        for index, operation in enumerate(operations)
        if not isinstance(operation, BatchCreate)
    }
    numbers = [key for key in keys.values() if isinstance(key, int)]
    ids = {c.was["number"]: c.id for c in done if c.entity == "task" and c.op == "delete"}
    ids |= await _ids(store, workspace_id, numbers)
    named = list(operations)
    for index, key in keys.items():
        if isinstance(key, int) and key not in ids:
            raise NotFound(f"/operations/{index}: {task_missing().detail}")
        found = ids[key] if isinstance(key, int) else key
        named[index] = replace(operations[index], id=found)
    return named


def versions_of(if_match: Key | None, pointer: str) -> Sequence[int] | None:
    """The versions that an operation allows, given as a version or as an entity tag; None when it
    allows any. Raises `Invalid`.
    """
    if if_match is None or isinstance(if_match, int):
        return None if if_match is None else [if_match]
    if if_match.isascii() and if_match.isdigit():
        return [int(if_match)]
    try:
        return expected_versions(if_match)
    except Malformed:
        raise invalid(
            f"{pointer}/if_match",
            "invalid_format",
            f"{pointer}/if_match: must be a version, such as 17, or the ETag of the task.",
        ) from None


def _read(key: Key, pointer: str) -> Key:
    """A number, or an id in canonical form. Raises `Invalid`."""
    if isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) <= MAX_NUMBER_DIGITS):
        return int(key)
    try:
        return str(UUID(key))
    except ValueError:
        raise invalid(
            pointer,
            "invalid_format",
            f"{pointer}: must be a task's id, or its number as plain digits.",
        ) from None


async def _ids(store: Store, workspace_id: str, numbers: Sequence[int]) -> Mapping[int, str]:
    if not numbers:
        return {}
    params = {"stream_id": workspace_id, "numbers": sorted(set(numbers))}
    return {row[0]: row[1] for row in await store.fetch(queries.IDS_OF_NUMBERS, params)}
