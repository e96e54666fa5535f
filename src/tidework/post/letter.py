"""What a mail says, once, and its two forms: text and HTML.

Whatever people have typed is a value here and never markup: HTML is made by this module alone, and
escapes everything.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

_WIDTH: Final = 76
_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
_JOINTS: Final = re.compile(r"(?<=\w)([./:@])(?=[\w/])")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `small` for what is said by the way."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody has written, shown as they typed it, Markdown included."""

    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: where it leads, and more about it."""

    title: str
    url: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list under a heading."""

    heading: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Link:
    """An address by the way: `text` says it with the address, `label` without."""

    text: str
    label: str
    url: str


Block = Paragraph | Quote | Button | Listing | Link


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and what stands in it, from top to bottom; `foot` below a line."""

    language: str
    subject: str
    body: Sequence[Block]
    foot: Sequence[Block] = ()


def text_of(letter: Letter) -> str:
    """The letter as plain text."""
    text = "\n\n".join(_as_text(block) for block in letter.body)
    # What follows "-- " is the signature, which mail programs leave out of an answer (RFC 3676).
    foot = ["Tidework", *(_as_text(block) for block in letter.foot)]
    return f"{text}\n\n-- \n" + "\n\n".join(foot) + "\n"


def html_of(letter: Letter) -> str:
    """The letter as HTML, without anything from elsewhere: no images, scripts or styles."""
    body = "\n".join(_as_html(block) for block in letter.body)
    foot = "\n".join(_as_html(block) for block in letter.foot)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(letter.language)}">\n<head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(letter.subject)}</title></head>\n"
        f'<body style="{_PAGE}">\n<div style="{_SHEET}">\n{body}\n</div>\n'
        f'<div style="{_FOOT}">\n<p style="{_SMALL}">Tidework</p>\n{foot}\n</div>\n</body>\n</html>\n'
    )


def one_line(text: str, length: int = 200) -> str:
    """Typed text for a subject or a list: one line without control characters, cut to a length."""
    line = " ".join(_CONTROLS.sub(" ", text).split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def excerpt(text: str, length: int = 500) -> str:
    """The beginning of a typed text, its lines kept, without control characters."""
    lines = [_CONTROLS.sub(" ", line).rstrip() for line in text.strip().splitlines()]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return kept if len(kept) <= length else f"{kept[: length - 1].rstrip()}…"


def unlinked(text: str) -> str:
    """Typed text in a mail to somebody who has not asked for it: no mail program makes a link of it."""
    return _JOINTS.sub("\\1\u200b", text)


def _as_text(block: Block) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(text)
        case Quote(text):
            return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
        case Button(label, url):
            return f"{label}:\n{url}"
        case Link(text):
            return text
        case Listing(heading, items):
            return "\n".join([heading, *(_item_text(item) for item in items)])


def _item_text(item: Item) -> str:
    lines = [f"- {item.title}", item.detail and f"  {item.detail}", item.url and f"  {item.url}"]
    return "\n".join(line for line in lines if line)


# Many letters have the same paragraphs.
@lru_cache(maxsize=512)
def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _as_html(block: Block) -> str:
    match block:
        case Paragraph(text, small):
            return f'<p style="{_SMALL if small else _TEXT}">{escape(text)}</p>'
        case Quote(text):
            lines = "<br>".join(escape(line) for line in text.splitlines())
            return f'<blockquote style="{_QUOTE}">{lines}</blockquote>'
        case Button(label, url):
            return (
                f'<p style="{_TEXT}"><a href="{escape(url)}" style="{_BUTTON}">{escape(label)}</a>'
                f'</p>\n<p style="{_SMALL}">{escape(url)}</p>'
            )
        case Link(_, label, url):
            return f'<p style="{_SMALL}"><a href="{escape(url)}">{escape(label)}</a></p>'
        case Listing(heading, items):
            lines = "\n".join(_item_html(item) for item in items)
            return f'<h2 style="{_HEADING}">{escape(heading)}</h2>\n<ul style="{_LIST}">\n{lines}\n</ul>'


def _item_html(item: Item) -> str:
    title = escape(item.title)
    if item.url is not None:
        title = f'<a href="{escape(item.url)}">{title}</a>'
    detail = f'<br><span style="{_DETAIL}">{escape(item.detail)}</span>' if item.detail else ""
    return f"<li>{title}{detail}</li>"


# Styles stand at each element: many mail programs throw a style sheet away.
_FONT: Final = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE: Final = f"margin:0;padding:24px;background:#f2f5f7;{_FONT};color:#17232b"
_SHEET: Final = "max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px"
_FOOT: Final = "max-width:560px;margin:16px auto 0;padding:0 24px;color:#5b6b75"
_TEXT: Final = "margin:0 0 16px;font-size:16px;line-height:1.5"
_SMALL: Final = (
    "margin:0 0 12px;font-size:13px;line-height:1.5;color:#5b6b75;overflow-wrap:anywhere"
)
_QUOTE: Final = (
    "margin:0 0 16px;padding:8px 16px;border-left:4px solid #cfd9df;font-size:15px;line-height:1.5"
)
_BUTTON: Final = (
    "display:inline-block;padding:10px 18px;border-radius:6px;background:#0b6b7c;color:#ffffff;"
    "text-decoration:none"
)
_HEADING: Final = "margin:0 0 8px;font-size:16px;line-height:1.5"
_LIST: Final = "margin:0 0 16px;padding-left:20px;font-size:15px;line-height:1.6"
_DETAIL: Final = "font-size:13px;color:#5b6b75"
