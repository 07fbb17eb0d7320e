"""From what the reasoner believes to the items and the prompt that the generator reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kgrag.encoding import Findings
from kgrag.fusion.items import LONG_TEXT, Candidate, collect_items
from kgrag.generation.draft import Prompt
from kgrag.graph import KnowledgeGraph, is_verbal
from kgrag.types import Floats, Link

LEAST = 0.02  # nodes below this probability are not offered as answers,
SHARE = 0.5  # nor are those below this share of the best one's
SURE = 0.3  # an answer of at least this probability is given, or a sentence, whatever the generator would say
MOST_ANSWERS, MOST_BRIDGES, MOST_TRIPLES = 40, 4, 8


@dataclass(frozen=True)
class Composition:
    """A prompt and what its items stand for.

    Attributes:
        paths: For each candidate answer (position in the sub-graph's nodes), the statements that lead to it from the
            topics, as positions in the sub-graph.
    """

    prompt: Prompt
    paths: dict[int, list[int]]


def compose(
    graph: KnowledgeGraph,
    question: str,
    links: Sequence[Link],
    findings: Findings,
    question_encoding: Floats,
    encode: Callable[[list[str]], Floats],
    sentences: Sequence[tuple[tuple[int, int], str, float]] = (),
    limit: int = 64,
) -> Composition:
    """Lays the evidence of one question out for the generator.

    Args:
        graph: The graph.
        question: The question as asked.
        links: Its linked mentions, in the order of the seeds of the findings.
        findings: What the reasoner found.
        question_encoding: Encoded question, shape (width,).
        encode: Encodes texts.
        sentences: Sentences of passages, nearest first.
        limit: Most items.
    """
    subgraph = findings.subgraph
    order = np.lexsort((subgraph.nodes, -findings.scores))
    least = max(LEAST, SHARE * float(findings.scores.max(initial=0.0)))
    best = [int(v) for v in order[:MOST_ANSWERS] if findings.scores[v] >= least]
    if findings.verdict < 0:
        best = [v for v in best if findings.scores[v] >= SURE]  # all else that is said is sure
    if findings.target is not None:
        best = [findings.target]
    elif sentences and sentences[0][2] > max((one.familiar for one in findings.readings), default=-1.0):
        best = []  # the question is more like a sentence than like any question for these relations
    walks = {v: findings.paths(v) for v in best}
    best = [v for v in best if all(walks[v])]
    paths = {v: list(dict.fromkeys(statement for walk in walks[v] for statement in walk)) for v in best}
    seeds = [int(s) for s in subgraph.seeds]
    hops = max((len(walk) for walk in walks[best[0]]), default=1) if best else 1
    relations: dict[tuple[int, bool], float] = {}
    bridges: dict[int, float] = {}
    triples: dict[int, float] = {}
    for v in best:
        score = float(findings.scores[v])
        for start, walk in zip((*findings.starts, *findings.beside), walks[v]):
            at = start
            for statement in walk:
                back = int(subgraph.heads[statement]) != at
                at = int(subgraph.heads[statement] if back else subgraph.tails[statement])
                relations.setdefault((int(subgraph.relations[statement]), back), score)
                triples.setdefault(statement, score)
                if at != v and at not in seeds:
                    bridges.setdefault(at, score)

    def candidate(v: int, probability: float) -> Candidate:
        label = graph.label(int(subgraph.nodes[v]))
        is_text = bool(graph.is_literal[subgraph.nodes[v]]) and len(label) > LONG_TEXT
        return Candidate(v, label, probability, is_text)

    others = seeds if findings.verdict else findings.beside  # the answers have nothing to do with the rest
    topics = list(dict.fromkeys([*findings.starts, *others]))
    items = collect_items(
        question_encoding,
        topics=[candidate(v, 1.0) for v in topics],
        answers=[candidate(v, float(min(findings.scores[v], 1.0))) for v in best],
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
        states=findings.states,
        encode=encode,
        verdict=findings.verdict,
        hops=hops,
        limit=limit,
    )
    place = {reference: i for i, reference in enumerate(items.references) if i <= len(topics) and i > 0}
    sure = bool(best) and float(findings.scores[best[0]]) >= SURE
    prompt = Prompt(
        _pieces(question, links, seeds, place),
        items,
        answerable=sure or bool(sentences),
        link_score=min((link.score for link in links), default=1.0),
    )
    return Composition(prompt, paths)


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
