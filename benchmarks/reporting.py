"""What the benchmarks have in common: where data are, tables, goals, and what the figures were measured on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

DATASETS = Path(os.environ.get("KGRAG_DATASETS") or "/none")


class Goal(NamedTuple):
    """A goal, and how what is reached is computed from the figures."""

    name: str
    reached: Callable[[Any], float]
    least: float = 0.0
    most: float = float("inf")

    def line(self, where: str, figures: Any) -> dict[str, object]:
        """The goal beside what was reached; None where something that it needs was not measured."""
        try:
            reached = self.reached(figures)
        except KeyError:
            reached = None
        bound = f"at least {self.least:g}" if self.least else f"at most {self.most:g}"
        met = None if reached is None else self.least <= reached <= self.most
        return {"where": where, "goal": self.name, "bound": bound, "reached": reached, "met": met}


def goal_table(head: str, lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Markdown of what `Goal.line` gives; ``head`` stands over where each was measured."""
    rows = [[head, "goal", "set", "reached", "met"]]
    for line in lines:
        met = {True: "yes", False: "no", None: "not measured"}[line["met"]]
        rows.append([line["where"], line["goal"], line["bound"], shown(line["reached"]), met])
    yield from table(rows)


def shown(figure: float | None) -> str:
    """Three digits, or all of a whole number."""
    return "–" if figure is None else f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def table(rows: list[list[str]]) -> Iterator[str]:
    """Markdown with columns of one width."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        yield "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |"


def machine() -> str:
    """Processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB"


def versions(*names: str) -> dict[str, str]:
    """Of Python and of packages."""
    return {"Python": platform.python_version()} | {name: version(name) for name in names}


def made_on(record: dict[str, Any]) -> str:
    """The last line of a report: what its figures were measured on."""
    return f"{record['machine']}; " + ", ".join(f"{name} {number}" for name, number in record["versions"].items())


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)
