"""The refresh token as a cookie: for browsers, whose scripts are not to see it."""

from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from tidework.errors import Forbidden, Unauthenticated
from tidework.http.context import RequestContext
from tidework.http.origins import Origins


def cookie_of(headers: Mapping[bytes, bytes], scheme: str) -> str | None:
    """The cookie that came with a request."""
    wanted = _name(scheme).encode()
    for part in headers.get(b"cookie", b"").split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name == wanted:
            return value.decode("latin-1") or None
    return None


def _name(scheme: str) -> str:
    # The prefix makes browsers refuse the cookie from anybody else, and takes https.
    return "__Host-tidework_refresh" if scheme == "https" else "tidework_refresh"


class RefreshCookies:
    """Reads and makes the cookie. It is kept `lifetime_s` seconds."""

    def __init__(self, origins: Origins, lifetime_s: int) -> None:
        self._origins = origins
        self._lifetime_s = lifetime_s

    def sent(self, request: Request[Any, Any, Any], context: RequestContext) -> str | None:
        """The cookie that came with a request, whoever made the browser send it."""
        return cookie_of(dict(request.scope["headers"]), context.scheme)

    def proof(self, request: Request[Any, Any, Any], context: RequestContext) -> str | None:
        """The cookie, where the request may be done because of it.

        Raises `Forbidden` (`foreign_origin`) when a page of somebody else's sent it.
        """
        headers: dict[bytes, bytes] = dict(request.scope["headers"])
        text = cookie_of(headers, context.scheme)
        if text is not None and not self._origins.may_act(headers, context.scheme):
            raise Forbidden(
                "This came from a page of another origin, which may not use this browser's log-in."
                " Open Tidework itself.",
                code="foreign_origin",
            )
        return text

    def holding(self, text: str, context: RequestContext) -> Cookie:
        """The cookie that holds a refresh token."""
        return self._cookie(text, self._lifetime_s, context)

    def removed(self, context: RequestContext) -> Cookie:
        """What takes the cookie away."""
        return self._cookie("", 0, context)

    def useless(self, error: Unauthenticated, context: RequestContext) -> Unauthenticated:
        """The error of a cookie that proves nothing any more; the browser is to forget it."""
        error.headers["Set-Cookie"] = self.removed(context).to_header(header="")
        return error

    def _cookie(self, value: str, lifetime_s: int, context: RequestContext) -> Cookie:
        return Cookie(
            key=_name(context.scheme),
            value=value,
            path="/",
            max_age=lifetime_s,
            secure=context.scheme == "https",
            httponly=True,
            samesite="strict",
        )
