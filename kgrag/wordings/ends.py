"""What sort of things stand at the two ends of each relation of a graph.

Where the graph states classes, those count. Where it does not, the labels of all relations that meet at the same nodes vote:
what is directed, released and starred in is a film, whatever else is "written by" somebody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from kgrag.graph import KnowledgeGraph, normalise
from kgrag.graph.terms import relation_name
from kgrag.types import Ids
from kgrag.wordings import Wording, wordings_for
from kgrag.wordings.english import is_participle, singular
from kgrag.wordings.labels import saying
from kgrag.wordings.ways import Ways

LOOKED_AT = 80  # nodes of an end whose classes are counted
TYPED = 0.5  # share of them that must have one, for classes to count
SHARE = 0.2  # share of an end's nodes that a class must have to speak for it
NEAR = 0.55  # share of the best class's votes from which another one fits as well
OWN = 1.5  # votes of the noun in a relation's own label
MIRRORED = 0.3  # share of a relation's statements that another states the other way round, where they mean the same
MOST_CLASSES = 3
LONGEST_CLASS = 4  # words
_VAGUE = frozenset(
    ("entity", "thing", "class", "resource", "individual", "property", "concept", "object", "item", "node", "unknown")
)

_RELATIVE = frozenset(
    ["kind", "type", "sort", "part", "member", "subclass", "instance", "example", "element", "component"]
)  # of something


class Ends:
    """The ends of the relations of one graph, as a directed relation leads to them.

    Args:
        graph: The graph.
        ways: Ways of asking for its relations.

    Attributes:
        classes: What sort of things each directed relation leads to.
        follows: Of what a directed relation leads to, the share that another leaves, shape (2 * relations, 2 * relations).
        mirrored: Which relation states the same the other way round, shape (relations,); -1 for none.
    """

    def __init__(self, graph: KnowledgeGraph, ways: Ways) -> None:
        self.graph = graph
        labels = graph.relation_labels
        statements = graph.statements
        relations, heads, tails = (column[statements] for column in (graph.relations, graph.heads, graph.tails))
        count = graph.num_relations
        directed = np.concatenate([2 * relations, 2 * relations + 1])
        nodes = max(graph.num_nodes, 1)
        ends, there = np.divmod(np.unique(directed * nodes + np.concatenate([tails, heads])), nodes)
        starts = np.searchsorted(ends, np.arange(2 * count + 1))
        self._nodes = [there[starts[d] : starts[d + 1]] for d in range(2 * count)]
        self.mirrored = _mirrored(heads, relations, tails, count, nodes)
        self._wordings = [ways.wordings(label) for label in labels]
        votes = self._votes(labels)
        shares = _shares(ends, there, 2 * count, nodes)
        self.classes: list[tuple[str, ...]] = []
        for d in range(2 * count):
            row = slice(shares.indptr[d], shares.indptr[d + 1])
            near = dict(zip(shares.indices[row].tolist(), shares.data[row].tolist()))
            self.classes.append(self._typed(d) or _elected(votes, near))
        self.follows = shares[:, np.arange(2 * count) ^ 1]

    def fitting(self, relation: int) -> list[Wording]:
        """The known wordings of a relation that speak of such things as stand at its ends.

        Of those with its own label, the ones that fit best; of those near it, the ones that fit at both ends.
        """
        own = wordings_for(self.graph.relation_label(relation))
        ends = [self.classes[2 * relation + 1], self.classes[2 * relation]]
        fits = {
            id(wording): sum(_alike(end, names) for end, names in zip(ends, (wording.subject, wording.object)))
            for wording in self._wordings[relation]
        }
        best = max((fits[id(wording)] for wording in own), default=0)
        return [w for w in self._wordings[relation] if fits[id(w)] >= (best if w in own else 2)]

    def _typed(self, directed: int) -> tuple[str, ...]:
        """Classes that the graph gives the nodes at an end, the most frequent first."""
        nodes = self._nodes[directed]
        if not len(nodes):
            return ()
        some = nodes[np.linspace(0, len(nodes) - 1, min(len(nodes), LOOKED_AT)).astype(int)].tolist()
        counted: Counter[str] = Counter()
        typed = 0
        for node in some:
            names = {name for one in self.graph.types(node) if (name := class_name(self.graph.label(one)))}
            typed += bool(names)
            counted.update(sorted(names))
        if typed < TYPED * len(some):
            return ()
        kept = [name for name, n in counted.most_common() if n >= SHARE * len(some)]
        return tuple(kept[:MOST_CLASSES])

    def _votes(self, labels: Sequence[str]) -> list[dict[str, float]]:
        """For each end, the classes that the labels of its relation speak for, and how much."""
        votes: list[dict[str, float]] = []
        for relation, label in enumerate(labels):
            for inverse in (False, True):
                own: dict[str, float] = {}
                for wording in self._wordings[relation]:
                    for rank, name in enumerate(wording.subject if inverse else wording.object):
                        weight = (1.0 - 0.2 * rank) / len(self._wordings[relation])
                        own[name] = own.get(name, 0.0) + weight
                how = saying(label)
                if (
                    how.noun
                    and how.noun not in _RELATIVE
                    and inverse == how.turned
                    and not is_participle(how.noun.split()[0])
                ):
                    noun = singular(how.noun)
                    if len(noun.split()) <= LONGEST_CLASS and " of " not in noun:
                        own[noun] = own.get(noun, 0.0) + OWN
                votes.append(own)
        return votes


def _shares(ends: Ids, there: Ids, count: int, nodes: int) -> csr_matrix:
    """Which share of the nodes at one end stand at another, shape (ends, ends)."""
    at = csr_matrix((np.ones(len(ends), np.float32), (ends, there)), (count, nodes))
    sizes = np.maximum(np.bincount(ends, minlength=count), 1)
    return csr_matrix(diags_array(1 / sizes) @ (at @ at.T))


def _alike(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two sets of classes have one in common, be it a narrower one ("infectious disease")."""
    heads = {singular(name).split()[-1].lower() for name in names}
    return bool(heads & {singular(name).split()[-1].lower() for name in others})


