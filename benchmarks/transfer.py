"""What a reasoner has learned from the questions over some graphs, on others: ``python benchmarks/transfer.py [--quick]``.

One reasoner is trained on PathQuestion and MetaQA together, starting from the shipped one, which knows made graphs alone. It is then
asked about WC2014 and PcQA, of which it has seen neither graph nor question; beside it the shipped one. Both from raw text. Prints
a table; ``--json FILE`` writes a record. Data of others is read from the folder that KGRAG_DATASETS names; see
benchmarks/README.md. Needs ``pip install 'kgrag[benchmarks]'``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pcqa import questions as pcqa_questions
from reasoning import PARTS, SEED, answered
from reporting import DATASETS, machine, made_on, say, shown, table, versions

from kgrag import KGRAG, KnowledgeGraph, read_questions
from kgrag.encoder import default_encoder
from kgrag.encoding import GraphReader, Reasoner
from kgrag.encoding.saving import load_reasoner
from kgrag.evaluation.runner import current_commit
from kgrag.linking import EntityLinker
from kgrag.resources import data_folder
from kgrag.training.labelled import needed_steps, prepare
from kgrag.training.loop import Course
from kgrag.training.reasoner import TrainingSet, train_reasoner

TAUGHT = ("PQ-2H", "PQ-3H", "PQL-2H", "PQL-3H", "MetaQA 1 hop", "MetaQA 2 hop", "MetaQA 3 hop")
ASKED = ("WC2014 1 hop", "WC2014 2 hop", "WC2014 conjunction")
OF_A_SET, OF_A_SET_QUICK = 2_000, 100  # questions that are learned from, at most
HELD = 100  # of these, to choose the best epoch by
EPOCHS = 4
MEASURES = {"hits@1": "Hits@1", "f1": "F1", "exact": "exact set", "linked": "topics linked"}

Figures = dict[str, float]


def main() -> None:
    """Trains, and measures before and after."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="valid", help="what is measured: PART in the file names (valid)")
    parser.add_argument("--quick", action="store_true", help="learns from few questions; not for quoting")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    reasoner = load_reasoner(data_folder() / "models" / "default")
    figures = {name: {"shipped": found} for name, found in asked(reasoner, arguments.part)}
    started = time.perf_counter()
    learned = taught(reasoner, OF_A_SET_QUICK if arguments.quick else OF_A_SET)
    seconds = time.perf_counter() - started
    for name, found in asked(reasoner, arguments.part):
        figures[name]["taught elsewhere"] = found
    record = {
        "seed": SEED,
        "part": arguments.part,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "dgl"),
        "figures": figures,
        "seconds": seconds,
        "learned": learned,
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def taught(reasoner: Reasoner, most: int) -> list[float]:
    """Trains a reasoner on all sets at once; the share of questions kept back that it answers, before and after each epoch."""
    encoder, readers, sets = default_encoder(), {}, []
    for name in TAUGHT:
        say(f"{name}: finding plans")
        part = PARTS[name]
        if part.graph not in readers:
            graph = KnowledgeGraph.from_rdf(DATASETS / part.graph)
            readers[part.graph] = GraphReader(graph, reasoner, encoder), EntityLinker(graph)
        reader, linker = readers[part.graph]
        questions = read_questions(DATASETS / part.questions.format(part="train"))
        questions = random.Random(SEED).sample(questions, min(most, len(questions)))
        steps = needed_steps(reader, linker, questions)
        prepared = [found for one in questions if (found := prepare(reader, linker, one, steps)) is not None]
        held = min(HELD, len(prepared) // 10)
        sets.append(TrainingSet(reader, prepared[held:], prepared[:held]))
    return train_reasoner(reasoner, encoder, sets, Course(EPOCHS, SEED))


def asked(reasoner: Reasoner, part: str) -> Iterator[tuple[str, Figures]]:
    """Figures of the sets that nothing was learned from."""
    for name in ASKED:
        say(f"{name}: asking")
        rag = KGRAG(KnowledgeGraph.from_rdf(DATASETS / PARTS[name].graph), reasoner=reasoner)
        yield name, answered(rag, read_questions(DATASETS / PARTS[name].questions.format(part=part)), given=False)[0]
    say("PcQA: asking")
    rag = KGRAG(KnowledgeGraph.from_rdf(DATASETS / "pcqa" / "kb.nt"), reasoner=reasoner)
    figures, _ = answered(
        rag, [one for one in pcqa_questions(rag.graph, part) if one.answers and not one.kind], given=False
    )
    del figures["linked"]  # the set does not say what questions name
    yield "PcQA", figures


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the table."""
    rows = [["set", "reasoner", *MEASURES.values()]]
    for name, by_way in record["figures"].items():
        rows += [[name, how, *(shown(figures.get(one)) for one in MEASURES)] for how, figures in by_way.items()]
    yield from table(rows)
    yield ""
    if record["quick"]:
        yield f"Learned from at most {OF_A_SET_QUICK} questions of a set: not for quoting."
    yield f"Trained in {record['seconds']:.0f} s. Part {record['part']}, seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)


if __name__ == "__main__":
    main()
