"""Routes of a confirmed address."""

from litestar import Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from tidework.auth.confirmations import Confirmations
from tidework.auth.schemas import Accepted, EmailConfirm
from tidework.http.context import Principal, RequestContext
from tidework.http.openapi import PUBLIC, problem_responses

_ON_ITS_WAY = Accepted("A mail with a link is on its way.")


@post(
    "/confirm",
    status_code=204,
    operation_id="confirmEmail",
    summary="Confirm my address with a mailed link",
    responses=problem_responses(),
    security=PUBLIC,
)
async def confirm_email(
    data: JSONBody[EmailConfirm],
    context: NamedDependency[RequestContext],
    confirmations: NamedDependency[Confirmations],
) -> None:
    """Nothing depends on it: whoever does not confirm can do all the same."""
    await confirmations.confirm(data.token, context)


@post(
    "/resend",
    status_code=202,
    operation_id="resendConfirmation",
    summary="Have another link sent to confirm my address",
    responses=problem_responses(409),
)
async def resend_confirmation(
    caller: NamedDependency[Principal],
    context: NamedDependency[RequestContext],
    confirmations: NamedDependency[Confirmations],
) -> Accepted:
    """Refused for an address that is confirmed already."""
    await confirmations.resend(caller, context)
    return _ON_ITS_WAY


def routers(confirmations: Confirmations) -> list[Router]:
    """The routes, with the service that they call."""
    services = {"confirmations": Provide(lambda: confirmations, sync_to_thread=False)}
    handlers = [confirm_email, resend_confirmation]
    return [Router("/auth/email", route_handlers=handlers, dependencies=services)]
