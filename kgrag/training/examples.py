"""Prompts with reference answers, from synthetic questions read by the real reasoner."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kgrag.composer import LEAST, compose
from kgrag.encoding import GraphReader, reason
from kgrag.fusion import ANSWERS, Role
from kgrag.fusion.items import TOLD
from kgrag.generation.references import reference
from kgrag.graph import KnowledgeGraph
from kgrag.training.generator import Example
from kgrag.training.synthesis import SyntheticQuestion
from kgrag.types import Link, Mention, TextEncoder

DISPUTED = 0.5  # belief from which a question that was meant to have no answer may well have one


def make_examples(
    graph: KnowledgeGraph,
    questions: Sequence[SyntheticQuestion],
    reader: GraphReader,
    encoder: TextEncoder,
    seed: int = 0,
) -> list[Example]:
    """Reads each question's sub-graph with the reasoner and words the answer that its evidence supports.

    The right answer for the generator is what the *evidence* says: all that is offered as an answer, even where the reasoner
    took the wrong path. That cannot be seen from the evidence, and a generator that refuses what looks sure learns nothing but
    to doubt. Where the evidence is not sure, and the reasoner was wrong, refusing is right.

    Args:
        graph: The graph the questions are about.
        questions: Synthetic questions.
        reader: The reasoner over that graph.
        encoder: Encodes texts.
        seed: For the choice of distracting sentences.
    """
    rng = random.Random(seed)
    examples = []
    pool = [q for q in questions if q.path]
    encodings = encoder.encode([q.masked for q in questions])
    for question, encoding in zip(questions, encodings):
        yes_no = question.kind == "yes/no"
        findings = reason(reader, question.masked, question.topics, asks_yes_no=yes_no)
        subgraph = findings.subgraph
        if yes_no and bool(question.answers) != (findings.verdict > 0):
            continue
        gold = np.flatnonzero(np.isin(subgraph.nodes, question.answers)).tolist()
        found = float(findings.scores.max(initial=0.0))
        right = bool(findings.verdict) or (found >= LEAST and int(np.argmax(findings.scores)) in gold)
        if question.kind == "unanswerable" and found > DISPUTED:
            continue  # the graph may well hold it under a name that the wording also fits
        sentences = _distractors(pool, rng) if rng.random() < 0.5 and right else []
        told = None
        if question.kind == "one-hop" and rng.random() < 0.15 and len(gold) < 4:
            sentences, told = _tell(graph, question, rng)
            findings = replace(findings, scores=np.zeros_like(findings.scores))
        links = _links(question)
        composition = compose(graph, question.text, links, findings, encoding, encoder.encode, sentences)
        items = composition.prompt.items
        offered = items.where(*ANSWERS)
        said = right or composition.prompt.answerable
        answers = list(offered) if said and told is None else []
        sentence = next((i for i in items.where(Role.SENTENCE) if items.texts[i] == told), None)
        if composition.prompt.answerable and not (answers or findings.verdict or sentence):
            continue  # no sentence answers, and it may not refuse
        steps = reference(items, answers, findings.verdict, sentence)
        examples.append(Example(composition.prompt, tuple(steps)))
    return examples


def _links(question: SyntheticQuestion) -> list[Link]:
    """The question's topics where they stand in it, in the order of the topics."""
    links = []
    for topic, name in zip(question.topics, question.mentions):
        start = question.text.find(name)
        if start >= 0:
            links.append(Link(Mention(start, start + len(name), name), topic, 1.0))
    return links


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
    pair = (answer, graph.label(question.topics[0])) if inverse else (graph.label(question.topics[0]), answer)
    text = f"{pair[0]} {graph.relation_label(relation)} {pair[1]}."
    return [((1, 0), text, rng.uniform(TOLD, 0.9))], text
