"""Ten years of the shared Jira file, imported, against numbers computed from the raw file."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.modules.analytics.counted import rows, take_in
from tests.modules.transfer.conftest import people_with_workspace
from tests.modules.transfer.harness import SHARED, read_shared

from tidework.analytics.api import Numbers, Wanted
from tidework.analytics.rebuild import rebuild
from tidework.analytics.repair import Rebuilt
from tidework.analytics.service import AnalyticsService, spread
from tidework.store.protocol import Store
from tidework.times import parse
from tidework.transfer import JiraOptions, default_mapping, import_jira
from tidework.transfer.text import moment

JIRA = "jira-duraspace.ndjson.xz"
SPAN = Wanted("2007-01-01", "2016-12-31")
pytestmark = [
    pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not beside the repository"),
    pytest.mark.slow,
]


async def test_ten_years_of_an_import(store: Store) -> None:
    people = await people_with_workspace(store)
    workspace = people.workspace_id
    assert workspace is not None
    options = JiraOptions(actor_id=people.owner)
    await import_jira(store, workspace, [SHARED / JIRA], people, options)
    await take_in(store, workspace)
    numbers = await AnalyticsService(store).numbers(workspace, SPAN)

    issues = [Issue(raw) for raw in read_shared(JIRA)]
    assert numbers.created == len(issues) == 3036
    _assert_days(numbers, issues)
    done = [issue for issue in issues if issue.done is not None]
    assert numbers.throughput == len(done)
    assert numbers.lead_time == spread(_seconds(i.created, i.done) for i in done)
    started = [issue for issue in done if issue.started is not None]
    assert numbers.cycle_time == spread(_seconds(i.started, i.done) for i in started)
    projects = Counter(issue.project for issue in done)
    assert sorted(p.throughput for p in numbers.by_project if p.throughput) == sorted(
        projects.values()
    )

    live = await rows(store, workspace)
    seq = (await store.seqs([workspace]))[workspace]
    assert await rebuild(store, workspace) == Rebuilt(seq, 0)
    assert await rows(store, workspace) == live


def _assert_days(numbers: Numbers, issues: list["Issue"]) -> None:
    happened: Counter[tuple[str, str]] = Counter()
    net: dict[str, Counter[str]] = {}
    for issue in issues:
        before = ""
        for at, status in issue.steps:
            day = at[:10]
            happened[day, _event(before, status)] += 1
            if not before:
                happened[day, "created"] += 1
            net.setdefault(day, Counter())[status] += 1
            net[day][before] -= 1
            before = status
    finished = Counter(issue.done[:10] for issue in issues if issue.done)
    standing: Counter[str] = Counter()
    for day in numbers.days:
        for status, by in net.get(day.day, {}).items():
            standing[status] += by
        for name in ("created", "completed", "reopened", "cancelled"):
            assert getattr(day, name) == happened[day.day, name], (day.day, name)
        assert day.throughput == finished[day.day], day.day
        found = (day.in_pending, day.in_progress, day.in_completed, day.in_cancelled)
        statuses = ("pending", "in_progress", "completed", "cancelled")
        assert found == tuple(standing[status] for status in statuses), day.day
    assert standing["pending"] > 100


def _event(before: str, after: str) -> str:
    if after in ("completed", "cancelled"):
        return after
    return "reopened" if before in ("completed", "cancelled") else ""


def _seconds(one: Any, other: Any) -> int:
    return max(0, int((parse(other) - parse(one)).total_seconds() // 1))


class Issue:
    """An issue of the raw file: when it had which of our statuses."""

    def __init__(self, raw: dict[str, Any]) -> None:
        fields = raw["fields"]
        self.project = fields["project"]["key"]
        self.created = moment(fields["created"], "")
        self.steps: list[tuple[str, str]] = []
        for at, status in self._states(raw):
            at = max([at, *(one for one, _ in self.steps[-1:])])
            if not self.steps or self.steps[-1][1] != status:
                self.steps.append((at, status))
        completed = self.steps[-1][1] == "completed"
        self.done = moment(fields["resolutiondate"], "") if completed else None
        self.started = next((at for at, status in self.steps if status == "in_progress"), None)

    def _states(self, raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Times and statuses, by the changelog and, last, by the fields."""
        fields, rules = raw["fields"], default_mapping()
        final = {name: (fields[name] or {}).get("name") for name in ("status", "resolution")}
        entries = [
            (moment(history["created"], ""), item["field"], item["fromString"], item["toString"])
            for history in sorted(
                raw["changelog"]["histories"],
                key=lambda h: (moment(h["created"], ""), int(h["id"])),
            )
            for item in history["items"]
            if item["field"] in final
        ]
        state = {
            name: next((was for _, field, was, _ in entries if field == name), final[name]) or None
            for name in final
        }

        def ours() -> str:
            return rules.status_of(state["status"] or "", None, state["resolution"]) or "pending"

        yield self.created, ours()
        for number, (at, field, _, becomes) in enumerate(entries):
            state[field] = becomes or None
            # What one entry says of both is one change.
            if number + 1 == len(entries) or entries[number + 1][0] != at:
                yield at, ours()
        if state != final:
            state = final
            yield max(moment(fields["updated"], ""), *(e[0] for e in entries)), ours()
