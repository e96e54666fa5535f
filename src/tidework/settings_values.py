"""From the text of a setting to its value. A `ValueError` says what is wrong with the text."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlsplit

_UNITS: Final = {"": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(
    r"(\d{1,9})\s*(?:/|per)\s*(\d{1,6}\s*)?(second|minute|hour|day)s?", re.IGNORECASE
)
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._-]+)?")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")
_MAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]+@[^\s@\"(),:;<>\[\]\\]+")
# Before a Sentry address's @ stands a key, with or without a secret behind it.
_KEY = re.compile(r"(https?://)[^/?#\s]+@", re.IGNORECASE)
# Who forgot the scheme has written a password all the same.
_PASSWORD = re.compile(
    r"((?:://|^(?![^:]*://))[^:/?#]*:).*(@)|((?:^|[?&])(?:sentinel_)?password=)[^&#]*",
    re.IGNORECASE,
)
# Gateways take their keys there, under whatever name. What stands before must be a host, not the
# beginning of a password with a question mark in it.
_QUERY = re.compile(
    r"(https?://(?:[^/?#\s]*@)?(?:\[[^]\s]*\]|[^/?#@:\s]+)(?::[0-9]*)?(?:/[^?#\s]*)?[?#])(\S+)",
    re.IGNORECASE,
)
_QUERY_VALUE = re.compile(r"([^&=]*=)?[^&]+")


class RateLimits(NamedTuple):
    """How much may be asked for, each as `N per M unit`.

    `anonymous` counts by address, `account` and `admin` by account, `token` by API token (besides
    the account's), `login` counts failed log-ins.
    """

    enabled: bool = True
    anonymous: str = "100 per 15 minutes"
    account: str = "1000 per 1 minute"
    admin: str = "10000 per 1 minute"
    token: str = "1000 per 1 minute"  # noqa: S105
    login: str = "5 per 15 minutes"

    def __str__(self) -> str:
        if not self.enabled:
            return "off"
        if self == RateLimits():
            return "on"
        pairs = zip(self._fields[1:], self[1:], strict=True)
        return ", ".join(f"{name}={rate}" for name, rate in pairs)


class RedisAddress(NamedTuple):
    """Where Redis is. With `service` the hosts are those of the sentinels that watch over it."""

    hosts: list[tuple[str, int]]
    db: int
    username: str | None
    password: str | None
    tls: bool
    ca_file: str
    service: str
    sentinel_password: str | None

    def __str__(self) -> str:
        where = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{where} ({self.service})" if self.service else where


def text(raw: str) -> str:
    """The text itself."""
    return raw


def words(raw: str) -> tuple[str, ...]:
    """A list separated by commas or spaces."""
    return tuple(re.split(r"[,\s]+", raw.strip(", \t\n")))


def networks(raw: str) -> tuple[str, ...]:
    """Addresses and networks, separated by commas or spaces."""
    for text in words(raw):
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"has {text!r}, which is no address or network") from None
    return words(raw)


def folder(raw: str) -> Path:
    """A path, made absolute; `~` is the home folder."""
    if "\0" in raw:
        raise ValueError("has a NUL byte")
    return Path(raw).expanduser().absolute()


def port(raw: str) -> int:
    """A TCP port."""
    return _whole(raw, 1, 65_535)


def count(raw: str) -> int:
    """A number of things of which there must be one."""
    return _whole(raw, 1, 1_000)


def count_or_none(raw: str) -> int:
    """A number of things, also none."""
    return _whole(raw, 0, 1_000)


def streams(raw: str) -> int:
    """A number of connections that stay open."""
    return _whole(raw, 1, 100_000)


def seconds(raw: str) -> int:
    """A time from ten seconds to a day."""
    return _whole(raw, 10, 86_400)


def patience(raw: str) -> int:
    """A time from a second to a minute."""
    return _whole(raw, 1, 60)


def drain(raw: str) -> int:
    """A time from none to 20 seconds: a server is gone within 30."""
    return _whole(raw, 0, 20)


def days(raw: str) -> int:
    """A time from a day to ten years."""
    return _whole(raw, 1, 3_650)


def milliseconds(raw: str) -> int:
    """A time up to an hour, also none."""
    return _whole(raw, 0, 3_600_000)


def ratio(raw: str) -> float:
    """A number from 0 to 1."""
    if not re.fullmatch(r"[0-9]*\.?[0-9]+(e-[0-9]{1,2})?", raw.strip(), re.IGNORECASE):
        raise ValueError("is no number from 0 to 1")
    value = float(raw)
    if value > 1:
        raise ValueError("is more than 1")
    return value


def size(raw: str) -> int:
    """Bytes, also written with KiB, MiB or GiB."""
    found = re.fullmatch(r"(\d{1,15})\s*(kib|mib|gib)?", raw.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError("is no size")
    value = int(found[1]) * _UNITS[(found[2] or "").lower()]
    if value > 1 << 40:
        raise ValueError("is larger than 1 TiB")
    return value


def host(raw: str) -> str:
    """A name or an address to listen on."""
    bare = raw[1:-1] if raw.startswith("[") and raw.endswith("]") else raw
    if not _HOST.fullmatch(bare):
        raise ValueError("is no host name or address")
    return bare


def metrics(raw: str) -> str:
    """`off`, `public` or `HOST:PORT`."""
    if raw in {"off", "public"}:
        return raw
    found = _ADDRESS.fullmatch(raw)
    if found is None or not 1 <= int(found[2]) <= 65_535:
        raise ValueError("is neither off nor public nor HOST:PORT")
    return raw


def mail_address(raw: str) -> str:
    """A bare address."""
    if not _MAIL.fullmatch(raw) or len(raw) > 254:
        raise ValueError("is no bare e-mail address")
    return raw


def public_url(raw: str) -> str:
    """Scheme, host and port, without a slash at the end."""
    parts = _split(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no http or https address")
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("has more than scheme, host and port")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def http_url(raw: str) -> str:
    """An http or https address with whatever path, without a slash at the end."""
    parts = _split(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no http or https address")
    return raw.rstrip("/")


def database_url(raw: str) -> str:
    """`sqlite:///path` (absolute afterwards) or `postgresql://…`."""
    scheme, separator, rest = raw.partition("://")
    if not separator:
        raise ValueError("is no database address")
    if scheme == "sqlite":
        return _sqlite(rest)
    if scheme in {"postgres", "postgresql"}:
        return _postgresql(f"postgresql://{rest}")
    if scheme in {"mysql", "mariadb"}:
        raise ValueError("is for MySQL or MariaDB, which this version does not support")
    raise ValueError(f"has the unknown scheme {scheme}://")


def replica_urls(raw: str) -> tuple[str, ...]:
    """Addresses of PostgreSQL, separated by spaces, or by commas before the next address."""
    found = []
    for one in re.split(r"\s+|,\s*(?=postgres(?:ql)?://)", raw.strip(", \t\n")):
        scheme, _, rest = one.partition("://")
        if scheme not in {"postgres", "postgresql"}:
            raise ValueError("has an address that does not begin with postgresql://")
        url = _postgresql(f"postgresql://{rest}")
        if "," in url.partition("://")[2].partition("/")[0].rpartition("@")[2]:
            raise ValueError("has several servers in one address; give each its own")
        if url in found:
            raise ValueError("names a server twice")
        found.append(url)
    return tuple(found)


def pooler_url(raw: str) -> str:
    """The address of a PgBouncer."""
    [url, *others] = replica_urls(raw)
    if others:
        raise ValueError("names several servers")
    return url


def rate_limits(raw: str) -> RateLimits:
    """`on`, `off`, or the ones that differ, such as `account=600/minute, login=3 per 15 minutes`."""
    if raw in {"on", "off"}:
        return RateLimits(enabled=raw == "on")
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", raw))):
        name, _, rate = (piece.strip() for piece in part.partition("="))
        if name not in RateLimits._fields[1:] or name in given:
            raise ValueError(f"has {part!r}, which is no limit of its own")
        found = _RATE.fullmatch(rate)
        amount, times = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
        if found is None or not amount or not times:
            raise ValueError(f"has {part!r}, which is no rate")
        given[name] = f"{amount} per {times} {found[3].lower()}{'s' * (times > 1)}"
    if not given:
        raise ValueError("names no limit")
    return RateLimits(**given)  # type: ignore[arg-type]


def amount_and_seconds(rate: str) -> tuple[int, int]:
    """A rate as `RateLimits` has it, in numbers: `5 per 15 minutes` is 5 in 900 s."""
    found = _RATE.fullmatch(rate)
    if found is None:
        raise ValueError(f"{rate!r} is no rate")
    return int(found[1]), int(found[2] or 1) * _SECONDS[found[3].lower()]


def redis_url(raw: str) -> str:
    """`redis://`, `rediss://` (TLS), or either with `+sentinel` and the sentinels' hosts."""
    check_ca_file(redis_address(raw).ca_file)
    return raw


def check_ca_file(path: str) -> None:
    """Raise ValueError unless the file of an address's authority, where it names one, can be read.

    Apart from the address's parser, which processes that do not connect use as well.
    """
    if not path:
        return
    try:
        Path(path).open("rb").close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"has the ca_file {path}, which cannot be read: {reason}") from None


