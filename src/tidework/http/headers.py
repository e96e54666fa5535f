"""Response headers that do not depend on the request, built once, and request ids.

`Cache-Control` of what a caller owns is `private, no-cache`: a browser may keep the answer, no
shared cache may, and every use asks again with If-None-Match, so that a 304 is possible and nothing
old is ever shown (RFC 9111, 5.2.2.4). Answers with credentials in them are `no-store`.
"""

import random
import re
from typing import Final
from urllib.parse import urlsplit

Header = tuple[bytes, bytes]

REQUEST_ID: Final = b"x-request-id"
JSON: Final[Header] = (b"content-type", b"application/json")
PRIVATE: Final[Header] = (b"cache-control", b"private, no-cache")
NO_STORE: Final[Header] = (b"cache-control", b"no-store")

HSTS: Final[Header] = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_OPENER: Final[Header] = (b"cross-origin-opener-policy", b"same-origin")
_OWN: Final[Header] = (b"cross-origin-resource-policy", b"same-origin")
_COMMON: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    _OWN,
)
_API_CSP: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'",
)
# No inline script or style: the page loads its own files only and talks to its own origin only.
# Swagger UI draws its icons from data: addresses.
_DOCS_CSP: Final[Header] = (
    b"content-security-policy",
    (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'"
    ),
)


class SecurityHeaders:
    """The security headers of each kind of answer.

    The lists are built once and shared by all answers: extend a copy (`headers + security.api`),
    never the list. `Cache-Control` is not among `api` and `docs`; `auth` has `no-store`. `web` is
    for the app's page, `assets` for its files, which pages of other origins may load (a CDN hands
    the headers on); their policies are not among them, since they follow from the answer.
    HSTS is only there when `public_url` is https (RFC 6797, 7.2).
    """

    __slots__ = ("api", "assets", "auth", "docs", "web")

    def __init__(self, public_url: str) -> None:
        """`public_url`: how callers reach the server, as in TIDEWORK_PUBLIC_URL."""
        common = list(_COMMON)
        if urlsplit(public_url).scheme == "https":
            common.append(HSTS)
        self.api: list[Header] = [*common, _API_CSP]
        self.auth: list[Header] = [*self.api, NO_STORE]
        self.docs: list[Header] = [
            *common,
            _DOCS_CSP,
            _OPENER,
        ]
        self.web: list[Header] = [*common, _OPENER]
        self.assets: list[Header] = [
            *(header for header in common if header != _OWN),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"access-control-allow-origin", b"*"),
        ]


_request_id_of = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch
_random_bits = random.getrandbits


def valid_request_id(value: bytes) -> str | None:
    """The caller's X-Request-Id when it is 1 to 128 of `[A-Za-z0-9._-]`, else None."""
    return value.decode("ascii") if _request_id_of(value) else None


def new_request_id() -> str:
    """A new id of 32 hexadecimal digits; unique, and not meant to be unguessable. 0.3 µs."""
    return f"{_random_bits(128):032x}"
