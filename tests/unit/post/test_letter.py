"""Both forms of a letter say the same, and what is typed is text in both."""

from collections.abc import Sequence
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from tidework.post.letter import (
    Block,
    Button,
    Item,
    Letter,
    Link,
    Listing,
    Paragraph,
    Quote,
    excerpt,
    html_of,
    one_line,
    text_of,
    unlinked,
)

OURS = {
    "html", "head", "meta", "title", "body", "div", "p", "a", "h2", "ul", "li", "br", "span",
    "blockquote",
}  # fmt: skip
URL = "https://tasks.example.org/w/x/t/1"
TYPED = st.text(max_size=80) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=y>',
        "&lt;b&gt;",
        "</p></div>",
        "a\nb",
        "-->",
    ]
)


class Reader(HTMLParser):
    """What a mail program makes of a page: its tags, its links, its words."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def words(text: str) -> str:
    return "".join(text.split())


def letter(typed: Sequence[str]) -> Letter:
    body: list[Block] = [
        Paragraph(f"{typed[0]} wrote:"),
        Quote(excerpt(typed[1])),
        Listing(typed[2], [Item(typed[3], URL, typed[4]), Item(typed[0])]),
        Button(typed[5], URL),
    ]
    return Letter("en", one_line(typed[0]), body, [Link(f"Leave: {URL}", "Leave", URL)])


@given(st.lists(TYPED, min_size=6, max_size=6))
def test_what_is_typed_is_text(typed: list[str]) -> None:
    made = letter(typed)
    page = Reader(html_of(made))
    assert set(page.tags) <= OURS
    assert page.tags.count("li") == 2
    assert set(page.links) == {URL}
    assert page.attributes <= {"lang", "charset", "name", "content", "style", "href"}
    for one in (typed[0], excerpt(typed[1]), *typed[2:]):
        assert (
            words(one.replace("\x00", "")) in words(page.words).replace("\x00", "") or "\x00" in one
        )


@given(st.lists(TYPED, min_size=6, max_size=6))
def test_both_forms_have_the_same_links(typed: list[str]) -> None:
    made = letter([one.replace("http", "") for one in typed])
    assert text_of(made).count(URL) == len(Reader(html_of(made)).links)


@given(st.text(max_size=2000), st.integers(10, 300))
def test_one_line_is_one_line(text: str, length: int) -> None:
    line = one_line(text, length)
    assert len(line) <= length
    assert line.splitlines() in ([], [line])
    assert one_line(line, length) == line
    assert not any(ch in line for ch in "\x00\x1b\u202e\u2066\r\n")


@given(st.text(max_size=3000), st.integers(10, 600))
def test_an_excerpt_keeps_lines_and_nothing_else(text: str, length: int) -> None:
    kept = excerpt(text, length)
    assert len(kept) <= length
    assert "\n\n\n" not in kept
    assert not any(ch in kept for ch in "\x00\x1b\u202e\u2066\r")


def test_what_a_stranger_typed_is_no_link() -> None:
    for typed in (
        "evil.example",
        "https://evil.example/x?y=1",
        "a@evil.example",
        "www.evil.example",
    ):
        shown = unlinked(typed)
        assert shown.replace("\u200b", "") == typed
        assert "evil.example" not in shown
    assert unlinked("Ada Lovelace, M.Sc. (Engine)") != ""


def test_a_quotation_is_marked_in_every_line() -> None:
    made = Letter("en", "S", [Quote("one\n\ntwo")])
    assert "> one\n>\n> two" in text_of(made)


def test_a_long_paragraph_is_wrapped_and_an_address_is_not() -> None:
    url = f"{URL}?{'x' * 200}"
    made = Letter("en", "S", [Paragraph("word " * 60), Button("Open", url)])
    lines = text_of(made).splitlines()
    assert max(len(line) for line in lines if line != url) <= 76
    assert url in lines
