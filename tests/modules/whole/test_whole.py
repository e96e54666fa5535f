"""The whole service layer against a plain in-memory model (`model.py`, `commands.py`).

Hypothesis lets people of all roles give random commands, one by one and several at the same moment,
also as what they were before, and reads after them. After each step the model, the state tables and
a client that only follows the changes must agree; at the end every folded log equals its state
tables, and undoing all commits, newest first, leads back to nothing.

Faults that were planted, and found within a default run: a removed label stays in its tasks; a
removed member stays assigned, or looked up; the "before" of a change from a stale read; an undo that
ignores what came later; a version that does not move; a role that is not asked again under the lock;
comments that outlive their task; a number that is skipped; a last
owner who may leave; `completed_at` that outlives the status; a page whose ties are in another order.
An undo that closes a circle, and a label's removal that is decided on a stale read, may take a
thorough run (`HYPOTHESIS_PROFILE=thorough`).
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.modules.whole.intents import Call, calls
from tests.modules.whole.people import PeopleRules
from tests.modules.whole.reads import Reader, queries
from tests.modules.whole.system import System
from tests.modules.whole.unwind import unwind
from tests.modules.whole.world import World

from tidework.composition import open_services
from tidework.settings import load

_STEPS = 30


class Machine(RuleBasedStateMachine):
    """One run: its own database, its own event loop."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__()
        environ = {"DATABASE_URL": database_url, "DATA_DIR": str(folder), "RATE_LIMITS": "off"}
        made = load({f"TIDEWORK_{name}": value for name, value in environ.items()})
        self._folder = folder
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        services = self._run(self._stack.enter_async_context(open_services(made)))
        self.world = World(System(services))
        self.people = PeopleRules(self.world)
        self._broken = False

    def _run(self, coroutine: Any) -> Any:
        try:
            return self._runner.run(coroutine)
        except BaseException:
            self._broken = True
            raise

    @initialize()
    def begin(self) -> None:
        self._run(self.people.begin())

    @rule(one_by_one=st.lists(calls, min_size=1, max_size=10), query=queries, look=st.booleans())
    def commands(self, one_by_one: list[Call], query: dict[str, Any], look: bool) -> None:
        for call in one_by_one:
            self._run(self.world.perform([call]))
        self._read(one_by_one[0].space, query, look)

    @rule(
        together=st.lists(calls, min_size=2, max_size=8),
        same=st.booleans(),
        query=queries,
        look=st.booleans(),
    )
    def at_the_same_moment(
        self, together: list[Call], same: bool, query: dict[str, Any], look: bool
    ) -> None:
        if same:
            together = [Call(0, c.actor, c.intent, c.stale) for c in together]
        self._run(self.world.perform(together))
        self._read(together[0].space, query, look)

    @rule(name=st.integers(0, 30), who=st.integers(0, 9), what=st.integers(0, 99), then=calls)
    def somebody(self, name: int, who: int, what: int, then: Call) -> None:
        self._run(self.people.act(name, who, what))
        self._run(self.world.perform([then]))

    def _read(self, number: int, query: dict[str, Any], look: bool) -> None:
        """Read what has just been written to; `look` at everything in it."""
        space = self.world.space_at(number)
        reader = Reader(self.world.system, space)
        self._run(reader.check_list(query))
        if look:
            self._run(reader.check_things())
            self._run(reader.check_stats())
            self._run(reader.check_histories(self.world.clients[space.id].histories))

    @invariant()
    def lookups(self) -> None:
        self._run(self.people.check())

    def teardown(self) -> None:
        try:
            if not self._broken:
                self._run(self.world.verify())
                self._run(unwind(self.world))
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()
            shutil.rmtree(self._folder)


def _check(make: Callable[[], Machine], share: float) -> None:
    """Run a share of the examples that the profile asks for: each is some sixty commands."""
    examples = max(1, int(settings.default.max_examples * share))
    run_state_machine_as_test(
        make,
        settings=settings(
            max_examples=examples, stateful_step_count=_STEPS, print_blob=True, deadline=None
        ),
    )


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: how long a disk takes to flush is not tested here."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="tidework-") as folder:
        yield Path(folder)


@pytest.mark.timeout(3600)
def test_services_on_sqlite_do_what_the_model_does(migrated_file: Path, quick_folder: Path) -> None:
    def make() -> Machine:
        folder = Path(tempfile.mkdtemp(dir=quick_folder))
        shutil.copyfile(migrated_file, folder / "tidework.db")
        return Machine(f"sqlite:///{folder / 'tidework.db'}", folder)

    _check(make, 0.2)


@pytest.mark.timeout(3600)
def test_services_on_postgresql_do_what_the_model_does(
    empty_postgres: Callable[[], str], tmp_path: Path
) -> None:
    def make() -> Machine:
        return Machine(empty_postgres(), Path(tempfile.mkdtemp(dir=tmp_path)))

    _check(make, 0.05)
