"""What the programs print, as they printed it here, is read as what it says."""

from pathlib import Path

import pytest
from bench import caches, ceiling, load
from bench.client import BenchError

RECORDED = Path(__file__).with_name("recorded")


def _recorded(name: str) -> str:
    return (RECORDED / name).read_text("utf-8")


def test_wrk_is_read_from_its_last_line() -> None:
    found = load.parse(_recorded("wrk.txt"))
    assert (found["requests"], found["p50"], found["p95"]) == (44, 68.403, 312.295)


def test_wrk_that_ends_without_a_result_is_refused() -> None:
    text = _recorded("wrk.txt").rpartition("{")[0]
    with pytest.raises(BenchError, match="no result"):
        load.parse(text)


def test_pgbench_is_read_as_a_whole_and_not_script_by_script() -> None:
    assert ceiling.parse(_recorded("pgbench.txt")) == ceiling.Reading(3480.260038, 1.149, 0)


def test_pgbench_that_fails_is_refused() -> None:
    with pytest.raises(BenchError, match="no result"):
        ceiling.parse("pgbench: error: connection to server failed")


def test_reads_and_data_queries_are_told_from_other_requests_and_queries() -> None:
    found = caches.Caches("mix", "mix", caches.parse(_recorded("metrics.txt")))
    # 23 gets and 17 lists; neither the 8 creates nor /health/ready.
    assert found.reads == 40
    # 23 queries for a task and 12 for a list; memberships and sessions are no data.
    assert found.share == pytest.approx(1 - 35 / 40)
    assert found.tiers["answers"] == pytest.approx(0.125)


def test_only_what_happened_between_two_looks_counts() -> None:
    before = caches.parse('tidework_query_duration_seconds_count{query="task"} 5.0')
    after = caches.parse('tidework_query_duration_seconds_count{query="task"} 7.0')
    found = caches.Caches("mix", "mix", caches.difference(before, after))
    assert found.queries == {"task": 2}


def test_pgbench_runs_the_text_that_the_server_runs() -> None:
    text = ceiling.script(ceiling.STATEMENTS["list"])
    assert ":{stream_id}" in text
    assert ":{limit}" in text
    assert "$" not in text
