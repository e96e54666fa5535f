"""Settings: every value is checked, every refusal helps, no secret is shown."""

from dataclasses import fields
from pathlib import Path

import pytest

from tidework.settings import InvalidSettings, Settings, load, table, variable
from tidework.settings_values import RateLimits, redis_address


def problem(environ: dict[str, str], **overrides: object) -> str:
    with pytest.raises(InvalidSettings) as caught:
        load(environ, **overrides)
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.detail


def test_defaults_need_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert settings.data_dir == tmp_path / "var"
    assert settings.database_path == tmp_path / "var" / "tidework.db"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.keys_path == tmp_path / "var" / "signing-keys.json"
    assert not settings.is_cluster


def test_an_option_wins_over_the_environment(tmp_path: Path) -> None:
    settings = load({"TIDEWORK_PORT": "9000"}, port=9001, data_dir=tmp_path, host=None)
    assert (settings.port, settings.data_dir) == (9001, tmp_path)
    assert settings.public_url == "http://127.0.0.1:9001"


def test_an_empty_variable_is_not_set() -> None:
    assert load({"TIDEWORK_PORT": " ", "TIDEWORK_REDIS_URL": ""}) == load({})


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")],
)
def test_the_public_url_is_somewhere_to_go(host: str, reachable: str) -> None:
    assert load({"TIDEWORK_HOST": host}).public_url == f"http://{reachable}:8000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "0"),
        ("port", "65536"),
        ("port", "8000.0"),
        ("port", "٨٠٠٠"),
        ("port", "tcp://10.0.0.1:80"),
        ("workers", "0"),
        ("host", "http://localhost"),
        ("host", "a b"),
        ("data_dir", "a\0b"),
        ("database_url", "tidework.db"),
        ("database_url", "sqlite://"),
        ("database_url", "sqlite:///:memory:"),
        ("database_url", "sqlite:///a.db?mode=ro"),
        ("database_url", "postgresql://host"),
        ("database_url", "postgresql://host:0/name"),
        ("database_url", "mysql://host/name"),
        ("database_url", "oracle://host/name"),
        ("redis_url", "cache.example.com:6379"),
        ("redis_url", "http://h:6379"),
        ("redis_url", "redis://"),
        ("redis_url", "redis://h:0"),
        ("redis_url", "redis://h:70000"),
        ("redis_url", "redis://h/first"),
        ("redis_url", "redis://a,b/0"),
        ("redis_url", "redis://h/0?timeout=3"),
        ("redis_url", "redis+sentinel://a,b"),
        ("redis_url", "redis+cluster://a,b/c"),
        ("redis_url", "rediss://h/0?ca_file=/nowhere/ca.pem"),
        ("broker_url", "rediss://h/0?ca_file=/nowhere/ca.pem"),
        ("smtp_url", "smtps://mail.example.com?ca_file=/nowhere/ca.pem"),
        ("smtp_url", "smtps://mail.example.com?ca_file=/"),
        ("public_url", "tasks.example.com"),
        ("public_url", "https://tasks.example.com/sub"),
        ("public_url", "https://me:pw@tasks.example.com"),
        ("public_url", "http://h:99999"),
        ("registration", "Open"),
        ("rate_limits", "maybe"),
        ("rate_limits", "account=0/minute"),
        ("rate_limits", "account=5/fortnight"),
        ("rate_limits", "stranger=5/minute"),
        ("rate_limits", "account=5/minute,account=6/minute"),
        ("rate_limits", "enabled=1/minute"),
        ("rate_limits", ","),
        ("access_token_seconds", "9"),
        ("session_days", "0"),
        ("max_body_bytes", "1 MB"),
        ("max_body_bytes", "-1"),
        ("cache_bytes", "2000 GiB"),
        ("pool_min", "-1"),
        ("pool_max", "0"),
        ("log_format", "xml"),
        ("log_level", "trace"),
        ("metrics", "9464"),
        ("metrics", "127.0.0.1:0"),
        ("otlp_endpoint", "collector:4318"),
        ("trace_ratio", "1.5"),
        ("trace_ratio", "-0"),
        ("trace_ratio", "10 %"),
        ("sentry_dsn", "key@sentry.example.com/1"),
        ("sentry_dsn", "https://sentry.example.com/1"),
        ("sentry_dsn", "https://:secret@sentry.example.com/1"),
        ("sentry_dsn", "https://key@sentry.example.com"),
        ("sentry_dsn", "https://key@sentry.example.com/tidework"),
        ("log_file_count", "0"),
        ("slow_query_ms", "1s"),
        ("slow_query_explain", "analyze"),
        ("mail_from", "Tidework <a@example.org>"),
    ],
)
def test_a_wrong_value_is_one_clear_line(name: str, value: str) -> None:
    said = problem({variable(name): value})
    assert said.startswith(f"{variable(name)} is ")
    assert "Example: " in said
    assert "\n" not in said
    assert problem({}, **{name: value}).startswith(f"--{name.replace('_', '-')} is ")


