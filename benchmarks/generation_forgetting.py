"""What is forgotten when a system learns from later questions: ``python benchmarks/generation_forgetting.py [--quick]``.

A system is trained on questions of one relation (PathQuestion, PQ-2H where KGRAG_DATASETS has it, else the medical one-hop
questions), then on those of another kind (PQ-3H; medical two-hop), with earlier questions again and without. Share of
validation questions of both kinds answered rightly, before and after; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reporting import DATASETS, machine, say, table

from kgrag import KGRAG, KnowledgeGraph, Question, read_questions
from kgrag.evaluation.runner import current_commit
from kgrag.resources import data_folder
from kgrag.training.labelled import prepare
from kgrag.training.reasoner import TrainingSet, quality

RESULTS = Path(__file__).parent / "results"
SEED = 0
Kinds = dict[str, tuple[list[Question], list[Question]]]


def medical() -> tuple[KnowledgeGraph, Kinds]:
    """One-hop questions, then those of two hops: train and validation part of each."""
    folder = data_folder() / "medical"
    parts = [read_questions(folder / "questions" / f"{part}.jsonl") for part in ("train", "valid")]
    kinds = {}
    for kind in ("one-hop", "two-hop"):
        train, valid = ([one for one in part if one.kind == kind] for part in parts)
        kinds[kind] = train, valid
    return KnowledgeGraph.from_rdf(folder / "graph.ttl"), kinds


def pathquestion() -> tuple[KnowledgeGraph, Kinds]:
    """Questions of two hops, then of three, over one graph that holds both."""
    folders = [DATASETS / "pathquestion" / name for name in ("PQ-2H", "PQ-3H")]
    kinds = {}
    for folder in folders:
        kinds[folder.name] = read_questions(folder / "train.jsonl"), read_questions(folder / "valid.jsonl")
    return KnowledgeGraph.from_rdf(*(folder / "kb.nt" for folder in folders)), kinds


def measured(name: str, quick: bool) -> dict[str, Any]:
    """Share of validation questions answered rightly: by system, then by kind."""
    graph, kinds = {"medical": medical, "pathquestion": pathquestion}[name]()
    most = 150 if quick else None
    (old, old_valid), (new, new_valid) = ((train[:most], valid[:most]) for train, valid in kinds.values())
    valid = dict(zip(kinds, (old_valid, new_valid)))
    found: dict[str, Any] = {}
    for system, replay in (("earlier ones again", 1.0), ("new ones alone", 0.0)):
        rag = KGRAG(graph)
        if system == "earlier ones again":
            found["shipped"] = right(rag, valid)
        rag.train(old, seed=SEED)
        found["trained on the first"] = right(rag, valid)
        rag.learn(new, replay=replay, seed=SEED)
        found[f"then on the second, {system}"] = right(rag, valid)
        say(f"{name}: {system} done")
    return {"questions": {kind: len(train) for kind, (train, _) in kinds.items()}, "right": found}


def right(rag: KGRAG, valid: dict[str, list[Question]]) -> dict[str, float]:
    """Share of the questions of each kind that the reasoner answers rightly."""
    shares = {}
    for kind, questions in valid.items():
        prepared = [p for one in questions if (p := prepare(rag.reader, rag.linker, one, 0)) is not None]
        shares[kind] = round(quality([TrainingSet(rag.reader, [], prepared)]).right, 4)
    return shares


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the table."""
    for name, figures in record["sets"].items():
        kinds = list(figures["questions"])
        rows = [[name, *kinds]]
        rows += [[system, *(f"{shares[kind]:.3f}" for kind in kinds)] for system, shares in figures["right"].items()]
        yield from table(rows)
        yield ""
    yield f"Seed {record['seed']}, commit {record['commit']}, {record['machine']}."


def main() -> None:
    """Measures and writes the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sets", nargs="*", metavar="SET", help="medical, pathquestion; all that are there where not given"
    )
    parser.add_argument("--quick", action="store_true", help="150 questions of each kind")
    arguments = parser.parse_args()
    there = ["medical", *(["pathquestion"] if (DATASETS / "pathquestion").is_dir() else [])]
    record = {
        "seed": SEED,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "sets": {name: measured(name, arguments.quick) for name in arguments.sets or there},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "generation_forgetting.json").write_text(json.dumps(record, indent=1) + "\n")
    print("\n".join(report(record)))


if __name__ == "__main__":
    main()
