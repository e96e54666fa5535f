"""The HTTP interface of imports and exports."""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

ImportFormat = Literal["csv", "jira", "json"]
ImportState = Literal["waiting", "running", "done", "failed", "cancelled", "undoing", "undone"]
ExportFormat = Literal["json", "csv", "ics"]
ExportState = Literal["waiting", "running", "done", "failed"]

IMPORT_FORMATS: Final[tuple[ImportFormat, ...]] = ("csv", "jira", "json")
MEDIA_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
}

Word = Annotated[str, Meta(min_length=1, max_length=100)]
Columns = Annotated[dict[Word, Annotated[str, Meta(max_length=1000)]], Meta(max_length=50)]


class ImportStart(Struct, frozen=True, forbid_unknown_fields=True):
    """How to go on with a file that was looked at, or could not be imported.

    What is left out stays as it was; `dry_run` is false.
    """

    dry_run: bool = False
    skip_bad_lines: bool | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | UnsetType = UNSET


class ImportUndo(Struct, frozen=True, forbid_unknown_fields=True):
    """With `partial`, what has been changed since stays; otherwise that stands in the way."""

    partial: bool = False


class ImportProblem(Struct, frozen=True):
    """One kind of thing that is not taken as it stands: what, how often, and where."""

    kind: str
    meaning: str
    count: int
    examples: list[str]


class ImportMapping(Struct, frozen=True):
    """How a value of the file is taken over, and how often it occurs."""

    field: str
    value: str
    count: int
    becomes: str


class ImportOut(Struct, frozen=True):
    """An import. `found` counts what the file holds, `written` what has been added to the workspace.

    `unchanged` is what was there already. `columns` are those of a CSV file. `workspace_id` is where
    it goes: a new workspace for `json`. `left` are what an undo has left alone.
    """

    id: str
    state: ImportState
    progress: float
    format: ImportFormat
    name: str
    size: int
    dry_run: bool
    error: str | None
    found: dict[str, int]
    written: dict[str, int]
    unchanged: int
    columns: list[str]
    mapping: list[ImportMapping]
    problems: list[ImportProblem]
    left: list[str]
    workspace_id: str | None
    created_by: str
    created_at: str
    finished_at: str | None
    undo_until: str | None


class ImportList(Struct, frozen=True):
    """The imports of a workspace, newest first."""

    items: list[ImportOut]


class ExportIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What to write.

    `json` is everything with its history, to be imported again; `csv` the tasks, for spreadsheets;
    `ics` the tasks, for calendars.
    """

    format: ExportFormat


class ExportOut(Struct, frozen=True):
    """An export. `download_url` works without logging in, until `expires_at`; who has it has the
    file. It ends earlier when whoever it was made for leaves the workspace.
    """

    id: str
    state: ExportState
    progress: float
    format: ExportFormat
    error: str | None
    name: str | None
    size: int | None
    download_url: str | None
    created_at: str
    finished_at: str | None
    expires_at: str | None


class ExportList(Struct, frozen=True):
    """The caller's exports, newest first."""

    items: list[ExportOut]


class Asked(Struct, frozen=True):
    """What an import was asked to do: the arguments of its job."""

    by: str
    format: ImportFormat
    name: str
    size: int
    file_id: str
    dry_run: bool = False
    skip_bad_lines: bool = False
    source: str | None = None
    delimiter: str | None = None
    columns: dict[str, str] = {}


class Outcome(Struct, frozen=True):
    """What has become of an import so far: the result of its job."""

    error: str | None = None
    found: dict[str, int] = {}
    written: dict[str, int] = {}
    unchanged: int = 0
    columns: list[str] = []
    mapping: list[ImportMapping] = []
    problems: list[ImportProblem] = []
    workspace_id: str | None = None
    ended: bool = False


class ExportAsked(Struct, frozen=True):
    """What an export was asked to do: the arguments of its job. `secret` is what links are made with."""

    by: str
    format: ExportFormat
    secret: str


class Exported(Struct, frozen=True):
    """What has become of an export: the result of its job."""

    error: str | None = None
    file_id: str | None = None
    name: str | None = None
    size: int | None = None
