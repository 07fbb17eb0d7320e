"""Sub-graphs alone: what they hold and what they cost: ``python benchmarks/retrieval.py [coverage] [cost] [--quick]``.

Prints two tables and the goals: for questions of public sets, how often the answers are in the sub-graph that each method
takes, how large it is and how long it takes; and for synthetic graphs with hubs, the time that it takes beside other systems.
``--json FILE`` writes the same as a record. All times are processor time, on one thread. See benchmarks/README.md; needs ``pip install 'kgrag[benchmarks]'``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import synthetic
from reporting import DATASETS, Goal, goal_table, machine, made_on, say, shown, table, versions
from retrieval_systems import BUDGET, SYSTEMS, transitions, walked

from kgrag import KGRAG, KnowledgeGraph, Question, read_questions
from kgrag.config import RetrievalConfig
from kgrag.evaluation.metrics import mean
from kgrag.evaluation.runner import current_commit
from kgrag.retrieval import Relevance, SubgraphRetriever, retriever_named
from kgrag.retrieval.parts import assemble, between, in_order
from kgrag.training.labelled import topics_of
from kgrag.training.scorer import train_scorer
from kgrag.types import Ids, Subgraph

HERE = Path(__file__).parent
SEED = 0
BUDGETS = (300, BUDGET)
HUBS, DEGREE = 4, 100_000  # of the largest graphs; hubs of smaller ones have a tenth of all statements
STARTS = 100
TOO_LARGE = {"rdflib": 2_000_000, "networkx ego": 2_000_000}  # statements that these are spared
SETS = {
    **{f"metaqa {hops} hop": ("metaqa/kb.nt", f"metaqa/{hops}hop_train.jsonl") for hops in (1, 2, 3)},
    **{
        name: (f"pathquestion/{name}/kb.nt", f"pathquestion/{name}/train.jsonl")
        for name in ("PQ-2H", "PQ-3H", "PQL-2H", "PQL-3H")
    },
}
GOALS = [
    Goal("random start, kgrag pagerank, ms", lambda by: by["kgrag pagerank"]["random_ms"], most=5),
    Goal("start at a hub, kgrag pagerank, ms", lambda by: by["kgrag pagerank"]["hub_ms"], most=5),
    Goal("random start, kgrag hops 3, ms", lambda by: by["kgrag hops, 3"]["random_ms"], most=5),
    Goal("start at a hub, kgrag hops 3, ms", lambda by: by["kgrag hops, 3"]["hub_ms"], most=5),
]  # fmt: skip


class Asked(NamedTuple):
    """A question with what it names and where its answers are: one set of nodes for each."""

    question: Question
    seeds: Ids
    answers: list[set[int]]
    relevance: Relevance


def main() -> None:
    """Measures what is asked for, prints the tables, and ends with 1 where a system failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="coverage | cost", help="what to measure; both by default")
    parser.add_argument("--quick", action="store_true", help="few questions, and no graph above 100,000 statements")
    parser.add_argument("--large", action="store_true", help="a graph of 10 million statements as well")
    parser.add_argument("--questions", type=int, default=200, help="of each set; 200 by default")
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS), help="sets; all by default")
    parser.add_argument(
        "--train", type=int, default=0, metavar="N", help="train a scorer on N other questions of each set"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    count = 30 if arguments.quick else arguments.questions
    parts = arguments.parts or ["coverage", "cost"]
    if set(parts) - {"coverage", "cost"}:
        parser.error("there are coverage and cost to measure")
    wanted = arguments.only if "coverage" in parts else []
    there = [name for name in wanted if (DATASETS / SETS[name][0]).is_file()]
    sizes = [10_000, 100_000] + [1_000_000] * (not arguments.quick) + [10_000_000] * arguments.large
    sizes = sizes if "cost" in parts else []
    faults: list[str] = []
    record: dict[str, Any] = {
        "seed": SEED,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "numpy", "scipy", "networkx", "pyoxigraph", "rdflib", "pcst-fast2"),
        "questions": count,
        "coverage": {name: coverage(name, count, arguments.train) for name in there},
        "cost": {f"{size:,}": cost(size, 10 if arguments.quick else STARTS, faults) for size in sizes},
        "absent": [name for name in wanted if name not in there],
        "faults": faults,
    }
    record["goals"] = [goal.line(size, found) for size, found in record["cost"].items() for goal in GOALS]
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    sys.exit(1 if faults else 0)


