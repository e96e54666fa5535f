"""`tidework openapi`: the description of the HTTP interface."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tidework.commands.options import say
from tidework.composition import compose, make_store
from tidework.routing import openapi_document
from tidework.settings import Settings


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command()(openapi)


def openapi(
    compact: Annotated[bool, typer.Option("--compact", help="Without line breaks.")] = False,
) -> None:
    """Print the OpenAPI 3.1 document of this version. Needs no database."""
    # The routes want their services; nobody calls them.
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        services = compose(settings, make_store(settings))
        document = openapi_document(services)
        services.passwords.close()
    say(document.decode() if compact else json.dumps(json.loads(document), indent=2))
