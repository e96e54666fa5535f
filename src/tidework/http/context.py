"""Who is calling, and what is known about the request: what every route shares.

The front makes one `RequestContext` for each request and puts it into the ASGI scope; the guards,
which a route's signature names by the name of a parameter, read it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

import msgspec
from litestar import Request
from litestar.di import Provide

from tidework.errors import Forbidden, NotFound, TideworkError, Unauthenticated
from tidework.http.answer import Header
from tidework.http.costs import ADMIN
from tidework.log import IdempotencyKey

if TYPE_CHECKING:
    from tidework.http.uploads import Upload

SCOPE_KEY: Final = "tidework"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Role = Literal["owner", "editor", "commenter", "viewer"]
ROLES: tuple[Role, ...] = ("viewer", "commenter", "editor", "owner")
"""The roles of a workspace, each may do what those before it may."""

Items = tuple[str, Sequence[str]]
"""Of a list: a path below the workspace, and ids. Each item is, byte for byte, what a GET of its id
below that path is answered with; `id` is its first field, and its last is `version`, which is the
entity tag.
"""

_LEVEL = {role: level for level, role in enumerate(ROLES)}


class Credential(msgspec.Struct, frozen=True):
    """What a token proves by itself: whose it is. It says nothing about whether it still holds.

    `id` is the session's or the API token's; `kind` says which. `secret` is the digest of an API
    token's secret. `expires_at` is Unix time in seconds.
    """

    kind: Literal["session", "token"]
    user_id: str
    id: str
    expires_at: float
    secret: str = ""


class Principal(msgspec.Struct, frozen=True):
    """The caller, as their account's stream says at this moment.

    `scopes` is None for a session, which may do everything its account may.
    """

    user_id: str
    role: Literal["user", "admin"]
    personal_workspace_id: str
    credential: Credential
    scopes: frozenset[str] | None = None


class Membership(msgspec.Struct, frozen=True):
    """The caller in a workspace."""

    workspace_id: str
    user_id: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this membership's role is `role` or a higher one."""
        return _LEVEL[self.role] >= _LEVEL[role]


class Authenticator(Protocol):
    """What the front needs of auth."""

    def read(self, token: str) -> Credential:
        """Whose token this is, from the token alone. Raises `Unauthenticated`."""
        ...

    async def principal(self, credential: Credential) -> tuple[int, Principal]:
        """The account's present seq and the caller, asked from the store in one snapshot.

        Raises `Unauthenticated` when the session has ended, the API token is gone or expired, or
        the account is not active.
        """
        ...

    async def renewing(
        self, context: "RequestContext", headers: Mapping[bytes, bytes]
    ) -> str | None:
        """Whose good refresh token a request bears, in its body, which has been read, or in a cookie;
        None for none. It may have been used before.
        """
        ...


class Memberships(Protocol):
    """What the front needs of workspaces."""

    async def membership(self, workspace_id: str, user_id: str) -> tuple[int, Membership | None]:
        """The workspace's present seq and the user's membership, None when they are not in it."""
        ...


