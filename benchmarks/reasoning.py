"""The reasoner, measured by itself: ``python benchmarks/reasoning.py [--quick] [--only SET ...]``.

For each set the system is built from the graph alone, and measured; then trained on the train part, and measured again. Both
with the topics given and from raw text. With ``--reasoner rearev`` the ReaRev-like reasoner is trained from scratch instead, or with
``--reasoner following rearev`` beside it. Prints a table and the goals that were set; ``--json FILE`` writes a record, and
``--predictions FILE`` what was answered to each question. Data of others is read from the folder that KGRAG_DATASETS names;
see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from reporting import DATASETS, Goal, goal_table, machine, made_on, say, shown, table, versions

from kgrag import KGRAG, KnowledgeGraph, Question, read_questions
from kgrag.encoding import ReaRevReader, reason
from kgrag.evaluation.metrics import exact_match, hit_at, percentile, set_f1
from kgrag.evaluation.runner import current_commit
from kgrag.yes_no import asks_yes_no

OWN = Path(__file__).parent / "questions"
SEED = 0
SAMPLE = 150  # questions of a part with --quick
OFFERED = 0.5  # share of the best probability from which a node is among the answers
ALONE = 100  # questions that are timed one by one
ZERO, TRAINED = "zero-label", "trained"
FOLLOWING, REAREV = "following", "rearev"
GIVEN, RAW = "topics given", "raw text"
MEASURES = {
    "hits@1": "Hits@1",
    "f1": "F1",
    "exact": "exact set",
    "linked": "topics linked",
    "coverage": "answer in the sub-graph",
    "ms": "ms a question, alone",
    "per_second": "questions a second, together",
    "seconds": "seconds to build or train",
}

Figures = dict[str, float]
Predictions = list[dict[str, object]]
Results = dict[str, dict[str, Figures]]


class Part(NamedTuple):
    """Questions about a graph, with what is to be reached on their validation part."""

    graph: str
    questions: str  # with {part} for train and valid
    trained: float | None
    zero: float | None
    asked: str = ""  # what is measured instead, in the folder of our own questions


PARTS = {
    "PQ-2H": Part("pathquestion/PQ-2H/kb.nt", "pathquestion/PQ-2H/{part}.jsonl", 0.985, 0.80),
    "PQ-3H": Part("pathquestion/PQ-3H/kb.nt", "pathquestion/PQ-3H/{part}.jsonl", 0.97, 0.70),
    "PQL-2H": Part("pathquestion/PQL-2H/kb.nt", "pathquestion/PQL-2H/{part}.jsonl", 0.98, 0.75),
    "PQL-3H": Part("pathquestion/PQL-3H/kb.nt", "pathquestion/PQL-3H/{part}.jsonl", 0.95, 0.65),
    "MetaQA 1 hop": Part("metaqa/kb.nt", "metaqa/1hop_{part}.jsonl", 0.995, 0.95),
    "MetaQA 2 hop": Part("metaqa/kb.nt", "metaqa/2hop_{part}.jsonl", 0.965, 0.85),
    "MetaQA 3 hop": Part("metaqa/kb.nt", "metaqa/3hop_{part}.jsonl", 0.97, 0.75),
    "WC2014 1 hop": Part("wc2014/kb.nt", "wc2014/1hop_{part}.jsonl", 0.98, 0.80),
    "WC2014 2 hop": Part("wc2014/kb.nt", "wc2014/2hop_{part}.jsonl", 0.98, 0.70),
    "WC2014 conjunction": Part("wc2014/kb.nt", "wc2014/conjunction_{part}.jsonl", 0.95, 0.60),
    "PQ-2H paraphrased": Part(
        "pathquestion/PQ-2H/kb.nt", "pathquestion/PQ-2H/{part}.jsonl", None, None, "pathquestion_paraphrased.jsonl"
    ),
    "MetaQA 2 hop paraphrased": Part(
        "metaqa/kb.nt", "metaqa/2hop_{part}.jsonl", None, None, "metaqa_paraphrased.jsonl"
    ),
}


def of(how: str, name: str) -> Callable[[Results], float]:
    """Hits@1 from raw text."""
    return lambda results: results[name][f"{how}, {RAW}"]["hits@1"]


GOALS = [
    (name, Goal(f"Hits@1, {how}", of(how, name), least=least))
    for name, part in PARTS.items()
    for how, least in ((ZERO, part.zero), (TRAINED, part.trained))
    if least is not None
]


def main() -> None:
    """Measures the sets asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="SET", help=f"any of {', '.join(PARTS)}")
    parser.add_argument(
        "--reasoner", nargs="+", choices=[FOLLOWING, REAREV], default=[FOLLOWING], help="what reasons (following)"
    )
    parser.add_argument("--part", default="valid", help="what is measured: PART in the file names (valid)")
    parser.add_argument("--quick", action="store_true", help=f"{SAMPLE} questions of a set; not for quoting")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="where to write the answers, as JSON lines")
    arguments = parser.parse_args()
    names = [name for name in arguments.only or PARTS if (DATASETS / PARTS[name].graph).is_file()]
    results: Results = {}
    predictions: Predictions = []
    most = SAMPLE if arguments.quick else None
    for name, reasoner in product(names, arguments.reasoner):
        for how, figures, predicted in measured(name, reasoner, arguments.part, most):
            results.setdefault(name, {})[how] = figures
            predictions += [{"set": name, "how": how, **one} for one in predicted]
    record = {
        "seed": SEED,
        "part": arguments.part,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "dgl"),
        "figures": results,
        "goals": [goal.line(where, results) for where, goal in GOALS if where in results],
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.predictions:
        arguments.predictions.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in predictions))


