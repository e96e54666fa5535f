"""`tidework import jira`: issues of Jira's REST API as tasks with their whole history.

First everything is read and checked, into a temporary file; nothing is written when that fails.
Then the issues follow, parents before children, about a thousand changes to a commit, and at last
the links between them. Every commit holds the marks of what it brings, so an interrupted import goes
on where it was when it is repeated, a repeated one changes nothing, and a newer file adds what is
new in it. Ids follow from the workspace and the issue's key: the end is the same either way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from tidework.store.protocol import Store
from tidework.transfer.appending import Appender, Terms
from tidework.transfer.jira_groups import IssueImport
from tidework.transfer.jira_read import Scan
from tidework.transfer.jira_tasks import Tasks
from tidework.transfer.link_write import LinkImport
from tidework.transfer.mapping import Mapping as Rules
from tidework.transfer.mapping import default_mapping
from tidework.transfer.marks import Marks
from tidework.transfer.meter import Meter
from tidework.transfer.people import People, resolve_people
from tidework.transfer.report import ImportReport, MappingRow, Progress
from tidework.transfer.sources import (
    UNLIMITED,
    Limits,
    Source,
    check_people,
    file_size,
    find_files,
)
from tidework.transfer.spool import Spool


class JiraOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to import.

    `actor_id` is the account that imports: it makes labels, projects and corrections. `people` is
    e-mail by name of the source. `source` tells several Jira servers apart that go into one
    workspace. With `skip_bad_lines`, records that cannot be read are listed instead of refused.
    """

    actor_id: str | None
    rules: Rules = msgspec.field(default_factory=default_mapping)
    people: Mapping[str, str] = {}
    source: str = "jira"
    skip_bad_lines: bool = False
    limits: Limits = UNLIMITED


async def import_jira(
    store: Store,
    workspace_id: str,
    paths: Sequence[Path],
    people: People,
    options: JiraOptions,
    *,
    progress: Progress | None = None,
    announce: Callable[[Sequence[MappingRow]], Awaitable[None]] | None = None,
    report: ImportReport | None = None,
    terms: Terms | None = None,
) -> ImportReport:
    """Import files, or folders of files, into a workspace, and say what was done.

    `announce` gets the mapping before anything is written; until then the workspace need not exist.
    What it raises ends the import. `report`, where given, is what is written on the way. `terms` hold
    for every commit.
    Raises `BadSource` when a file cannot be taken, with nothing written; `Unavailable` when the
    store is or a disk is full, with whole commits written, to be gone on with by the same call.
    Memory does not grow with the files except for the links and the names of people, components and
    versions; the temporary folder needs about the room of the unpacked files.
    """
    report = ImportReport() if report is None else report
    report.workspace_id = workspace_id
    files = find_files(paths)
    meter = Meter(progress)
    with Spool() as spool:
        scan = Scan(spool, options.rules, report)
        meter.begin(250, sum(map(file_size, files)))
        sources = [Source(file, meter.advance, options.limits) for file in files]
        await asyncio.to_thread(scan.read, sources, options.skip_bad_lines)
        check_people(report.found["people"], options.limits)
        if announce is not None:
            await announce(report.mapping)
        marks = Marks(store, workspace_id, options.source, spool)
        await marks.load()
        meter.begin(50, report.found["people"])
        await resolve_people(store, marks, spool, people, options.people, meter.advance)
        tasks = Tasks(store, workspace_id, marks, spool, options.source)
        appender = Appender(store, workspace_id, options.actor_id, report, terms)
        place = (options.actor_id, options.source)
        issues = IssueImport(store, workspace_id, scan, marks, tasks, people, appender, *place)
        meter.begin(650, scan.issues)
        await issues.run(meter.advance)
        links = LinkImport(store, workspace_id, scan, marks, tasks, issues.user, appender, *place)
        meter.begin(50, report.found["links"])
        await links.run(meter.advance)
        meter.advance(report.found["links"])
    return report
