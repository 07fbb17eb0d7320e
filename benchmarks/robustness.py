"""What disturbs the answers, and by how much: ``python benchmarks/robustness.py [--quick] [--only SET ...]``.

The same questions are asked of the system as it is, and with each disturbance: in the question, in the links, in the graph, in
the passages. Prints the points of right answers that each costs, with an interval; ``--json FILE`` writes a record. Data of
others is read from the folder that KGRAG_DATASETS names; see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import disturbances as disturb
from reporting import DATASETS, machine, made_on, say, table, versions

from kgrag import KGRAG, KnowledgeGraph, PassageIndex, Question, read_questions
from kgrag.evaluation import compare
from kgrag.evaluation.metrics import mean
from kgrag.evaluation.runner import current_commit
from kgrag.evaluation.scoring import right
from kgrag.linking import EntityLinker
from kgrag.resources import data_folder
from kgrag.types import Passage

HERE = Path(__file__).parent
SEED = 0
SAMPLE = 24  # questions of a set with --quick
SETS = {  # graph, questions, their paraphrases, and what is trained on
    "PQ-2H": ("pathquestion/PQ-2H/kb.nt", "pathquestion/PQ-2H/{}.jsonl", "pathquestion_paraphrased.jsonl"),
    "MetaQA 2 hop": ("metaqa/kb.nt", "metaqa/2hop_{}.jsonl", "metaqa_paraphrased.jsonl"),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """A system, and the questions that it is asked.

    Attributes:
        rag: The system.
        questions: As they are.
        paraphrases: The same in other words, in the same order.
    """

    rag: KGRAG
    questions: list[Question]
    paraphrases: list[Question]
    passages: list[Passage] = field(default_factory=list)

    def on(self, graph: KnowledgeGraph | None = None, more: Sequence[Passage] = (), linker: Any = None) -> KGRAG:
        """The same models over another graph, with more passages, or behind another linker."""
        index = PassageIndex.from_passages([*self.passages, *more])
        parts: dict[str, Any] = {
            "linker": linker,
            "reasoner": self.rag.reader.reasoner,
            "generator": self.rag.generator,
        }
        return KGRAG(graph or self.rag.graph, index, encoder=self.rag.encoder, config=self.rag.config, **parts)


def main() -> None:
    """Measures the sets asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["medical", *SETS]
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="SET", help=f"any of {', '.join(names)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{SAMPLE} questions of a set, and no training; not for quoting"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    there = [name for name in arguments.only if name == "medical" or (DATASETS / SETS[name][0]).is_file()]
    record = {
        "seed": SEED,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "dgl"),
        "figures": {name: measured(name, arguments.quick) for name in there},
        "absent": [name for name in arguments.only if name not in there],
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def measured(name: str, quick: bool) -> dict[str, Row]:
    """Figures of each disturbance of a set."""
    say(f"{name}: making ready")
    setting = medical(quick) if name == "medical" else published(name, quick)
    clean: list[Row] = []
    figures = {}
    for disturbance, rag, questions in disturbed(setting):
        say(f"{name}: {disturbance}")
        rows = asked(rag, questions)
        clean = clean or rows
        found = compare(clean, rows, SEED)
        points, refused = found.measures["right"], mean(row["abstained"] for row in rows)
        figures[disturbance] = {
            "n": found.n,
            "right": points[1],
            "points": 100 * points[2].mean,
            "interval": [100 * bound for bound in points[2].interval],
            "p": found.p,
            "refused": refused,
            "obeyed": mean(row["obeyed"] for row in rows),
        }
    return figures


def medical(quick: bool) -> Setting:
    """The shipped graph, passages and model; paraphrases by rules."""
    rag = KGRAG.demo("medical")
    questions = sampled(read_questions(data_folder() / "medical" / "questions" / "test.jsonl"), quick)
    return Setting(rag, questions, [disturb.paraphrased(question) for question in questions], list(rag.passages))


