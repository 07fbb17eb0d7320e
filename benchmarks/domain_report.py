"""What the benchmarks of a domain print and write: tables, a record, predictions, and a page with charts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from reporting import Goal, goal_table, machine, made_on, shown, table, versions

from kgrag.evaluation import page
from kgrag.evaluation.page import write_page
from kgrag.evaluation.plots import can_draw, charts, curves
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import current_commit

RESULTS = Path(__file__).parent / "results"
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Measured:
    """What one part of a benchmark found.

    Attributes:
        figures: Figures by system.
        predictions: What each system made of each question: ``system``, ``id`` and more.
        notes: What the figures are of.
        reports: kgrag's reports by name, for pages of their own.
        charts: SVG by name.
    """

    figures: Mapping[str, Figures]
    predictions: Sequence[Mapping[str, Any]] = ()
    notes: str = ""
    reports: Mapping[str, Report] = field(default_factory=dict)
    charts: Mapping[str, str] = field(default_factory=dict)


def of_reports(reports: Mapping[str, Report], columns: Sequence[str], notes: str = "") -> Measured:
    """Figures and predictions of reports; charts are those of the first."""
    first = next(iter(reports.values()))
    return Measured(
        {name: {column: report.figures.get(column) for column in columns} for name, report in reports.items()},
        [{"system": name, **row} for name, report in reports.items() for row in report.predictions],
        notes,
        dict([next(iter(reports.items()))]),
        charts(first) if can_draw() else {},
    )


def recall_chart(recall: Mapping[str, Mapping[int, float]]) -> dict[str, str]:
    """Recall by depth of each system."""
    if not can_draw():
        return {}
    lines = {system: {float(k): value for k, value in by_depth.items()} for system, by_depth in recall.items()}
    return {"recall by passages read": curves(lines, "passages read (k)", "recall")}


def finish(
    domain: str,
    quick: bool,
    seed: int,
    measured: Mapping[str, Measured],
    goals: Mapping[str, Sequence[Goal]],
    absent: Sequence[str],
) -> None:
    """Prints the tables, and writes ``results/DOMAIN.json``, ``DOMAIN.predictions.jsonl`` and ``DOMAIN.html``."""
    record: dict[str, Any] = {
        "command": f"python benchmarks/{domain}.py{' --quick' if quick else ''}",
        "quick": quick,
        "seed": seed,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "dgl", "sentence-transformers", "faiss-cpu", "tantivy"),
        "figures": {name: dict(found.figures) for name, found in measured.items()},
        "goals": [goal.line(name, found.figures) for name, found in measured.items() for goal in goals.get(name, ())],
        "absent": list(absent),
    }
    lines = list(_lines(record, measured))
    print("\n".join(lines))
    RESULTS.mkdir(exist_ok=True)
    name = f"{domain}{'.quick' if quick else ''}"
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    with (RESULTS / f"{name}.predictions.jsonl").open("w", encoding="utf-8") as stream:
        for part, found in measured.items():
            stream.writelines(json.dumps({"set": part, **row}, ensure_ascii=False) + "\n" for row in found.predictions)
    (RESULTS / f"{name}.html").write_text("\n".join(_page(name, record, measured)) + "\n", encoding="utf-8")


def rows_of(found: Measured) -> list[list[str]]:
    """A table: systems down, figures across; what is nowhere known is left out."""
    columns = list(dict.fromkeys(column for figures in found.figures.values() for column in figures))
    columns = [c for c in columns if any(figures.get(c) is not None for figures in found.figures.values())]
    return [
        ["system", *columns],
        *([system, *(shown(figures.get(column)) for column in columns)] for system, figures in found.figures.items()),
    ]


def _lines(record: Mapping[str, Any], measured: Mapping[str, Measured]) -> Iterator[str]:
    for part, found in measured.items():
        yield f"**{part}**{': ' + found.notes if found.notes else ''}\n"
        yield from table(rows_of(found))
        yield ""
    if record["goals"]:
        yield from goal_table("set", record["goals"])
        yield ""
    yield from _under(record)


def _under(record: Mapping[str, Any]) -> Iterator[str]:
    if record["quick"]:
        yield "A part of the questions, and of what is searched: not for quoting."
    yield f"`{record['command']}`, seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)
    for name in record["absent"]:
        yield f"{name} is left out: KGRAG_DATASETS names no folder that holds it (see benchmarks/README.md)."


def _page(name: str, record: Mapping[str, Any], measured: Mapping[str, Measured]) -> Iterator[str]:
    yield from page.start(name)
    yield "".join(f"<p>{escape(line)}</p>" for line in _under(record))
    for part, found in measured.items():
        yield from page.table(part, rows_of(found))
        yield f"<p>{escape(found.notes)}</p>"
        yield from page.figures(found.charts)
        for system, report in found.reports.items():
            file = f"{name}.{part.replace(' ', '_').replace(',', '')}.html"
            write_page(report, RESULTS / file, f"{part}: {system}")
            yield f'<p><a href="{escape(file)}">{escape(system)}, question by question</a></p>'
    if record["goals"]:
        rows = [["set", "goal", "bound", "reached", "met"]]
        rows += [[g["where"], g["goal"], g["bound"], shown(g["reached"]), str(g["met"])] for g in record["goals"]]
        yield from page.table("Goals", rows)
    yield "</html>"
