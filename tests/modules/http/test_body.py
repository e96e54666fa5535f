import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.errors import Invalid, Malformed, TooLarge, TooSlow, UnsupportedMediaType
from tidework.http.body import check_json, check_media_type, decode_json, drain, read_body


def receiving(
    *messages: dict[str, Any],
) -> tuple[Callable[[], Awaitable[Any]], list[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive, left


def chunk(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


async def test_bodies_in_one_and_in_many_chunks() -> None:
    assert await read_body(receiving(chunk(b"abc"))[0], [], 3) == b"abc"
    receive, _ = receiving(chunk(b"ab", True), chunk(b"", True), chunk(b"c"))
    assert await read_body(receive, [], 3) == b"abc"
    assert await read_body(receiving({"type": "http.request"})[0], [], 3) == b""


async def test_a_large_body_is_refused_before_it_is_read() -> None:
    receive, left = receiving(chunk(b"x"))
    for length in (b"4", b"9" * 5000):
        with pytest.raises(TooLarge):
            await read_body(receive, [(b"content-length", length)], 3)
    assert len(left) == 1


async def test_a_body_that_grows_past_the_limit_is_refused_while_it_is_read() -> None:
    receive, left = receiving(chunk(b"ab", True), chunk(b"cd", True), chunk(b"ef"))
    with pytest.raises(TooLarge):
        await read_body(receive, [], 3)
    assert len(left) == 1
    with pytest.raises(TooLarge):
        await read_body(receiving(chunk(b"abcd"))[0], [(b"content-length", b"1")], 3)


@pytest.mark.parametrize("length", [b"-1", b"abc", b"", b"1.5", b"\xb2"])
async def test_a_content_length_must_be_a_number(length: bytes) -> None:
    with pytest.raises(Malformed):
        await read_body(receiving(chunk(b"x"))[0], [(b"content-length", length)], 3)


async def test_a_body_that_is_cut_off_is_no_body() -> None:
    for parts in ([GONE], [chunk(b"a", True), GONE]):
        with pytest.raises(Malformed) as refused:
            await read_body(receiving(*parts)[0], [], 3)
        assert refused.value.code == "cut_off"


async def test_a_body_that_does_not_come_is_waited_for_no_longer_than_allowed() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TooSlow):
        await read_body(never, [], 3, seconds=0.01)
    await drain(never, 100, 0.01)


async def test_what_is_left_of_a_refused_body_is_read_within_bounds() -> None:
    receive, left = receiving(chunk(b"abc", True), chunk(b"def", True), chunk(b"ghi"))
    await drain(receive, 5, 1)
    assert len(left) == 1
    receive, left = receiving(chunk(b"abc", True), GONE, chunk(b"ghi"))
    await drain(receive, 100, 1)
    assert len(left) == 1


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"application/json; charset=utf-8",
        b'Application/JSON ; Charset="UTF-8"',
        b"application/merge-patch+json",
        b"application/json; profile=x",
    ],
)
def test_json_is_taken(content_type: bytes) -> None:
    check_media_type(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        b"",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"application/json; charset=latin-1",
        b"application/jsonx",
        b"multipart/form-data; boundary=application/json",
        b"\xff\xfe",
    ],
)
def test_other_media_types_are_refused(content_type: bytes | None) -> None:
    with pytest.raises(UnsupportedMediaType, match=r"application/json|UTF-8"):
        check_media_type(content_type)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_depth_is_counted_and_brackets_in_texts_are_not() -> None:
    check_json(nested(32))
    check_json(json.dumps({"a": "[" * 500 + '\\"{' * 500}).encode())
    check_json(json.dumps([[{"a": {}}, [], {}] * 300]).encode())
    check_json(b'{"a":' * 32 + b"1" + b"}" * 32)
    mixed = b'[{"a":' * 16 + b"1" + b"}]" * 16
    check_json(mixed)
    for body in (nested(33), nested(100_000), b"[" + mixed + b"]", b'{"a":[' * 20 + b"]}" * 20):
        with pytest.raises(Malformed) as refused:
            check_json(body)
        assert refused.value.code == "too_deep"


def test_brackets_that_do_not_match_are_not_called_deep() -> None:
    with pytest.raises(Malformed) as refused:
        check_json(b"[" * 500_000)
    assert refused.value.code == "malformed"


def test_an_open_text_is_scanned_once() -> None:
    # From each of its quotes again, this would take hours.
    with pytest.raises(Malformed):
        check_json(b"[" * 33 + b'"' + rb"\"" * 500_000)


