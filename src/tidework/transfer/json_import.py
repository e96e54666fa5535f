"""`tidework import json`: the file of a workspace, as a workspace of this installation.

The log is written again commit by commit, with the same seqs, ids and times. The id of the new
workspace follows from the file: the same file again finds it, and an import that was interrupted
goes on. It is in nobody's list until it is complete.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from tidework.errors import OutcomeUnknown, Unavailable
from tidework.log import Change, Commit, Operation
from tidework.store.protocol import Contended, Store, StreamMissing, UniqueConflict
from tidework.transfer.appending import interrupted
from tidework.transfer.export_json import Remembered
from tidework.transfer.import_check import Checked
from tidework.transfer.import_read import content_digest, pieces
from tidework.transfer.marks import Marks
from tidework.transfer.meter import Meter
from tidework.transfer.people import Directory, People
from tidework.transfer.portable import (
    OWN_SOURCE,
    CommitOut,
    MarkOut,
    PersonOut,
    entity_id,
    imported,
    is_person_mark,
)
from tidework.transfer.report import ImportReport, Progress
from tidework.transfer.sources import UNLIMITED, Limits, Source, check_people, file_size
from tidework.transfer.spool import Spool
from tidework.transfer.stable_ids import stable_id
from tidework.workspaces.api import admission

_WINDOW = 64
_CHANGES_IN_WINDOW = 2_000
_ATTEMPTS = 60
_DONE = "import"


class JsonOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to import. `people` is e-mail by the file's name or e-mail of somebody. With another
    `copy`, the same file becomes another workspace.
    """

    people: dict[str, str] = {}
    copy: str = ""
    limits: Limits = UNLIMITED


class _Place(NamedTuple):
    """Where a file goes, and what stands there for the names in it."""

    workspace_id: str
    users: dict[str, str]

    def person(self, alias: str) -> str:
        return self.users[alias]

    def id_of(self, entity: str, id_: str) -> str:
        return entity_id(entity, id_, lambda _: self.workspace_id, self.person)


async def import_json(
    store: Store,
    path: Path,
    people: People,
    directory: Directory,
    options: JsonOptions | None = None,
    *,
    progress: Progress | None = None,
    announce: Callable[[ImportReport], Awaitable[None]] | None = None,
    report: ImportReport | None = None,
    finish: Callable[[str], Awaitable[None]] | None = None,
) -> ImportReport:
    """Make a workspace from the file of one; `report.workspace_id` is the new one.

    `announce` is told what the file holds before anything is written; what it raises ends the import.
    `report`, where given, is what is written on the way. `finish` is called with the workspace's id
    when all is written, before that is noted: once at least, and never for a file that was there.

    Members are those of the file: by e-mail where there is such an account, else as placeholders.
    Nobody else is: whoever imports for others is to be admitted by the caller. Raises `BadSource`
    with nothing written, `Unavailable` with whole commits written, to be gone on with by the same
    call. Memory: the state of the workspace.
    """
    options = options or JsonOptions()
    meter = Meter(progress)
    meter.begin(300, 2 * file_size(path))
    checked, fingerprint = await asyncio.to_thread(_check, path, meter, options.limits)
    workspace_id = stable_id(checked.begun, fingerprint, options.copy)
    report = ImportReport() if report is None else report
    report.workspace_id = workspace_id
    report.found = {
        "commits": checked.commits, "changes": checked.changes, "people": len(checked.people),
    }  # fmt: skip
    if announce is not None:
        await announce(report)
    with Spool() as spool:
        marks = Marks(store, workspace_id, OWN_SOURCE, spool)
        await marks.load()
        if marks.get(_DONE) is not None:
            report.unchanged = checked.commits
            return report
        users = await _resolve(store, marks, people, directory, checked.people, options)
        place = _Place(workspace_id, users)
        meter.begin(700, checked.commits)
        await _Writer(store, place, path, report, meter).run()
        if finish is not None:
            await finish(workspace_id)
        members = [users[alias] for alias in checked.members]
        await store.operate(
            [operation for user in members for operation in admission(workspace_id, user)]
            + [marks.put(_DONE, workspace_id, fingerprint)]
        )
    return report


def _check(path: Path, meter: Meter, limits: Limits) -> tuple[Checked, str]:
    """What the file holds, and the digest of it. Raises `BadSource`."""
    fingerprint = content_digest(Source(path, meter.advance, limits))
    checked = Checked(path.name)
    checked.run(pieces(Source(path, meter.advance, limits)))
    check_people(len(checked.people), limits)
    return checked, fingerprint


async def drop_unfinished(store: Store, workspace_id: str) -> None:
    """Remove what an import has left that will not be gone on with, unless it is complete."""
    with Spool() as spool:
        marks = Marks(store, workspace_id, OWN_SOURCE, spool)
        await marks.load()
        if marks.get(_DONE) is None:
            await store.purge(workspace_id)


