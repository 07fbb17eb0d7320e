"""The whole journey, measured: ``python benchmarks/journey.py [--quick] [medical disease_ontology pathquestion metaqa]``.

Prints a table and writes one JSON record a subject to ``benchmarks/results/``, with seed, commit and per-question
predictions beside it. Data of others is read from the folder that KGRAG_DATASETS names; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reporting import DATASETS, machine, shown

from kgrag import KGRAG, KnowledgeGraph, Report, read_questions
from kgrag.evaluation.page import write_page
from kgrag.resources import data_folder

HERE = Path(__file__).parent
COLUMNS = (
    "n",
    "linking_accuracy",
    "coverage",
    "hits@1",
    "f1",
    "refused",
    "grounded",
    "citation_validity",
    "citation_precision",
    "citation_recall",
    "augrc",
    "ece",
    "seconds_per_question",
)


def datasets(name: str) -> Path:
    """The folder of a public data set, or an end with a sentence that says what is missing."""
    if not (DATASETS / name).is_dir():
        sys.exit(f"benchmarks/journey.py: set KGRAG_DATASETS to a folder that holds {name}/ (see benchmarks/README.md)")
    return DATASETS / name


def medical(quick: bool) -> tuple[Report, dict]:
    """The shipped medical graph and its test questions, with the shipped model."""
    questions = read_questions(data_folder() / "medical" / "questions" / "test.jsonl")
    return KGRAG.demo("medical").evaluate(questions[:40] if quick else questions), {}


def disease_ontology(quick: bool) -> tuple[Report, dict]:
    """The Human Disease Ontology with the shipped model, untrained on it; built, saved and loaded on the way."""
    questions = read_questions(HERE / "questions" / "disease_ontology.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        KGRAG.build(KnowledgeGraph.from_rdf(datasets("disease_ontology") / "do.nt")).save(Path(folder) / "do")
        seconds = time.perf_counter() - started
        rag = KGRAG.load(Path(folder) / "do")
        return rag.evaluate(questions[:30] if quick else questions), {"build_seconds": round(seconds, 1)}


def pathquestion(quick: bool) -> tuple[Report, dict]:
    """PathQuestion PQ-2H: trained on its train part, measured on its validation part."""
    return _trained(datasets("pathquestion") / "PQ-2H", "train.jsonl", "valid.jsonl", 300 if quick else None)


def metaqa(quick: bool) -> tuple[Report, dict]:
    """MetaQA, one hop: trained on the train part, measured on the validation part."""
    return _trained(datasets("metaqa"), "1hop_train.jsonl", "1hop_valid.jsonl", 1000 if quick else None)


def _trained(folder: Path, train: str, valid: str, most: int | None) -> tuple[Report, dict]:
    rag = KGRAG.build(KnowledgeGraph.from_rdf(folder / "kb.nt"))
    started = time.perf_counter()
    rag.train(read_questions(folder / train)[:most])
    seconds = time.perf_counter() - started
    return rag.evaluate(read_questions(folder / valid)[: 100 if most else None]), {"train_seconds": round(seconds, 1)}


SUBJECTS: dict[str, Callable[[bool], tuple[Report, dict]]] = {
    "medical": medical,
    "disease_ontology": disease_ontology,
    "pathquestion": pathquestion,
    "metaqa": metaqa,
}


def main() -> None:
    """Runs the subjects asked for, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="subject", help=f"any of {', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a part of the questions; figures are not for quoting")
    arguments = parser.parse_args()
    unknown = set(arguments.subjects) - set(SUBJECTS)
    if unknown:
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    print("| subject | " + " | ".join(COLUMNS) + " |\n|---" * 1 + "|---" * len(COLUMNS) + "|")
    for name in arguments.subjects or SUBJECTS:
        report, extra = SUBJECTS[name](arguments.quick)
        print(f"| {name} | " + " | ".join(shown(report[column]) for column in COLUMNS) + " |", flush=True)
        print(f"{report}\n{extra or ''}", file=sys.stderr)
        if not arguments.quick:
            record = report.as_json() | extra | {"machine": machine()}
            del record["predictions"]
            (results / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
            report.write(predictions=results / f"{name}.predictions.jsonl")
            write_page(report, results / f"{name}.html", name)


if __name__ == "__main__":
    main()
