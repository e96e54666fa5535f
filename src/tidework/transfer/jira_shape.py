"""An issue of Jira's REST API, read into what an import needs of it.

Takes versions 2 and 3 of the API and what exports make of them: comments beside the fields or inside
of them, people by name, key or account id, texts plain or as documents (ADF).
"""

from typing import Any

import msgspec

from tidework.transfer.adf import plain_text
from tidework.transfer.text import BadRecord, day, moment


class Item(msgspec.Struct, array_like=True, frozen=True):
    """One field that an entry of the changelog changed; ids are what Jira calls from and to."""

    field: str
    from_id: str | None
    from_text: str | None
    to_id: str | None
    to_text: str | None


class History(msgspec.Struct, array_like=True, frozen=True):
    """An entry of the changelog."""

    id: str
    author: str | None
    at: str
    items: list[Item]


class Comment(msgspec.Struct, array_like=True, frozen=True):
    """A comment; `restricted` says that not everybody may read it there."""

    id: str
    author: str | None
    at: str
    body: str
    restricted: bool = False


class Link(msgspec.Struct, array_like=True, frozen=True):
    """A link to another issue; `outward` when this issue is its subject."""

    type: str
    outward: bool
    key: str


class Named(msgspec.Struct, array_like=True, frozen=True):
    """A component or a version."""

    id: str | None
    name: str


class Person(msgspec.Struct, array_like=True, frozen=True):
    """Somebody; `id` is the first of `aliases`, which are the ways to name the same person."""

    id: str
    aliases: tuple[str, ...]
    display: str | None
    email: str | None


class Issue(msgspec.Struct, array_like=True, frozen=True):
    """An issue. Texts are as given; times are canonical; people are `Person.id`."""

    key: str
    id: str
    project_key: str
    project_name: str
    summary: str
    description: str
    created: str
    updated: str
    resolved: str | None
    due: str | None
    status: str
    category: str | None
    priority: str | None
    type: str | None
    resolution: str | None
    labels: list[str]
    components: list[Named]
    versions: list[Named]
    parent: str | None
    assignee: str | None
    reporter: str | None
    creator: str | None
    links: list[Link]
    histories: list[History]
    comments: list[Comment]
    subtasks: list[str]
    has_changelog: bool
    not_taken: list[str]
    """What the issue has that Tidework has no place for."""


_NO_PLACE = {
    "environment": "environment",
    "timespent": "time spent",
    "timeoriginalestimate": "original estimate",
    "attachment": "attachments",
    "versions": "affected versions",
}


_SIDES = (("outwardIssue", "outward", True), ("inwardIssue", "inward", False))


