"""PcQA: questions about cancers, genes and drugs with answers in sentences, over its own graph in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from domain_parts import Run
from domain_report import Measured
from domain_systems import OURS, Pack, extracting, judged
from passage_sets import lines
from reporting import DATASETS, say

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.evaluation import evaluate
from kgrag.evaluation.metrics import mean
from kgrag.evaluation.report import Report
from kgrag.evaluation.texts import bleu, rouge_l
from kgrag.yes_no import asks_yes_no

BASE = "http://example.org/pcqa/entity/"
SAYS_NO = ("no,", "no.", "not ")


def measure(run: Run) -> Measured:
    """Entity F1, ROUGE-L and BLEU on the validation part, and yes/no accuracy on all questions that ask for that."""
    graph = KnowledgeGraph.from_rdf(DATASETS / "pcqa" / "kb.nt")
    train, valid = (list(questions(graph, part)) for part in ("train", "valid"))
    asked = run.sampled(valid)
    reports: dict[str, Report] = {}
    untrained = KGRAG(graph)
    say(f"  {OURS}")
    reports[OURS] = evaluate(untrained, asked)
    say("  BM25 + extraction")
    extract = extracting(by_words=True)(Pack(untrained, run.encoder))
    rows = [judged(untrained, question, extract) for question in asked]
    reports["BM25 + extraction"] = Report({}, rows)
    if not run.quick:
        say(f"  {OURS}, trained")
        trained = KGRAG(graph)
        trained.train([question for question in train if question.answers])
        reports[f"{OURS}, trained"] = evaluate(trained, asked)
    figures = {name: _figures(report, asked) for name, report in reports.items()}
    predictions = [{"system": name, **row} for name, report in reports.items() for row in report.predictions]
    notes = f"{len(asked)} validation questions, {len(train)} to train on; gold entities were found by the set's makers from names"
    return Measured(figures, predictions, notes, {OURS: reports[OURS]} if reports[OURS].figures else {})


def questions(graph: KnowledgeGraph, part: str) -> Iterator[Question]:
    """The questions of a part; answers are the entities that gold sentences name, or yes or no."""
    for row in lines(f"pcqa/pcqa_{part}.jsonl"):
        gold = [id for found in row["answer_entities_auto"] for id in found["ids"][:1]]
        iris = [iri for id in gold if (iri := BASE + quote(id, safe="")) and graph.node(iri) is not None]
        verdict = verdict_of(row["answer_text"]) if asks_yes_no(row["question"]) else ""
        yield Question(
            row["question"],
            (verdict,) if verdict else tuple(dict.fromkeys(iris)),
            row["id"],
            answer_text=row["answer_text"],
            kind="yes/no" if verdict else "",
        )


def verdict_of(text: str) -> str:
    """What a gold sentence says to a yes/no question."""
    return "no" if any(mark in f"{text.casefold()} " for mark in SAYS_NO) else "yes"


def _figures(report: Report, asked: list[Question]) -> dict[str, float | None]:
    """Means over the questions that have gold entities, gold texts (all), and gold verdicts; a refusal scores zero."""
    rows = {row["id"]: row for row in report.predictions}
    named = [question for question in asked if question.answers and question.kind != "yes/no"]
    verdicts = [question for question in asked if question.kind == "yes/no"]
    overlaps = [rows[question.id].get("f1", 0.0) for question in named]
    texts = [_plain(rows[question.id]) for question in asked]
    references = [question.answer_text for question in asked]
    return {
        "n": float(len(asked)),
        "entity F1": mean(overlaps),
        "with entities": float(len(named)),
        "ROUGE-L": mean(rouge_l(text, gold) for text, gold in zip(texts, references)),
        "BLEU": bleu(texts, references),
        "yes/no accuracy": mean(rows[question.id]["answers"][:1] == list(question.answers) for question in verdicts),
        "yes/no": float(len(verdicts)),
        "answered": mean(not row["abstained"] for row in rows.values()),
    }


def _plain(row: dict) -> str:
    """An answer without the numbers of its sources; nothing where it was refused."""
    return "" if row["abstained"] else re.sub(r"\s*\[\d+\]", "", row["text"])
