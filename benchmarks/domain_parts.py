"""Parts that the benchmarks of all domains have: their own pack, public sets of passages, graphs of growing size."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import passages as passage_benchmark
import synthetic
from domain_report import Measured, finish, of_reports, recall_chart
from domain_systems import Pack, asked_all
from passage_sets import SETS, PassageSet
from remembered import Remembered
from reporting import DATASETS, Goal, say

from kgrag import KGRAG, KnowledgeGraph, Passage, Question, read_questions
from kgrag.encoder import default_encoder
from kgrag.evaluation import evaluate
from kgrag.evaluation.metrics import percentile
from kgrag.evaluation.plots import can_draw, curves
from kgrag.resources import data_folder

SEED = 0
QUICK = 24  # questions of a part with --quick
QUICK_PASSAGES = 1_500  # passages of a public set with --quick, beside those that answer
PACK_COLUMNS = (
    "n",
    "hits@1",
    "f1",
    "exact_match",
    "refused",
    "citation_validity",
    "citation_precision",
    "citation_recall",
    "recall@10",
    "rouge_l",
    "augrc",
    "ece",
    "seconds_per_question",
)
PACK_GOALS = (
    Goal("Hits@1", lambda by: by["kgrag"]["hits@1"], least=0.9),
    Goal("refused of what cannot be answered", lambda by: by["kgrag"]["refused"], least=0.9),
    Goal("citation validity", lambda by: by["kgrag"]["citation_validity"], least=1.0),
    Goal("citation precision", lambda by: by["kgrag"]["citation_precision"], least=0.95),
    Goal("citation recall", lambda by: by["kgrag"]["citation_recall"], least=0.95),
)
SIZES = (0, 10_000, 100_000, 1_000_000)  # statements that are put beside those of a pack
ASKED = 10  # questions that are timed on each size


@dataclass
class Run:
    """What a run of a benchmark was asked for.

    Attributes:
        domain: "medical" or "legal".
        quick: Whether parts of the questions will do.
        part: Which questions of the pack are asked.
        cache: Where vectors are kept from one run to the next.
    """

    domain: str
    quick: bool = False
    part: str = "test"
    cache: Path | None = None

    @cached_property
    def encoder(self) -> Remembered:
        """Encodes passages, no text twice."""
        return Remembered(default_encoder(), self.cache)

    @property
    def made(self) -> int:
        """How many questions are made of a graph for a baseline that has to be trained."""
        return QUICK if self.quick else 400

    def sampled(self, questions: Sequence[Question], most: int = QUICK) -> list[Question]:
        """All, or with --quick the same few each time."""
        few = self.quick and len(questions) > most
        return random.Random(SEED).sample(list(questions), most) if few else list(questions)


Part = tuple[str, Callable[[Run], Measured]]  # the folder of a public set that it needs, if any, and what measures it


def run(domain: str, description: str, parts: Mapping[str, Part], goals: Mapping[str, Sequence[Goal]]) -> None:
    """The command: measures the parts that are asked for and there, then prints and writes what was found."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a part of the questions and passages; not for quoting")
    parser.add_argument("--only", nargs="+", choices=list(parts), default=list(parts), help="parts; all by default")
    parser.add_argument("--part", default="test", help="questions of the pack: test, valid or train")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where vectors are kept from one run to the next")
    arguments = parser.parse_args()
    asked = Run(domain, arguments.quick, arguments.part, arguments.cache)
    measured: dict[str, Measured] = {}
    absent: list[str] = []
    for name in arguments.only:
        folder, measure = parts[name]
        if folder and not (DATASETS / folder).is_dir():
            absent.append(folder)
            continue
        say(f"{name} ...")
        started = time.perf_counter()
        measured[name] = measure(asked)
        asked.encoder.write()
        say(f"{name}: {time.perf_counter() - started:.0f} s")
    finish(domain, asked.quick, SEED, measured, goals, absent)