def redis_address(raw: str) -> RedisAddress:
    """The parts of such an address."""
    scheme, separator, rest = raw.partition("://")
    kind, plus, watched = scheme.partition("+")
    if not separator or kind not in {"redis", "rediss"} or (plus and watched != "sentinel"):
        raise ValueError("does not begin with redis://, rediss:// or redis+sentinel://")
    login, _, behind = rest.rpartition("@")
    # A path in an option has slashes too.
    front, question, query = behind.partition("?")
    places, _, tail = front.partition("/")
    place = _split(f"{kind}://x/{tail}{question}{query}")
    if place.fragment:
        raise ValueError("has its parts in another order than HOST:PORT/DB?OPTION=VALUE")
    options = dict(parse_qsl(place.query, keep_blank_values=True))
    service, _, number = place.path.strip("/").partition("/") if plus else ("", "", place.path[1:])
    wrong = options.keys() - ({"ca_file", "sentinel_password"} if plus else {"ca_file"})
    if wrong:
        raise ValueError(f"has the unknown option {min(wrong)!r}")
    if not plus and "," in places:
        raise ValueError("names several hosts, which is for redis+sentinel:// only")
    if plus and not service:
        raise ValueError("names no service behind the sentinels' hosts, such as /tidework")
    if not re.fullmatch(r"[0-9]{0,4}", number):
        raise ValueError("has something else where the number of a database should stand")
    username, _, password = map(unquote, login.partition(":"))
    return RedisAddress(
        hosts=[_redis_host(place, 26379 if plus else 6379) for place in places.split(",")],
        db=int(number or 0),
        username=username or None,
        password=password or None,
        tls=kind == "rediss",
        ca_file=options.get("ca_file", ""),
        service=unquote(service),
        sentinel_password=options.get("sentinel_password", password) or None,
    )


