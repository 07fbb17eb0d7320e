"""Questions that are computed over a graph, measured: ``python benchmarks/symbolic.py [--part held]``.

Asks the questions of ``questions/symbolic.jsonl`` over the medical graph and ``questions/symbolic.ttl`` with the shipped models, and
prints for each operator how many were recognised and answered rightly; then how many of the ordinary questions of other sets are
taken for such (false alarms). Data of others is read from the folder that KGRAG_DATASETS names, and left out where it is not there.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

from reporting import DATASETS

from kgrag import KGRAG, KnowledgeGraph
from kgrag.resources import data_folder
from kgrag.types import Answer

HERE = Path(__file__).parent
STATED = ("both", "yes/no")  # answered by what is stated, with nothing to compute
ORDINARY = 300  # questions of each set of others


def lines(path: Path) -> list[dict]:
    """The records of a JSON lines file; none where it is not there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def is_right(question: dict, answer: Answer) -> bool:
    """Whether an answer is gold: in its order where that is asked for; a refusal where there is none."""
    gold = question["answers"]
    if not gold:
        return answer.abstained
    return answer.answers == gold if question["operator"] == "order" else sorted(answer.answers) == sorted(gold)


def is_recognised(question: dict, answer: Answer) -> bool:
    """Whether the operator is the one asked for; of a refusal it cannot be told."""
    wanted = "" if question["operator"] in STATED else question["operator"]
    return answer.operator == wanted


def measure(part: str, verbose: bool) -> dict[str, list[tuple[bool, bool]]]:
    """Asks the questions of a part; for each operator whether each was recognised, and answered rightly."""
    systems = {
        "medical": KGRAG.demo("medical"),
        "atlas": KGRAG(KnowledgeGraph.from_rdf(HERE / "questions" / "symbolic.ttl")),
    }
    found, seconds = defaultdict(list), []
    for question in lines(HERE / "questions" / "symbolic.jsonl"):
        if part not in ("all", question["part"]):
            continue
        answer = systems[question["graph"]].ask(question["question"])
        seconds.append(answer.seconds)
        right, known = is_right(question, answer), is_recognised(question, answer)
        kind = question["operator"] if question["answers"] else "nothing to compute from"
        found[kind].append((known or (answer.abstained and not question["answers"]), right))
        if verbose and not right:
            print(f"{question['id']}: {question['question']}\n  {answer.text}\n  gold: {question['answers']}")
    print(f"{len(seconds)} questions, median {statistics.median(seconds):.3f} s each")
    return found


def alarms(verbose: bool) -> dict[str, tuple[int, int]]:
    """For each set of ordinary questions, how many there are and how many are taken for questions to compute."""
    folder = data_folder() / "medical" / "questions"
    sets = {"medical": ("medical", lines(folder / "train.jsonl") + lines(folder / "valid.jsonl"))}
    sets["disease_ontology"] = ("disease_ontology/do.nt", lines(HERE / "questions" / "disease_ontology.jsonl"))
    for hop in "123":
        sets[f"metaqa {hop} hop"] = ("metaqa/kb.nt", lines(DATASETS / "metaqa" / f"{hop}hop_valid.jsonl")[:ORDINARY])
    for name in ("PQ-2H", "PQ-3H", "PQL-2H", "PQL-3H"):
        path = f"pathquestion/{name}"
        sets[name] = (f"{path}/kb.nt", lines(DATASETS / path / "valid.jsonl")[:ORDINARY])
    graphs: dict[str, KGRAG] = {}
    found = {}
    for name, (graph, questions) in sets.items():
        if graph != "medical" and not (DATASETS / graph).is_file():
            continue
        if graph not in graphs:
            graphs = {graph: KGRAG.demo() if graph == "medical" else KGRAG(KnowledgeGraph.from_rdf(DATASETS / graph))}
        rag = graphs[graph]
        taken = []
        for question in questions:
            text = question["question"]
            links = [k for k in rag.linker.link(text) if k.node is not None and rag.calculator.is_thing(k.node)]
            topics = [link.node for link in links if link.node is not None]
            if rag.calculator.compute(rag.linker.mask(text, links), topics) is not None:
                taken.append(text)
        found[name] = (len(questions), len(taken))
        if verbose:
            print(*(f"{name}: {text}" for text in taken), sep="\n")
    return found


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("dev", "held", "test", "all"), default="test")
    parser.add_argument("--only", choices=("questions", "alarms"))
    parser.add_argument("--verbose", action="store_true", help="every wrong answer and every false alarm")
    arguments = parser.parse_args()
    if arguments.only != "alarms":
        found = measure(arguments.part, arguments.verbose)
        print("| operator | n | recognised | right |\n|---|---|---|---|")
        for kind, pairs in found.items():
            print(f"| {kind} | {len(pairs)} | {sum(k for k, _ in pairs)} | {sum(r for _, r in pairs)} |")
        every = [pair for pairs in found.values() for pair in pairs]
        print(f"| all | {len(every)} | {sum(k for k, _ in every)} | {sum(r for _, r in every)} |", flush=True)
    if arguments.only != "questions":
        print("| ordinary questions | n | taken for others |\n|---|---|---|")
        for name, (count, taken) in alarms(arguments.verbose).items():
            print(f"| {name} | {count} | {taken} |", flush=True)


if __name__ == "__main__":
    main()
