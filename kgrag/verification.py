"""From a draft to an answer that is shown, or to a refusal with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kgrag.composer import Composition
from kgrag.encoding import Findings, GraphReader
from kgrag.fusion import ANSWERS, Role
from kgrag.fusion.balance import SOURCES
from kgrag.generation import Draft, print_answer
from kgrag.generation.sentences import NOUNS, RELATIONS, joined, relation_sentence
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import DirectedRows
from kgrag.measures import Measured
from kgrag.retrieval import PassageIndex
from kgrag.sources import Sources
from kgrag.types import Answer, AnswerEntity, Citation, Evidence, Link

NAMED = 2  # words of the question that are said to be unexplained
KEPT = 0.5  # share of its belief that an answer must keep when only the cited statements are read


@dataclass
class Thought:
    """What is known about a question on its way to an answer.

    Attributes:
        masked: The question with its mentions masked, as the reasoner read it.
        measured: How well what is believed in most explains it.
        trust: How probable it is, by that and as certain as the names are, that this answers it.
    """

    masked: str
    evidence: Evidence
    findings: Findings
    composition: Composition
    measured: Measured
    trust: float

    @property
    def link_score(self) -> float:
        """Score of the least certain link; 0 where a name is unknown, for the question is about that as well."""
        return min((link.score for link in self.evidence.links), default=0.0)


def refusal(question: str, links: Sequence[Link], reason: str, confidence: float = 0.0) -> Answer:
    """An answer that says why there is none."""
    return Answer(
        question,
        f"I cannot answer that from this graph: {reason}.",
        links=tuple(links),
        confidence=round(confidence, 4),
        abstained=True,
        reason=reason,
    )


class Verifier:
    """Checks drafts against the evidence that they were written from.

    Args:
        graph: The graph.
        passages: The passages.
        reader: Reads the cited statements once more, to see whether they suffice.
        threshold: Drafts below this confidence are refused.
    """

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex, reader: GraphReader, threshold: float) -> None:
        self.graph, self.passages, self.reader, self.threshold = graph, passages, reader, threshold

    def verify(self, thought: Thought, draft: Draft) -> Answer:
        """Turns a draft into an answer if every source exists, every path leads to its answer, and they suffice."""
        evidence, items = thought.evidence, thought.composition.prompt.items
        named = [p for p in draft.pieces if isinstance(p, int)]
        answers = [p for p in draft.answers if items.roles[p] in ANSWERS]
        confidence = self._confidence(thought, named, answers, draft.outvoted)
        said = named or answers or thought.findings.verdict < 0
        if draft.abstained or not said or confidence < self.threshold:
            why = draft.reason or self._why_not(thought, confidence)
            return refusal(evidence.question, evidence.links, why, confidence)
        sources = _Sources(self.graph, self.passages, thought)
        pieces = list(draft.pieces)
        offered = answers if thought.findings.verdict else items.where(*ANSWERS)
        left_out = [p for p in offered if p not in answers and p not in draft.outvoted] if answers else []
        if thought.findings.verdict > 0:  # over several statements: each of them is said
            pieces = ["yes :", *joined(items.where(Role.TRIPLE)), "."]
        elif left_out or not pieces or not (is_well_formed(pieces) and says_what_is_stated(pieces, thought)):
            answers = [*answers, *left_out] if thought.findings.verdict >= 0 else []
            pieces = in_other_words(answers, thought)
        text = print_answer(pieces, items, sources.cite)
        denied = thought.findings.verdict < 0 and not sources.citations
        fault = "" if denied else self._fault(thought, answers, sources.citations)
        if denied:  # there is nothing to cite for what is not there
            text = "No: the graph has no statement that says so."
        if fault:
            return refusal(evidence.question, evidence.links, fault, confidence)
        entities, paths = [], []
        for p in answers:
            position: Any = items.references[p]
            node = int(evidence.subgraph.nodes[position])
            entities.append(AnswerEntity(self.graph.label(node), self.graph.iri(node), float(items.scalars[p, 0])))
            paths.append(
                tuple(
                    self.graph.triple(int(evidence.subgraph.statements[s])) for s in thought.composition.paths[position]
                )
            )
        return Answer(
            evidence.question,
            text,
            tuple(entities),
            {1: "yes", -1: "no", 0: ""}[thought.findings.verdict],
            tuple(sources.citations),
            tuple(paths),
            evidence.links,
            round(confidence, 4),
            gates=_rounded(draft.gates),
            weights=_rounded(draft.weights),
        )

    def _confidence(
        self, thought: Thought, named: Sequence[int], answers: Sequence[int], outvoted: Sequence[int]
    ) -> float:
        items = thought.composition.prompt.items
        if answers and not thought.findings.verdict:
            best = max(float(items.scalars[p, 0]) for p in answers) if outvoted else 1.0
            return thought.trust * best
        if thought.findings.verdict:
            at = (
                slice(None)
                if thought.findings.target is None
                else slice(thought.findings.target, thought.findings.target + 1)
            )
            belief = min(1.0, float(thought.findings.scores[at].max()))
            return belief * min(1.0, 0.5 + thought.link_score / 2)
        return max((float(items.scalars[p, 2]) for p in named if items.roles[p] is Role.SENTENCE), default=0.0)

    def _fault(self, thought: Thought, answers: Sequence[int], citations: Sequence[Citation]) -> str:
        """What is wrong with the sources; empty where nothing is."""
        if not citations:
            return "no statement or passage supports the draft"
        for citation in citations:
            known = self.graph.contains(citation.triple) if citation.triple else _id(citation) in self.passages
            if not known:
                return f"source {citation.number} is no longer there"
        if answers and not thought.findings.verdict:
            if not self._suffices(thought, answers):
                return "the statements that would be cited do not lead to the answer"
            if asked := thought.measured.asked:
                return f"the question asks for {asked}, and what was found is something else"
            if apart := thought.measured.apart:
                return f"no statement joins {apart[0]} to the rest of the question, as it takes for granted"
        return ""

    def _suffices(self, thought: Thought, answers: Sequence[int]) -> bool:
        """Whether the reasoner comes to the same answers from the cited statements alone."""
        items = thought.composition.prompt.items
        positions: list[Any] = [items.references[p] for p in answers]
        cited = sorted({s for position in positions for s in thought.composition.paths[position]})
        alone = DirectedRows.of(thought.evidence.subgraph.only(np.array(cited, np.int64)))
        readings, kind = thought.findings.found.readings, thought.findings.found.kind
        asked = kind.question if kind else thought.masked
        again = self.reader.read([asked] * len(readings), [reading.start for reading in readings], alone)
        nodes = thought.evidence.subgraph.nodes[positions]
        return all((b.believed(nodes) >= KEPT * a.believed(nodes)).all() for a, b in zip(readings, again))

    def _why_not(self, thought: Thought, confidence: float) -> str:
        names = ", ".join(self.graph.label(link.node) for link in thought.evidence.links if link.node is not None)
        if confidence <= 0.05:
            return f"no statement or passage about {names} answers this"
        if thought.measured.left and not thought.findings.verdict:
            left = " and ".join(map(repr, thought.measured.left[:NAMED]))
            return f"what is known about {names} says nothing of {left} (confidence {confidence:.2f})"
        return f"the evidence about {names} is too weak (confidence {confidence:.2f})"


def says_what_is_stated(pieces: Sequence[str | int], thought: Thought) -> bool:
    """Whether what a sentence says of its answers is in the statements that lead to them.

    Every other node must lie on the way to an answer; a relation must join each answer, in its direction, to what it names.
    """
    items, subgraph = thought.composition.prompt.items, thought.evidence.subgraph
    named = [p for p in pieces if isinstance(p, int)]
    positions: set[Any] = {items.references[p] for p in named if items.roles[p] in ANSWERS}
    stated = {s for position in positions for s in thought.composition.paths[position]}
    passed = {int(end) for s in stated for end in (subgraph.heads[s], subgraph.tails[s])}
    if any(items.roles[p] in (Role.TOPIC, Role.BRIDGE) and items.references[p] not in passed for p in named):
        return False
    relation = next((p for p in named if items.roles[p] in RELATIONS), None)
    if relation is None:
        return True
    at = named.index(relation)
    before, after = named[:at], named[at + 1 :]
    if items.roles[relation] in NOUNS:  # "the R of H is T", "T is the R of H"
        before, after = (after, before) if before else (after[:1], after[1:])
    reference: Any = items.references[relation]
    heads, tails = ({items.references[p]: p for p in side} for side in (before, after))
    said = set()
    for statement in stated:
        ends = int(subgraph.heads[statement]), int(subgraph.tails[statement])
        if subgraph.relations[statement] == reference[0] and ends[0] in heads and ends[1] in tails:
            said |= {heads[ends[0]], tails[ends[1]]}
    return all(p in said for p in named if items.roles[p] in ANSWERS)


def is_well_formed(pieces: Sequence[str | int]) -> bool:
    """Whether each comma and each "and" of a draft is followed by a name, or by "and" or "through" and a name."""
    words = [word for piece in pieces for word in (piece.split() if isinstance(piece, str) else [piece])]
    follows = {",": ("and", "through"), "and": (), "through": ()}
    return all(
        isinstance(after, int) or after in follows[word]
        for word, after in zip(words, [*words[1:], "."])
        if isinstance(word, str) and word in follows
    )


def in_other_words(answers: Sequence[int], thought: Thought) -> list[str | int]:
    """A sentence that the statements bear out, where one can say it all; else the answers one after the other."""
    items = thought.composition.prompt.items
    listed = joined(answers)
    for relation in items.where(*RELATIONS) if answers else ():
        for named in items.where(Role.TOPIC, Role.BRIDGE):
            pieces = relation_sentence(items.roles[relation], relation, named, listed, len(answers) > 1)
            if says_what_is_stated(pieces, thought):
                return pieces
    return plain_list(answers)


def plain_list(answers: Sequence[int]) -> list[str | int]:
    """Answers one after the other, with nothing said of them."""
    return [*joined(answers), "."] if answers else []


def _rounded(figures: Sequence[float]) -> dict[str, float]:
    return {source: round(figure, 3) for source, figure in zip(SOURCES, figures)}


def _id(citation: Citation) -> str:
    return citation.passage.id if citation.passage else ""


class _Sources(Sources):
    """The sources of what a draft says."""

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex, thought: Thought) -> None:
        super().__init__(graph, passages)
        self.thought = thought

    def cite(self, item: int) -> list[int]:
        """Source numbers of an item; none for what needs no source."""
        items = self.thought.composition.prompt.items
        role = items.roles[item]
        reference: Any = items.references[item]
        if role in ANSWERS:
            return [number for s in self.thought.composition.paths[reference] for number in self._statement(s)]
        if role is Role.TRIPLE:
            return self._statement(reference)
        if role is Role.SENTENCE:
            passage = self.thought.evidence.passages[reference[0]].passage
            return [self.passage(passage, items.texts[item])]
        return []

    def _statement(self, position: int) -> list[int]:
        return self.statement(int(self.thought.evidence.subgraph.statements[position]))