class RequestContext:
    """One request.

    A route sets `etag` and `location` of its answer, and `seq` when it has written; the front makes
    headers of them. `workspace_seq` and `account_seq` are the seqs that the front looked up. `idempotency`
    belongs into the first commit that the request makes; `repeated` are stream and seq of the commit
    that it has made before, when its answer was lost then. `if_match` is the header as it came;
    it and `user_agent` are read for requests that may write only. `limited` are the headers that say
    what is left of the caller's limit. `unread` is whether the body may still be on its way,
    `uncounted` whether the limits do not know of the request yet. Of a body that is a file, `upload`
    is where it lies; `body` is its digest then.
    """

    __slots__ = (
        "account_seq",
        "address",
        "body",
        "etag",
        "idempotency",
        "if_match",
        "kept_entity",
        "kept_items",
        "kept_seq",
        "limited",
        "location",
        "membership",
        "principal",
        "repeated",
        "request_id",
        "route",
        "scheme",
        "seq",
        "started",
        "unauthenticated",
        "uncounted",
        "unread",
        "upload",
        "user_agent",
        "workspace_seq",
    )

    def __init__(self, request_id: str, address: str, scheme: str, started: float) -> None:
        self.request_id = request_id
        self.address = address
        self.scheme = scheme
        self.started = started
        self.body = b""
        self.unread = False
        self.upload: Upload | None = None
        self.user_agent: str | None = None
        self.principal: Principal | None = None
        self.membership: Membership | None = None
        self.unauthenticated: TideworkError | None = None
        self.uncounted = False
        self.account_seq = 0
        self.workspace_seq = 0
        self.limited: list[Header] = []
        self.idempotency: IdempotencyKey | None = None
        self.repeated: tuple[str, int] | None = None
        self.kept_seq: int | None = None
        self.kept_entity: str | None = None
        self.kept_items: Items | None = None
        self.seq: int | None = None
        self.route: str | None = None
        self.etag: str | None = None
        self.location: str | None = None
        self.if_match: str | None = None

    def keep(self, seq: int, entity_id: str | None = None) -> None:
        """Say that this answer stays true while the workspace's seq is `seq`.

        One that follows from a single entity alone is true until that is changed, whatever else is.
        """
        self.kept_seq = seq
        self.kept_entity = entity_id


def context_of(request: Request[Any, Any, Any]) -> RequestContext:
    """The context of a request."""
    scope = cast(Mapping[str, Any], request.scope)
    found: RequestContext = scope[SCOPE_KEY]
    return found


def principal_of(context: RequestContext) -> Principal:
    """The caller. Raises `Unauthenticated`."""
    if context.principal is None:
        raise context.unauthenticated or Unauthenticated(
            "Log in first: send 'Authorization: Bearer <access token>'."
        )
    return context.principal


def membership_of(context: RequestContext, role: Role) -> Membership:
    """The caller's membership. Raises `Unauthenticated`, `NotFound` or `Forbidden`."""
    principal_of(context)
    membership = context.membership
    if membership is None:
        raise NotFound("There is no such workspace, or you are not a member of it.")
    if not membership.may(role):
        raise Forbidden(
            f"This needs the role {role} in the workspace, yours is {membership.role}."
            " Ask an owner of the workspace."
        )
    return membership


def admin_of(context: RequestContext) -> Principal:
    """The caller, an administrator. Raises `Unauthenticated` or `Forbidden`."""
    principal = principal_of(context)
    if principal.role != "admin":
        raise Forbidden("This is for administrators of the installation.")
    return principal


def check_scopes(scopes: frozenset[str], method: str, path: str) -> None:
    """Raise `Forbidden` when an API token's scopes do not cover the request."""
    needed = "read" if method in _SAFE else "write"
    if path.startswith(ADMIN):
        needed = "admin"
    if needed not in scopes:
        raise Forbidden(
            f"This API token lacks the scope '{needed}'. Make a token that has it, or log in.",
            code="scope_missing",
        )


def _itself(context: RequestContext) -> RequestContext:
    return context


def _of_role(role: Role) -> "Guard":
    def guard(context: RequestContext) -> Membership:
        return membership_of(context, role)

    return guard


Guard = Callable[[RequestContext], Any]
GUARDS: Final[Mapping[str, Guard]] = {
    "context": _itself,
    "caller": principal_of,
    "admin": admin_of,
    **{role: _of_role(role) for role in ROLES},
}
"""The parameters that a route's signature may name, and where their values come from.

`context: RequestContext`; `caller: Principal` (anyone logged in), `admin: Principal`;
`viewer`, `commenter`, `editor`, `owner: Membership` (that role in the workspace, or a higher).
"""


def guards() -> dict[str, Provide]:
    """`GUARDS` for Litestar."""
    return {name: _provided(guard) for name, guard in GUARDS.items()}


def _provided(guard: Guard) -> Provide:
    async def provider(request: Request[Any, Any, Any]) -> Any:
        return guard(context_of(request))

    return Provide(provider)
