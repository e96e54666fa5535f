"""Links between issues: from what both sides and the changelog say, to relations."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.mapping import key_of
from tidework.transfer.report import ImportReport
from tidework.transfer.spool import Spool

# The changelog has only the sentence; these are the types and directions that they belong to.
PHRASES: dict[str, tuple[str, bool]] = {
    "depends on": ("dependency", True),
    "required by": ("dependency", False),
    "is required by": ("dependency", False),
    "is depended on by": ("dependency", False),
    "is a dependency of": ("dependency", False),
    "blocks": ("blocks", True),
    "is blocked by": ("blocks", False),
    "duplicates": ("duplicate", True),
    "is duplicated by": ("duplicate", False),
    "addresses": ("addresses", True),
    "branch addresses issue": ("addresses", True),
    "addressed by": ("addresses", False),
    "addressed by branch": ("addresses", False),
    "is addressed by": ("addresses", False),
    "is related to": ("related", True),
    "relates to": ("related", True),
    "clones": ("cloners", True),
    "is cloned by": ("cloners", False),
}

UNKNOWN_PHRASE = "links in the changelog whose sentence is not known, read as relates_to"
UNKNOWN_TYPE = "links of a type that the mapping does not know, read as relates_to"
IGNORED = "links that the mapping leaves out"
ONE_SIDED = "links that only one of the two issues names, although both are there; taken over"
HISTORY = "entries about a link that do not follow from the ones before"
END = "links that the changelog and the issues' fields disagree about; the fields are followed"

_EVENT_OUT = "UPDATE link_events SET kind = ?, type = ?, a = issue, b = other WHERE phrase = ?"
_EVENT_IN = "UPDATE link_events SET kind = ?, type = ?, a = other, b = issue WHERE phrase = ?"
_LINK_OUT = "UPDATE links SET kind = ?, a = issue, b = other WHERE type = ? AND outward = ?"
_LINK_IN = "UPDATE links SET kind = ?, a = other, b = issue WHERE type = ? AND outward = ?"
_CANONICAL = (
    "UPDATE TABLE SET SIDE = (SELECT key FROM aliases WHERE alias = SIDE)"
    " WHERE SIDE IN (SELECT alias FROM aliases)"
)
_BOTH = "SELECT count(*) FROM issues WHERE key IN (?, ?)"
_SETTLE = [
    statement.replace("TABLE", table)
    for table in ("links", "link_events")
    for statement in (
        "DELETE FROM TABLE WHERE kind = 'ignore'",
        _CANONICAL.replace("SIDE", "a"),
        _CANONICAL.replace("SIDE", "b"),
        "UPDATE TABLE SET a = b, b = a WHERE kind = 'relates_to' AND a > b",
        "CREATE INDEX TABLE_pair ON TABLE (a, b, kind)",
    )
]
_INVERSE = {"blocked_by": "blocks", "duplicated_by": "duplicates"}


def phrase_of(sentence: str, key: str) -> str:
    """What the changelog says between "This issue" and the other issue's key."""
    return key_of(sentence).removeprefix("this issue ").removesuffix(key_of(key)).strip()


def settle_links(
    spool: Spool, rules: Rules, learned: Mapping[str, tuple[str, bool]], report: ImportReport
) -> None:
    """Give each link of the spool its relation: the kind, the task it is read from, the other."""
    for (phrase,) in spool.execute("SELECT DISTINCT phrase FROM link_events").fetchall():
        known = learned.get(phrase) or PHRASES.get(phrase)
        if known is None:
            for issue, other in spool.rows(
                "SELECT issue, other FROM link_events WHERE phrase = ?", (phrase,)
            ):
                report.note("link_phrase", UNKNOWN_PHRASE, f"{issue} {phrase} {other}")
        kind, outward = _relation(rules, *(known or (phrase, True)))
        spool.execute(
            _EVENT_OUT if outward else _EVENT_IN, (kind, known[0] if known else phrase, phrase)
        )
    for type_, outward in spool.execute("SELECT DISTINCT type, outward FROM links").fetchall():
        if rules.relation_of(type_) is None:
            _count(spool, report, "link_type", UNKNOWN_TYPE, type_, outward)
        elif rules.relation_of(type_) == "ignore":
            _count(spool, report, "link_ignored", IGNORED, type_, outward)
        kind, straight = _relation(rules, type_.lower(), bool(outward))
        spool.execute(_LINK_OUT if straight else _LINK_IN, (kind, type_, outward))
    for statement in _SETTLE:
        spool.execute(statement)


