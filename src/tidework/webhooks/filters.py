"""Which events a webhook wants."""

from collections.abc import Iterable, Sequence
from typing import Final

from tidework.bus import catalogue
from tidework.errors import FieldError, Invalid

TEST: Final = "webhook.test"
"""The type of what is sent to try a webhook out; it is in no log."""

_OF_ACCOUNTS = ("user.", "reminder.")


def known_types() -> list[str]:
    """The types of events that a workspace can have, sorted."""
    return sorted(kind for kind in catalogue.TYPES if not kind.startswith(_OF_ACCOUNTS))


def cleaned(patterns: Sequence[str]) -> list[str]:
    """The patterns, each once. Raises `Invalid` for those that nothing can match."""
    types = known_types()
    groups = {f"{kind.partition('.')[0]}.*" for kind in types}
    wrong = [
        FieldError(
            f"/events/{i}",
            "unknown_event",
            f"/events/{i}: there is no event {pattern[:60]!r}. Take *, a group such as task.*, or"
            f" one of: {', '.join(types)}.",
        )
        for i, pattern in enumerate(patterns)
        if pattern != "*" and pattern not in types and pattern not in groups
    ]
    if wrong:
        raise Invalid(wrong[0].detail, errors=wrong)
    return list(dict.fromkeys(patterns))


def wants(patterns: Iterable[str], kind: str) -> bool:
    """Whether one of the patterns is about this type of event."""
    group = f"{kind.partition('.')[0]}.*"
    return any(pattern in ("*", kind, group) for pattern in patterns)
