"""What cannot be taken: it gets an answer that helps, and changes nothing."""

import json
from typing import Any

from tests.modules.tasks.world import code, items, make, pointer, seq_of
from tests.services.api import Api, Person

DEEP = b"[" * 100_000, b'{"title":' * 5000 + b"1" + b"}" * 5000
NO_JSON_AT_ALL = (
    b"",
    b" ",
    b"{",
    b"title=x",
    b"{'title': 'x'}",
    b"\xff\xfe{}",
    b"\x00",
    b"NaN",
    *DEEP,
)


def broken(valid: bytes) -> list[bytes]:
    """A body with all kinds of faults."""
    return [
        valid[:-1],
        valid[: len(valid) // 2],
        valid + b"}",
        valid + valid,
        valid[:-1] + b",}",
        valid[:-1] + b" x}",
        valid.replace(b": ", b" ", 1),
        valid.replace(b'"', b'"\xff', 1),
        valid.replace(b'"', b'"\x00', 1),
        *NO_JSON_AT_ALL,
    ]


NOT_AN_OBJECT = (b"[]", b'"x"', b"7", b"null", b"true", b'[{"title": "x"}]')
UNTYPED = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/xml",
    "",
    "application/json; charset=utf-16",
)

WRONG: list[tuple[str, Any]] = [
    *(("title", value) for value in (None, 7, True, [], {}, "", " ", "\n\t", "\u3000\u2003", "x" * 201)),
    ("title", "\U0001f600" * 201), ("title", "x" * 1_000_000),
    *(("description", value) for value in (7, ["x"], {}, "x" * 65_537)),
    *(("status", value) for value in ("done", "PENDING", "", 1, None, ["pending"])),
    *(("priority", value) for value in ("highest", "", 3, None)),
    *(("due_at", value) for value in (
        "tomorrow", "", 7, "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-06-30T23:59:60Z",
        "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01", "2026-01-01T00:00:00+25:00",
        "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00ZZ", "2026-W01-1T00:00:00Z", ["2026-01-01T00:00:00Z"],
        "٢٠٢٦-01-01T00:00:00Z",
    )),
    *((name, value) for name in ("project_id", "parent_id", "assignee_id")
      for value in ("x", "", 7, [], "me", "1", "01a2011d-c4e9-75ab-a676-e53516a7f24", "é" * 36)),
    ("label_ids", "x"), ("label_ids", {}), ("label_ids", 7),
]  # fmt: skip
WRONG_INSIDE: list[tuple[str, Any, str]] = [
    ("label_ids", ["x"], "/label_ids/0"),
    ("label_ids", [None], "/label_ids/0"),
    ("label_ids", ["01a2011d-c4e9-75ab-a676-e53516a7f244"] * 101, "/label_ids"),
    ("colour", "red", "/colour"),
    ("id", "01a2011d-c4e9-75ab-a676-e53516a7f244", "/id"),
    ("number", 7, "/number"),
    ("version", 7, "/version"),
    ("created_by", None, "/created_by"),
    ("completed_at", None, "/completed_at"),
    ("workspace_id", None, "/workspace_id"),
    ("", "x", "/"),
    ("a/b~c", "x", "/a~1b~0c"),
]
TEXTS_WITHOUT_MEANING = (r'"a\u0000b"', r'"\ud83d"', r'"\ude00\ud83d"', r'"x\ud800y"')

