"""The commits that make and remove reminders, with the rows by which they are found."""

from collections.abc import Sequence

from tidework.log import Change, Commit, Expect, Operation
from tidework.reminders.planning import Wanted, place_key, stable_id
from tidework.store.protocol import Contended, Store, StreamMissing
from tidework.times import now


def making(workspace_id: str, wanted: Wanted, at: str) -> tuple[Change, Operation]:
    """What makes a reminder."""
    when = {"at": wanted.at, "offset_minutes": wanted.offset_minutes}
    fields = {
        "workspace_id": workspace_id,
        "task_id": wanted.task_id,
        **when,
        "created_at": at,
    }
    place = place_key(workspace_id, wanted.task_id, wanted.reminder_id)
    return (
        Change("reminder", wanted.reminder_id, "create", fields),
        Operation("task_reminders", "upsert", place, {"user_id": wanted.user_id, **when}),
    )


def removing(workspace_id: str, wanted: Wanted) -> tuple[Change, Operation]:
    """What removes a reminder."""
    place = place_key(workspace_id, wanted.task_id, wanted.reminder_id)
    return (
        Change("reminder", wanted.reminder_id, "delete"),
        Operation("task_reminders", "delete", place),
    )


async def remove(store: Store, workspace_id: str, found: Sequence[Wanted]) -> None:
    """Remove reminders whose task or whose reader is gone."""
    for wanted in found:
        change, row = removing(workspace_id, wanted)
        await _once(store, wanted, [change], [row], [Expect("reminder", wanted.reminder_id)])


async def carry(store: Store, workspace_id: str, found: Sequence[Wanted], task_id: str) -> None:
    """Let the reminders of one task be those of another one: where they count from a due date."""
    for wanted in found:
        if wanted.offset_minutes is None:
            continue
        new = Wanted(
            task_id,
            stable_id("carried", wanted.reminder_id, task_id),
            wanted.user_id,
            None,
            wanted.offset_minutes,
        )
        made, row = making(workspace_id, new, now())
        gone, old_row = removing(workspace_id, wanted)
        expects = [
            Expect("reminder", wanted.reminder_id),
            Expect("reminder", new.reminder_id, absent=True),
        ]
        await _once(store, wanted, [gone, made], [old_row, row], expects)


async def _once(
    store: Store,
    wanted: Wanted,
    changes: Sequence[Change],
    operations: Sequence[Operation],
    expects: Sequence[Expect],
) -> None:
    commit = Commit(
        stream_id=wanted.user_id,
        actor_id=None,
        at=now(),
        changes=changes,
        operations=operations,
        expects=expects,
    )
    try:
        await store.append(commit)
    except (Contended, StreamMissing):
        # It has been done, or its account is gone; what it was found by goes in any case.
        await store.operate([op for op in operations if op.op == "delete"])
