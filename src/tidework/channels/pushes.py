"""Notifications by web push: one message for a bundle, to each of a person's browsers."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import structlog

from tidework.bus.job import Job, Retry
from tidework.bus.jobs import Jobs
from tidework.channels.notes import Addresses, Bundle, Bundles, line
from tidework.channels.subscriptions import Subscribed, Subscriptions, dropped
from tidework.channels.web_push import b64, encrypt, read_browser
from tidework.log import Operation
from tidework.outgoing.client import NotAllowed, Outgoing, OutgoingError
from tidework.post.letter import one_line

KIND: Final = "notify.push"
_TTL_S: Final = 86_400
_SHOWN: Final = 3
_OK: Final = range(200, 300)
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425, 429})
_LONGEST_PAUSE_S: Final = 3600.0

_log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


class Pushes:
    """Does the jobs of `notify.push`."""

    def __init__(
        self,
        bundles: Bundles,
        subscriptions: Subscriptions,
        outgoing: Outgoing,
        public_url: str,
    ) -> None:
        self._bundles = bundles
        self._subscriptions = subscriptions
        self._outgoing = outgoing
        self._addresses = Addresses(public_url)

    def begin(self, jobs: Jobs) -> None:
        """Let the jobs be done."""
        jobs.register(KIND, self._send, deadline_s=120.0, max_attempts=12, concurrency=8)

    async def _send(self, job: Job) -> Sequence[Operation]:
        known = await self._subscriptions.of(job.stream_id)
        over = [dropped(job.stream_id, one.id) for one in known if one.is_over]
        living = [one for one in known if not one.is_over]
        bundle = await self._bundles.of(job) if living else None
        if bundle is None:
            return over
        payload = _encode(self.message(bundle))
        done: list[str] = list(job.args.get("done", ()))
        late: list[tuple[str, float | None]] = []
        for one in living:
            if one.id in done:
                continue
            said = await self._push(job, one, payload)
            if said is None:
                done.append(one.id)
            elif said.is_over:
                over.append(dropped(job.stream_id, one.id))
            else:
                late.append((said.reason, said.after_s))
        if not late:
            return over
        # Those that have got it do not get it again.
        await job.progress(0.5, over, {**job.args, "done": done})
        pauses = [pause for _, pause in late if pause is not None]
        raise Retry(late[0][0], max(pauses) if pauses else None)

    async def _push(self, job: Job, to: Subscribed, payload: bytes) -> "_Failure | None":
        """Send to one browser; what went wrong, or None."""
        vapid = await self._subscriptions.vapid()
        headers = {
            "authorization": vapid.authorization(to.endpoint),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(_TTL_S),
            "urgency": "normal",
            # While it waits for the browser, a repetition takes its place.
            "topic": b64(bytes.fromhex(job.id.replace("-", ""))),
        }
        body = encrypt(payload, read_browser(to.p256dh, to.auth))
        try:
            answer = await self._outgoing.request("POST", to.endpoint, headers=headers, body=body)
        except NotAllowed as error:
            _log.warning("push_not_allowed", reason=error.detail)
            return _Failure(error.detail, is_over=True)
        except OutgoingError as error:
            return _Failure(error.detail)
        if answer.status in _OK:
            return None
        reason = f"The push service answered {answer.status}."
        if answer.status in _GONE:
            return _Failure(reason, is_over=True)
        if answer.status in _LATER or answer.status >= 500:
            return _Failure(reason, after_s=_pause(answer.headers.get("retry-after")))
        # It will say the same of every message to this browser, such as for another key of ours.
        _log.warning("push_refused", status=answer.status, answer=_said(answer.body))
        return _Failure(reason, is_over=answer.status in {400, 401, 403})

    def message(self, bundle: Bundle) -> dict[str, Any]:
        """What the browser's worker shows."""
        notes = bundle.notes
        lines = [line(bundle, note) for note in notes[:_SHOWN]]
        title = one_line(str(notes[0].data.get("workspace") or ""), 60) or "Tidework"
        url = self._addresses.of(notes[0])
        tag = notes[0].task_id or notes[0].id
        if len(notes) > 1:
            title, url = bundle.text("bundle.subject", len(notes)), self._addresses.mine
            tag = "several"
        if len(notes) > _SHOWN:
            lines.append(bundle.text("notification.many.more", len(notes) - _SHOWN))
        return {
            "title": title,
            "body": "\n".join(lines),
            "url": url or self._addresses.mine,
            "tag": tag,
            "lang": bundle.text.language,
            "notification_ids": [note.id for note in notes[:_SHOWN]],
        }


class _Failure:
    __slots__ = ("after_s", "is_over", "reason")

    def __init__(self, reason: str, *, is_over: bool = False, after_s: float | None = None) -> None:
        self.reason = reason
        self.is_over = is_over
        self.after_s = after_s


def _pause(header: str | None) -> float | None:
    if header is None or not header.isascii() or not header.isdigit():
        return None
    return min(float(header[:9]), _LONGEST_PAUSE_S)


def _said(body: bytes) -> str:
    return "".join(ch if ch.isprintable() else " " for ch in body[:200].decode(errors="replace"))