async def _resolve(
    store: Store,
    marks: Marks,
    people: People,
    directory: Directory,
    persons: list[PersonOut],
    options: JsonOptions,
) -> dict[str, str]:
    """The accounts of the people; noted at once, so that a repeated import finds the same."""
    users: dict[str, str] = {}
    names = Counter(person.name for person in persons if person.email is None)
    taken: set[str] = set()
    for person in persons:
        mark = marks.get(f"person/{person.id}")
        if mark is not None:
            users[person.id] = mark[0]
            taken.add(mark[0])
            continue
        name = person.name or f"Unknown {person.id}"
        # Without an address only the name tells people apart; two of one name are still two.
        alone = name if names[person.name] < 2 else f"{name} ({person.id})"
        email = options.people.get(person.email or name, person.email)
        user = await people.resolve(alone, name, email)
        if user in taken:
            user = await people.resolve(f"{name} ({person.id})", name, None)
        users[person.id] = user
        taken.add(user)
        account = (await directory.describe([user])).get(user)
        here = account.name if account is not None else None
        remembered = Remembered(person.name, person.email, here)
        text = msgspec.json.encode(remembered).decode()
        operation = marks.put(f"person/{person.id}", user, text)
        await store.operate([operation])
        marks.remember([operation])
    return users


class _Writer:
    """Writes the log of a file, from where the stream has come to."""

    def __init__(
        self, store: Store, place: _Place, path: Path, report: ImportReport, meter: Meter
    ) -> None:
        self._store = store
        self._place = place
        self._path = path
        self._report = report
        self._meter = meter

    async def run(self) -> None:
        """Write every commit that is not there, and every mark."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._write(await self._seq())
                return
            except (Contended, UniqueConflict, OutcomeUnknown, StreamMissing) as error:
                # The same import runs twice: go on from wherever the other one has come to.
                if attempt == _ATTEMPTS:
                    raise interrupted(error) from error
                await asyncio.sleep(min(0.01 * 2**attempt, 1.0))
            except Unavailable as error:
                raise interrupted(error) from error

    async def _seq(self) -> int:
        seqs = await self._store.seqs([self._place.workspace_id])
        return seqs.get(self._place.workspace_id, 0)

    async def _write(self, since: int) -> None:
        window: list[Commit] = []
        marks: list[MarkOut] = []
        changes = 0
        last = since
        for section, piece in pieces(Source(self._path)):
            if section == "commits":
                self._meter.advance(1)
                if piece.seq <= since:
                    continue
                # A commit without changes left only its seq.
                window += [self._empty(seq) for seq in range(last + 1, piece.seq)]
                window.append(self._commit(piece))
                last = piece.seq
                changes += len(piece.changes)
                if len(window) >= _WINDOW or changes >= _CHANGES_IN_WINDOW:
                    await self._append(window)
                    window, changes = [], 0
            elif section == "marks":
                if window:
                    await self._append(window)
                    window = []
                marks.append(piece)
                if len(marks) >= _CHANGES_IN_WINDOW:
                    await self._mark(marks)
                    marks = []
        await self._append(window)
        await self._mark(marks)

    async def _append(self, window: list[Commit]) -> None:
        """Hand over several at once: they are written in this order, in one go."""
        outcomes = await asyncio.gather(
            *(self._store.append(commit) for commit in window), return_exceptions=True
        )
        for commit, outcome in zip(window, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            self._report.add("commits")
            self._report.add("changes", len(commit.changes))

    async def _mark(self, marks: list[MarkOut]) -> None:
        if marks:
            await self._store.operate([self._operation(mark) for mark in marks])

    def _operation(self, mark: MarkOut) -> Operation:
        known = is_person_mark(mark.foreign_id)
        entity = self._place.person(mark.entity_id) if known else mark.entity_id
        key = {
            "stream_id": self._place.workspace_id,
            "source": mark.source,
            "foreign_id": mark.foreign_id,
        }
        values = {"entity_id": entity, "fingerprint": mark.fingerprint}
        return Operation("import_marks", "upsert", key=key, set=values)

    def _commit(self, commit: CommitOut) -> Commit:
        place = self._place
        authorship = [
            (None if c.actor is None else place.person(c.actor), c.at) for c in commit.changes
        ]
        changes = [
            Change(
                c.entity,
                place.id_of(c.entity, c.id),
                c.op,  # type: ignore[arg-type]
                imported(c.entity, c.op, c.set, place.person),
            )
            for c in commit.changes
        ]
        return Commit(
            stream_id=place.workspace_id,
            actor_id=authorship[0][0],
            at=authorship[0][1],
            request_id=commit.request_id,
            creates="workspace" if commit.seq == 1 else None,
            base_seq=None if commit.seq == 1 else commit.seq - 1,
            changes=changes,
            authorship=authorship,
        )

    def _empty(self, seq: int) -> Commit:
        return Commit(
            stream_id=self._place.workspace_id,
            actor_id=None,
            at="1970-01-01T00:00:00.000000Z",
            base_seq=seq - 1,
            changes=[],
        )
