"""The entity linker, measured against the usual ways to link: ``python benchmarks/linking.py [--quick] [--speed]``.

Prints one table of all figures and the goals that were set for them; ``--json FILE`` writes the same as a record, and
``--predictions FILE`` what each system made of each mention and question. Data of others is read from the folder that
KGRAG_DATASETS names; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from linking_sets import QUESTIONS, UNLINKABLE, Asked, Document, diseases, documents, hidden, questions
from linking_systems import BASELINES, Candidates, Kgrag, Rapidfuzz, System
from reporting import DATASETS, Goal, goal_table, machine, made_on, say, shown, table, versions

from kgrag.encoder import default_encoder
from kgrag.evaluation.confidence import aurc, ece, risk_at_coverage
from kgrag.evaluation.metrics import Overlap, hit_at, mean
from kgrag.evaluation.runner import current_commit
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker, LabelledText

HERE = Path(__file__).parent
SEED = 0
SAMPLE = 200  # questions of a set with --quick
SLOW = 300  # questions of a set that rapidfuzz is asked
EXACT, TYPO = "", ", typos"
HIDDEN = 1 / 3  # of the topics
COVERAGES = range(10, 101, 10)  # percent
SIZES = (10_000, 100_000, 1_000_000)  # aliases
COLUMNS = ("kgrag", "kgrag zero-label", "kgrag trained", *BASELINES)
MEASURES = {
    "mentions": "mentions that the graph has a node for",
    "accuracy@1": "accuracy@1, gold spans",
    "accuracy@10": "accuracy@10",
    "recall@30": "recall@30",
    "precision": "precision, spans and links",
    "recall": "recall, spans and links",
    "f1": "F1, spans and links",
    "unlinkable": "unlinkable ones",
    "nil_precision": "NIL precision",
    "nil_recall": "NIL recall",
    "aurc": "area under risk and coverage",
    "ece": "calibration error",
    "questions": "questions",
    "topics": "share of topics linked",
    "whole": "share of questions with all topics linked",
    "named": "share of links that are of a topic",
    "per_second": "questions a second",
    "build_s": "build, s",
    "fuzzy_build_s": "build for misspelt names, s",
    "memory_mib": "memory of both, MiB",
    "exact_per_second": "questions a second, exact mentions",
    "span_ms": "misspelt mention, span given, ms",
    "fuzzy_ms": "question with a misspelt mention, ms",
}

Nodes = frozenset[int]
Figures = dict[str, Any]  # numbers, and curves as lists of them
Predictions = list[dict[str, object]]
Measured = Iterator[tuple[str, str, Figures, Predictions]]  # where, which system, and what
Results = dict[str, dict[str, Figures]]


def of(system: str, where: str, measure: str) -> Callable[[Results], float]:
    """One figure."""
    return lambda results: results[where][system][measure]


GOALS = [
    ("ncbi_disease", Goal("accuracy@1, zero-label", of("kgrag zero-label", "ncbi_disease", "accuracy@1"), least=0.68)),
    ("ncbi_disease", Goal("accuracy@1, trained", of("kgrag trained", "ncbi_disease", "accuracy@1"), least=0.80)),
    *(
        (f"{name} {part}{kind}", Goal("topics linked", of("kgrag", f"{name} {part}{kind}", "topics"), least=least))
        for name, parts in QUESTIONS.items()
        for part, files in parts.items()
        for kind, least in ((EXACT, 0.99), (TYPO, 0.95))
        if files.typos or kind == EXACT
    ),
    ("100k aliases", Goal("questions a second", of("kgrag", "100k aliases", "exact_per_second"), least=5000)),
    ("100k aliases", Goal("misspelt mention, ms", of("kgrag", "100k aliases", "fuzzy_ms"), most=2)),
    ("1,000k aliases", Goal("misspelt mention, ms", of("kgrag", "1,000k aliases", "fuzzy_ms"), most=15)),
]


def main() -> None:
    """Measures all sets that are there, prints the table and the goals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=["ncbi_disease", *QUESTIONS], help="sets; all by default")
    parser.add_argument("--quick", action="store_true", help=f"{SAMPLE} questions of a set; not for quoting")
    parser.add_argument("--speed", action="store_true", help="also graphs of up to 1M aliases; takes two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="where to write what was linked, as JSON lines"
    )
    arguments = parser.parse_args()
    names = arguments.only or ["ncbi_disease", *QUESTIONS]
    most = SAMPLE if arguments.quick else None
    results: Results = {}
    predictions: Predictions = []
    for name in filter(is_there, names):
        parts = [mentions()] if name == "ncbi_disease" else [topics(name, most)]
        if name in UNLINKABLE:
            parts.append(unlinkable(name, most))
        for where, system, figures, predicted in chain.from_iterable(parts):
            results.setdefault(where, {})[system] = figures
            predictions += [{"set": where, "system": system, **one} for one in predicted]
    if arguments.speed:
        results |= {f"{size // 1000:,}k aliases": {"kgrag": speed(size)} for size in SIZES}
    record = {
        "seed": SEED,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "ahocorasick-rs", "rapidfuzz", "scikit-learn", "sentence-transformers"),
        "figures": results,
        "goals": [goal.line(where, results) for where, goal in GOALS],
        "absent": [name for name in names if not is_there(name)],
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.predictions:
        arguments.predictions.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in predictions))


