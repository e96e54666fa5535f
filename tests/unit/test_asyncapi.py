"""The document of the events describes those that are published."""

import json
from typing import Any

import jsonschema_rs
import pytest

from tidework.bus import catalogue
from tidework.bus.asyncapi import document, schema_of
from tidework.bus.catalogue import events_of
from tidework.bus.event import encode
from tidework.log import LoggedChange

STREAM = "01a2028f-b3a1-7cac-96f3-701b9cba187a"


def change(entity: str, op: Any, set_: dict[str, Any], was: dict[str, Any]) -> LoggedChange:
    return LoggedChange(
        stream_id=STREAM, seq=7, ordinal=2, entity=entity, id=STREAM, op=op, set=set_, was=was,
        actor_id=None, at="2026-11-22T08:00:00.000000Z", request_id=None, origin=None,
    )  # fmt: skip


CHANGES = [
    change("task", "create", {"title": "Mend", "status": "completed", "assignee_id": STREAM}, {}),
    change("task", "update", {"status": "pending"}, {"status": "completed"}),
    change("account", "update", {"is_active": False, "role": "admin"}, {"is_active": True}),
    change("member", "delete", {}, {"role": "editor"}),
]


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: f"{one.entity} {one.op}")
def test_events_are_as_their_schema_says(one: LoggedChange) -> None:
    found = events_of([one])
    assert found
    for event in found:
        schema = schema_of(event.type)
        assert event.dataschema == schema["$id"]
        body = json.loads(encode(event))
        jsonschema_rs.validate(schema, body)
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, body | {"seq": 0})


def test_every_type_of_the_catalogue_is_described_once() -> None:
    found = document("1.2.3")
    kinds = set(catalogue.TYPES)
    assert set(found["components"]["schemas"]) == kinds
    assert set(found["components"]["messages"]) == kinds
    assert set(found["channels"]["events"]["messages"]) == kinds
    assert found["info"]["version"] == "1.2.3"


def test_what_the_document_refers_to_is_in_it() -> None:
    found = document("1")

    def refers(value: Any) -> Any:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from [inner] if name == "$ref" else refers(inner)

    for reference in refers(found):
        place: Any = found
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
        assert place
