"""The command line: finds the command that is meant, and turns every failure into one clear line.

Exit codes: 0 done, 1 could not be done (or `doctor` found something), 2 called wrongly, 130
interrupted. Only the command that is called is imported, so that none pays for the others.
"""

import codecs
import errno
import importlib
import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import typer

from tidework import __version__
from tidework.commands import Reported
from tidework.errors import TideworkError, Unavailable
from tidework.settings import InvalidSettings

_COMMANDS: Final = {
    "serve": "serve",
    "worker": "worker",
    "migrate": "migrate",
    "users": "users",
    "import": "importing",
    "export": "exporting",
    "demo": "demo",
    "analytics": "analytics",
    "doctor": "doctor",
    "keys": "keys",
    "settings": "settings",
    "openapi": "openapi",
    "asyncapi": "asyncapi",
    "events": "events",
    "cluster": "cluster",
}
"""Each command with the module of `tidework.commands` that has it."""

_USAGE: Final = 2
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments (those of the process by default) ask for, and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command; its exit code."""
    _write_anything()
    try:
        result = _root(arguments)(list(arguments), prog_name="tidework", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _explain(error)
    if code == _INTERRUPTED:
        _fail("interrupted; what was written before stays")
    return code


def _write_anything() -> None:
    """Let standard output and error take any text, whatever a terminal can show.

    A password that is shown only once must not be lost for a letter in the name beside it.
    """
    # As `backslashreplace`, but so that JSON stays JSON.
    codecs.register_error("tidework.escaped", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="tidework.escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _root(arguments: Sequence[str]) -> typer.Typer:
    root = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    root.callback()(_about)
    first = next((one for one in arguments if not one.startswith("-")), "")
    # Help and typing errors want to know all of them, the version none.
    wanted = [first] if first in _COMMANDS else [] if arguments[:1] == ["--version"] else _COMMANDS
    for name in wanted:
        module = importlib.import_module(f"tidework.commands.{_COMMANDS[name]}")
        module.register(root)
    return root


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tidework {__version__}")
        raise typer.Exit


def _about(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """A task manager for teams. `tidework serve` starts it; settings come from the environment."""


def _explain(error: Exception) -> int:
    if os.environ.get("TIDEWORK_LOG_LEVEL", "").strip() == "debug":
        traceback.print_exception(error)
    # Typer has its own copy of click, whose place in it has moved before; this much has not.
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            return _USAGE
        context = getattr(error, "ctx", None)
        help_hint = f" See: {context.command_path} --help" if context is not None else ""
        return _fail(f"{error.format_message()}{help_hint}", code=error.exit_code)
    if isinstance(error, InvalidSettings):
        return _fail(*error.problems)
    if isinstance(error, Reported):
        return 1
    if isinstance(error, TideworkError):
        return _fail(_with_fields(error))
    if isinstance(error, OSError):
        return _fail(_of_system(error))
    if isinstance(error, sqlite3.Error):
        return _fail(f"The database cannot be used: {error}. Run: tidework doctor")
    # What our own modules raise has a text for people, such as that of a bad key file.
    if type(error).__module__.startswith("tidework."):
        return _fail(str(error))
    return _fail(
        f"This is a defect, please report it: {type(error).__name__}: {error}."
        " TIDEWORK_LOG_LEVEL=debug shows where it happened."
    )


def _with_fields(error: TideworkError) -> str:
    details = [one.detail for one in error.errors if one.detail not in error.detail]
    reason = f"({error.reason})" if isinstance(error, Unavailable) and error.reason else ""
    return " ".join(part for part in (error.detail, *details, reason) if part)


def _of_system(error: OSError) -> str:
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    reason = error.strerror or str(error)
    advice = " Make room, and run the command again." if error.errno == errno.ENOSPC else ""
    return ": ".join([*names, f"{reason}.{advice}"])


def _fail(*lines: str, code: int = 1) -> int:
    for line in _flat(lines):
        sys.stderr.write(f"tidework: {line}\n")
    return code


def _flat(lines: Iterable[str]) -> Iterable[str]:
    return (" ".join(line.split()) for line in lines)
