"""Two commits side by side: this folder as it is, and another commit in a worktree of its own.

Both are asked in turns within one run, so that what else the machine does meets both; the result
is a ratio, with the spread that its rounds had.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine, postgres, texts, tidework
from bench.__main__ import RESULTS, prepare
from bench.client import BenchError
from bench.load import Load, Round, one_round
from bench.model import Scenario, Server, scenarios
from bench.options import ROOT
from bench.processes import call
from bench.report import table
from bench.run import say
from bench.tidework import Installation, Tidework

STORES = ("sqlite", "postgres")
NAMES = ("list", "get", "unchanged", "search", "mix", "create")
USERS, TASKS = 40, 100


@dataclass(frozen=True, slots=True)
class Pair:
    """A scenario's rounds on both, one beside the other."""

    scenario: str
    store: str
    base: tuple[Round, ...]
    here: tuple[Round, ...]

    @property
    def rates(self) -> list[float]:
        """How many times the base's requests/s, of each pair of rounds."""
        pairs = zip(self.here, self.base, strict=True)
        return [here.rate / base.rate for here, base in pairs]

    @property
    def costs(self) -> list[float]:
        """The same of the processor time of a request."""
        pairs = zip(self.here, self.base, strict=True)
        return [here.cost / base.cost for here, base in pairs]

    @property
    def errors(self) -> int:
        return sum(one.errors for one in (*self.base, *self.here))

    def row(self) -> list[str]:
        rates = [statistics.median(one.rate for one in side) for side in (self.base, self.here)]
        return [
            self.scenario,
            self.store,
            *(f"{rate:,.0f}" for rate in rates),
            *_spread(self.rates),
            *_spread(self.costs),
            verdict(self.rates),
            str(self.errors),
        ]


def verdict(ratios: Sequence[float]) -> str:
    """A difference is one when every pair of rounds agrees on it."""
    if min(ratios) > 1:
        return "faster"
    return "slower" if max(ratios) < 1 else "within the noise"


def _spread(ratios: Sequence[float]) -> list[str]:
    middle = statistics.median(ratios)
    return [f"{middle:.2f} x", f"{min(ratios):.2f}-{max(ratios):.2f}"]


def main(arguments: Sequence[str]) -> int:
    """Compare, print and write the readings; the exit code."""
    given = _options(arguments)
    prepare()
    before = machine.load()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
            base, revision = stack.enter_context(checked_out(Path(folder) / "base", given.base))
            pairs = _compare(Path(folder), given, base, stack)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; every server is stopped", file=sys.stderr)
        return 130
    here = machine.commit(ROOT)
    head = ["scenario", "store", f"{revision[:10]}/s", f"{here}/s", "rate", "from-to", "cost"]
    head += ["from-to", "", "errors"]
    print("\n".join(table(head, [pair.row() for pair in pairs])))
    print(
        f"\n{given.rounds} pairs of rounds of {given.seconds} s. Cost: processor time of a request,"
    )
    print(f"server and database. Load average before {before}, after {machine.load()}.")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-{here}-against-{revision[:10]}.json"
    found: dict[str, Any] = {"base": revision, "machine": machine.describe()}
    found |= {"load_before": before, "load_after": machine.load()}
    found |= {"pairs": [{**asdict(one), "rates": one.rates, "costs": one.costs} for one in pairs]}
    file.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return 1 if any(pair.errors for pair in pairs) else 0


def _compare(
    folder: Path, given: argparse.Namespace, base: Sequence[str], stack: ExitStack
) -> list[Pair]:
    load, stock = Load(folder / "requests"), texts.load(given.data)
    stores = tuple(given.store or STORES)
    if "postgres" in stores and not postgres.find():
        raise BenchError("PostgreSQL is missing here: `make services`, or --store sqlite.")
    database = stack.enter_context(postgres.served()) if "postgres" in stores else None
    pairs: list[Pair] = []
    for store in stores:
        sides: list[Tidework] = []
        for side, command in (("base", base), ("here", tidework.COMMAND)):
            say(f"seeding {side} on {store}")
            one = Installation(folder / f"{side}-{store}", command=tuple(command))
            if database and store == "postgres":
                one.database_url = database.create_database(side)
                one.database = database.child
                tidework.migrate(one.folder, one.database_url, one.command)
            tidework.seed(one, stock, USERS, TASKS)
            sides.append(stack.enter_context(one.serve(side, f"{side}, {store}")))
        for scenario in scenarios().values():
            if scenario.name in (given.scenario or NAMES):
                say(f"{scenario.title}, {store}")
                pairs.append(_pair(load, scenario, store, sides, given.rounds, given.seconds))
    return pairs


def _pair(
    load: Load,
    scenario: Scenario,
    store: str,
    sides: Sequence[Server],
    rounds: int,
    seconds: int,
) -> Pair:
    files = [load.requests(scenario, side) for side in sides]
    done: tuple[list[Round], list[Round]] = ([], [])
    for number in range(rounds + 1):
        # Who comes first changes, so that neither always follows the other.
        for index in (0, 1) if number % 2 else (1, 0):
            found = one_round(
                sides[index], files[index], seconds, scenario.connections, seed=number
            )
            if number:
                done[index].append(found)
    return Pair(scenario.name, store, tuple(done[0]), tuple(done[1]))


@contextmanager
def checked_out(folder: Path, name: str) -> Iterator[tuple[list[str], str]]:
    """The command that runs another commit from a folder and environment of its own, and which
    commit that is."""
    git = ["git", "-C", str(ROOT)]
    revision = call([*git, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}"])
    revision = revision.strip()
    say(f"checking out {revision[:10]}")
    call([*git, "worktree", "add", "--detach", str(folder), revision])
    try:
        # What is said about an environment is not meant for this one.
        call(["env", "-u", "VIRTUAL_ENV", str(folder / "scripts" / "setup.sh"), "run"])
        yield [str(folder / ".venv" / "bin" / "python"), "-E", "-m", "tidework"], revision
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        call([*git, "worktree", "prune"])


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("base", help="the commit to compare with")
    parser.add_argument("--quick", action="store_true", help="a short, rough run")
    parser.add_argument("--seconds", type=int, help="length of a round (default 2, quick 1)")
    parser.add_argument("--rounds", type=int, help="pairs of rounds (default 5)")
    parser.add_argument("--store", action="append", choices=STORES, help="(repeatable)")
    parser.add_argument("--scenario", action="append", choices=NAMES, help="(repeatable)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    given = parser.parse_args(arguments)
    given.seconds = given.seconds or (1 if given.quick else 2)
    given.rounds = given.rounds or 5
    return given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
