"""Addresses of the web that somebody typed, read once and strictly."""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import idna

MAX_URL: Final = 2048
_PORTS: Final = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_REST = re.compile(r"[!-~]*")
_FIRST_FREE_PORT: Final = 1024
# Ports of other protocols above 1023 that a request over HTTP could be made to speak: those which
# browsers block (Fetch, "port blocking"), Redis and memcached.
_FOREIGN_PORTS: Final = frozenset({
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080, 11211,
})  # fmt: skip


class Target(NamedTuple):
    """Where a request goes; `host` without the brackets of an IPv6 address, `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address, not a name."""
        return _is_address(self.host)


def read_target(url: str) -> Target:
    """The parts of `url`. Raises `ValueError`, which says what is wrong with it and what would do."""
    if len(url) > MAX_URL:
        raise ValueError(f"is longer than {MAX_URL} characters")
    if "\\" in url or any(ord(ch) <= 0x20 or ord(ch) == 0x7F for ch in url):
        raise ValueError("has a space, a backslash or a control character in it; encode it as %20")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError("is no address of the form https://HOST/PATH") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError("is no address of the form https://HOST/PATH")
    if "@" in parts.netloc:
        raise ValueError("has a user or a password before the host; leave that out")
    if parts.fragment:
        raise ValueError("has a part behind #, which is never sent; leave it out")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _REST.fullmatch(path):
        raise ValueError("has letters in its path that must be percent-encoded")
    port = _PORTS[parts.scheme] if port is None else port
    if port in _FOREIGN_PORTS or (port < _FIRST_FREE_PORT and port not in _PORTS.values()):
        raise ValueError(
            f"has port {port}; use 80, 443, or one above 1023 that no other service has"
        )
    return Target(parts.scheme, _host(host), port, path)


def _host(text: str) -> str:
    if "[" in text or ":" in text or _is_address(text):
        if "%" in text or not _is_address(text):
            raise ValueError("has something in place of its host that is no address")
        return text
    text = text.removesuffix(".")
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ValueError("has a host that is no name of the internet") from None
    if not _NAME.fullmatch(text):
        raise ValueError("has a host that is no name of the internet")
    return text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
