"""What the nodes and relations of a graph are shown by, and found by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.arrays import Arrays, Growing, stable_order
from kgrag.graph.labels import Labels
from kgrag.graph.names import NameIndex
from kgrag.graph.numbering import Numbering
from kgrag.graph.statements import OBJECT, SUBJECT, Statements
from kgrag.graph.terms import literal_value, literal_values, local_name, normalise, relation_name
from kgrag.graph.vocabulary import LABELS
from kgrag.types import Ids


class Texts:
    """Terms, labels and names by node and by relation; what was looked at once is kept until it changes.

    Args:
        labels: Names of every term.
        nodes: Terms that are nodes.
        relations: Terms that are relations.
        facts: Statements between nodes.
        saved: What `arrays` gave.
    """

    def __init__(
        self, labels: Labels, nodes: Numbering, relations: Numbering, facts: Statements, saved: Arrays | None = None
    ) -> None:
        self._labels, self._nodes, self._relations, self._facts = labels, nodes, relations, facts
        self._terms = labels.terms
        self._index = NameIndex.from_arrays(saved) if saved else None
        self._literal = Growing(np.zeros(0, np.bool_))
        self.forget()

    def of_copy(self, labels: Labels, nodes: Numbering, relations: Numbering, facts: Statements) -> Texts:
        """The same of copies of what it was made of."""
        copied = Texts(labels, nodes, relations, facts)
        copied._literal = self._literal.copy()
        return copied

    def forget(self) -> None:
        """Drops what may be out of date after a change; `rename` is for the names."""
        self._iris: list[str] | None = None
        self._all_labels: list[str] | None = None
        self._relation_labels: list[str] | None = None
        self._shown: dict[int, str] = {}  # labels of nodes that were asked for

    def rename(self, nodes: Ids) -> None:
        """Sees to it that nodes are found by what they are called now."""
        for node in nodes.tolist() if self._index is not None else ():
            for name in self.names_of(node):
                self._index.add(name, node)  # type: ignore[union-attr]

    def rename_all(self) -> None:
        """As `rename`, for so many nodes that it is quicker to begin anew."""
        self._index = None

    # Terms and labels

    @property
    def iris(self) -> list[str]:
        """The term of each node."""
        if self._iris is None:
            self._iris = self._terms.pick(self._nodes.terms.tolist())
        return self._iris

    @property
    def is_literal(self) -> NDArray[np.bool_]:
        """Whether each node is a literal, shape (nodes,)."""
        if len(self._literal) < len(self._nodes):
            self._literal.extend(self._terms.are_literals(self._nodes.terms[len(self._literal) :]))
        return self._literal.array

    @property
    def labels(self) -> list[str]:
        """What each node is shown by."""
        if self._all_labels is None:
            names, ids = self._labels.all(), self._nodes.terms.tolist()
            terms = self._terms.pick(ids)
            self._all_labels = [names[id][0] if id in names else _own_name(term) for id, term in zip(ids, terms)]
        return self._all_labels

    @property
    def relation_labels(self) -> list[str]:
        """What each relation is shown by."""
        if self._relation_labels is None:
            self._relation_labels = list(map(self._relation_label, self._relations.terms.tolist()))
        return self._relation_labels

    def label(self, node: int) -> str:
        """What a node is shown by."""
        if node not in self._shown:
            term = self._nodes.term(node)
            self._shown[node] = next(iter(self._labels.of(term)), "") or _own_name(self._terms[term])
        return self._shown[node]

    # Names

    def aliases(self) -> tuple[list[str], Ids]:
        """Names, and the node that each belongs to, by node; a node with no name has its local name or value.

        Blank nodes without a name, and nodes of which nothing is left, are left out.
        """
        rows, given = self._labels.rows, self._labels.given
        labels = literal_values(self._terms.pick(rows.column(OBJECT)[rows.ids].tolist()))
        texts = [" ".join(label.split()) for label in labels] + list(given.values())
        nodes = self._nodes.find(rows.column(SUBJECT)[rows.ids])
        bearers = [self._nodes.number(self._terms.get(iri)) for iri in given]
        nodes = np.append(nodes, [-1 if node is None else node for node in bearers]).astype(np.int64)
        nodes[[not text for text in texts]] = -1
        bare = np.zeros(len(self._nodes) + 1, np.bool_)  # the last one stands for none
        for column in (SUBJECT, OBJECT):
            bare[self._facts.column(column)[self._facts.ids]] = True
        bare[nodes] = bare[-1] = False
        others = np.flatnonzero(bare)
        is_value = self.is_literal[others]
        values, others = others[is_value], others[~is_value]
        texts.extend(literal_values(self._terms.pick(self._nodes.terms[values].tolist())))
        texts.extend(map(_findable_name, self._terms.pick(self._nodes.terms[others].tolist())))
        nodes = np.concatenate([nodes, values, others])
        nodes[[not text for text in texts]] = -1
        order = stable_order(nodes + 1)[np.count_nonzero(nodes < 0) :]
        return [texts[place] for place in order.tolist()], nodes[order]

    def names_of(self, node: int) -> list[str]:
        """The names of one node, as of `aliases`, best first."""
        term = self._nodes.term(node)
        names = self._labels.of(term)
        if names:
            return names
        one = np.array([node])
        is_used = len(self._facts.by(SUBJECT, one)[0]) or len(self._facts.by(OBJECT, one)[0])
        name = _findable_name(self._terms[term]) if is_used else ""
        return [name] if name else []

    def tags_of(self, node: int) -> dict[str, set[str]]:
        """The language tags that a node has each of its names with."""
        return self._labels.tags(self._nodes.term(node))

    def find(self, text: str) -> list[int]:
        """Nodes whose term is the text, or one of whose names equals it when normalised; by id."""
        wanted = normalise(text)
        found = {node for node in self._indexed().find(text) if wanted in map(normalise, self.names_of(node))}
        term = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        node = self._nodes.number(self._terms.get(term))
        return sorted(found if node is None else found | {node})

    def arrays(self) -> Arrays:
        """What the next one takes as ``saved``."""
        return self._indexed().arrays()

    # Within

    def _indexed(self) -> NameIndex:
        if self._index is None:
            self._index = NameIndex.of(*self.aliases())
        return self._index

    def _relation_label(self, term: int) -> str:
        iri = self._terms[term]
        return next(iter(self._labels.of(term)), "") or LABELS.get(iri) or relation_name(iri)


def _own_name(term: str) -> str:
    """What a node without a label is shown by."""
    return literal_value(term) if term[0] == '"' else LABELS.get(term) or local_name(term)


def _findable_name(term: str) -> str:
    """What a node without a name is found by."""
    return "" if term.startswith("_:") else _own_name(term)
