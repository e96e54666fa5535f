"""What a request's headers say, when they come more than once or contradict each other."""

from collections.abc import Sequence
from typing import Final

from tidework.errors import Malformed
from tidework.http.answer import Header, Scope

# Of these a second one says something else; of all others several are one list (RFC 9110, 5.3).
_ONCE: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"idempotency-key",
        b"last-event-id",
        b"origin",
        b"tidework-seq",
    }
)


def settle_headers(scope: Scope, headers: dict[bytes, bytes]) -> None:
    """Make each header of a request one, in `headers` and in the scope.

    Raises `Malformed` for two that differ where there can be one only, and for a missing or second
    Host (RFC 9112, 3.2).
    """
    raw: Sequence[Header] = scope["headers"]
    if len(headers) != len(raw):
        _join(raw, headers)
        scope["headers"] = list(headers.items())
    # Granian hands a missing one on as an empty one.
    if not headers.get(b"host") and scope["http_version"] == "1.1":
        raise Malformed("The request has no Host header. Send the server's name in one.")


def _join(raw: Sequence[Header], headers: dict[bytes, bytes]) -> None:
    found: dict[bytes, list[bytes]] = {}
    for name, value in raw:
        found.setdefault(name, []).append(value)
    for name, values in found.items():
        if len(values) == 1:
            continue
        if name == b"host" or (name in _ONCE and len(set(values)) > 1):
            told = name.decode("latin-1").title()
            raise Malformed(f"The header {told} came {len(values)} times. Send it once.")
        if name not in _ONCE:
            # HTTP/2 may take cookies apart (RFC 9113, 8.2.3).
            headers[name] = (b"; " if name == b"cookie" else b", ").join(values)
