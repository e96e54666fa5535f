"""Undoing: the commit that takes another one back."""

from collections.abc import Sequence

from tidework.log.change import Change, Expect, LoggedChange, Values


def inverse(changes: Sequence[LoggedChange]) -> tuple[list[Change], list[Expect]]:
    """The changes that reverse one commit, and what must still hold for that to lose nothing.

    Whatever a later commit made of the same fields stands in the way; so does an entity that was
    made anew, or removed, since.
    """
    undo: list[Change] = []
    final: dict[tuple[str, str], Values | None] = {}
    for change in reversed(changes):
        if change.op == "create":
            undo.append(Change(change.entity, change.id, "delete"))
        elif change.op == "delete":
            undo.append(Change(change.entity, change.id, "create", change.was))
        else:
            undo.append(Change(change.entity, change.id, "update", change.was))
        left = final.setdefault(
            (change.entity, change.id), None if change.op == "delete" else dict(change.set)
        )
        if left is not None:
            for name, value in change.set.items():
                left.setdefault(name, value)
    expects = [
        Expect(entity, entity_id, absent=True)
        if left is None
        else Expect(entity, entity_id, {name: [value] for name, value in left.items()})
        for (entity, entity_id), left in final.items()
    ]
    return undo, expects
