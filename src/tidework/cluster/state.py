"""What a cluster is: chosen once, kept in its folder, so that any process finds the same parts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, Final

from tidework.cluster.edge import VARIANTS, Variant
from tidework.cluster.part import new_password
from tidework.cluster.ports import free_port
from tidework.cluster.process import ClusterError, write_private

OPTIONAL: Final = ("patroni", "pgbouncer", "redis", "sentinel", "rabbitmq", "nginx")
"""What a cluster can be without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a cluster is made of. Without Patroni nobody promotes a replica."""

    copies: int = 2
    replicas: int = 2
    without: tuple[str, ...] = ()
    variant: Variant = "least_conn"
    tls: bool = False
    backup: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.without if name not in OPTIONAL]
        if unknown:
            raise ClusterError(
                f"A cluster cannot be without {unknown[0]!r}; only without {', '.join(OPTIONAL)}."
            )
        if self.variant not in VARIANTS:
            raise ClusterError(
                f"{self.variant!r} is no way to balance; use one of {', '.join(VARIANTS)}."
            )
        if not 1 <= self.copies <= 64 or not 0 <= self.replicas <= 8:
            raise ClusterError("A cluster has 1 to 64 copies and 0 to 8 replicas.")
        if self.backup and self.copies < 2:
            raise ClusterError("A backup takes a second copy: --copies 2")

    def has(self, part: str) -> bool:
        """Whether the cluster has one of `OPTIONAL`."""
        if part == "sentinel" and "redis" in self.without:
            return False
        return part not in self.without


@dataclass(slots=True)
class State:
    """A cluster's options, and the ports and passwords that its parts have been given."""

    folder: Path
    options: Options = field(default_factory=Options)
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """The port of that name, the same each time."""
        # None is 0 in what earlier versions have kept.
        while not self.ports.get(name):
            port = free_port()
            if port not in self.ports.values():
                self.ports[name] = port
        return self.ports[name]

    def password(self, name: str) -> str:
        """The password of that name, the same each time."""
        return self.passwords.setdefault(name, new_password())

    def choose(self, **options: Any) -> None:
        """Change the options that are not None. Raises `ClusterError` for what cannot be changed."""
        given = {name: value for name, value in options.items() if value is not None}
        chosen = replace(self.options, **given)
        made = self.folder / "postgres-1"
        if made.exists() and chosen.has("patroni") != self.options.has("patroni"):
            raise ClusterError(
                f"The PostgreSQL in {self.folder} was made"
                f" {'with' if self.options.has('patroni') else 'without'} Patroni, and stays so."
                " Choose another folder with --dir, or: tidework cluster down --delete"
            )
        self.options = chosen

    def save(self) -> None:
        """Keep it; before anything is started that it describes."""
        kept = {
            "options": asdict(self.options),
            "ports": self.ports,
            "passwords": self.passwords,
        }
        write_private(self.folder / "cluster.json", json.dumps(kept, indent=2) + "\n")


def load_state(folder: Path) -> State | None:
    """The state that was kept in a folder; None: there is no cluster."""
    path = folder / "cluster.json"
    try:
        kept = json.loads(path.read_text("utf-8"))
        options = kept["options"] | {"without": tuple(kept["options"]["without"])}
        return State(folder, Options(**options), kept["ports"], kept["passwords"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ClusterError(
            f"{path} cannot be read ({error}). If nothing of the cluster runs, remove {folder}."
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others from changing the cluster in a folder meanwhile. Raises `ClusterError`."""
    with (folder / "cluster.lock").open("a") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise ClusterError(
                f"Another command is starting or ending the cluster in {folder}. Wait for it."
            ) from None
        yield
