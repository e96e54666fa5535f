"""Every setting: its name, default and meaning. Read once, from the environment (`TIDEWORK_*`).

A setting's variable is its field's name in capitals behind `TIDEWORK_`. A variable that is set to
nothing counts as not set, so that a compose file may pass one on that nobody gave.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from tidework import settings_outside as outside
from tidework import settings_values as values
from tidework.errors import TideworkError
from tidework.settings_fields import About as _About
from tidework.settings_fields import as_text as _as_text
from tidework.settings_fields import contradictions
from tidework.settings_fields import one_of as _one_of
from tidework.settings_fields import setting as _setting
from tidework.settings_values import RateLimits

PREFIX: Final = "TIDEWORK_"
LATER: Final = {
    "TIDEWORK_BROKER_URL": "message brokers",
}
"""Settings that this version refuses, since it would have to ignore them."""

# What Kubernetes and Docker links put into the environment for a service named "tidework".
_OF_LINKS = re.compile(r"TIDEWORK_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
_LINK_PORT = re.compile(r"(tcp|udp|sctp)://")

Origin = Literal["default", "environment", "option"]


class InvalidSettings(TideworkError):
    """Settings that cannot be used; `problems` has a line for each."""

    status = 503
    title = "Invalid settings"
    code = "invalid_settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation can choose; one object, checked, never changed.

    `load` makes it. Made directly, the values are taken as they are.
    """

    data_dir: Path = _setting(
        Path("./var"),
        values.folder,
        "Folder of everything that is kept: database, signing keys, mail. Readable by its owner"
        " only.",
        shown="./var",
        example="/var/lib/tidework",
    )
    database_url: str = _setting(
        "",
        values.database_url,
        "Database: sqlite:///PATH (four slashes for an absolute path) or postgresql://…; several"
        " servers, HOST:PORT,HOST:PORT, when the primary may change.",
        shown="sqlite:///<data folder>/tidework.db",
        example="postgresql://tidework:secret@db.example.com/tidework",
        secret=True,
    )
    database_replica_urls: tuple[str, ...] = _setting(
        (),
        values.replica_urls,
        "Replicas of the database for reading, separated by spaces; postgresql://… each.",
        example="postgresql://tidework:secret@db2.example.com/tidework",
        secret=True,
    )
    database_pooler_url: str = _setting(
        "",
        values.pooler_url,
        "A PgBouncer in front of the primary, for reading through it; writing goes to the database"
        " itself.",
        example="postgresql://tidework:secret@db.example.com:6432/tidework",
        secret=True,
    )
    redis_url: str = _setting(
        "",
        values.redis_url,
        "Redis, for what copies and workers share (limits): redis://[USER:PASSWORD@]HOST:PORT/DB,"
        " rediss:// with TLS, redis+sentinel://[:PASSWORD@]HOST:PORT,HOST:PORT/SERVICE/DB.",
        example="redis://:secret@redis.example.com:6379/0",
        secret=True,
    )
    host: str = _setting(
        "127.0.0.1",
        values.host,
        "Address to listen on; 0.0.0.0 for every network.",
        example="0.0.0.0",  # noqa: S104
    )
    port: int = _setting(8000, values.port, "Port to listen on.", example="8123")
    workers: int = _setting(
        1,
        values.count,
        "Worker processes; one for each core that is really free.",
        example="2",
    )
    public_url: str = _setting(
        "",
        values.public_url,
        "How callers reach the server; mailed links and cookies follow it.",
        shown="http://127.0.0.1:<port>",
        example="https://tasks.example.com",
    )
    registration: Literal["open", "invite", "closed"] = _setting(
        "open",
        _one_of("open", "invite", "closed"),
        "Who may register: anyone (open), those who were invited (invite), nobody (closed).",
        example="invite",
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        values.words,
        "Web pages of other origins that may call the API, separated by commas.",
        example="https://app.example.com,http://localhost:5173",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        values.words,
        "Addresses or networks of proxies whose X-Forwarded-* headers are believed.",
        example="10.0.0.0/8,fd00::/8",
    )
    outgoing_allow: tuple[str, ...] = _setting(
        (), values.networks, "Addresses or networks, beside the public ones, that webhooks and other"
        " requests to addresses which somebody typed may go to.", example="10.20.0.0/16",
    )  # fmt: skip
    rate_limits: RateLimits = _setting(
        RateLimits(),
        values.rate_limits,
        "Limits of requests: on, off, or those of anonymous (by address), account, admin, token (of"
        " an API token) and login (failed ones) that are to differ.",
        example="account=600/minute, login=3 per 15 minutes",
    )
    access_token_seconds: int = _setting(
        900, values.seconds, "Lifetime of an access token, in seconds.", example="600"
    )
    session_days: int = _setting(
        30, values.days, "How long a session lives without being used, in days.", example="7"
    )
    signing_keys_file: Path | None = _setting(
        None,
        values.folder,
        "File with the keys that sign access tokens (a JWK Set). Must be the same for all copies.",
        shown="<data folder>/signing-keys.json",
        example="/run/secrets/tidework-keys.json",
    )
    max_body_bytes: int = _setting(
        1 << 20, values.size, "Largest body of a request.", shown="1 MiB", example="2 MiB"
    )
    max_batch_body_bytes: int = _setting(
        40 << 20, values.size, "Largest body of a batch.", shown="40 MiB", example="10 MiB"
    )
    max_query_length: int = _setting(
        8192, values.size, "Longest query string, in bytes.", example="4096"
    )
    pool_min: int = _setting(
        2, values.count_or_none, "PostgreSQL: connections for reading kept open.", example="2"
    )
    pool_max: int = _setting(
        10, values.count, "PostgreSQL: connections for reading at most, per worker.", example="20"
    )
    max_concurrent: int = _setting(
        128,
        values.count,
        "Requests that read worked on at once, per worker; as many that write, an eighth of it for"
        " log-ins. More wait for their turn.",
        example="64",
    )
    wait_seconds: int = _setting(
        1,
        values.patience,
        "How long a request may wait for its turn and for the database, in seconds, before it is"
        " refused with 503; the queue takes a third of it at most.",
        example="2",
    )
    drain_seconds: int = _setting(
        0,
        values.drain,
        "How long a server that is told to stop goes on as before, while /health/ready says 503 and"
        " answers close their connection, so that load balancers notice.",
        example="5",
    )
    cache_bytes: int = _setting(
        128 << 20, values.size, "Memory for cached answers, per worker.", shown="128 MiB",
        example="256 MiB",
    )  # fmt: skip
    log_format: Literal["console", "json"] = _setting(
        "console",
        _one_of("console", "json"),
        "Form of the log: lines for people (console) or a JSON object each (json).",
        example="json",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "Least weight of what is logged; debug also shows where a command failed.",
        example="warning",
    )
    metrics: str = _setting(
        "off",
        values.metrics,
        "Where /metrics answers, for all workers: nowhere (off), on the public port (public), or on"
        " an address of its own (HOST:PORT).",
        example="127.0.0.1:9464",
    )
    otlp_endpoint: str = _setting(
        "", values.http_url, "Collector that traces are sent to by OTLP over HTTP; none are made"
        " unless it is set.", example="http://127.0.0.1:4318",
    )  # fmt: skip
    trace_ratio: float = _setting(
        0.1, values.ratio, "Which part of the requests is traced, from 0 to 1; a trusted proxy's"
        " traceparent decides for its own.", example="1",
    )  # fmt: skip
    sentry_dsn: str = _setting(
        "", values.http_url, "Sentry project that defects are reported to, without personal data.",
        example="https://key@sentry.example.com/1", secret=True,
    )  # fmt: skip
    log_file: Path | None = _setting(
        None, values.folder, "File that the log is also written to, all workers to the same one.",
        example="/var/log/tidework/tidework.log",
    )  # fmt: skip
    log_file_bytes: int = _setting(
        100 << 20, values.size, "Size at which that file is put aside and begun anew; 0 leaves that"
        " to somebody else, such as logrotate.", shown="100 MiB", example="20 MiB",
    )  # fmt: skip
    log_file_count: int = _setting(
        5, values.count, "How many of the files put aside are kept.", example="10"
    )
    slow_query_ms: int = _setting(
        500, values.milliseconds, "Queries and commits that take longer are logged, in"
        " milliseconds; 0 for none.", example="200",
    )  # fmt: skip
    slow_query_explain: Literal["on", "off"] = _setting(
        "off", _one_of("on", "off"), "Whether the plan of a slow query is logged with it.",
        example="on",
    )  # fmt: skip
    mail_from: str = _setting(
        "tidework@localhost",
        values.mail_address,
        "Sender of mails.",
        example="tidework@example.com",
    )
    smtp_url: str = _setting(
        "", outside.smtp_url, "Mail server: smtp+starttls://USER:PASSWORD@HOST:PORT, smtps://…, or"
        " smtp:// without encryption; ?ca_file=PATH for an authority of your own. Without it each"
        " mail becomes a file in the folder mail of the data folder.",
        example="smtp+starttls://tidework:secret@mail.example.com:587", secret=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        object.__setattr__(self, "data_dir", self.data_dir.absolute())
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / 'tidework.db'}")
        if not self.public_url:
            object.__setattr__(self, "public_url", f"http://{self._reachable_at}")

    @property
    def is_cluster(self) -> bool:
        """Whether several copies can share this database."""
        return self.database_path is None

    @property
    def database_path(self) -> Path | None:
        """The file of the embedded database; None with PostgreSQL."""
        return values.database_path(self.database_url)

    @property
    def keys_path(self) -> Path:
        """The file of the signing keys, whether or not there is one yet."""
        return self.signing_keys_file or self.data_dir / "signing-keys.json"

    @property
    def mail_path(self) -> Path:
        """The folder that messages are put into."""
        return self.data_dir / "mail"

    @property
    def shows_traces(self) -> bool:
        """Whether a command that fails shows where."""
        return self.log_level == "debug"

    @property
    def _reachable_at(self) -> str:
        # A wildcard is where to listen, not where to go.
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def to_environ(self) -> dict[str, str]:
        """The variables that `load` makes equal settings of, for processes of our own."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {variable(name): _as_text(value) for name, value in pairs if _as_text(value)}


class SettingRow(NamedTuple):
    """A line of the table of settings, without secrets."""

    name: str
    value: str
    default: str
    origin: Origin
    meaning: str
    secret: bool


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def load(environ: Mapping[str, str], **overrides: object) -> Settings:
    """The settings of an environment; `overrides` are options of a command, None is not given.

    Raises `InvalidSettings`, with a line for every variable or option that cannot be used, known
    ones with a wrong value as well as unknown ones.
    """
    problems = _foreign(environ)
    chosen: dict[str, Any] = {}
    for one in fields(Settings):
        raw, label = _given(one.name, environ, overrides)
        if not raw:
            continue
        about: _About = one.metadata["about"]
        try:
            chosen[one.name] = about.parse(raw)
        except ValueError as error:
            shown = raw
            if one.metadata["secret"]:
                shown = values.masked(raw) if "://" in raw else "***"
            problems.append(f"{label} is {shown!r}: that {error}. Example: {about.example}")
    if not problems:
        settings = Settings(**chosen)
        problems = contradictions(settings)
        if not problems:
            return settings
    raise InvalidSettings(problems)


def table(settings: Settings, environ: Mapping[str, str], **overrides: object) -> list[SettingRow]:
    """Every setting with its present value, where that comes from, its default and its meaning."""
    rows = []
    for one in fields(Settings):
        about: _About = one.metadata["about"]
        raw, label = _given(one.name, environ, overrides)
        origin: Origin = "default"
        if raw:
            origin = "option" if label.startswith("--") else "environment"
        value = _as_text(getattr(settings, one.name))
        if one.name == "signing_keys_file":
            value = str(settings.keys_path)
        secret = bool(one.metadata["secret"])
        shown = values.masked(value) if secret else value
        rows.append(
            SettingRow(variable(one.name), shown, about.default, origin, about.meaning, secret)
        )
    return rows


def _given(
    name: str, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> tuple[str, str]:
    """The text that was given for a field, or nothing, and what people call the place."""
    override = overrides.get(name)
    if override is not None:
        return str(override), f"--{name.replace('_', '-')}"
    raw = environ.get(variable(name), "").strip()
    if name == "port" and f"{PREFIX}SERVICE_HOST" in environ and _LINK_PORT.match(raw):
        raw = ""
    return raw, variable(name)


def _foreign(environ: Mapping[str, str]) -> list[str]:
    known = {variable(one.name) for one in fields(Settings)}
    bare = [name.removeprefix(PREFIX) for name in known]
    problems = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or _OF_LINKS.fullmatch(name):
            continue
        if name in LATER:
            if environ[name].strip():
                problems.append(
                    f"{name} is set, but this version does not support {LATER[name]} yet. Unset it."
                )
            continue
        near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, 1, 0.6)
        advice = f"Did you mean {PREFIX}{near[0]}?" if near else "See: tidework settings"
        problems.append(f"{name} is no setting of this version. {advice}")
    return problems
