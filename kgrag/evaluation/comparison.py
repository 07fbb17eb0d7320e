"""Two runs over the same questions, compared question by question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kgrag.errors import InputError
from kgrag.evaluation.intervals import Difference, mcnemar, paired_bootstrap
from kgrag.evaluation.report import plain_table
from kgrag.evaluation.scoring import Row, kind_of

MEASURES = ("right", "hits@1", "f1", "exact_match", "citation_precision", "citation_recall", "recall@10", "seconds")


@dataclass(frozen=True)
class Comparison:
    """What a second run does better or worse than a first one.

    Attributes:
        n: Questions that both have.
        only: Questions that only the first, only the second has.
        measures: For each measure the means of both, over the questions where both have it, and their difference.
        won: Questions that only the second gets right.
        lost: Questions that only the first gets right.
        p: McNemar's exact probability of such an uneven count by chance.
        by_kind: For each kind of question how many, the share that each run gets right, and how many were won and lost.
    """

    n: int
    only: tuple[int, int]
    measures: dict[str, tuple[float, float, Difference]]
    won: list[str]
    lost: list[str]
    p: float
    by_kind: dict[str, tuple[int, float, float, int, int]]

    def __str__(self) -> str:
        rows = [["", "first", "second", "difference", "95 % interval", "p"]]
        for name, (first, second, found) in self.measures.items():
            interval = f"{found.interval.low:+.4f} to {found.interval.high:+.4f}"
            rows.append([name, f"{first:.4f}", f"{second:.4f}", f"{found.mean:+.4f}", interval, f"{found.p:.3f}"])
        kinds = [["kind", "questions", "first", "second", "won", "lost"]]
        for kind, (n, first, second, won, lost) in self.by_kind.items():
            kinds.append([kind, str(n), f"{first:.4f}", f"{second:.4f}", str(won), str(lost)])
        lines = [f"{self.n} questions in both, {self.only[0]} only in the first, {self.only[1]} only in the second", ""]
        lines += [*plain_table(rows), ""]
        lines += [
            f"right only in the second: {len(self.won)}, only in the first: {len(self.lost)}; McNemar p = {self.p:.3f}"
        ]
        return "\n".join([*lines, "", *plain_table(kinds)])


def compare(first: Sequence[Row], second: Sequence[Row], seed: int = 0) -> Comparison:
    """Compares the predictions of two runs; questions are the same if their ids are.

    Raises:
        InputError: The runs have no question in common, or one of them has a question twice.
    """
    a, b = _by_id(first, "first"), _by_id(second, "second")
    pairs = {id: (row, b[id]) for id, row in a.items() if id in b}
    if not pairs:
        raise InputError("The two runs have no question in common.", "Compare runs over the same question file.")
    measures = {}
    for name in MEASURES:
        if both := _both(pairs, name):
            values, others = zip(*both.values())
            measures[name] = (sum(values) / len(both), sum(others) / len(both), paired_bootstrap(values, others, seed))
    judged = {id: (x > 0, y > 0) for id, (x, y) in _both(pairs, "right").items()}
    kinds: dict[str, list[tuple[bool, bool]]] = {}
    for id, outcome in judged.items():
        kinds.setdefault(kind_of(a[id]), []).append(outcome)
    return Comparison(
        len(pairs),
        (len(a) - len(pairs), len(b) - len(pairs)),
        measures,
        [id for id, (x, y) in judged.items() if y > x],
        [id for id, (x, y) in judged.items() if x > y],
        mcnemar([x for x, _ in judged.values()], [y for _, y in judged.values()]),
        {kind: _counted(found) for kind, found in sorted(kinds.items())},
    )


def read_predictions(path: str | Path) -> list[Row]:
    """The predictions of a run, from either file that `Report.write` makes.

    Raises:
        InputError: The file is missing, or holds no predictions.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}.", "Give what `kgrag evaluate --json` or `--predictions` wrote.")
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        whole = (
            json.loads(text)
            if path.suffix == ".json"
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}).", "Give what `kgrag evaluate` wrote.") from error
    found = whole.get("predictions") if isinstance(whole, dict) else whole
    if not isinstance(found, list) or not found or not all(isinstance(row, dict) and "id" in row for row in found):
        raise InputError(f"{path} holds no predictions.", "Give what `kgrag evaluate --json` or `--predictions` wrote.")
    return found


def _by_id(rows: Sequence[Row], which: str) -> dict[str, Row]:
    found = {str(row["id"]): row for row in rows}
    if len(found) < len(rows):
        raise InputError(
            f"The {which} run has {len(rows) - len(found)} questions twice.", "Give each question an id of its own."
        )
    return found


def _both(pairs: dict[str, tuple[Row, Row]], name: str) -> dict[str, tuple[float, float]]:
    """A measure by question, where both runs have it."""
    values = {id: (x.get(name), y.get(name)) for id, (x, y) in pairs.items()}
    return {id: (x, y) for id, (x, y) in values.items() if isinstance(x, (int, float)) and isinstance(y, (int, float))}


def _counted(found: Sequence[tuple[bool, bool]]) -> tuple[int, float, float, int, int]:
    first, second = zip(*found)
    won, lost = sum(b > a for a, b in found), sum(a > b for a, b in found)
    return len(found), sum(first) / len(found), sum(second) / len(found), won, lost