def own_pack(run: Run) -> Measured:
    """The questions of the pack, asked of all systems."""
    questions = run.sampled(read_questions(data_folder() / run.domain / "questions" / f"{run.part}.jsonl"))
    taught = read_questions(data_folder() / run.domain / "questions" / "train.jsonl")
    reports = asked_all(Pack(KGRAG.demo(run.domain), run.encoder, run.sampled(taught), run.made), questions)
    if not run.quick:
        say("  kgrag, trained on the train part")
        trained = KGRAG.demo(run.domain)
        trained.train(taught)
        reports["kgrag, trained on the train part"] = evaluate(trained, questions)
    return of_reports(reports, PACK_COLUMNS, f"{len(questions)} questions of the {run.part} part of data/{run.domain}")


def passages_of(name: str) -> Part:
    """A public set of passages and of questions whose passages are known."""

    def measure(run: Run) -> Measured:
        given = SETS[name]("valid")
        asked, trained = (QUICK, 300) if run.quick else (None, passage_benchmark.TRAINED_ON)
        if run.quick:
            given = fewer(given, asked or QUICK)
        found = passage_benchmark.measured(name, given, run.encoder, asked, trained)
        predictions = [
            {"system": system, "id": id, "passages": ranked}
            for system, by_question in found["rankings"].items()
            for id, ranked in by_question.items()
        ]
        notes = f"{found['asked']:,} questions, {found['passages']:,} passages"
        return Measured(found["figures"], predictions, notes, charts=recall_chart(found["recall_at"]))

    return name, measure


def fewer(given: PassageSet, asked: int) -> PassageSet:
    """Some of the questions, with the passages that answer them and some others."""
    draw = random.Random(SEED)
    questions = passage_benchmark.drawn(given.asked, asked)
    train = passage_benchmark.drawn(given.train, 300)
    gold = {id for question in (*questions, *train) for id in question.gold_passages}
    kept = {p.id for p in draw.sample(given.passages, min(QUICK_PASSAGES, len(given.passages)))} | gold
    return PassageSet([passage for passage in given.passages if passage.id in kept], train, questions)


def asked_of(
    rag: KGRAG, questions: Sequence[Question], run: Run, columns: Sequence[str], notes: str, baselines: bool = True
) -> Measured:
    """Questions that were written for this project about a public graph, asked of all systems."""
    reports = asked_all(Pack(rag, run.encoder, made=run.made), run.sampled(questions), baselines)
    return of_reports(reports, columns, notes)


def cost_by_size(run: Run) -> Measured:
    """Seconds of a question to the pack when ever more statements about other things stand beside its own."""
    questions = read_questions(data_folder() / run.domain / "questions" / "valid.jsonl")
    chosen = random.Random(SEED).sample(questions, ASKED)
    pack = data_folder() / run.domain / "graph.ttl"
    figures: dict[str, dict[str, float | None]] = {}
    predictions: list[dict[str, Any]] = []
    for size in SIZES[: 2 if run.quick else None]:
        with tempfile.TemporaryDirectory() as folder:
            files: list[Path] = [pack]
            if size:
                files.append(Path(folder) / "others.nt")
                synthetic.write(files[-1], size, SEED)
            graph = KnowledgeGraph.from_rdf(*files)
        say(f"  {graph.num_statements:,} statements")
        rag = KGRAG(graph)
        rag.ask(chosen[0].question)  # builds what is built at the first question
        answers = [rag.ask(question.question) for question in chosen]
        name = f"{graph.num_statements:,} statements"
        figures[name] = {
            "statements": float(graph.num_statements),
            "median, s": percentile((answer.seconds for answer in answers), 50),
            "slowest, s": max(answer.seconds for answer in answers),
        }
        predictions += [
            {"system": name, "id": question.id, "text": answer.text, "seconds": answer.seconds}
            for question, answer in zip(chosen, answers)
        ]
    drawn = {}
    if can_draw():
        line = {float(one["statements"] or 0): float(one["median, s"] or 0) for one in figures.values()}
        drawn["cost by size of the graph"] = curves(
            {"kgrag": line}, "statements", "seconds a question", logarithmic=True
        )
    return Measured(figures, predictions, f"{ASKED} questions of the pack, no passages", charts=drawn)


def with_passages(graph: KnowledgeGraph, passages: Sequence[Passage]) -> KGRAG:
    """The shipped models over what a recipe made."""
    from kgrag import PassageIndex

    return KGRAG(graph, PassageIndex.from_passages(passages))
