"""A report as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from kgrag.evaluation.plots import can_draw, charts
from kgrag.evaluation.report import Report, group_rows, shown
from kgrag.evaluation.scoring import Row

SHOWN = 200  # questions that went wrong, at most
STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1a202c }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #e2e8f0; text-align: left; vertical-align: top }
figure { display: inline-block; margin: 0 1rem 1rem 0 }
svg { max-width: 100%; height: auto }
"""


def write_page(report: Report, path: str | Path, title: str = "Evaluation") -> None:
    """Writes the figures, charts where matplotlib is installed, and what went wrong."""
    Path(path).write_text("\n".join(_page(report, title)) + "\n", encoding="utf-8")


def start(title: str) -> Iterator[str]:
    """How a page begins; ``</html>`` ends it."""
    yield f"<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<title>{escape(title)}</title>\n<style>\n{STYLE}</style>"
    policy = "default-src 'none'; style-src 'unsafe-inline'"  # what questions and labels hold is never run or fetched
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<h1>{escape(title)}</h1>'


def figures(drawn: Mapping[str, str]) -> Iterator[str]:
    """Charts, SVG by name, with their names over them."""
    for name, svg in drawn.items():
        yield f"<figure><figcaption>{escape(name[:1].upper() + name[1:])}</figcaption>{svg}</figure>"


def table(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table under its title; the first row is that of the columns."""
    yield f"<h2>{escape(title)}</h2>\n<table>"
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        yield "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
    yield "</table>"


def _page(report: Report, title: str) -> Iterator[str]:
    yield from start(title)
    if can_draw():
        yield from figures(charts(report))
    else:
        yield "<p>For charts: <code>pip install 'kgrag[plots]'</code>.</p>"
    yield from table("Figures", [["figure", "value"], *([k, shown(v)] for k, v in report.figures.items())])
    for head, groups in (("kind", report.by_kind), ("hops", report.by_hops)):
        if groups:
            yield from table(f"By {head}", group_rows(head, groups))
    if report.errors:
        yield from table("Lost at", [["stage", "questions"], *([k, str(n)] for k, n in report.errors.items())])
    wrong = [row for row in report.predictions if row["right"] == 0]
    if wrong:
        columns = ["question", "gold", "answer", "confidence", "lost at"]
        more = f", the first {SHOWN}" if len(wrong) > SHOWN else ""
        yield from table(f"Wrong: {len(wrong)}{more}", [columns, *map(_cells, wrong[:SHOWN])])
    yield "</html>"


def _cells(row: Row) -> list[str]:
    gold = "; ".join(row["gold"]) or "(to be refused)" * (row["error"] == "not refused")
    return [row["question"], gold, row["text"], shown(row["confidence"]), row["error"]]
