"""Joint training against training by stages: ``python benchmarks/generation_joint.py [--quick] [medical bioasq pathquestion]``.

No gold passage and no gold path is shown in training, only answers. Measured before and after each epoch on other questions:
recall@5 and mean reciprocal rank of the gold passages, mean reciprocal rank of the gold path, and the log-likelihood of the answers.
Writes ``results/generation_joint.json`` and one chart a set; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from math import isnan
from pathlib import Path
from typing import Any

from reporting import DATASETS, machine, say, table, versions

from kgrag import KGRAG, KnowledgeGraph, Passage, PassageIndex, Question, read_questions
from kgrag.evaluation.runner import current_commit
from kgrag.resources import data_folder
from kgrag.training.joint import JOINTLY, Curve

RESULTS = Path(__file__).parent / "results"
SEED = 0
TRAINED_ON, ASKED = 300, 200  # questions of a set of others
BESIDE = 1_500  # snippets of BioASQ that answer none of these, in a quick look
QUICK = 4  # part of the questions in a quick look
MEASURES = {
    "recall": "recall@5 of passages",
    "passage_rank": "MRR of passages",
    "path_rank": "MRR of paths",
    "likelihood": "log-likelihood of answers",
}

Set = tuple[KGRAG, list[Question], list[Question]]


def medical(quick: bool) -> Set:
    """The shipped graph and passages, its reasoner trained on the same answers before; measured on validation questions."""
    folder = data_folder() / "medical" / "questions"
    train, valid = (read_questions(folder / f"{part}.jsonl") for part in ("train", "valid"))
    if quick:
        train, valid = train[::5], valid[::5]
    rag = KGRAG.demo("medical")
    rag.train([hidden(one) for one in train], seed=SEED)
    return rag, train, valid


def bioasq(quick: bool) -> Set:
    """Snippets of abstracts; questions of three years, measured on those of the last. Passages alone: the graph is the medical one."""
    lines = (DATASETS / "bioasq" / "questions_7B-10B.jsonl").read_text(encoding="utf-8").splitlines()
    given = [json.loads(line) for line in lines]
    rng = random.Random(SEED)
    early, last = ([one for one in given if one["task"].startswith("10B") is late] for late in (False, True))
    part = QUICK if quick else 1
    train, asked = rng.sample(early, TRAINED_ON // part), rng.sample(last, ASKED // part)
    gold = {name for one in (*train, *asked) for name in one["gold_passages"]}
    texts = (DATASETS / "bioasq" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    every = [Passage(one["id"], one["text"], document=one["pmid"]) for one in map(json.loads, texts)]
    if quick:
        others = rng.sample([one for one in every if one.id not in gold], BESIDE)
        kept = gold | {one.id for one in others}
        every = [one for one in every if one.id in kept]
    graph = KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl")
    rag = KGRAG(graph, PassageIndex.from_passages(every))
    return rag, list(map(question, train)), list(map(question, asked))


def question(one: dict[str, Any]) -> Question:
    """A question of BioASQ: the names that it asks for, else the answer in words."""
    exact = one["exact_answer"] if one["type"] in ("factoid", "list") else None
    names = tuple(forms[0] for forms in exact or ())
    names = names[:1] if one["type"] == "factoid" else names  # the others are other names of it
    told = "" if names else one["ideal_answer"][0]
    return Question(one["question"], names, one["id"], answer_text=told, gold_passages=tuple(one["gold_passages"]))


def pathquestion(quick: bool) -> Set:
    """PQ-2H: a graph alone, to which the reasoner was fitted without any of its questions."""
    folder, rng = DATASETS / "pathquestion" / "PQ-2H", random.Random(SEED)
    part = QUICK if quick else 1
    train, valid = (read_questions(folder / f"{name}.jsonl") for name in ("train", "valid"))
    rag = KGRAG.build(KnowledgeGraph.from_rdf(folder / "kb.nt"))
    return rag, rng.sample(train, TRAINED_ON // part), rng.sample(valid, min(ASKED, len(valid)) // part)


SETS: dict[str, Callable[[bool], Set]] = {"medical": medical, "bioasq": bioasq, "pathquestion": pathquestion}


def hidden(question: Question) -> Question:
    """The same without what leads to its answers."""
    return replace(question, gold_passages=(), path=())


def measured(name: str, quick: bool, marginal: str) -> dict[str, Any]:
    """The curves of a set, and how long training took."""
    rag, train, valid = SETS[name](quick)
    say(f"{name}: {len(train)} questions, {len(valid)} to measure")
    started = time.perf_counter()
    course = replace(JOINTLY, epochs=2 if quick else JOINTLY.epochs, seed=SEED, patience=9)
    curve: Curve = rag.train_jointly([hidden(one) for one in train], valid, marginal=marginal, course=course)
    seconds = round(time.perf_counter() - started, 1)
    return {"trained_on": len(train), "asked": len(valid), "seconds": seconds, **asdict(curve)}


def plot(name: str, figures: dict[str, Any], path: Path) -> None:
    """Both curves: what is found, and how likely the answers are."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    found, likely = figure.subplots(1, 2)
    for measure, label in MEASURES.items():
        values = figures[measure]
        if not isnan(values[0]):
            (likely if measure == "likelihood" else found).plot(range(len(values)), values, marker="o", label=label)
    for axes in (found, likely):
        axes.set_xlabel("epochs of joint training")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    figure.suptitle(name)
    figure.savefig(path, dpi=120)


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the table."""
    rows = [["set", "measure", "staged", "joint, by epoch"]]
    for name, figures in record["sets"].items():
        for measure, label in MEASURES.items():
            before, *after = figures[measure]
            if isnan(before):
                continue
            rows.append([name, label, f"{before:.3f}", " ".join(f"{value:.3f}" for value in after)])
    yield from table(rows)
    yield f"Marginal {record['marginal']}, seed {record['seed']}, commit {record['commit']}, {record['machine']}."


def main() -> None:
    """Measures the sets and writes record and charts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help="all that are there where not given")
    parser.add_argument("--quick", action="store_true", help="a part of each set")
    parser.add_argument("--marginal", choices=("sequence", "token"), default="sequence")
    arguments = parser.parse_args()
    there = [name for name in SETS if name == "medical" or (DATASETS / name).is_dir()]
    record: dict[str, Any] = {
        "seed": SEED,
        "marginal": arguments.marginal,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "transformers"),
        "sets": {name: measured(name, arguments.quick, arguments.marginal) for name in arguments.sets or there},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "generation_joint.json").write_text(json.dumps(record, indent=1) + "\n")
    for name, figures in record["sets"].items():
        plot(name, figures, RESULTS / f"generation_joint_{name}.png")
    print("\n".join(report(record)))


if __name__ == "__main__":
    main()
