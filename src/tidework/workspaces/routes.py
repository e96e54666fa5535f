"""Routes of workspaces, members, projects and labels."""

from typing import Any

from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from tidework.http.context import Membership, Principal, RequestContext
from tidework.http.openapi import problem_responses
from tidework.http.replies import entity, given, known_id, listing, row_of, written
from tidework.workspaces.admin import HANDLERS as ADMIN_HANDLERS
from tidework.workspaces.admin import AdminWorkspaceService
from tidework.workspaces.items import ItemService
from tidework.workspaces.schemas import (
    LabelCreate,
    LabelList,
    LabelOut,
    LabelPatch,
    MemberCreate,
    MemberList,
    MemberOut,
    MemberPatch,
    ProjectCreate,
    ProjectList,
    ProjectOut,
    ProjectPatch,
    WorkspaceCreate,
    WorkspaceList,
    WorkspaceOut,
    WorkspacePatch,
)
from tidework.workspaces.service import WorkspaceService

_READ = problem_responses(404)
_WRITE = problem_responses(403, 404, 409, 412)


@get(
    "/workspaces", operation_id="listWorkspaces", summary="The caller's workspaces", responses=_READ
)
async def list_workspaces(
    caller: NamedDependency[Principal], workspaces: NamedDependency[WorkspaceService]
) -> WorkspaceList:
    return WorkspaceList(await workspaces.mine(caller.user_id))


