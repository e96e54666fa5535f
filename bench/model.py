"""What a scenario is, and what a server must offer to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from bench.processes import Child

Kind = Literal["list", "get", "create", "unchanged"]
"""What one request asks for; `unchanged` is a list whose ETag the client already has."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A mix of requests, and how many times the peer's requests/s it should reach.

    `mix` gives each kind its share in percent. `peer_mix` is what the peer is asked meanwhile;
    PocketBase has no ETags, so what stands beside 304 is its full list.
    """

    name: str
    title: str
    mix: dict[Kind, int]
    peer_mix: dict[Kind, int]
    target: float | None


READ: dict[Kind, int] = {"list": 100}

SCENARIOS = (
    Scenario("list", "list of 20", READ, READ, 6.0),
    Scenario("get", "get one", {"get": 100}, {"get": 100}, 3.0),
    Scenario("unchanged", "list unchanged (304)", {"unchanged": 100}, READ, 8.0),
    Scenario(
        "mix",
        "90 % reads, 10 % writes",
        {"list": 45, "get": 45, "create": 10},
        {"list": 45, "get": 45, "create": 10},
        None,
    ),
    # Last: it is what makes the databases grow.
    Scenario("create", "create", {"create": 100}, {"create": 100}, 1.3),
)


class Server(Protocol):
    """A running server, seeded with everybody's tasks."""

    key: str
    title: str
    port: int
    children: list[Child]

    def prepare(self, scenario: Scenario) -> None:
        """Bring tokens and ETags up to date, outside the measured time."""

    def requests(self, kind: Kind) -> list[bytes]:
        """Raw HTTP/1.1 requests of that kind, each as likely as the next; together they reach
        every account (and with `get` every task)."""

    def versions(self) -> dict[str, str]:
        """The programs this server consists of."""
