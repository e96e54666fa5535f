"""Small pictures as SVG, the same file for the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tidework", "font.size": 9})
Line = Sequence[tuple[float, float]]


def curves(
    path: Path, title: str, across: str, up: str, lines: Mapping[str, Line], *, log_up: bool = False
) -> None:
    """A line for each series of points, over a logarithmic x where it spans much."""
    figure, axes = _figure(title, 4.0)
    points = [x for line in lines.values() for x, _ in line]
    for name, line in lines.items():
        axes.plot([x for x, _ in line], [y for _, y in line], marker="o", markersize=3, label=name)
    if points and max(points) > 20 * max(1.0, min(points)):
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted(set(points)), [f"{x:g}" for x in sorted(set(points))])
        axes.minorticks_off()
    if log_up:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, path)


def stacked(
    path: Path, title: str, bars: Sequence[tuple[str, float, float]], parts: tuple[str, str]
) -> None:
    """A bar of two parts for each label."""
    figure, axes = _figure(title, 0.8 + 0.25 * len(bars))
    labels = [label for label, _, _ in bars]
    first = [one for _, one, _ in bars]
    second = [two for _, _, two in bars]
    axes.barh(labels, first, label=parts[0])
    axes.barh(labels, second, left=first, label=parts[1])
    axes.invert_yaxis()
    axes.grid(visible=True, axis="x", alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, path)


def _figure(title: str, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None, "Creator": None})
