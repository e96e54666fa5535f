"""Random commands of people, counted as they happen, against the same log counted anew, row by row,
and against the slow way of `oracle.py`.

Faults that were planted, and found within a default run: labels whose change is no step; removed
tasks that go on to count; tasks that come back and do not.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from tests.modules.analytics.counted import check, rows, take_in
from tests.modules.whole.test_whole import Machine, quick_folder

from tidework.analytics.api import Wanted
from tidework.analytics.rebuild import rebuild
from tidework.analytics.repair import NAME, Rebuilt, compare
from tidework.analytics.rows import KEYS
from tidework.log import Operation

__all__ = ["quick_folder"]


class Counted(Machine):
    """A run of random commands, whose commits are taken in now and then."""

    @rule()
    def take_in(self) -> None:
        self._run(self._take_in())

    @rule(
        days=st.integers(0, 3),
        project=st.integers(0, 9),
        who=st.integers(0, 9),
        label=st.integers(0, 9),
    )
    def look(self, days: int, project: int, who: int, label: int) -> None:
        self._run(self._look(days, project, who, label))

    async def _take_in(self) -> None:
        await take_in(self.world.system.store, *await self.world.system.streams())

    async def _look(self, days: int, project: int, who: int, label: int) -> None:
        await self._take_in()
        space = self.world.space_at(0)
        today = datetime.now(UTC).date()

        def some(kind: str, number: int) -> str | None:
            ids = [*space.things[kind], None, None]
            return ids[number % len(ids)]

        def either(found: str | None, number: int) -> tuple[str | None, ...]:
            return () if number == 9 else (found, None) if number == 8 else (found,)

        wanted = Wanted(
            since=(today - timedelta(days=days)).isoformat(),
            until=today.isoformat(),
            projects=either(some("project", project), project),
            assignees=either(some("member", who), who),
            label=some("label", label),
        )
        await check(self.world.system.store, space.id, wanted)

    def teardown(self) -> None:
        if not self._broken:
            try:
                self._run(self._prove())
            except BaseException:
                self._broken = True
                super().teardown()
                raise
        super().teardown()

    async def _prove(self) -> None:
        """Live is what the log leads to; made anew from nothing it is the same, row by row."""
        store = self.world.system.store
        await self._take_in()
        today = datetime.now(UTC).date()
        week = Wanted((today - timedelta(days=6)).isoformat(), today.isoformat())
        for workspace_id in self.world.spaces:
            await check(store, workspace_id, week)
        for stream_id in await self.world.system.streams():
            live = await rows(store, stream_id)
            assert await compare(store, stream_id) == []
            seq = (await store.seqs([stream_id]))[stream_id]
            assert await rebuild(store, stream_id) == Rebuilt(seq, 0)
            key = {"stream_id": stream_id}
            gone = [Operation(table, "delete", key) for table in KEYS]
            place = Operation("inbox", "delete", {**key, "consumer": NAME})
            await store.operate([*gone, place])
            assert await rebuild(store, stream_id) == Rebuilt(seq, 0)
            assert await rows(store, stream_id) == live


def _check(make: Callable[[], Machine], share: float) -> None:
    examples = max(1, int(settings.default.max_examples * share))
    run_state_machine_as_test(
        make,
        settings=settings(
            max_examples=examples, stateful_step_count=25, print_blob=True, deadline=None
        ),
    )


@pytest.mark.timeout(3600)
def test_what_is_counted_live_is_what_the_log_leads_to_on_sqlite(
    migrated_file: Path, quick_folder: Path
) -> None:
    def make() -> Machine:
        folder = Path(tempfile.mkdtemp(dir=quick_folder))
        shutil.copyfile(migrated_file, folder / "tidework.db")
        return Counted(f"sqlite:///{folder / 'tidework.db'}", folder)

    _check(make, 0.08)


@pytest.mark.timeout(3600)
def test_what_is_counted_live_is_what_the_log_leads_to_on_postgresql(
    empty_postgres: Callable[[], str], tmp_path: Path
) -> None:
    def make() -> Machine:
        return Counted(empty_postgres(), Path(tempfile.mkdtemp(dir=tmp_path)))

    _check(make, 0.02)
