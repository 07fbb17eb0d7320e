"""Charts of an evaluation as SVG: the same figures give the same bytes. Needs ``pip install 'kgrag[plots]'``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.errors import InputError
from kgrag.evaluation.confidence import reliability, risk_coverage
from kgrag.evaluation.intervals import mean_interval
from kgrag.evaluation.metrics import mean
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import selective
from kgrag.evaluation.scoring import DEPTH, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SETTINGS: Any = {
    "svg.hashsalt": "kgrag",  # ids in the file are made from it, else at random
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.figsize": (4.4, 3.0),
}
BLUE, GREY = "#2b6cb0", "#a0aec0"
COLOURS = (BLUE, "#dd6b20", "#2f855a", "#805ad5", "#b83280", GREY)


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def charts(report: Report) -> dict[str, str]:
    """The charts that the questions allow, as SVG by name.

    Raises:
        InputError: matplotlib is not installed.
    """
    _check()
    rows, found = report.predictions, {}
    confidence, loss = selective(rows)
    is_given = np.isfinite(confidence)
    hops = sorted({row["hops"] for row in rows if row.get("hops") is not None and row["right"] is not None})
    if len(hops) > 1:
        found["accuracy by hops"] = _drawn(_accuracy, hops, rows)
    if is_given.any():
        found["risk and coverage"] = _drawn(_risk, confidence, loss)
        found["reliability"] = _drawn(_reliability, confidence[is_given], 1 - loss[is_given])
    if ranks := [row["gold_ranks"] for row in rows if "gold_ranks" in row]:
        found["passages found"] = _drawn(_recall, ranks)
    return found


def write_charts(report: Report, folder: str | Path) -> list[Path]:
    """Writes each chart into a folder, as NAME.svg with dashes for spaces; returns where."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, svg in charts(report).items():
        written.append(folder / f"{name.replace(' ', '-')}.svg")
        written[-1].write_text(svg, encoding="utf-8")
    return written


def curves(lines: Mapping[str, Mapping[float, float]], across: str, up: str, logarithmic: bool = False) -> str:
    """Lines by name, each with its value at places, as SVG.

    Args:
        lines: The lines.
        across: What the places are.
        up: What the values are.
        logarithmic: Whether the places lie far apart.

    Raises:
        InputError: matplotlib is not installed.
    """
    _check()
    return _drawn(_lines, lines, across, up, logarithmic)


def _lines(axes: Axes, lines: Mapping[str, Mapping[float, float]], across: str, up: str, logarithmic: bool) -> None:
    for number, (name, points) in enumerate(lines.items()):
        axes.plot(
            list(points),
            list(points.values()),
            marker="o",
            markersize=3,
            color=COLOURS[number % len(COLOURS)],
            label=name,
        )
    if logarithmic:
        axes.set_xscale("log")
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=7)
    axes.set(xlabel=across, ylabel=up, ylim=(0, None))


def _check() -> None:
    if not can_draw():
        raise InputError("Charts need matplotlib, which is not installed.", "Run: pip install 'kgrag[plots]'.")


def _accuracy(axes: Axes, hops: Sequence[int], rows: Sequence[Row]) -> None:
    groups = [[row["right"] for row in rows if row["hops"] == hop and row["right"] is not None] for hop in hops]
    shares = np.array([mean(group) or 0.0 for group in groups])
    bounds = np.array([mean_interval(group) for group in groups])
    errors = np.abs(bounds.T - shares)
    places = [f"{hop}\n{len(group)} questions" for hop, group in zip(hops, groups)]
    axes.bar(places, shares, yerr=errors, color=BLUE, ecolor=GREY, capsize=4)
    axes.set(xlabel="hops", ylabel="right", ylim=(0, 1.02))


def _risk(axes: Axes, confidence: np.ndarray, loss: np.ndarray) -> None:
    curve = risk_coverage(confidence, loss)
    given = int(np.isfinite(confidence).sum())
    axes.step(curve.coverage[:given], curve.risk[:given], where="post", color=BLUE, label="answered")
    axes.step(curve.coverage[max(given - 1, 0) :], curve.risk[max(given - 1, 0) :], color=GREY, label="refused")
    axes.axhline(0.05, color=GREY, linestyle=":", linewidth=1)
    axes.legend(frameon=False)
    axes.set(
        xlabel="share of questions answered (coverage)", ylabel="wrong among them (risk)", xlim=(0, 1), ylim=(0, None)
    )


def _reliability(axes: Axes, confidence: np.ndarray, right: np.ndarray) -> None:
    said, found, weight = reliability(confidence, right)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1)
    axes.scatter(said, found, s=600 * weight, color=BLUE, alpha=0.7)
    axes.set(xlabel="confidence", ylabel="right", xlim=(0, 1.05), ylim=(0, 1.05))


def _recall(axes: Axes, ranks: Sequence[Sequence[int | None]]) -> None:
    depths = np.arange(1, DEPTH + 1)
    recall = [
        mean(sum(rank is not None and rank <= k for rank in of_one) / len(of_one) for of_one in ranks) for k in depths
    ]
    axes.plot(depths, np.array(recall, float), marker="o", color=BLUE)
    axes.set(xlabel="passages read (k)", ylabel="recall", ylim=(0, 1.05))


def _drawn(draw: Any, *values: Any) -> str:
    with _canvas() as (figure, axes):
        draw(axes, *values)
        text = io.StringIO()
        figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]  # without the reference to a document type on the network


@contextmanager
def _canvas() -> Iterator[tuple[Any, Any]]:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        figure = Figure()
        FigureCanvasAgg(figure)
        yield figure, figure.add_subplot()
