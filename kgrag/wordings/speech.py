"""How one speaks of the relations of one graph: their labels, further names and known wordings, by what stands at their ends."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources

from kgrag.graph import KnowledgeGraph
from kgrag.wordings import Wording, wordings_for
from kgrag.wordings.ends import Ends
from kgrag.wordings.grammar import Step, noun_of
from kgrag.wordings.ways import Ways, turned_wordings

_UNSPOKEN = re.compile(r"[:_]| and ")  # in labels that nobody says: "skos:definition", "sons and daughters"


class Speech:
    """How one speaks of the relations of one graph.

    Args:
        graph: The graph.

    Attributes:
        ways: Ways of asking for its relations.
        ends: What sort of things stand at their ends.
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self.ways = Ways(graph.relation_labels)
        self.ends = Ends(graph, self.ways)
        fitting: dict[str, list[Wording]] = {}
        for relation, label in enumerate(graph.relation_labels):
            fitting.setdefault(label, []).extend(self.ends.fitting(relation))
        self.ways.keep(fitting)
        self._steps: dict[tuple[int, bool], Step] = {}
        self._asked: dict[tuple[tuple[int, bool], ...], list[str]] = {}

    def step(self, relation: int, inverse: bool, many: bool | None = None) -> Step:
        """A directed relation with all that is known of how people speak of it.

        Args:
            relation: The relation.
            inverse: Whether it is read backwards.
            many: Whether it leads to several things; None where that is not known.
        """
        key = (relation, inverse)
        if key not in self._steps:
            self._steps[key] = self._step(relation, inverse)
        return replace(self._steps[key], many=many)

    def asked(self, path: Sequence[tuple[int, bool]]) -> list[str]:
        """Known ways of asking for a path, with ``{x}`` for what is named."""
        key = tuple(path)
        if key not in self._asked:
            self._asked[key] = self.ways.asked(self._spelt(path))
        return self._asked[key]

    def of_both(self, relation: int, inverse: bool) -> list[str]:
        """Known questions for what ``{x}`` and ``{y}`` both lead to over a directed relation."""
        return self.ways.asked(self._spelt([(relation, inverse)]), "&")

    def checks(self, relation: int) -> list[str]:
        """Known questions whether a relation leads from ``{x}`` to ``{y}``."""
        texts = [text for wording in self.ends.fitting(relation) for text in wording.yesno]
        return [text.replace("{s}", "{x}").replace("{o}", "{y}") for text in texts]

    def _spelt(self, path: Sequence[tuple[int, bool]]) -> tuple[tuple[str, bool], ...]:
        return tuple((self.graph.relation_label(relation), inverse) for relation, inverse in path)

    def topic_classes(self, relation: int, inverse: bool) -> tuple[str, ...]:
        """What sort of things a directed relation starts from."""
        return self.ends.classes[2 * relation + (not inverse)]

    def _step(self, relation: int, inverse: bool) -> Step:
        label = self.graph.relation_label(relation)
        fitting = self.ends.fitting(relation)
        own = [wording for wording in wordings_for(label) if wording in fitting]
        questions: list[str] = []
        phrases: list[str] = []
        for wordings, turned in ((fitting, False), (turned_wordings(label), True)):
            for wording in wordings:
                questions += wording.questions(inverse != turned)
                phrases += wording.phrases(inverse != turned)
        names = [name for wording in own for name in wording.labels if not _UNSPOKEN.search(name)]
        nouns = [*filter(None, map(noun_of, phrases)), *_nouns(own, inverse)]
        return Step(
            tuple(dict.fromkeys([label, *self._names(relation), *names])),
            inverse,
            tuple(dict.fromkeys(questions)),
            tuple(dict.fromkeys(phrases)),
            self.ends.classes[2 * relation + inverse],
            tuple(dict.fromkeys(nouns)),
        )

    def _names(self, relation: int) -> list[str]:
        """Further labels that the graph gives a relation."""
        node = self.graph.node(self.graph.relation_iri(relation))
        return self.graph.names(node) if node is not None else []


def _nouns(wordings: list[Wording], inverse: bool) -> list[str]:
    """Nouns of plain English for what a directed relation leads to."""
    way = "back" if inverse else "of"
    labels = {label for wording in wordings for label in wording.labels[:1]}
    return [noun for label in sorted(labels) for noun in _table().get(label, {}).get(way, ())]


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    text = resources.files("kgrag.wordings").joinpath("nouns.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[str]]] = json.loads(text)
    return found