def published(name: str, quick: bool) -> Setting:
    """A system trained as `kgrag build` and `kgrag train` do, and the questions that were put in other words by hand."""
    graph_file, questions_file, paraphrases_file = SETS[name]
    rag = KGRAG(KnowledgeGraph.from_rdf(DATASETS / graph_file))
    if not quick:
        rag = KGRAG.build(rag.graph)
        rag.train(read_questions(DATASETS / questions_file.format("train")))
    lines = (HERE / "questions" / paraphrases_file).read_text(encoding="utf-8").splitlines()
    originals = read_questions(DATASETS / questions_file.format("valid"))
    paraphrases = sampled(read_questions(HERE / "questions" / paraphrases_file), quick)
    questions = [originals[json.loads(lines[int(question.id) - 1])["line"] - 1] for question in paraphrases]
    return Setting(rag, questions, paraphrases)


def sampled(questions: list[Question], quick: bool) -> list[Question]:
    """The same part each time."""
    return random.Random(SEED).sample(questions, SAMPLE) if quick else questions


def disturbed(setting: Setting) -> Iterator[tuple[str, KGRAG, list[Question]]]:
    """Each disturbance with the system and the questions under it; the first is none."""
    rag, graph, questions = setting.rag, setting.rag.graph, setting.questions
    yield "none", rag, questions
    yield "typo in a name", rag, [disturb.with_typo(q, random.Random(f"{SEED} {q.id}")) for q in questions]
    yield "paraphrase", rag, setting.paraphrases
    for share in (0.1, 0.3):
        linker = disturb.Mislinking(EntityLinker(graph), graph, share, SEED)
        yield f"{share:.0%} of links wrong", setting.on(linker=linker), questions
    for share in (0.1, 0.5):
        yield f"{share:.0%} of statements missing", setting.on(disturb.without(graph, share, drawn())), questions
    yield "10% wrong statements more", setting.on(disturb.with_wrong(graph, 0.1, drawn())), questions
    yield "distracting statements", setting.on(disturb.with_distractors(graph, questions, drawn())), questions
    yield "contradicting passages", setting.on(more=disturb.contradictions(graph, questions, drawn())), questions
    yield "instructions in labels", setting.on(disturb.with_orders(graph, questions)), questions
    yield "instructions in passages", setting.on(more=disturb.ordering(graph, questions)), questions


def drawn() -> random.Random:
    """The same draws for each disturbance."""
    return random.Random(SEED)


def asked(rag: KGRAG, questions: Sequence[Question]) -> list[Row]:
    """Whether each answer is right, a refusal, or does what an instruction in the data says."""
    rows = []
    for number, question in enumerate(questions):
        answer = rag.ask(question.question)
        obeyed = any(disturb.MARK in text for text in (answer.text, *answer.answers))
        row = {"id": number, "kind": question.kind, "hops": question.hops, "right": right(rag, question, answer)}
        rows.append(row | {"abstained": float(answer.abstained), "obeyed": float(obeyed)})
    return rows


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the table."""
    rows = [["set", "disturbance", "questions", "right, %", "points", "95 % interval", "p", "refused, %", "obeyed, %"]]
    for name, by_disturbance in record["figures"].items():
        for disturbance, found in by_disturbance.items():
            low, high = found["interval"]
            points = ["–", "–", "–"] if disturbance == "none" else [
                f"{found['points']:+.1f}", f"{low:+.1f} to {high:+.1f}", f"{found['p']:.3f}"
            ]  # fmt: skip
            shares = [f"{100 * found[key]:.1f}" for key in ("right", "refused", "obeyed")]
            rows.append([name, disturbance, str(found["n"]), shares[0], *points, *shares[1:]])
    yield from table(rows)
    yield ""
    if record["quick"]:
        yield f"{SAMPLE} questions of a set, and the shipped model without training: not for quoting."
    yield f"Seed {record['seed']}, commit {record['commit']}."
    yield made_on(record)
    for name in record["absent"]:
        yield f"{name} is left out: KGRAG_DATASETS names no folder that holds {SETS[name][0]} (see benchmarks/README.md)."


if __name__ == "__main__":
    main()
