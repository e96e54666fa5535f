"""Whether a browser's request comes from a page that may act with its cookies."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from tidework.http.cors import check_origin

_OWN: Final = frozenset({b"same-origin", b"none"})


class Origins:
    """The server's own origin, and those that the settings let in."""

    __slots__ = ("_known",)

    def __init__(self, public_url: str, cors_origins: Sequence[str]) -> None:
        parts = urlsplit(public_url)
        own = f"{parts.scheme}://{parts.netloc}"
        self._known = {check_origin(origin).encode() for origin in (own, *cors_origins)}

    def may_act(self, headers: Mapping[bytes, bytes], scheme: str) -> bool:
        """Whether a request that is proved by a cookie alone may be done.

        Browsers say where it comes from in `Sec-Fetch-Site` (Fetch Metadata), which a proxy that
        changes the host does not spoil, and in `Origin` (RFC 6454), which they also send to servers
        without TLS. Another site of the same domain is a stranger too. What says neither is no
        browser, or a very old one, whose cookie is SameSite=Strict still.
        """
        origin = headers.get(b"origin")
        if origin in self._known:
            return True
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site in _OWN
        return origin is None or origin == scheme.encode() + b"://" + headers.get(b"host", b"")
