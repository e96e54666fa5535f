"""The real services, asked as the routes ask them, and what lies in their tables."""

import itertools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from tests.modules.whole.commands import Command

from tidework.composition import Services
from tidework.errors import TideworkError
from tidework.http.context import (
    Credential,
    Membership,
    Principal,
    RequestContext,
    Role,
    membership_of,
)
from tidework.log import LoggedChange
from tidework.store.sql.schema import ENTITIES, emails, streams, user_workspaces
from tidework.store.sql.statement import Statement

_STATE = {
    kind: Statement(f"whole_{kind}", select(table).where(table.c.stream_id == bindparam("stream")))
    for kind, table in ENTITIES.items()
}
_COLUMNS = {kind: [column.name for column in table.columns] for kind, table in ENTITIES.items()}
_ALL = "a test looks at everything"
_EMAILS = Statement("whole_emails", select(emails), fan_out=_ALL)
_LOOKUPS = Statement(
    "whole_user_workspaces",
    select(user_workspaces.c.user_id, user_workspaces.c.workspace_id),
    fan_out=_ALL,
)
_STREAMS = Statement("whole_streams", select(streams.c.stream_id, streams.c.seq), fan_out=_ALL)
_requests = itertools.count(1)

State = dict[tuple[str, str], dict[str, Any]]


def new_context(principal: Principal, if_match: str | None = None) -> RequestContext:
    """A request of somebody."""
    context = RequestContext(f"request-{next(_requests)}", "203.0.113.7", "http", 0.0)
    context.principal = principal
    context.if_match = if_match
    return context


def principal(user_id: str, workspace_id: str) -> Principal:
    """Somebody who has logged in."""
    credential = Credential("session", user_id, user_id, 4e9)
    return Principal(user_id, "user", workspace_id, credential)


@dataclass
class Outcome:
    """What became of a command: an answer, or an error."""

    request_id: str
    answer: Any = None
    error: TideworkError | None = None


class System:
    """Asks the services as the front and the guards do."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.store = services.store

    async def membership(self, workspace_id: str, user_id: str) -> Membership | None:
        """What somebody is in a workspace at this moment."""
        return (await self.services.workspaces.membership(workspace_id, user_id))[1]

    async def ask(
        self, workspace_id: str, user_id: str, command: Command, stale: Membership | None
    ) -> Outcome:
        """Let somebody give a command, as what they are now, or as what they were."""
        context = new_context(principal(user_id, workspace_id), getattr(command, "if_match", None))
        outcome = Outcome(context.request_id)
        try:
            found = stale or await self.membership(workspace_id, user_id)
            context.membership = found
            role: Role = command.role  # type: ignore[assignment]
            member = membership_of(context, role)
            outcome.answer = await command.run(self.services, member, context)
        except TideworkError as error:
            outcome.error = error
        return outcome

    async def log(self, stream_id: str, since: int = 0) -> list[LoggedChange]:
        """All changes after a seq."""
        found: list[LoggedChange] = []
        while page := await self.store.log(stream_id, since=found[-1].seq if found else since):
            found += page
        return found

    async def state(self, stream_id: str) -> State:
        """What the state tables have of a stream."""
        found: State = {}
        for kind, statement in _STATE.items():
            for row in await self.store.fetch(statement, {"stream": stream_id}):
                fields = dict(zip(_COLUMNS[kind], row, strict=True))
                del fields["stream_id"]
                found[kind, fields.pop("id")] = fields
        return found

    async def emails(self) -> dict[str, str]:
        """Whose each address is."""
        return {row[0]: row[1] for row in await self.store.fetch(_EMAILS, {})}

    async def lookups(self) -> set[tuple[str, str]]:
        """Who is looked up in which workspace."""
        return {(row[0], row[1]) for row in await self.store.fetch(_LOOKUPS, {})}

    async def streams(self) -> dict[str, int]:
        """All streams and their seqs."""
        return {row[0]: row[1] for row in await self.store.fetch(_STREAMS, {})}
