"""Prompts with reference answers, from synthetic questions read by the real reasoner."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kgrag.composer import compose
from kgrag.config import RetrievalConfig
from kgrag.encoding import Findings, GraphReader
from kgrag.fusion import Role
from kgrag.fusion.items import TOLD
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import retrieve
from kgrag.training.generator import Example
from kgrag.training.references import reference
from kgrag.training.synthesis import SyntheticQuestion
from kgrag.types import Link, Mention, TextEncoder

SURE = 0.5  # share of the best node's probability from which a node counts as an answer


def make_examples(
    graph: KnowledgeGraph,
    questions: Sequence[SyntheticQuestion],
    reader: GraphReader,
    encoder: TextEncoder,
    retrieval: RetrievalConfig,
    seed: int = 0,
) -> list[Example]:
    """Reads each question's sub-graph with the reasoner and words the answer that its evidence supports.

    The right answer for the generator is what the *evidence* says: gold nodes that the reasoner found. Where it found
    none of them, refusing is right.

    Args:
        graph: The graph the questions are about.
        questions: Synthetic questions.
        reader: The reasoner over that graph.
        encoder: Encodes texts.
        retrieval: How sub-graphs are taken.
        seed: For the choice of distracting sentences.
    """
    rng = random.Random(seed)
    examples = []
    pool = [q for q in questions if q.path]
    for start in range(0, len(questions), 32):
        chunk = questions[start : start + 32]
        nodes = [[q.topic] if q.target is None else [q.topic, q.target] for q in chunk]
        wide = [replace(retrieval, hops=max(retrieval.hops, len(q.path))) for q in chunk]
        subgraphs = [retrieve(graph, np.array(n, np.int64), config) for n, config in zip(nodes, wide)]
        beliefs = reader.read([q.masked for q in chunk], subgraphs, [s.seeds[:1] for s in subgraphs])
        encodings = encoder.encode([q.masked for q in chunk])
        for question, subgraph, belief, encoding in zip(chunk, subgraphs, beliefs, encodings):
            gold = {i for i, n in enumerate(subgraph.nodes.tolist()) if n in set(question.answers)}
            found = belief.scores.max() if len(belief.scores) else 0.0
            reached = {i for i in gold if belief.scores[i] >= max(SURE * found, 0.1)}
            verdict, target = 0, None
            if question.kind == "yes/no":
                target = int(subgraph.seeds[1])
                verdict = 1 if target in reached else -1
                if bool(question.answers) != (verdict > 0):
                    continue
            sentences = _distractors(pool, rng) if rng.random() < 0.5 and (reached or verdict) else []
            told = None
            if question.kind == "one-hop" and rng.random() < 0.15 and len(gold) < 4:
                sentences, told = _tell(graph, question, rng)
                belief.scores[list(gold)] = 0.0
                reached = set()
            start_at = question.text.find(graph.label(question.topic))
            links = []
            if start_at >= 0:
                mention = Mention(start_at, start_at + len(graph.label(question.topic)), graph.label(question.topic))
                links.append(Link(mention, question.topic, 1.0))
            composition = compose(
                graph,
                question.text,
                links,
                subgraph,
                Findings(belief.scores, (belief,), (int(subgraph.seeds[0]),), verdict, target if verdict > 0 else None),
                encoding,
                encoder.encode,
                sentences,
            )
            items = composition.prompt.items
            if verdict < 0:
                reached = {i for i in range(len(belief.scores)) if belief.scores[i] >= max(SURE * found, 0.3)}
            answers = [i for i in items.where(Role.ANSWER, Role.TEXT) if items.references[i] in reached]
            sentence = next((i for i in items.where(Role.SENTENCE) if items.texts[i] == told), None)
            if question.kind == "unanswerable" and found > 0.5:
                continue  # the graph may well hold it under a name that the wording also fits
            steps = reference(items, answers, verdict, sentence)
            examples.append(Example(composition.prompt, tuple(steps)))
    return examples


def _distractors(pool: Sequence[SyntheticQuestion], rng: random.Random) -> list[tuple[tuple[int, int], str, float]]:
    """Sentences that seem to answer while the graph does: its statements go before them."""
    texts = [rng.choice(pool).text.rstrip("?") + "." for _ in range(rng.randint(1, 4))] if pool else []
    return [((0, i), text, rng.uniform(TOLD, 0.9)) for i, text in enumerate(texts)]


def _tell(
    graph: KnowledgeGraph, question: SyntheticQuestion, rng: random.Random
) -> tuple[list[tuple[tuple[int, int], str, float]], str]:
    """A sentence that states the answer, which the graph does not."""
    relation, inverse = question.path[0]
    answer = graph.label(question.answers[0])
    pair = (answer, graph.label(question.topic)) if inverse else (graph.label(question.topic), answer)
    text = f"{pair[0]} {graph.relation_label(relation)} {pair[1]}."
    return [((1, 0), text, rng.uniform(TOLD, 0.9))], text