def test_every_example_is_accepted() -> None:
    for one in fields(Settings):
        example = {variable(one.name): one.metadata["about"].example}
        # Some of them make sense only beside a database server.
        load({"TIDEWORK_DATABASE_URL": "postgresql://h/d"} | example)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        load({"TIDEWORK_PORT": "x", "TIDEWORK_LOG_LEVEL": "y", "TIDEWORK_NONSENSE": "z"})
    assert len(caught.value.problems) == 3


def test_a_typing_error_is_named_with_what_was_meant() -> None:
    assert "Did you mean TIDEWORK_DATA_DIR?" in problem({"TIDEWORK_DATADIR": "/tmp"})
    assert "tidework settings" in problem({"TIDEWORK_XYZZY": "1"})


def test_a_kubernetes_service_of_our_name_is_no_setting() -> None:
    links = {
        "TIDEWORK_SERVICE_HOST": "10.0.0.7",
        "TIDEWORK_SERVICE_PORT": "8000",
        "TIDEWORK_SERVICE_PORT_HTTP": "8000",
        "TIDEWORK_PORT": "tcp://10.0.0.7:8000",
        "TIDEWORK_PORT_8000_TCP": "tcp://10.0.0.7:8000",
        "TIDEWORK_PORT_8000_TCP_ADDR": "10.0.0.7",
    }
    assert load(links) == load({})
    assert load(links, port=9000).port == 9000


@pytest.mark.parametrize(
    "environ",
    [
        {"TIDEWORK_POOL_MIN": "5", "TIDEWORK_POOL_MAX": "4"},
        {"TIDEWORK_MAX_BODY_BYTES": "50 MiB"},
    ],
)
def test_settings_that_contradict_each_other_are_refused(environ: dict[str, str]) -> None:
    assert next(iter(environ)) in problem(environ)


def test_limits_that_are_not_named_keep_their_default() -> None:
    limits = load({"TIDEWORK_RATE_LIMITS": "account=600/minute, login=3 per 1 hour"}).rate_limits
    assert limits == RateLimits(account="600 per 1 minute", login="3 per 1 hour")
    assert limits.enabled
    assert not load({"TIDEWORK_RATE_LIMITS": "off"}).rate_limits.enabled


def test_workers_get_the_same_settings(tmp_path: Path) -> None:
    given = {variable(one.name): one.metadata["about"].example for one in fields(Settings)}
    settings = load(given, port=9001, data_dir=tmp_path)
    assert load(settings.to_environ()) == settings
    assert load(load({}).to_environ()) == load({})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tide:pl4nted@db/tidework",
        "postgresql://tide:pl4nted@at@db/tidework",
        "postgres://tide:pl4/nted@db/tidework",
        "postgresql://db/tidework?user=tide&password=pl4nted",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    environ = {"TIDEWORK_DATABASE_URL": url}
    try:
        settings = load(environ)
    except InvalidSettings as error:
        shown = error.detail
    else:
        shown = repr(table(settings, environ)) + repr(settings)
        assert "***" in shown
    assert "pl4" not in shown
    assert "nted" not in shown