FINE: list[tuple[str, Any, Any]] = [
    ("title", "x" * 200, "x" * 200),
    ("title", " " * 50 + "\U0001f600" * 200 + "\n", "\U0001f600" * 200),
    ("title", "e\u0301" * 100, "e\u0301" * 100),
    ("title", "\u202eright to left\u202c \u200d", "\u202eright to left\u202c \u200d"),
    ("description", "\U0001f600" * 65_536, "\U0001f600" * 65_536),
    (
        "description",
        " <script>alert(1)</script>\r\n\t\x7f ",
        " <script>alert(1)</script>\r\n\t\x7f ",
    ),
    ("due_at", "2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00.000000Z"),
    ("due_at", "2026-01-01t00:00:00.5z", "2026-01-01T00:00:00.500000Z"),
    ("due_at", "2026-01-01T00:00:00.123456789-00:30", "2026-01-01T00:30:00.123457Z"),
    ("due_at", "0001-01-01T14:00:00+14:00", "0001-01-01T00:00:00.000000Z"),
    ("due_at", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ("due_at", "2024-02-29T23:59:59-12:00", "2024-03-01T11:59:59.000000Z"),
]


async def send(person: Person, method: str, path: str, raw: bytes, **headers: str) -> Any:
    sent = {"content-type": "application/json", **headers}
    return await person.call(method, path, content=raw, headers=sent)


async def test_bodies_that_cannot_be_read(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    one = f"~/tasks/{task['id']}"
    before = await seq_of(ada)
    create = {"operations": [{"op": "create", "data": {"title": "x"}}]}
    ways: tuple[tuple[str, str, Any], ...] = (
        ("POST", "~/tasks", {"title": "x"}), ("PATCH", one, {"title": "x"}),
        ("POST", "~/tasks/batch", create), ("POST", f"{one}/comments", {"body": "x"}),
        ("POST", f"{one}/relations", {"kind": "blocks", "task_id": task["id"]}),
        ("POST", "~/undo", {"seq": 2}), ("POST", "~/projects", {"name": "x"}),
        ("PATCH", "~", {"name": "x"}), ("POST", "~/members", {"email": "a@example.com"}),
        ("POST", "/workspaces", {"name": "x"}), ("POST", "~/labels", {"name": "x"}),
    )  # fmt: skip
    for method, path, valid in ways:
        for raw in broken(json.dumps(valid).encode()):
            answer = await send(ada, method, path, raw)
            assert answer.status_code == 400, (path, raw[:30], answer.text)
            code(answer)
        for raw in NOT_AN_OBJECT:
            assert pointer(await send(ada, method, path, raw)) == "", (path, raw)
        for kind in UNTYPED:
            answer = await ada.call(method, path, content=b"{}", headers={"content-type": kind})
            assert code(answer) == (415, "unsupported_media_type"), (path, kind)
        large = b'{"title": "' + b"x" * 10_000_000 + b'"}'
        size = 422 if path.endswith("batch") else 413
        assert (await send(ada, method, path, large)).status_code == size, path
    assert await seq_of(ada) == before
    assert await items(ada, "~/tasks") == [task]


async def test_values_that_cannot_be_kept(api: Api) -> None:
    ada = await api.person()
    (task,) = await make(ada, "Task")
    before = await seq_of(ada)

    async def refused(name: str, value: Any, where: str) -> None:
        data = {"title": "x", name: value}
        create = {"operations": [{"op": "create", "data": data}]}
        change = {"operations": [{"op": "update", "id": task["id"], "data": {name: value}}]}
        for method, path, body, base in (
            ("POST", "~/tasks", data, ""),
            ("PATCH", f"~/tasks/{task['id']}", {name: value}, ""),
            ("POST", "~/tasks/batch", create, "/operations/0/data"),
            ("POST", "~/tasks/batch", change, "/operations/0/data"),
        ):
            answer = await ada.call(method, path, body)
            assert pointer(answer) == base + where, (name, value, answer.text)
            assert len(answer.text) < 2000

    for name, value in WRONG:
        await refused(name, value, f"/{name}")
    for name, value, where in WRONG_INSIDE:
        await refused(name, value, where)
    assert pointer(await ada.post("~/tasks", {"description": "x"})) == "/title"
    for text in TEXTS_WITHOUT_MEANING:
        for raw in (f'{{"title": {text}}}', f'{{"title": "x", "description": {text}}}'):
            where = "/description" if "description" in raw else "/title"
            assert pointer(await send(ada, "POST", "~/tasks", raw.encode())) == where, raw
            one = f"~/tasks/{task['id']}"
            assert pointer(await send(ada, "PATCH", one, raw.encode())) == where, raw
        in_batch = f'{{"operations": [{{"op": "create", "data": {{"title": {text}}}}}]}}'
        answer = await send(ada, "POST", "~/tasks/batch", in_batch.encode())
        assert pointer(answer) == "/operations/0/data/title"
        assert (await send(ada, "POST", "~/tasks", f"{{{text}: 1}}".encode())).status_code == 422
    assert await seq_of(ada) == before
    assert await items(ada, "~/tasks") == [task]


async def test_values_at_the_edge_are_kept_as_they_are(api: Api) -> None:
    ada = await api.person()
    for name, value, kept in FINE:
        made = await ada.made("~/tasks", {"title": "x", name: value})
        assert made[name] == kept
        assert (await ada.get(f"~/tasks/{made['id']}")).json()[name] == kept
        (changed,) = await make(ada, "y")
        patched = await ada.patch(f"~/tasks/{changed['id']}", {name: value})
        assert patched.json()[name] == kept
    # What JSON may escape may be escaped.
    escaped = await send(ada, "POST", "~/tasks", rb'{"title": "\u00fc\ud83d\ude00"}')
    assert escaped.json()["title"] == "\u00fc\U0001f600"
    pretty = json.dumps({"title": "x", "label_ids": []}, indent=4).encode()
    assert (await send(ada, "POST", "~/tasks", pretty)).status_code == 201
