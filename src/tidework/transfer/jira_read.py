"""The first pass over Jira's issues: everything is read and checked before anything is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tidework.transfer.jira_links import phrase_of, settle_links
from tidework.transfer.jira_shape import History, Issue, Person, Reader
from tidework.transfer.json_records import BAD, Record, records
from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.report import ImportReport, MappingRow
from tidework.transfer.sources import SKIPPING, BadSource, CutOff, Source
from tidework.transfer.spool import Spool, keep_person
from tidework.transfer.stable_ids import digest
from tidework.transfer.text import BadRecord

_encode = msgspec.msgpack.Encoder().encode
decode_issue = msgspec.msgpack.Decoder(Issue).decode

CUT_OFF = "files that are cut off or damaged, imported as far as they can be read"
REPEATED = "issues that stand in the files more than once with the same content"
TWICE = "issues that stand in the files more than once, differently; the one updated last is taken"
SHARED_EMAIL = "e-mail addresses of more than one person, taken for nobody's"
NO_CHANGELOG = "issues whose changelog the files do not hold; their past is not known"


class Scan:
    """What the first pass has learned. Issues, people and links lie in the spool.

    `renamed` has the names of each component and version, by field and Jira's id, and when each was
    used last.
    """

    def __init__(self, spool: Spool, rules: Rules, report: ImportReport) -> None:
        self.spool = spool
        self.rules = rules
        self.report = report
        self.issues = 0
        self.renamed: dict[tuple[str, str], dict[str, str]] = {}
        self.categories: dict[str, str] = {}
        self.projects: dict[str, str] = {}
        self.former_projects: dict[str, str] = {}
        self._reader = Reader()
        self._people: set[Person] = set()
        self._mentioned: dict[str, str | None] = {}
        self._values: dict[str, Counter[tuple[str, str | None, str | None]]] = {}
        self._named: dict[str, set[str]] = {"component": set(), "version": set(), "label": set()}
        self._uses: Counter[str] = Counter()

    def read(self, sources: Sequence[Source], skip_bad: bool) -> None:
        """Read every file. Raises `BadSource` for the first record that cannot be taken, unless
        `skip_bad`; then those are counted and listed.
        """
        for source in sources:
            try:
                for record in records(source, self.report):
                    source.check_records(self.issues + 1)
                    self._record(record, skip_bad)
            except CutOff as error:
                if not skip_bad:
                    raise BadSource(error.detail + SKIPPING) from error
                self.report.note("cut_off", CUT_OFF, error.detail.partition(". ")[0])
        if self.issues == 0:
            raise BadSource("There is no issue in what was given; nothing was imported.")
        self.spool.execute("DELETE FROM aliases WHERE alias IN (SELECT key FROM issues)")
        self.spool.execute(
            "UPDATE issues SET parent = (SELECT key FROM aliases WHERE alias = parent)"
            " WHERE parent IN (SELECT alias FROM aliases)"
        )
        self._settle_people()
        settle_links(self.spool, self.rules, self._reader.phrases, self.report)
        self.report.found["issues"] = self.issues
        self.report.found["links"] = self.spool.one("SELECT count(*) FROM links")
        self.report.mapping = self.mapping_rows()

    def _record(self, record: Record, skip_bad: bool) -> None:
        try:
            if isinstance(record.value, BadRecord):
                raise record.value
            issue = self._reader.read(record.value)
        except BadRecord as error:
            if skip_bad:
                self.report.note("bad_records", BAD, f"{record.place}: {error}")
                return
            raise BadSource(
                f"{record.place}: {error}. Nothing was imported; correct it, or use "
                "--skip-bad-lines to leave such lines out."
            ) from error
        self._keep(issue, record.place)

    def _keep(self, issue: Issue, place: str) -> None:
        body = _encode(issue)
        fingerprint = digest(body.decode("latin-1"))
        known = self.spool.execute(
            "SELECT ordinal, updated, digest FROM issues WHERE key = ?", (issue.key,)
        ).fetchone()
        if known is not None:
            if known[2] == fingerprint:
                self.report.note("repeated", REPEATED, f"{place}: {issue.key}")
                return
            self.report.note("twice", TWICE, f"{place}: {issue.key}")
            if known[1] > issue.updated:
                return
            self.spool.execute("DELETE FROM link_events WHERE issue = ?", (issue.key,))
            self.spool.execute("DELETE FROM links WHERE issue = ?", (issue.key,))
        else:
            self.issues += 1
        self.spool.execute(
            "INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.issues if known is None else known[0],
                issue.key, issue.parent, issue.created, issue.updated,
                issue.creator or issue.reporter, fingerprint, body,
            ),
        )  # fmt: skip
        self._learn(issue)

    def _learn(self, issue: Issue) -> None:
        found, count = self.report.found, len(issue.histories)
        found["changelog entries"] = found.get("changelog entries", 0) + count
        found["comments"] = found.get("comments", 0) + len(issue.comments)
        if not issue.has_changelog:
            self.report.note("no_changelog", NO_CHANGELOG, issue.key)
        for what in issue.not_taken:
            kind = f"not taken over: {what}"
            self.report.note(kind, "there is no place for it in a task", issue.key)
        if issue.category:
            self.categories[issue.status] = issue.category
        self.projects[issue.project_key] = issue.project_name
        for person in self._reader.people:
            self._meet(person)
        self._count(issue)
        for history in issue.histories:
            self._learn_history(issue, history)
        self.spool.many(
            "INSERT INTO links (issue, other, outward, type) VALUES (?, ?, ?, ?)",
            [(issue.key, link.key, link.outward, link.type) for link in issue.links],
        )

    def _learn_history(self, issue: Issue, history: History) -> None:
        moved = [item.to_text for item in history.items if item.field.lower() == "project"]
        for item in history.items:
            field = item.field.lower()
            if field in ("component", "fix version"):
                for id_, name in ((item.from_id, item.from_text), (item.to_id, item.to_text)):
                    if id_ and name:
                        times = self.renamed.setdefault((field, id_), {})
                        times[name] = max(history.at, times.get(name, ""))
            elif field in ("assignee", "reporter"):
                for id_, name in ((item.from_id, item.from_text), (item.to_id, item.to_text)):
                    if id_:
                        self._mentioned.setdefault(id_, name)
            elif field == "key":
                project = (item.to_text or "").rpartition("-")[0]
                if moved and moved[0] and project:
                    self.former_projects[project] = moved[0]
                for alias in (item.from_text, item.to_text):
                    if alias and alias != issue.key:
                        self.spool.execute(
                            "INSERT OR IGNORE INTO aliases VALUES (?, ?)", (alias, issue.key)
                        )
            elif field == "link":
                other = item.to_id or item.from_id
                sentence = item.to_text or item.from_text
                if other and sentence:
                    self.spool.execute(
                        "INSERT INTO link_events (issue, other, phrase, added, at, actor)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        (
                            issue.key, other, phrase_of(sentence, other), bool(item.to_id),
                            history.at, history.author,
                        ),
                    )  # fmt: skip
            elif field == "status":
                for name in (item.from_text, item.to_text):
                    if name:
                        self._value("former status", name)

    def _meet(self, person: Person) -> None:
        if person in self._people:
            return
        self._people.add(person)
        keep_person(self.spool, person.id, person.aliases, person.display, person.email)

    def _settle_people(self) -> None:
        for id_, display in self._mentioned.items():
            if self.spool.one("SELECT id FROM people WHERE alias = ?", (id_,)) is None:
                self._meet(Person(id_, (id_,), display, None))
        shared = self.spool.execute(
            "SELECT lower(email), count(*) FROM persons WHERE email IS NOT NULL"
            " GROUP BY lower(email) HAVING count(*) > 1"
        ).fetchall()
        for email, count in shared:
            self.report.note("shared_email", SHARED_EMAIL, f"{email} ({count} people)")
            self.spool.execute("UPDATE persons SET email = NULL WHERE lower(email) = ?", (email,))
        people = self.spool.one("SELECT count(DISTINCT id) FROM people")
        self.report.found["people"] = people

    def _count(self, issue: Issue) -> None:
        self._value("status", issue.status, issue.category, issue.resolution)
        if issue.priority:
            self._value("priority", issue.priority)
        if issue.type:
            self._value("type", issue.type)
        self._value("project", issue.project_key, issue.project_name)
        for link in issue.links:
            self._value("link", link.type)
        for field, names in (
            ("component", [c.name for c in issue.components]),
            ("version", [v.name for v in issue.versions]),
            ("label", issue.labels),
        ):
            self._named[field].update(names)
            self._uses[field] += len(names)

    def _value(
        self, field: str, value: str, one: str | None = None, other: str | None = None
    ) -> None:
        self._values.setdefault(field, Counter())[value, one, other] += 1

    def mapping_rows(self) -> list[MappingRow]:
        """How the values that occur are taken over, the commonest first."""
        return list(self._rows())

    def _rows(self) -> Iterator[MappingRow]:
        rules, values = self.rules, self._values
        for (status, category, resolution), n in _common(values, "status"):
            to = rules.status_of(status, category, resolution) or "pending (not known)"
            yield MappingRow("status", f"{status} / {resolution or 'unresolved'}", n, to)
        now = {status for status, _, _ in values.get("status", {})}
        for (status, _, _), n in _common(values, "former status"):
            if status not in now:
                to = rules.status_of(status, None, None) or "pending (not known)"
                yield MappingRow("former status", status, n, to)
        for (priority, _, _), n in _common(values, "priority"):
            to = rules.priority_of(priority) or "medium (not known)"
            yield MappingRow("priority", priority, n, to)
        for (kind, _, _), n in _common(values, "type"):
            yield MappingRow("issue type", kind, n, _label(rules.label.type, kind))
        for (key, name, _), n in _common(values, "project"):
            yield MappingRow("project", key, n, f"project {name}")
        for (kind, _, _), n in _common(values, "link"):
            yield MappingRow("link", kind, n, rules.relation_of(kind) or "relates_to (not known)")
        for field, pattern in (
            ("component", rules.label.component),
            ("version", rules.label.version),
            ("label", rules.label.label),
        ):
            if self._uses[field]:
                different = f"{len(self._named[field])} different"
                yield MappingRow(field, different, self._uses[field], _label(pattern, "…"))


def _common(
    values: Mapping[str, Counter[tuple[str, str | None, str | None]]], field: str
) -> list[tuple[tuple[str, str | None, str | None], int]]:
    return values.get(field, Counter()).most_common()


def _label(pattern: str, value: str) -> str:
    return f"label “{pattern.replace('{}', value)}”" if pattern else "left out"
