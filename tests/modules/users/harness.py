"""Accounts and everything around them, composed as the application does it, on both stores."""

import email
import email.policy
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tidework.auth.access import AccessTokens
from tidework.auth.api_tokens import ApiTokens
from tidework.auth.authenticator import StreamAuthenticator
from tidework.auth.confirmations import Confirmations
from tidework.auth.keys import KeySet
from tidework.auth.letters import AuthLetters
from tidework.auth.passwords import Passwords
from tidework.auth.resets import Resets
from tidework.auth.service import AuthService, Registration
from tidework.auth.sessions import Pair
from tidework.auth.throttle import Throttle
from tidework.bus.followups import Followups
from tidework.bus.jobs import Jobs
from tidework.errors import TideworkError
from tidework.http.context import Principal, RequestContext
from tidework.log import fold
from tidework.mail import FolderMailer
from tidework.post.post import Post
from tidework.store.protocol import Store
from tidework.users.admin import AdminService
from tidework.users.api import Account
from tidework.users.audit import AuditLog
from tidework.users.closing import Closing
from tidework.users.service import UserService
from tidework.workspaces.service import WorkspaceService

PASSWORD = "correct horse battery"
PUBLIC_URL = "http://127.0.0.1:8000"


def context(address: str = "203.0.113.7", user_agent: str | None = "tests") -> RequestContext:
    made = RequestContext("request-1", address, "http", 0.0)
    made.user_agent = user_agent
    return made


@dataclass
class World:
    store: Store
    folder: Path
    users: UserService
    workspaces: WorkspaceService
    auth: AuthService
    resets: Resets
    api_tokens: ApiTokens
    authenticator: StreamAuthenticator
    closing: Closing
    admins: AdminService
    passwords: Passwords
    access_tokens: AccessTokens
    confirmations: Confirmations
    jobs: Jobs

    async def person(self, name: str = "Ada", password: str = PASSWORD) -> tuple[Account, Pair]:
        address = f"{name.lower()}@example.com"
        account, pair, _ = await self.auth.register(address, password, name, None, context())
        return account, pair

    async def principal(self, token: str) -> Principal:
        return (await self.authenticator.principal(self.authenticator.read(token)))[1]

    async def refusal_of(self, token: str) -> str:
        """The code with which this access or API token is refused."""
        with pytest.raises(TideworkError) as caught:
            await self.principal(token)
        return caught.value.code

    async def mails(self) -> list[tuple[str, str]]:
        """Recipient and text of every mail so far, but for those that welcome somebody."""
        await self.jobs.run_due()
        found = []
        for path in sorted((self.folder / "mail").glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            assert body is not None
            text = body.get_content()
            if "/confirm-email#" not in text:
                found.append((str(message["to"]), text))
        return found

    async def mailed_token(self, address: str) -> str:
        """The token of the last mail to this address."""
        text = [text for to, text in await self.mails() if to == address][-1]
        found = re.search(r"#token=(tws_\S+)", text)
        assert found is not None
        return found[1]

    async def revoked(self, user_id: str) -> dict[str, str]:
        """The sessions that the log says were ended, with the reasons."""
        state = fold(await self.store.log(user_id, limit=100_000))
        return {i: e.fields["reason"] for (kind, i), e in state.items() if kind == "revocation"}

    async def check_log(self, stream_id: str) -> None:
        """The folded log of an account equals what its tables say."""
        state = fold(await self.store.log(stream_id, limit=100_000))
        account = await self.users.get(stream_id)
        logged = state.get(("account", stream_id))
        assert (account is None) == (logged is None)
        if account is not None and logged is not None:
            told = {name: getattr(account, name) for name in logged.fields}
            assert told == logged.fields
            assert account.version == logged.version
        tokens = await self.api_tokens.of(stream_id)
        assert {t.id for t in tokens} == {i for kind, i in state if kind == "api_token"}


def compose(store: Store, folder: Path, registration: Registration = "open") -> World:
    followups = Followups(store)
    users = UserService(store, followups)
    workspaces = WorkspaceService(store, users, followups)
    passwords = Passwords()
    access_tokens = AccessTokens(KeySet.load_or_create(folder / "keys.json"), PUBLIC_URL)
    throttle = Throttle()
    resets = Resets(
        store,
        users,
        throttle,
        public_url=PUBLIC_URL,
        registration=registration,
    )
    workspaces.invitations = resets
    auth = AuthService(
        store, users, passwords, access_tokens, throttle, resets, registration=registration
    )
    confirmations = Confirmations(store, users, throttle)
    jobs, post = Jobs(store), Post(FolderMailer(folder / "mail"))
    AuthLetters(users, resets, confirmations, public_url=PUBLIC_URL).register(post)
    post.begin(jobs)
    audit = AuditLog(store)
    closing = Closing(store, users, followups, audit, workspaces, auth)
    return World(
        store=store,
        folder=folder,
        users=users,
        workspaces=workspaces,
        auth=auth,
        resets=resets,
        api_tokens=ApiTokens(store),
        authenticator=StreamAuthenticator(store, access_tokens),
        closing=closing,
        admins=AdminService(store, users, audit, auth, closing),
        passwords=passwords,
        access_tokens=access_tokens,
        confirmations=confirmations,
        jobs=jobs,
    )


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    made = compose(store, tmp_path)
    yield made
    made.passwords.close()


@pytest.fixture
async def compose_world(
    store: Store, tmp_path: Path
) -> AsyncIterator[Callable[[Registration], World]]:
    made: list[World] = []

    def make(registration: Registration) -> World:
        made.append(compose(store, tmp_path, registration))
        return made[-1]

    yield make
    for world in made:
        world.passwords.close()
