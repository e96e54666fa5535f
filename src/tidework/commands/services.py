"""Running a command on the services of the product."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from tidework.commands import database
from tidework.commands.queries import ADMIN_IDS
from tidework.composition import Services, open_services
from tidework.errors import Conflict, NotFound
from tidework.http import logs
from tidework.http.context import RequestContext
from tidework.ids import new_id
from tidework.settings import Settings
from tidework.users.api import Account
from tidework.workspaces.api import Named

T = TypeVar("T")
_MANY = 5


def run(settings: Settings, work: Callable[[Services], Awaitable[T]], *, create: bool = False) -> T:
    """Do `work` with the services; it may run beside a server on the same folder.

    `create` makes the embedded database if it is missing; without it that is an error.
    """
    level: Literal["debug", "warning", "error"] = "warning"
    if settings.log_level in {"debug", "error"}:
        level = "debug" if settings.log_level == "debug" else "error"
    logs.configure(settings.log_format, level)
    database.prepare(settings, create=create)
    database.check_keys(settings)

    async def main() -> T:
        async with open_services(settings) as services:
            await services.followups.sweep()
            return await work(services)

    return asyncio.run(main())


def context() -> RequestContext:
    """The request that a command is: the operator's, with no caller."""
    return RequestContext(new_id(), "", "cli", 0.0)


async def account_of(services: Services, email: str) -> Account:
    """The account of an address. Raises `NotFound`."""
    account = await services.users.find_by_email(email)
    if account is None:
        raise NotFound(f"There is no account with the address {email}. See: tidework users list")
    return account


async def owner(services: Services, email: str | None) -> Account:
    """The account of an address, else the installation's first administrator."""
    if email is not None:
        return await account_of(services, email)
    for row in await services.store.fetch(ADMIN_IDS, {}):
        account = await services.users.get(row[0])
        if account is not None:
            return account
    raise NotFound(
        "There is no administrator yet who could own the workspace. Make one with: tidework users"
        " create --admin --email you@example.org --name You"
    )


async def workspace(services: Services, name: str, owner_email: str | None = None) -> Named | None:
    """The workspace of this name or id; None when there is none.

    Raises `Conflict` when several have the name and `owner_email` does not tell which is meant.
    """
    found = list(await services.workspaces.named(name))
    if len(found) > 1 and owner_email is not None:
        theirs = [one for one in found if (one.owner_email or "").lower() == owner_email.lower()]
        found = theirs or found
    if len(found) > 1:
        listed = ", ".join(f"{one.id} ({one.owner_email or 'no owner'})" for one in found[:_MANY])
        raise Conflict(
            f"{len(found)} workspaces are called {name!r}; give the id of the one you mean:"
            f" {listed}{', …' if len(found) > _MANY else ''}"
        )
    return found[0] if found else None
