"""What the log says, read through the API; and what is wrong with what clients were told.

The fold here is the one that docs/api/sync.md gives to clients, not the product's.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.harness.caller import Caller, Told
from tests.faults.harness.record import Attempt, Record

Change = Mapping[str, Any]
_SHOWN = ("title", "description", "status", "priority", "number", "position", "version")
_ENOUGH = 20


def read_log(caller: Caller, stream: str) -> list[Change]:
    """Every change of a workspace, page by page."""
    changes: list[Change] = []
    since = 0
    while True:
        page = caller.must("GET", f"/workspaces/{stream}/changes?since={since}&limit=1000")
        changes += page["changes"]
        since = page["seq"]
        if not page["more"]:
            return changes


def read_tasks(caller: Caller, stream: str) -> dict[str, Change]:
    """Every task of a workspace, as its list shows it."""
    found: dict[str, Change] = {}
    cursor = ""
    while True:
        path = f"/workspaces/{stream}/tasks?limit=100&sort=number{cursor}"
        page = caller.must("GET", path)
        found |= {one["id"]: one for one in page["items"]}
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def gaps(log: list[Change]) -> Iterator[str]:
    """Where the seqs of a log are not 1, 2, 3, … in this order."""
    before = 0
    for change in log:
        if change["seq"] not in (before, before + 1):
            yield f"seq {before} is followed by {change['seq']}"
        before = change["seq"]


def folded(log: list[Change]) -> dict[str, dict[str, Any]]:
    """The tasks that a log leads to."""
    tasks: dict[str, dict[str, Any]] = {}
    for change in log:
        if change["entity"] != "task":
            continue
        if change["op"] == "delete":
            del tasks[change["id"]]
        else:
            fields = tasks.setdefault(change["id"], {})
            fields |= change["set"] | {"version": change["seq"]}
    return tasks


def unequal(log: list[Change], tasks: Mapping[str, Change]) -> Iterator[str]:
    """Where the list of tasks is not what the log leads to."""
    wanted = folded(log)
    for task in wanted.keys() ^ tasks.keys():
        yield f"task {task} is only in {'the log' if task in wanted else 'the list'}"
    for task in wanted.keys() & tasks.keys():
        for name in _SHOWN:
            if wanted[task][name] != tasks[task][name]:
                yield f"task {task}: {name} is {tasks[task][name]!r}, not {wanted[task][name]!r}"


class Found:
    """Where in a log the words of attempts stand."""

    def __init__(self, log: list[Change]) -> None:
        self._places: dict[str, list[Change]] = defaultdict(list)
        self._before: dict[int, dict[str, int]] = defaultdict(dict)
        last: dict[str, int] = {}
        for change in log:
            if change["entity"] != "task":
                continue
            for word in self._words(change):
                self._places[word].append(change)
            self._before[change["seq"]][change["id"]] = last.get(change["id"], 0)
            last[change["id"]] = change["seq"]

    @staticmethod
    def _words(change: Change) -> Iterator[str]:
        if change["op"] == "delete":
            yield change["id"]
        elif change["op"] == "create":
            yield change["set"]["title"]
        elif "description" in change["set"]:
            yield change["set"]["description"]

    def of(self, attempt: Attempt) -> list[Change]:
        """The changes that it became, as many as its words when it happened once."""
        return [place for word in attempt.words for place in self._places[word]]

    def before(self, change: Change) -> int:
        """The version of the task that a change was made on; 0: there was none."""
        return self._before[change["seq"]][change["id"]]


def judge(attempt: Attempt, found: Found) -> Iterator[str]:
    """What is wrong between what a client was told of a write and what the log has."""
    places = found.of(attempt)
    wanted = len(attempt.words)
    seqs = {place["seq"] for place in places}
    if attempt.told is Told.DONE and not places:
        yield f"LOST: {attempt}"
    elif attempt.told is Told.REFUSED and places:
        yield f"TOLD TO HAVE FAILED, and at {seqs}: {attempt}"
    elif places and (len(places) != wanted or len(seqs) != 1):
        yield f"DOUBLED, OR IN PART: at {seqs}: {attempt}"
    elif attempt.told is Told.DONE and attempt.seq not in seqs:
        yield f"at {seqs} instead of {attempt.seq}: {attempt}"
    elif attempt.based is not None and places and found.before(places[0]) != attempt.based:
        yield f"OVERWRITTEN: {attempt} was made on {found.before(places[0])}"


def findings(record: Record, callers: list[Caller], streams: list[str]) -> list[str]:
    """All that is wrong: with what was told, with the logs, with the lists, on every copy."""
    wrong = list(record.wrong)
    for stream in streams:
        logs = [read_log(caller, stream) for caller in callers]
        found = Found(logs[0])
        wrong += gaps(logs[0])
        wrong += [f"copies differ in the log of {stream}" for log in logs[1:] if log != logs[0]]
        for caller in callers:
            wrong += unequal(logs[0], read_tasks(caller, stream))
        for attempt in record.attempts:
            if attempt.stream == stream:
                wrong += judge(attempt, found)
    return wrong


def assert_true(record: Record, callers: list[Caller], streams: list[str]) -> None:
    """Fail with the first of what is wrong."""
    wrong = findings(record, callers, streams)
    shown = "\n".join(wrong[:_ENOUGH])
    copies = [caller.port for caller in callers]
    about = f"{len(wrong)} findings in {record.summary()}; copies at {copies}"
    assert not wrong, f"{about}\n{shown}"