def _redis_host(raw: str, usual_port: int) -> tuple[str, int]:
    parts = _split(f"redis://{raw}")
    if not parts.hostname or parts.path or not _HOST.fullmatch(parts.hostname):
        raise ValueError("has something else where HOST or HOST:PORT should stand")
    return parts.hostname, parts.port or usual_port


def masked(value: str) -> str:
    """`value` without the passwords that stand in its addresses, and the keys in their queries."""
    value = _QUERY.sub(lambda m: m[1] + _QUERY_VALUE.sub(r"\1***", m[2]), value)
    value = _KEY.sub(r"\1***@", value)
    return _PASSWORD.sub(lambda m: f"{m[1]}***@" if m[1] else f"{m[3]}***", value)


def database_path(url: str) -> Path | None:
    """The file of a SQLite database, or None for another one."""
    prefix = "sqlite:///"
    return Path(url.removeprefix(prefix)) if url.startswith(prefix) else None


def _whole(raw: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", raw.strip()):
        raise ValueError("is no whole number")
    value = int(raw)
    if not low <= value <= high:
        raise ValueError(f"is not between {low} and {high}")
    return value


def _split(raw: str) -> SplitResult:
    if any(character.isspace() for character in raw):
        raise ValueError("has a space in it")
    try:
        parts = urlsplit(raw)
        port_given = parts.port
    except ValueError:
        raise ValueError("is no address with a port from 1 to 65535") from None
    if port_given == 0:
        raise ValueError("has port 0, which nobody can reach")
    return parts


def _sqlite(rest: str) -> str:
    # As everywhere with this scheme: three slashes for a relative path, four for an absolute one.
    if not rest.startswith("/") or rest in {"/", "/:memory:"} or rest.endswith("/"):
        raise ValueError("names no file; an in-memory database is not supported")
    if "?" in rest or "\0" in rest:
        raise ValueError("has more than a path")
    return f"sqlite:///{Path(rest[1:]).expanduser().absolute()}"


def _postgresql(url: str) -> str:
    login, at, hosts = url.partition("://")[2].partition("/")[0].rpartition("@")
    rest = url.partition("://")[2].partition("/")[2]
    servers = [_split(f"postgresql://{login}{at}{host}/{rest}") for host in hosts.split(",")]
    for parts in servers:
        elsewhere = "host=" in parts.query or not parts.netloc
        if not parts.hostname and (len(servers) > 1 or not elsewhere):
            raise ValueError("names no server")
    parts = servers[0]
    options = parse_qs(parts.query)
    if any("," in value for name in ("host", "port") for value in options.get(name, ())):
        raise ValueError("names several servers behind the question mark, not before the slash")
    if not set(options.get("target_session_attrs", ())) <= {"any", "primary", "read-write"}:
        raise ValueError("asks for a standby, which takes no changes")
    if not unquote(parts.path).strip("/"):
        raise ValueError("names no database")
    return url
