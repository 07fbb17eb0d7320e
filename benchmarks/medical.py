"""The medical domain, measured: ``python benchmarks/medical.py [--quick] [--only PART ...] [--cache FOLDER]``.

Its own pack, linking, passages, answers in sentences, reading, and questions about the Disease Ontology, beside plain ways to answer.
Prints tables and the goals beside them, and writes ``results/medical.json``, ``.predictions.jsonl`` and ``.html``. Data of others is
read from the folder that KGRAG_DATASETS names; see benchmarks/README.md. Needs ``pip install 'kgrag[benchmarks,plots,steiner]'``.
"""

from __future__ import annotations

from pathlib import Path

import linking
import pcqa
import pubmedqa
from domain_parts import PACK_COLUMNS, PACK_GOALS, Part, Run, asked_of, cost_by_size, own_pack, passages_of, run
from domain_report import Measured
from reporting import DATASETS, Goal

from kgrag import KGRAG, KnowledgeGraph, read_questions

HERE = Path(__file__).parent
LINKERS = ("kgrag", "exact")  # with --quick: encoding all names takes minutes


def mentions(run: Run) -> Measured:
    """Mentions of diseases in abstracts, to the Disease Ontology."""
    figures, predictions = {}, []
    for _, system, found, predicted in linking.mentions(LINKERS if run.quick else None):
        figures[system] = {name: value for name, value in found.items() if isinstance(value, (int, float))}
        predictions += [{"system": system, **one} for one in predicted]
    return Measured(figures, predictions, "NCBI disease corpus, validation part")


def disease_ontology(run: Run) -> Measured:
    """Questions that were written for this project, asked of the shipped models untrained."""
    rag = KGRAG(KnowledgeGraph.from_rdf(DATASETS / "disease_ontology" / "do.nt"))
    questions = read_questions(HERE / "questions" / "disease_ontology.jsonl")
    return asked_of(
        rag,
        questions,
        run,
        PACK_COLUMNS,
        f"{len(questions)} questions written for this project",
        baselines=not run.quick,
    )


PARTS: dict[str, Part] = {
    "pack": ("", own_pack),
    "ncbi_disease": ("ncbi_disease", mentions),
    "medquad": passages_of("medquad"),
    "bioasq": passages_of("bioasq"),
    "pcqa": ("pcqa", pcqa.measure),
    "pubmedqa": ("pubmedqa", pubmedqa.measure),
    "disease_ontology": ("disease_ontology", disease_ontology),
    "cost": ("", cost_by_size),
}
GOALS = {
    "pack": PACK_GOALS,
    "pcqa": [
        Goal("entity F1 over that of BM25 + extraction", lambda by: _times(by, "kgrag", "BM25 + extraction"), least=2.0)
    ],
    "pubmedqa": [
        Goal(
            "accuracy above the most frequent answer",
            lambda by: _ahead(by, pubmedqa.WORDS),
            least=0.01,
        )
    ],
}


def _times(by: dict, system: str, other: str) -> float:
    return by[system]["entity F1"] / max(by[other]["entity F1"], 1e-9)


def _ahead(by: dict, system: str) -> float:
    return by[system]["accuracy"] - max(
        figures["accuracy"] for name, figures in by.items() if name.startswith("always")
    )


if __name__ == "__main__":
    run("medical", __doc__ or "", PARTS, GOALS)
