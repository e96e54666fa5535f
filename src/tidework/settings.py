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

from tidework import settings_broker as broker
from tidework import settings_outside as outside
from tidework import settings_values as values
from tidework.errors import TideworkError
from tidework.settings_core import CoreSettings
from tidework.settings_fields import About as _About
from tidework.settings_fields import as_text as _as_text
from tidework.settings_fields import contradictions
from tidework.settings_fields import one_of as _one_of
from tidework.settings_fields import setting as _setting

PREFIX: Final = "TIDEWORK_"

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
class Settings(CoreSettings):
    """What an installation can choose; one object, checked, never changed.

    `load` makes it. Made directly, the values are taken as they are.
    """

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
        " unless it is set.", example="http://127.0.0.1:4318", secret=True,
    )  # fmt: skip
    trace_ratio: float = _setting(
        0.1, values.ratio, "Which part of the requests is traced, from 0 to 1; a trusted proxy's"
        " traceparent decides for its own.", example="1",
    )  # fmt: skip
    sentry_dsn: str = _setting(
        "", outside.sentry_dsn, "Sentry project that defects are reported to, without personal data.",
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
    background: Literal["auto", "on", "off"] = _setting(
        "auto",
        _one_of("auto", "on", "off"),
        "Whether the server also does what follows a change (events, mails, reminders, reports);"
        " auto: unless there is a broker, since tidework worker does it then.",
        example="off",
    )
    files: Literal["auto", "folder", "database"] = _setting(
        "auto",
        _one_of("auto", "folder", "database"),
        "Where the files of reports are kept: in the folder files of the data folder (which all"
        " copies must share) or in the database; auto: with PostgreSQL there, else in the folder.",
        example="folder",
    )
    max_report_bytes: int = _setting(
        100 << 20, values.size, "Largest file of a report or an export.", shown="100 MiB",
        example="20 MiB",
    )  # fmt: skip
    max_import_bytes: int = _setting(
        50 << 20, values.size, "Largest file that is sent to be imported, as it is sent.",
        shown="50 MiB", example="10 MiB",
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
    sms_url: str = _setting(
        "", values.http_url, "Gateway that short messages are posted to as JSON; without it there are"
        " none.", example="https://sms.example.com/send", secret=True,
    )  # fmt: skip
    sms_token: str = _setting(
        "", outside.token, "What that gateway is shown: Authorization: Bearer TOKEN.",
        example="s3cret", secret=True,
    )  # fmt: skip
    chat_url: str = _setting(
        "", values.http_url, "Gateway that messages to a chat are posted to as JSON; without it there"
        " are none.", example="https://chat.example.com/send", secret=True,
    )  # fmt: skip
    chat_token: str = _setting(
        "", outside.token, "What that gateway is shown: Authorization: Bearer TOKEN.",
        example="s3cret", secret=True,
    )  # fmt: skip
    broker_url: str = _setting(
        "", broker.broker_url, "Message broker between processes: amqp://USER:PASSWORD@HOST:PORT/"
        " (RabbitMQ; amqps:// with TLS), nats://HOST:PORT, redis://… (rediss:// with TLS), or"
        " kafka://HOST:PORT,HOST:PORT. Without it events stay in the process that publishes them.",
        example="amqps://tidework:secret@mq.example.com:5671/", secret=True,
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
    def works_inside(self) -> bool:
        """Whether the server does what follows a change."""
        if self.background == "auto":
            return not self.broker_url
        return self.background == "on"

    @property
    def database_path(self) -> Path | None:
        """The file of the embedded database; None with PostgreSQL."""
        return values.database_path(self.database_url)

    @property
    def keys_path(self) -> Path:
        """The file of the signing keys, whether or not there is one yet."""
        return self.signing_keys_file or self.data_dir / "signing-keys.json"

    @property
    def files_path(self) -> Path:
        """The folder of files that somebody fetches later."""
        return self.data_dir / "files"

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
            # A login may stand in any address, also in one that may have none.
            shown = _masked(raw) if one.metadata["secret"] else values.masked(raw)
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
        shown = _masked(value) if secret else value
        rows.append(
            SettingRow(variable(one.name), shown, about.default, origin, about.meaning, secret)
        )
    return rows


def _masked(value: str) -> str:
    """A secret as it may be shown: an address without its password, anything else not at all."""
    if "://" in value:
        return values.masked(value)
    return "***" if value else ""


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
        near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, 1, 0.6)
        advice = f"Did you mean {PREFIX}{near[0]}?" if near else "See: tidework settings"
        problems.append(f"{name} is no setting of this version. {advice}")
    return problems
