"""Runs a system over questions and measures every stage."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import kgrag
from kgrag.evaluation.citations import Judge, holds_the_words
from kgrag.evaluation.confidence import augrc, aurc, brier, coverage_at_risk, e_aurc, ece
from kgrag.evaluation.intervals import bootstrap, mean_interval
from kgrag.evaluation.metrics import mean, percentile
from kgrag.evaluation.report import Report
from kgrag.evaluation.scoring import Row, kind_of, right, scored
from kgrag.evaluation.texts import bleu
from kgrag.progress import track
from kgrag.types import Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

RISK = 0.05  # share of wrong answers at which coverage is reported
SAMPLES = 500  # of a bootstrap, which are sorted anew each
MEANS = (
    "linking_accuracy",
    "coverage",
    "coverage_all",
    "hits@1",
    "mrr",
    "precision",
    "recall",
    "f1",
    "exact_match",
    "right",
    "abstained",
    "answered",
    "refused",
    "grounded",
    "citation_validity",
    "citation_precision",
    "citation_recall",
    "rouge_l",
    "recall@10",
    "mrr@10",
)
OF_A_KIND = ("right", "hits@1", "f1", "exact_match", "abstained")


def evaluate(rag: KGRAG, questions: Sequence[Question], judge: Judge = holds_the_words) -> Report:
    """Asks every question, one at a time, and compares with gold.

    Hits@1, F1 and exact match count the questions that have ``answers``; a refusal of such a question is a miss.

    Args:
        rag: The system.
        questions: With gold answers; without any a refusal is right.
        judge: Decides whether passages bear out what an answer says; see `kgrag.evaluation.citations`.
    """
    rows = [scored(rag, question, judge) for question in track(questions, "asking", total=len(questions))]
    figures = figures_of(rows, rag.config.seed)
    figures |= {"seed": rag.config.seed, "version": kgrag.__version__, "commit": current_commit()}
    return Report(
        figures,
        rows,
        by_kind=_groups(rows, kind_of),
        by_hops=_groups(rows, lambda row: "" if row["hops"] is None else str(row["hops"])),
        errors=dict(sorted(Counter(row["error"] for row in rows if row["error"]).items())),
    )


def judged(rag: KGRAG, questions: Sequence[Question]) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each answer, minus infinity where there is none, and whether it is right, shape (questions,) each.

    Questions whose gold is only a text are left out.
    """
    confidence, found = [], []
    for question in track(questions, "asking", total=len(questions)):
        answer = rag.ask(question.question)
        if (is_right := right(rag, question, answer)) is not None:
            confidence.append(-np.inf if answer.abstained else answer.confidence)
            found.append(bool(is_right) and not answer.abstained)
    return np.array(confidence), np.array(found, bool)


def figures_of(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """All figures of a run by name; None where one does not apply. BLEU and ROUGE-L are of the answers that were given."""
    figures: dict[str, Any] = {"n": len(rows)} | {name: _mean(rows, name) for name in MEANS}
    hits = [row["hits@1"] for row in rows if "hits@1" in row]
    figures["hits@1_interval"] = list(mean_interval(hits, seed)) if hits else None
    compared = [row for row in rows if "answer_text" in row]
    texts, references = [row["text"] for row in compared], [row["answer_text"] for row in compared]
    figures["bleu"] = bleu(texts, references) if compared else None
    figures |= confidence_figures(rows, seed)
    for name in ("subgraph_nodes", "subgraph_statements", "subgraph_seconds"):
        figures[name] = percentile((row.get(name) for row in rows), 50)
    seconds = [row["seconds"] for row in rows]
    return figures | {"seconds_per_question": percentile(seconds, 50), "seconds_p95": percentile(seconds, 95)}


def confidence_figures(rows: Sequence[Row], seed: int = 0) -> dict[str, Any]:
    """Whether confidence tells right from wrong (all questions), and means what it says (questions that were answered)."""
    figures: dict[str, Any] = dict.fromkeys(
        ("aurc", "e_aurc", "augrc", "coverage@5%risk", "ece", "ece_interval", "brier")
    )
    confidence, loss = selective(rows)
    if len(loss):
        figures |= {
            "aurc": aurc(confidence, loss),
            "e_aurc": e_aurc(confidence, loss),
            "augrc": augrc(confidence, loss),
        }
        figures["coverage@5%risk"] = coverage_at_risk(confidence, loss, RISK)
    is_given = np.isfinite(confidence)
    said, found = confidence[is_given], 1 - loss[is_given]
    if len(said):
        figures |= {"ece": ece(said, found), "brier": brier(said, found)}
        figures["ece_interval"] = list(bootstrap(ece, said, found, seed=seed, samples=SAMPLES))
    return figures


def selective(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and loss of each question that can be judged, shape (questions,) each.

    What was refused comes after all that was answered, and counts as wrong: no threshold can bring an answer back. So systems
    that refuse more or less of the same questions can be compared.
    """
    judged = [row for row in rows if row["right"] is not None]
    confidence = np.array([-np.inf if row["abstained"] else row["confidence"] for row in judged])
    return confidence, np.array([1.0 if row["abstained"] else 1 - row["right"] for row in judged])


def _groups(rows: Sequence[Row], key: Callable[[Row], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    groups.pop("", None)
    return {
        name: {"n": len(group)}
        | {measure: _mean(group, measure) for measure in OF_A_KIND}
        | {f"seconds_p{p}": percentile((row["seconds"] for row in group), p) for p in (50, 95)}
        for name, group in sorted(groups.items())
    }


def _mean(rows: Sequence[Row], name: str) -> float | None:
    return mean(row.get(name) for row in rows)


def current_commit() -> str | None:
    """The commit of the checkout that kgrag runs from, None outside one."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(kgrag.__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
