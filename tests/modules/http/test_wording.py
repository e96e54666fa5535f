"""Validation messages in words of JSON, from what msgspec really says."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct, ValidationError

from tidework.errors import Invalid
from tidework.http.body import decode_json
from tidework.http.wording import choices, in_words, sentence


class Make(Struct, tag_field="op", tag="make"):
    level: Literal["low", "high"] = "low"


class Drop(Struct, tag_field="op", tag="drop"):
    how: str = ""


class Body(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=3)] = "a"
    maybe: str | None = None
    slug: Annotated[str, Meta(pattern="^[a-z]+$")] = "a"
    shade: Annotated[str, Meta(pattern=in_words("^#[0-9a-f]$", "a shade, such as #f"))] = "#0"
    count: Annotated[int, Meta(ge=2, le=9)] = 2
    share: float = 0.5
    flag: bool = False
    ids: Annotated[list[UUID], Meta(min_length=1, max_length=2)] = []
    at: Annotated[datetime, Meta(tz=True)] | None = None
    level: Annotated[Literal["low", "high"], Meta(description="How")] | None = None
    steps: list[Make | Drop] = []
    free: dict[str, int] = {}
    key: int | str = 1


SAID = [
    ({"text": None}, "/text: Must be text, not null."),
    ({"text": ""}, "/text: Must be at least 1 character long."),
    ({"text": "abcd"}, "/text: Must be at most 3 characters long."),
    ({"maybe": 1}, "/maybe: Must be text or null, not a whole number."),
    ({"key": []}, "/key: Must be a whole number or text, not a list."),
    ({"slug": "A"}, "/slug: Must match ^[a-z]+$."),
    ({"shade": "f"}, "/shade: Must be a shade, such as #f."),
    ({"count": 1}, "/count: Must be at least 2."),
    ({"count": 10}, "/count: Must be at most 9."),
    ({"count": 2.5}, "/count: Must be a whole number, not a fraction."),
    ({"count": 10**30}, "/count: Must be at most 9."),
    ({"share": "1"}, "/share: Must be a number, not text."),
    ({"flag": 1}, "/flag: Must be true or false, not a whole number."),
    ({"flag": {}}, "/flag: Must be true or false, not an object."),
    ({"ids": []}, "/ids: Must be at least 1 entry long."),
    ({"ids": ["x"]}, "/ids/0: Must be an id (a UUID)."),
    ({"ids": [1]}, "/ids/0: Must be an id (a UUID), not a whole number."),
    ({"ids": [f"{0:032x}"] * 3}, "/ids: Must be at most 2 entries long."),
    ({"at": "x"}, "/at: Must be a time, such as 2026-11-22T10:00:00Z (RFC 3339)."),
    (
        {"at": "2026-11-22T10:00:00"},
        "/at: Must be a time with its offset, such as 2026-11-22T10:00:00Z.",
    ),
    ({"at": 5}, "/at: Must be a time or null, not a whole number."),
    ({"level": "x"}, "/level: Must be high or low."),
    ({"level": 1}, "/level: Must be text or null, not a whole number."),
    ({"steps": [{"op": "make"}, {"op": "x"}]}, "/steps/1/op: Must be make or drop."),
    ({"steps": [{"op": "make", "level": "x"}]}, "/steps/0/level: Must be high or low."),
    ({"free": {"q": "z"}}, "/free: Must be a whole number, not text."),
    ([], "The body: Must be an object, not a list."),
]


@pytest.mark.parametrize(("value", "said"), SAID)
def test_what_is_said_of_a_value(value: Any, said: str) -> None:
    with pytest.raises(Invalid) as raised:
        decode_json(msgspec.json.Decoder(Body), msgspec.json.encode(value))
    assert raised.value.detail == said
    assert raised.value.errors[0].detail == said.partition(": ")[2]


def test_nothing_of_the_decoders_words_is_left() -> None:
    for name in ("str", "int", "bool", "array", "uuid", "datetime"):
        said = sentence(f"Expected `{name} | object`, got `{name}`").split()
        assert name not in " ".join(said).replace(",", "").replace(".", "").split()


def test_choices_of_what_is_no_type() -> None:
    assert choices(Body, ("nothing",)) == choices(Body, ("text",)) == choices(object(), ()) == ""
    with pytest.raises(ValidationError):
        msgspec.convert("x", Literal["a"])