@post("/workspaces", operation_id="createWorkspace", summary="Make a workspace", responses=_WRITE)
async def create_workspace(
    caller: NamedDependency[Principal],
    data: JSONBody[WorkspaceCreate],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> WorkspaceOut:
    made = await workspaces.create_for(caller.user_id, data.name, context)
    return written(context, made.version, made, f"/api/v1/workspaces/{made.id}")


@get("/workspaces/{w:str}", operation_id="getWorkspace", summary="A workspace", responses=_READ)
async def get_workspace(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> WorkspaceOut:
    # What it says includes the caller's role, so it is not kept for everybody, and its version
    # names it for owners only, who may send it back in If-Match. The others get a hash.
    _, found = await workspaces.get(viewer)
    return written(context, found.version, found) if found.role == "owner" else found


@patch("/workspaces/{w:str}", operation_id="updateWorkspace", summary="Rename", responses=_WRITE)
async def update_workspace(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[WorkspacePatch],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> WorkspaceOut:
    done = await workspaces.rename(owner, given(data).get("name"), context)
    return written(context, done.version, done)


@delete("/workspaces/{w:str}", operation_id="deleteWorkspace", summary="Remove", responses=_WRITE)
async def delete_workspace(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> None:
    await workspaces.delete(owner, context)


@get("/workspaces/{w:str}/members", operation_id="listMembers", summary="Members", responses=_READ)
async def list_members(
    w: FromPath[str],
    viewer: NamedDependency[Membership],
    workspaces: NamedDependency[WorkspaceService],
) -> MemberList:
    return MemberList(await workspaces.members(viewer.workspace_id))


@post(
    "/workspaces/{w:str}/members",
    operation_id="addMember",
    summary="Add somebody, or invite them by mail",
    responses=_WRITE,
)
async def add_member(
    w: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[MemberCreate],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> MemberOut:
    made = await workspaces.add(owner, data.email, data.role, context)
    place = f"/api/v1/workspaces/{owner.workspace_id}/members/{made.user_id}"
    return written(context, made.version, made, place)


@patch(
    "/workspaces/{w:str}/members/{user_id:str}",
    operation_id="updateMember",
    summary="Give a member another role",
    responses=_WRITE,
)
async def update_member(
    w: FromPath[str],
    user_id: FromPath[str],
    owner: NamedDependency[Membership],
    data: JSONBody[MemberPatch],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> MemberOut:
    found = known_id(user_id, "member")
    done = await workspaces.change_role(owner, found, data.role, context)
    return written(context, done.version, done)


@delete(
    "/workspaces/{w:str}/members/{user_id:str}",
    operation_id="removeMember",
    summary="Remove a member, or leave; their tasks become nobody's",
    responses=_WRITE,
)
async def remove_member(
    w: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Membership],
    context: NamedDependency[RequestContext],
    workspaces: NamedDependency[WorkspaceService],
) -> None:
    await workspaces.remove(viewer, known_id(user_id, "member"), context)


def _item_routes(
    name: str, out: type[Any], page: type[Any], create: type[Any], change: type[Any]
) -> list[Any]:
    """The five routes of projects, or of labels."""
    return [*_reading(name, out, page), *_writing(name, out, create, change)]


def _reading(name: str, out: type[Any], page: type[Any]) -> list[Any]:
    title, base = name.capitalize(), f"/workspaces/{{w:str}}/{name}s"

    @get(base, operation_id=f"list{title}s", summary=f"{title}s by name", responses=_READ)
    async def list_items(
        w: FromPath[str],
        viewer: NamedDependency[Membership],
        context: NamedDependency[RequestContext],
        items: NamedDependency[ItemService],
    ) -> page:  # type: ignore[valid-type]
        seq, rows = await items.all(viewer.workspace_id, context.workspace_seq)
        return listing(context, seq, page([row_of(out, row) for row in rows]))  # type: ignore[no-any-return]

    @get(
        f"{base}/{{item_id:str}}", operation_id=f"get{title}", summary=f"A {name}", responses=_READ
    )
    async def get_item(
        w: FromPath[str],
        item_id: FromPath[str],
        viewer: NamedDependency[Membership],
        context: NamedDependency[RequestContext],
        items: NamedDependency[ItemService],
    ) -> out:  # type: ignore[valid-type]
        wanted = known_id(item_id, name)
        seq, row = await items.show(viewer.workspace_id, wanted, context.workspace_seq)
        return entity(context, seq, row[-1], row_of(out, row))  # type: ignore[no-any-return]

    return [list_items, get_item]


def _writing(name: str, out: type[Any], create: type[Any], change: type[Any]) -> list[Any]:
    title, base = name.capitalize(), f"/workspaces/{{w:str}}/{name}s"
    by_id = f"{base}/{{item_id:str}}"

    @post(base, operation_id=f"create{title}", summary=f"Make a {name}", responses=_WRITE)
    async def create_item(
        w: FromPath[str],
        editor: NamedDependency[Membership],
        data: JSONBody[create],  # type: ignore[valid-type]
        context: NamedDependency[RequestContext],
        items: NamedDependency[ItemService],
    ) -> out:  # type: ignore[valid-type]
        row = await items.create(editor, given(data), context)
        place = f"/api/v1/workspaces/{editor.workspace_id}/{name}s/{row[0]}"
        return written(context, row[-1], row_of(out, row), place)  # type: ignore[no-any-return]

    @patch(by_id, operation_id=f"update{title}", summary=f"Change a {name}", responses=_WRITE)
    async def update_item(
        w: FromPath[str],
        item_id: FromPath[str],
        editor: NamedDependency[Membership],
        data: JSONBody[change],  # type: ignore[valid-type]
        context: NamedDependency[RequestContext],
        items: NamedDependency[ItemService],
    ) -> out:  # type: ignore[valid-type]
        row = await items.update(editor, known_id(item_id, name), given(data), context)
        return written(context, row[-1], row_of(out, row))  # type: ignore[no-any-return]

    @delete(
        by_id,
        operation_id=f"delete{title}",
        summary=f"Remove a {name}; its tasks stay and lose it",
        responses=_WRITE,
    )
    async def delete_item(
        w: FromPath[str],
        item_id: FromPath[str],
        editor: NamedDependency[Membership],
        context: NamedDependency[RequestContext],
        items: NamedDependency[ItemService],
    ) -> None:
        await items.delete(editor, known_id(item_id, name), context)

    return [create_item, update_item, delete_item]


def routers(
    workspaces: WorkspaceService,
    projects: ItemService,
    labels: ItemService,
    admin: AdminWorkspaceService,
) -> list[Router]:
    """The routes, with the services that they call."""
    own = [
        list_workspaces,
        create_workspace,
        get_workspace,
        update_workspace,
        delete_workspace,
        list_members,
        add_member,
        update_member,
        remove_member,
    ]
    project_routes = _item_routes("project", ProjectOut, ProjectList, ProjectCreate, ProjectPatch)
    label_routes = _item_routes("label", LabelOut, LabelList, LabelCreate, LabelPatch)
    return [
        _router("Workspaces", own, "workspaces", workspaces),
        _router("Projects", project_routes, "items", projects),
        _router("Labels", label_routes, "items", labels),
        _router("Admin", ADMIN_HANDLERS, "admin_workspaces", admin),
    ]


def _router(tag: str, handlers: list[Any], name: str, service: object) -> Router:
    provide = Provide(lambda: service, use_cache=True, sync_to_thread=False)
    return Router(path="/", route_handlers=handlers, tags=[tag], dependencies={name: provide})
