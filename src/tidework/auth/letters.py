"""The letters of auth. Their links are made when they are sent: no job holds one.

A letter that is tried again bears the same link, until the signing key is another one.
"""

from tidework.auth.confirmations import LIFETIME_S as CONFIRMATION_LIFETIME_S
from tidework.auth.confirmations import Confirmations
from tidework.auth.resets import INVITATION_LIFETIME_S, RESET_LIFETIME_S, Resets
from tidework.bus.job import Job
from tidework.languages import Words, words
from tidework.post.letter import Block, Button, Letter, Paragraph, one_line, unlinked
from tidework.post.post import Addressed, Post
from tidework.times import after, now
from tidework.users.api import Account, Users, is_imported

_DAY_S = 86_400


class AuthLetters:
    """Writes them. `public_url` is where people reach the installation."""

    def __init__(
        self, users: Users, resets: Resets, confirmations: Confirmations, *, public_url: str
    ) -> None:
        self._users = users
        self._resets = resets
        self._confirmations = confirmations
        self._url = public_url.rstrip("/")

    def register(self, post: Post) -> None:
        """Let the post have them written here."""
        post.register("welcome", self._welcome)
        post.register("confirm", self._confirm)
        post.register("email_changed", self._email_changed)
        post.register("reset", self._reset)
        post.register("invitation", self._invitation)
        post.register("password_changed", self._password_changed)

    async def _welcome(self, job: Job) -> Addressed | None:
        return await self._with_confirmation(job, "welcome")

    async def _confirm(self, job: Job) -> Addressed | None:
        return await self._with_confirmation(job, "confirm")

    async def _with_confirmation(self, job: Job, name: str) -> Addressed | None:
        account = await self._reachable(job)
        if account is None or account.email_confirmed_at is not None:
            return None
        token = await self._confirmations.link(account, job.id)
        text = words(account.language)
        body: list[Block] = [
            Paragraph(text(f"{name}.text", days=str(CONFIRMATION_LIFETIME_S // _DAY_S))),
            Button(text(f"{name}.button"), f"{self._url}/confirm-email#token={token}"),
            self._call(text, "welcome.call", "auth/email/confirm"),
            Paragraph(text(f"{name}.not_me"), small=True),
        ]
        return _to(account, text, name, body)

    async def _email_changed(self, job: Job) -> Addressed | None:
        account = await self._users.get(job.stream_id)
        if account is None or is_imported(job.args["to"]):
            return None
        text = words(account.language)
        body: list[Block] = [
            Paragraph(text("email_changed.text")),
            Paragraph(text("email_changed.not_me"), small=True),
        ]
        return Addressed(job.args["to"], _letter(account, text, "email_changed", body))

    async def _reset(self, job: Job) -> Addressed | None:
        # Nobody waits for a link any longer than it would have worked.
        if after(job.args["at"], RESET_LIFETIME_S) < now():
            return None
        account = await self._resets.reachable(job.args["email"])
        if account is None:
            return None
        token = await self._resets.link(account.id, RESET_LIFETIME_S, job.id)
        text = words(account.language)
        body: list[Block] = [
            Paragraph(text("reset.text", minutes=str(RESET_LIFETIME_S // 60))),
            Button(text("reset.button"), f"{self._url}/reset-password#token={token}"),
            self._call(text, "reset.call", "auth/password/reset"),
            Paragraph(text("reset.not_me"), small=True),
        ]
        return _to(account, text, "reset", body)

    async def _invitation(self, job: Job) -> Addressed | None:
        account = await self._users.get(job.stream_id)
        if account is None or not account.placeholder or account.email is None:
            return None
        token = await self._resets.link(account.id, INVITATION_LIFETIME_S, job.id)
        text = words(account.language)
        body: list[Block] = [
            Paragraph(
                text(
                    "invitation.text",
                    inviter=unlinked(one_line(job.args["inviter"])),
                    workspace=unlinked(one_line(job.args["workspace"])),
                    days=str(INVITATION_LIFETIME_S // _DAY_S),
                )
            ),
            Button(text("invitation.button"), f"{self._url}/accept-invitation#token={token}"),
            self._call(text, "invitation.call", "auth/register"),
            Paragraph(text("invitation.not_me"), small=True),
        ]
        hello = Paragraph(text("letter.hello_stranger"))
        letter = Letter(text.language, text("invitation.subject"), [hello, *body])
        return Addressed(account.email, letter)

    async def _password_changed(self, job: Job) -> Addressed | None:
        account = await self._reachable(job)
        if account is None:
            return None
        text = words(account.language)
        body: list[Block] = [
            Paragraph(text("password_changed.text")),
            Button(text("password_changed.button"), f"{self._url}/forgot-password"),
        ]
        return _to(account, text, "password_changed", body)

    async def _reachable(self, job: Job) -> Account | None:
        """Whose stream the job is on, if mail reaches them."""
        account = await self._users.get(job.stream_id)
        if account is None or account.email is None or is_imported(account.email):
            return None
        return account if account.is_active else None

    def _call(self, text: Words, key: str, path: str) -> Paragraph:
        call = text(key, url=f"{self._url}/api/v1/{path}")
        return Paragraph(text("letter.without_app", call=call), small=True)


def _to(account: Account, text: Words, name: str, body: list[Block]) -> Addressed:
    return Addressed(account.email or "", _letter(account, text, name, body))


def _letter(account: Account, text: Words, name: str, body: list[Block]) -> Letter:
    hello = Paragraph(text("letter.hello", name=one_line(account.name)))
    return Letter(text.language, text(f"{name}.subject"), [hello, *body])