def class_name(label: str) -> str:
    """A class's label as a noun in the singular, in lower case but for acronyms; empty where it says nothing."""
    words = relation_name("urn:x:" + label.replace(" ", "_")).split()
    name = " ".join(word.lower() if word[1:] == word[1:].lower() else word for word in words)
    if not name.isascii() or not name or len(words) > LONGEST_CLASS or name in _VAGUE or not name[0].isalpha():
        return ""
    return singular(name)


def _elected(votes: Sequence[dict[str, float]], near: dict[int, float]) -> tuple[str, ...]:
    """The classes that most of the ends at the same nodes speak for."""
    total: dict[str, float] = {}
    for end in sorted(near):
        for name, weight in votes[end].items():
            if normalise(name) not in _VAGUE:
                total[name] = total.get(name, 0.0) + weight * near[end]
    best = max(total.values(), default=0.0)
    kept = [name for name, weight in sorted(total.items(), key=lambda one: -one[1]) if weight >= NEAR * best]
    return tuple(kept[:MOST_CLASSES])


def _mirrored(heads: Ids, relations: Ids, tails: Ids, count: int, nodes: int) -> np.ndarray:
    """Which other relation states most of a relation's statements the other way round, shape (relations,); -1 for none."""
    forward, backward = heads * nodes + tails, tails * nodes + heads
    order = np.argsort(forward, kind="stable")
    left = np.searchsorted(forward[order], backward)
    right = np.searchsorted(forward[order], backward, side="right")
    sizes = right - left
    own = np.repeat(relations, sizes)
    met = np.repeat(left - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    pairs, numbers = np.unique(own * count + relations[order][met], return_counts=True)
    totals = np.bincount(relations, minlength=count)
    mirrored = np.full(count, -1)
    best = np.zeros(count, float)
    for pair, number in zip(pairs.tolist(), numbers.tolist()):
        one, other = divmod(pair, count)
        share = number / totals[one]
        if one != other and share >= MIRRORED and share > best[one]:
            mirrored[one], best[one] = other, share
    return mirrored
