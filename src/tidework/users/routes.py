"""Routes of users: everybody's own account."""

from litestar import Router, delete, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from tidework.errors import Forbidden, Unauthenticated, invalid
from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.replies import given, written
from tidework.users.api import Account, Secrets, UserView, view
from tidework.users.closing import Closing
from tidework.users.schemas import MeDelete, MePatch
from tidework.users.service import UserService


@get("/me", operation_id="getMe", summary="My account")
async def get_me(
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    users: NamedDependency[UserService],
) -> UserView:
    """Who I am, and the id of my personal workspace."""
    return _shown(await _own(caller, users), context)


@patch(
    "/me",
    operation_id="updateMe",
    summary="Change my account",
    responses=problem_responses(403, 409),
)
async def update_me(
    data: JSONBody[MePatch],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    users: NamedDependency[UserService],
    secrets: NamedDependency[Secrets],
) -> UserView:
    """Another e-mail address takes the present password, and makes mailed links useless."""
    values = given(data)
    password = values.pop("current_password", None)
    account = await _own(caller, users)
    if "email" in values and values["email"].strip() != account.email:
        _check_session(caller)
        if password is None:
            raise invalid(
                "/current_password", "missing", "Another e-mail address takes the password."
            )
        await secrets.confirm(caller.user_id, password, context.address, "/current_password")
    return _shown(await users.update(caller.user_id, values, context), context)


@delete(
    "/me",
    operation_id="deleteMe",
    summary="Erase my account; this cannot be undone",
    responses=problem_responses(403, 409),
)
async def delete_me(
    data: JSONBody[MeDelete],
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    closing: NamedDependency[Closing],
    secrets: NamedDependency[Secrets],
) -> None:
    """Takes the password. Refused while somebody is the only owner of a workspace with other members.

    My personal workspace goes with me; in others my tasks become nobody's, and what I wrote stays
    without my name.
    """
    _check_session(caller)
    await secrets.confirm(caller.user_id, data.password, context.address, "/password")
    await closing.close(caller.user_id, caller.user_id, context)


def routers(users: UserService, closing: Closing, secrets: Secrets) -> list[Router]:
    """The routes, with the services that they call."""
    services = {
        "users": Provide(lambda: users, sync_to_thread=False),
        "closing": Provide(lambda: closing, sync_to_thread=False),
        "secrets": Provide(lambda: secrets, sync_to_thread=False),
    }
    return [Router("/users", route_handlers=[get_me, update_me, delete_me], dependencies=services)]


async def _own(caller: NamedDependency[Principal], users: NamedDependency[UserService]) -> Account:
    account = await users.get(caller.user_id)
    if account is None:
        raise Unauthenticated("This account does not exist any more.", code="session_ended")
    return account


def _shown(account: Account, context: NamedDependency[RequestContext]) -> UserView:
    return written(context, account.version, view(account))


def _check_session(caller: NamedDependency[Principal]) -> None:
    if caller.credential.kind != "session":
        raise Forbidden(
            "This cannot be done with an API token. Log in with e-mail address and password.",
            code="session_required",
        )
