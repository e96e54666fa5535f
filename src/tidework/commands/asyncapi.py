"""`tidework asyncapi`: the description of the events."""

import importlib
import json
from typing import Annotated

import typer

from tidework import __version__
from tidework.commands.options import say


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(asyncapi)


def asyncapi(
    compact: Annotated[bool, typer.Option("--compact", help="Without line breaks.")] = False,
) -> None:
    """Print the AsyncAPI 3.0 document of the events. Needs no database."""
    # Some modules describe events of their own when they are imported.
    importlib.import_module("tidework.composition")
    document = importlib.import_module("tidework.bus.asyncapi").document(__version__)
    say(json.dumps(document, separators=(",", ":")) if compact else json.dumps(document, indent=2))
