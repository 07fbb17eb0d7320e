"""From what the reasoner believes to the items and the prompt that the generator reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.encoding import NodeBeliefs
from kgrag.fusion.items import LONG_TEXT, Candidate, collect_items
from kgrag.generation.generator import Prompt
from kgrag.generation.printer import is_verbal
from kgrag.graph import KnowledgeGraph
from kgrag.types import Floats, Link, Subgraph

LEAST = 0.02  # nodes below this probability are not offered as answers
MOST_ANSWERS, MOST_BRIDGES, MOST_TRIPLES = 40, 4, 8


@dataclass(frozen=True)
class Composition:
    """A prompt and what its items stand for.

    Attributes:
        paths: For each candidate answer (position in the sub-graph's nodes), the statements that lead to it.
    """

    prompt: Prompt
    paths: dict[int, list[int]]


def compose(
    graph: KnowledgeGraph,
    question: str,
    links: Sequence[Link],
    subgraph: Subgraph,
    beliefs: NodeBeliefs,
    starts: Sequence[int],
    question_encoding: Floats,
    encode: Callable[[list[str]], Floats],
    sentences: Sequence[tuple[tuple[int, int], str, float]] = (),
    verdict: int = 0,
    target: int | None = None,
    limit: int = 64,
) -> Composition:
    """Lays the evidence of one question out for the generator.

    Args:
        graph: The graph.
        question: The question as asked.
        links: Its linked mentions, in the order of ``subgraph.seeds``.
        subgraph: What was retrieved.
        beliefs: What the reasoner believes of it.
        starts: Positions in ``subgraph.nodes`` where the reasoner started.
        question_encoding: Encoded question, shape (width,).
        encode: Encodes texts.
        sentences: Sentences of passages, nearest first.
        verdict: 1 for yes, -1 for no, 0 where not asked.
        target: For a yes/no question, the node whose being reached was asked.
        limit: Most items.
    """
    order = np.lexsort((subgraph.nodes, -beliefs.scores))
    best = [int(v) for v in order[:MOST_ANSWERS] if beliefs.scores[v] >= LEAST]
    if target is not None and verdict > 0:
        best = [target]
    paths = {v: beliefs.path(subgraph, v) for v in best}
    best = [v for v in best if paths[v]]
    seeds = [int(s) for s in subgraph.seeds]
    relations: dict[tuple[int, bool], float] = {}
    bridges: dict[int, float] = {}
    triples: dict[int, float] = {}
    hops = 1
    for v in best:
        start = _start(subgraph, paths[v], v)
        at = start
        hops = max(hops, len(paths[v])) if v == best[0] else hops
        for statement, back in zip(paths[v], beliefs.directions(subgraph, paths[v], start)):
            key = (int(subgraph.relations[statement]), back)
            relations[key] = max(relations.get(key, 0.0), float(beliefs.scores[v]))
            triples.setdefault(statement, float(beliefs.scores[v]))
            at = int(subgraph.heads[statement] if back else subgraph.tails[statement])
            if at != v and at not in seeds:
                bridges[at] = max(bridges.get(at, 0.0), float(beliefs.scores[v]))

    def candidate(v: int, probability: float) -> Candidate:
        label = graph.label(int(subgraph.nodes[v]))
        is_text = bool(graph.is_literal[subgraph.nodes[v]]) and len(label) > LONG_TEXT
        return Candidate(v, label, probability, is_text)

    topics = list(dict.fromkeys(seeds))
    items = collect_items(
        question_encoding,
        topics=[candidate(v, 1.0) for v in topics],
        answers=[candidate(v, float(min(beliefs.scores[v], 1.0))) for v in best],
        bridges=[candidate(v, p) for v, p in sorted(bridges.items(), key=lambda b: (-b[1], b[0]))[:MOST_BRIDGES]],
        relations=[
            (r, graph.relation_label(r), back, is_verbal(graph.relation_label(r)))
            for (r, back), _ in sorted(relations.items(), key=lambda x: -x[1])[:4]
        ],
        triples=[
            (s, str(graph.triple(int(subgraph.statements[s]))), p)
            for s, p in sorted(triples.items(), key=lambda t: -t[1])[:MOST_TRIPLES]
        ],
        sentences=sentences,
        states=beliefs.states,
        encode=encode,
        verdict=verdict,
        hops=hops,
        limit=limit,
    )
    place = {reference: i for i, reference in enumerate(items.references) if i <= len(topics) and i > 0}
    return Composition(Prompt(_pieces(question, links, seeds, place), items), paths)


def _start(subgraph: Subgraph, path: Sequence[int], end: int) -> int:
    """Where a path begins, found by walking it back from its end."""
    at = end
    for statement in reversed(path):
        head, tail = int(subgraph.heads[statement]), int(subgraph.tails[statement])
        at = head if tail == at else tail
    return at


def _pieces(
    question: str, links: Sequence[Link], seeds: Sequence[int], place: dict[object, int]
) -> tuple[str | int, ...]:
    """The question with each linked mention replaced by the item of its node."""
    pieces: list[str | int] = []
    at = 0
    for link, seed in zip(links, seeds):
        if seed not in place or link.mention.start < at:
            continue
        pieces += [question[at : link.mention.start], place[seed]]
        at = link.mention.end
    pieces.append(question[at:])
    return tuple(p for p in pieces if p != "")
