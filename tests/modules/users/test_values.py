"""E-mail addresses and names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidework.errors import Invalid
from tidework.mail import Mail
from tidework.users.values import clean_email, clean_name, email_key, imported_email


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com",
        "a@b.co",
        "ada.king+tasks@example.co.uk",
        "o'brien@example.com",
        "ada@localhost",
        "ada@bücher.example",
        "ada@xn--bcher-kva.example",
        "дарья@пример.рф",
        "  ada@example.com\n",
        "a" * 64 + "@example.com",
    ],
)
def test_addresses(text: str) -> None:
    assert clean_email(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "ada@king@example.com",
        "ada king@example.com",
        "ada@exam ple.com",
        "ada@example",
        "ada@.com",
        "ada@example..com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@example-.com",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        ".ada@example.com",
        "ada.@example.com",
        "a..da@example.com",
        "ada@exa_mple.com",
        "ada\r\nbcc: eve@example.com",
        "ada\x00@example.com",
        "ada\u200b@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        '"ada"@example.com',
        "=?utf-8?q?a?=@example.com",
        "\ud800@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@" + ".".join(["a" * 60] * 5) + ".com",
        "anna@imported.invalid",
        "anna@IMPORTED.invalid",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean_email(text)
    assert caught.value.errors[0].pointer == "/email"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADA@Example.COM", "ada@example.com"),
        (" ada@example.com ", "ada@example.com"),
        ("ada@bücher.example", "ada@XN--BCHER-KVA.example"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("jos\u00e9@example.com", "jose\u0301@example.com"),
        ("STRASSE@example.com", "straße@example.com"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    assert email_key(one) is not None
    assert email_key(one) == email_key(other)


def test_different_addresses_stay_different() -> None:
    keys = {email_key(f"{local}@example.com") for local in ("ada", "a.da", "ada+x", "ad\u0430")}
    assert len(keys) == 4


@given(st.text(max_size=300))
def test_no_text_breaks_anything(text: str) -> None:
    try:
        kept = clean_email(text)
    except Invalid:
        pass
    else:
        # What is accepted can be mailed to, and stored.
        Mail(kept, "subject", "text")
        assert email_key(kept) == email_key(clean_email(kept))
        kept.encode()


@given(
    st.from_regex(
        r"[a-z.+_!\x80-\U0001ffff]{1,20}@[a-z\xe0-\u0400]{1,10}\.[a-z]{1,5}", fullmatch=True
    )
)
def test_nearly_addresses_break_nothing(text: str) -> None:
    test_no_text_breaks_anything.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["Ada", " Ada King ", "李明", "O'Brien-Łuk", "x" * 100, "👩‍💻"])
def test_names(text: str) -> None:
    assert clean_name(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u200b",
        "\u200d \u2060",
        "x" * 101,
        "Ada\nKing",
        "Ada\x00",
        "Ada\u2028King",
        "\ud800",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean_name(text)
    assert caught.value.errors[0].pointer == "/name"


def test_a_name_stands_for_one_person() -> None:
    assert imported_email("Anna Smith") == "anna-smith@imported.invalid"
    assert imported_email("anna  smith ") == imported_email("Anna Smith")
    names = [
        "Anna Smith",
        "Anna-Smith",
        "Anna Smíth",
        "李明",
        "李華",
        "!!!",
        "???",
        "J. Doe",
        "J Doe",
    ]
    assert len({imported_email(name) for name in names}) == len(names)


@given(st.text())
def test_any_name_has_an_address(name: str) -> None:
    key = email_key(imported_email(name))
    assert key is not None
    assert key.endswith("@imported.invalid")