# What is in the sub-graphs


def coverage(name: str, count: int, train: int) -> list[dict[str, Any]]:
    """Figures of each method and budget for a sample of questions."""
    file, questions_file = SETS[name]
    graph = KnowledgeGraph.from_rdf(DATASETS / file)
    questions = read_questions(DATASETS / questions_file)
    random.Random(SEED).shuffle(questions)
    rag = KGRAG(graph)
    sample = [asked for question in questions[:count] if (asked := prepared(rag, question)) is not None]
    started = time.process_time()
    for asked in sample:
        _ = asked.relevance.relations
    reading = 1e3 * (time.process_time() - started) / max(len(sample), 1)
    methods: dict[str, tuple[SubgraphRetriever, RetrievalConfig]] = {}
    for method in ("hops", "pagerank", "paths", "steiner"):
        methods[method] = (retriever_named(method), RetrievalConfig(method=method, hops=3))
    methods["full PageRank"] = (FullPageRank(graph), RetrievalConfig())
    if train:
        say(f"{name}: training a scorer")
        methods["scorer"] = (train_scorer(rag, questions[count : count + train], seed=SEED), RetrievalConfig())
    rows = []
    for budget in BUDGETS:
        for method, (retriever, config) in methods.items():
            for is_aware in (False, True) if method in ("hops", "pagerank", "paths") else (method != "full PageRank",):
                say(f"{name}: {method}, {budget} nodes")
                figures = taken(graph, sample, retriever, config, budget, is_aware)
                rows.append({"method": method, "aware": is_aware, "budget": budget, "question_ms": reading, **figures})
    return rows


def prepared(rag: KGRAG, question: Question) -> Asked | None:
    """A question that names a node and has an answer in the graph."""
    seeds, masked = topics_of(rag, question)
    answers = [set(nodes) for answer in dict.fromkeys(question.answers) if (nodes := rag.graph.find(answer))]
    if not seeds or not answers:
        return None
    return Asked(question, np.array(seeds, np.int64), answers, rag.labels.relevance(masked))


def taken(
    graph: KnowledgeGraph,
    sample: Sequence[Asked],
    retriever: SubgraphRetriever,
    config: RetrievalConfig,
    budget: int,
    is_aware: bool,
) -> dict[str, float]:
    """Coverage, size and time of one method: medians, and means for coverage."""
    config = replace(config, nodes=budget)
    any_, all_, share, nodes, statements, took = [], [], [], [], [], []
    for asked in [sample[0], *sample]:  # what is computed once is, for the first one
        before = time.process_time()
        subgraph = retriever(graph, asked.seeds, config, asked.relevance if is_aware else None)
        took.append(1e3 * (time.process_time() - before))
        inside = set(subgraph.nodes.tolist())
        found = [not answer.isdisjoint(inside) for answer in asked.answers]
        any_.append(any(found))
        all_.append(all(found))
        share.append(mean(found))
        nodes.append(len(subgraph.nodes))
        statements.append(len(subgraph.statements))
    return {
        "any": mean(any_[1:]),
        "all": mean(all_[1:]),
        "share": mean(share[1:]),
        "nodes": statistics.median(nodes[1:]),
        "statements": statistics.median(statements[1:]),
        "ms": statistics.median(took[1:]),
    }


