"""What an evaluation found, for people and for machines."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Number = float | int | None


@dataclass(frozen=True)
class Report:
    """Figures and predictions of one run.

    Attributes:
        figures: Figure by name; None where it does not apply.
        predictions: One dictionary a question.
        by_kind: Questions and Hits@1 (refusals for unanswerable ones) of each kind of question.
    """

    figures: dict[str, Any]
    predictions: list[dict[str, Any]] = field(repr=False)
    by_kind: dict[str, tuple[int, float]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.figures[name]

    def __str__(self) -> str:
        lines = [f"{name:22} {_show(value)}" for name, value in self.figures.items()]
        lines += [f"  {kind:20} {right:.3f}  of {count}" for kind, (count, right) in sorted(self.by_kind.items())]
        return "\n".join(lines)

    def write(self, figures: str | Path | None = None, predictions: str | Path | None = None) -> None:
        """Writes the figures as one JSON object, the predictions as JSON lines."""
        if figures:
            Path(figures).write_text(json.dumps(self.figures, indent=1) + "\n", encoding="utf-8")
        if predictions:
            lines = "".join(json.dumps(p, ensure_ascii=False) + "\n" for p in self.predictions)
            Path(predictions).write_text(lines, encoding="utf-8")


def _show(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
