"""The fixture itself: what tests of Redis and of its absence lean on."""

import pytest
import redis as client
from redis.exceptions import AuthenticationError

from tests.services.redis import Redis


def test_it_wants_its_password_and_listens_on_loopback_only(redis: Redis, redis_url: str) -> None:
    wrong = redis_url.replace(redis.password, "wrong")
    with client.Redis.from_url(wrong) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    with client.Redis.from_url(redis_url) as known:
        assert known.ping()
        assert known.config_get("bind") == {"bind": "127.0.0.1"}


def test_it_is_empty_although_another_test_has_written(redis: Redis) -> None:
    assert redis.ask("DBSIZE") == 0
    redis.ask("SET", "left", "behind")


def test_it_is_empty_again(redis: Redis) -> None:
    assert redis.ask("DBSIZE") == 0
    redis.ask("SET", "left", "behind")


def test_killed_it_is_gone_and_comes_back_with_or_without_its_data(redis: Redis) -> None:
    redis.ask("SET", "key", "kept")
    redis.stop()
    assert not redis.running
    assert not redis.healthy()
    redis.start()
    assert redis.ask("GET", "key") == "kept"
    redis.kill()
    assert not redis.running
    with pytest.raises(client.ConnectionError):
        redis.ask("PING")
    redis.start()
    redis.restart_empty()
    assert redis.ask("GET", "key") is None


def test_frozen_it_takes_connections_and_answers_nothing(redis: Redis) -> None:
    redis.freeze()
    assert redis.running
    assert not redis.healthy()
    redis.thaw()
    assert redis.healthy()
