"""Mail as jobs: a commit carries the job, and the job makes the message when it is sent.

A job's arguments name what is to be said and to whom, never a secret: whoever prepares a letter with
a link makes the link then, and keeps only its digest.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from tidework.bus.job import GiveUp, Job, Retry, planned
from tidework.bus.jobs import Jobs
from tidework.errors import Unavailable
from tidework.log import Operation
from tidework.mail import Mail, Mailer, MailRefused
from tidework.post.letter import Letter, html_of, one_line, text_of
from tidework.times import now

KIND: Final = "mail"
"""Jobs that send a letter: `{letter, at, …}`."""

ATTEMPTS: Final = 36
"""With the pauses of jobs, about a day."""

DEADLINE_S: Final = 120.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Addressed:
    """A letter to an address. `operations` are written once it has left."""

    to: str
    letter: Letter
    unsubscribe: str | None = None
    thread: str | None = None
    operations: Sequence[Operation] = ()


Prepare = Callable[[Job], Awaitable[Addressed | None]]
"""Makes a job's letter, or None when there is no reason for it any more. May run more than once."""


class Post:
    """Sends letters; what kinds of them there are is told by those who write them."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._letters: dict[str, Prepare] = {}

    def register(self, letter: str, prepare: Prepare) -> None:
        """Let `prepare` write the letters of this name."""
        self._letters[letter] = prepare

    def begin(self, jobs: Jobs) -> None:
        """Do the jobs that `letter_job` makes."""
        jobs.register(
            KIND, self._send, deadline_s=DEADLINE_S, max_attempts=ATTEMPTS, concurrency=16
        )

    async def _send(self, job: Job) -> Sequence[Operation]:
        addressed = await self._letters[job.args["letter"]](job)
        if addressed is None:
            return ()
        await self.deliver(job, addressed)
        return addressed.operations

    async def deliver(self, job: Job, addressed: Addressed) -> None:
        """Hand a job's message over. A repetition has the same Message-ID.

        Raises `GiveUp` when it never can be, `Retry` when it may be later.
        """
        try:
            await self._mailer.send(_mail(job, addressed))
        except Unavailable as error:
            reason = _without(error.reason or error.detail, addressed.to)
            _log.warning("mail_unavailable", job=job.id, attempt=job.attempt, reason=reason)
            raise Retry(reason) from error
        except MailRefused as error:
            raise GiveUp(_without(error.detail, addressed.to)) from error
        except ValueError as error:
            raise GiveUp("The address is none that mail can be sent to.") from error

    async def close(self) -> None:
        """Give up connections to the mail server."""
        await self._mailer.close()


def letter_job(stream_id: str, letter: str, *, job_id: str | None = None, **args: Any) -> Operation:
    """The job of a letter, to be put among a commit's operations; `job_id` as for jobs."""
    return planned(stream_id, KIND, {"letter": letter, "at": now(), **args}, job_id=job_id)


def _mail(job: Job, addressed: Addressed) -> Mail:
    letter = addressed.letter
    return Mail(
        addressed.to,
        one_line(letter.subject),
        text_of(letter),
        html_of(letter),
        id=f"{job.id}.{job.kind}",
        thread=addressed.thread,
        unsubscribe=addressed.unsubscribe,
        language=letter.language,
    )


def _without(text: str, address: str) -> str:
    """A reason as it is kept and logged: servers repeat the address, which is nobody's business."""
    local, _, domain = address.rpartition("@")
    for part in (address, f"{local}@{domain}".lower(), local):
        if len(part) > 2:
            text = text.replace(part, "…")
    return text
