"""Cross-origin requests from the origins that the settings name, and from no others.

Origins are compared as whole texts (RFC 6454, 6.2); there are no patterns. Credentials are allowed
for them, since the refresh token may be a cookie; that is safe only because `*` and `null` are
refused.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from tidework.settings_values import masked

Header = tuple[bytes, bytes]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS: Final = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Language",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Tidework-Seq",
    "X-Request-Id",
)
EXPOSED_HEADERS: Final = (
    "ETag",
    "Location",
    "Tidework-Seq",
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Idempotency-Replayed",
)
MAX_AGE_SECONDS: Final = 600

_VARY: Final[Header] = (b"vary", b"Origin")
_PREFLIGHT_VARY: Final[Header] = (
    b"vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)
_METHODS: Final = frozenset(m.encode() for m in METHODS)
_REQUEST_HEADERS: Final = frozenset(h.lower().encode() for h in REQUEST_HEADERS)


class Cors:
    """Answers for the given origins. Without any, `headers_for` gives nothing, at no cost."""

    __slots__ = ("_answers", "_others", "_preflights", "enabled")

    def __init__(self, origins: Sequence[str]) -> None:
        """Raise ValueError, with a message for the person who set it, for an unusable origin."""
        texts = [check_origin(origin).encode("ascii") for origin in origins]
        self.enabled = bool(texts)
        self._others: list[Header] = [_VARY] if texts else []
        self._answers: dict[bytes, list[Header]] = {}
        self._preflights: dict[bytes, list[Header]] = {}
        for text in texts:
            allow: list[Header] = [
                (b"access-control-allow-origin", text),
                (b"access-control-allow-credentials", b"true"),
            ]
            self._answers[text] = [
                *allow,
                (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode()),
                _VARY,
            ]
            self._preflights[text] = [
                *allow,
                (b"access-control-allow-methods", ", ".join(METHODS).encode()),
                (b"access-control-allow-headers", ", ".join(REQUEST_HEADERS).encode()),
                (b"access-control-max-age", str(MAX_AGE_SECONDS).encode()),
                _PREFLIGHT_VARY,
            ]

    def headers_for(self, origin: bytes | None) -> list[Header]:
        """What to add to an answer; `origin` is the Origin header. Shared: do not change it.

        When origins are configured `Vary: Origin` is there for every request, also for one without
        an origin, since a cache would otherwise hand one caller's answer to another.
        """
        if origin is None:
            return self._others
        return self._answers.get(origin, self._others)

    def preflight(
        self, origin: bytes | None, method: bytes | None, headers: bytes | None
    ) -> list[Header] | None:
        """The headers of the 204 to a preflight, or None when it is not allowed.

        `method` and `headers` are Access-Control-Request-Method and -Headers. Without `method` the
        OPTIONS request is no preflight, and the answer is None too.
        """
        if origin is None or method not in _METHODS:
            return None
        for name in (headers or b"").lower().split(b","):
            stripped = name.strip()
            if stripped and stripped not in _REQUEST_HEADERS:
                return None
        return self._preflights.get(origin)


def check_origin(origin: str) -> str:
    """`origin` as browsers write it, or ValueError with what is wrong and what to write instead."""
    where = f"TIDEWORK_CORS_ORIGINS has {masked(origin)!r}"
    if origin == "*":
        raise ValueError(f"{where}: name each origin, every site of the world is never allowed.")
    if origin.lower() == "null":
        raise ValueError(f"{where}: any sandboxed page has this origin, so it cannot be allowed.")
    example = "Write it as a browser does, e.g. https://app.example.com or http://localhost:5173."
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise ValueError(f"{where}, which is no origin. {example}") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{where}, which is no http or https origin. {example}")
    if "*" in origin:
        raise ValueError(f"{where}: patterns are not supported. {example}")
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise ValueError(f"{where}: an origin has a scheme, a host and a port only. {example}")
    if not origin.isascii():
        raise ValueError(f"{where}: write the host in its ASCII form (xn--…). {example}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")
