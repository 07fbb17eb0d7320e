"""A graph that lies at a SPARQL endpoint and is fetched as far as questions need it."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike
from pyoxigraph import NamedNode

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.endpoint import Endpoint
from kgrag.graph.fetching import Fetcher, Statement
from kgrag.graph.knowledge_graph import KnowledgeGraph
from kgrag.graph.ledger import Ledger
from kgrag.graph.querying import checked_timeout, within_limit
from kgrag.graph.remote_queries import exists
from kgrag.graph.sparql import QueryResult, prepare
from kgrag.graph.terms import literal_value, normalise, read_triple, to_oxigraph
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.types import Floats, Ids, Triple

_log = logging.getLogger(__name__)


class RemoteGraph(KnowledgeGraph):
    """The part of an endpoint's graph that questions have led to; made by `KnowledgeGraph.from_sparql`.

    What is fetched is kept as statements whose source is the endpoint, so that all that is computed from arrays is
    computed from these. `statements_from`, `statements_to`, `degrees` and what calls them first fetch what the nodes have
    in either direction, `find` and `look_up` the nodes with a name; each node and each name is asked about once. `contains`
    and `query` ask the endpoint. `aliases` are those of the nodes that look-ups have found. All other attributes and
    methods, `write` and the bridges among them, are about what is held.

    When something is looked up while more statements are held than `EndpointConfig.statements`, all are given up first.
    Ids of nodes and relations stay then; those of statements are given anew, as by `refresh`.

    From the start each relation and each class is known, by one statement and its labels; where it takes the endpoint
    too long to list them, they are known as they are met. Statements with blank nodes are left out, for SPARQL cannot ask
    about these. Which of very many statements of a node are taken is up to the endpoint. Threads that ask it wait for each
    other, also while something is fetched.

    Args:
        endpoint: What is asked; its config bounds what is held, too.
        labels: As of `KnowledgeGraph.from_rdf`.
        label_properties: As of `KnowledgeGraph.from_rdf`.
        language: As of `KnowledgeGraph.from_rdf`.

    Raises:
        GraphError: If the endpoint cannot be asked, or holds no statement.
    """

    is_partial = True

    _reached: set[str]  # nodes whose statements are held
    _labelled: set[str]  # IRIs whose labels are held
    _bearers: dict[str, list[str]]  # nodes by each name that was looked up
    _found: dict[int, int]  # version in which each node was found by a look-up
    _begun: int  # version before which all was given up

    def __init__(
        self,
        endpoint: Endpoint,
        labels: Mapping[str, str] | None = None,
        label_properties: Iterable[str] = (),
        language: str = "en",
    ) -> None:
        super().__init__(Ledger(labels, label_properties, language))
        self.endpoint = endpoint
        self.refresh()

    def __repr__(self) -> str:
        return f"RemoteGraph({self.endpoint.name}, {self.num_statements:,} statements held)"

    # What is asked of a graph

    def statements_from(
        self, nodes: ArrayLike, most: int | None = None, weights: Floats | None = None
    ) -> tuple[Ids, Ids]:
        """As of `KnowledgeGraph`; fetches what was not fetched yet."""
        with self.lock:
            self._fetch_ids(nodes)
            return super().statements_from(nodes, most, weights)

    def statements_to(
        self, nodes: ArrayLike, most: int | None = None, weights: Floats | None = None
    ) -> tuple[Ids, Ids]:
        """As of `KnowledgeGraph`; fetches what was not fetched yet."""
        with self.lock:
            self._fetch_ids(nodes)
            return super().statements_to(nodes, most, weights)

    def degrees(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """As of `KnowledgeGraph`; fetches what was not fetched yet."""
        with self.lock:
            self._fetch_ids(nodes)
            return super().degrees(nodes)

    def look_up(self, names: Iterable[str]) -> None:
        """Fetches the nodes with these names, as they stand or with other capitals; they are in `aliases` from then on.

        Raises:
            GraphError: If the endpoint does not answer.
        """
        with self.lock:
            if self.num_statements > self.endpoint.config.statements:
                self._give_up()
            version = self.version
            nodes = (self._store.node(iri) for iri in self._called(names))
            new = [node for node in nodes if node is not None and node not in self._found]
            if new and self.version == version:
                self._ledger.next_version()
            self._found.update(dict.fromkeys(new, self.version))

    def aliases(self) -> Iterator[tuple[str, int]]:
        """Every (name, node) of the nodes that look-ups have found."""
        with self.lock:
            return iter([(name, node) for node in sorted(self._found) for name in self.names(node)])

    def renamed_since(self, version: int) -> list[int] | None:
        """Nodes that look-ups have found since a version; None where all was given up since."""
        with self.lock:
            if version < self._begun:
                return None
            return sorted(node for node, found in self._found.items() if found > version)

    def find(self, text: str) -> list[int]:
        """Nodes whose IRI is the text, or that have it as a name, as it stands or with other capitals; by id.

        Literals are not found by their value.
        """
        iri = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        with self.lock:
            if _is_iri(iri):
                self._fetch([iri])
            named = {iri, *self._called([text])}
            return sorted(node for term in named if (node := self._store.node(term)) is not None)

    def contains(self, triple: Triple | Sequence[str]) -> bool:
        """Whether a statement, or a label, is held or at the endpoint."""
        return super().contains(triple) or bool(self.endpoint.query(exists(read_triple(triple))))

    def query(
        self,
        sparql: str,
        bindings: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        limits: Limits | None = None,
        allow: Collection[str] = (),
    ) -> QueryResult:
        """Has the endpoint evaluate a query; as of `KnowledgeGraph`, but blank nodes cannot be bound.

        How much memory a query takes is up to the endpoint, and so is whether it goes on after the time-out. FROM is
        refused; it is the endpoint that asks what SERVICE names.
        """
        limits = limits or Limits()
        for term in (bindings or {}).values():
            if isinstance(term, str) and term.startswith("_:"):
                raise GraphError(f"{term} is a blank node, which an endpoint cannot be asked about.", "Bind an IRI.")
        prepared = prepare(sparql, bindings or {}, limits, allow)
        return within_limit(self.endpoint.query(prepared, checked_timeout(timeout), limits), limits)

    def refresh(self) -> None:
        """Gives up what is held, so that it is fetched anew when it is needed.

        Raises:
            GraphError: If the endpoint does not answer, or holds no statement; what is held stays then.
        """
        fetcher = Fetcher(self.endpoint, self._ledger.label_properties, self._ledger.language)
        overview = fetcher.overview()
        classes = {obj for _, relation, obj in overview if relation in TYPE_PROPERTIES}
        labelled = classes | {relation for _, relation, _ in overview}
        first = overview + fetcher.labels(sorted(labelled))
        with self.lock:
            self._fetcher, self._first, self._first_labelled = fetcher, first, labelled
            self._give_up()

    # What is not possible

    def add(self, *_: Any, **__: Any) -> NoReturn:
        """Not possible: a remote graph is read."""
        raise self._read_only()

    def remove(self, *_: Any, **__: Any) -> NoReturn:
        """Not possible: a remote graph is read."""
        raise self._read_only()

    def remove_where(self, *_: Any, **__: Any) -> NoReturn:
        """Not possible: a remote graph is read."""
        raise self._read_only()

    def update(self, *_: Any, **__: Any) -> NoReturn:
        """Not possible: a remote graph is read."""
        raise self._read_only()

    def save(self, folder: str | os.PathLike[str]) -> NoReturn:
        """Not possible: what is held is a part. `write` writes it."""
        raise GraphError(
            f"The graph of {self.endpoint.name} cannot be saved, for only a part of it is here.",
            "Connect to it again by from_sparql; write() what is held, if that is wanted.",
        )

    def _read_only(self) -> GraphError:
        return GraphError(f"The graph of {self.endpoint.name} is only read.", "Change it there, then call refresh().")

    # Within

    def _fetch_ids(self, nodes: ArrayLike) -> None:
        iris = self.iris
        ids = np.unique(np.asarray(nodes, dtype=np.int64))
        self._fetch([iris[node] for node in ids.tolist() if 0 <= node < len(iris)])

    def _fetch(self, nodes: Sequence[str]) -> None:
        """Takes the statements of nodes in, a batch after the other while the bound on what is held allows it."""
        config = self.endpoint.config
        new = [node for node in nodes if node not in self._reached]
        rows: list[Statement] = []
        at = 0
        while at < len(new) and len(rows) <= config.statements:
            rows += self._fetcher.around(new[at : at + config.batch])
            at += config.batch
        if at < len(new):
            _log.warning(
                "the statements of %d of %d nodes were not fetched: they are too many", len(new) - at, len(new)
            )
        self._hold(rows)
        self._reached.update(new[:at])

    def _called(self, names: Iterable[str]) -> dict[str, None]:
        """IRIs of what has one of the names."""
        if len(self._bearers) > self.endpoint.config.statements:
            self._bearers = {}
        names = [name for name in dict.fromkeys(names) if name.strip()]
        new = [name for name in names if name not in self._bearers]
        if new:
            rows = self._fetcher.called(new)
            self._hold(rows)
            bearers: dict[str, list[str]] = {}
            for subject, _, literal in rows:
                bearers.setdefault(normalise(literal_value(literal)), []).append(subject)
            self._bearers.update((name, bearers.get(normalise(name), [])) for name in new)
        return dict.fromkeys(iri for name in names for iri in self._bearers[name])

    def _hold(self, rows: list[Statement]) -> None:
        """Takes statements in with the labels of what occurs in them, as one change."""
        terms = dict.fromkeys(term for row in rows for term in row if not term.startswith('"'))
        unlabelled = [term for term in terms if term not in self._labelled]
        labels = self._fetcher.labels(unlabelled)
        if rows:
            self._take_from_endpoint(rows + labels)
            self._labelled.update(unlabelled)
            self._ledger.next_version()

    def _take_from_endpoint(self, rows: Iterable[Statement]) -> None:
        self._ledger.take((*row, self.endpoint.name) for row in rows)

    def _give_up(self) -> None:
        """Drops all but what is known from the start."""
        super().remove_where(source=self.endpoint.name)
        self._store.facts.compact()
        self._store.names.compact()
        self._take_from_endpoint(self._first)
        self._ledger.next_version()
        self._reached, self._bearers, self._found = set(), {}, {}
        self._labelled = set(self._first_labelled)
        self._begun = self.version


def _is_iri(text: str) -> bool:
    try:
        return isinstance(to_oxigraph(text), NamedNode)
    except GraphError:
        return False
