"""Clients write while copies and the primary are killed: what they were told is true afterwards."""

from collections.abc import Iterator

import pytest
from tests.faults.harness.installation import Installation, plain, replicated
from tests.faults.harness.kills import kill_in_turns
from tests.faults.harness.record import Record, working
from tests.faults.harness.truth import assert_true
from tests.faults.harness.writers import Contender, Writer
from tests.services.runs import FULL, Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 if FULL else 300)]


@pytest.fixture(scope="module", params=["restarted", "replaced"] if FULL else ["restarted"])
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """A primary that comes back as it was; and, at full length, one that a standby replaces."""
    with plain() if request.param == "restarted" else replicated(3) as made:
        yield made


def test_no_acknowledged_write_is_lost(installation: Installation, run: Run) -> None:
    record, dice = Record(), run.dice()
    token = installation.register()["access_token"]
    streams = installation.workspaces(token, 3)

    def writer(number: int) -> Writer:
        own = run.dice(number)
        return Writer(f"w{number}", installation.caller(token, own), streams, record, own)

    with working([writer(number) for number in range(8)]) as crew:
        kill_in_turns(
            installation, record, crew, dice, rounds=run.pick(1, 9), seconds=run.pick(0, 10)
        )
    print(record.summary())
    assert_true(record, installation.each(token), streams)
    installation.assert_replays()


def test_of_those_who_change_one_version_one_wins(installation: Installation, run: Run) -> None:
    record, dice = Record(), run.dice()
    token = installation.register()["access_token"]
    streams = installation.workspaces(token, 2)
    [first, *others] = installation.each(token)
    tasks = [
        (stream, first.must("POST", f"/workspaces/{stream}/tasks", {"title": "contended"})["id"])
        for stream in streams
        for _ in range(5)
    ]

    def contender(number: int) -> Contender:
        own = run.dice(number)
        return Contender(f"c{number}", installation.caller(token, own), tasks, record, own)

    with working([contender(number) for number in range(16)]) as crew:
        kill_in_turns(
            installation, record, crew, dice, rounds=run.pick(1, 9), seconds=run.pick(0, 10)
        )
    print(record.summary())
    assert any(one.status == 412 for one in record.attempts), "nobody contended"
    assert_true(record, [first, *others], streams)
    installation.assert_replays()
