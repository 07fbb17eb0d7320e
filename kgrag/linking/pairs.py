"""Candidates of mentions, and what is known of each: likeness, standing, what people linked, and the text around."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz import fuzz

from kgrag.linking.candidates import NUMBER
from kgrag.linking.dense import DenseNames
from kgrag.linking.folding import fold
from kgrag.linking.literals import forms
from kgrag.linking.memory import MentionMemory
from kgrag.linking.ranking import Pairs
from kgrag.linking.roots import Roots
from kgrag.linking.spans import SpanNames
from kgrag.linking.surroundings import SURROUNDINGS, Surroundings
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

_LIKENESS = (
    *("nearly the same", "token-sort ratio", "3-gram cosine", "same numbers"),
    *("roots in both", "roots of the mention", "roots of the name", "dense cosine"),
)
_STANDING = ("preferred", "written the same", "foreign", "literal", "popularity")
_RECALLED = ("share of the labels", "share of near labels")
FEATURES = (*_LIKENESS, *_STANDING, *_RECALLED, *SURROUNDINGS)
NOTHING = ("always", "share of the labels", "share of near labels", "unknown words")
_SAME = (1.0,) * (len(_LIKENESS) - 1)  # likeness of a name to itself, but for the cosine
_MISTYPED = 0.8  # edit ratio from which a name may be mistyped
_NAMES = 50  # nearest names of each kind
_WORDS_ARE_THERE = math.log(3)  # what it adds to a score that the text has the words of a name in other order or form
_AFTER_NAMES, _AFTER_MEMORY = len(_LIKENESS) + len(_STANDING), len(FEATURES) - len(SURROUNDINGS)


class Asked(NamedTuple):
    """A mention in a text.

    Attributes:
        written: As it stands there, short forms written out.
        places: Start and end, wherever it stands.
        read: The names that it is read as, and the logarithm of how likely each is.
        like: Further names that it may be if it is like them; None where they are to be sought.
        node: What it means, where that is no question.
    """

    written: str
    places: tuple[tuple[int, int], ...] = ()
    read: tuple[tuple[int, float], ...] = ()
    like: tuple[int, ...] | None = None
    node: int | None = None


class PairFinder:
    """Finds (name, node) pairs for mentions.

    Args:
        graph: Of the nodes.
        lexicon: Its names, current.
        span_names: Finds names by their letters.
        dense: Finds names by meaning, if at all.
    """

    def __init__(
        self, graph: KnowledgeGraph, lexicon: Lexicon, span_names: SpanNames, dense: DenseNames | None
    ) -> None:
        self._graph, self._lexicon, self._span_names, self._dense = graph, lexicon, span_names, dense
        self._roots = Roots(lexicon)
        self._surroundings = Surroundings(graph, self._roots)
        self._version: int | None = None

    @property
    def roots(self) -> Roots:
        """The roots of the names' words, current."""
        self._roots.refresh()
        return self._roots

    def find(self, mentions: Sequence[Asked], memory: MentionMemory) -> list[Pairs]:
        """Candidates of mentions with the features that the names and their standing decide.

        What a mention is read as counts as if it was written: how likely that is was found out before.
        """
        self._roots.refresh()
        folded = [fold(mention.written) for mention in mentions]
        sought = [at for at, mention in enumerate(mentions) if mention.like is None]
        vectors = dict(zip(sought, self._dense.encode([folded[at] for at in sought]))) if self._dense and sought else {}
        similar = self._similar([folded[at] for at in sought], list(vectors.values()))
        found = []
        for at, (mention, text) in enumerate(zip(mentions, folded)):
            more = [*self._keys_of(memory.shares(text))]
            if at in vectors:
                more += self._keys_of(memory.near(vectors[at]))
            read = dict(mention.read) or self._reformed(text)
            like = next(similar) if mention.like is None else mention.like
            keys = [key for key in dict.fromkeys([*like, *more]) if key not in read]
            if not any(map(str.isalnum, text)):
                keys = []  # marks mean nothing by what they resemble
            if self._dense and keys and at not in vectors:
                vectors[at] = self._dense.encode([text])[0]
            pairs = self._pairs(mention.written, text, read, keys, vectors.get(at))
            found.append(pairs._replace(prior=_prior(pairs.keys, read, mention.like or ())))
        return found

    def _similar(self, mentions: Sequence[str], vectors: Sequence[Floats]) -> Iterator[list[int]]:
        """For each folded mention keys of names like it, by letters and by meaning."""
        by_meaning = self._dense.similar(np.stack(vectors), _NAMES) if self._dense and vectors else [[]] * len(mentions)
        for rated, near in zip(self._span_names(mentions), by_meaning):
            yield [*(key for key, _ in rated[:_NAMES]), *(one.key for one in near)]

    def recalled(self, mention: str, pairs: Pairs, memory: MentionMemory, without: int | None = None) -> Pairs:
        """The pairs with what people linked a folded mention to, and mentions like it; see `MentionMemory`."""
        if not memory.rows:
            return pairs
        near = memory.near(self._dense.encode([mention])[0], without) if self._dense else {}
        features, nothing = pairs.features.copy(), pairs.nothing.copy()
        for column, shares in enumerate((memory.shares(mention, without), near)):
            nothing[1 + column] = shares.get(None, 0.0)
            of_nodes = {node: share for iri, share in shares.items() if iri for node in self._graph.find(iri)}
            features[:, _AFTER_NAMES + column] = [of_nodes.get(node, 0.0) for node in pairs.nodes.tolist()]
        return pairs._replace(features=features, nothing=nothing)

    def placed(self, text: str, places: Sequence[tuple[int, int]], pairs: Pairs) -> Pairs:
        """The pairs with how their nodes fit the text around."""
        nodes, rows = np.unique(pairs.nodes, return_inverse=True)
        features = pairs.features.copy()
        features[:, _AFTER_MEMORY:] = self._surroundings.features(text, places, nodes)[rows]
        return pairs._replace(features=features)

    def unknown(self, mention: str, without: Sequence[int] = ()) -> float:
        """Share of a folded mention's words that no name has, by weight; some names left out of account."""
        roots, names = self._roots.of(mention), [self._lexicon.aliases.keys[key] for key in without]
        return self._roots.weight(self._roots.unknown(roots, names)) / max(self._roots.weight(roots), 1e-9)

    def _reformed(self, mention: str) -> dict[int, float]:
        """Names that are the same date, number, citation or code as a folded mention."""
        return {key: 0.0 for form in forms(mention) for key in self._lexicon.of_form(form)}

    def _keys_of(self, iris: Iterable[str | None]) -> list[int]:
        """Keys of all names of what IRIs stand for."""
        nodes = [node for iri in iris if iri is not None for node in self._graph.find(iri)]
        keys = (self._lexicon.aliases.key(fold(name)) for node in nodes for name in self._graph.names(node))
        return [key for key in keys if key is not None]

    def _pairs(
        self, written: str, mention: str, read: dict[int, float], keys: Sequence[int], vector: Floats | None
    ) -> Pairs:
        """All bearers of the names that a mention is read as, and of others."""
        aliases = self._lexicon.aliases
        cosines = np.zeros(len(keys)) if vector is None or not self._dense else self._dense.cosines(vector, keys)
        likeness = _Likeness(mention, self._roots)
        like = {key: (*_SAME, float(self._dense is not None)) for key in read}
        like |= {key: (*likeness.of(aliases.keys[key]), cosine) for key, cosine in zip(keys, cosines.tolist())}
        cased = written != mention
        rows, places = [], []
        for key, of_name in like.items():
            for node, name, preferred in aliases.names[key]:
                literal, popularity = aliases.literal.item(node), aliases.popularity.item(node) / 10
                standing = preferred, cased and name == written, self._is_foreign(node, name), literal, popularity
                rows.append((*of_name, *standing, *[0.0] * (len(FEATURES) - _AFTER_NAMES)))
                places.append((key, node))
        ids = np.array(places, np.int64).reshape(-1, 2)
        features = np.array(rows, np.float32).reshape(-1, len(FEATURES))
        nothing = np.array([1, 0, 0, 0 if read else self.unknown(mention)], np.float32)
        return Pairs(ids[:, 0], ids[:, 1], features, nothing, np.zeros(len(ids), np.float32))

    def _is_foreign(self, node: int, name: str) -> bool:
        """As of the lexicon, whose names are the same until its version changes."""
        if self._version != self._lexicon.version:
            self._version = self._lexicon.version
            self._foreign: dict[tuple[int, str], bool] = {}
        if (node, name) not in self._foreign:
            self._foreign[node, name] = self._lexicon.is_foreign(node, name)
        return self._foreign[node, name]


