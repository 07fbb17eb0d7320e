"""Runs a system over questions and measures every stage."""

from __future__ import annotations

import statistics
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kgrag
from kgrag.evaluation.metrics import hit_at_1, recall_at, reciprocal_rank, set_f1
from kgrag.evaluation.report import Report
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.types import Answer, Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG


@dataclass
class _Tally:
    """Values of each figure, one a question to which it applies."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, value: float) -> None:
        self.values[name].append(value)

    def mean(self, name: str) -> float | None:
        values = self.values.get(name)
        return sum(values) / len(values) if values else None

    def median(self, name: str) -> float | None:
        values = self.values.get(name)
        return statistics.median(values) if values else None


def evaluate(rag: KGRAG, questions: Sequence[Question]) -> Report:
    """Asks every question, one at a time, and compares with gold.

    Hits@1, F1 and exact match count the questions that have ``answers``; a refusal of such a question is a miss.
    """
    tally, kinds = _Tally(), defaultdict(list)
    predictions: list[dict[str, Any]] = []
    for question in track(questions, "asking", total=len(questions)):
        answer = rag.ask(question.question)
        _score(rag, question, answer, tally)
        right = float(answer.abstained) if question.unanswerable else _hit(rag, question, answer)
        kinds[question.kind or (f"{question.hops}-hop" if question.hops else "all")].append(right)
        predictions.append(
            {
                "id": question.id,
                "answers": answer.answers,
                "text": answer.text,
                "citations": [str(c) for c in answer.citations],
                "confidence": answer.confidence,
                "abstained": answer.abstained,
                "right": right,
            }
        )
    names = (
        "linking_accuracy",
        "coverage",
        "coverage_all",
        "hits@1",
        "f1",
        "exact_match",
        "abstained",
        "refused",
        "grounded",
        "citation_validity",
        "recall@10",
        "mrr@10",
    )
    figures: dict[str, Any] = {"n": len(questions)} | {name: tally.mean(name) for name in names}
    figures |= {name: tally.median(name) for name in ("subgraph_nodes", "subgraph_statements", "subgraph_seconds")}
    figures["seconds_per_question"] = tally.median("seconds")
    figures |= {"seed": rag.config.seed, "version": kgrag.__version__, "commit": current_commit()}
    by_kind = {kind: (len(values), sum(values) / len(values)) for kind, values in kinds.items()}
    return Report(figures, predictions, by_kind)


def _gold(rag: KGRAG, answers: Sequence[str]) -> set[str]:
    """Gold answers in one form: IRIs where they name nodes, normalised text otherwise."""
    return {_key(rag, text) for text in answers}


def _key(rag: KGRAG, text: str) -> str:
    return normalise(rag.graph.label(rag.graph.find(text)[0])) if rag.graph.find(text) else normalise(text)


def _hit(rag: KGRAG, question: Question, answer: Answer) -> float:
    if question.answers:
        return hit_at_1([_key(rag, text) for text in answer.answers], _gold(rag, question.answers))
    cited = {c.passage.id for c in answer.citations if c.passage}
    return float(bool(cited & set(question.gold_passages)))


def _score(rag: KGRAG, question: Question, answer: Answer, tally: _Tally) -> None:
    tally.add("seconds", answer.seconds)
    tally.add("abstained", float(answer.abstained))
    if question.unanswerable:
        tally.add("refused", float(answer.abstained))
    linked = {link.node for link in answer.links if link.node is not None}
    if question.topics:
        wanted = [set(rag.graph.find(topic)) for topic in question.topics]
        tally.add("linking_accuracy", float(all(nodes & linked for nodes in wanted)))
    if question.answers:
        gold = _gold(rag, question.answers)
        predicted = [_key(rag, text) for text in answer.answers]
        tally.add("hits@1", hit_at_1(predicted, gold))
        tally.add("f1", set_f1(predicted, gold))
        tally.add("exact_match", float(set(predicted) == gold))
        if question.answers[0] not in ("yes", "no"):
            _score_subgraph(rag, question, bool(linked), tally)
    if not answer.abstained:
        tally.add("grounded", float(_grounded(rag, answer)))
        for citation in answer.citations:
            passage = citation.passage.id if citation.passage else ""
            valid = rag.graph.contains(citation.triple) if citation.triple else passage in rag.passages
            tally.add("citation_validity", float(valid))
    if question.gold_passages:
        iris = [rag.graph.iri(node) for node in sorted(linked)]
        ranked = [p.passage.id for p in rag.passages.search(question.question, 10, rag.encoder, entities=iris)]
        tally.add("recall@10", recall_at(ranked, set(question.gold_passages), 10))
        tally.add("mrr@10", reciprocal_rank(ranked, set(question.gold_passages), 10))


def _score_subgraph(rag: KGRAG, question: Question, is_linked: bool, tally: _Tally) -> None:
    """Coverage, size and time; answers that are nowhere in the graph do not count."""
    found = [nodes for text in question.answers if (nodes := set(rag.graph.find(text)))]
    inside: set[int] = set()
    if is_linked:
        evidence = rag.retrieve(question.question)
        inside = set(evidence.subgraph.nodes.tolist())
        tally.add("subgraph_nodes", len(evidence.subgraph.nodes))
        tally.add("subgraph_statements", len(evidence.subgraph.statements))
        tally.add("subgraph_seconds", evidence.seconds)
    tally.add("coverage", float(any(nodes & inside for nodes in found)))
    tally.add("coverage_all", float(bool(found) and all(nodes & inside for nodes in found)))


def _grounded(rag: KGRAG, answer: Answer) -> bool:
    """Whether every node that the answer names is in its cited statements, its cited passages or the question."""
    held = " ".join([answer.question, *(str(c) for c in answer.citations)])
    held_nodes = {link.node for link in rag.linker.link(held)}
    held_nodes |= {link.node for link in answer.links}
    iris = {x for c in answer.citations if c.triple for x in (c.triple.subject, c.triple.object)}
    for link in rag.linker.link(answer.text):
        if link.node is None or not link.exact or link.node in held_nodes or rag.graph.iri(link.node) in iris:
            continue
        if normalise(link.mention.text) not in normalise(held):
            return False
    return True


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
