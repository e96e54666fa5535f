import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Litestar, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from tidework.errors import TideworkError
from tidework.http.openapi import (
    PUBLIC,
    DocumentApp,
    document,
    openapi_config,
    operations,
    problem_responses,
)
from tidework.http.openapi_parts import PROBLEMS, TAGS, tag_of


class TaskCreate(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class TaskOut(msgspec.Struct):
    id: str
    title: str


@get("/workspaces/{w:str}/tasks", operation_id="listTasks", responses=problem_responses(404))
async def list_tasks(w: FromPath[str], limit: FromQuery[int] = 20) -> list[TaskOut]:
    """Tasks of a workspace."""
    return []


@post("/workspaces/{w:str}/tasks", operation_id="createTask", responses=problem_responses(403, 404))
async def create_task(w: FromPath[str], data: JSONBody[TaskCreate]) -> TaskOut:
    return TaskOut("1", data.title)


@patch("/workspaces/{w:str}/tasks/{task_id:str}", operation_id="updateTask")
async def update_task(
    w: FromPath[str], task_id: FromPath[str], data: JSONBody[TaskCreate]
) -> TaskOut:
    return TaskOut("1", data.title)


@delete("/workspaces/{w:str}", operation_id="deleteWorkspace")
async def delete_workspace(w: FromPath[str]) -> None: ...


@post("/auth/login", operation_id="logIn", security=PUBLIC)
async def log_in(data: JSONBody[TaskCreate]) -> TaskOut:
    return TaskOut("1", data.title)


@get("/.well-known/jwks.json", operation_id="getKeys", security=PUBLIC)
async def keys() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def app() -> Litestar:
    routes = [list_tasks, create_task, update_task, delete_workspace, log_in]
    return Litestar(
        [Router("/api/v1", route_handlers=routes), keys], openapi_config=openapi_config("1.2.3")
    )


@pytest.fixture(scope="module")
def schema(app: Litestar) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(
        document(app, [(TaskOut, {"id": "7", "title": "Buy milk"})])
    )
    return decoded


def operation(schema: dict[str, Any], operation_id: str) -> dict[str, Any]:
    return next(o for _, _, o in operations(schema) if o["operationId"] == operation_id)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for member in node.values():
            yield from references(member)
    elif isinstance(node, list):
        for member in node:
            yield from references(member)


def test_the_frame(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["version"] == "1.2.3"
    assert schema["servers"] == [{"url": "/"}]
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert schema["security"] == [{"bearer": []}]


def test_the_app_gets_no_route_of_litestars_own(app: Litestar) -> None:
    assert {route.path for route in app.routes} == {
        "/api/v1/workspaces/{w:str}/tasks",
        "/api/v1/workspaces/{w:str}/tasks/{task_id:str}",
        "/api/v1/workspaces/{w:str}",
        "/api/v1/auth/login",
        "/.well-known/jwks.json",
    }


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    found = set(references(schema))
    assert "#/components/responses/NotFound" in found
    for reference in found:
        node: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_failure_is_a_problem(schema: dict[str, Any]) -> None:
    names = {f"#/components/responses/{kind.name}" for kind in PROBLEMS.values()}
    for path, method, found in operations(schema):
        for code, response in found["responses"].items():
            if code >= "400" and path != "/health/ready":
                assert response["$ref"] in names, (path, method, code)
    for kind in PROBLEMS.values():
        response = schema["components"]["responses"][kind.name]
        content = response["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["examples"]["one"]["value"]["code"] == kind.code


@pytest.mark.parametrize(
    ("operation_id", "codes"),
    [
        ("listTasks", "200 304 400 401 403 404 414 422 429 503"),
        ("createTask", "201 400 401 403 404 408 409 413 414 415 422 429 503"),
        ("updateTask", "200 400 401 403 408 412 413 414 415 422 429 503"),
        ("deleteWorkspace", "204 400 401 403 412 414 422 429 503"),
        ("logIn", "201 400 408 409 413 414 415 422 429 503"),
        ("getKeys", "200 414 429 503"),
    ],
)
def test_what_each_can_answer(schema: dict[str, Any], operation_id: str, codes: str) -> None:
    assert list(operation(schema, operation_id)["responses"]) == codes.split()


def test_headers_of_requests_and_answers(schema: dict[str, Any]) -> None:
    def sent(operation_id: str) -> set[str]:
        parameters = operation(schema, operation_id).get("parameters", [])
        return {p["$ref"].rpartition("/")[2] for p in parameters if "$ref" in p}

    assert sent("listTasks") == {"IfNoneMatch", "TideworkSeq"}
    assert sent("createTask") == {"IdempotencyKey"}
    assert sent("updateTask") == {"IfMatch"}
    assert sent("getKeys") == set()
    created = operation(schema, "createTask")["responses"]["201"]["headers"]
    assert {"Location", "ETag", "Tidework-Seq", "X-Request-Id", "RateLimit"} <= set(created)
    assert "ETag" in operation(schema, "listTasks")["responses"]["304"]["headers"]


def test_bodies_and_examples(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    assert schemas["TaskOut"]["examples"] == [{"id": "7", "title": "Buy milk"}]
    assert schemas["TaskCreate"]["additionalProperties"] is False
    assert schemas["TaskCreate"]["properties"]["title"]["maxLength"] == 200
    body = operation(schema, "createTask")["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/TaskCreate"}
    assert set(schemas["Problem"]["required"]) >= {"type", "title", "status", "detail", "code"}


def test_a_patch_is_also_a_merge_patch(schema: dict[str, Any]) -> None:
    content = operation(schema, "updateTask")["requestBody"]["content"]
    assert content["application/merge-patch+json"] == content["application/json"]
    assert len(operation(schema, "createTask")["requestBody"]["content"]) == 1


def test_groups(schema: dict[str, Any]) -> None:
    assert operation(schema, "updateTask")["tags"] == ["tasks"]
    assert operation(schema, "deleteWorkspace")["tags"] == ["workspaces"]
    assert operation(schema, "logIn")["tags"] == ["auth"]
    assert [tag["name"] for tag in schema["tags"]] == ["auth", "workspaces", "tasks", "meta"]
    assert tag_of("/api/v1/workspaces/{w}/tasks/{id}/comments") == "comments"
    assert tag_of("/api/v1/admin/users") == "admin"
    names = [tag["name"] for tag in TAGS]
    assert len(names) == len(set(names))


def test_every_status_of_ours_is_described() -> None:
    def kinds(kind: type[TideworkError]) -> Iterator[type[TideworkError]]:
        for derived in kind.__subclasses__():
            yield derived
            yield from kinds(derived)

    ours = {kind.status for kind in kinds(TideworkError) if kind.__module__ == "tidework.errors"}
    assert set(PROBLEMS) == ours
    with pytest.raises(KeyError):
        problem_responses(418)


def test_the_document_is_the_same_each_time(app: Litestar) -> None:
    assert document(app) == document(app)


# --- answering with it ---------------------------------------------------------------------------


async def fetch(app: DocumentApp) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"headers": []}, None, send)
    return sent


async def test_it_is_made_once_for_all_who_ask_meanwhile() -> None:
    begun, go, made = threading.Event(), threading.Event(), []

    def build() -> bytes:
        made.append(1)
        begun.set()
        go.wait(30)
        return b"{}"

    app = DocumentApp(build)
    asking = [asyncio.create_task(fetch(app)) for _ in range(16)]
    await asyncio.to_thread(begun.wait, 30)
    # Who leaves takes it from nobody.
    asking.pop(0).cancel()
    go.set()
    answers = await asyncio.gather(*asking)
    assert [one[1]["body"] for one in answers] == [b"{}"] * 15
    assert len(made) == 1


async def test_one_that_could_not_be_made_is_tried_again() -> None:
    made = []

    def build() -> bytes:
        made.append(1)
        if len(made) == 1:
            raise RuntimeError("not yet")
        return b"{}"

    app = DocumentApp(build)
    with pytest.raises(RuntimeError):
        await fetch(app)
    assert (await fetch(app))[1]["body"] == b"{}"
