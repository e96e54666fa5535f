"""`tidework demo`: a populated workspace to look at."""

import typer

from tidework.commands.console import progress
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.commands.people import AccountsOfImport
from tidework.commands.services import run
from tidework.commands.users import generate_password
from tidework.composition import Services
from tidework.errors import Conflict
from tidework.transfer.demo import OWNER, address, build_demo, owner_name


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(demo)


def demo(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a populated workspace to look at, and a log-in.

    Eight people, four projects, 120 tasks and six weeks of history. Nothing else in the installation is touched. In an empty one, its account is the administrator.
    """
    settings = load_settings(data_dir=data_dir)
    email, password = address(OWNER), generate_password()

    async def work(services: Services) -> str:
        account = await services.users.find_by_email(email)
        if account is None:
            account = await services.auth.create_account(email, password, owner_name())
            known = False
        else:
            known = True
        people = AccountsOfImport(services, "", account.id)

        async def person(name: str, of: str) -> str:
            return await people.resolve(name, name, of)

        with progress("Making the demo") as advance:
            try:
                made = await build_demo(
                    services.store, account.id, account.created_at, person, advance
                )
            except Conflict as conflict:
                raise Conflict(
                    f"{conflict.detail} Log in as {email}; a new password:"
                    f" tidework users reset-password {email}"
                ) from conflict
        if known:
            # An earlier run was interrupted before it could print the password.
            await services.auth.set_password(account.id, password)
        return made

    workspace_id = run(settings, work, create=True)
    if as_json:
        say_json({"email": email, "password": password, "workspace_id": workspace_id})
        return
    say(f"Workspace Slackwater: {workspace_id}")
    say(f"Log in as {email} with the password {password} (shown only now).")
    say(f"Start with: tidework serve; then open {settings.public_url}/api/docs")
