"""Reading the file of a workspace, piece by piece."""

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from tidework.transfer.portable import FORMAT, VERSION, CommitOut, MarkOut, PersonOut
from tidework.transfer.sources import BadSource, Source

Section = Literal["head", "people", "commits", "marks", "state"]
Piece = tuple[Section, Any]

_LISTS: dict[str, Any] = {"people": PersonOut, "commits": CommitOut, "marks": MarkOut}


class Head(msgspec.Struct, frozen=True):
    """The beginning of the file."""

    format: str
    version: int
    name: str
    seq: int


class _Document(Head, frozen=True):
    people: list[PersonOut]
    commits: list[CommitOut]
    marks: list[MarkOut]
    state: dict[str, list[dict[str, Any]]]


def pieces(source: Source) -> Iterator[Piece]:
    """The head, then each person, commit and mark, then each `(kind, entity)` of the state.

    Raises `BadSource`. A file that was formatted by another program is read as a whole.
    """
    lines = source.lines()
    first = next(lines, None)
    if first is None:
        raise BadSource(f"{source.name} is empty.")
    if not first.data.endswith(b","):
        lines.close()  # type: ignore[attr-defined]
        yield from _whole(source)
        return
    yield "head", _head(source, _decode(source, 1, first.data[:-1] + b"}", Head))
    section, kind, closed = "", "", 0
    for number, data in lines:
        text = data.removesuffix(b",")
        if text == b'"state":{':
            section = "state"
        elif section == "state" and text.endswith(b":["):
            kind = _decode(source, number, text[:-2], str)
        elif text.endswith(b":[") and text.startswith(b'"'):
            section = _decode(source, number, text[:-2], str)
            if section not in _LISTS:
                raise BadSource(f"{source.name}, line {number}: {section!r} is not known here.")
        elif text in (b"]", b"}", b"}}", b"]}"):
            closed += text == b"}"
        elif section == "state":
            yield "state", (kind, _decode(source, number, text, dict[str, Any]))
        elif section in _LISTS:
            yield section, _decode(source, number, text, _LISTS[section])  # type: ignore[misc]
        else:
            raise BadSource(f"{source.name}, line {number}: this is not an export of Tidework.")
    if closed < 2:
        raise BadSource(
            f"{source.name} is cut off after its last line; fetch the file again. Nothing was "
            "imported."
        )


def _whole(source: Source) -> Iterator[Piece]:
    parts: list[bytes] = []
    size = 0
    for part in source.chunks():
        size += len(part)
        if size > source.limits.document:
            raise BadSource(
                f"{source.name} has more than {source.limits.document >> 20} MiB and not the lines"
                " of an export; use the file as `tidework export` wrote it."
            )
        parts.append(part)
    document = _decode(source, 1, b"".join(parts), _Document)
    yield "head", _head(source, document)
    for person in document.people:
        yield "people", person
    for commit in document.commits:
        yield "commits", commit
    for mark in document.marks:
        yield "marks", mark
    for kind, entities in document.state.items():
        for entity in entities:
            yield "state", (kind, entity)


def _head(source: Source, head: Head) -> Head:
    if head.format != FORMAT:
        raise BadSource(f"{source.name} is not an export of Tidework (--format json).")
    if head.version != VERSION:
        raise BadSource(
            f"{source.name} has version {head.version} of the format, this Tidework reads "
            f"{VERSION}; import it with the version that wrote it."
        )
    return head


def _decode(source: Source, number: int, data: bytes, type_: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSource(
            f"{source.name}, line {number}: this is not what an export of Tidework has there "
            f"({error}). Nothing was imported; the file may be cut off."
        ) from error
    except RecursionError as error:
        raise BadSource(f"{source.name}, line {number}: it is nested too deeply.") from error


def content_digest(source: Source) -> str:
    """What tells this file from every other one, however it is packed."""
    hasher = hashlib.sha256()
    for part in source.chunks():
        hasher.update(part)
    return hasher.hexdigest()
