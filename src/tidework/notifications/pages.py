"""Pages behind the link that a mail ends with: a button, and that it is done."""

from collections.abc import Sequence
from html import escape

from tidework.languages import accepted, words
from tidework.notifications.unsubscribing import PATH


def leaving_page(header: str | None, token: str, kinds: Sequence[str], done: bool = False) -> str:
    """The page about no more mails of `kinds`, in a language that `Accept-Language` names."""
    text = words(accepted(header))
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
