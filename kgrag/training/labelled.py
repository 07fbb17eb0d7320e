"""Trains a system on labelled questions: their answers, and their paths, where known."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from kgrag.encoding import GraphReader, ReaRevReader
from kgrag.encoding.plans import Rows
from kgrag.errors import QuestionError
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.linking import EntityLinker
from kgrag.progress import track
from kgrag.training.judgement import settled
from kgrag.training.lessons import trail
from kgrag.training.loop import Course
from kgrag.training.mining import plans_to
from kgrag.training.rearev import FROM_SCRATCH, REASONED_OVER, train_rearev
from kgrag.training.reasoner import Directed, PreparedQuestion, TrainingSet, quality, train_reasoner
from kgrag.training.settling import LEARNING, settle
from kgrag.types import Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

log = logging.getLogger(__name__)
_Usable = tuple[Question, PreparedQuestion]
FOLLOWING = Course(epochs=12, learning_rate=1e-3, batch_size=32, patience=3)
QUESTIONS_READ = 60_000  # in all passes together
LOOKED_AT = 200  # questions that tell how many relations one may take


def train(
    rag: KGRAG,
    questions: Sequence[Question],
    valid: Sequence[Question] = (),
    epochs: int | None = None,
    seed: int = 0,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> None:
    """Trains the reasoner of a system in place.

    Args:
        rag: The system.
        questions: Labelled questions; those whose topics cannot be found in the graph are left out.
        valid: Questions to choose the best epoch by; a tenth of ``questions`` where not given.
        epochs: Most passes. By the number of questions, where not given; this and what follows suit the reasoner then.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Questions a step.
        patience: Epochs without improvement before it stops.
        checkpoint: Folder that is written after each epoch, and from which training goes on where it was interrupted.
        log_file: File to which each step and each epoch adds a line of JSON.

    Raises:
        QuestionError: None of the questions can be used.
        SavedFolderError: The checkpoint is damaged, or that of another training.
    """
    by_plans = not isinstance(rag.reader, ReaRevReader)
    kept, usable = _held_back(rag, questions, valid, seed)
    held, prepared = [p for _, p in kept], [p for _, p in usable]
    log.info("training on %d of %d questions", len(prepared), len(questions))
    count = len(prepared)
    usual = FOLLOWING.within(QUESTIONS_READ, count) if by_plans else FROM_SCRATCH.within(REASONED_OVER, count)
    course = Course(
        epochs or usual.epochs,
        seed,
        learning_rate or usual.learning_rate,
        batch_size or usual.batch_size,
        patience or usual.patience,
    )
    sets = [TrainingSet(rag.reader, prepared, held)]
    if isinstance(rag.reader, ReaRevReader):
        train_rearev(rag.reader.rearev, rag.encoder, sets, course, checkpoint, log_file)
    else:
        _teach(rag, sets, course, checkpoint, log_file)
    rag.judgement = settled(rag, [q for q, _ in kept])


def judge(rag: KGRAG, questions: Sequence[Question], seed: int = 0) -> None:
    """Settles anew how far answers are trusted, by the questions that `train` would hold back; the reasoner stays as it is.

    Args:
        rag: The system.
        questions: As of `train`.
        seed: As of `train`.

    Raises:
        QuestionError: None of the questions can be used.
    """
    kept, _ = _held_back(rag, questions, (), seed)
    rag.judgement = settled(rag, [q for q, _ in kept])


def _held_back(
    rag: KGRAG, questions: Sequence[Question], valid: Sequence[Question], seed: int
) -> tuple[list[_Usable], list[_Usable]]:
    """Questions to choose the best epoch by, and those to train on."""
    steps = 0 if isinstance(rag.reader, ReaRevReader) else needed_steps(rag.reader, rag.linker, questions)
    usable = [
        (q, p)
        for q in track(questions, "finding plans")
        if (p := prepare(rag.reader, rag.linker, q, steps)) is not None
    ]
    if not any(len(p.answers) for _, p in usable):
        raise QuestionError(
            "None of the training questions names a node and has an answer in the graph.",
            "Check that 'topic' and 'answers' are labels or IRIs of this graph.",
        )
    kept = [(q, p) for q in valid if (p := prepare(rag.reader, rag.linker, q, steps)) is not None]
    if not kept:
        cut = max(1, len(usable) // 10)
        order = np.random.default_rng(seed).permutation(len(usable))
        kept, usable = [usable[i] for i in order[:cut]], [usable[i] for i in order[cut:]] or usable
    return kept, usable


def _teach(
    rag: KGRAG,
    sets: list[TrainingSet],
    course: Course,
    checkpoint: str | Path | None,
    log_file: str | Path | None,
) -> None:
    """Trains the reasoner that follows relations, and keeps what it learned if more is answered by it."""
    reasoner, held = rag.reader.reasoner, sets[0].held
    before, weights, trust = quality(sets), copy.deepcopy(reasoner.state_dict()), reasoner.trust.detach().clone()
    with torch.no_grad():
        reasoner.trust.mul_(LEARNING)
    train_reasoner(reasoner, rag.encoder, sets, course, checkpoint, log_file)
    settle(rag.reader, held, trust)
    if quality(sets).right <= before.right:  # what was learned must answer more
        reasoner.load_state_dict(weights)


def prepare(reader: GraphReader, linker: EntityLinker, question: Question, steps: int) -> PreparedQuestion | None:
    """A question with the plans that lead to its answers; None where it names no node, or has no answer in the graph.

    Without steps, no plans are sought.
    """
    graph, rows = reader.graph, reader.rows
    refused = question.kind == "unanswerable"
    if not (question.answers or refused):
        return None
    seeds, masked = topics_of(graph, linker, question)
    answers = np.array(sorted({node for answer in question.answers for node in _called(graph, answer)}), np.int64)
    if not seeds or not (len(answers) or refused):
        return None
    if not steps:
        return PreparedQuestion(masked, tuple(seeds), answers, ())
    if refused:
        return PreparedQuestion(masked, tuple(seeds[:1]), answers, ((trail(rows, seeds[0], ()),),))
    plans = [_plans(graph, rows, question, seed, answers, steps, partly=len(seeds) > 1) for seed in seeds]
    kept = [(seed, several) for seed, several in zip(seeds, plans) if several]
    if not kept:
        return None
    made = tuple(tuple(trail(rows, seed, plan) for plan in several) for seed, several in kept)
    return PreparedQuestion(masked, tuple(seed for seed, _ in kept), answers, made)


def topics_of(graph: KnowledgeGraph, linker: EntityLinker, question: Question) -> tuple[list[int], str]:
    """The nodes of a question's topics, else those that it is linked to; and the question with its mentions masked.

    The linker's own mentions are masked, so that training sees what asking will see.
    """
    links = [link for link in linker.link(question.question) if link.node is not None]
    linked = [link.node for link in links if link.node is not None]
    topics = [_named(graph, topic, linked) for topic in question.topics]
    seeds = [node for node in topics if node is not None] or linked
    return seeds, linker.mask(question.question, [link for link in links if link.node in seeds] or links)


def _named(graph: KnowledgeGraph, topic: str, linked: Sequence[int]) -> int | None:
    """The node that a topic names: of several, the one that the question was linked to."""
    found = _called(graph, topic)
    return next((node for node in graph.find(topic) if node in linked), found[0] if found else None)


def _called(graph: KnowledgeGraph, name: str) -> list[int]:
    """The nodes of which a name is the label as it is written; where it is that of none, those that it may name."""
    found = graph.find(name)
    return [node for node in found if graph.label(node) == name] or found


def _plans(
    graph: KnowledgeGraph,
    rows: Rows,
    question: Question,
    start: int,
    answers: np.ndarray,
    steps: int,
    partly: bool,
) -> list[Directed]:
    given = given_path(graph, rows, question, start)
    return [given] if given else plans_to(rows, start, answers, steps, partly)


def given_path(graph: KnowledgeGraph, rows: Rows, question: Question, start: int) -> Directed:
    """The gold path as directed relations; empty where it is not known, or the graph does not have it."""
    names = question.path
    if len(names) < 3 or len(names) % 2 == 0:
        return ()
    by_label = {normalise(label): r for r, label in enumerate(graph.relation_labels)}
    nodes, plan = np.array([start], np.int64), []
    for relation_name, target_name in zip(names[1::2], names[2::2]):
        relation, targets = by_label.get(normalise(relation_name)), graph.find(target_name)
        if relation is None:
            return ()
        for directed in (2 * relation, 2 * relation + 1):
            reached = np.unique(rows.along(nodes, directed).targets)
            if np.isin(targets, reached).any():
                nodes = reached
                plan.append(directed)
                break
        else:
            return ()
    return tuple(plan)


def needed_steps(reader: GraphReader, linker: EntityLinker, questions: Sequence[Question]) -> int:
    """The fewest relations by which the answers of (nearly) every question are reached as well as by more."""
    most = reader.reasoner.steps
    lengths = []
    for question in questions[:LOOKED_AT]:
        prepared = prepare(reader, linker, question, most)
        if prepared is not None and len(prepared.answers):
            lengths.append(max(min(len(plan.choices) for plan in plans) for plans in prepared.plans))
    return (
        next((n for n in range(1, most) if sum(x <= n for x in lengths) >= 0.98 * len(lengths)), most)
        if lengths
        else most
    )
