"""Reports to Sentry, over the real client to a real HTTP server: what leaves, and what must not."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.services.api import Api, OpenApi, Person, opened
from tests.services.sink import Sink, sink

from tidework.errors import Unavailable
from tidework.http import logs
from tidework.observability.sentry import Sentry
from tidework.settings import load
from tidework.tasks.service import TaskService

__all__ = ["sink"]

TITLE = "planted-title-Jq4"
PASSWORD = "planted-password-Jq4-x"
EMAIL = "planted.Jq4@example.com"


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    out = io.StringIO()
    logs.configure("json", "info", out)
    yield out
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before


def events(sink: Sink) -> list[dict[str, Any]]:
    found = []
    for one in sink.received:
        lines = one.body.split(b"\n")
        header = json.loads(lines[1])
        if header["type"] == "event":
            found.append(json.loads(lines[2]))
    return found


def dsn(sink: Sink) -> str:
    return f"http://planted0key@127.0.0.1:{sink.port}/42"


async def broken(*_: Any, **given: Any) -> None:
    password = PASSWORD  # a local variable, which must stay here
    try:
        raise KeyError(f"{EMAIL} wrote {TITLE} with {password}")
    except KeyError as error:
        raise RuntimeError(f"could not write {given!r} for {EMAIL}") from error


async def test_a_defect_is_reported_and_nothing_that_anybody_wrote(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    monkeypatch.setattr(TaskService, "create", broken)
    settings = load(
        {
            "TIDEWORK_DATA_DIR": str(tmp_path),
            "TIDEWORK_SENTRY_DSN": dsn(sink),
            "TIDEWORK_RATE_LIMITS": "off",
        }
    )
    async with opened(settings, address="203.0.113.77") as api:
        person = await api.person(EMAIL, "Planted Name")
        answer = await person.post("~/tasks", {"title": TITLE})
        assert answer.status_code == 500
        refused = await person.post("~/projects", {"name": ""})
        assert refused.status_code == 422
    # Ended, so that everything that was going to leave has left.
    [event] = events(sink)
    assert [one["type"] for one in event["exception"]["values"]] == ["KeyError", "RuntimeError"]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert {"broken"} <= {frame["function"] for frame in frames}
    assert event["tags"]["event"] == "defect"
    assert event["tags"]["request_id"] == answer.headers["x-request-id"]
    assert event["release"].startswith("tidework@")
    sent = sink.bytes.decode()
    for word in (TITLE, PASSWORD, EMAIL, "Planted Name", person.access_token, person.id):
        assert word not in sent, word
    for word in ("203.0.113.77", str(tmp_path), "authorization", "server_name", "sys.argv"):
        assert word not in sent, word
    # The log has it all, but for secrets.
    assert "could not write" in log.getvalue()


async def test_a_job_that_fails_is_reported_and_what_is_expected_is_not(sink: Sink) -> None:
    sentry = Sentry(dsn(sink))
    logs.on_error(sentry.report)
    logger = logs.get_logger("tidework.jobs")
    try:
        logger.error("mail_failed", exc_info=Unavailable("The database is away."))
        logger.warning("odd", exc_info=ValueError("x"))
        logger.error("no exception")
        try:
            raise ZeroDivisionError("planted")
        except ZeroDivisionError:
            logger.exception("job_failed", stream_id="planted-stream")
            logging.getLogger("asyncio").exception("Task exception was never retrieved")
    finally:
        logs.on_error(None)
        sentry.close()
    tags = [event["tags"] for event in events(sink)]
    assert [tag["event"] for tag in tags] == ["job_failed", "Task exception was never retrieved"]
    assert "planted-stream" not in sink.bytes.decode()


async def test_nothing_leaves_without_an_address(
    open_api: OpenApi, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn(sink))
    monkeypatch.setattr(TaskService, "create", broken)
    api: Api = await open_api()
    person: Person = await api.person()
    assert (await person.post("~/tasks", {"title": TITLE})).status_code == 500
    assert sink.received == []


async def test_an_address_where_nobody_is_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TaskService, "create", broken)
    settings = load(
        {
            "TIDEWORK_DATA_DIR": str(tmp_path),
            "TIDEWORK_SENTRY_DSN": "http://key@127.0.0.1:1/42",
            "TIDEWORK_RATE_LIMITS": "off",
        }
    )
    async with opened(settings) as api:
        person = await api.person()
        for _ in range(3):
            assert (await person.post("~/tasks", {"title": TITLE})).status_code == 500
        assert (await person.get("~/tasks")).status_code == 200
