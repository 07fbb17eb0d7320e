"""The terms and statements of a graph under the ids by which they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from kgrag.graph.arrays import Arrays, distinct, prefixed, without
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.interning import Columns
from kgrag.graph.labels import Labels
from kgrag.graph.numbering import Numbering
from kgrag.graph.rows import split_source
from kgrag.graph.statements import OBJECT, PREDICATE, SOURCE, SUBJECT, Statements
from kgrag.graph.texts import Texts
from kgrag.types import Ids, Triple

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
    """Everything that a graph holds.

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
        texts: What nodes and relations are shown by, and found by.
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
        index = without("index", saved) if saved else None
        self.texts = Texts(self.labels, self.nodes, self.relations, self.facts, index)
        self._news = News()

    def copy(self) -> Store:
        """The same under the same ids, to be changed on its own."""
        copied = copy(self)
        copied.terms, copied.origins = self.terms.copy(), self.origins.copy()
        copied.nodes, copied.relations = Numbering(self.nodes.terms.copy()), Numbering(self.relations.terms.copy())
        copied.facts, copied.names = self.facts.copy(), self.names.copy()
        copied.labels = self.labels.of_copy(copied.terms, copied.names)
        copied.texts = self.texts.of_copy(copied.labels, copied.nodes, copied.relations, copied.facts)
        copied._news = News()
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

    def take_news(self) -> News:
        """What changed since this was asked last."""
        news, self._news = self._news, News()
        return news

    # Looks

    def iri(self, node: int) -> str:
        """The term of a node."""
        return self.terms[self.nodes.term(node)]

    def node(self, term: str) -> int | None:
        """The node that a term is; None where it is none."""
        return self.nodes.number(self.terms.get(term))

    def triple(self, fact: int) -> Triple:
        """A statement with its labels and source."""
        head, relation, tail = self.facts.row(fact)
        return Triple(
            subject=self.iri(head),
            predicate=self.terms[self.relations.term(relation)],
            object=self.iri(tail),
            labels=(self.texts.label(head), self.texts.relation_labels[relation], self.texts.label(tail)),
            source=self.origins[int(self.facts.column(SOURCE)[fact])],
            id=int(fact),
        )

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

    def rows(self, facts: Ids, names: Ids) -> Iterator[Row]:
        """Statements, then names, as term strings; later changes do not show in them."""
        pick, nodes = self.terms.pick, self.nodes.terms
        stated = (nodes, self.relations.terms, nodes)
        columns = [terms[self.facts.column(column)[facts]] for column, terms in enumerate(stated)]
        named = [self.names.column(column)[names] for column in range(SOURCE)]
        return chain(*(zip(*[pick(column.tolist()) for column in table]) for table in (columns, named)))

    def row_sources(self) -> Iterator[list[str]]:
        """The names of all sources of each statement, then of each name; as of `rows`."""
        origins = list(self.origins)

        def named(ids: Ids, firsts: Ids, also: dict[int, list[int]]) -> Iterator[list[str]]:
            for id, first in zip(ids.tolist(), firsts.tolist()):
                yield [origins[first], *(origins[source] for source in also.get(id, ()))]

        tables = ((table, table.ids) for table in (self.facts, self.names))
        return chain(*(named(ids, table.column(SOURCE)[ids], table.also) for table, ids in tables))

    # Saving

    def arrays(self) -> Arrays:
        """What the next store takes as ``saved``; statements get ids anew, without gaps."""
        self.facts.compact()
        self.names.compact()
        return {
            **prefixed("terms", self.terms.arrays()),
            "nodes": self.nodes.terms,
            "relations": self.relations.terms,
            **prefixed("facts", self.facts.arrays()),
            **prefixed("names", self.names.arrays()),
            **prefixed("index", self.texts.arrays()),
        }

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
        self.texts.forget()
        touched = np.concatenate(nodes)
        changed = distinct(touched[touched >= 0])
        if len(changed) > _FEW:
            self.texts.rename_all()
            self._news.renamed = None
            return
        self.texts.rename(changed)
        if self._news.renamed is not None:
            self._news.renamed.update(changed.tolist())
