"""What is to be told, in sentences: the same for every channel, in the language of its reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tidework.bus.job import Job
from tidework.channels import queries
from tidework.languages import Words, words
from tidework.log import Values
from tidework.post.letter import one_line
from tidework.store.protocol import Reader
from tidework.users.api import Account, Users


@dataclass(frozen=True, slots=True)
class Note:
    """A notification, as it was told; `data` says what things were called then."""

    id: str
    kind: str
    workspace_id: str | None
    task_id: str | None
    actor_id: str | None
    data: Values
    created_at: str
    in_app: bool
    unread: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one job has to tell one person. `due` are the tasks of a digest."""

    account: Account
    notes: Sequence[Note]
    due: Sequence[Mapping[str, Any]]
    kind: str
    names: Mapping[str, str]

    @property
    def text(self) -> Words:
        """The texts in their language."""
        return words(self.account.language)


class Bundles:
    """Finds what a job is to tell: not what has been read meanwhile, or may not be seen any more."""

    def __init__(self, store: Reader, users: Users) -> None:
        self._store = store
        self._users = users

    async def of(self, job: Job) -> Bundle | None:
        """What a job of a `notify.` kind is to tell; None when there is nothing left."""
        user_id = job.stream_id
        account = await self._users.get(user_id)
        if account is None or not account.is_active or account.placeholder:
            return None
        mine = {row[0] for row in await self._store.fetch(queries.WORKSPACES, {"user_id": user_id})}
        rows: Sequence[Any] = ()
        if job.args["notification_ids"]:
            params = {"user_id": user_id, "ids": job.args["notification_ids"]}
            rows = await self._store.fetch(queries.NOTIFICATIONS, params)
        notes = [
            note
            for note in (Note(*row) for row in rows)
            if (note.unread or not note.in_app)
            and (note.workspace_id is None or note.workspace_id in mine)
        ]
        due = [task for task in job.args.get("due", ()) if task["workspace_id"] in mine]
        if not notes and not due:
            return None
        actors = await self._users.get_many(note.actor_id for note in notes if note.actor_id)
        names = {user_id: one_line(actor.name, 100) for user_id, actor in actors.items()}
        return Bundle(account, notes, due, job.args["kind"], names)


class Addresses:
    """Where things are: in the web application, and in the API."""

    def __init__(self, public_url: str) -> None:
        self._url = public_url.rstrip("/")

    def task(self, workspace_id: str | None, number: int | None) -> str | None:
        """A task's page; its workspace's where there is no number."""
        if workspace_id is None:
            return None
        place = f"{self._url}/w/{quote(workspace_id)}"
        return place if number is None else f"{place}/t/{number}"

    def call(self, note: Note) -> str | None:
        """How a program reads what a note is about."""
        if note.workspace_id is None:
            return None
        place = f"{self._url}/api/v1/workspaces/{quote(note.workspace_id)}"
        number, webhook = number_of(note), note.data.get("webhook_id")
        if note.kind == "webhook_disabled" and isinstance(webhook, str):
            return f"{place}/webhooks/{quote(webhook)}"
        return place if number is None else f"{place}/tasks/{number}"

    @property
    def settings(self) -> str:
        """Where people choose what they are told."""
        return f"{self._url}/settings/notifications"

    @property
    def mine(self) -> str:
        """Everything that somebody has to do."""
        return f"{self._url}/my-tasks"

    def of(self, note: Note) -> str | None:
        """The page that a note is about, or the file."""
        url = note.data.get("url")
        if note.kind == "report_ready" and isinstance(url, str):
            return url
        return self.task(note.workspace_id, number_of(note))


def number_of(note: Note) -> int | None:
    """The number of the one task that a note is about."""
    number = note.data.get("number")
    return number if isinstance(number, int) else None


def line(bundle: Bundle, note: Note) -> str:
    """A note as a sentence, without a full stop."""
    text, data = bundle.text, note.data
    actor = bundle.names.get(note.actor_id or "") or text("notification.somebody")
    workspace = one_line(str(data.get("workspace") or ""), 100)
    count = data.get("count")
    if isinstance(count, int):
        key = f"notification.many.{note.kind}"
        key = key if text.has(key) else "notification.many.other"
        return text(key, count, actor=actor, workspace=workspace)
    key = f"notification.one.{note.kind}"
    key = key if text.has(key) else "notification.one.other"
    return text(
        key,
        actor=actor,
        workspace=workspace,
        task=task_name(data),
        role=_role(text, data),
        report=one_line(str(data.get("report") or ""), 100),
    )


def task_name(data: Mapping[str, Any]) -> str:
    """How a task is called: `#12 Mend the boat`."""
    number, title = data.get("number"), one_line(str(data.get("title") or ""), 120)
    return f"#{number} {title}".strip() if number is not None else title


def _role(text: Words, data: Mapping[str, Any]) -> str:
    key = f"notification.roles.{data.get('role')}"
    return text(key) if text.has(key) else str(data.get("role") or "")
