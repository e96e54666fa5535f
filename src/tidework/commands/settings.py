"""`tidework settings`: every setting, where its value comes from, and what it means."""

import os

import typer

from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.settings import SettingRow, table


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command("settings")(show)


def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print every setting, secrets masked.

    With its default, its present value and where that comes from, and its meaning.
    """
    rows = table(load_settings(data_dir=data_dir), os.environ, data_dir=data_dir)
    if as_json:
        say_json([row._asdict() for row in rows])
        return
    for row in rows:
        say(f"{row.name}={row.value}")
        say(f"    {row.meaning}")
        say(f"    {_origin(row)}")


def _origin(row: SettingRow) -> str:
    default = row.default or "nothing"
    if row.origin == "default":
        return f"Default: {default}."
    place = "the environment" if row.origin == "environment" else "the command line"
    return f"From {place}; the default is {default}."
