"""The legal domain, measured: ``python benchmarks/legal.py [--quick] [--only PART ...] [--cache FOLDER]``.

Its own pack, the articles that answer questions of experts, provisions, and questions about GDPRtEXT and the Data Privacy
Vocabularies, beside plain ways to answer. Prints tables and the goals beside them, and writes ``results/legal.json``,
``.predictions.jsonl`` and ``.html``. Data of others is read from the folder that KGRAG_DATASETS names; see benchmarks/README.md. Needs
``pip install 'kgrag[benchmarks,documents,plots,steiner]'``.
"""

from __future__ import annotations

import re
from pathlib import Path

import passages as passage_benchmark
from domain_parts import (
    PACK_COLUMNS,
    PACK_GOALS,
    Part,
    Run,
    asked_of,
    cost_by_size,
    own_pack,
    passages_of,
    run,
    with_passages,
)
from domain_report import Measured
from passage_sets import q4eu
from reporting import DATASETS, Goal, say

from kgrag import KGRAG, Question, read_questions
from kgrag.recipes import prepare

HERE = Path(__file__).parent
GDPRTEXT = ("gdpr.ttl", "gdprtext_ontology.ttl")
CODES = {  # of the acts in Q4EU, by what the recipe calls them
    "GDPR": "G",
    "Regulation (EU) 910/2014": "E",
    "Regulation 1215/2012": "B",
    "Rome I": "RI",
    "Rome II": "RII",
}
FROM_FILES = "kgrag, from the acts"
DEEP = 30  # passages that are read for ten articles


def articles(run: Run) -> Measured:
    """The articles and recitals that answer, as the set divides them, and as the recipe makes them of the acts themselves."""
    found = passages_of("q4eu")[1](run)
    if not (DATASETS / "q4eu" / "documents").is_dir():
        return found
    say(f"  {FROM_FILES}")
    rag = with_passages(*prepare("akoma-ntoso", [DATASETS / "q4eu" / "documents"]))
    asked = q4eu("valid").asked
    ranked = {question.id: ranked_articles(rag, question) for question in asked}
    as_run = {id: {name: -float(place) for place, name in enumerate(names)} for id, names in ranked.items()}
    figures = {**found.figures, FROM_FILES: passage_benchmark.figures(as_run, asked)}
    predictions = [
        *found.predictions,
        *({"system": FROM_FILES, "id": id, "passages": names} for id, names in ranked.items()),
    ]
    return Measured(figures, predictions, found.notes, charts=found.charts)


def ranked_articles(rag: KGRAG, question: Question) -> list[str]:
    """The first ten articles and recitals for a question, as the set calls them."""
    passages = rag.find_passages(question.question, DEEP, rag.named(question.question))
    names = (
        code_of(rag.graph.label(node))
        for one in passages
        if (node := rag.graph.node(one.passage.entities[0])) is not None
    )
    return list(dict.fromkeys(filter(None, names)))[: passage_benchmark.K]


def code_of(label: str) -> str:
    """Article 17 GDPR as Q4EU has it: "G Art. 17"."""
    found = re.fullmatch(r"(Article|Recital) (\d+) (.+)", label)
    return f"{CODES.get(found[3], 'W')} {found[1][:3]}. {found[2]}" if found else ""


def gdprtext(run: Run) -> Measured:
    """Questions about the regulation and its glossary, which the recipe joins."""
    rag = with_passages(*prepare("gdprtext", [DATASETS / "gdprtext" / name for name in GDPRTEXT]))
    return _questions(rag, "gdprtext", run)


def dpv(run: Run) -> Measured:
    """Questions about concepts, laws and authorities."""
    rag = with_passages(*prepare("dpv", sorted((DATASETS / "dpv").glob("*.ttl"))))
    return _questions(rag, "dpv", run)


def _questions(rag: KGRAG, name: str, run: Run) -> Measured:
    questions = read_questions(HERE / "questions" / f"{name}.jsonl")
    notes = f"{len(questions)} questions written for this project; the shipped models, untrained"
    return asked_of(rag, questions, run, PACK_COLUMNS, notes, baselines=not run.quick)


PARTS: dict[str, Part] = {
    "pack": ("", own_pack),
    "q4eu": ("q4eu", articles),
    "obliqa": passages_of("obliqa"),
    "gdprtext": ("gdprtext", gdprtext),
    "dpv": ("dpv", dpv),
    "cost": ("", cost_by_size),
}
GOALS = {
    "pack": PACK_GOALS,
    "q4eu": [
        Goal("hit@1 above BM25", lambda by: by["kgrag"]["hit@1"] - by["BM25"]["hit@1"], least=0.08),
        Goal("recall@10 above BM25", lambda by: by["kgrag"]["recall"] - by["BM25"]["recall"], least=0.08),
    ],
}


if __name__ == "__main__":
    run("legal", __doc__ or "", PARTS, GOALS)
