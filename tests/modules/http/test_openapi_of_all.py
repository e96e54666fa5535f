"""The document of the whole product: what is served is described, and what is described is so."""

import re
from collections import defaultdict
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from litestar.routes import HTTPRoute
from tests.services.api import Api, Person

from tidework.composition import compose
from tidework.http.openapi import operations
from tidework.routing import EXAMPLES, framework

JSON = ("application/json", "application/problem+json")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def described(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.client.get("/api/v1/openapi.json")).json()
    return found


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """What checks values against a schema that refers into the document."""
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": document["components"]}, validate_formats=True
    )


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A node, or what it refers to."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def examples_of(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    """The examples that stand with a body, or with the schema it refers to."""
    found = [one["value"] for one in content.get("examples", {}).values()]
    schema = content["schema"]
    for part in (schema, *schema.get("oneOf", ())):
        found += resolved(document, part).get("examples", [])
    return found


async def test_every_route_is_described_and_nothing_else(
    api: Api, described: dict[str, Any]
) -> None:
    services = compose(api.settings, api.app._edge._front._store)
    routes = {
        (route.path_format, method.lower())
        for route in framework(services).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS", "HEAD"}
    }
    found = {(path, method) for path, method, _ in operations(described)}
    plain = {("/health/live", "get"), ("/health/ready", "get"), ("/api/v1/openapi.json", "get")}
    assert found == routes | plain
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(described):
        assert operation["summary"].strip(), (path, method)
        assert len(operation["tags"]) == 1, (path, method)


async def test_everything_that_can_be_sent_or_answered_has_a_valid_example(
    described: dict[str, Any],
) -> None:
    without = []
    # Most of what is answered is one of a few schemas, each of which takes the whole document along.
    checks: dict[bytes, Any] = {}
    for path, method, operation in operations(described):
        bodies = [("body", operation.get("requestBody", {}).get("content", {}))]
        for code, response in operation["responses"].items():
            bodies.append((code, resolved(described, response).get("content", {})))
        for name, contents in bodies:
            for kind, content in contents.items():
                examples = examples_of(described, content)
                if not examples:
                    without.append((method, path, name, kind))
                schema = msgspec.json.encode(content["schema"])
                if schema not in checks:
                    checks[schema] = validator(described, content["schema"])
                for example in examples:
                    checks[schema].validate(example)
    assert without == []


def test_examples_are_what_the_code_takes() -> None:
    for kind, example in EXAMPLES:
        msgspec.convert(example, kind)


async def test_parameters_and_headers_are_described(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        parameters = [resolved(described, p) for p in operation.get("parameters", ())]
        for parameter in parameters:
            assert parameter["description"], (method, path, parameter["name"])
            assert parameter["schema"], (method, path, parameter["name"])
        named = {p["name"] for p in parameters if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path
        for code, response in operation["responses"].items():
            headers = resolved(described, response).get("headers", {})
            assert "X-Request-Id" in headers, (method, path, code)


async def test_the_query_parameters_are_those_that_routes_take(
    api: Api, described: dict[str, Any]
) -> None:
    """Each refuses a name that it does not know, and says which ones it does."""
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    webhook = await ada.made("~/webhooks", {"url": "https://hooks.example.com/"})
    checked = 0
    for path, method, operation in operations(described):
        declared = {p["name"] for p in operation.get("parameters", ()) if p.get("in") == "query"}
        if method != "get" or "/api/v1/" not in path:
            continue
        ids = {"w": ada.workspace, "id": task["id"], "webhook_id": webhook["id"]}
        place = path.format_map(defaultdict(lambda: "x", ids))
        answer = await ask(ada, place, {"nonsense": "1"})
        if declared:
            known = re.search(r"Known: ([^.]*)\.", answer.json()["detail"])
            assert known, (path, answer.text)
            assert set(known[1].split(", ")) == declared, path
            checked += 1
        elif path != "/api/v1/openapi.json":
            assert answer.status_code in (422, 404), path
    assert checked >= 10


async def test_defaults_and_bounds_are_those_of_the_document(
    api: Api, described: dict[str, Any]
) -> None:
    ada = await api.person()
    task = await ada.made("~/tasks", {"title": "x"})
    webhook = await ada.made("~/webhooks", {"url": "https://hooks.example.com/"})
    ids = {"w": ada.workspace, "id": task["id"], "webhook_id": webhook["id"]}
    for path, method, operation in operations(described):
        # Of events the answer does not end, where it is good: see tests/modules/live. What comes
        # with a file is tried in tests/modules/exchange.
        if path.endswith("/events") or method != "get":
            continue
        for parameter in operation.get("parameters", ()):
            if parameter.get("in") != "query":
                continue
            name, schema = parameter["name"], parameter["schema"]
            place = path.format_map(ids)
            good, bad = values_of(schema)
            for value in good:
                answer = await ask(ada, place, {name: value})
                assert answer.status_code == 200, (path, name, value, answer.text)
            for value in bad:
                answer = await ask(ada, place, {name: value})
                assert answer.status_code == 422, (path, name, value, answer.text)


async def ask(who: Person, path: str, query: dict[str, Any]) -> Any:
    return await who.get(path.removeprefix("/api/v1"), params=query)


def values_of(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values that the schema of a parameter takes, and some that it does not."""
    good = [schema["default"]] if "default" in schema else []
    if schema.get("type") == "array":
        item = schema["items"]
        choices = [word for part in item.get("anyOf", [item]) for word in part.get("enum", ())]
        return [*choices, *([",".join(choices)] if choices else [])], ["nonsense", ""]
    if "enum" in schema:
        return [*good, *schema["enum"]], ["nonsense"]
    if schema.get("type") == "integer":
        lowest, highest = schema["minimum"], schema["maximum"]
        return [*good, lowest, highest], [lowest - 1, highest + 1, "x", "1.5", ""]
    if schema.get("type") == "boolean":
        return ["true", "false"], ["yes", "1", ""]
    if "date-time" in str(schema):
        return ["2026-11-22", "2026-11-22T09:00:00+14:00"], ["tomorrow", "2026-13-01", ""]
    return [], []
