"""`tidework users`: accounts, from the machine that the server runs on."""

import secrets
import sys
from typing import Annotated, Any

import typer

from tidework.commands.console import say_table
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.commands.services import account_of, context, run
from tidework.composition import Services
from tidework.errors import invalid
from tidework.log import Values
from tidework.users import queries
from tidework.users.api import Account, view

_PAGE = 500
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP_LENGTH = 5

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the account.")]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password, a line, from standard input."),
]

users = typer.Typer(no_args_is_help=True, help="Make, list and change accounts.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(users, name="users")


@users.command()
def create(
    email: Annotated[str, typer.Option(help="Address to log in with.")],
    name: Annotated[str, typer.Option(help="Name that others see.")],
    admin: Annotated[bool, typer.Option("--admin", help="Make it an administrator.")] = False,
    password_stdin: PasswordStdin = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make an account. Without --password-stdin a password is generated and printed once.

    The first account of an installation becomes an administrator.
    """
    password, generated = _password(password_stdin)

    async def work(services: Services) -> Account:
        return await services.auth.create_account(
            email, password, name, "admin" if admin else "user"
        )

    account = run(load_settings(data_dir=data_dir), work, create=True)
    _tell(account, f"{account.email}: made, role {account.role}.", as_json, generated)


@users.command()
def promote(email: Email, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make somebody an administrator."""
    _change(email, {"role": "admin"}, "is an administrator now.", data_dir, as_json)


@users.command()
def demote(email: Email, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make an administrator an ordinary user.

    One administrator must stay.
    """
    _change(email, {"role": "user"}, "is an ordinary user now.", data_dir, as_json)


@users.command()
def disable(email: Email, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Deactivate an account. Its sessions end at once; nothing of it is removed."""
    _change(email, {"is_active": False}, "is deactivated.", data_dir, as_json)


@users.command()
def enable(email: Email, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Activate an account again."""
    _change(email, {"is_active": True}, "is active.", data_dir, as_json)


@users.command("reset-password")
def reset_password(
    email: Email,
    password_stdin: PasswordStdin = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an account another password and end its sessions."""
    password, generated = _password(password_stdin)

    async def work(services: Services) -> Account:
        account = await account_of(services, email)
        await services.auth.set_password(account.id, password)
        return account

    account = run(load_settings(data_dir=data_dir), work)
    _tell(account, f"{account.email}: has another password.", as_json, generated)


@users.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all accounts, oldest first."""
    found = run(load_settings(data_dir=data_dir), _all)
    if as_json:
        say_json([_shown(account) for account in found])
        return
    rows = [
        (one.email or "", one.name, one.role, _state(one), one.created_at[:10]) for one in found
    ]
    say_table(("e-mail", "name", "role", "state", "since"), rows)


async def _all(services: Services) -> list[Account]:
    found: list[Account] = []
    params: dict[str, Any] = {"limit": _PAGE}
    while True:
        statement = queries.page(searched=False, continued=bool(found))
        page = await services.store.fetch(statement, params)
        found += [Account(*row) for row in page]
        if len(page) < _PAGE:
            return found
        params["after"] = found[-1].id


def _change(email: str, values: Values, result: str, data_dir: DataDir, as_json: bool) -> None:
    async def work(services: Services) -> Account:
        account = await account_of(services, email)
        return await services.admins.update(account.id, values, None, context())

    account = run(load_settings(data_dir=data_dir), work)
    _tell(account, f"{account.email}: {result}", as_json, None)


def _password(from_stdin: bool) -> tuple[str, str | None]:
    """The password to set, and the same again if it was generated."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise invalid("/password", "too_short", "Standard input has no password.")
        return password, None
    generated = generate_password()
    return generated, generated


def generate_password() -> str:
    """A password that can be read out: four groups of five, 99 random bits."""
    groups = (
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def _tell(account: Account, result: str, as_json: bool, generated: str | None) -> None:
    if as_json:
        shown = _shown(account)
        say_json(shown | ({"password": generated} if generated else {}))
        return
    say(result)
    if generated:
        say(f"Password, shown only now: {generated}")


def _shown(account: Account) -> dict[str, Any]:
    shown = view(account)
    return {name: getattr(shown, name) for name in shown.__struct_fields__}


def _state(account: Account) -> str:
    if account.placeholder:
        return "placeholder"
    return "active" if account.is_active else "deactivated"
