"""`tidework events`: what consumers were never done with."""

from dataclasses import asdict
from typing import Annotated

import typer

from tidework.bus.consumers import Consumers
from tidework.bus.dead import DeadEvents
from tidework.commands import Reported
from tidework.commands.console import say_table
from tidework.commands.loading import load_settings
from tidework.commands.options import AsJson, DataDir, note, say_json
from tidework.commands.services import run
from tidework.composition import Services, make_bus

events = typer.Typer(no_args_is_help=True, help="See and replay events that nobody was done with.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(events, name="events")


@events.command()
def dead(
    limit: Annotated[int, typer.Option(min=1, help="How many of each kind.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what consumers failed at again and again, and what the broker has put aside."""

    async def work(services: Services) -> None:
        async with _Dead(services) as found:
            rows = await found.oldest(limit)
        if as_json:
            say_json([asdict(one) for one in rows])
            return
        if not rows:
            note("Nothing is dead.")
            return
        table = [(one.id, one.origin, one.consumer, one.at, one.reason) for one in rows]
        say_table(("id", "kept by", "consumer", "since", "reason"), table)

    run(load_settings(data_dir=data_dir), work)


@events.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids, as listed.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is dead.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let consumers try again. What fails again stays dead; exits with 1 then."""
    if bool(ids) == everything:
        raise typer.BadParameter("Give ids, or --all.")

    async def work(services: Services) -> None:
        async with _Dead(services) as found:
            done, failed = await found.replay(None if everything else set(ids or ()))
        note(f"{done} replayed.")
        for one, why in failed.items():
            note(f"{one}: {why}")
        if failed:
            raise Reported(f"{len(failed)} not replayed.")

    run(load_settings(data_dir=data_dir), work)


class _Dead:
    """`DeadEvents` for the time of a command."""

    def __init__(self, services: Services) -> None:
        self._bus = make_bus(services.settings)
        consumers = Consumers(services.store, services.consumers, due=services.jobs.wake)
        self._dead = DeadEvents(services.store, self._bus, consumers)

    async def __aenter__(self) -> DeadEvents:
        await self._bus.start()
        return self._dead

    async def __aexit__(self, *_: object) -> None:
        await self._bus.close()
