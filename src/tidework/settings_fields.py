"""How a setting is declared: its default, how its text is read, what it means, an example."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, NamedTuple

from tidework.settings_values import RateLimits


class About(NamedTuple):
    """What a field of `Settings` knows of itself; `metadata["about"]`."""

    parse: Callable[[str], Any]
    meaning: str
    example: str
    default: str


def as_text(value: object) -> str:
    """A value as its setting would be written."""
    if isinstance(value, RateLimits):
        return str(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def one_of(*choices: str) -> Callable[[str], str]:
    """Reads one of a few words."""

    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return raw

    return parse


def setting(
    default: Any,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    example: str,
    shown: str | None = None,
    secret: bool = False,
) -> Any:
    """A field. `shown` is the default as people read it, `secret` keeps it out of `repr`."""
    about = About(parse, meaning, example, as_text(default) if shown is None else shown)
    return field(default=default, repr=not secret, metadata={"about": about, "secret": secret})


def contradictions(settings: Any) -> list[str]:
    """What of settings, each possible by itself, does not go together; a line for each problem."""
    problems = []
    if settings.pool_min > settings.pool_max:
        problems.append(
            f"TIDEWORK_POOL_MIN is {settings.pool_min}, more than TIDEWORK_POOL_MAX"
            f" ({settings.pool_max}). Example: TIDEWORK_POOL_MIN=2 TIDEWORK_POOL_MAX=10"
        )
    if settings.max_body_bytes > settings.max_batch_body_bytes:
        problems.append(
            f"TIDEWORK_MAX_BODY_BYTES is {settings.max_body_bytes}, more than"
            f" TIDEWORK_MAX_BATCH_BODY_BYTES ({settings.max_batch_body_bytes}); raise that too."
        )
    beside = settings.database_replica_urls or settings.database_pooler_url
    if beside and settings.database_path is not None:
        problems.append(
            "TIDEWORK_DATABASE_REPLICA_URLS or TIDEWORK_DATABASE_POOLER_URL is set, but the database"
            " is a SQLite file. Unset it, or set TIDEWORK_DATABASE_URL to postgresql://…"
        )
    if settings.cdn_url.startswith("http:") and settings.public_url.startswith("https:"):
        problems.append(
            f"TIDEWORK_CDN_URL is {settings.cdn_url}, but TIDEWORK_PUBLIC_URL is https, and browsers"
            " load nothing unencrypted there. Example: TIDEWORK_CDN_URL=https://cdn.example.com"
        )
    return problems