class Reader:
    """Reads issues one after the other.

    `people` are those that occur in the last one, `phrases` the sentences of all link types so far,
    each with its type and whether it is said of the issue that the link goes out of.
    """

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.phrases: dict[str, tuple[str, bool]] = {}

    def read(self, raw: Any) -> Issue:
        """The issue. Raises `BadRecord`, which names the member that is missing or wrong."""
        self.people = []
        top = _object(raw, "the record")
        fields = _object(top.get("fields"), "fields")
        key = _text(top.get("key"), "key")
        project = _object(fields.get("project") or {}, "fields.project")
        project_key = _maybe(project.get("key"), "fields.project.key") or key.rpartition("-")[0]
        changelog = top.get("changelog")
        created = moment(fields.get("created"), "fields.created")
        status = _object(fields.get("status"), "fields.status")
        return Issue(
            key=key,
            id=_maybe(top.get("id"), "id") or key,
            project_key=project_key,
            project_name=_maybe(project.get("name"), "fields.project.name") or project_key,
            summary=_text(fields.get("summary"), "fields.summary"),
            description=_body(fields.get("description"), "fields.description"),
            created=created,
            updated=self._time(fields, "updated") or created,
            resolved=self._time(fields, "resolutiondate"),
            due=day(fields.get("duedate"), "fields.duedate"),
            status=_text(status.get("name"), "fields.status.name"),
            category=_category(status),
            priority=_name(fields, "priority"),
            type=_name(fields, "issuetype"),
            resolution=_name(fields, "resolution"),
            labels=[
                _text(x, "fields.labels") for x in _list(fields.get("labels"), "fields.labels")
            ],
            components=_named(fields, "components"),
            versions=_named(fields, "fixVersions"),
            parent=_key_of(fields.get("parent"), "fields.parent"),
            assignee=self._person(fields.get("assignee"), "fields.assignee"),
            reporter=self._person(fields.get("reporter"), "fields.reporter"),
            creator=self._person(fields.get("creator"), "fields.creator"),
            links=self._links(fields),
            histories=self._histories(changelog),
            comments=self._comments(top, fields),
            subtasks=[
                k
                for s in _list(fields.get("subtasks"), "fields.subtasks")
                if (k := _key_of(s, "fields.subtasks"))
            ],
            has_changelog=changelog is not None,
            not_taken=_not_taken(top, fields),
        )

    def _links(self, fields: dict[str, Any]) -> list[Link]:
        where = "fields.issuelinks"
        links: list[Link] = []
        for i, raw in enumerate(_list(fields.get("issuelinks"), where)):
            entry = _object(raw, f"{where}[{i}]")
            kind = _object(entry.get("type"), f"{where}[{i}].type")
            name = _text(kind.get("name"), f"{where}[{i}].type.name")
            for side, said, outward in _SIDES:
                if isinstance(kind.get(said), str):
                    self.phrases.setdefault(kind[said].lower(), (name.lower(), outward))
                if (key := _key_of(entry.get(side), f"{where}[{i}].{side}")) is not None:
                    links.append(Link(name, outward, key))
        return links

    def _time(self, fields: dict[str, Any], name: str) -> str | None:
        value = fields.get(name)
        return None if value is None else moment(value, f"fields.{name}")

    def _person(self, raw: Any, where: str) -> str | None:
        """Who it is; a bare text is a name. None for nobody, as Jira says for anonymous."""
        if raw is None:
            return None
        if isinstance(raw, str):
            raw = {"name": raw}
        person = _object(raw, where)
        names = [_maybe(person.get(n), f"{where}.{n}") for n in ("accountId", "name", "key")]
        display = _maybe(person.get("displayName"), f"{where}.displayName")
        aliases = tuple(dict.fromkeys(n for n in names if n)) or ((display,) if display else ())
        if not aliases:
            return None
        email = _maybe(person.get("emailAddress"), f"{where}.emailAddress")
        self.people.append(Person(aliases[0], aliases, display, email))
        return aliases[0]

    def _histories(self, changelog: Any) -> list[History]:
        if changelog is None:
            return []
        where = "changelog.histories"
        found = _list(_object(changelog, "changelog").get("histories"), where)
        return [self._history(raw, f"{where}[{i}]") for i, raw in enumerate(found)]

    def _history(self, raw: Any, where: str) -> History:
        entry = _object(raw, where)
        items = _list(entry.get("items"), f"{where}.items")
        return History(
            _maybe(entry.get("id"), f"{where}.id") or "",
            self._person(entry.get("author"), f"{where}.author"),
            moment(entry.get("created"), f"{where}.created"),
            [_item(item, f"{where}.items[{i}]") for i, item in enumerate(items)],
        )

    def _comments(self, top: dict[str, Any], fields: dict[str, Any]) -> list[Comment]:
        inside = _object(fields.get("comment") or {}, "fields.comment")
        found = [
            (raw, f"{where}[{i}]")
            for where, several in (
                ("comments", _list(top.get("comments"), "comments")),
                ("fields.comment.comments", _list(inside.get("comments"), "fields.comment")),
            )
            for i, raw in enumerate(several)
        ]
        comments: dict[str, Comment] = {}
        for raw, where in found:
            entry = _object(raw, where)
            comment = Comment(
                _maybe(entry.get("id"), f"{where}.id") or where,
                self._person(entry.get("author"), f"{where}.author"),
                moment(entry.get("created"), f"{where}.created"),
                _body(entry.get("body"), f"{where}.body"),
                bool(entry.get("visibility")),
            )
            comments.setdefault(comment.id, comment)
        return list(comments.values())


def _item(raw: Any, where: str) -> Item:
    item = _object(raw, where)
    parts = (item.get(name) for name in ("from", "fromString", "to", "toString"))
    return Item(
        _text(item.get("field"), f"{where}.field"),
        *(None if part is None else _body(part, where) for part in parts),
    )


def _named(fields: dict[str, Any], name: str) -> list[Named]:
    where = f"fields.{name}"
    return [
        Named(
            _maybe(_object(raw, where).get("id"), f"{where}.id"),
            _text(_object(raw, where).get("name"), f"{where}.name"),
        )
        for raw in _list(fields.get(name), where)
    ]


def _not_taken(top: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    found = [what for name, what in _NO_PLACE.items() if fields.get(name)]
    if fields.get("security"):
        found.append("security level")
    for where, part, several in (
        ("changelog", top.get("changelog"), "histories"),
        ("comments", fields.get("comment"), "comments"),
    ):
        if isinstance(part, dict) and isinstance(part.get("total"), int):
            held = part.get(several)
            if isinstance(held, list) and part["total"] > len(held):
                found.append(f"rest of the {where}, which the file does not hold")
    return found


def _category(status: dict[str, Any]) -> str | None:
    category = status.get("statusCategory")
    return category.get("key") if isinstance(category, dict) else None


def _key_of(raw: Any, where: str) -> str | None:
    return None if raw is None else _text(_object(raw, where).get("key"), f"{where}.key")


def _name(fields: dict[str, Any], name: str) -> str | None:
    raw = fields.get(name)
    if raw is None:
        return None
    return _text(_object(raw, f"fields.{name}").get("name"), f"fields.{name}.name")


def _body(raw: Any, where: str) -> str:
    if raw is None:
        return ""
    if isinstance(raw, dict):
        return plain_text(raw)
    return _maybe(raw, where) or ""


def _text(raw: Any, where: str) -> str:
    text = _maybe(raw, where)
    if text is None:
        raise BadRecord(f"{where} is missing")
    return text


def _maybe(raw: Any, where: str) -> str | None:
    if raw is None or isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    raise BadRecord(f"{where} is {_kind(raw)}, not text")


def _object(raw: Any, where: str) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    raise BadRecord(f"{where} is " + ("missing" if raw is None else f"{_kind(raw)}, not an object"))


def _list(raw: Any, where: str) -> list[Any]:
    if raw is None:
        return []
    if isinstance(raw, list):
        return raw
    raise BadRecord(f"{where} is {_kind(raw)}, not a list")


def _kind(raw: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    return names.get(type(raw), "a list" if isinstance(raw, list) else "an object")