def test_fields_are_counted_and_colons_in_texts_are_not() -> None:
    check_json(json.dumps({str(i): i for i in range(1000)}).encode())
    check_json(json.dumps({"a": ":" * 5000}).encode())
    with pytest.raises(Malformed) as refused:
        check_json(json.dumps([{str(i): i} for i in range(1001)]).encode())
    assert refused.value.code == "too_many_fields"
    check_json(json.dumps({str(i): i for i in range(1001)}).encode(), max_fields=1001)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (rb'{"a":"\u0000"}', "/a"),
        (rb'{"a":{"b/c":["x","\ud800"]}}', "/a/b~1c/1"),
        (rb'{"a":"\uDFFF\ud83d"}', "/a"),
        (rb'{"a":"\udc00\ud800"}', "/a"),
        (rb'{"a":"\ud83d\ude00\ud800"}', "/a"),
        (rb'{"a":"\\\u0000"}', "/a"),
        (rb'{"\u0000":1}', ""),
        (rb'"\ud800x"', ""),
    ],
)
def test_texts_that_no_store_keeps_are_refused_with_their_place(body: bytes, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_json(body)
    assert refused.value.errors[0].pointer == pointer
    assert refused.value.errors[0].code == "invalid_text"


@pytest.mark.parametrize(
    "body",
    [
        rb'{"a":"\ud83d\ude00"}',
        rb'{"a":"\\u0000"}',
        rb'{"a":"\\ud800"}',
        rb'{"a":"\\\\ud800 \n \" \u00e9 \uD83D\uDE00"}',
        '{"a":"😀 é"}'.encode(),
    ],
)
def test_texts_that_look_alike_are_taken(body: bytes) -> None:
    check_json(body)
    json.loads(body)


@pytest.mark.parametrize("body", [b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}'])
def test_what_is_not_utf8_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        check_json(body)


def test_an_empty_body_is_malformed() -> None:
    with pytest.raises(Malformed) as refused:
        check_json(b"")
    assert refused.value.code == "empty_body"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=60,
)


@given(json_values, st.booleans(), st.integers(1, 6))
def test_the_scan_agrees_with_a_full_parse(value: Any, ascii_only: bool, max_depth: int) -> None:
    def depth(v: Any) -> int:
        inner = v.values() if isinstance(v, dict) else v if isinstance(v, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    def bad(v: Any) -> bool:
        if isinstance(v, dict):
            return any(bad(k) or bad(m) for k, m in v.items())
        if isinstance(v, list):
            return any(map(bad, v))
        return isinstance(v, str) and "\0" in v

    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    if depth(value) > max_depth:
        with pytest.raises(Malformed):
            check_json(body, max_depth=max_depth)
    elif bad(value):
        with pytest.raises(Invalid):
            check_json(body, max_depth=max_depth)
    else:
        check_json(body, max_depth=max_depth)


@given(st.binary(max_size=60) | st.text(alphabet='[]{}":,\\u0d8cf1 ', max_size=60).map(str.encode))
def test_any_bytes_are_answered_with_one_of_our_errors(body: bytes) -> None:
    try:
        check_json(body, max_depth=2, max_fields=2)
        decode_json(msgspec.json.Decoder(), body)
    except (Malformed, Invalid):
        pass


class Task(msgspec.Struct, forbid_unknown_fields=True):
    title: str


def test_decoding_gives_the_value_or_the_place_of_the_failure() -> None:
    decoder = msgspec.json.Decoder(Task)
    assert decode_json(decoder, b'{"title":"x"}') == Task("x")
    with pytest.raises(Malformed, match="ends too early"):
        decode_json(decoder, b'{"title":')
    with pytest.raises(Malformed, match="UTF-8"):
        decode_json(decoder, b'{"title":"\xff"}')
    with pytest.raises(Malformed, match="nested"):
        decode_json(msgspec.json.Decoder(), nested(100_000))
    with pytest.raises(Invalid) as refused:
        decode_json(decoder, b'{"title":1}')
    assert refused.value.errors[0].pointer == "/title"


def test_a_compressed_body_is_not_taken() -> None:
    check_media_type(b"application/json", b"identity")
    with pytest.raises(UnsupportedMediaType):
        check_media_type(b"application/json", b"gzip")


def test_what_is_no_json_is_malformed_whatever_else_is_wrong_with_it() -> None:
    class OnlyTitle(msgspec.Struct, forbid_unknown_fields=True):
        title: str

    decoder = msgspec.json.Decoder(OnlyTitle)
    with pytest.raises(Malformed):
        decode_json(decoder, b'{"email": "a')
    with pytest.raises(Invalid):
        decode_json(decoder, b'{"email": "a"}')