def measured(name: str, reasoner: str, part: str, most: int | None) -> Iterator[tuple[str, Figures, Predictions]]:
    """Figures of a set: from the graph alone, then trained; with topics given, then from raw text."""
    graph = KnowledgeGraph.from_rdf(DATASETS / PARTS[name].graph)
    own = PARTS[name].asked
    questions = read_questions(OWN / own if own else DATASETS / PARTS[name].questions.format(part=part))
    if most is not None and most < len(questions):
        questions = random.Random(SEED).sample(questions, most)
    say(f"{name}: building")
    started = time.perf_counter()
    rag = KGRAG.build(graph) if reasoner == FOLLOWING else KGRAG(graph, reasoner=reasoner)
    for how in (ZERO, TRAINED) if reasoner == FOLLOWING else (TRAINED,):
        if how == TRAINED:
            say(f"{name}: training")
            started = time.perf_counter()
            rag.train(read_questions(DATASETS / PARTS[name].questions.format(part="train")))
        seconds = time.perf_counter() - started
        for given in (True, False):
            figures, predictions = answered(rag, questions, given)
            if not given:
                figures |= {"seconds": seconds} | speed(rag, questions)
            by = "" if reasoner == FOLLOWING else f" {reasoner}"
            yield f"{how}{by}, {GIVEN if given else RAW}", figures, predictions


def read(rag: KGRAG, question: Question, given: bool) -> tuple[str, list[int]]:
    """The masked question and its topics, linked or given."""
    links = [link for link in rag.linker.link(question.question) if link.node is not None]
    linked = [link.node for link in links if link.node is not None]
    if not given:
        return rag.linker.mask(question.question, links), list(dict.fromkeys(linked))
    topics = []
    for topic in question.topics:
        nodes = rag.graph.find(topic)
        topics += [next((node for node in nodes if node in linked), nodes[0])] if nodes else []
    return rag.linker.mask(question.question, [link for link in links if link.node in topics] or links), topics


def answered(rag: KGRAG, questions: Sequence[Question], given: bool) -> tuple[Figures, Predictions]:
    """What the reasoner finds, against gold; of homonyms the pipeline's choice counts."""
    hits, f1, exact, linked, covered, predictions = [], [], [], [], [], []
    for question in questions:
        masked, topics = read(rag, question, given)
        if not given and topics:
            links = [link for link in rag._link(question.question) if link.node is not None]
            masked = rag.linker.mask(question.question, links)
            topics = list(dict.fromkeys(link.node for link in links if link.node is not None))
        gold = {node for answer in question.answers for node in rag.graph.find(answer)}
        found: list[int] = []
        if topics:
            findings = reason(rag.reader, masked, topics, asks_yes_no(question.question))
            order = np.lexsort((findings.subgraph.nodes, -findings.scores))
            best = float(findings.scores.max(initial=0.0))
            offered = [place for place in order.tolist() if findings.scores[place] >= max(OFFERED * best, 1e-6)]
            found = findings.subgraph.nodes[offered].tolist()
        hits.append(hit_at(found, gold))
        f1.append(set_f1(found, gold))
        exact.append(exact_match(found, gold))
        wanted = [set(rag.graph.find(topic)) for topic in question.topics]
        linked.append(all(nodes & set(topics) for nodes in wanted))
        if isinstance(rag.reader, ReaRevReader):
            near = rag.reader.look(masked, np.array(topics, np.int64)).nodes if topics else ()
            covered.append(not gold.isdisjoint(near))
        labels = [rag.graph.label(node) for node in found[:20]]
        predictions.append({"id": question.id, "masked": masked, "answers": labels, "right": hits[-1]})
    pairs = {"hits@1": hits, "f1": f1, "exact": exact, "linked": linked, "coverage": covered}
    return {name: statistics.fmean(values) for name, values in pairs.items() if values}, predictions


def speed(rag: KGRAG, questions: Sequence[Question]) -> Figures:
    """Time to reason after linking: one question at a time, and all together."""
    asked = [
        (masked, topics)
        for q in questions
        if (read_ := read(rag, q, False)) and (topics := read_[1])
        for masked in [read_[0]]
    ]
    seconds = []
    for masked, topics in asked[:ALONE]:
        started = time.perf_counter()
        reason(rag.reader, masked, topics)
        seconds.append(time.perf_counter() - started)
    masked_all = [masked for masked, topics in asked for _ in topics]
    starts = [[topic] for _, topics in asked for topic in topics]
    started = time.perf_counter()
    rag.reader.read(masked_all, starts)
    together = time.perf_counter() - started
    return {"ms": 1000 * (percentile(seconds, 50) or 0.0), "per_second": len(asked) / together}


def report(record: dict) -> Iterator[str]:
    """Lines of the tables."""
    rows = [["set", "how", *MEASURES.values()]]
    for name, by_way in record["figures"].items():
        for how, figures in by_way.items():
            rows.append([name, how, *(shown(figures.get(measure)) for measure in MEASURES)])
    yield from table(rows)
    yield ""
    yield from goal_table("set", record["goals"])
    yield ""
    if record["quick"]:
        yield f"A sample of at most {SAMPLE} questions of a set: not for quoting."
    yield f"Part {record['part']}, seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)


if __name__ == "__main__":
    main()
