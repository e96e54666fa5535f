"""What needs the group `bench`: k6's output, and the report with its pictures."""

import json
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="The group bench is not installed: make bench.")

from bench import compare, plots, rates, report, steady
from bench.client import BenchError

RECORDED = Path(__file__).with_name("recorded")


def test_k6_is_read_from_its_summary() -> None:
    found = steady.parse((RECORDED / "k6.txt").read_text("utf-8"), 100, 2)
    assert (found.answered, found.failed, found.dropped) == (201, 0, 0)
    assert (found.p50, found.p95) == (28.689021, 76.056062)
    assert found.kept_up


def test_what_could_not_be_begun_is_not_kept_up_with() -> None:
    metrics = json.loads((RECORDED / "k6.txt").read_text("utf-8"))
    metrics["dropped_iterations"] = {"values": {"count": 300}}
    found = steady.parse(json.dumps(metrics), 250, 2)
    assert found.dropped == 300
    assert not found.kept_up


def test_k6_that_printed_nothing_is_refused() -> None:
    with pytest.raises(BenchError, match="no result"):
        steady.parse("", 100, 2)


def test_what_a_person_wrote_above_the_report_stays(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text(f"# Benchmarks\n\nBy hand.\n\n{report.GENERATED}\n\nfrom before\n")
    report.publish(report.Report("python -m bench", {"cores": "2"}, "0.1"), path)
    text = path.read_text()
    assert "By hand." in text
    assert "- cores: 2" in text
    assert "from before" not in text


def test_the_same_figures_are_the_same_picture(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        plots.stacked(tmp_path / name, "cost", [("list", 10.0, 20.0)], ("server", "database"))
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ([1.1, 1.3, 1.2], "faster"),
        ([0.8, 0.99, 0.7], "slower"),
        ([0.9, 1.4, 1.5], "within the noise"),
    ],
)
def test_a_difference_is_what_every_pair_of_rounds_shows(ratios: list[float], said: str) -> None:
    assert compare.verdict(ratios) == said


def test_what_limits_is_who_keeps_the_cores_busy() -> None:
    full = {"Tidework": 1.1, "PostgreSQL": 0.6, "wrk": 0.2, "others": 0.05}
    assert "the processor, most of it Tidework" in rates.limit(full, 2)
    assert "cores are idle" in rates.limit({**full, "Tidework": 0.5}, 2)
