"""What a request costs of its caller's limits: 1, or more where it is more work. The one place."""

from collections.abc import Mapping
from typing import Final

SEARCH: Final = 5
COSTS: Final[Mapping[tuple[str, str], int]] = {
    ("GET", "stats"): 5,
    ("GET", "analytics"): 5,
    ("GET", "changes"): 2,
    ("GET", "snapshot"): 10,
    ("GET", "texts"): 5,
    ("POST", "bulk"): 10,
    ("POST", "reports"): 10,
    ("POST", "imports"): 20,
    ("POST", "exports"): 10,
}
"""By method and the last part of the path."""

ADMIN_LIST: Final = 5
ADMIN: Final = "/api/v1/admin/"
_BATCH_BYTES: Final = 8192
"""So much of a batch's body costs one more: about fifty operations."""

BATCH_AT_MOST: Final = 100
_BATCH_OF_UNKNOWN_SIZE: Final = 11


def cost_of(method: str, path: str, query: bytes, size: bytes | None) -> int:
    """The cost, of what is known before a body is read. 0.5 µs.

    `size` is the header Content-Length. A search is 5, as are statistics and the lists of
    administrators, which look into every workspace; changes are 2, a page of a whole workspace is
    10, one of its texts 5, what begins a report or a change in bulk is 10, a batch is 1
    and 1 more for each 8 KiB of its body, up to 100.
    """
    if path[-1] == "/":
        path = path.rstrip("/")
    last = path[path.rfind("/") + 1 :]
    cost = COSTS.get((method, last))
    if cost is not None:
        return cost
    if method == "GET":
        if path.startswith(ADMIN):
            return ADMIN_LIST
        return SEARCH if last == "tasks" and searches(query) else 1
    if last == "batch" and method == "POST":
        if size is None or not size.isdigit() or len(size) > 12:
            return _BATCH_OF_UNKNOWN_SIZE
        return min(1 + int(size) // _BATCH_BYTES, BATCH_AT_MOST)
    return 1


def searches(query: bytes) -> bool:
    """Whether there is a parameter `q`, however it is written."""
    if not query:
        return False
    return any(
        pair.startswith((b"q=", b"%71=")) and not pair.endswith(b"=") for pair in query.split(b"&")
    )
