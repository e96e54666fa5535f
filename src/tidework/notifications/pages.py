"""Pages behind the link that a mail ends with: a button, and that it is done."""

from collections.abc import Sequence
from html import escape
from typing import Final

from tidework.languages import LANGUAGES, words
from tidework.notifications.unsubscribing import PATH

_LONGEST: Final = 200


def leaving_page(accepted: str | None, token: str, kinds: Sequence[str], done: bool = False) -> str:
    """The page about no more mails of `kinds`, in a language that `Accept-Language` names."""
    text = words(_language(accepted))
    listed = ", ".join(text(f"leaving.kind.{kind}") for kind in kinds)
    said = escape(text("leaving.done" if done else "leaving.ask", kinds=listed))
    title = escape(text("leaving.title"))
    head = (
        f'<!doctype html><html lang="{text.language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title} · Tidework</title><h1>{title}</h1><p>{said}</p>"
    )
    if done:
        return f"{head}</html>"
    return (
        f'{head}<form method="post" action="{PATH}?token={escape(token)}">'
        '<button name="List-Unsubscribe" value="One-Click">'
        f"{escape(text('leaving.button'))}</button></form></html>"
    )


def _language(accepted: str | None) -> str | None:
    """The first language named that there are texts in. Browsers name the liked ones first."""
    for entry in (accepted or "")[:_LONGEST].lower().split(","):
        name = entry.partition(";")[0].partition("-")[0].strip()
        if name in LANGUAGES:
            return name
    return None
