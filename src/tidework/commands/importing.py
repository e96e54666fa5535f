"""`tidework import`: issues of Jira, rows of CSV files, and workspaces exported as JSON."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from tidework.commands.console import progress
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, note, say, say_json
from tidework.commands.people import AccountDirectory, AccountsOfImport
from tidework.commands.services import account_of, owner, run, workspace
from tidework.composition import Services
from tidework.errors import invalid
from tidework.ids import new_id
from tidework.transfer import (
    CsvOptions,
    ImportReport,
    JiraOptions,
    JsonOptions,
    MappingRow,
    Progress,
    default_mapping,
    import_csv,
    import_jira,
    import_json,
    load_mapping,
    load_people,
    mapping_lines,
)
from tidework.workspaces.names import clean_name

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help="Files or folders; plain, .xz, .gz or .bz2.", show_default=False
    ),
]
Workspace = Annotated[
    str,
    typer.Option("--workspace", metavar="NAME", help="Name or id; made if it is missing."),
]
Owner = Annotated[
    str | None,
    typer.Option(
        "--owner",
        metavar="EMAIL",
        help="Who imports, and owns a new workspace. [the first administrator]",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping", "--map", metavar="FILE", help="TOML file that changes what words become here."
    ),
]
PeopleFile = Annotated[
    Path | None,
    typer.Option("--people", metavar="FILE", help="CSV file of names and e-mail addresses here."),
]
SkipBad = Annotated[
    bool,
    typer.Option("--skip-bad-lines", help="List what cannot be read, and import the rest."),
]

imports = typer.Typer(
    no_args_is_help=True,
    help="Import from Jira, CSV or JSON. The same file again changes nothing; an interrupted import"
    " goes on when it is repeated.",
)

Announce = Callable[[Sequence[MappingRow]], Awaitable[None]]


class _Target(NamedTuple):
    """Where an import goes."""

    services: Services
    workspace_id: str
    actor_id: str
    people: AccountsOfImport


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(imports, name="import")


@imports.command()
def jira(
    files: Files,
    workspace: Workspace,
    owner: Owner = None,
    mapping: MappingFile = None,
    people: PeopleFile = None,
    source: Annotated[
        str,
        typer.Option(help="Tells several Jira servers apart that go into one workspace."),
    ] = "jira",
    skip_bad_lines: SkipBad = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import issues as Jira's REST API gives them, with comments, links and their whole history.

    One issue a line, a JSON array, or an answer of its search. People who have no account here get
    an inactive placeholder.
    """
    rules = load_mapping(mapping) if mapping else default_mapping()
    named = load_people(people) if people else {}

    async def work(target: _Target, advance: Progress, announce: Announce) -> ImportReport:
        options = JiraOptions(
            actor_id=target.actor_id,
            rules=rules,
            people=named,
            source=source,
            skip_bad_lines=skip_bad_lines,
        )
        return await import_jira(
            target.services.store,
            target.workspace_id,
            files,
            target.people,
            options,
            progress=advance,
            announce=announce,
        )

    _import("issues", work, workspace, owner, data_dir, as_json)


@imports.command()
def csv(
    files: Files,
    workspace: Workspace,
    owner: Owner = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="FIELD=COLUMN",
            help="Which column is which field, where the header does not tell; may be repeated.",
        ),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What stands between columns. [found out]")
    ] = None,
    mapping: MappingFile = None,
    people: PeopleFile = None,
    source: Annotated[
        str | None, typer.Option(help="What rows are known again under. [the file's name]")
    ] = None,
    skip_bad_lines: SkipBad = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import the rows of CSV files as tasks. The first line names the columns."""
    columns = _columns(column or [])
    rules = load_mapping(mapping) if mapping else default_mapping()
    named = load_people(people) if people else {}
    _check_delimiter(delimiter)

    async def work(target: _Target, advance: Progress, announce: Announce) -> ImportReport:
        options = CsvOptions(
            actor_id=target.actor_id,
            columns=columns,
            delimiter=delimiter,
            rules=rules,
            people=named,
            source=source,
            skip_bad_lines=skip_bad_lines,
        )
        return await import_csv(
            target.services.store,
            target.workspace_id,
            files,
            target.people,
            options,
            progress=advance,
            announce=announce,
        )

    _import("rows", work, workspace, owner, data_dir, as_json)


@imports.command()
def json(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tidework export` wrote.")],
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="EMAIL", help="Who becomes an owner besides the file's."),
    ] = None,
    people: PeopleFile = None,
    copy: Annotated[
        str, typer.Option(help="Any word: with another one the file becomes another workspace.")
    ] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the workspace of a JSON export, with its whole history.

    Its members are those of the file: the accounts with their addresses, else placeholders.
    """
    options = JsonOptions(people=load_people(people) if people else {}, copy=copy)

    async def work(services: Services) -> ImportReport:
        account = None if owner is None else await account_of(services, owner)
        directory = AccountDirectory(services)
        accounts = AccountsOfImport(services, "", None)
        with progress("Importing") as advance:
            report = await import_json(
                services.store, file, accounts, directory, options, progress=advance
            )
        if account is not None and report.workspace_id is not None:
            await services.workspaces.admit(report.workspace_id, account.id, "owner")
        return report

    _tell(run(load_settings(data_dir=data_dir), work, create=True), as_json)


Work = Callable[[_Target, Progress, Announce], Awaitable[ImportReport]]


def _import(
    what: str, work: Work, name: str, owner_email: str | None, data_dir: DataDir, as_json: bool
) -> None:
    async def main(services: Services) -> ImportReport:
        account = await owner(services, owner_email)
        found = await workspace(services, name, owner_email)
        workspace_id = new_id() if found is None else found.id

        async def announce(rows: Sequence[MappingRow]) -> None:
            # Only now, when the files are known to be good: a bad one leaves no empty workspace.
            if found is None:
                await services.workspaces.create(account.id, name, workspace_id)
                note(f"Workspace {name!r} made; {account.email} owns it.")
            for line in () if as_json else mapping_lines(rows):
                note(line)

        people = AccountsOfImport(services, workspace_id, account.id)
        target = _Target(services, workspace_id, account.id, people)
        with progress(f"Importing {what}") as advance:
            return await work(target, advance, announce)

    clean_name(name)
    _tell(run(load_settings(data_dir=data_dir), main, create=True), as_json)


def _tell(report: ImportReport, as_json: bool) -> None:
    if as_json:
        say_json(report.as_json())
        return
    for line in report.lines():
        say(line)
    say(f"Workspace: {report.workspace_id}")


def _check_delimiter(delimiter: str | None) -> None:
    if delimiter is not None and len(delimiter) != 1:
        raise invalid("--delimiter", "length", "--delimiter is one character, e.g. --delimiter ';'")


def _columns(given: Sequence[str]) -> dict[str, str]:
    columns = {}
    for one in given:
        name, separator, column = one.partition("=")
        if not separator or not name.strip() or not column.strip():
            raise invalid(
                "--column", "malformed", f"--column {one!r}: write FIELD=COLUMN, e.g. title=Summary"
            )
        if name.strip() in columns:
            raise invalid(
                "--column",
                "repeated",
                f"--column {name.strip()!r} is given twice. Name one column for a field.",
            )
        columns[name.strip()] = column.strip()
    return columns
