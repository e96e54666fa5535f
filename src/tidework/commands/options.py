"""Options that many commands have, and their plain output. Imports nothing that a server must hold."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", help="Data folder. [TIDEWORK_DATA_DIR, ./var]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def say(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line about the work, which a script that reads the result does not see."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    say(json.dumps(value, indent=2, ensure_ascii=False))
