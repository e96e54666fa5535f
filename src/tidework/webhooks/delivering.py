"""The job that works a lane off: request after request, until it is empty or one fails."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import structlog

from tidework.bus.jobs import ClaimLost, Job, Jobs, Reschedule
from tidework.log import Change, Commit, Expect, Operation, Values
from tidework.outgoing.client import Answer, Outgoing, OutgoingError
from tidework.store.protocol import Contended, Store
from tidework.times import after, now, parse
from tidework.webhooks import deliveries, queries
from tidework.webhooks.filters import TEST
from tidework.webhooks.payload import Payloads
from tidework.webhooks.places import IN_ALL, Place, Places
from tidework.webhooks.schedule import is_lost, pause_after
from tidework.webhooks.signing import signed

SEND_S: Final = 15.0
_JOB_S: Final = 20.0
_IN_A_ROW: Final = 20
_SHOWN: Final = 4096
_GONE: Final = 410
_NEVER: Final = 1_000_000
# A receiver's last success is written down this often while all is well.
_HEALTH_S: Final = 60.0

_log = structlog.get_logger()


class _Receiver(NamedTuple):
    url: str
    is_active: bool
    secret: str
    previous: str | None
    previous_until: str | None
    succeeded_at: str | None
    failing_since: str | None
    failures: int | None

    def keys(self, at: str) -> list[str]:
        """The secrets that sign now, the newest first."""
        if (
            self.previous is not None
            and self.previous_until is not None
            and at < self.previous_until
        ):
            return [self.secret, self.previous]
        return [self.secret]


class _Due(NamedTuple):
    id: str
    type: str
    event_id: str
    seq: int
    ordinal: int
    attempts: int
    tries: list[Values]
    created_at: str


class _Outcome(NamedTuple):
    """What became of a request; `error` says why it has not succeeded."""

    request: Values
    answer: Values | None
    status: int | None
    error: str | None
    headers: dict[str, str]
    milliseconds: int


class Deliverer:
    """Sends what waits in lanes, and disables webhooks that are lost."""

    def __init__(self, store: Store, outgoing: Outgoing, payloads: Payloads) -> None:
        self._store = store
        self._outgoing = outgoing
        self._payloads = payloads
        self._places = Places()

    def register(self, jobs: Jobs) -> None:
        """Let jobs of lanes be done here."""
        jobs.register(
            deliveries.JOB,
            self.work,
            deadline_s=_JOB_S,
            max_attempts=_NEVER,
            concurrency=IN_ALL,
        )

    async def work(self, job: Job) -> Sequence[Operation] | None:
        """Work one lane off. Raises what `bus.jobs.Handler`s may."""
        webhook_id = job.args["webhook_id"]
        async with self._places.of(job.stream_id, webhook_id) as place:
            return await self._lane(job, webhook_id, job.args["lane"], place)

    async def _lane(
        self, job: Job, webhook_id: str, lane: str, place: Place
    ) -> Sequence[Operation] | None:
        key = deliveries.lane_key(job.stream_id, webhook_id, lane)
        for _ in range(_IN_A_ROW):
            # Before the deliveries: what is added after this leaves another mark.
            marks = await self._store.fetch(queries.LANE, key)
            receiver = await self._receiver(job.stream_id, webhook_id)
            if receiver is None:
                return [Operation("webhook_lanes", "delete", key)]
            rows = await self._store.fetch(queries.NEXT, key)
            if not rows:
                if await self._ended(job, key, marks):
                    return None
                continue
            due = _Due(*rows[0])
            if not receiver.is_active and due.type != TEST:
                at = now()
                await job.progress(0, [deliveries.skipped(job.stream_id, webhook_id, lane, at)])
                continue
            await self._deliver(job, webhook_id, receiver, due, place)
        raise Reschedule(now())

    async def _ended(self, job: Job, key: Values, marks: Sequence[Any]) -> bool:
        """End the job, unless something has been added to its lane meanwhile."""
        if not marks:
            await job.end()
            return True
        gone = Operation("webhook_lanes", "delete", {**key, "mark": marks[0][0]}, rows=1)
        try:
            await job.end([gone])
        except ClaimLost:
            if await self._store.fetch(queries.LANE, key) == marks:
                raise
            return False
        return True

    async def _receiver(self, stream_id: str, webhook_id: str) -> _Receiver | None:
        params = {"stream_id": stream_id, "webhook_id": webhook_id}
        rows = await self._store.fetch(queries.RECEIVER, params)
        return _Receiver(*rows[0]) if rows else None

    # --- one delivery ------------------------------------------------------------------------

    async def _deliver(
        self, job: Job, webhook_id: str, receiver: _Receiver, due: _Due, place: Place
    ) -> None:
        """Try a delivery. Raises `Reschedule` when it has to be tried again."""
        body = await self._payloads.body(
            job.stream_id, due.type, due.event_id, due.seq, due.ordinal, due.created_at
        )
        key = {"stream_id": job.stream_id, "id": due.id}
        if body is None:
            over = _over(deliveries.SKIPPED, now())
            await job.progress(0, [Operation("webhook_deliveries", "update", key, over)])
            return
        started = now()
        outcome = await self._send(receiver, due, body)
        place.took = outcome.milliseconds / 1000
        at = now()
        values: Values = {
            "attempts": due.attempts + 1,
            "request": outcome.request,
            "answer": outcome.answer,
            "tries": [*due.tries, _try(started, outcome)],
        }
        if outcome.error is None:
            values |= _over(deliveries.DELIVERED, at)
            written = Operation("webhook_deliveries", "update", key, values)
            await job.progress(0, [written, *_well(job.stream_id, webhook_id, receiver, at)])
            return
        pause = pause_after(due.attempts + 1, outcome.headers, at)
        gone, trial = outcome.status == _GONE, due.type == TEST
        again_at = None if pause is None or gone or trial else after(at, pause)
        values |= {"next_at": again_at} if again_at else _over(deliveries.FAILED, at)
        failed = [Operation("webhook_deliveries", "update", key, values)]
        if not trial:
            failed.append(_unwell(job.stream_id, webhook_id, receiver, at))
        await job.progress(0, failed)
        if receiver.is_active and not trial:
            await self._perhaps_disable(job.stream_id, webhook_id, receiver, gone, at)
        if again_at is not None:
            raise Reschedule(again_at)

    async def _send(self, receiver: _Receiver, due: _Due, body: bytes) -> _Outcome:
        moment = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            **signed(due.id, body, moment, receiver.keys(now())),
        }
        request: Values = {"url": receiver.url, "headers": headers, **_start(body)}
        try:
            answer = await self._outgoing.request(
                "POST",
                receiver.url,
                headers=headers,
                body=body,
                deadline_s=SEND_S,
                max_answer=_SHOWN + 1,
            )
        except OutgoingError as error:
            took = int((datetime.now(UTC) - moment).total_seconds() * 1000)
            return _Outcome(request, None, None, error.detail, {}, max(0, took))
        shown: Values = {"status": answer.status, "headers": _printable(answer.headers)}
        shown |= _start(answer.body)
        took = int(answer.seconds * 1000)
        return _Outcome(request, shown, answer.status, _refusal(answer), dict(answer.headers), took)

    # --- receivers that are lost -------------------------------------------------------------

    async def _perhaps_disable(
        self, stream_id: str, webhook_id: str, receiver: _Receiver, gone: bool, at: str
    ) -> None:
        failures = (receiver.failures or 0) + 1
        if gone:
            reason = "The receiver answered 410 Gone."
        elif is_lost(receiver.failing_since, receiver.succeeded_at, failures, at):
            assert receiver.failing_since is not None
            since = f"{parse(receiver.failing_since):%Y-%m-%d %H:%M}"
            reason = f"The receiver has taken nothing since {since} UTC."
        else:
            return
        commit = Commit(
            stream_id=stream_id,
            actor_id=None,
            at=at,
            changes=[
                Change(
                    "webhook",
                    webhook_id,
                    "update",
                    {"is_active": False, "disabled_reason": reason},
                )
            ],
            expects=[Expect("webhook", webhook_id, {"is_active": [True]})],
        )
        try:
            await self._store.append(commit)
        except Contended:
            # Somebody else has done it, or there is no such webhook any more.
            return
        _log.warning("webhook_disabled", stream_id=stream_id, webhook_id=webhook_id, reason=reason)


def _over(state: str, at: str) -> Values:
    return {"state": state, "next_at": None, "finished_at": at}


def _try(started: str, outcome: _Outcome) -> Values:
    return {
        "at": started,
        "status": outcome.status,
        "error": outcome.error,
        "milliseconds": outcome.milliseconds,
    }


def _refusal(answer: Answer) -> str | None:
    """Why an answer is no success; None when it is one."""
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return (
            f"The receiver answered {answer.status}; redirects are not followed. Give the webhook"
            " the address that it leads to."
        )
    return f"The receiver answered {answer.status}."


def _start(body: bytes) -> Values:
    text = body[:_SHOWN].decode(errors="replace").replace("\0", "\ufffd")
    return {"body": text, "truncated": len(body) > _SHOWN}


def _printable(headers: Any) -> dict[str, str]:
    """Headers for people to look at: not too many, and nothing that a database refuses."""
    pairs = list(headers.items())[:50]
    return {n[:200]: v[:1000].replace("\0", "\ufffd") for n, v in pairs}


def _well(stream_id: str, webhook_id: str, receiver: _Receiver, at: str) -> list[Operation]:
    fresh = receiver.succeeded_at is not None and receiver.succeeded_at > after(at, -_HEALTH_S)
    if fresh and receiver.failing_since is None:
        return []
    values = {"succeeded_at": at, "failing_since": None, "failures": 0}
    return [_health(stream_id, webhook_id, values)]


def _unwell(stream_id: str, webhook_id: str, receiver: _Receiver, at: str) -> Operation:
    # When it last succeeded is left as it is: another lane may just have written that.
    values: Values = {
        "failing_since": receiver.failing_since or at,
        "failures": (receiver.failures or 0) + 1,
    }
    return _health(stream_id, webhook_id, values)


def _health(stream_id: str, webhook_id: str, values: Values) -> Operation:
    key = {"stream_id": stream_id, "webhook_id": webhook_id}
    return Operation("webhook_health", "upsert", key, values)
