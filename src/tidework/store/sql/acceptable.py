"""What a commit must be made of before any store is asked to write it."""

from tidework.errors import Invalid, invalid
from tidework.log import Change, Commit, Values
from tidework.store.sql.rows import encode_json
from tidework.store.sql.schema import ENTITIES, fields_of

_FIELDS = {entity: frozenset(fields_of(entity)) for entity in ENTITIES}
_EXPECTABLE = {entity: fields | {"version"} for entity, fields in _FIELDS.items()}


def check_commit(commit: Commit) -> None:
    """Raise ValueError for a commit that cannot be logged and folded back: a defect of its maker."""
    if not commit.changes:
        raise ValueError("a commit needs a change: without one the log would have a gap")
    if commit.authorship is not None and len(commit.authorship) != len(commit.changes):
        raise ValueError("authorship must name an author for each change")
    for change in commit.changes:
        _check_change(change)
    for expect in commit.expects:
        unknown = expect.fields.keys() - _EXPECTABLE[expect.entity]
        if unknown:
            raise ValueError(f"{expect.entity} has no {', '.join(sorted(unknown))} to expect")


def _check_change(change: Change) -> None:
    known = _FIELDS.get(change.entity)
    if known is None:
        raise ValueError(f"there is no entity {change.entity!r}")
    if change.op == "delete" and change.set:
        raise ValueError("a delete sets nothing")
    if not change.set.keys() <= known:
        unknown = ", ".join(sorted(change.set.keys() - known))
        raise ValueError(f"{change.entity} has no field {unknown}")


class Unacceptable(UnicodeError):
    """Text that not every database takes."""


def loggable(values: Values) -> str:
    """`values` as JSON text. Raises `UnicodeError` for NUL and for half a surrogate pair."""
    text = encode_json(values)
    if "\\u0000" in text and _has_nul(values):
        raise Unacceptable("text with NUL")
    return text


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(_has_nul(part) for part in value)


def unacceptable(error: BaseException) -> Invalid | None:
    """The error for a caller whose value no database takes, None when `error` is another one.

    Such are text with NUL or half a surrogate pair, and numbers past 64 bits.
    """
    return refused_value() if isinstance(error, UnicodeError | OverflowError) else None


def refused_value() -> Invalid:
    """What the caller of `unacceptable` is told."""
    return invalid(
        "",
        "unacceptable_value",
        "A value cannot be stored: text must be Unicode without NUL, numbers below 2^63.",
    )
