"""How well passages are found: ``python benchmarks/passages.py [--quick] [--only SET ...]``.

For each set BM25 alone, MiniLM alone, both by reciprocal ranks, kgrag as it comes, and kgrag trained on questions of the set: prints one table
and the goals beside it. ``--json FILE`` writes the same as a record. See benchmarks/README.md; needs ``pip install 'kgrag[benchmarks]'``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ir_measures
from passage_sets import SETS, PassageSet
from remembered import Remembered
from reporting import Goal, goal_table, machine, made_on, say, table, versions

from kgrag import PassageIndex, Question
from kgrag.encoder import default_encoder
from kgrag.evaluation.runner import current_commit
from kgrag.retrieval.hybrid import reciprocal_ranks
from kgrag.training.passage_lessons import lessons_of
from kgrag.training.retriever import RetrieverTrainer

SEED, K, DEPTH, BATCH = 0, 10, 50, 100
TRAINED_ON = 20_000  # questions at most
FEW = 100  # questions with which the fusion alone is trained, each by those in other folds
FOLDS = 5
MEASURES = {"recall": ir_measures.R @ K, "mrr": ir_measures.RR @ K, "ndcg": ir_measures.nDCG @ K}
DEPTHS = {k: ir_measures.R @ k for k in range(1, K + 1)}
HIT = ir_measures.Success @ 1
ALONE = ("BM25", "MiniLM")
UNTRAINED, TRAINED = "kgrag", "kgrag, trained"
LEAST = {"obliqa": 0.83, "medquad": 0.92, "bioasq": 0.68, "q4eu": 0.78}

Run = dict[str, dict[str, float]]


def main() -> None:
    """Measures the sets that are there and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 questions of each set, trained on 500")
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS), help="sets; all by default")
    parser.add_argument(
        "--part", default="valid", help="questions to measure by: another part that lies beside the data"
    )
    parser.add_argument("--questions", type=int, metavar="N", help="so many drawn from each set; all by default")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where vectors are kept from one run to the next")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    asked, trained = (100, 500) if arguments.quick else (arguments.questions, TRAINED_ON)
    encoder = Remembered(default_encoder(), arguments.cache)
    record: dict[str, Any] = {
        "seed": SEED,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "faiss-cpu", "tantivy", "sentence-transformers", "torch", "ir-measures"),
        "part": arguments.part,
        "sets": {},
        "absent": {},
    }
    for name in arguments.only:
        try:
            given = SETS[name](arguments.part)
        except FileNotFoundError as error:
            record["absent"][name] = error.filename
            continue
        found_there = measured(name, given, encoder, asked, trained)
        record["sets"][name] = {key: value for key, value in found_there.items() if key != "rankings"}
        encoder.write()
    record["goals"] = [
        goal.line(name, found["figures"]) for name, found in record["sets"].items() for goal in goals(name)
    ]
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def measured(
    name: str, given: PassageSet, encoder: Remembered, most_asked: int | None, most_trained: int
) -> dict[str, Any]:
    """Figures of every system on one set, and what each ranks first."""
    questions, train = drawn(given.asked, most_asked), drawn(given.train, most_trained)
    say(f"{name}: {len(given.passages):,} passages, {len(questions):,} questions, {len(train):,} to learn from")
    started = time.perf_counter()
    index = PassageIndex.from_passages(given.passages).build(encoder)
    seconds = {"index": time.perf_counter() - started}
    runs = rankings(index, encoder, questions)
    say(f"{name}: {UNTRAINED}")
    runs[UNTRAINED] = found(index, encoder, questions)
    say(f"{name}: training")
    started = time.perf_counter()
    trained = None if train else crosswise(index, encoder, questions)
    if trained is None:
        epochs = {} if len(train) >= FEW else {"epochs": 0}
        RetrieverTrainer(index, encoder, seed=SEED, **epochs).train(lessons_of(index, train))
        seconds["training"] = time.perf_counter() - started
        say(f"{name}: {TRAINED}")
        trained = found(index, encoder, questions)
    runs[TRAINED] = trained
    return {
        "passages": len(given.passages),
        "asked": len(questions),
        "trained_on": len(train),
        "seconds": seconds,
        "weights": dict(index.ranker.fusion.weights),
        "figures": {system: figures(run, questions) for system, run in runs.items()},
        "recall_at": {system: recall_at(run, questions) for system, run in runs.items()},
        "rankings": {system: {id: list(ranked) for id, ranked in run.items()} for system, run in runs.items()},
    }


