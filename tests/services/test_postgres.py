"""The fixture itself: what tests of the store and of faults lean on."""

from collections.abc import Callable

import asyncpg
import psutil
import pytest

from tests.services.postgres import OLDEST, Postgres


async def test_a_fresh_database_is_empty_and_owned_by_an_ordinary_role(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        )
        superuser = await connection.fetchval(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        await connection.execute("CREATE TABLE owned (id int)")
    finally:
        await connection.close()
    assert tables == 0
    assert superuser is False


async def test_databases_do_not_see_each_other(postgres_database: Callable[..., str]) -> None:
    one, two = postgres_database(), postgres_database()
    connection = await asyncpg.connect(one)
    await connection.execute("CREATE TABLE only_here (id int)")
    await connection.close()
    connection = await asyncpg.connect(two)
    try:
        assert await connection.fetchval("SELECT to_regclass('only_here')") is None
    finally:
        await connection.close()


async def test_a_template_is_copied(
    postgres: Postgres, postgres_database: Callable[..., str]
) -> None:
    template = postgres.create_database()
    try:
        postgres.execute("CREATE TABLE migrated AS SELECT 7 AS answer", database=template)
        postgres.execute("ALTER TABLE migrated OWNER TO tidework", database=template)
        connection = await asyncpg.connect(postgres_database(template))
        try:
            assert await connection.fetchval("SELECT answer FROM migrated") == 7
        finally:
            await connection.close()
    finally:
        postgres.drop_database(template)


async def test_it_is_recent_and_reachable_only_by_password(
    postgres: Postgres, postgres_url: str
) -> None:
    [[(version,)], [(commits,)], [(connections,)]] = postgres.execute(
        "SHOW server_version_num", "SHOW synchronous_commit", "SHOW max_connections"
    )
    assert int(version) >= OLDEST * 10_000
    assert commits == "on"
    assert int(connections) == 200
    wrong = postgres_url.replace("tidework:", "tidework:x")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


def test_what_was_committed_survives_a_kill(postgres: Postgres, postgres_url: str) -> None:
    database = postgres_url.rsplit("/", 1)[1]
    postgres.execute("CREATE TABLE kept AS SELECT 1 AS id", database=database)
    family = [postgres.pid, *(p.pid for p in psutil.Process(postgres.pid).children())]
    postgres.kill()
    assert len(family) > 1
    assert not any(psutil.pid_exists(pid) for pid in family)
    with pytest.raises(OSError, match=r"refused|Connect"):
        postgres.execute("SELECT 1")

    postgres.start()
    assert postgres.execute("SELECT id FROM kept", database=database) == [[(1,)]]


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_it_stops_and_starts_again(postgres: Postgres, postgres_url: str, mode: str) -> None:
    database = postgres_url.rsplit("/", 1)[1]
    postgres.stop(mode)  # type: ignore[arg-type]
    assert not postgres.running
    postgres.start()
    assert postgres.url(database) == postgres_url


async def test_a_frozen_server_takes_connections_and_answers_nothing(
    postgres: Postgres, postgres_url: str
) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        postgres.freeze()
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT 1", timeout=0.2)
        postgres.thaw()
    finally:
        connection.terminate()
