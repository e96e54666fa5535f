"""Settings of what every installation has: database, addresses, accounts, limits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tidework import settings_outside as outside
from tidework import settings_values as values
from tidework.settings_fields import one_of as _one_of
from tidework.settings_fields import setting as _setting
from tidework.settings_values import RateLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings:
    """See `settings.Settings`, which goes on with these."""

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
    cdn_url: str = _setting(
        "",
        outside.cdn_url,
        "Where browsers get the web app's code and styles from: a content delivery network that fetches"
        " /assets/ from this server. Without it they come from the server itself.",
        example="https://cdn.example.com",
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
    live_streams: int = _setting(
        12_000, values.streams, "Open event streams at most, per worker.", example="2000"
    )
    live_streams_per_account: int = _setting(
        50, values.streams, "Open event streams of one account at most, per worker.", example="20"
    )
    live_heartbeat_seconds: int = _setting(
        15, values.patience, "How often an open event stream bears a sign of life, in seconds; a"
        " reader that takes nothing for that long is dropped.", example="25",
    )  # fmt: skip