def drawn(questions: Sequence[Question], most: int | None) -> list[Question]:
    """At most so many, in an order drawn from the seed."""
    chosen = list(questions)
    random.Random(SEED).shuffle(chosen)
    return chosen[:most]


def rankings(index: PassageIndex, encoder: Remembered, questions: Sequence[Question]) -> dict[str, Run]:
    """What each part finds alone, and both by reciprocal ranks."""
    runs: dict[str, Run] = {name: {} for name in (*ALONE, "reciprocal ranks")}
    rows = index.contents.rows
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        texts = [one.question for one in batch]
        several = index.contents.find(texts, encoder.encode(texts), DEPTH, [()] * len(batch))
        for one, each in zip(batch, several):
            for name, ranking in zip(ALONE, (each.words, each.dense)):
                runs[name][one.id] = {rows.id(row): -place for place, row in enumerate(ranking.rows[:K].tolist())}
            scores = reciprocal_ranks([each.dense, each.words])
            best = sorted(scores, key=lambda row: (-scores[row], row))[:K]
            runs["reciprocal ranks"][one.id] = {rows.id(row): -place for place, row in enumerate(best)}
    return runs


def found(index: PassageIndex, encoder: Remembered, questions: Sequence[Question]) -> Run:
    """What kgrag finds."""
    run: Run = {}
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        several = index.search_many([one.question for one in batch], K, encoder)
        run |= {one.id: {hit.passage.id: -place for place, hit in enumerate(each)} for one, each in zip(batch, several)}
    return run


def crosswise(index: PassageIndex, encoder: Remembered, questions: Sequence[Question]) -> Run:
    """What kgrag finds for each question when the fusion was trained on those in other folds."""
    run: Run = {}
    for fold in range(FOLDS):
        others = [one for place, one in enumerate(questions) if place % FOLDS != fold]
        RetrieverTrainer(index, encoder, epochs=0, seed=SEED).train(lessons_of(index, others))
        run |= found(index, encoder, questions[fold::FOLDS])
    return run


def figures(run: Run, questions: Sequence[Question]) -> dict[str, float]:
    """Means of all measures."""
    means = ir_measures.calc_aggregate([*MEASURES.values(), HIT], gold_of(questions), run)
    return {name: float(means[measure]) for name, measure in (*MEASURES.items(), ("hit@1", HIT))}


def recall_at(run: Run, questions: Sequence[Question]) -> dict[int, float]:
    """Mean recall at each depth."""
    means = ir_measures.calc_aggregate(DEPTHS.values(), gold_of(questions), run)
    return {depth: float(means[measure]) for depth, measure in DEPTHS.items()}


def gold_of(questions: Sequence[Question]) -> dict[str, dict[str, int]]:
    """The passages that answer each question."""
    return {one.id: {passage: 1 for passage in one.gold_passages} for one in questions}


def goals(name: str) -> list[Goal]:
    """What is to be reached on a set."""
    made = [Goal(f"{TRAINED}, recall@{K}", lambda by: by[TRAINED]["recall"], least=LEAST[name])]
    for measure in MEASURES:
        made.append(
            Goal(
                f"{UNTRAINED} beside the better part, {measure}@{K}",
                lambda by, measure=measure: by[UNTRAINED][measure] / max(by[part][measure] for part in ALONE),
                least=1.0,
            )
        )
    return made


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the tables."""
    rows = [["set", "system", f"recall@{K}", f"MRR@{K}", f"nDCG@{K}"]]
    for name, one in record["sets"].items():
        for system, means in one["figures"].items():
            rows.append([name, system, *(f"{means[measure]:.3f}" for measure in MEASURES)])
    yield from table(rows)
    yield ""
    yield from goal_table("set", record["goals"])
    yield ""
    for name, one in record["sets"].items():
        learned = f"trained on {one['trained_on']:,} others" if one["trained_on"] else f"fitted in {FOLDS} folds"
        yield f"{name}: {one['passages']:,} passages, {one['asked']:,} questions, {learned}."
    yield f"Seed {record['seed']}, commit {record['commit']}, part {record['part']}."
    yield made_on(record)
    for name, file in record["absent"].items():
        yield f"{name} is left out: there is no {file} (KGRAG_DATASETS names the folder; see benchmarks/README.md)."


if __name__ == "__main__":
    main()
