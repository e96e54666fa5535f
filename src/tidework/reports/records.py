"""A report as the database has it, and the links to its file."""

import base64
import hmac
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from tidework.errors import NotFound
from tidework.reports.schemas import ReportOut, ReportSpec, ReportState

DOWNLOADS = "/api/v1/downloads"
_IDS = 48
# With it a token is whole letters of base64, and can be written in one way only.
_MAC = 15
_DEFECT = (
    "It was tried several times and failed each time. Ask again; if it stays so, ask whoever runs"
    " this server to look into its log."
)


class Record(NamedTuple):
    """A row of `reports`, and of its job while there is one."""

    id: str
    created_by: str
    schedule_id: str | None
    spec: dict[str, Any]
    state: str
    error: str | None
    secret: str
    file_id: str | None
    name: str | None
    size: int | None
    row_count: int | None
    created_at: str
    finished_at: str | None
    expires_at: str
    job_state: str | None
    job_attempts: int | None
    job_progress: int | None


class Ticket(NamedTuple):
    """What a link says: which report, and whom it was made for. `proof` is to be checked."""

    stream_id: str
    report_id: str
    user_id: str
    proof: bytes


def no_such_link() -> NotFound:
    """The error for a link that leads nowhere, or no longer."""
    return NotFound("This link leads nowhere, or has expired. Ask for the report anew.")


class Linked(Protocol):
    """What links are made with."""

    @property
    def id(self) -> str: ...

    @property
    def secret(self) -> str: ...


def link(public_url: str, stream_id: str, report: Linked, user_id: str) -> str:
    """The address of a report's file, for one person."""
    ids = b"".join(UUID(one).bytes for one in (stream_id, report.id, user_id))
    token = base64.urlsafe_b64encode(ids + _proof(report.secret, ids)).decode()
    return f"{public_url}{DOWNLOADS}?token={token}"


def read_token(token: str) -> Ticket:
    """What a link's token says, unchecked. Raises `NotFound`."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        raise no_such_link() from None
    if len(raw) != _IDS + _MAC:
        raise no_such_link()
    stream_id, report_id, user_id = (
        str(UUID(bytes=raw[start : start + 16])) for start in range(0, _IDS, 16)
    )
    return Ticket(stream_id, report_id, user_id, raw[_IDS:])


def proves(ticket: Ticket, secret: str) -> bool:
    """Whether a ticket was made with this secret."""
    ids = b"".join(UUID(one).bytes for one in ticket[:3])
    return hmac.compare_digest(ticket.proof, _proof(secret, ids))


def _proof(secret: str, ids: bytes) -> bytes:
    return hmac.digest(secret.encode(), ids, "sha256")[:_MAC]


def shown(record: Record, public_url: str, stream_id: str, user_id: str) -> ReportOut:
    """A report as HTTP shows it to somebody."""
    state, error = _state(record)
    done = state == "done"
    return ReportOut(
        id=record.id,
        state=state,
        progress=1.0 if done else (record.job_progress or 0) / 100,
        spec=msgspec.convert(record.spec, ReportSpec),
        error=error,
        name=record.name,
        size=record.size,
        rows=record.row_count,
        download_url=link(public_url, stream_id, record, user_id) if done else None,
        schedule_id=record.schedule_id,
        created_at=record.created_at,
        finished_at=record.finished_at,
        expires_at=record.expires_at,
    )


def _state(record: Record) -> tuple[ReportState, str | None]:
    state: Any = record.state
    if state == "waiting" and record.job_state == "failed":
        return "failed", _DEFECT
    if state == "waiting" and record.job_attempts:
        return "running", None
    return state, record.error
