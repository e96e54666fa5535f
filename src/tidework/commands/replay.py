"""Proving that every log still leads to the very state that is there."""

from collections import Counter
from typing import Any

from tidework.analytics.repair import compare, place_of
from tidework.commands.checks import Check
from tidework.commands.queries import STREAMS
from tidework.errors import NotFound
from tidework.ids import LOWEST_ID
from tidework.store.protocol import Row, Store
from tidework.store.verify import verify_stream
from tidework.transfer import Progress

_PAGE = 1000
_ENOUGH = 100


async def check(store: Store, progress: Progress) -> Check:
    """Fold every stream's log and compare it with the state tables. Needs the memory of one stream.

    Costs one read of the whole database; others may write meanwhile.
    """
    streams = await streams_of(store)
    commits = sum(row[2] for row in streams)
    kinds = Counter(row[1] for row in streams)
    findings: list[str] = []
    done = 0
    for stream_id, kind, seq in streams:
        findings += [
            f"{kind} {stream_id}: {text}" for text in await verify_stream(store, stream_id)
        ]
        done += seq
        progress(done, commits)
        if len(findings) >= _ENOUGH:
            break
    counted = ", ".join(f"{count} {kind}s" for kind, count in sorted(kinds.items())) or "nothing"
    if findings:
        return Check(
            "replay", False,
            "Log and state disagree. This is a defect, please report it with these lines; the log is"
            " what happened.",
            findings,
        )  # fmt: skip
    return Check("replay", True, f"{counted}, {commits} commits: the log leads to the state")


async def statistics(store: Store) -> Check:
    """Count every stream's statistics again, and compare. Needs the memory of one stream.

    Costs one more read of the log; others may write meanwhile.
    """
    findings: list[str] = []
    broken: list[str] = []
    compared = behind = 0
    for stream_id, kind, seq in await streams_of(store):
        try:
            found = await compare(store, stream_id)
        except NotFound:
            # The log ends before what was counted; a stream that was purged meanwhile has neither.
            counted = await place_of(store, stream_id)
            if counted:
                broken.append(f"{kind} {stream_id}: the log does not lead to seq {counted}")
            continue
        if found is None:
            continue
        compared += 1
        behind += await place_of(store, stream_id) < seq
        findings += [f"{kind} {stream_id}: {text}" for text in found]
        if len(findings) + len(broken) >= _ENOUGH:
            break
    if broken:
        return Check(
            "statistics", False,
            "They cannot all be counted again, since a log is broken; see what replay says of it.",
            broken + findings,
        )  # fmt: skip
    if findings:
        return Check(
            "statistics", False,
            "Statistics are not what the log leads to. Count them again with: tidework analytics"
            " rebuild",
            findings,
        )  # fmt: skip
    later = f"; {behind} have commits that are not counted yet" if behind else ""
    return Check("statistics", True, f"{compared} streams: as the log leads to{later}")


async def streams_of(store: Store) -> list[Row]:
    """Id, kind and seq of every stream."""
    found: list[Row] = []
    place: dict[str, Any] = {"after": LOWEST_ID, "limit": _PAGE}
    while True:
        page = await store.fetch(STREAMS, place)
        found += page
        if len(page) < _PAGE:
            return found
        place["after"] = page[-1][0]
