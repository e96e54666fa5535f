"""Settings of what the server sends to the outside: from their text to their value."""

import ipaddress
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tidework.settings_values import check_ca_file, http_url

# What may stand in a content security policy, and in a page, as it is.
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class SmtpAddress(NamedTuple):
    """Where the mail server is. `scheme` is smtp (no encryption), smtps or smtp+starttls."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None
    ca_file: str


def smtp_url(raw: str) -> str:
    """`smtp://`, `smtps://` or `smtp+starttls://`, with or without a login."""
    check_ca_file(smtp_address(raw).ca_file)
    return raw


def smtp_address(raw: str) -> SmtpAddress:
    """The parts of such an address."""
    if any(character.isspace() for character in raw):
        raise ValueError("has a space in it")
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:
        raise ValueError("is no address with a port from 1 to 65535") from None
    if parts.scheme not in _PORTS:
        raise ValueError("does not begin with smtp://, smtps:// or smtp+starttls://")
    if not parts.hostname or port == 0 or parts.path not in {"", "/"} or parts.fragment:
        raise ValueError("has more or less than a login, a host and a port")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if wrong := options.keys() - {"ca_file"}:
        raise ValueError(f"has the unknown option {min(wrong)!r}")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("has a user without a password, or a password without a user")
    if parts.scheme == "smtp" and parts.password and not _is_here(parts.hostname):
        raise ValueError(
            "would send the password unencrypted; use smtps:// or smtp+starttls://, or no login"
        )
    ca_file = options.get("ca_file", "")
    if ca_file and not Path(ca_file).is_absolute():
        raise ValueError("has a ca_file that is no absolute path")
    return SmtpAddress(
        parts.scheme,
        parts.hostname,
        port or _PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        ca_file,
    )


def cdn_url(raw: str) -> str:
    """An http or https address with whatever plain path, without a slash at the end."""
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:
        raise ValueError("is no address with a port from 1 to 65535") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("is no http or https address")
    if "@" in parts.netloc or "?" in raw or "#" in raw:
        raise ValueError("has more than scheme, host, port and path")
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if not _PLAIN_HOST.fullmatch(host) or not _PLAIN_PATH.fullmatch(parts.path):
        raise ValueError("has other characters in host or path than letters, digits and .-_~")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def sentry_dsn(raw: str) -> str:
    """An http or https address with a key before the host and a project's number at its end."""
    url = http_url(raw)
    parts = urlsplit(url)
    if not parts.username:
        raise ValueError("has no key before the host")
    if not re.fullmatch(r"[0-9]+", parts.path.rpartition("/")[2]):
        raise ValueError("has no number of a project at the end of its path")
    return url


def token(raw: str) -> str:
    """What stands in a header: visible ASCII."""
    if not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("has other characters than visible ASCII")
    return raw


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
