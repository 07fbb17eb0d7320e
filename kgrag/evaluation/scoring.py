"""One question, asked and compared with gold: a row of figures that everything else is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kgrag.evaluation.citations import Judge, holds_the_words, support
from kgrag.evaluation.metrics import Overlap, exact_match, hit_at, recall_at, reciprocal_rank
from kgrag.evaluation.texts import rouge_l
from kgrag.graph import normalise
from kgrag.types import Answer, Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

Row = dict[str, Any]
DEPTH = 10  # passages that a search is judged by


def scored(rag: KGRAG, question: Question, judge: Judge = holds_the_words) -> Row:
    """Asks a question; figures that do not apply to it are left out, and ``error`` says where a wrong answer went wrong."""
    answer = rag.ask(question.question)
    topics = [rag.graph.iri(link.node) for link in answer.links if link.node is not None]
    row: Row = {
        "id": question.id,
        "question": question.question,
        "kind": question.kind,
        "hops": question.hops,
        "gold": list(question.answers),
        "answers": answer.answers,
        "text": answer.text,
        "citations": [str(c) for c in answer.citations],
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "seconds": answer.seconds,
    }
    row |= {"refused": float(answer.abstained)} if question.unanswerable else {"answered": float(not answer.abstained)}
    row |= _linking(rag, question, answer) | _answers(rag, question, answer) | _passages(rag, question, topics)
    if not answer.abstained:
        row |= _sources(rag, answer, topics, judge)
    row["right"] = right(rag, question, answer)
    row["error"] = _error(question, row) if row["right"] == 0 else ""
    return row


def kind_of(row: Row) -> str:
    """What a question counts as: its kind, or how many hops it takes where it has none."""
    return str(row.get("kind") or (f"{row['hops']}-hop" if row.get("hops") else "all"))


def right(rag: KGRAG, question: Question, answer: Answer) -> float | None:
    """1 if the best answer is gold, a gold passage is cited, or what the graph cannot answer is refused; None where gold is a text."""
    if question.unanswerable:
        return float(answer.abstained)
    if question.answers:
        return hit_at(_keys(rag, answer.answers), set(_keys(rag, question.answers)))
    cited = {c.passage.id for c in answer.citations if c.passage}
    return float(bool(cited & set(question.gold_passages))) if question.gold_passages else None


def _linking(rag: KGRAG, question: Question, answer: Answer) -> Row:
    if not question.topics:
        return {}
    linked = {link.node for link in answer.links if link.node is not None}
    wanted = [set(rag.graph.find(topic)) for topic in question.topics]
    return {"linking_accuracy": float(all(nodes & linked for nodes in wanted))}


def _answers(rag: KGRAG, question: Question, answer: Answer) -> Row:
    row: Row = {}
    if question.answer_text and not answer.abstained:
        row["rouge_l"] = rouge_l(answer.text, question.answer_text)
        row["answer_text"] = question.answer_text
    if not question.answers:
        return row
    predicted, gold = _keys(rag, answer.answers), set(_keys(rag, question.answers))
    overlap = Overlap.of(predicted, gold)
    row |= {
        "hits@1": hit_at(predicted, gold),
        "mrr": reciprocal_rank(predicted, gold),
        "precision": overlap.precision,
        "recall": overlap.recall,
        "f1": overlap.f1,
        "exact_match": exact_match(predicted, gold),
    }
    if question.answers[0] not in ("yes", "no"):
        row |= _subgraph(rag, question, any(link.node is not None for link in answer.links))
    return row


def _keys(rag: KGRAG, answers: Sequence[str]) -> list[str]:
    """Answers in one form: the label where they name a node."""
    return [normalise(rag.graph.label(found[0]) if (found := rag.graph.find(text)) else text) for text in answers]


def _subgraph(rag: KGRAG, question: Question, is_linked: bool) -> Row:
    """Coverage, size and time; answers that are nowhere in the graph are not covered."""
    found = [nodes for text in question.answers if (nodes := set(rag.graph.find(text)))]
    row: Row = {}
    inside: set[int] = set()
    if is_linked:
        evidence = rag.retrieve(question.question)
        inside = set(evidence.subgraph.nodes.tolist())
        row["subgraph_nodes"] = len(evidence.subgraph.nodes)
        row["subgraph_statements"] = len(evidence.subgraph.statements)
        row["subgraph_seconds"] = evidence.seconds
    row["coverage"] = float(any(nodes & inside for nodes in found))
    row["coverage_all"] = float(bool(found) and all(nodes & inside for nodes in found))
    return row


def _passages(rag: KGRAG, question: Question, topics: Sequence[str]) -> Row:
    if not question.gold_passages:
        return {}
    found = rag.find_passages(question.question, DEPTH, topics)
    ranked, gold = [scored.passage.id for scored in found], set(question.gold_passages)
    return {
        "recall@10": recall_at(ranked, gold, DEPTH),
        "mrr@10": reciprocal_rank(ranked, gold, DEPTH),
        "gold_ranks": [ranked.index(id) + 1 if id in ranked else None for id in question.gold_passages],
    }


def _sources(rag: KGRAG, answer: Answer, topics: Sequence[str], judge: Judge) -> Row:
    row: Row = {"grounded": float(_grounded(rag, answer))}
    if answer.citations:
        valid = [
            rag.graph.contains(c.triple) if c.triple else bool(c.passage and c.passage.id in rag.passages)
            for c in answer.citations
        ]
        row["citation_validity"] = sum(valid) / len(valid)
    if (found := support(answer, topics, judge)) is not None:
        row |= {"citation_precision": found.precision, "citation_recall": found.recall}
    return row


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


def _error(question: Question, row: Row) -> str:
    """The first stage at which a question was lost."""
    if question.unanswerable:
        return "not refused"
    if not row.get("linking_accuracy", 1.0):
        return "linking"
    if not row.get("coverage", 1.0) or not row.get("recall@10", 1.0):
        return "coverage"
    return "refused" if row["abstained"] else "reasoning"
