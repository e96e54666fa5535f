"""Addresses of databases: several servers, replicas, a pooler."""

import pytest

from tidework.settings import InvalidSettings, load, table
from tidework.store.sql.servers import name_of, split_hosts, unmarked

MANY = (
    "postgresql://ada:s%40cret@db1:5432,db2:5433,[::1]:5434/tides?target_session_attrs=read-write"
)
REPLICAS = "postgresql://ada:one@db2/tides postgres://ada:two@db3/tides?pgbouncer=true"


def test_several_servers() -> None:
    settings = load({"TIDEWORK_DATABASE_URL": MANY})
    assert settings.database_url == MANY
    assert settings.is_cluster
    assert split_hosts(MANY) == [
        "postgresql://ada:s%40cret@db1:5432/tides",
        "postgresql://ada:s%40cret@db2:5433/tides",
        "postgresql://ada:s%40cret@[::1]:5434/tides",
    ]
    assert [name_of(url) for url in split_hosts(MANY)] == ["db1:5432", "db2:5433", "[::1]:5434"]
    assert split_hosts("postgresql://h/d?sslmode=require&target_session_attrs=any&port=1") == [
        "postgresql://h/d?sslmode=require&port=1"
    ]


def test_replicas() -> None:
    environ = {"TIDEWORK_DATABASE_URL": MANY, "TIDEWORK_DATABASE_REPLICA_URLS": REPLICAS}
    settings = load(environ)
    assert settings.database_replica_urls == (
        "postgresql://ada:one@db2/tides",
        "postgresql://ada:two@db3/tides?pgbouncer=true",
    )
    # As a process of our own gets them.
    assert load(settings.to_environ()) == settings
    assert unmarked(settings.database_replica_urls[1]) == ("postgresql://ada:two@db3/tides", True)
    assert unmarked(settings.database_replica_urls[0])[1] is False


def test_passwords_are_masked() -> None:
    environ = {
        "TIDEWORK_DATABASE_URL": MANY,
        "TIDEWORK_DATABASE_REPLICA_URLS": REPLICAS,
        "TIDEWORK_DATABASE_POOLER_URL": "postgresql://ada:three@pool:6432/tides",
    }
    shown = str(table(load(environ), environ)) + repr(load(environ))
    for secret in ("s%40cret", "one@", "two@", "three"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DATABASE_URL", "postgresql://h1:1,h2:99999/d", "port from 1 to 65535"),
        ("DATABASE_URL", "postgresql://h1,/d", "names no server"),
        ("DATABASE_URL", "postgresql://h/d?target_session_attrs=standby", "takes no changes"),
        ("DATABASE_URL", "postgresql:///d?host=h1,h2", "before the slash"),
        ("DATABASE_REPLICA_URLS", "sqlite:///x", "postgresql://"),
        ("DATABASE_REPLICA_URLS", "postgresql://h1,h2/d", "each its own"),
        ("DATABASE_REPLICA_URLS", "postgresql://h/d postgresql://h/d", "twice"),
        ("DATABASE_REPLICA_URLS", "postgresql://h", "names no database"),
        ("DATABASE_POOLER_URL", "postgresql://h/d postgresql://i/d", "several"),
    ],
)
def test_what_cannot_be_used_is_refused(name: str, value: str, problem: str) -> None:
    with pytest.raises(InvalidSettings, match=problem):
        load({"TIDEWORK_DATABASE_URL": "postgresql://h/d", f"TIDEWORK_{name}": value})


@pytest.mark.parametrize("name", ["DATABASE_REPLICA_URLS", "DATABASE_POOLER_URL"])
def test_a_file_has_no_replicas(name: str) -> None:
    with pytest.raises(InvalidSettings, match="SQLite file"):
        load({f"TIDEWORK_{name}": "postgresql://h/d"})
