"""The names of a graph and the ways of finding them, kept as current as the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from kgrag.linking.aliases import AliasIndex
from kgrag.linking.candidates import Found, Similar
from kgrag.linking.folding import Folded
from kgrag.linking.inflection import inflections
from kgrag.linking.languages import base
from kgrag.linking.matching import Matchers
from kgrag.linking.misspelling import Near
from kgrag.linking.rewording import Reworded, Sharing
from kgrag.linking.words import QuestionWords
from kgrag.resources import common_words
from kgrag.types import Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_Named = TypeVar("_Named", Found, Near, Reworded, Sharing, Similar)

_LATER = 2_000  # names that may be looked for apart from the others
_MOST_ALIKE = 50  # names with one form, or with the same initials, that are looked at
_LETTERS = 15  # as many equally common ones would make initials as unlike as they are


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
        of_length: How many names have as many letters as the place says.
    """

    aliases: AliasIndex
    of_length: Ids

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
        longest = max(len(part.of_length) for part in self._matchers)
        padded = [np.pad(part.of_length, (0, longest - len(part.of_length))) for part in self._matchers]
        self.of_length = np.sum(padded, axis=0)
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
        return self._borne(part.exact(text) for part in self._matchers)

    def whole(self, text: str) -> list[int]:
        """Keys of the names that a whole folded text is, or is another form of; the same name first."""
        forms = dict.fromkeys((text, *inflections(text)))
        keys = dict.fromkeys(part.whole(form) for form in forms for part in self._matchers)
        borne = [key for key in keys if key is not None and key not in self.aliases.names.orphans]
        return sorted(borne, key=lambda key: self.aliases.keys[key] != text)

    def reworded(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """Names whose words stand in a text in another order or form, see `RewordedNames.find`."""
        return self._borne(part.reworded(words, capital) for part in self._matchers)

    def sharing(self, words: Sequence[str], most: int) -> list[Sharing]:
        """The names of which the words of a text tell most, best first; see `RewordedNames.sharing`."""
        found = self._borne(part.sharing(words, most) for part in self._matchers)
        return sorted(found, key=lambda one: (-one.told, one.key))[:most]

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """Names that share 3-grams with each text, see `SimilarNames.similar`."""
        parts = [part.similar(texts) for part in self._matchers]
        return [sorted(self._borne(found), key=lambda one: (-one.score, one.key)) for found in zip(*parts)]

    def _borne(self, parts: Iterable[Iterable[_Named]]) -> Iterator[_Named]:
        """What names something still."""
        orphans = self.aliases.names.orphans
        return (found for part in parts for found in part if found.key not in orphans)

    def misspelt(self, text: str, starts: Sequence[int], ends: Sequence[int], edits: int) -> Iterator[Near]:
        """Names that stretches of a text are a few edits away from, see `Misspellings.find`."""
        return self._borne(part.misspelt(text, starts, ends, edits) for part in self._matchers)

    def of_form(self, form: str) -> list[int]:
        """Keys of the names that are a date, number, citation or code, best connected first; see `literals.forms`."""
        return self._by_degree(key for part in self._matchers for key in part.of_form(form, _MOST_ALIKE))

    def with_initials(self, letters: str) -> list[int]:
        """Keys of the names with these initials, best connected first; none where the initials are a name themselves."""
        named = self.aliases.key(letters)
        if named is not None and named not in self.aliases.names.orphans:
            return []
        return self._by_degree(key for part in self._matchers for key in part.with_initials(letters, _MOST_ALIKE))

    def by_chance(self, letters: str) -> float:
        """How many names are expected to have initials like these, whatever a text means by them."""
        return sum(part.initials_of_length(len(letters)) for part in self._matchers) / _LETTERS ** len(letters)

    def _by_degree(self, keys: Iterable[int]) -> list[int]:
        borne = set(keys) - self.aliases.names.orphans
        return sorted(borne, key=lambda key: (-self.degree(key), key))

    def is_word(self, word: str) -> bool:
        """Whether a folded word is a common one, or part of a name."""
        return word in self.english or any(word in part.vocabulary for part in self._matchers)

    def degree(self, key: int) -> int:
        """Statements of the best connected node that bears a name."""
        return max(self.aliases.degrees.item(name.node) for name in self.aliases.names[key])

    def is_foreign(self, node: int, name: str) -> bool:
        """Whether a node bears a name in languages alone that the words of a text are not read in."""
        tags = self._graph.tags(node).get(name, ())
        return bool(tags) and not any(not tag or base(tag) in self.words.languages.all for tag in tags)
