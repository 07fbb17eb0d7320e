"""Numbers the sources of an answer in the order in which they are used: statements, and the passages they come from."""

from __future__ import annotations

from dataclasses import replace

from kgrag.graph import KnowledgeGraph
from kgrag.retrieval import PassageIndex
from kgrag.types import Citation, Passage, Triple


class Sources:
    """The sources of one answer.

    Args:
        graph: The graph.
        passages: The passages.

    Attributes:
        citations: The sources so far.
    """

    def __init__(self, graph: KnowledgeGraph, passages: PassageIndex) -> None:
        self.graph, self.passages = graph, passages
        self.citations: list[Citation] = []
        self._numbers: dict[object, int] = {}

    def statement(self, statement: int) -> list[int]:
        """Source numbers of a statement, and of the passages that it comes from."""
        triple = self.graph.triple(statement)
        numbers = [self._number(("statement", statement), Citation(0, triple=triple))]
        for source in self.graph.sources_of(statement):
            if source in self.passages:
                passage = self.passages.get(source)
                numbers.append(self.passage(passage, self._stating(passage, triple)))
        return numbers

    def passage(self, passage: Passage, sentence: str) -> int:
        """Source number of a sentence of a passage."""
        return self._number((passage.id, sentence), Citation(0, passage=passage, sentence=sentence))

    def _stating(self, passage: Passage, triple: Triple) -> str:
        """The sentence of a passage that names most of what a statement is about."""
        names = [label.casefold() for label in triple.labels]
        sentences = self.passages.sentences(passage)
        return max(sentences, key=lambda sentence: sum(name in sentence.casefold() for name in names))

    def _number(self, key: object, citation: Citation) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self.citations.append(replace(citation, number=self._numbers[key]))
        return self._numbers[key]