def is_there(name: str) -> bool:
    """Whether a set's files, and for mentions of diseases also the graph's, are in KGRAG_DATASETS."""
    folders = [name, "disease_ontology"] if name == "ncbi_disease" else [name]
    return all((DATASETS / folder).is_dir() for folder in folders)


def disease_linkers(
    graph: KnowledgeGraph, only: frozenset[int], names: Collection[str] | None = None
) -> dict[str, EntityLinker]:
    """Our linkers of diseases by the name of their column: by letters, by meaning as well, and trained."""
    encoder = default_encoder()
    zero_label, trained = (EntityLinker(graph, encoder=encoder, linkable=only.__contains__) for _ in range(2))
    untrained = {"kgrag": EntityLinker(graph, linkable=only.__contains__), "kgrag zero-label": zero_label}
    if names is not None and "kgrag trained" not in names:
        return untrained
    say("ncbi_disease: training")
    texts = documents(DATASETS / "ncbi_disease" / "train.jsonl", graph)
    trained.train([labelled(document, graph) for document in texts])
    return untrained | {"kgrag trained": trained}


def labelled(document: Document, graph: KnowledgeGraph) -> LabelledText:
    """A text as the linker is trained on it."""
    mentions = (
        (start, end, tuple(graph.iri(node) for node in sorted(nodes)))
        for (start, end), nodes in zip(document.spans, document.gold)
    )
    return LabelledText(document.text, tuple(mentions))


def mentions(names: Collection[str] | None = None) -> Measured:
    """Mentions of diseases in abstracts, to the Disease Ontology; by some of the systems only, where these are named."""
    graph = KnowledgeGraph.from_rdf(DATASETS / "disease_ontology" / "do.nt")
    texts = documents(DATASETS / "ncbi_disease" / "valid.jsonl", graph)
    gold = [nodes for document in texts for nodes in document.gold]
    written = [(document.id, document.text[start:end]) for document in texts for start, end in document.spans]
    only = diseases(graph)
    for name, system in systems(graph, only, disease_linkers(graph, only, names)):
        if names is not None and name not in names:
            continue
        say(f"ncbi_disease: {name}")
        candidates = [found for of_text in system.mentions(texts) for found in of_text]
        figures = ranked(gold, candidates) | risks(gold, candidates)
        if isinstance(system, Kgrag):
            said = [sum(dict(found).values()) < system.linker.config.threshold for found in candidates]
            figures |= nil(gold, said)
        if type(system).text is not System.text:
            figures |= end_to_end(texts, [system.text(document.text) for document in texts])
        yield (
            "ncbi_disease",
            name,
            figures,
            [
                {"id": id, "mention": mention, "gold": labels(graph, nodes), "linked": labels(graph, dict(found))}
                for (id, mention), nodes, found in zip(written, gold, candidates)
            ],
        )


