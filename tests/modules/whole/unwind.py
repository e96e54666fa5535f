"""Leading everything back to nothing, newest commit first."""

from itertools import groupby

from tests.modules.whole.system import System, new_context, principal
from tests.modules.whole.world import World

from tidework.errors import TideworkError
from tidework.http.context import Membership
from tidework.log import Change, Commit, LoggedChange, Operation, fold, inverse
from tidework.store.verify import verify_stream
from tidework.times import now


async def unwind(world: World) -> None:
    """Undo every commit of every stream; nothing may be left of any of them."""
    system = world.system
    for stream_id in await system.streams():
        await _unwind_stream(system, stream_id, is_space=stream_id in world.spaces)
    assert await system.lookups() == set()


async def _unwind_stream(system: System, stream_id: str, *, is_space: bool) -> None:
    changes = await system.log(stream_id)
    commits = [list(group) for _, group in groupby(changes, lambda change: change.seq)]
    states = [fold(commit_changes) for commit_changes in _prefixes(commits)]
    for commit, before in zip(reversed(commits), reversed(states[:-1]), strict=True):
        if not (is_space and await _undone(system, stream_id, commit)):
            await _reversed(system, stream_id, commit)
        now_folded = fold(await system.log(stream_id))
        left = {key: entity.fields for key, entity in now_folded.items()}
        wanted = {key: entity.fields for key, entity in before.items()}
        assert left == wanted, f"undoing seq {commit[0].seq} has not led back to what was before"
    assert await system.state(stream_id) == {}
    assert await verify_stream(system.store, stream_id) == []


def _prefixes(commits: list[list[LoggedChange]]) -> list[list[LoggedChange]]:
    prefixes: list[list[LoggedChange]] = [[]]
    for commit in commits:
        prefixes.append(prefixes[-1] + commit)
    return prefixes


async def _undone(system: System, stream_id: str, commit: list[LoggedChange]) -> bool:
    """Undo through the service, as an owner; whether it may be undone at all."""
    rows = await system.state(stream_id)
    owners = [x for (kind, x), f in rows.items() if kind == "member" and f["role"] == "owner"]
    for owner in owners:
        context = new_context(principal(owner, stream_id))
        context.membership = Membership(stream_id, owner, "owner")
        try:
            await system.services.log.undo(context.membership, commit[0].seq, context)
        except TideworkError as error:
            refusal = error
        else:
            return True
        # Newest first nothing is in the way, except what is never undone, or by others only.
        makes = any(c.entity == "workspace" and c.op == "create" for c in commit)
        others = refusal.status == 403 and any(c.entity == "comment" for c in commit)
        gone = any(c.entity == "member" and c.op == "delete" for c in commit)
        assert makes or others or gone or refusal.code == "owners", refusal
    return False


async def _reversed(system: System, stream_id: str, commit: list[LoggedChange]) -> None:
    """Undo at the level of the log, whoever may do it."""
    changes, expects = inverse(commit)
    await system.store.append(
        Commit(
            stream_id=stream_id,
            actor_id=None,
            at=now(),
            changes=changes,
            expects=expects,
            operations=[_lookup(stream_id, c) for c in changes if c.entity == "member"],
        )
    )


def _lookup(stream_id: str, change: Change) -> Operation:
    key = {"user_id": change.id, "workspace_id": stream_id}
    return Operation("user_workspaces", "delete" if change.op == "delete" else "upsert", key)
