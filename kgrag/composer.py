"""From what the reasoner believes to the items and the prompt that the generator reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kgrag.encoding import Findings
from kgrag.fusion import ANSWERS, Role
from kgrag.fusion.items import LONG_TEXT, Candidate, collect_items
from kgrag.generation.draft import Prompt, Step, Unit
from kgrag.graph import KnowledgeGraph, is_verbal
from kgrag.types import Floats, Link, Subgraph

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
    elif sentences and sentences[0][2] > max((one.familiar for one in findings.found.readings), default=-1.0):
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
            for statement, back, _, at in _followed(subgraph, start, walk):
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
    starts = (*findings.starts, *findings.beside)
    ways: dict[int, list[tuple[Step, ...]]] = {}
    for i in items.where(*ANSWERS):
        of = walks[items.references[i]]  # type: ignore[index]
        ways[i] = [_steps(graph, subgraph, start, walk) for start, walk in zip(starts, of)]
    prompt = Prompt(
        _pieces(question, links, seeds, place),
        items,
        answerable=sure or bool(sentences),
        link_score=min((link.score for link in links), default=1.0),
        paths=ways,
    )
    return Composition(prompt, paths)


def by_source(graph: KnowledgeGraph, prompt: Prompt) -> tuple[Unit, ...]:
    """The evidence of a prompt by its sources: files, endpoints and named graphs of statements, and passages.

    A source answers alone where it has a whole path; a path that only several have together counts as the word of the one
    with the least weight. The weight of a source of statements is how many it has: to outvote a graph, one must first
    state as much. A passage has the weight of one statement.
    """
    names = graph.source_names
    sizes = np.bincount(graph.sources[graph.statements], minlength=len(names))
    weights = {name: max(float(size), 1.0) for name, size in zip(names, sizes)}
    stated: dict[str, list[int]] = {}
    for item, ways in prompt.paths.items():
        said = [set(graph.sources_of(step.statement)) for way in ways for step in way]
        whole = set.intersection(*said) if said else set()
        weakest = [min((max(of, key=weights.__getitem__) for of in said), key=weights.__getitem__)] if said else []
        for name in whole or weakest:
            stated.setdefault(name, []).append(item)
    told: dict[object, list[int]] = {}
    for item in prompt.items.where(Role.SENTENCE):
        reference: Any = prompt.items.references[item]
        told.setdefault(reference[0], []).append(item)
    units = [Unit(tuple(items), weights[name], told=False) for name, items in sorted(stated.items())]
    return (*units, *(Unit(tuple(items), 1.0, told=True) for items in told.values()))


def _steps(graph: KnowledgeGraph, subgraph: Subgraph, start: int, walk: Sequence[int]) -> tuple[Step, ...]:
    """A walk in words."""
    steps = []
    for s, back, at, end in _followed(subgraph, start, walk):
        names = graph.label(int(subgraph.nodes[at])), graph.label(int(subgraph.nodes[end]))
        relation = graph.relation_label(int(subgraph.relations[s]))
        steps.append(Step(names[0], relation, names[1], back, int(subgraph.statements[s])))
    return tuple(steps)


def _followed(subgraph: Subgraph, start: int, walk: Sequence[int]) -> Iterator[tuple[int, bool, int, int]]:
    """The statements of a walk: whether each is read backwards, and the nodes that it is followed from and to."""
    at = start
    for statement in walk:
        back = int(subgraph.heads[statement]) != at
        end = int(subgraph.heads[statement] if back else subgraph.tails[statement])
        yield statement, back, at, end
        at = end


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