@pytest.mark.parametrize("name", ["otlp_endpoint", "sms_url", "chat_url"])
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://tide:pl4nted@g.example.com:4318", "https://***@g.example.com:4318"),
        ("https://tide:pl4@nted@g.example.com", "https://***@g.example.com"),
        ("https://g.example.com/s?token=pl4nted", "https://g.example.com/s?token=***"),
        ("https://g.example.com:443?a=pl4@nted&b=pl4", "https://g.example.com:443?a=***&b=***"),
        ("https://t:pl4nted@[::1]:80/s?pl4nted#pl4", "https://***@[::1]:80/s?***"),
        ("https://g.example.com/s", "https://g.example.com/s"),
    ],
)
def test_no_credentials_of_a_gateway_are_shown(name: str, url: str, shown: str) -> None:
    environ = {variable(name): url}
    settings = load(environ)
    assert getattr(settings, name) == url
    rows = {row.name: row.value for row in table(settings, environ)}
    assert rows[variable(name)] == shown
    assert "pl4" not in repr(settings)
    assert "nted" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "tide:pl4nted@db"),
        ("public_url", "https://tide:pl4nted@tasks.example.com"),
        ("public_url", "https://tide:pl4/nted@tasks.example.com"),
        ("public_url", "https://tasks.example.com?token=pl4nted"),
        ("public_url", "tide:pl4nted@tasks.example.com"),
        ("cdn_url", "https://tide:pl4nted@cdn.example.com"),
        ("chat_url", "tide:pl4nted@chat.example.com"),
    ],
)
def test_a_password_in_a_broken_address_is_not_shown(name: str, value: str) -> None:
    said = problem({variable(name): value})
    assert "***" in said
    assert "pl4" not in said
    assert "nted" not in said


def test_the_table_says_where_a_value_comes_from(tmp_path: Path) -> None:
    environ = {"TIDEWORK_LOG_LEVEL": "error"}
    rows = {row.name: row for row in table(load(environ, port=1234), environ, port=1234)}
    assert set(rows) == {variable(one.name) for one in fields(Settings)}
    assert rows["TIDEWORK_LOG_LEVEL"][1:4] == ("error", "info", "environment")
    assert rows["TIDEWORK_PORT"][1:4] == ("1234", "8000", "option")
    assert rows["TIDEWORK_HOST"].origin == "default"


def test_where_redis_is() -> None:
    plain = redis_address("rediss://ada:p%40ss/w@cache.example.com/3?ca_file=/etc/ca.pem")
    assert plain.hosts == [("cache.example.com", 6379)]
    assert (plain.username, plain.password, plain.db) == ("ada", "p@ss/w", 3)
    assert (plain.tls, plain.ca_file, plain.service) == (True, "/etc/ca.pem", "")
    bare = redis_address("rediss://:p@h:6380?ca_file=/x/ca.pem")
    assert (bare.hosts, bare.db, bare.ca_file) == ([("h", 6380)], 0, "/x/ca.pem")
    watched = redis_address("redis+sentinel://:s3cret@a:1,b,[::1]:3/tidework/2")
    assert watched.hosts == [("a", 1), ("b", 26379), ("::1", 3)]
    assert (watched.service, watched.db, watched.tls) == ("tidework", 2, False)
    assert (watched.password, watched.sentinel_password) == ("s3cret", "s3cret")
    assert "s3cret" not in str(watched)
    other = redis_address("rediss+sentinel://:s3cret@a/t?sentinel_password=0ther")
    assert (other.tls, other.password, other.sentinel_password) == (True, "s3cret", "0ther")
    assert redis_address("redis+sentinel://:a@b/t?sentinel_password=").sentinel_password is None
    url = "redis+sentinel://:s3cret@a/t?sentinel_password=0ther"
    rows = {row.name: row.value for row in table(load({"TIDEWORK_REDIS_URL": url}), {})}
    assert rows["TIDEWORK_REDIS_URL"] == "redis+sentinel://:***@a/t?sentinel_password=***"


@pytest.mark.parametrize(
    "url",
    [
        "amqp://tidework:secret@127.0.0.1:5672/",
        "amqps://tidework:secret@mq.example.com/vhost",
        "nats://tidework:secret@one.example.com:4222,two.example.com:4222",
        "redis://:secret@redis.example.com:6379/2",
        "kafka://one.example.com:9092,two.example.com:9092?tls=on&sasl=PLAIN",
        "kafka://[::1]:9092",
    ],
)
def test_a_broker_is_named_by_its_address(url: str) -> None:
    assert load({"TIDEWORK_BROKER_URL": url}).broker_url == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://tidework:hidden@mq.example.com", "does not begin with amqp://"),
        ("amqp://tidework:hidden@one,two/", "several hosts"),
        ("nats://tidework:hidden@mq.example.com:0", "port"),
        ("kafka://tidework:hidden@:9092", "HOST"),
        ("kafka://mq.example.com:9092?acks=0", "acks=0"),
        ("redis://:hidden@one,two/0", "several hosts"),
    ],
)
def test_what_is_no_broker_is_refused_without_its_password(url: str, why: str) -> None:
    said = problem({"TIDEWORK_BROKER_URL": url})
    assert why in said
    assert "hidden" not in said