class _Likeness:
    """How like a mention names are."""

    def __init__(self, mention: str, roots: Roots) -> None:
        self._mention, self._all_roots = mention, roots
        self._numbers, self._grams, self._roots = NUMBER.findall(mention), _grams(mention), roots.of(mention)
        self._weight = max(roots.weight(self._roots), 1e-9)

    def of(self, name: str) -> tuple[float, ...]:
        roots, grams = self._all_roots.of(name), _grams(name)
        shared, other = self._all_roots.weight(self._roots & roots), self._all_roots.weight(roots)
        return (
            max(0.0, (fuzz.ratio(self._mention, name) / 100 - _MISTYPED) / (1 - _MISTYPED)),
            fuzz.token_sort_ratio(self._mention, name) / 100,
            len(self._grams & grams) / (len(self._grams) * len(grams)) ** 0.5,
            self._numbers == NUMBER.findall(name),
            shared / max(self._weight + other - shared, 1e-9),
            shared / self._weight,
            shared / max(other, 1e-9),
        )


def _prior(keys: Ids, read: dict[int, float], like: Sequence[int]) -> Floats:
    """What speaks for names beside their likeness, shape (keys,): that they were read, and that their words stand there."""
    most = max(read.values(), default=0.0)
    known = dict.fromkeys(like, _WORDS_ARE_THERE) | {key: gain - most for key, gain in read.items()}
    return np.array([known.get(key, 0.0) for key in keys.tolist()], np.float32)


def _grams(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