def topics(name: str, most: int | None) -> Measured:
    """Questions to their topics, as they are and with a typo in each name."""
    at_hand: dict[str, list[tuple[str, System]]] = {}
    for part, (graph_file, file, key, typos) in QUESTIONS[name].items():
        folder = DATASETS / name
        if graph_file not in at_hand:
            graph = KnowledgeGraph.from_rdf(folder / graph_file)
            entities = frozenset(np.flatnonzero(~graph.is_literal).tolist())
            at_hand = {graph_file: list(systems(graph, entities, {"kgrag": EntityLinker(graph)}))}
        for kind in (EXACT, TYPO) if typos else (EXACT,):
            rows = questions(folder / file, graph, kind == TYPO, SEED, key)
            for system_name, system in at_hand[graph_file]:
                if type(system).question is System.question:
                    continue
                chosen = sampled(rows, min(most or len(rows), SLOW if isinstance(system, Rapidfuzz) else len(rows)))
                say(f"{name} {part}{kind}: {system_name}, {len(chosen)} questions")
                system.question(chosen[0].question, 1)  # builds what is built at the first use
                started = time.perf_counter()
                linked = [system.question(row.question, len(row.topics)) for row in chosen]
                figures = {"per_second": len(chosen) / (time.perf_counter() - started)} | found(chosen, linked)
                yield (
                    f"{name} {part}{kind}",
                    system_name,
                    figures,
                    [
                        {
                            "id": row.id,
                            "question": row.question,
                            "gold": [labels(graph, nodes) for nodes in row.topics],
                            "linked": labels(graph, dict(of_row)),
                        }
                        for row, of_row in zip(chosen, linked)
                    ],
                )


def unlinkable(name: str, most: int | None) -> Measured:
    """Questions with one topic each, of which the linker is not to know a third."""
    part = UNLINKABLE[name]
    graph_file, file, key, _ = QUESTIONS[name][part]
    graph = KnowledgeGraph.from_rdf(DATASETS / name / graph_file)
    rows = questions(DATASETS / name / file, graph, False, SEED, key)
    gone = hidden(rows, graph, HIDDEN, SEED)
    only = frozenset(np.flatnonzero(~graph.is_literal).tolist()) - gone
    linker = EntityLinker(graph, linkable=lambda node: node not in gone)
    for system_name, system in systems(graph, only, {"kgrag": linker}):
        if type(system).question is System.question:
            continue
        chosen = sampled(rows, min(most or len(rows), SLOW if isinstance(system, Rapidfuzz) else len(rows)))
        say(f"{name} {part}, topics hidden: {system_name}, {len(chosen)} questions")
        linked = [system.question(row.question, 1) for row in chosen]
        gold = [row.topics[0] - gone for row in chosen]
        surest = [sorted(of_row, key=lambda one: -one[1])[:1] for of_row in linked]
        figures = {"questions": len(rows)} | nil(gold, [not of_row for of_row in linked]) | risks(gold, surest)
        predicted = [
            {
                "id": row.id,
                "question": row.question,
                "gold": labels(graph, nodes),
                "linked": labels(graph, dict(of_row)),
            }
            for row, nodes, of_row in zip(chosen, gold, linked)
        ]
        yield f"{name} {part}, topics hidden", system_name, figures, predicted


def systems(
    graph: KnowledgeGraph, only: frozenset[int], linkers: dict[str, EntityLinker]
) -> Iterator[tuple[str, System]]:
    """What is compared on a graph, ours first."""
    for name, linker in linkers.items():
        yield name, Kgrag(graph, only, linker)
    for name, baseline in BASELINES.items():
        yield name, baseline(graph, only)


def sampled(rows: list[Asked], most: int) -> list[Asked]:
    """The same part each time."""
    return random.Random(SEED).sample(rows, most) if most < len(rows) else rows


def labels(graph: KnowledgeGraph, nodes: Iterable[int]) -> list[str]:
    """What nodes are shown by."""
    return [graph.label(node) for node in nodes]


