"""What nginx answers by itself, in the form of all failures."""

import json
from typing import Final, NamedTuple

from tidework.http.headers import SecurityHeaders

HSTS: Final = 'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;'


class _Problem(NamedTuple):
    """A failure: `own` is the status of nginx that it stands for, `wait` in seconds, `allow` the
    methods that there are.
    """

    status: int
    code: str
    title: str
    detail: str
    own: int | None = None
    wait: int = 0
    allow: str = ""


_PROBLEMS: Final = {
    "400": _Problem(400, "malformed", "Malformed request", "The request cannot be read.", 400),
    "https": _Problem(
        400, "malformed", "Malformed request", "Here only HTTPS is spoken. Use https://.", 497
    ),
    "404": _Problem(404, "not_found", "Not found", "There is nothing at this address.", 404),
    # TRACE and CONNECT, which nginx keeps from the copies.
    "405": _Problem(
        405,
        "method_not_allowed",
        "Method not allowed",
        "This method is not taken here.",
        405,
        allow="GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    ),
    # Of a file that nginx has kept.
    "412": _Problem(
        412,
        "precondition_failed",
        "Precondition failed",
        "The file is another one than the condition names.",
        412,
    ),
    "413": _Problem(
        413, "too_large", "Too large", "The body is larger than is taken. Send less at once.", 413
    ),
    "414": _Problem(
        414,
        "uri_too_long",
        "Address too long",
        "The address is too long. Shorten the query.",
        414,
    ),
    "429": _Problem(429, "rate_limited", "Too many requests", "Wait, then try again.", 429, 5),
    "431": _Problem(
        431, "malformed", "Malformed request", "The headers are too large. Send fewer.", 494
    ),
    "500": _Problem(
        500,
        "internal",
        "Internal error",
        "The proxy could not go on. A change may have been made: look before you repeat it, or"
        " repeat it with its Idempotency-Key.",
        500,
    ),
    "501": _Problem(
        501, "malformed", "Malformed request", "This transfer coding is not known here.", 501
    ),
    "505": _Problem(
        505, "malformed", "Malformed request", "This version of HTTP is not spoken here.", 505
    ),
    "502": _Problem(
        502,
        "outcome_unknown",
        "Unavailable",
        "The server went away before it answered. A change may have been made: look before you"
        " repeat it, or repeat it with its Idempotency-Key.",
        wait=1,
    ),
    "503": _Problem(
        503,
        "unavailable",
        "Unavailable",
        "The service is not available now. Try again.",
        503,
        2,
    ),
    "504": _Problem(
        504,
        "outcome_unknown",
        "Unavailable",
        "The server did not answer in time. A change may have been made: look before you repeat"
        " it, or repeat it with its Idempotency-Key.",
        wait=5,
    ),
    "overloaded": _Problem(
        503,
        "overloaded",
        "Temporarily unavailable",
        "The server has more to do than it can do in time, or cannot be reached; nothing was"
        " changed. Try again after 1 s.",
        wait=1,
    ),
}
"""By the name of the page."""


def error_pages() -> str:
    """Which page stands for which status; all but those of a copy that is gone or has no place,
    which depend on the location.
    """
    return "\n".join(
        f"error_page {about.own} ={about.status} /_problem/{name};"
        for name, about in _PROBLEMS.items()
        if about.own is not None
    )


def problem_pages(*, tls: bool) -> str:
    """The pages."""
    security = SecurityHeaders("https://" if tls else "")
    lines: list[str] = []
    for name, about in _PROBLEMS.items():
        body = {
            "type": f"/problems/{about.code}",
            "title": about.title,
            "status": about.status,
            "detail": about.detail,
            "code": about.code,
            "request_id": "$tidework_request_id",
        }
        lines += [
            f"location = /_problem/{name} {{",
            "    internal;",
            # Whatever came was measured where it was read; here it would be refused once more.
            "    client_max_body_size 0;",
            "    default_type application/problem+json;",
            "    add_header Cache-Control no-store always;",
            "    add_header X-Request-Id $tidework_request_id always;",
        ]
        lines += [
            f'    add_header {header.decode().title()} "{value.decode()}" always;'
            for header, value in security.api
        ]
        lines += [f'    add_header Allow "{about.allow}" always;'] if about.allow else []
        lines += [f"    add_header Retry-After {about.wait} always;"] if about.wait else []
        lines += [f"    return {about.status} '{json.dumps(body)}';", "}"]
    return "\n".join(lines)
