"""The names of a graph and the ways of finding them, kept as current as the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from kgrag.linking.aliases import AliasIndex
from kgrag.linking.candidates import Found, Similar
from kgrag.linking.folding import Folded
from kgrag.linking.inflection import inflections
from kgrag.linking.languages import base
from kgrag.linking.matching import Matchers
from kgrag.linking.rewording import Reworded
from kgrag.linking.words import QuestionWords
from kgrag.resources import common_words

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_LATER = 2_000  # names that may be looked for apart from the others
_FOREIGN = 0.8  # what is left of the weight of a node that has a name in other languages than those of the text


class Lexicon:
    """All names of all nodes, each known by its key; a name that nothing bears any more is not found.

    Args:
        graph: Whose nodes are named.
        linkable: Tells the nodes whose names count; all by default.
        language: Of the texts; the one whose labels the graph prefers where not given.

    Attributes:
        version: Of the graph, when its names were last taken in.
        language: Of the texts, without region.
        english: Common words; spelt rightly, hence no misspelt names.
        aliases: The names by key; there after `refresh`, as all that follows.
    """

    aliases: AliasIndex

    def __init__(
        self, graph: KnowledgeGraph, linkable: Callable[[int], bool] | None = None, language: str | None = None
    ) -> None:
        self.english = common_words()
        self.language = base(graph.language if language is None else language)
        self._graph, self._linkable = graph, linkable
        self.version: int | None = None
        self._matchers: list[Matchers] = []  # for all names, and for those that came later

    def refresh(self) -> None:
        """Takes in what the graph calls its nodes now."""
        version = self._graph.version
        if self.version == version:
            return
        if self.version is None or not self._renewed(self.version):
            self.aliases = AliasIndex(self._graph, self._linkable, self.language)
            self._matchers = [Matchers(self.aliases, 0, self.english)]
            self._count = len(self.aliases.keys)
        self.version = version

    def _renewed(self, version: int) -> bool:
        """Takes in what was renamed since a version, where that is little."""
        renamed = self._graph.renamed_since(version)
        if renamed is None or not self.aliases.renew(renamed):
            return False
        later = len(self.aliases.keys) - self._count
        if later:
            self._matchers[1:] = [Matchers(self.aliases, self._count, self.english)]
        return later <= _LATER

    @property
    def words(self) -> QuestionWords:
        """Which words make questions over this graph."""
        return self.aliases.words

    def exact(self, text: Folded) -> Iterator[Found]:
        """Names and their other forms wherever they stand in a text, see `ExactMatcher.find`."""
        for found in chain.from_iterable(part.exact(text) for part in self._matchers):
            if self.aliases.names[found.key]:
                yield found

    def whole(self, text: str) -> list[int]:
        """Keys of the names that a whole folded text is, or is another form of; the same name first."""
        forms = dict.fromkeys((text, *inflections(text)))
        keys = dict.fromkeys(key for form in forms for part in self._matchers for key in part.whole(form))
        return sorted((key for key in keys if self.aliases.names[key]), key=lambda key: self.aliases.keys[key] != text)

    def reworded(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """Names whose words stand in a text in another order or form, see `RewordedNames.find`."""
        for found in chain.from_iterable(part.reworded(words, capital) for part in self._matchers):
            if self.aliases.names[found.key]:
                yield found

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """Names that share 3-grams with each text, see `FuzzyMatcher.similar`."""
        return self._merged([part.similar(texts) for part in self._matchers])

    def nearest(self, texts: Sequence[str], limit: int, least: float) -> list[list[Similar]]:
        """Names that each text may be a misspelling of, see `FuzzyMatcher.nearest`."""
        merged = self._merged([part.nearest(texts, limit, least) for part in self._matchers])
        return [found[:limit] for found in merged]

    def _merged(self, parts: list[list[list[Similar]]]) -> list[list[Similar]]:
        borne = [[one for one in chain.from_iterable(found) if self.aliases.names[one.key]] for found in zip(*parts)]
        return [sorted(found, key=lambda one: (-one.score, one.key)) for found in borne]

    def degree(self, key: int) -> int:
        """Statements of the best connected node that bears a name."""
        return max(int(self.aliases.degrees[name.node]) for name in self.aliases.names[key])

    def bearers(self, key: int, written: str) -> list[tuple[int, float]]:
        """The nodes that bear a name, best first: by preferred label, language, casing, degree, id.

        Args:
            key: Of the name.
            written: The mention as it stands in the text.

        Returns:
            (node, share of the name's score that it gets), the first with 1.
        """
        top = max(self.degree(key), 1)
        order = []
        names = self.aliases.names[key]
        for node, name, preferred in names:
            weight = 0.35 + 0.3 * (not self.aliases.literal[node])
            weight += 0.2 * preferred + 0.1 * (name == written) + 0.05 * int(self.aliases.degrees[node]) / top
            if len(names) > 1 and self.is_foreign(node, name):
                weight *= _FOREIGN
            order.append((weight, node))
        order.sort(key=lambda item: (-item[0], item[1]))
        return [(node, weight / order[0][0]) for weight, node in order]

    def is_foreign(self, node: int, name: str) -> bool:
        """Whether a node bears a name in languages alone that the words of a text are not read in."""
        tags = self._graph.tags(node).get(name, ())
        return bool(tags) and not any(not tag or base(tag) in self.words.languages.all for tag in tags)
