"""`tidework keys`: the keys that sign access tokens."""

from pathlib import Path
from typing import Annotated

import typer

from tidework.auth.keys import KeySet, rotate
from tidework.commands import folder
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.errors import Conflict
from tidework.settings import Settings

KeyFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        help="The key file. [TIDEWORK_SIGNING_KEYS_FILE, signing-keys.json in the data folder]",
    ),
]

keys = typer.Typer(no_args_is_help=True, help="Make and rotate the keys that sign access tokens.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(keys, name="keys")


@keys.command()
def create(file: KeyFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a key file with one new key, readable by its owner only.

    All copies of a server on PostgreSQL need the same file: give it to each of them, and name it in
    TIDEWORK_SIGNING_KEYS_FILE.
    """
    path = _path(file, load_settings(data_dir=data_dir))
    if path.exists():
        raise Conflict(
            f"{path} exists already; nothing was changed. For a new key run: tidework keys rotate"
        )
    made = KeySet.load_or_create(path)
    _tell(path, made.signing().kid, as_json, "made")


@keys.command("rotate")
def rotate_(file: KeyFile = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Put a new key in front. Running servers take it within a second.

    The old one still verifies, until no token signed with it can be valid any more.
    """
    settings = load_settings(data_dir=data_dir)
    path = _path(file, settings)
    _tell(path, rotate(path, lifetime_s=settings.access_token_seconds), as_json, "rotated")


def _path(file: Path | None, settings: Settings) -> Path:
    if file is not None:
        return file.expanduser().absolute()
    if settings.signing_keys_file is None:
        folder.prepare(settings.data_dir)
    return settings.keys_path


def _tell(path: Path, kid: str, as_json: bool, what: str) -> None:
    if as_json:
        say_json({"file": str(path), "signing_key": kid, "result": what})
    else:
        say(f"{path}: {what}; key {kid} signs now.")
