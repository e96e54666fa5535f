"""From the log to the state: the same answer as the state tables, always."""

from collections.abc import Iterable

import msgspec

from tidework.log.change import LoggedChange, Values


class Entity(msgspec.Struct, frozen=True):
    """An entity as the log leaves it. `version` is the seq of its last change."""

    fields: Values
    version: int
    updated_at: str


Entities = dict[tuple[str, str], Entity]


class BrokenLog(ValueError):
    """The log contradicts itself: what it changes is not there, or what it makes is."""


def step(state: Entities, change: LoggedChange) -> None:
    """Apply one change to `state`.

    Raises `BrokenLog` when the change does not follow from what came before it.
    """
    key = (change.entity, change.id)
    present = state.get(key)
    where = f"{change.stream_id} seq {change.seq}: {change.op} {change.entity} {change.id}"
    if change.op == "create":
        if present is not None:
            raise BrokenLog(f"{where}: it exists already")
        state[key] = Entity(dict(change.set), change.seq, change.at)
        return
    if present is None:
        raise BrokenLog(f"{where}: it does not exist")
    was = {name: present.fields.get(name) for name in change.was}
    if was != change.was:
        raise BrokenLog(f"{where}: the log says it was {change.was}, and it was {was}")
    if change.op == "delete":
        del state[key]
    else:
        state[key] = Entity({**present.fields, **change.set}, change.seq, change.at)


def fold(changes: Iterable[LoggedChange], state: Entities | None = None) -> Entities:
    """The state that `changes`, in the order of the log, lead to from `state` or from nothing.

    Raises `BrokenLog`. Costs one step a change.
    """
    result: Entities = {} if state is None else state
    for change in changes:
        step(result, change)
    return result
