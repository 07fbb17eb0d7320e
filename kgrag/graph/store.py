"""The terms, statements and names of a graph, and what is found by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.arrays import Arrays, Growing, distinct, prefixed, stable_order, without
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.interning import Columns
from kgrag.graph.labels import Labels
from kgrag.graph.names import NameIndex
from kgrag.graph.numbering import Numbering
from kgrag.graph.rows import split_source
from kgrag.graph.statements import OBJECT, PREDICATE, SOURCE, SUBJECT, Statements
from kgrag.graph.terms import literal_value, literal_values, local_name, normalise, relation_name
from kgrag.graph.vocabulary import LABELS
from kgrag.types import Ids

Row = tuple[str, str, str]

_FEW = 10_000  # nodes or statements of a change that others can follow one by one; with more they begin anew


@dataclass
class News:
    """What changed; each is None where it is too much to follow.

    Attributes:
        renamed: Nodes whose names may have changed.
        gone: Statements and names that went, as term strings.
        come: Those that came, after the others went.
    """

    renamed: set[int] | None = field(default_factory=set)
    gone: list[Row] | None = field(default_factory=list)
    come: list[Row] | None = field(default_factory=list)


class Store:
    """Everything that a graph holds, under the ids by which it is asked for.

    Args:
        own: IRIs of the user's label properties.
        given: Labels that the user added, by IRI.
        language: Preferred language of labels.
        saved: What `arrays` gave.
        origins: Names of the sources, where there is something saved.

    Attributes:
        terms: Every IRI, blank node and literal.
        origins: Names of the sources.
        nodes: Terms that are nodes.
        relations: Terms that are relations.
        facts: Statements between nodes, by nodes and relations.
        names: Statements that name something, by terms.
        labels: Names of every term.
    """

    def __init__(
        self,
        own: Sequence[str],
        given: Mapping[str, str],
        language: str,
        saved: Arrays | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        self.terms = Dictionary(without("terms", saved) if saved else None)
        self.origins = Dictionary()
        for origin in origins:
            self.origins.add(origin)
        self.nodes = Numbering(saved["nodes"] if saved else None)
        self.relations = Numbering(saved["relations"] if saved else None)
        self.facts = Statements.from_arrays(without("facts", saved)) if saved else Statements()
        self.names = Statements.from_arrays(without("names", saved)) if saved else Statements()
        self.labels = Labels(self.terms, self.names, own, given, language)
        self._given = given
        self._index = NameIndex.from_arrays(without("index", saved)) if saved else None
        self._literal = Growing(np.zeros(0, np.bool_))
        self._news = News()
        self._shown: dict[int, str] = {}  # labels of nodes that were asked for

    def copy(self) -> Store:
        """The same under the same ids, to be changed on its own."""
        copied = copy(self)
        copied.terms, copied.origins = self.terms.copy(), self.origins.copy()
        copied.nodes, copied.relations = Numbering(self.nodes.terms.copy()), Numbering(self.relations.terms.copy())
        copied.facts, copied.names = self.facts.copy(), self.names.copy()
        copied.labels = self.labels.of_copy(copied.terms, copied.names)
        copied._index, copied._literal, copied._news, copied._shown = None, self._literal.copy(), News(), {}
        return copied

    # Changes

    def take(self, columns: Columns) -> None:
        """Takes statements in; those that name something become names.

        Args:
            columns: Terms of subject, predicate and object, and the source, shape (4, n).
        """
        is_name = np.isin(columns[PREDICATE], self.labels.properties)
        is_name[is_name] = self.terms.are_literals(columns[OBJECT, is_name])
        named, stated = columns[:, is_name], columns[:, ~is_name]
        self.nodes.add(stated[[SUBJECT, OBJECT]].ravel())
        stated = np.stack(
            [
                self.nodes.find(stated[SUBJECT]),
                self.relations.add(stated[PREDICATE]),
                self.nodes.find(stated[OBJECT]),
                stated[SOURCE],
            ]
        )
        subjects = distinct(named[SUBJECT])
        self.nodes.add(subjects[self.relations.find(subjects) < 0])
        names, facts = self.names.add(named), self.facts.add(stated)
        self._news.come = self._with_rows(self._news.come, facts, names)
        self._renew([*stated[[SUBJECT, OBJECT]], self.nodes.find(subjects)])

    def drop(self, facts: Ids, names: Ids) -> int:
        """Takes statements and names away, by their ids, whatever their sources; says how many were there."""
        removed = self.facts.remove(facts) + self.names.remove(names)
        self._went(facts, names)
        return removed

    def withdraw(self, facts: Ids, names: Ids, sources: set[int]) -> int:
        """Takes sources away from statements and names; says how many had no other one, and are gone."""
        facts, names = self.facts.withdraw(facts, sources), self.names.withdraw(names, sources)
        self._went(facts, names)
        return len(facts) + len(names)

    def matching(self, terms: Sequence[str | None]) -> tuple[Ids, Ids]:
        """Ids of the statements and of the names that have all the given parts; None stands for any."""
        subject, predicate, obj = (part and self.terms.get(part) for part in terms)
        numbers = (self.nodes.number(subject), self.relations.number(predicate), self.nodes.number(obj))  # type: ignore[arg-type]
        facts = (None if part is None else -1 if n is None else n for part, n in zip(terms, numbers))
        names = (None if part is None else -1 if n is None else n for part, n in zip(terms, (subject, predicate, obj)))
        return self.facts.matching(*facts), self.names.matching(*names)  # type: ignore[arg-type]

    def sources_of(self, name: str) -> set[int]:
        """Ids of the sources that are called so, are named graphs in a file that is, or are named graphs with that name."""
        return {
            id for id, origin in enumerate(self.origins) if name == origin or (name and name in split_source(origin))
        }

    # Looks

    def iri(self, node: int) -> str:
        """The term of a node."""
        return self.terms[self.nodes.term(node)]

    def node(self, term: str) -> int | None:
        """The node that a term is; None where it is none."""
        return self.nodes.number(self.terms.get(term))

    @property
    def is_literal(self) -> NDArray[np.bool_]:
        """Whether each node is a literal, shape (nodes,)."""
        if len(self._literal) < len(self.nodes):
            self._literal.extend(self.terms.are_literals(self.nodes.terms[len(self._literal) :]))
        return self._literal.array

    def label(self, node: int) -> str:
        """What a node is shown by."""
        if node not in self._shown:
            term = self.nodes.term(node)
            self._shown[node] = next(iter(self.labels.of(term)), "") or _own_name(self.terms[term])
        return self._shown[node]

    def all_labels(self) -> list[str]:
        """What each node is shown by."""
        names = self.labels.all()
        ids = self.nodes.terms.tolist()
        return [names[id][0] if id in names else _own_name(term) for id, term in zip(ids, self.terms.pick(ids))]

    def relation_label(self, relation: int) -> str:
        """What a relation is shown by."""
        term = self.relations.term(relation)
        iri = self.terms[term]
        return next(iter(self.labels.of(term)), "") or LABELS.get(iri) or relation_name(iri)

    def aliases(self) -> tuple[list[str], Ids]:
        """Names, and the node that each belongs to, by node; a node with no name has its local name or value.

        Blank nodes without a name, and nodes of which nothing is left, are left out.
        """
        rows = self.names.ids
        labels = literal_values(self.terms.pick(self.names.column(OBJECT)[rows].tolist()))
        texts = [" ".join(label.split()) for label in labels] + list(self._given.values())
        given = [self.node(iri) for iri in self._given]
        nodes = self.nodes.find(self.names.column(SUBJECT)[rows])
        nodes = np.append(nodes, [-1 if node is None else node for node in given]).astype(np.int64)
        nodes[[not text for text in texts]] = -1
        bare = np.zeros(len(self.nodes) + 1, np.bool_)  # the last one stands for none
        for column in (SUBJECT, OBJECT):
            bare[self.facts.column(column)[self.facts.ids]] = True
        bare[nodes] = bare[-1] = False
        others = np.flatnonzero(bare)
        is_value = self.is_literal[others]
        values, others = others[is_value], others[~is_value]
        texts.extend(literal_values(self.terms.pick(self.nodes.terms[values].tolist())))
        texts.extend(map(_findable_name, self.terms.pick(self.nodes.terms[others].tolist())))
        nodes = np.concatenate([nodes, values, others])
        nodes[[not text for text in texts]] = -1
        order = stable_order(nodes + 1)[np.count_nonzero(nodes < 0) :]
        return [texts[place] for place in order.tolist()], nodes[order]

    def names_of(self, node: int) -> list[str]:
        """The names of one node, as of `aliases`, best first."""
        term = self.nodes.term(node)
        names = self.labels.of(term)
        if names:
            return names
        one = np.array([node])
        is_used = len(self.facts.by(SUBJECT, one)[0]) or len(self.facts.by(OBJECT, one)[0])
        name = _findable_name(self.terms[term]) if is_used else ""
        return [name] if name else []

    def tags_of(self, node: int) -> dict[str, set[str]]:
        """The language tags that a node has each of its names with."""
        return self.labels.tags(self.nodes.term(node))

    def find(self, text: str) -> list[int]:
        """Nodes whose term is the text, or one of whose names equals it when normalised; by id."""
        if self._index is None:
            self._index = NameIndex.of(*self.aliases())
        wanted = normalise(text)
        found = {node for node in self._index.find(text) if wanted in map(normalise, self.names_of(node))}
        node = self.node(text[1:-1] if text.startswith("<") and text.endswith(">") else text)
        return sorted(found if node is None else found | {node})

    # Saving

    def arrays(self) -> Arrays:
        """What the next store takes as ``saved``; statements get ids anew, without gaps."""
        self.facts.compact()
        self.names.compact()
        if self._index is None:
            self._index = NameIndex.of(*self.aliases())
        return {
            **prefixed("terms", self.terms.arrays()),
            "nodes": self.nodes.terms,
            "relations": self.relations.terms,
            **prefixed("facts", self.facts.arrays()),
            **prefixed("names", self.names.arrays()),
            **prefixed("index", self._index.arrays()),
        }

    def take_news(self) -> News:
        """What changed since this was asked last."""
        news, self._news = self._news, News()
        return news

    def rows(self, facts: Ids, names: Ids) -> Iterator[Row]:
        """Statements, then names, as term strings."""
        pick, nodes = self.terms.pick, self.nodes.terms
        stated = (nodes, self.relations.terms, nodes)
        columns = [terms[self.facts.column(column)[facts]] for column, terms in enumerate(stated)]
        yield from zip(*(pick(column.tolist()) for column in columns))
        yield from zip(*(pick(self.names.column(column)[names].tolist()) for column in range(SOURCE)))

    # Within

    def _with_rows(self, rows: list[Row] | None, facts: Ids, names: Ids) -> list[Row] | None:
        if rows is None or len(rows) + len(facts) + len(names) > _FEW:
            return None
        return [*rows, *self.rows(facts, names)]

    def _went(self, facts: Ids, names: Ids) -> None:
        self._news.gone = self._with_rows(self._news.gone, facts, names)
        ends = [self.facts.column(column)[facts] for column in (SUBJECT, OBJECT)]
        self._renew([*ends, self.nodes.find(self.names.column(SUBJECT)[names])])

    def _renew(self, nodes: list[Ids]) -> None:
        """Sees to it that nodes whose names may have changed are shown and found by what they are called now."""
        self._shown.clear()
        touched = np.concatenate(nodes)
        changed = distinct(touched[touched >= 0])
        if len(changed) > _FEW:
            self._index = self._news.renamed = None
            return
        for node in changed.tolist():
            if self._news.renamed is not None:
                self._news.renamed.add(node)
            for name in self.names_of(node) if self._index is not None else ():
                self._index.add(name, node)  # type: ignore[union-attr]


def _own_name(term: str) -> str:
    """What a node without a label is shown by."""
    return literal_value(term) if term[0] == '"' else LABELS.get(term) or local_name(term)


def _findable_name(term: str) -> str:
    """What a node without a name is found by."""
    return "" if term.startswith("_:") else _own_name(term)
