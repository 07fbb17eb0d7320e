"""An RDF graph as integer arrays, with the labels that its parts are shown and found by."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import Skipped
from kgrag.graph import bridges, constructors
from kgrag.graph.imports import imports_of
from kgrag.graph.ledger import Changed, Ledger
from kgrag.graph.querying import QueryEngine
from kgrag.graph.rows import rows_of_triples
from kgrag.graph.sparql import QueryResult
from kgrag.graph.statements import OBJECT, PREDICATE, SOURCE, SUBJECT
from kgrag.graph.terms import NODE_PREFIX, RELATION_PREFIX, read_term, read_triple
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.graph.writing import write_rdf
from kgrag.types import Floats, Ids, Triple

if TYPE_CHECKING:
    from kgrag.graph.inferred import InferredView


class KnowledgeGraph:
    """Nodes, relations and statements, each by an integer id.

    Every IRI, blank node and literal that is a subject or an object is a node. Statements that name something
    (``rdfs:label`` and the like) are no statements here: they are its labels and aliases. A relation that is named, but
    is no subject or object of anything else, is no node. Ids are in the order of first appearance; no statement occurs
    twice.

    A statement keeps its id until the graph is saved; one that was removed keeps it too, but is not found any more.

    Make one with `from_rdf`, `from_triples`, `from_rdflib`, `from_networkx`, `from_pandas`, `from_sparql` or `load`. Once it was saved or
    loaded, it lives in its folder: each change is on the disk before it is made.

    Several threads may ask it while others change it: each method sees one version whole. Who calls several, and needs the
    same version in all of them, holds its `lock` meanwhile.
    """

    is_partial = False  # whether statements may come as nodes are asked for theirs

    from_rdf = classmethod(constructors.from_rdf)
    from_triples = classmethod(constructors.from_triples)
    from_rdflib = classmethod(constructors.from_rdflib)
    from_networkx = classmethod(constructors.from_networkx)
    from_pandas = classmethod(constructors.from_pandas)
    from_sparql = classmethod(constructors.from_sparql)
    load = classmethod(constructors.load)
    write = write_rdf
    to_rdflib = bridges.to_rdflib
    to_networkx = bridges.to_networkx
    to_pandas = bridges.to_pandas

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._store, self._texts = ledger, ledger.store, ledger.store.texts
        self._engine = QueryEngine()

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the graph into a folder, all or nothing, and lives there from then on; statement ids are given anew.

        Raises:
            SavedFolderError: If something else is at that place.
        """
        self._ledger.save(folder)

    def copy(self) -> KnowledgeGraph:
        """A graph of its own with the same statements, under the same ids; it lives in no folder."""
        return KnowledgeGraph(self._ledger.copy())

    @property
    def version(self) -> int:
        """Grows with each change; what is computed from the graph is valid for one version."""
        return self._ledger.version

    @property
    def skipped(self) -> Skipped:
        """Lines of its files that were left out when it was read."""
        return self._ledger.skipped

    @property
    def lock(self) -> threading.RLock:
        """Held by each method while it reads or changes."""
        return self._ledger.lock

    # Size and arrays: one number, or an array that only grows, needs no lock

    @property
    def language(self) -> str:
        """Preferred language of labels."""
        return self._ledger.language

    @property
    def num_nodes(self) -> int:
        """How many nodes; ids run from 0."""
        return len(self._store.nodes)

    @property
    def num_relations(self) -> int:
        """How many relations; ids run from 0."""
        return len(self._store.relations)

    @property
    def num_statements(self) -> int:
        """How many statements are there, labels not counted."""
        return self._store.facts.count

    @property
    def numbering(self) -> object:
        """Stands for the ids of statements: another object once they are given anew."""
        return self._store.facts.numbering

    @property
    def statements(self) -> Ids:
        """Ids of the statements that are there, shape (num_statements,)."""
        with self.lock:
            return self._store.facts.ids

    @property
    def heads(self) -> Ids:
        """Subject node by statement id, removed ones too, shape (ids,)."""
        return self._store.facts.column(SUBJECT)

    @property
    def relations(self) -> Ids:
        """Relation by statement id, removed ones too, shape (ids,)."""
        return self._store.facts.column(PREDICATE)

    @property
    def tails(self) -> Ids:
        """Object node by statement id, removed ones too, shape (ids,)."""
        return self._store.facts.column(OBJECT)

    @property
    def sources(self) -> Ids:
        """Position in `source_names` of where each statement came from first, by statement id, shape (ids,)."""
        return self._store.facts.column(SOURCE)

    @property
    def source_names(self) -> list[str]:
        """Files and endpoints, with the named graph where there is one, that statements came from."""
        with self.lock:
            return list(self._store.origins)

    @property
    def is_literal(self) -> NDArray[np.bool_]:
        """Whether each node is a literal, shape (nodes,)."""
        with self.lock:
            return self._texts.is_literal

    def statements_from(
        self, nodes: ArrayLike, most: int | None = None, weights: Floats | None = None
    ) -> tuple[Ids, Ids]:
        """Statements whose subject is one of the nodes: all, or some of those with many, at a cost of what is taken.

        Args:
            nodes: Node ids, shape (n,).
            most: How many of one node, spread over its relations, and as many of those added of late. All where not given.
            weights: Share of each relation beside another, above 0, shape (num_relations,).

        Returns:
            Statement ids, and for each the position of its subject in ``nodes``, both shape (found,).

        Raises:
            GraphError: If a node id is out of range.
        """
        with self.lock:
            return self._store.facts.by(SUBJECT, self._store.nodes.checked(nodes), most, weights)

    def statements_to(
        self, nodes: ArrayLike, most: int | None = None, weights: Floats | None = None
    ) -> tuple[Ids, Ids]:
        """Statements whose object is one of the nodes; as `statements_from`."""
        with self.lock:
            return self._store.facts.by(OBJECT, self._store.nodes.checked(nodes), most, weights)

    def degrees(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """How many statements each node is the subject of, and the object of; removed ones count until the graph is saved.

        Args:
            nodes: Node ids, shape (n,).

        Returns:
            Both shape (n,).

        Raises:
            GraphError: If a node id is out of range.
        """
        with self.lock:
            nodes, facts = self._store.nodes.checked(nodes), self._store.facts
            return facts.adjacency(SUBJECT).counts(nodes), facts.adjacency(OBJECT).counts(nodes)

    def neighbours(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """The nodes that statements join with each of the nodes, in either direction.

        Args:
            nodes: Node ids, shape (n,).

        Returns:
            Neighbours, without repetition for each of ``nodes``, and for each the position of its node there, both shape
            (found,), ordered by position and then by id.

        Raises:
            GraphError: If a node id is out of range.
        """
        with self.lock:
            forward, heads = self.statements_from(nodes)
            backward, tails = self.statements_to(nodes)
            facts, count = self._store.facts, len(self._store.nodes)
            ends = np.concatenate([facts.column(OBJECT)[forward], facts.column(SUBJECT)[backward]])
        pairs = np.concatenate([heads, tails]) * count
        pairs += ends
        pairs.sort()
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        return pairs % count, pairs // count

    # Names

    @property
    def iris(self) -> list[str]:
        """IRI, ``_:name`` or literal in N-Triples form of each node."""
        with self.lock:
            return self._texts.iris

    @property
    def labels(self) -> list[str]:
        """Label of each node."""
        with self.lock:
            return self._texts.labels

    @property
    def relation_labels(self) -> list[str]:
        """Label of each relation."""
        with self.lock:
            return self._texts.relation_labels

    def node(self, term: str) -> int | None:
        """The node that a term string is; None where it is none."""
        with self.lock:
            return self._store.node(term)

    def iri(self, node: int) -> str:
        """IRI of a node, ``_:name`` of a blank node, or a literal in N-Triples form."""
        with self.lock:
            return self._store.iri(node)

    def label(self, node: int) -> str:
        """What a node is shown by: its best label, else its local name; a literal is shown by its value."""
        with self.lock:
            return self._texts.label(node)

    def relation_iri(self, relation: int) -> str:
        """IRI of a relation."""
        with self.lock:
            return self._store.terms[self._store.relations.term(relation)]

    def relation_label(self, relation: int) -> str:
        """What a relation is shown by: the graph's label, the user's, that of the vocabulary, else its local name."""
        return self.relation_labels[relation]

    def aliases(self) -> Iterator[tuple[str, int]]:
        """Every (name, node): all labels and synonyms, or the local name where there is none; literals by value.

        Blank nodes without a label, and nodes of which nothing is left, have no name.
        """
        with self.lock:
            names, nodes = self._texts.aliases()
        return _distinct(names, nodes.tolist())

    def names(self, node: int) -> list[str]:
        """The names of one node, as of `aliases`, best first."""
        with self.lock:
            return self._texts.names_of(node)

    def tags(self, node: int) -> dict[str, set[str]]:
        """The language tags, in lower case, of the labels of a node by their text; an empty one for a label without."""
        with self.lock:
            return self._texts.tags_of(node)

    def renamed_since(self, version: int) -> list[int] | None:
        """Nodes whose names may have changed since a version; None where they are too many, or it is too long ago."""
        with self.lock:
            return self._ledger.renamed_since(version)

    def find(self, text: str) -> list[int]:
        """Nodes whose IRI is the text, or one of whose names equals it up to case, "_" and white space; by id."""
        with self.lock:
            return self._texts.find(text)

    def look_up(self, names: Iterable[str]) -> None:
        """Sees to it that what has one of these names is here, and among `aliases`: it is, where all is here."""

    def types(self, node: int) -> list[int]:
        """Classes of a node, by id."""
        with self.lock:
            statements, _ = self.statements_from([node])
            return np.unique(
                self.tails[statements[np.isin(self.relations[statements], self.type_relations())]]
            ).tolist()

    def type_relations(self) -> Ids:
        """Relations from a node to its class, by id."""
        with self.lock:
            numbers = (self._store.relations.number(self._store.terms.get(iri)) for iri in TYPE_PROPERTIES)
            return np.array(sorted(number for number in numbers if number is not None), np.int64)

    # Statements

    def triple(self, statement: int) -> Triple:
        """One statement with its labels and source."""
        with self.lock:
            return self._store.triple(statement)

    def sources_of(self, statement: int) -> list[str]:
        """All that a statement came from, the first one first."""
        with self.lock:
            return [self._store.origins[source] for source in self._store.facts.sources(int(statement))]

    def contains(self, triple: Triple | Sequence[str]) -> bool:
        """Whether a statement, or a label, is in the graph; terms are read as in `from_triples`."""
        terms = read_triple(triple)
        with self.lock:
            return any(map(len, self._store.matching(terms)))

    def add(self, triples: Iterable[Triple | Sequence[str]], source: str = "") -> None:
        """Adds statements and labels, visible at once; what is there already stays, and has one source more.

        Args:
            triples: `Triple` objects, or (subject, predicate, object) strings as of `from_triples`.
            source: What those came from that do not say it: a file, or the id of a passage, which answers cite then, too.

        Raises:
            GraphError: If one is malformed; nothing is added then.
        """
        self._ledger.change(add=list(rows_of_triples(triples, source)))

    def remove(self, triples: Iterable[Triple | Sequence[str]]) -> None:
        """Removes statements and labels, visible at once.

        Args:
            triples: As of `add`; what is not there is passed over.

        Raises:
            GraphError: If one is malformed; nothing is removed then.
        """
        self._ledger.change(remove=list(dict.fromkeys(map(read_triple, triples))))

    def remove_where(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        source: str | None = None,
    ) -> int:
        """Removes the statements and labels that have all the given parts, visible at once.

        With a source, what has other sources too stays, and has these.

        Args:
            subject: A term as of `from_triples`; None stands for any.
            predicate: As ``subject``.
            object: As ``subject``.
            source: One of `source_names`, a file, which takes the named graphs in it along, or the IRI of a named graph.

        Returns:
            How many were removed.

        Raises:
            GraphError: If no part is given, or one is malformed; nothing is removed then.
        """
        if subject is predicate is object is source is None:
            raise GraphError("No part of the statements to remove was given.", "Give at least one.")
        prefixes = (NODE_PREFIX, RELATION_PREFIX, NODE_PREFIX)
        parts = zip((subject, predicate, object), prefixes)
        terms = [None if part is None else read_term(part, prefix) for part, prefix in parts]
        return self._ledger.change(where=[*terms, source])

    def update(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,
        base_iri: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Replaces all that came from a file by what it holds now, visible at once.

        Args:
            path: A file of the same name as the one that was read, or of the same path where several had that name.
            format: As of `from_rdf`.
            base_iri: As of `from_rdf`.
            limits: As of `from_rdf`.

        Raises:
            GraphError: If the file cannot be read or holds no statement, or nothing came from such a file; the graph stays
                as it is then.
        """
        self._ledger.update(path, format, base_iri, limits)

    @property
    def imports(self) -> dict[str, str]:
        """IRIs of the ontologies that its files import, each with the source that was read for it; "" where none was."""
        with self.lock:
            return imports_of(self._store, self._ledger.followed)

    def infer(self, *rules: str, limits: Limits | None = None) -> InferredView:
        """The graph with what follows from it: a view, made at the first look and anew after each change of the graph.

        The graph itself stays as it is, and so does what the view writes or saves.

        Args:
            *rules: "restrictions" (what OWL says of the members of classes, as statements about the classes),
                "subclass", "subproperty", "inverse", "symmetric", "transitive"; several feed one another. SKOS is known.
            limits: Bounds the number of derived statements; what goes beyond is an error at the first look.

        Raises:
            GraphError: If a rule is not known, or none is given.
        """
        from kgrag.graph.inferred import InferredView

        return InferredView(self, rules, limits)

    def query(
        self,
        sparql: str,
        bindings: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        limits: Limits | None = None,
        allow: Collection[str] = (),
    ) -> QueryResult:
        """Evaluates a SPARQL 1.1 query over all statements and labels, as they are now.

        It runs in a process of its own, which is started with the first query, follows the changes of the graph, ends
        with it, and can open no connection. GRAPH, FROM and FROM NAMED are about the named graphs that statements were
        read from (what is in several graphs of FROM is found as often); what stands outside of them is about all
        statements. Updates are refused. Numbers and dates come in canonical form ("01" as "1").

        SERVICE is refused but for the addresses in ``allow``. These are asked from here, each once, before the query is
        evaluated; where one redirects is not followed, no proxy is used, and nothing is sent but what stands in the
        braces, with the bindings of its variables. Addresses of this machine and its network are asked like others: allow
        none that strangers chose.

        Args:
            sparql: SELECT, ASK, CONSTRUCT or DESCRIBE.
            bindings: Term string (IRI, ``_:name``, literal in N-Triples form) by name of a variable of the outermost
                pattern. They are bound as values, so that text from strangers cannot change the query.
            timeout: Seconds after which the evaluation is stopped, the answers of others included.
            limits: Bounds on nesting, memory and the number of results.
            allow: Addresses of SPARQL endpoints that SERVICE may ask, as they are written in the query.

        Returns:
            SELECT: a list of dicts, term string by name of variable, without the unbound ones. ASK: a bool. CONSTRUCT
            and DESCRIBE: a list of (subject, predicate, object) term strings.

        Raises:
            GraphError: If the query is malformed or refused, takes too much time or memory, or has too many results.
        """
        return self._engine.query(self, sparql, bindings or {}, timeout, limits or Limits(), allow)

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Every statement, then every label, as (subject, predicate, object) term strings."""
        with self.lock:
            return self._store.rows(self.statements, self._store.names.ids)

    def label_rows(self) -> Iterator[tuple[str, str, str]]:
        """Every label as (subject, property, literal) term strings."""
        with self.lock:
            return self._store.rows(self.statements[:0], self._store.names.ids)

    def changes_since(self, version: int) -> list[Changed] | None:
        """What went and what then came, version by version, as of `rows`; None as of `renamed_since`."""
        with self.lock:
            return self._ledger.changes_since(version)

    def row_sources(self) -> Iterator[list[str]]:
        """The names of all sources of each row, in the order of `rows`."""
        with self.lock:
            return self._store.row_sources()

    def __repr__(self) -> str:
        nodes, relations, statements = self.num_nodes, self.num_relations, self.num_statements
        return f"KnowledgeGraph({nodes:,} nodes, {relations:,} relations, {statements:,} statements)"


def _distinct(names: list[str], nodes: list[int]) -> Iterator[tuple[str, int]]:
    """Pairs of a name and a node, without repetition; those of one node stand together."""
    last, met = -1, set[str]()
    for name, node in zip(names, nodes):
        if node != last:
            last, met = node, set()
        if name not in met:
            met.add(name)
            yield name, node
