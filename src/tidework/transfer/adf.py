"""Atlassian documents (ADF, which version 3 of Jira's API has for texts) as Markdown-like text."""

from typing import Any

_BLOCKS = frozenset(
    {"paragraph", "heading", "codeBlock", "blockquote", "panel", "tableRow", "rule"}
)
_DEPTH = 100


def plain_text(document: dict[str, Any]) -> str:
    """The text of a document, a line for each block, two between paragraphs; marks are dropped.

    What lies deeper than a hundred levels is left out.
    """
    parts: list[str] = []
    _walk(document, parts, 0)
    return "".join(parts).strip("\n")


def _walk(node: Any, parts: list[str], depth: int) -> None:
    if not isinstance(node, dict) or depth > _DEPTH:
        return
    kind = node.get("type")
    attrs = node.get("attrs")
    attributes = attrs if isinstance(attrs, dict) else {}
    if kind == "text" and isinstance(node.get("text"), str):
        parts.append(node["text"])
    elif kind == "hardBreak":
        parts.append("\n")
    elif kind in ("mention", "emoji", "status", "inlineCard"):
        label = attributes.get("text") or attributes.get("shortName") or attributes.get("url")
        parts.append(label if isinstance(label, str) else "")
    elif kind == "listItem":
        parts.append("- ")
    elif kind == "heading" and isinstance(attributes.get("level"), int):
        parts.append("#" * min(max(attributes["level"], 1), 6) + " ")
    content = node.get("content")
    for child in content if isinstance(content, list) else ():
        _walk(child, parts, depth + 1)
    if kind in _BLOCKS:
        parts.append("\n" if kind == "tableRow" else "\n\n")
