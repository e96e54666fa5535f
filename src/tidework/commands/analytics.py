"""`tidework analytics`: the read model of the statistics."""

from typing import Annotated

import typer

from tidework.analytics.rebuild import rebuild
from tidework.analytics.repair import Rebuilt
from tidework.commands import replay
from tidework.commands.console import progress, say_table
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, say, say_json
from tidework.commands.services import run, workspace
from tidework.composition import Services
from tidework.errors import NotFound
from tidework.transfer import Progress


def register(root: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="The read model of the statistics.")
    commands.callback()(_about)
    commands.command("rebuild")(rebuild_command)
    root.add_typer(commands, name="analytics")


def _about() -> None:
    """Statistics are counted as commits happen. They can be counted again at any time."""


def rebuild_command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[WORKSPACE]", help="Name or id. [everything there is]"),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="EMAIL", help="Whose, where several have the name."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Count the statistics again from the log, and repair what was otherwise.

    Needs the memory of one workspace's tasks. Works beside a running server, whose counting goes on.
    """

    async def work(services: Services) -> list[tuple[str, Rebuilt]]:
        with progress("Counting") as advance:
            if name is None:
                return await _everything(services, advance)
            found = await workspace(services, name, owner)
            if found is None:
                raise NotFound(f"There is no workspace {name!r}; give its exact name or its id.")
            return [(found.id, await rebuild(services.store, found.id, advance))]

    done = run(load_settings(data_dir=data_dir), work)
    if as_json:
        say_json([{"stream_id": stream_id, **made._asdict()} for stream_id, made in done])
        return
    repaired = [
        (stream_id, str(made.seq), str(made.repaired)) for stream_id, made in done if made.repaired
    ]
    if repaired:
        say_table(("stream", "up to seq", "rows that were otherwise"), repaired)
    say(f"The statistics of {len(done)} streams are what their logs lead to.")


async def _everything(services: Services, advance: Progress) -> list[tuple[str, Rebuilt]]:
    streams = await replay.streams_of(services.store)
    commits, done = sum(row[2] for row in streams), 0
    rebuilt: list[tuple[str, Rebuilt]] = []
    for stream_id, _, seq in streams:
        try:
            rebuilt.append((stream_id, await rebuild(services.store, stream_id)))
        except NotFound:
            # Removed meanwhile, statistics and all.
            pass
        done += seq
        advance(done, commits)
    return rebuilt