def ranked(gold: list[Nodes], candidates: list[Candidates]) -> Figures:
    """Share of the mentions that the graph has a node for which have one of their nodes among the first."""
    known = [(nodes, list(dict(found))) for nodes, found in zip(gold, candidates) if nodes]
    first = {"accuracy@1": 1, "accuracy@10": 10, "recall@30": 30}
    return {"mentions": len(known)} | {
        measure: mean(hit_at(found, nodes, n) for nodes, found in known) or 0.0 for measure, n in first.items()
    }


def risks(gold: list[Nodes], candidates: list[Candidates]) -> Figures:
    """What is wrong among the surest links; where the graph has no node every link is wrong, and so is none."""
    sure = [found[0][1] if found else 0.0 for found in candidates]
    wrong = [not found or found[0][0] not in nodes for nodes, found in zip(gold, candidates)]
    curve = [(coverage, risk_at_coverage(sure, wrong, coverage / 100)) for coverage in COVERAGES]
    return {"aurc": aurc(sure, wrong), "ece": ece(sure, ~np.array(wrong)), "curve": curve}


def nil(gold: list[Nodes], said: list[bool]) -> Figures:
    """What is taken for unknown, against that which the graph has no node for."""
    unknown = {at for at, nodes in enumerate(gold) if not nodes}
    overlap = Overlap.of({at for at, one in enumerate(said) if one}, unknown)
    return {"unlinkable": len(unknown), "nil_precision": overlap.precision, "nil_recall": overlap.recall}


def end_to_end(texts: list[Document], linked: list[dict[tuple[int, int], int]]) -> Figures:
    """Precision and recall of links whose span and node are right, over the mentions that the graph has a node for."""
    overlaps = []
    for text, links in zip(texts, linked):
        gold = {span: nodes for span, nodes in zip(text.spans, text.gold) if nodes}
        right = sum(node in gold.get(span, ()) for span, node in links.items())
        overlaps.append(Overlap(right, len(links), len(gold)))
    total = Overlap.total(overlaps)
    return {"precision": total.precision, "recall": total.recall, "f1": total.f1}


def found(rows: list[Asked], linked: list[Candidates]) -> Figures:
    """How many topics were linked, and how many links are of a topic."""
    hits = [[not nodes.isdisjoint(dict(links)) for nodes in row.topics] for row, links in zip(rows, linked)]
    of_topic = [any(node in nodes for nodes in row.topics) for row, links in zip(rows, linked) for node, _ in links]
    shares = {
        "topics": mean(hit for of_row in hits for hit in of_row),
        "whole": mean(map(all, hits)),
        "named": mean(of_topic),
    }
    return {"questions": len(rows)} | {name: share or 0.0 for name, share in shares.items()}


def speed(aliases: int) -> Figures:
    """What a process of its own finds out about a synthetic graph."""
    say(f"synthetic graph of {aliases:,} aliases")
    command = [sys.executable, str(HERE / "linking_speed.py"), str(aliases), str(SEED)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def report(record: dict) -> Iterator[str]:
    """Lines of the tables."""
    rows = [["set", "measure", *COLUMNS]]
    for where, by_system in record["figures"].items():
        for measure, name in MEASURES.items():
            if any(measure in figures for figures in by_system.values()):
                rows.append([where, name, *(shown(by_system.get(column, {}).get(measure)) for column in COLUMNS)])
    yield from table(rows)
    yield ""
    yield from risk_table(record["figures"])
    yield ""
    yield from goal_table("set", record["goals"])
    yield ""
    if record["quick"]:
        yield f"A sample of at most {SAMPLE} questions of a set: not for quoting."
    yield f"rapidfuzz: at most {SLOW} questions of a set. Of a question baselines know how many topics it has, kgrag does not."
    yield f"Seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)
    for name in record["absent"]:
        yield f"{name} is left out: KGRAG_DATASETS does not hold all of it (see benchmarks/README.md)."


def risk_table(figures: Results) -> Iterator[str]:
    """The share of wrong links among the surest of all mentions, or questions, by how many these are."""
    rows = [["risk at coverage", "system", *(f"{coverage} %" for coverage in COVERAGES)]]
    for where, by_system in figures.items():
        for system, measured in by_system.items():
            if "curve" in measured:
                rows.append([where, system, *(shown(risk) for _, risk in measured["curve"])])
    yield from table(rows)


if __name__ == "__main__":
    main()