class FullPageRank:
    """The best nodes of a PageRank over the whole graph, by a sparse matrix."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.step = transitions(graph)

    def __call__(
        self, graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None
    ) -> Subgraph:
        first = in_order(seeds)
        start = np.zeros(graph.num_nodes)
        start[first] = 1 / len(first)
        scores = walked(self.step, start)
        scores[first] = np.inf
        order = np.argsort(-scores, kind="stable")[: max(config.nodes, len(first))]
        nodes = np.append(first, order[len(first) :][scores[order[len(first) :]] > 0])
        return assemble(graph, seeds, nodes, between(graph, nodes), True)


# What they cost


def cost(size: int, starts: int, faults: list[str]) -> dict[str, dict[str, float]]:
    """Figures of each system on a synthetic graph, each in a process of its own."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nt"
        say(f"{size:,} statements: writing")
        hubs = synthetic.write_with_hubs(path, size, SEED, HUBS, min(DEGREE, size // 10))
        with open(path, encoding="utf-8") as lines:
            subjects = {line.split(" ", 1)[0] for line in lines if line.startswith(f"<{synthetic.BASE}e/Q")}
        random_starts = random.Random(SEED).sample(sorted(subjects), starts)
        plan = {"path": str(path), "starts": {"random": [iri.strip("<>") for iri in random_starts], "hub": hubs * 5}}
        for system in SYSTEMS:
            if size > TOO_LARGE.get(system, size):
                continue
            say(f"{size:,} statements: {system}")
            command = [sys.executable, str(HERE / "retrieval_systems.py"), system]
            done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True)
            if done.returncode:
                faults.append(f"{size:,} statements, {system}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
                continue
            found[system] = json.loads(done.stdout)
    return found


# What is printed


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the tables."""
    rows = [["set", "budget", "method", "question-aware", "any answer", "all answers", "nodes", "statements", "ms"]]
    for name, found in record["coverage"].items():
        for row in found:
            figures = [
                f"{row['any']:.3f}",
                f"{row['all']:.3f}",
                *(shown(row[key]) for key in ("nodes", "statements", "ms")),
            ]
            rows.append([name, str(row["budget"]), row["method"], "yes" if row["aware"] else "no", *figures])
    if record["coverage"]:
        yield from table(rows)
        times = (f"{found[0]['question_ms']:.1f} ms ({name})" for name, found in record["coverage"].items())
        yield f"\nMilliseconds of processor time. Reading a question takes {', '.join(times)} beside these.\n"
    if record["cost"]:
        yield from cost_table(record["cost"])
        yield "\nMilliseconds of processor time. In brackets: how many times that of kgrag's PageRank.\n"
        yield from goal_table("statements", record["goals"])
        yield ""
    yield f"Seed {record['seed']}, commit {record['commit']}, {record['questions']} questions of each set."
    yield made_on(record)
    for name in record["absent"]:
        yield f"{name} is left out: KGRAG_DATASETS names no folder that holds {SETS[name][0]} (see benchmarks/README.md)."
    yield from (f"FAULT {fault}" for fault in record["faults"])


def cost_table(cost: dict[str, dict[str, dict[str, float]]]) -> Iterator[str]:
    """Milliseconds of each system, from nodes drawn at random and from hubs."""
    rows = [["statements", "system", "random start, ms", "95 %", "nodes", "start at a hub, ms", "95 %", "nodes"]]
    for size, found in cost.items():
        own = found.get("kgrag pagerank", {})
        for system, figures in found.items():
            cells = []
            for kind in ("random", "hub"):
                ms = figures[f"{kind}_ms"]
                ratio = f" ({shown(ms / own[f'{kind}_ms'])})" if own and system != "kgrag pagerank" else ""
                cells += [shown(ms) + ratio, shown(figures[f"{kind}_p95_ms"]), shown(figures[f"{kind}_nodes"])]
            rows.append([size, system, *cells])
    yield from table(rows)


if __name__ == "__main__":
    main()
