"""Notifications by mail: one, several that came together, or the daily digest."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tidework.bus.job import Job
from tidework.bus.jobs import Jobs
from tidework.channels.notes import Addresses, Bundle, Bundles, Note, line, number_of, task_name
from tidework.log import Operation
from tidework.post.letter import (
    Block,
    Button,
    Item,
    Letter,
    Link,
    Listing,
    Paragraph,
    Quote,
    excerpt,
    one_line,
)
from tidework.post.post import ATTEMPTS, DEADLINE_S, Addressed, Post
from tidework.times import now
from tidework.users.api import is_imported

KIND: Final = "notify.email"
_DIGEST: Final = "digest"

Unsubscribe = Callable[[str, Sequence[str]], Awaitable[str]]
"""The address at which a person leaves mails of these kinds (RFC 8058)."""


class NotificationMails:
    """Writes them, and hands them to the post."""

    def __init__(
        self, bundles: Bundles, post: Post, unsubscribe: Unsubscribe, public_url: str
    ) -> None:
        self._bundles = bundles
        self._post = post
        self._unsubscribe = unsubscribe
        self._addresses = Addresses(public_url)

    def begin(self, jobs: Jobs) -> None:
        """Do the jobs of `notify.email`."""
        jobs.register(
            KIND, self._send, deadline_s=DEADLINE_S, max_attempts=ATTEMPTS, concurrency=32
        )

    async def _send(self, job: Job) -> Sequence[Operation]:
        bundle = await self._bundles.of(job)
        if bundle is None:
            return ()
        to = bundle.account.email
        if to is None or is_imported(to):
            return ()
        kinds = [_DIGEST] if bundle.kind == _DIGEST else [note.kind for note in bundle.notes]
        unsubscribe = await self._unsubscribe(bundle.account.id, kinds)
        letter = self.letter(bundle, unsubscribe)
        tasks = {note.task_id for note in bundle.notes}
        task_id = tasks.pop() if len(tasks) == 1 and bundle.kind != _DIGEST else None
        thread = f"task.{task_id}" if task_id else None
        await self._post.deliver(job, Addressed(to, letter, unsubscribe, thread))
        return ()

    def letter(self, bundle: Bundle, unsubscribe: str) -> Letter:
        """What a bundle says."""
        text = bundle.text
        if bundle.kind == _DIGEST:
            subject, body = self._digest(bundle)
        elif len(bundle.notes) == 1:
            subject, body = self._single(bundle, bundle.notes[0])
        else:
            subject, body = self._several(bundle)
        hello = Paragraph(text("letter.hello", name=one_line(bundle.account.name)))
        settings = self._addresses.settings
        foot: list[Block] = [
            Paragraph(text("letter.why"), small=True),
            Link(
                text("letter.unsubscribe", url=unsubscribe),
                text("letter.unsubscribe_link"),
                unsubscribe,
            ),
            Link(text("letter.settings", url=settings), text("letter.settings_link"), settings),
        ]
        return Letter(text.language, subject, [hello, *body], foot)

    def _single(self, bundle: Bundle, note: Note) -> tuple[str, list[Block]]:
        text = bundle.text
        said = line(bundle, note)
        body: list[Block] = [Paragraph(f"{said}.")]
        due = note.data.get("due_at")
        if due:
            body.append(Paragraph(_due(bundle, due)))
        if note.data.get("excerpt"):
            body.append(Quote(excerpt(str(note.data["excerpt"]))))
        body += self._named_tasks(bundle, note)
        url, number = self._addresses.of(note), number_of(note)
        if url is not None:
            if note.kind == "report_ready":
                body.append(Button(text("notification.open_report"), url))
                return said, body
            which = "open_workspace" if number is None else "open_task"
            body.append(Button(text(f"notification.{which}"), url))
            call = self._addresses.call(note) or ""
            said_call = text("letter.without_app", call=text("notification.call", url=call))
            body.append(Paragraph(said_call, small=True))
        workspace = one_line(str(note.data.get("workspace") or ""), 60)
        if not workspace or note.kind in ("added", "role_changed"):
            return said, body
        return text("notification.subject", workspace=workspace, line=said), body

    def _named_tasks(self, bundle: Bundle, note: Note) -> Iterator[Block]:
        """The tasks of a note about many."""
        tasks = note.data.get("tasks")
        if not tasks:
            return
        items = [
            Item(task_name(task), self._addresses.task(note.workspace_id, task.get("number")))
            for task in tasks
        ]
        rest = int(note.data.get("count") or 0) - len(items)
        if rest > 0:
            items.append(Item(bundle.text("notification.many.more", rest)))
        yield Listing(one_line(str(note.data.get("workspace") or "")), items)

    def _several(self, bundle: Bundle) -> tuple[str, list[Block]]:
        text, count = bundle.text, len(bundle.notes)
        body: list[Block] = [Paragraph(text("bundle.intro", count)), *self._listed(bundle)]
        subject = text("bundle.subject", count)
        names = {one_line(str(note.data.get("workspace") or ""), 60) for note in bundle.notes}
        if len(names) == 1 and "" not in names:
            subject = text("notification.subject", workspace=names.pop(), line=subject)
        return subject, body

    def _listed(self, bundle: Bundle) -> Iterator[Block]:
        """The notes by workspace, each in the order in which they came."""
        groups: dict[str, list[Note]] = defaultdict(list)
        for note in bundle.notes:
            groups[str(note.data.get("workspace") or "")].append(note)
        for workspace, notes in groups.items():
            yield Listing(one_line(workspace), [self._item(bundle, note) for note in notes])

    def _item(self, bundle: Bundle, note: Note) -> Item:
        details = []
        if note.data.get("due_at"):
            details.append(_due(bundle, note.data["due_at"]))
        if note.data.get("excerpt"):
            details.append(one_line(str(note.data["excerpt"])))
        return Item(line(bundle, note), self._addresses.of(note), ", ".join(details))

    def _digest(self, bundle: Bundle) -> tuple[str, list[Block]]:
        text, zone = bundle.text, bundle.account.time_zone
        moment = now()
        overdue = [task for task in bundle.due if task["due_at"] < moment]
        today = [task for task in bundle.due if task["due_at"] >= moment]
        intro = text("digest.intro_none")
        if bundle.due:
            intro = text("digest.intro_due", len(bundle.due))
        body: list[Block] = [Paragraph(intro)]
        for name, tasks in (("overdue", overdue), ("today", today)):
            if tasks:
                items = [self._due_item(bundle, task) for task in tasks]
                body.append(Listing(text(f"digest.{name}", len(tasks)), items))
        if bundle.notes:
            body.append(Paragraph(text("digest.news", len(bundle.notes))))
            body += self._listed(bundle)
        body.append(Button(text("digest.open"), self._addresses.mine))
        return text("digest.subject", day=text.day(moment, zone)), body

    def _due_item(self, bundle: Bundle, task: Mapping[str, Any]) -> Item:
        url = self._addresses.task(task["workspace_id"], task["number"])
        return Item(task_name(task), url, _due(bundle, task["due_at"]))


def _due(bundle: Bundle, due_at: str) -> str:
    moment = bundle.text.moment(due_at, bundle.account.time_zone)
    return bundle.text("notification.due", moment=moment)
