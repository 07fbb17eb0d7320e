"""Candidates of given mentions, and what is known of each: likeness, standing, what people linked, and coherence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz import fuzz

from kgrag.linking.candidates import NUMBER
from kgrag.linking.dense import DenseNames
from kgrag.linking.folding import fold, unaccented
from kgrag.linking.memory import MentionMemory
from kgrag.linking.ranking import Pairs, Ranker
from kgrag.linking.rewording import root
from kgrag.linking.spans import SpanNames
from kgrag.linking.words import split_words

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

FEATURES = (
    *("score of the name", "same", "edit ratio", "token-sort ratio", "same numbers", "dense cosine"),
    *("roots in both", "roots of the mention", "roots of the name", "preferred", "log degree"),
    *("share of the labels", "share of near labels", "another's best", "neighbour of another's best"),
)
_LEARNED = FEATURES.index("share of the labels")  # the first of those that more than the two names decide
_NAMES = 50  # nearest names of each kind
_WEIGHTS = {
    "score of the name": 10,
    "same": 20,
    "dense cosine": 20,
    "share of the labels": 40,
    "share of near labels": 20,
    "another's best": 4,
}
# What ranks before anything was learned, and finds the best candidates that the coherence of a text is judged by.
CONSTANT = Ranker(
    np.array([_WEIGHTS.get(name, 0) for name in FEATURES], np.float32),
    *(np.zeros((len(FEATURES), 1), np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)),
    nothing=24.0,
    temperature=3.0,
    threshold=0.15,
)


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
        self._weights_of: object = None

    def find(self, mentions: Sequence[str], memory: MentionMemory) -> list[Pairs]:
        """Candidates of mentions, written out and folded, with the features that the two names decide."""
        self._weigh()
        vectors = self._dense.encode(mentions) if self._dense and mentions else None
        nearest = self._dense.similar(vectors, _NAMES) if self._dense and vectors is not None else [[]] * len(mentions)
        found = []
        for at, (mention, rated, similar) in enumerate(zip(mentions, self._span_names(mentions), nearest)):
            if not any(map(str.isalnum, mention)):
                found.append(self._pairs(mention, {}, None))  # marks mean nothing
                continue
            scores = dict(rated[:_NAMES])
            for one in similar:
                scores.setdefault(one.key, 0.0)
            for key in self._keys_of(memory.shares(mention)):
                scores.setdefault(key, 0.0)
            vector = None if vectors is None else vectors[at]
            if vector is not None:
                for key in self._keys_of(memory.near(vector)):
                    scores.setdefault(key, 0.0)
            found.append(self._pairs(mention, scores, vector))
        return found

    def recalled(self, mention: str, pairs: Pairs, memory: MentionMemory, without: int | None = None) -> Pairs:
        """The pairs with what people linked the mention to, and mentions like it; see `MentionMemory`."""
        features = pairs.features.copy()
        shares = memory.shares(mention, without)
        near = memory.near(self._dense.encode([mention])[0], without) if self._dense and memory.rows else {}
        if shares or near:
            iris = {node: self._graph.iri(node) for node in set(pairs.nodes.tolist())}
            for row, node in enumerate(pairs.nodes.tolist()):
                features[row, _LEARNED : _LEARNED + 2] = shares.get(iris[node], 0.0), near.get(iris[node], 0.0)
        return pairs._replace(features=features)

    def coherent(self, mentions: Sequence[str], pairs: Sequence[Pairs]) -> list[Pairs]:
        """The pairs of all mentions of one text with how they go with the best candidates of the others."""
        best = {
            mention: int(one.nodes[int((one.features @ CONSTANT.linear).argmax())])
            for mention, one in zip(mentions, pairs)
            if len(one.nodes)
        }
        joined: dict[int, set[int]] = {node: set() for node in best.values()}
        for node in joined:
            joined[node].update(self._graph.neighbours([node])[0].tolist())
        found = []
        for mention, one in zip(mentions, pairs):
            others = {node for other, node in best.items() if other != mention}
            near = set().union(*(joined[node] for node in others))
            features = one.features.copy()
            features[:, -2] = [node in others for node in one.nodes.tolist()]
            features[:, -1] = [node in near for node in one.nodes.tolist()]
            found.append(one._replace(features=features))
        return found

    def _keys_of(self, iris: Sequence[str] | dict[str, float]) -> list[int]:
        nodes = [node for iri in iris for node in self._graph.find(iri)]
        keys = (self._lexicon.aliases.key(fold(name)) for node in nodes for name in self._graph.names(node))
        return [key for key in keys if key is not None]

    def _pairs(self, mention: str, scores: dict[int, float], vector: np.ndarray | None) -> Pairs:
        aliases, own, numbers = self._lexicon.aliases, self._roots(mention), NUMBER.findall(mention)
        weight = sum(map(self._weight, own))
        keys = list(scores)
        cosines = np.zeros(len(keys)) if vector is None or not self._dense else self._dense.cosines(vector, keys)
        rows, places = [], []
        for key, cosine in zip(keys, cosines.tolist()):
            name = aliases.keys[key]
            roots = self._roots(name)
            shared, other = sum(map(self._weight, own & roots)), sum(map(self._weight, roots))
            likeness = (
                scores[key],
                name == mention,
                fuzz.ratio(mention, name) / 100,
                fuzz.token_sort_ratio(mention, name) / 100,
                numbers == NUMBER.findall(name),
                cosine,
                shared / max(weight + other - shared, 1e-9),
                shared / max(weight, 1e-9),
                shared / max(other, 1e-9),
            )
            for node, _, preferred in aliases.names[key]:
                standing = preferred, math.log1p(int(aliases.degrees[node])) / 10
                rows.append((*likeness, *standing, 0.0, 0.0, 0.0, 0.0))
                places.append((key, node))
        ids = np.array(places, np.int64).reshape(-1, 2)
        return Pairs(ids[:, 0], ids[:, 1], np.array(rows, np.float32).reshape(-1, len(FEATURES)))

    def _roots(self, name: str) -> frozenset[str]:
        if name not in self._roots_of:
            words = split_words(unaccented(name))
            kept = [root(word) for word in words if word not in self._lexicon.words.stop_words]
            self._roots_of[name] = frozenset(kept or words)
        return self._roots_of[name]

    def _weight(self, root: str) -> float:
        """How much a root tells: the fewer names have it, the more."""
        return math.log((self._total + 1) / (self._count[root] + 0.5))

    def _weigh(self) -> None:
        """Counts roots, anew where the names are read anew."""
        if self._weights_of is self._lexicon.aliases:
            return
        self._weights_of = self._lexicon.aliases
        self._roots_of: dict[str, frozenset[str]] = {}
        self._total = len(self._lexicon.aliases.keys)
        self._count = Counter(root for name in self._lexicon.aliases.keys for root in self._roots(name))
