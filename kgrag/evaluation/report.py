"""What an evaluation found, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
Groups = dict[str, Figures]


@dataclass(frozen=True)
class Report:
    """Figures and predictions of one run.

    Attributes:
        figures: Figure by name; None where it does not apply.
        predictions: One dictionary a question.
        by_kind: Figures of each kind of question.
        by_hops: Figures of the questions of so many hops, where these are known.
        errors: How many questions were lost at each stage.
    """

    figures: Figures
    predictions: list[dict[str, Any]] = field(repr=False)
    by_kind: Groups = field(default_factory=dict)
    by_hops: Groups = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.figures[name]

    def __str__(self) -> str:
        lines = [f"{name:22} {shown(value)}" for name, value in self.figures.items()]
        for head, groups in (("kind", self.by_kind), ("hops", self.by_hops)):
            lines += ["", *plain_table(group_rows(head, groups))] if groups else []
        lines += ["", *plain_table([["lost at", "questions"], *([k, str(n)] for k, n in self.errors.items())])]
        return "\n".join(lines if self.errors else lines[:-2])

    def as_json(self) -> dict[str, Any]:
        """Everything: figures on top, then by kind and hops, errors and predictions."""
        groups = {"by_kind": self.by_kind, "by_hops": self.by_hops, "errors": self.errors}
        return self.figures | groups | {"predictions": self.predictions}

    def write(self, figures: str | Path | None = None, predictions: str | Path | None = None) -> None:
        """Writes all as one JSON object, the predictions as JSON lines."""
        if figures:
            text = json.dumps(self.as_json(), indent=1, ensure_ascii=False)
            Path(figures).write_text(text + "\n", encoding="utf-8")
        if predictions:
            lines = "".join(json.dumps(p, ensure_ascii=False) + "\n" for p in self.predictions)
            Path(predictions).write_text(lines, encoding="utf-8")


def group_rows(head: str, groups: Groups) -> list[list[str]]:
    """A table of groups of questions, the names of the figures on top."""
    names = list(next(iter(groups.values()), {}))
    return [[head, *names], *([name, *(shown(found[n]) for n in names)] for name, found in groups.items())]


def plain_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns of one width."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def shown(value: Any) -> str:
    """A figure, or the two ends of an interval, as printed."""
    if value is None:
        return "–"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " to ".join(map(shown, value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)
