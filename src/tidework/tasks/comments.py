"""Comments on tasks."""

from collections.abc import Sequence
from typing import Any

from tidework.errors import Forbidden, NotFound, invalid
from tidework.http import cursor as cursors
from tidework.http.conditional import changed, expected_versions
from tidework.http.context import Membership, RequestContext, Role
from tidework.http.query import Query
from tidework.ids import LOWEST_ID, is_id, new_id
from tidework.log import Change, Commit, Committed, Expect
from tidework.store.answers import Answers, FromStore
from tidework.store.protocol import Reader, Store
from tidework.tasks import queries
from tidework.tasks.reads import task_missing
from tidework.tasks.schemas import CommentOut, CommentPage
from tidework.times import now
from tidework.workspaces.api import still

_BEFORE_ALL = ("0001-01-01T00:00:00.000000Z", LOWEST_ID)


def _missing() -> NotFound:
    return NotFound("There is no such comment in this workspace.")


class CommentService:
    """The comments of tasks. Their authors may change them; owners may remove any."""

    def __init__(self, store: Store, answers: Answers | None = None) -> None:
        self._store = store
        self._answers = answers or FromStore(store)

    async def page(
        self, workspace_id: str, task_id: str, raw_query: bytes, at_least: int | None = None
    ) -> tuple[int, CommentPage]:
        """A page of a task's comments, oldest first, and the seq at which it is so."""
        query = Query(raw_query, ("limit", "cursor"))
        limit = query.number("limit", 1, 100) or 20
        after: Sequence[Any] = _BEFORE_ALL
        of = ("comments", workspace_id, task_id)
        if (text := query.text("cursor")) is not None:
            after = cursors.decode(text, of, [str, str])
            if not (cursors.is_time(after[0]) and is_id(after[1])):
                raise cursors.wrong()
        params = {
            "stream_id": workspace_id,
            "task_id": task_id,
            "after_at": after[0],
            "after_id": after[1],
            "limit": limit + 1,
        }
        rows = await self._answers.at(workspace_id, at_least).fetch(queries.COMMENTS, params)
        shown = [CommentOut(*row[1:]) for row in rows[:limit]]
        further = None
        if len(rows) > limit:
            further = cursors.encode(of, [shown[-1].created_at, shown[-1].id])
        return (rows[0][0] if rows else 0), CommentPage(shown, further)

    async def show(
        self, workspace_id: str, comment_id: str, at_least: int | None = None
    ) -> tuple[int, CommentOut]:
        """A comment, and the seq at which it is so. Raises `NotFound`."""
        return await _find(self._answers.at(workspace_id, at_least), workspace_id, comment_id)

    async def get(self, workspace_id: str, comment_id: str) -> tuple[int, CommentOut]:
        """The same for whoever decides a command on it."""
        return await _find(self._store, workspace_id, comment_id)

    async def create(
        self, member: Membership, task_id: str, body: str, context: RequestContext
    ) -> CommentOut:
        """Comment on a task."""
        at = now()
        fields = {
            "task_id": task_id,
            "author_id": member.user_id,
            "body": _text(body),
            "created_at": at,
        }
        expect = Expect("task", task_id, error=task_missing())
        change = Change("comment", new_id(), "create", fields)
        return _left(await self._commit(member, context, change, expect, at))

    async def update(
        self, member: Membership, comment_id: str, body: str, context: RequestContext
    ) -> CommentOut:
        """Change one's own comment."""
        seq, comment = await self.get(member.workspace_id, comment_id)
        if comment.author_id != member.user_id:
            raise Forbidden("Only the author of a comment may change it.")
        expect = self._match(comment, context)
        text = _text(body)
        if text == comment.body:
            context.seq = seq
            return comment
        change = Change("comment", comment_id, "update", {"body": text})
        return _left(await self._commit(member, context, change, expect, now()))

    async def delete(self, member: Membership, comment_id: str, context: RequestContext) -> None:
        """Remove one's own comment, or, as an owner, anyone's."""
        _, comment = await self.get(member.workspace_id, comment_id)
        role: Role = "commenter" if comment.author_id == member.user_id else "owner"
        if not member.may(role):
            raise Forbidden("Only its author or an owner of the workspace may remove a comment.")
        expect = self._match(comment, context)
        change = Change("comment", comment_id, "delete")
        await self._commit(member, context, change, expect, now(), role)

    @staticmethod
    def _match(comment: CommentOut, context: RequestContext) -> Expect:
        versions = expected_versions(context.if_match)
        if versions is None:
            return Expect("comment", comment.id, error=_missing())
        if comment.version not in versions:
            raise changed()
        return Expect("comment", comment.id, {"version": list(versions)}, error=changed())

    async def _commit(
        self,
        member: Membership,
        context: RequestContext,
        change: Change,
        expect: Expect,
        at: str,
        role: Role = "commenter",
    ) -> Committed:
        commit = Commit(
            stream_id=member.workspace_id,
            actor_id=member.user_id,
            at=at,
            request_id=context.request_id,
            changes=[change],
            expects=[still(member, role), expect],
            idempotency=context.idempotency,
        )
        committed = await self._store.append(commit)
        context.seq = committed.seq
        return committed


async def _find(reader: Reader, workspace_id: str, comment_id: str) -> tuple[int, CommentOut]:
    params = {"stream_id": workspace_id, "id": comment_id}
    rows = await reader.fetch(queries.COMMENT, params)
    if not rows:
        raise _missing()
    return rows[0][0], CommentOut(*rows[0][1:])


def _text(body: str) -> str:
    if not body.strip():
        raise invalid("/body", "length", "/body must not be empty.")
    return body


def _left(committed: Committed) -> CommentOut:
    done = committed.changes[0]
    fields = committed.after[0] if committed.after else done.set
    return CommentOut(id=done.id, updated_at=done.at, version=committed.seq, **fields)