def _relation(rules: Rules, type_: str, outward: bool) -> tuple[str, bool]:
    kind = rules.relation_of(type_) or "relates_to"
    if kind in _INVERSE:
        return _INVERSE[kind], not outward
    return kind, outward


def _count(
    spool: Spool, report: ImportReport, kind: str, meaning: str, type_: str, outward: int
) -> None:
    for issue, other in spool.rows(
        "SELECT issue, other FROM links WHERE type = ? AND outward = ?", (type_, outward)
    ):
        report.note(kind, meaning, f"{issue} {type_} {other}")


class LinkStep(NamedTuple):
    """A relation that was made, or taken away."""

    at: str
    actor: str | None
    made: bool
    correction: bool = False


class PlannedLink(NamedTuple):
    """Everything that happened to one relation between two issues, in order."""

    kind: str
    a: str
    b: str
    steps: list[LinkStep]


class LinkPlanner:
    """Replays links; what contradicts itself goes into the report."""

    def __init__(self, spool: Spool, report: ImportReport) -> None:
        self._spool = spool
        self._report = report

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Each `(a, b, kind)` that the fields or the changelog name, in a fixed order."""
        yield from self._spool.execute(
            "SELECT a, b, kind FROM links UNION SELECT a, b, kind FROM link_events ORDER BY 1, 2, 3"
        ).fetchall()

    def is_current(self, a: str, b: str, kind: str) -> bool:
        """Whether the fields of either issue name the link."""
        return bool(
            self._spool.one(
                "SELECT count(*) FROM links WHERE a = ? AND b = ? AND kind = ?", (a, b, kind)
            )
        )

    def plan(self, a: str, b: str, kind: str, since: LinkStep, last: str) -> PlannedLink:
        """The steps of one relation.

        `since` is who made it when, if it was there from the beginning; `last` is the time of the
        correction when the changelog ends elsewhere than the fields.
        """
        key = (a, b, kind)
        name = f"{a} {kind} {b}"
        now = {
            row[0]: row[1]
            for row in self._spool.execute(
                "SELECT lower(type), count(DISTINCT issue) FROM links"
                " WHERE a = ? AND b = ? AND kind = ? GROUP BY 1",
                key,
            )
        }
        if 1 in now.values() and self._spool.one(_BOTH, (a, b)) == 2:
            self._report.note("link_one_sided", ONE_SIDED, name)
        events = self._spool.execute(
            "SELECT at, issue, type, added, actor FROM link_events"
            " WHERE a = ? AND b = ? AND kind = ? ORDER BY at, added DESC",
            key,
        ).fetchall()
        first: dict[str, int] = {}
        for _, _, type_, added, _ in events:
            first.setdefault(type_, added)
        # There from the beginning: what is taken away before it is made, and what is there unsaid.
        present = {type_ for type_, added in first.items() if not added}
        present |= {type_ for type_ in now if type_ not in first}
        steps = [since] if present else []
        sides: dict[str, str] = {}
        for at, issue, type_, added, actor in events:
            if bool(added) == (type_ in present):
                # The other issue's changelog says the same; the same issue's would contradict.
                if sides.get(type_) in (None, issue):
                    self._report.note("link_history", HISTORY, f"{name}, {at}")
                continue
            sides[type_] = issue
            before = bool(present)
            (present.add if added else present.discard)(type_)
            if before != bool(present):
                steps.append(LinkStep(at, actor, bool(present)))
        if bool(present) != bool(now):
            self._report.note("link_end", END, name)
            at = max([last, *(step.at for step in steps)])
            steps.append(LinkStep(at, None, bool(now), correction=True))
        return PlannedLink(kind, a, b, steps)
