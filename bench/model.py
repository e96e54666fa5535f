"""What a scenario is, and what a server must offer to be measured."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from bench.client import BenchError

if TYPE_CHECKING:
    from bench.processes import Child

FOLDER = Path(__file__).with_name("scenarios")

Kind = Literal["list", "get", "open", "create", "unchanged", "search", "common"]
"""What one request asks for: `open` is a get of what the list shows, `unchanged` a list whose ETag
the client already has, `search` a list of the tasks with a word that few have, `common` with one
that many have."""

Mix = dict[Kind, int]
"""The share of each kind, in percent."""


@dataclass(frozen=True, slots=True)
class Target:
    """`server` should reach `times` the requests/s of `against`."""

    server: str
    against: str
    times: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A mix of requests from a number of connections, read from a file.

    `instead` is what a server is asked that cannot do it, such as the full list in place of a 304.
    `servers` are those that it is for, all when there are none.
    """

    name: str
    title: str
    mix: Mix
    connections: int = 32
    instead: dict[str, Mix] | None = None
    servers: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()

    def mix_for(self, server: str) -> Mix:
        return (self.instead or {}).get(server, self.mix)

    def is_for(self, server: str) -> bool:
        return not self.servers or server in self.servers


class Server(Protocol):
    """A running server, seeded with everybody's tasks."""

    key: str
    title: str
    port: int
    children: list[Child]
    database: Child | None
    """Its database's processes, when they are not its own."""

    def prepare(self, scenario: Scenario) -> None:
        """Bring ETags up to date, outside the measured time."""

    def requests(self, kind: Kind) -> list[bytes]:
        """Raw HTTP/1.1 requests of that kind, each as likely as the next; together they reach
        every account (and with `get` every task)."""

    def versions(self) -> dict[str, str]:
        """The programs this server consists of."""


def scenarios(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Every scenario of the folder, by name, in the order of their files."""
    found = [read(path) for path in sorted(folder.glob("*.toml"))]
    return {one.name: one for one in found}


def read(path: Path) -> Scenario:
    """One scenario; its name is the file's, without the number that orders them."""
    given: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    instead = {server: _mix(path, mix) for server, mix in given.pop("instead", {}).items()}
    targets = tuple(Target(**one) for one in given.pop("targets", []))
    servers = tuple(given.pop("servers", ()))
    mix = _mix(path, given.pop("mix", {}))
    name = path.stem.partition("-")[2]
    try:
        return Scenario(name, mix=mix, instead=instead, targets=targets, servers=servers, **given)
    except TypeError as error:
        raise BenchError(f"{path.name} is no scenario: {error}") from error


def _mix(path: Path, mix: dict[Any, int]) -> Mix:
    if unknown := set(mix) - set(get_args(Kind)):
        raise BenchError(f"{path.name} asks for {', '.join(sorted(unknown))}, which is unknown")
    if sum(mix.values()) != 100:
        raise BenchError(f"{path.name}: the shares make {sum(mix.values())} percent")
    return mix
