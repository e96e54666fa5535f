"""Where a reader wants to begin."""

from tidework.errors import invalid
from tidework.http.query import Query
from tidework.store.sql.queries import MAX_SEQ

_HIGHEST = MAX_SEQ // 10
_DIGITS = 18


def since_of(raw_query: bytes, last_event_id: bytes | None) -> int | None:
    """The seq after which to begin: the header's, else the query's; None for from now on.

    Raises `Invalid`.
    """
    asked = Query(raw_query, ("since",)).number("since", 0, _HIGHEST)
    if not last_event_id:
        return asked
    if not last_event_id.isdigit() or len(last_event_id) > _DIGITS:
        raise invalid(
            "Last-Event-ID", "not_a_number", "Last-Event-ID must be the id of an event, a number."
        )
    return min(int(last_event_id), _HIGHEST)
