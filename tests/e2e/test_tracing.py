"""Traces of a real server, sent to a real OTLP/HTTP collector that the test plays."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.e2e.test_edge_secrets import provoke
from tests.services.processes import free_port, wait_until
from tests.services.server import StartServer
from tests.services.sink import Sink, sink

__all__ = ["sink"]

PASSWORD = "planted-password-Vb9"
TITLE = "planted-title-Vb9"
EMAIL = "ada.planted.Vb9@example.com"
TASKS = "/api/v1/workspaces/personal/tasks"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def spans(sink: Sink) -> list[Any]:
    """What has come, once: who has not heard in time that it came sends it again."""
    found = {}
    for one in list(sink.received):
        assert one.path == "/v1/traces"
        request = ExportTraceServiceRequest()
        request.ParseFromString(one.body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                found |= {span.span_id: span for span in scope.spans}
    return list(found.values())


def about(span: Any) -> dict[str, Any]:
    values = {}
    for one in span.attributes:
        kind = one.value.WhichOneof("value")
        values[one.key] = getattr(one.value, kind)
    return values


def environment(sink: Sink, **more: str) -> dict[str, str]:
    return {
        "TIDEWORK_OTLP_ENDPOINT": f"http://127.0.0.1:{sink.port}",
        "TIDEWORK_TRACE_RATIO": "1",
        "TIDEWORK_TRUSTED_PROXIES": "127.0.0.1",
        "TIDEWORK_LOG_FORMAT": "json",
        "TIDEWORK_RATE_LIMITS": "off",
    } | {f"TIDEWORK_{name}": value for name, value in more.items()}


def register(client: httpx.Client) -> dict[str, str]:
    body = {"email": EMAIL, "password": PASSWORD, "name": "Ada"}
    answer = client.post("/api/v1/auth/register", json=body).raise_for_status()
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def traced(client: httpx.Client, own: dict[str, str], flags: str, title: str = TITLE) -> None:
    headers = own | {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"}
    client.post(TASKS, json={"title": title}, headers=headers).raise_for_status()
    client.get(f"{TASKS}?q={title}", headers=headers).raise_for_status()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_from_the_proxy_to_each_statement(
    tidework_server: StartServer,
    sink: Sink,
    database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    settings = environment(sink)
    if database == "postgresql":
        settings |= prepared(request, tmp_path)
    server = tidework_server(env=settings)
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        own = register(client)
        me = client.get("/api/v1/users/me", headers=own).json()
        traced(client, own, "01")
    # What has not been sent yet is sent before the server ends.
    assert server.stop() == 0
    mine = [span for span in spans(sink) if span.trace_id.hex() == TRACE]
    posted, listed = sorted(
        (span for span in mine if span.parent_span_id.hex() == PARENT),
        key=lambda span: span.start_time_unix_nano,
    )
    assert posted.name == "POST /api/v1/workspaces/{w}/tasks"
    assert listed.name == "GET /api/v1/workspaces/{w}/tasks"
    found = about(posted)
    assert found["http.response.status_code"] == 201
    assert found["user.id"] == me["id"]
    assert found["tidework.workspace_id"] == me["personal_workspace_id"]

    of_post = [span for span in mine if span.parent_span_id == posted.span_id]
    of_list = [span for span in mine if span.parent_span_id == listed.span_id]
    [append] = [span for span in of_post if span.name == "append"]
    fetched = [about(span) for span in of_list if span.name.startswith("fetch ")]
    assert "task_search" in {one["db.query.summary"] for one in fetched}
    assert all(one["db.query.text"].startswith(("SELECT", "WITH")) for one in fetched)
    assert {one["db.system.name"] for one in fetched} == {database}
    for span in of_post + of_list:
        assert posted.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= listed.end_time_unix_nano
    [group] = [
        span
        for span in spans(sink)
        if span.name == "commit group"
        and any(link.span_id == append.span_id for link in span.links)
    ]
    # On a busy machine others' commits may be written with it.
    assert about(group)["tidework.commits"] == len(group.links)
    assert [link.span_id for link in append.links] == [group.span_id]

    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    [line] = [line for line in lines if line.get("trace_id") == TRACE]
    assert line["span_id"] == posted.span_id.hex()
    assert line["request_id"] == found["tidework.request_id"]


def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    settings = {
        "TIDEWORK_DATABASE_URL": request.getfixturevalue("postgres_url"),
        "TIDEWORK_SIGNING_KEYS_FILE": str(tmp_path / "keys.json"),
    }
    tidework = request.getfixturevalue("tidework")
    assert tidework("keys", "create", tmp_path / "keys.json").returncode == 0
    assert tidework("migrate", env=settings).returncode == 0
    return settings


def test_who_decides_what_is_traced(tidework_server: StartServer, sink: Sink) -> None:
    """The proxy's word holds in both directions; a stranger's is referred to, and no more."""
    server = tidework_server(env=environment(sink))
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        own = register(client)
        traced(client, own, "00")
    server.stop()
    assert not any(span.trace_id.hex() == TRACE for span in spans(sink))

    sink.received.clear()
    stranger = tidework_server(env=environment(sink, TRUSTED_PROXIES="10.0.0.0/8"))
    with httpx.Client(base_url=stranger.base_url, timeout=60) as client:
        traced(client, register(client), "01")
    stranger.stop()
    found = spans(sink)
    assert not any(span.trace_id.hex() == TRACE for span in found)
    linked = [span for span in found if any(link.trace_id.hex() == TRACE for link in span.links)]
    assert len(linked) == 2

    sink.received.clear()
    none = tidework_server(env=environment(sink, TRUSTED_PROXIES="10.0.0.0/8", TRACE_RATIO="0"))
    with httpx.Client(base_url=none.base_url, timeout=60) as client:
        traced(client, register(client), "01")
    none.stop()
    assert sink.received == []


def test_nothing_that_people_write_is_in_a_trace(tidework_server: StartServer, sink: Sink) -> None:
    server = tidework_server(env=environment(sink))
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        secrets = provoke(client)
        traced(client, register(client), "01")
    server.stop()
    names = {span.name for span in spans(sink)}
    assert {"POST /api/v1/auth/login", "append"} <= names
    sent = sink.bytes
    for word in (
        *secrets,
        PASSWORD,
        TITLE,
        EMAIL,
        "ada@example.com",
        "127.0.0.1:1",
        "python-httpx",
    ):
        assert word.encode() not in sent, word


def test_a_collector_that_is_away_disturbs_nobody(tidework_server: StartServer) -> None:
    settings = {
        "TIDEWORK_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "TIDEWORK_TRACE_RATIO": "1",
        "TIDEWORK_RATE_LIMITS": "off",
    }
    server = tidework_server(env=settings)
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        own = register(client)
        for _ in range(300):
            assert client.get(TASKS, headers=own).status_code == 200
        wait_until(lambda: "opentelemetry" in server.log.read_text(), "the log tells of it")
        assert client.post(TASKS, json={"title": "a"}, headers=own).status_code == 201
    assert server.stop() == 0
    assert "defect" not in server.log.read_text()


def test_what_is_not_set_is_not_loaded(tmp_path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from tidework.app import create_app
from tidework.commands.lifespan import running
from tidework.settings import Settings
from tidework.store.sql.migrations.runner import migrate_sqlite

settings = Settings(data_dir=Path(sys.argv[1]))
migrate_sqlite(settings.database_path)

async def main():
    async with running(create_app(settings)):
        print(sorted({"opentelemetry.sdk", "sentry_sdk", "requests"} & sys.modules.keys()))

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
