"""What finding passages is learned from: questions whose passages are known, and pairs of texts that nobody had to label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.errors import QuestionError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import Expansion, PassageIndex
from kgrag.retrieval.passages.expansion import NO_EXPANSION
from kgrag.types import Ids, Question

LEFT_IN = 0.1  # share of the passages that keep the sentence that is asked with: it may be found by its words, too
LEAST_CHARS, MOST_CHARS = 40, 2_000  # of a literal that describes something
LOOKED_AT = 4  # passages that are looked at for each pair

Pair = tuple[str, str]  # a text to find something by, and what is to be found


@dataclass(frozen=True)
class Lesson:
    """A question with the rows of the passages that answer it, the IRIs of the nodes that it names, and its expansion."""

    question: str
    gold: Ids
    entities: tuple[str, ...] = ()
    expansion: Expansion = NO_EXPANSION


def lessons_of(
    index: PassageIndex,
    questions: Sequence[Question],
    named: Callable[[str], Sequence[str]] = lambda question: (),
    expanded: Callable[[Sequence[str]], Expansion] = lambda iris: NO_EXPANSION,
) -> list[Lesson]:
    """The questions of which a passage in the index is known to answer.

    Args:
        index: The passages.
        questions: Questions with ``gold_passages``.
        named: IRIs of the nodes that a question names.
        expanded: What a question that names nodes is expanded by.

    Raises:
        QuestionError: There is none.
    """
    rows, lessons = index.contents.rows, []
    for question in questions:
        found = rows.find(list(question.gold_passages))
        if (found >= 0).any():
            iris = tuple(named(question.question))
            lessons.append(Lesson(question.question, np.unique(found[found >= 0]), iris, expanded(iris)))
    if not lessons:
        raise QuestionError(
            "None of the questions has a passage of this collection in its 'gold_passages'.",
            "Give the ids of the passages that answer.",
        )
    return lessons


def unlabelled_pairs(index: PassageIndex, graph: KnowledgeGraph, count: int, seed: int = 0) -> list[Pair]:
    """Pairs of both kinds below, half of them of each as far as there are as many; same seed, same pairs."""
    rng = np.random.default_rng(seed)
    described = descriptions(graph, count // 2, rng)
    return [*described, *inverse_cloze(index, count - len(described), rng)]


def inverse_cloze(index: PassageIndex, count: int, rng: np.random.Generator) -> list[Pair]:
    """A sentence, with what stands around it in its passage.

    Lee, Chang and Toutanova: Latent Retrieval for Weakly Supervised Open Domain Question Answering, ACL 2019.

    Args:
        index: The passages; those of one sentence teach nothing.
        count: Most pairs.
        rng: Draws.
    """
    pairs: list[Pair] = []
    rows = index.contents.rows
    for row in rng.permutation(np.flatnonzero(rows.is_live))[: LOOKED_AT * count].tolist():
        passage = rows.passage(row)
        sentences = index.sentences(passage)
        if len(pairs) == count:
            break
        if len(sentences) > 1:
            place = int(rng.integers(len(sentences)))
            kept = sentences if rng.random() < LEFT_IN else [*sentences[:place], *sentences[place + 1 :]]
            pairs.append((sentences[place], " ".join([passage.title, *kept]).strip()))
    return pairs


def descriptions(graph: KnowledgeGraph, count: int, rng: np.random.Generator) -> list[Pair]:
    """Names of nodes, with long texts that the graph states of them.

    Args:
        graph: The graph.
        count: Most pairs.
        rng: Draws.
    """
    statements = graph.statements
    stated = statements[graph.is_literal[graph.tails[statements]]]
    pairs: list[Pair] = []
    for statement in rng.permutation(stated).tolist():
        text = graph.label(int(graph.tails[statement]))
        if len(pairs) == count:
            break
        if LEAST_CHARS <= len(text) <= MOST_CHARS:
            pairs.append((graph.label(int(graph.heads[statement])), text))
    return pairs
