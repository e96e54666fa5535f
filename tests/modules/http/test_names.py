"""Names that stand twice in an object."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.errors import Malformed
from tidework.http.names import check_names


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b'{"a": 1, "a" :2}',
        b'{"a":1,"a"\n:2}',
        b'{"a":1,"\\u0061":2}',
        b'{"":1,"":2}',
        b'[{"a":[{"b":{},"c":1,"b":null}]}]',
        b'{"a":{"x":1},"a":{"y":1}}',
        b'{"a":{"b":1,"c":2},"d":"x\\":y","d":"2026-11-22T10:00:00Z"}',
        b'{"a":1,"b":"\\":","a":2}',
        '{"é":"\\":","é" :2}'.encode(),
    ],
)
def test_a_name_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="twice in one object") as raised:
        check_names(body)
    assert raised.value.code == "duplicate_name"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"A":2}',
        b'[{"a":1},{"a":1}]',
        b'{"a":{"a":{"a":1}}}',
        b'{"a":"\\":\\":","b":"{\\"b\\":1,\\"b\\":2}"}',
        b'{"a" : 1, "b" : "a\\" :"}',
        b'"a"',
        b"[]",
        b'{"a":1,"a":',
        b'{"a":1,"a":NaN}',
        b'{"a":1,"a" :' + b"1" * 10_000 + b"}",
        b"[" * 100_000,
        b"\xff",
        b"",
    ],
)
def test_whatever_else_is_let_pass(body: bytes) -> None:
    check_names(body)


TEXTS = st.text('":\\ ab{', max_size=4)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
def test_any_value_that_was_encoded_is_let_pass(value: Any, separators: tuple[str, str]) -> None:
    check_names(json.dumps(value, separators=separators).encode())


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), TEXTS, VALUES, st.booleans())
def test_any_name_written_again_is_found(
    value: dict[str, Any], name: str, more: Any, spaced: bool
) -> None:
    text = json.dumps({name: more, **value}, separators=(",", ":"))
    colon = " :" if spaced else ":"
    again = f"{text[:-1]},{json.dumps(name)}{colon}{json.dumps(more)}}}"
    with pytest.raises(Malformed):
        check_names(f'[0,{{"x":{again}}}]'.encode())
