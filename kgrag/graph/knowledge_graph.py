"""An RDF graph as integer arrays, with the labels that its parts are shown and found by."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kgrag.config import EndpointConfig, Limits
from kgrag.errors import GraphError
from kgrag.graph import bridges
from kgrag.graph.adjacency import Adjacency
from kgrag.graph.faults import Skipped
from kgrag.graph.labels import LabelTable, label_ranks
from kgrag.graph.querying import QueryEngine, QueryResult
from kgrag.graph.reading import skipped_for
from kgrag.graph.rows import Row, named_sources, rows_of_sources, rows_of_triples, split_source
from kgrag.graph.storage import read_graph, write_graph
from kgrag.graph.terms import (
    NODE_PREFIX,
    RELATION_PREFIX,
    literal_value,
    local_name,
    normalise,
    read_term,
    read_triple,
    relation_name,
)
from kgrag.graph.unpacking import Source
from kgrag.graph.vocabulary import LABELS, TYPE_PROPERTIES
from kgrag.graph.writing import write_rdf
from kgrag.types import Ids, Triple

if TYPE_CHECKING:
    import networkx
    import pandas
    import rdflib

    from kgrag.graph.remote import RemoteGraph


class KnowledgeGraph:
    """Nodes, relations and statements, each by an integer id.

    Every IRI, blank node and literal that is a subject or an object is a node. Statements that name something
    (``rdfs:label`` and the like) are no statements here: they are its labels and aliases. A relation that is named, but
    is no subject or object of anything else, is no node. Ids are in the order of first appearance; no statement occurs
    twice.

    Make one with `from_rdf`, `from_triples`, `from_rdflib`, `from_networkx`, `from_pandas`, `from_sparql` or `load`.

    Attributes:
        version: Grows with each change; what is computed from the graph is valid for one version.
        skipped: Lines of its files that were left out when it was read.
        source_names: Files (with the named graph, where there is one) that statements came from.
    """

    # Computed when first asked for, and dropped with each change.
    _iris: list[str] | None
    _relation_iris: list[str] | None
    _labels: list[str] | None
    _relation_labels: list[str] | None
    _label_table: LabelTable | None
    _literal_flags: NDArray[np.bool_] | None
    _outgoing: Adjacency | None
    _incoming: Adjacency | None
    _index: dict[str, set[int]] | None

    def __init__(
        self, labels: Mapping[str, str] | None = None, label_properties: Iterable[str] = (), language: str = "en"
    ) -> None:
        self.version = 0
        self.skipped = Skipped()
        self.source_names: list[str] = []
        self._language = language
        if isinstance(label_properties, str):
            label_properties = [label_properties]
        self._label_properties = list(dict.fromkeys(read_term(iri, RELATION_PREFIX) for iri in label_properties))
        self._ranks = label_ranks(self._label_properties)
        self._given: dict[str, str] = {}
        for name, label in (labels or {}).items():
            self._given[read_term(name, NODE_PREFIX)] = self._given[read_term(name, RELATION_PREFIX)] = label
        self._source_ids: dict[str, int] = {}
        self._node_ids: dict[str, int] = {}
        self._relation_ids: dict[str, int] = {}
        self._label_rows: dict[tuple[str, str, str], int] = {}
        self._merged: NDArray[np.int64] = np.zeros((4, 0), dtype=np.int64)  # heads, relations, tails, sources
        self._pending: list[NDArray[np.int64]] = []  # the same of statements that nobody has looked at yet
        self._engine = QueryEngine()
        self._forget()

    # Making one

    @classmethod
    def from_rdf(
        cls,
        *sources: Source,
        format: str | None = None,
        base_iri: str | None = None,
        labels: Mapping[str, str] | None = None,
        label_properties: Iterable[str] = (),
        language: str = "en",
        limits: Limits | None = None,
        on_error: str = "raise",
    ) -> KnowledgeGraph:
        """Reads RDF files into one graph; blank nodes of different files are different, and are named anew.

        Args:
            *sources: Paths, bytes or binary streams; see `kgrag.graph.parse`. Of a folder, the RDF files in it are read
                in the order of their names, but not the folders in it.
            format: Format of all of them; by default each file's ending or content decides.
            base_iri: What relative IRIs are resolved against; by default, those of a file against its name.
            labels: Label by IRI, for what the graph itself does not label.
            label_properties: IRIs of further properties whose literals are labels; they come before the known ones.
            language: Preferred language of labels.
            limits: Bounds on what is read.
            on_error: "skip" leaves lines of N-Triples, N-Quads, TSV and CSV out that cannot be read: they are in
                `skipped`, and logged.

        Raises:
            GraphError: If a file cannot be read, or there is no statement besides labels.
        """
        if not sources:
            raise GraphError("No RDF file was given.", "Give at least one path.")
        graph = cls(labels, label_properties, language)
        named = named_sources(sources)
        skipped = skipped_for(on_error)
        graph._take(rows_of_sources(named, format, base_iri, limits, skipped))
        if skipped is not None:
            graph.skipped = skipped
            skipped.report()
        return graph._complete(", ".join(named))

    @classmethod
    def from_triples(
        cls,
        triples: Iterable[Sequence[str] | Triple],
        labels: Mapping[str, str] | None = None,
        label_properties: Iterable[str] = (),
        language: str = "en",
    ) -> KnowledgeGraph:
        """Makes a graph of (subject, predicate, object) strings.

        Absolute IRIs and ``_:names`` stand for themselves, objects in quotes (``'"5"'``, ``'"fünf"@de'``) are literals,
        and any other text is a plain name: its node gets the IRI ``urn:kgrag:node:`` + percent-encoded name, its
        relation ``urn:kgrag:relation:`` + the same, and the name is its label.

        Args:
            triples: The statements.
            labels: As of `from_rdf`; by IRI or plain name.
            label_properties: As of `from_rdf`.
            language: As of `from_rdf`.

        Raises:
            GraphError: If a triple is malformed, or there is no statement besides labels.
        """
        graph = cls(labels, label_properties, language)
        graph._take(rows_of_triples(triples))
        return graph._complete("The list of triples")

    @classmethod
    def from_rdflib(cls, graph: rdflib.Graph, language: str = "en") -> KnowledgeGraph:
        """Takes an rdflib graph over; see `from_triples` for errors."""
        result = cls(language=language)
        result._take((*row, "") for row in bridges.rows_from_rdflib(graph))
        return result._complete("The rdflib graph")

    @classmethod
    def from_networkx(cls, graph: networkx.Graph, language: str = "en") -> KnowledgeGraph:
        """Takes the edges and node labels of a networkx graph over; other attributes are left behind.

        Nodes are read as in `from_triples`. An edge's relation is its ``relation``, ``predicate``, ``label`` or
        ``type``, else its key where that is a string, else "related to".
        """
        result = cls(language=language)
        result._take((*row, "") for row in bridges.rows_from_networkx(graph))
        return result._complete("The networkx graph")

    @classmethod
    def from_pandas(cls, frame: pandas.DataFrame, language: str = "en") -> KnowledgeGraph:
        """Takes the columns subject, predicate, object and, where there is one, source of a table over.

        Terms are read as in `from_triples`, which see for errors.
        """
        result = cls(language=language)
        result._take(bridges.rows_from_pandas(frame))
        return result._complete("The table")

    @classmethod
    def from_sparql(
        cls,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        labels: Mapping[str, str] | None = None,
        label_properties: Iterable[str] = (),
        language: str = "en",
        config: EndpointConfig | None = None,
    ) -> RemoteGraph:
        """Connects to a SPARQL 1.1 endpoint, of whose graph only what questions need is fetched.

        This alone uses the network, and asks nothing but this address. The default graph is asked, or the named ones
        that parameters of the address name, as in ``http://host/sparql?default-graph-uri=http://...``.

        Args:
            url: Address of the endpoint, http or https.
            user: For basic authentication, with ``password``.
            password: As ``user``.
            token: For bearer authentication.
            labels: As of `from_rdf`.
            label_properties: As of `from_rdf`.
            language: As of `from_rdf`.
            config: Bounds on time, on the size of answers, and on what is held.

        Raises:
            GraphError: If the endpoint cannot be asked, or holds no statement.
        """
        from kgrag.graph.endpoint import Endpoint
        from kgrag.graph.remote import RemoteGraph  # which is a KnowledgeGraph, so that it cannot be known above

        return RemoteGraph(Endpoint(url, user, password, token, config), labels, label_properties, language)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> KnowledgeGraph:
        """Reads a graph that `save` wrote.

        Raises:
            SavedFolderError: If it is missing or damaged.
        """
        arrays, strings = read_graph(folder)
        graph = cls(label_properties=strings["label_properties"], language=strings["language"])
        graph.version = strings["version"]
        graph.source_names = strings["source_names"]
        graph._source_ids = {name: i for i, name in enumerate(graph.source_names)}
        graph._given = strings["given"]
        graph._node_ids = {iri: i for i, iri in enumerate(strings["nodes"])}
        graph._relation_ids = {iri: i for i, iri in enumerate(strings["relations"])}
        graph._label_rows = {(s, p, o): source for s, p, o, source in strings["labels"]}
        graph._merged = np.stack([arrays[name] for name in ("heads", "relations", "tails", "sources")])
        return graph

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the graph into a folder, as ``graph.safetensors`` and ``graph.json``."""
        arrays = {"heads": self.heads, "relations": self.relations, "tails": self.tails, "sources": self.sources}
        strings = {
            "version": self.version,
            "language": self._language,
            "label_properties": self._label_properties,
            "given": self._given,
            "source_names": self.source_names,
            "nodes": self.iris,
            "relations": list(self._relation_ids),
            "labels": [[*row, source] for row, source in self._label_rows.items()],
        }
        write_graph(folder, arrays, strings)

    # Size and arrays

    @property
    def num_nodes(self) -> int:
        """How many nodes; ids run from 0."""
        return len(self._node_ids)

    @property
    def num_relations(self) -> int:
        """How many relations; ids run from 0."""
        return len(self._relation_ids)

    @property
    def num_statements(self) -> int:
        """How many statements, labels not counted; ids run from 0."""
        return len(self.heads)

    @property
    def heads(self) -> Ids:
        """Subject node of each statement, shape (statements,)."""
        return self._arrays()[0]

    @property
    def relations(self) -> Ids:
        """Relation of each statement, shape (statements,)."""
        return self._arrays()[1]

    @property
    def tails(self) -> Ids:
        """Object node of each statement, shape (statements,)."""
        return self._arrays()[2]

    @property
    def sources(self) -> Ids:
        """Position in `source_names` of where each statement came from, shape (statements,)."""
        return self._arrays()[3]

    @property
    def is_literal(self) -> NDArray[np.bool_]:
        """Whether each node is a literal, shape (nodes,)."""
        if self._literal_flags is None:
            flags = (iri.startswith('"') for iri in self.iris)
            self._literal_flags = np.fromiter(flags, dtype=np.bool_, count=self.num_nodes)
        return self._literal_flags

    def statements_from(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """Statements whose subject is one of the nodes.

        Args:
            nodes: Node ids, shape (n,).

        Returns:
            Statement ids, and for each the position of its subject in ``nodes``, both shape (found,).

        Raises:
            GraphError: If a node id is out of range.
        """
        if self._outgoing is None:
            self._outgoing = Adjacency(self.heads, self.num_nodes)
        return self._outgoing.statements(nodes)

    def statements_to(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """Statements whose object is one of the nodes; as `statements_from`."""
        if self._incoming is None:
            self._incoming = Adjacency(self.tails, self.num_nodes)
        return self._incoming.statements(nodes)

    # Names

    @property
    def iris(self) -> list[str]:
        """IRI, ``_:name`` or literal in N-Triples form of each node."""
        if self._iris is None:
            self._iris = list(self._node_ids)
        return self._iris

    @property
    def labels(self) -> list[str]:
        """Label of each node."""
        if self._labels is None:
            self._labels = [self._node_label(iri) for iri in self.iris]
        return self._labels

    @property
    def relation_labels(self) -> list[str]:
        """Label of each relation."""
        if self._relation_labels is None:
            names = self._names()
            self._relation_labels = [
                next(iter(names.names(iri)), "") or LABELS.get(iri) or relation_name(iri) for iri in self._relation_ids
            ]
        return self._relation_labels

    def iri(self, node: int) -> str:
        """IRI of a node, ``_:name`` of a blank node, or a literal in N-Triples form."""
        return self.iris[node]

    def label(self, node: int) -> str:
        """What a node is shown by: its best label, else its local name; a literal is shown by its value."""
        return self.labels[node]

    def node(self, iri: str) -> int | None:
        """Id of the node with this term, as of `iri`; None where there is none."""
        return self._node_ids.get(iri)

    def names(self, node: int) -> list[str]:
        """Labels and synonyms of a node, the one to show first; empty where it has none."""
        return self._names().names(self.iris[node])

    def relation_iri(self, relation: int) -> str:
        """IRI of a relation."""
        if self._relation_iris is None:
            self._relation_iris = list(self._relation_ids)
        return self._relation_iris[relation]

    def relation_label(self, relation: int) -> str:
        """What a relation is shown by: the graph's label, the user's, that of the vocabulary, else its local name."""
        return self.relation_labels[relation]

    def aliases(self) -> Iterator[tuple[str, int]]:
        """Every (name, node): all labels and synonyms, or the local name where there is none; literals by value.

        Blank nodes without a label, and nodes of which nothing is left, have no name.
        """
        names, labels = self._names(), self.labels
        used = np.zeros(self.num_nodes, dtype=np.bool_)
        used[self.heads] = used[self.tails] = True
        for (iri, node), is_used in zip(self._node_ids.items(), used.tolist()):
            own = names.names(iri)
            if own:
                yield from ((name, node) for name in own)
            elif is_used and not iri.startswith("_:") and labels[node]:
                yield labels[node], node

    def find(self, text: str) -> list[int]:
        """Nodes whose IRI is the text, or one of whose names equals it up to case, "_" and white space; by id."""
        if self._index is None:
            index: dict[str, set[int]] = {}
            for name, node in self.aliases():
                index.setdefault(normalise(name), set()).add(node)
            self._index = index
        found = set(self._index.get(normalise(text), ()))
        iri = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        if iri in self._node_ids:
            found.add(self._node_ids[iri])
        return sorted(found)

    def look_up(self, names: Iterable[str]) -> None:
        """Called with what may be names before they are sought in `aliases`; where all is here, nothing is to be done."""

    def types(self, node: int) -> list[int]:
        """Classes of a node, by id."""
        relations = [self._relation_ids[iri] for iri in TYPE_PROPERTIES if iri in self._relation_ids]
        statements, _ = self.statements_from([node])
        return np.unique(self.tails[statements[np.isin(self.relations[statements], relations)]]).tolist()

    # Statements

    def triple(self, statement: int) -> Triple:
        """One statement with its labels and source."""
        head, relation, tail, source = self._arrays()[:, statement].tolist()
        return Triple(
            subject=self.iris[head],
            predicate=self.relation_iri(relation),
            object=self.iris[tail],
            labels=(self.labels[head], self.relation_labels[relation], self.labels[tail]),
            source=self.source_names[source],
            id=int(statement),
        )

    def contains(self, triple: Triple | Sequence[str]) -> bool:
        """Whether a statement, or a label, is in the graph; terms are read as in `from_triples`."""
        row = read_triple(triple)
        return row in self._label_rows or self._statement(row) is not None

    def add(self, triples: Iterable[Triple | Sequence[str]]) -> None:
        """Adds statements and labels, visible at once; what is there already is left as it is.

        Args:
            triples: `Triple` objects, or (subject, predicate, object) strings as of `from_triples`.

        Raises:
            GraphError: If one is malformed; nothing is added then.
        """
        self._take(list(rows_of_triples(triples)))
        self.version += 1

    def remove(self, triples: Iterable[Triple | Sequence[str]]) -> None:
        """Removes statements and labels, visible at once. Node ids stay; statement ids are given anew.

        Args:
            triples: As of `add`; what is not there is passed over.

        Raises:
            GraphError: If one is malformed; nothing is removed then.
        """
        rows = {read_triple(triple) for triple in triples}
        self._drop([s for s in map(self._statement, rows) if s is not None], rows)
        self.version += 1

    def remove_where(
        self,
        subject: str | None = None,
        predicate: str | None = None,
        object: str | None = None,
        source: str | None = None,
    ) -> int:
        """Removes the statements and labels that have all the given parts, visible at once; ids as of `remove`.

        Args:
            subject: A term as of `from_triples`; None stands for any.
            predicate: As ``subject``.
            object: As ``subject``.
            source: One of `source_names`, or a file, which takes the named graphs in it along.

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
        removed = self._drop(*self._matches(terms, source))
        self.version += 1
        return removed

    def update(self, path: str | os.PathLike[str], format: str | None = None, limits: Limits | None = None) -> None:
        """Replaces all that came from a file by what it holds now, visible at once; ids as of `remove`.

        A statement that several files held counts as of the first one, and goes where that does not hold it any more.

        Args:
            path: A file of the same name as the one that was read, or of the same path where several had that name.
            format: As of `from_rdf`.
            limits: As of `from_rdf`.

        Raises:
            GraphError: If the file cannot be read or holds no statement, or nothing came from such a file; the graph stays
                as it is then.
        """
        files = dict.fromkeys(split_source(source)[0] for source in self.source_names)
        file = str(path) if str(path) in files else Path(path).name
        if file not in files:
            known = ", ".join(name for name in files if name) or "no file"
            raise GraphError(f"No statement came from a file {path}.", f"Statements came from {known}.")
        rows = list(rows_of_sources({file: path}, format, limits=limits, taken=self._node_ids))
        if not rows:
            raise GraphError(
                f"{path} holds no statement.", f"To remove what came from it, use remove_where(source={file!r})."
            )
        self._drop(*self._matches([None, None, None], file))
        self._take(rows)
        self.version += 1

    # Queries

    def query(
        self,
        sparql: str,
        bindings: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        limits: Limits | None = None,
    ) -> QueryResult:
        """Evaluates a SPARQL 1.1 query over all statements and labels, as they are now.

        It runs in a process of its own, which is started with the first query, takes the graph in anew after each
        change, and ends with the graph. Nothing is fetched: SERVICE and FROM are refused, and so are updates. Numbers
        and dates come in canonical form ("01" as "1").

        Args:
            sparql: SELECT, ASK, CONSTRUCT or DESCRIBE.
            bindings: Term string (IRI, ``_:name``, literal in N-Triples form) by name of a variable of the outermost
                pattern. They are bound as values, so that text from strangers cannot change the query.
            timeout: Seconds after which the evaluation is stopped.
            limits: Bounds on nesting, memory and the number of results.

        Returns:
            SELECT: a list of dicts, term string by name of variable, without the unbound ones. ASK: a bool. CONSTRUCT
            and DESCRIBE: a list of (subject, predicate, object) term strings.

        Raises:
            GraphError: If the query is malformed or refused, takes too much time or memory, or has too many results.
        """
        return self._engine.query(self, sparql, bindings or {}, timeout, limits or Limits())

    # Out again

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Every statement, then every label, as (subject, predicate, object) term strings."""
        nodes, relations = self.iris, list(self._relation_ids)
        for head, relation, tail in zip(self.heads.tolist(), self.relations.tolist(), self.tails.tolist()):
            yield nodes[head], relations[relation], nodes[tail]
        yield from self._label_rows

    def label_rows(self) -> Iterator[tuple[str, str, str]]:
        """Every label as (subject, property, literal) term strings."""
        return iter(self._label_rows)

    def label_sources(self) -> Iterator[tuple[tuple[str, str, str], int]]:
        """Every label as of `label_rows`, with the position in `source_names` of where it came from."""
        return iter(self._label_rows.items())

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Writes all statements and labels; those that were read from a named graph go into it again.

        Turtle, N-Triples and RDF/XML have no named graphs and lose their names. A statement that was read from several
        is in the first one. Base directions of literals are written, but left out when JSON-LD is read again.

        Args:
            path: A file; it is replaced when all is ready.
            format: Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD; by default the file's ending decides.

        Raises:
            GraphError: If the format is another one or cannot hold the graph, or the file cannot be written.
        """
        write_rdf(self, path, format)

    def to_rdflib(self) -> rdflib.Graph:
        """The graph, labels included, as an `rdflib.Graph`."""
        return bridges.to_rdflib(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The graph, labels included, as a table with the columns subject, predicate, object and source."""
        return bridges.to_pandas(self)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """The graph as a MultiDiGraph: nodes by IRI (``label``, ``literal``, ``names``), edges by relation IRI."""
        return bridges.to_networkx(self)

    def __repr__(self) -> str:
        return (
            f"KnowledgeGraph({self.num_nodes:,} nodes, {self.num_relations:,} relations, "
            f"{self.num_statements:,} statements)"
        )

    # Within

    def _take(self, rows: Iterable[Row]) -> None:
        """Takes rows in; statements among them are merged into the arrays at the next look."""
        nodes, relations, ranks, sources = self._node_ids, self._relation_ids, self._ranks, self._source_ids
        heads: list[int] = []
        links: list[int] = []
        tails: list[int] = []
        origins: list[int] = []
        named: dict[str, None] = {}
        for subject, predicate, obj, origin in rows:
            source = sources.setdefault(origin, len(sources))
            if predicate in ranks and obj[0] == '"':
                self._label_rows.setdefault((subject, predicate, obj), source)
                named[subject] = None
                continue
            heads.append(nodes.setdefault(subject, len(nodes)))
            links.append(relations.setdefault(predicate, len(relations)))
            tails.append(nodes.setdefault(obj, len(nodes)))
            origins.append(source)
        for subject in named:
            if subject not in relations:
                nodes.setdefault(subject, len(nodes))
        self.source_names = list(sources)
        if heads:
            self._pending.append(np.array([heads, links, tails, origins], dtype=np.int64))
        self._forget()

    def _matches(
        self, terms: Sequence[str | None], source: str | None
    ) -> tuple[NDArray[np.int64], list[tuple[str, str, str]]]:
        """Statement ids and label rows with these terms and this source; None stands for any."""
        columns = self._arrays()
        hit = np.ones(columns.shape[1], dtype=np.bool_)
        for column, term, ids in zip(columns, terms, (self._node_ids, self._relation_ids, self._node_ids)):
            if term is not None:
                hit &= column == ids.get(term, -1)
        origins = {i for i, name in enumerate(self.source_names) if source in (None, name, split_source(name)[0])}
        hit &= np.isin(columns[3], list(origins))
        labels = [
            row
            for row, origin in self._label_rows.items()
            if origin in origins and all(term in (None, part) for term, part in zip(terms, row))
        ]
        return np.flatnonzero(hit), labels

    def _drop(self, statements: ArrayLike, labels: Iterable[tuple[str, str, str]]) -> int:
        """Takes statements and labels out, and says how many there were; a label that is not there counts as none."""
        before = self._arrays().shape[1] + len(self._label_rows)
        for row in labels:
            self._label_rows.pop(row, None)
        self._merged = np.delete(self._arrays(), np.asarray(statements, dtype=np.int64), axis=1)
        self._forget()
        return before - self._merged.shape[1] - len(self._label_rows)

    def _complete(self, what: str) -> KnowledgeGraph:
        if not self.num_statements:
            raise GraphError(
                f"{what} holds no statement between nodes" + (", only labels." if self._label_rows else "."),
                "A graph needs at least one.",
            )
        return self

    def _forget(self) -> None:
        """Drops what was computed from statements and labels."""
        self._iris = self._relation_iris = self._labels = self._relation_labels = None
        self._label_table = self._literal_flags = self._outgoing = self._incoming = self._index = None

    def _arrays(self) -> NDArray[np.int64]:
        if self._pending:
            columns = np.concatenate([self._merged, *self._pending], axis=1)
            self._merged = _unique(columns, self.num_nodes, self.num_relations)
            self._pending = []
        return self._merged

    def _names(self) -> LabelTable:
        if self._label_table is None:
            self._label_table = LabelTable(self._label_rows, self._given, self._ranks, self._language)
        return self._label_table

    def _node_label(self, iri: str) -> str:
        if iri.startswith('"'):
            return literal_value(iri)
        return next(iter(self._names().names(iri)), "") or LABELS.get(iri) or local_name(iri)

    def _statement(self, row: tuple[str, str, str]) -> int | None:
        """Id of a statement; None where it is not in the graph."""
        head, tail = self._node_ids.get(row[0]), self._node_ids.get(row[2])
        relation = self._relation_ids.get(row[1])
        if head is None or tail is None or relation is None:
            return None
        statements, _ = KnowledgeGraph.statements_from(self, [head])  # what is held
        hit = statements[(self.tails[statements] == tail) & (self.relations[statements] == relation)]
        return int(hit[0]) if len(hit) else None


def _unique(columns: NDArray[np.int64], num_nodes: int, num_relations: int) -> NDArray[np.int64]:
    """The columns without statements that repeat an earlier one."""
    heads, relations, tails, _ = columns
    _, pair = np.unique(heads * num_nodes + tails, return_inverse=True)  # in two steps, so that no key overflows
    _, first = np.unique(pair * num_relations + relations, return_index=True)
    return columns if len(first) == len(heads) else columns[:, np.sort(first)]
