"""Routes of imports and exports."""

from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.exchange.exports import ExportService
from tidework.exchange.imports import ImportService
from tidework.exchange.schemas import (
    IMPORT_FORMATS,
    ExportIn,
    ExportList,
    ExportOut,
    ImportList,
    ImportOut,
    ImportStart,
    ImportUndo,
)
from tidework.http.context import Membership, RequestContext
from tidework.http.openapi import FILE, problem_responses
from tidework.http.parameters import QUERY, choice, flag, text
from tidework.http.replies import known_id
from tidework.http.uploads import MEDIA_TYPES

_IMPORTS = "/workspaces/{w:str}/imports"
_IMPORT = f"{_IMPORTS}/{{import_id:str}}"
_EXPORTS = "/workspaces/{w:str}/exports"
_EXPORT = f"{_EXPORTS}/{{export_id:str}}"
_READ = problem_responses(403, 404)
_CHANGE = problem_responses(403, 404, 409)

_HOW = (
    choice(
        "format",
        "What the file is. `text/csv` is CSV and `application/x-ndjson` Jira's issues without it.",
        IMPORT_FORMATS,
    ),
    flag("dry_run", "Only look at the file: what it holds, what becomes of it, what is wrong."),
    flag("skip_bad_lines", "List what cannot be read, and import the rest."),
    text("name", "What the file is called.", "tasks.csv"),
    text("source", "What issues and rows are known again under.", "jira"),
    text("delimiter", "What stands between columns; found out otherwise.", ";"),
    text("column", "Which column is which field; may be repeated.", "title=Summary"),
)
_TABLE = "key,title,status\nA-1,Repair the crane,open\n"
_FILES = dict.fromkeys(MEDIA_TYPES, _TABLE) | {
    "application/x-ndjson": '{"key": "A-1", "fields": {"summary": "Repair the crane"}}\n',
    "application/json": '[{"key": "A-1", "fields": {"summary": "Repair the crane"}}]',
}


@post(
    _IMPORTS,
    operation_id="createImport",
    summary="Import a file, in the background",
    responses=_CHANGE,
    status_code=202,
    opt={QUERY: _HOW, FILE: _FILES},
)
async def create_import(
    request: Request[Any, Any, Any],
    w: FromPath[str],
    owner: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    imports: NamedDependency[ImportService],
) -> ImportOut:
    """The file is the body. The same file again changes nothing."""
    made = await imports.ask(owner, request.scope["query_string"], context)
    context.location = f"/api/v1/workspaces/{owner.workspace_id}/imports/{made.id}"
    return made


@get(_IMPORTS, operation_id="listImports", summary="The latest ones", responses=_READ)
async def list_imports(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    imports: NamedDependency[ImportService],
) -> ImportList:
    return await imports.latest(owner.workspace_id)


@get(_IMPORT, operation_id="getImport", summary="How far it has come", responses=_READ)
async def get_import(
    w: FromPath[str],
    import_id: FromPath[str],
    owner: NamedDependency[Membership],
    imports: NamedDependency[ImportService],
) -> ImportOut:
    return await imports.show(owner.workspace_id, known_id(import_id, "import"))


@delete(
    _IMPORT,
    operation_id="cancelImport",
    summary="Cancel it; what is written stays, and can be undone",
    responses=_CHANGE,
)
async def cancel_import(
    w: FromPath[str],
    import_id: FromPath[str],
    owner: NamedDependency[Membership],
    imports: NamedDependency[ImportService],
) -> None:
    await imports.cancel(owner.workspace_id, known_id(import_id, "import"))


@post(
    f"{_IMPORT}/start",
    operation_id="startImport",
    summary="Import a file that was looked at, or failed, without sending it again",
    responses=_CHANGE,
    status_code=202,
)
async def start_import(
    w: FromPath[str],
    import_id: FromPath[str],
    owner: NamedDependency[Membership],
    imports: NamedDependency[ImportService],
    data: JSONBody[ImportStart | None] = None,
) -> ImportOut:
    return await imports.start(
        owner.workspace_id, known_id(import_id, "import"), data or ImportStart()
    )


@post(
    f"{_IMPORT}/undo",
    operation_id="undoImport",
    summary="Take all that it has written back",
    responses=_CHANGE,
    status_code=202,
)
async def undo_import(
    w: FromPath[str],
    import_id: FromPath[str],
    owner: NamedDependency[Membership],
    imports: NamedDependency[ImportService],
    data: JSONBody[ImportUndo | None] = None,
) -> ImportOut:
    """People who were made members stay."""
    found = known_id(import_id, "import")
    return await imports.undo(owner, found, partial=data is not None and data.partial)


@post(
    _EXPORTS,
    operation_id="createExport",
    summary="Write the workspace into a file, in the background",
    responses=_CHANGE,
    status_code=202,
)
async def create_export(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    data: JSONBody[ExportIn],
    context: NamedDependency[RequestContext],
    exports: NamedDependency[ExportService],
) -> ExportOut:
    """`json` is for owners."""
    made = await exports.ask(viewer, data, context)
    context.location = f"/api/v1/workspaces/{viewer.workspace_id}/exports/{made.id}"
    return made


@get(_EXPORTS, operation_id="listExports", summary="The caller's exports", responses=_READ)
async def list_exports(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    exports: NamedDependency[ExportService],
) -> ExportList:
    return await exports.latest(viewer)


@get(_EXPORT, operation_id="getExport", summary="An export, and the link to it", responses=_READ)
async def get_export(
    w: FromPath[str],
    export_id: FromPath[str],
    viewer: NamedDependency[Membership],
    exports: NamedDependency[ExportService],
) -> ExportOut:
    return await exports.show(viewer, known_id(export_id, "export"))


@delete(_EXPORT, operation_id="deleteExport", summary="Cancel or remove it", responses=_READ)
async def delete_export(
    w: FromPath[str],
    export_id: FromPath[str],
    viewer: NamedDependency[Membership],
    exports: NamedDependency[ExportService],
) -> None:
    """Links to it lead nowhere from then on."""
    await exports.remove(viewer, known_id(export_id, "export"))


def routers(imports: ImportService, exports: ExportService) -> list[Router]:
    """The routes."""
    handlers = [
        create_import,
        list_imports,
        get_import,
        cancel_import,
        start_import,
        undo_import,
        create_export,
        list_exports,
        get_export,
        delete_export,
    ]
    services: dict[str, object] = {"imports": imports, "exports": exports}
    provided = {name: _provide(service) for name, service in services.items()}
    return [Router(path="/", route_handlers=handlers, dependencies=provided)]


def _provide(service: object) -> Provide:
    return Provide(lambda: service, use_cache=True, sync_to_thread=False)
