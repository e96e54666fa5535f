"""The setting of the message broker: from its text to its value."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from tidework.settings_values import redis_url

BROKERS: Final = {
    "amqp": "rabbit",
    "amqps": "rabbit",
    "nats": "nats",
    "redis": "redis_streams",
    "rediss": "redis_streams",
    "kafka": "kafka",
}
"""Each scheme with the module of `tidework.bus` that is loaded for it."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_KAFKA: Final = {
    "tls": {"on", "off"},
    "idempotence": {"on", "off"},
    "sasl": {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"},
}


def broker_url(raw: str) -> str:
    """`amqp(s)://`, `nats://`, `redis(s)://` or `kafka://`."""
    scheme, separator, rest = raw.partition("://")
    if not separator or scheme not in BROKERS:
        raise ValueError("does not begin with amqp://, amqps://, nats://, redis:// or kafka://")
    if any(character.isspace() for character in raw):
        raise ValueError("has a space in it")
    if scheme in {"redis", "rediss"}:
        return redis_url(raw)
    hosts, _, query = rest.rpartition("@")[2].partition("?")
    if scheme in {"amqp", "amqps"}:
        hosts = hosts.partition("/")[0]
    names = hosts.rstrip("/").split(",")
    if len(names) > 1 and scheme in {"amqp", "amqps"}:
        raise ValueError("names several hosts, which RabbitMQ's client does not take")
    for name in names:
        _check_host(name)
    for name, value in parse_qsl(query, keep_blank_values=True) if scheme == "kafka" else ():
        if value not in _KAFKA.get(name, ()):
            raise ValueError(f"has the option {name}={value}, which is unknown")
    return raw


def _check_host(name: str) -> None:
    if not _HOST.fullmatch(name):
        raise ValueError("has something else where HOST or HOST:PORT should stand")
    try:
        known = urlsplit(f"any://{name}").port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("has a port that is not from 1 to 65535")
