"""An RDF graph as integer arrays, with the labels that its parts are shown and found by."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kgrag.config import EndpointConfig, Limits
from kgrag.errors import GraphError, SavedFolderError
from kgrag.graph import bridges
from kgrag.graph.faults import Skipped
from kgrag.graph.imports import follow, imports_of
from kgrag.graph.interning import Columns, Interner
from kgrag.graph.journal import Journal
from kgrag.graph.querying import QueryEngine, QueryResult
from kgrag.graph.reading import skipped_for
from kgrag.graph.rows import Row, named_sources, rows_of_triples, split_source
from kgrag.graph.statements import OBJECT, PREDICATE, SOURCE, SUBJECT
from kgrag.graph.storage import read_graph, write_graph
from kgrag.graph.store import News, Store
from kgrag.graph.terms import NODE_PREFIX, RELATION_PREFIX, read_term, read_triple
from kgrag.graph.unpacking import Source
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.graph.writing import write_rdf
from kgrag.types import Ids, Triple

if TYPE_CHECKING:
    import networkx
    import pandas
    import rdflib

    from kgrag.graph.inferred import InferredView
    from kgrag.graph.remote import RemoteGraph

_REMEMBERED = 1_000  # versions whose news are known

Changed = tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]


class KnowledgeGraph:
    """Nodes, relations and statements, each by an integer id.

    Every IRI, blank node and literal that is a subject or an object is a node. Statements that name something
    (``rdfs:label`` and the like) are no statements here: they are its labels and aliases. A relation that is named, but
    is no subject or object of anything else, is no node. Ids are in the order of first appearance; no statement occurs
    twice.

    A statement keeps its id until the graph is saved; one that was removed keeps it too, but is not found any more.

    Make one with `from_rdf`, `from_triples`, `from_rdflib`, `from_networkx`, `from_pandas`, `from_sparql` or `load`. Once it was saved or
    loaded, it lives in its folder: each change is on the disk before it is made.

    Attributes:
        version: Grows with each change; what is computed from the graph is valid for one version.
        skipped: Lines of its files that were left out when it was read.
    """

    # Computed when first asked for, and dropped with each change.
    _iris: list[str] | None
    _labels: list[str] | None
    _relation_labels: list[str] | None

    def __init__(
        self, labels: Mapping[str, str] | None = None, label_properties: Iterable[str] = (), language: str = "en"
    ) -> None:
        self.version = 0
        self.skipped = Skipped()
        self._language = language
        if isinstance(label_properties, str):
            label_properties = [label_properties]
        self._label_properties = list(dict.fromkeys(read_term(iri, RELATION_PREFIX) for iri in label_properties))
        self._given: dict[str, str] = {}
        for name, label in (labels or {}).items():
            self._given[read_term(name, NODE_PREFIX)] = self._given[read_term(name, RELATION_PREFIX)] = label
        self._store = Store(self._label_properties, self._given, language)
        self._journal: Journal | None = None
        self._followed: dict[str, str] = {}  # sources, by the IRIs of ontologies that they were read for
        self._news: dict[int, News] = {}  # by the version that they made
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
        imports: str | os.PathLike[str] | None = None,
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
            imports: A folder in which the ontologies that the files import are sought, and those that they import in
                turn: by its ``catalog-v001.xml``, by what its files say to be, and by their names. What is not found is
                logged, and has no file in `imports`. Without a folder nothing is sought.

        Raises:
            GraphError: If a file cannot be read, or there is no statement besides labels.
        """
        if not sources:
            raise GraphError("No RDF file was given.", "Give at least one path.")
        graph = cls(labels, label_properties, language)
        named = named_sources(sources)
        skipped = skipped_for(on_error)
        graph._take_columns(graph._interner.sources(named, format, base_iri, limits, skipped))
        if imports is not None:
            follow(graph, imports, named, limits)
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
        """Opens a graph that `save` wrote, with the changes since; what is not looked at is not read.

        Raises:
            SavedFolderError: If it is missing or damaged.
        """
        arrays, settings, journal = read_graph(folder)
        graph = cls(label_properties=settings["label_properties"], language=settings["language"])
        graph._given, graph._followed = settings["given"], settings["followed"]
        graph._store = Store(graph._label_properties, graph._given, graph._language, arrays, settings["origins"])
        graph.version = settings["version"]
        try:
            for change in journal.changes:
                graph._apply(**change)
        except (TypeError, ValueError, KeyError, GraphError) as error:
            raise SavedFolderError(
                f"The changes of the graph in {folder} are damaged: {error}.", "Save the graph again."
            ) from error
        graph._journal = journal
        return graph

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the graph into a folder, all or nothing, and lives there from then on; statement ids are given anew.

        Raises:
            SavedFolderError: If something else is at that place.
        """
        settings = {
            "version": self.version,
            "language": self._language,
            "label_properties": self._label_properties,
            "given": self._given,
            "origins": self.source_names,
            "followed": self._followed,
        }
        self._journal = write_graph(folder, self._store.arrays(), settings)

    def copy(self) -> KnowledgeGraph:
        """A graph of its own with the same statements, under the same ids; it lives in no folder."""
        copied = KnowledgeGraph(self._given, self._label_properties, self._language)
        copied.version, copied.skipped = self.version, self.skipped
        copied._store, copied._followed = self._store.copy(), dict(self._followed)
        return copied

    # Size and arrays

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
    def statements(self) -> Ids:
        """Ids of the statements that are there, shape (num_statements,)."""
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
        return list(self._store.origins)

    @property
    def is_literal(self) -> NDArray[np.bool_]:
        """Whether each node is a literal, shape (nodes,)."""
        return self._store.is_literal

    def statements_from(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """Statements whose subject is one of the nodes.

        Args:
            nodes: Node ids, shape (n,).

        Returns:
            Statement ids, and for each the position of its subject in ``nodes``, both shape (found,).

        Raises:
            GraphError: If a node id is out of range.
        """
        return self._store.facts.by(SUBJECT, self._checked(nodes))

    def statements_to(self, nodes: ArrayLike) -> tuple[Ids, Ids]:
        """Statements whose object is one of the nodes; as `statements_from`."""
        return self._store.facts.by(OBJECT, self._checked(nodes))

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
        forward, heads = self.statements_from(nodes)
        backward, tails = self.statements_to(nodes)
        pairs = np.concatenate([heads, tails]) * self.num_nodes
        pairs += np.concatenate([self.tails[forward], self.heads[backward]])
        pairs.sort()
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        return pairs % self.num_nodes, pairs // self.num_nodes

    # Names

    @property
    def iris(self) -> list[str]:
        """IRI, ``_:name`` or literal in N-Triples form of each node."""
        if self._iris is None:
            self._iris = self._store.terms.pick(self._store.nodes.terms.tolist())
        return self._iris

    @property
    def labels(self) -> list[str]:
        """Label of each node."""
        if self._labels is None:
            self._labels = self._store.all_labels()
        return self._labels

    @property
    def relation_labels(self) -> list[str]:
        """Label of each relation."""
        if self._relation_labels is None:
            self._relation_labels = list(map(self._store.relation_label, range(self.num_relations)))
        return self._relation_labels

    def node(self, term: str) -> int | None:
        """The node that a term string is; None where it is none."""
        return self._store.node(term)

    def iri(self, node: int) -> str:
        """IRI of a node, ``_:name`` of a blank node, or a literal in N-Triples form."""
        return self._store.iri(node)

    def label(self, node: int) -> str:
        """What a node is shown by: its best label, else its local name; a literal is shown by its value."""
        return self._store.label(node)

    def relation_iri(self, relation: int) -> str:
        """IRI of a relation."""
        return self._store.terms[self._store.relations.term(relation)]

    def relation_label(self, relation: int) -> str:
        """What a relation is shown by: the graph's label, the user's, that of the vocabulary, else its local name."""
        return self.relation_labels[relation]

    def aliases(self) -> Iterator[tuple[str, int]]:
        """Every (name, node): all labels and synonyms, or the local name where there is none; literals by value.

        Blank nodes without a label, and nodes of which nothing is left, have no name.
        """
        names, nodes = self._store.aliases()
        last, met = -1, set[str]()
        for name, node in zip(names, nodes.tolist()):
            if node != last:
                last, met = node, set()
            if name not in met:
                met.add(name)
                yield name, node

    def names(self, node: int) -> list[str]:
        """The names of one node, as of `aliases`, best first."""
        return self._store.names_of(node)

    def renamed_since(self, version: int) -> list[int] | None:
        """Nodes whose names may have changed since a version; None where they are too many, or it is too long ago."""
        renamed = [news and news.renamed for news in self._since(version)]
        return None if None in renamed else sorted(set().union(*renamed))  # type: ignore[arg-type]

    def find(self, text: str) -> list[int]:
        """Nodes whose IRI is the text, or one of whose names equals it up to case, "_" and white space; by id."""
        return self._store.find(text)

    def look_up(self, names: Iterable[str]) -> None:
        """Sees to it that what has one of these names is here, and among `aliases`: it is, where all is here."""

    def types(self, node: int) -> list[int]:
        """Classes of a node, by id."""
        numbers = (self._store.relations.number(self._store.terms.get(iri)) for iri in TYPE_PROPERTIES)
        relations = [number for number in numbers if number is not None]
        statements, _ = self.statements_from([node])
        return np.unique(self.tails[statements[np.isin(self.relations[statements], relations)]]).tolist()

    # Statements

    def triple(self, statement: int) -> Triple:
        """One statement with its labels and source."""
        head, relation, tail = self._store.facts.row(statement)
        return Triple(
            subject=self.iri(head),
            predicate=self.relation_iri(relation),
            object=self.iri(tail),
            labels=(self.label(head), self.relation_labels[relation], self.label(tail)),
            source=self._store.origins[int(self.sources[statement])],
            id=int(statement),
        )

    def contains(self, triple: Triple | Sequence[str]) -> bool:
        """Whether a statement, or a label, is in the graph; terms are read as in `from_triples`."""
        return any(map(len, self._store.matching(read_triple(triple))))

    def add(self, triples: Iterable[Triple | Sequence[str]]) -> None:
        """Adds statements and labels, visible at once; what is there already is left as it is.

        Args:
            triples: `Triple` objects, or (subject, predicate, object) strings as of `from_triples`.

        Raises:
            GraphError: If one is malformed; nothing is added then.
        """
        self._change(add=list(rows_of_triples(triples)))

    def remove(self, triples: Iterable[Triple | Sequence[str]]) -> None:
        """Removes statements and labels, visible at once.

        Args:
            triples: As of `add`; what is not there is passed over.

        Raises:
            GraphError: If one is malformed; nothing is removed then.
        """
        self._change(remove=list(dict.fromkeys(map(read_triple, triples))))

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
        return self._change(where=[*terms, source])

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
        files = dict.fromkeys(split_source(source)[0] for source in self.source_names)
        file = str(path) if str(path) in files else Path(path).name
        if file not in files:
            known = ", ".join(name for name in files if name) or "no file"
            raise GraphError(f"No statement came from a file {path}.", f"Statements came from {known}.")
        columns = self._interner.sources({file: path}, format, base_iri, limits)
        if not columns.shape[1]:
            raise GraphError(
                f"{path} holds no statement.", f"To remove what came from it, use remove_where(source={file!r})."
            )
        self._change(where=[None, None, None, file], add=list(self._rows_of(columns)))

    @property
    def imports(self) -> dict[str, str]:
        """IRIs of the ontologies that its files import, each with the source that was read for it; "" where none was."""
        return imports_of(self, self._followed)

    # What follows

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

    # Queries

    def query(
        self,
        sparql: str,
        bindings: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        limits: Limits | None = None,
    ) -> QueryResult:
        """Evaluates a SPARQL 1.1 query over all statements and labels, as they are now.

        It runs in a process of its own, which is started with the first query, follows the changes of the graph, and ends
        with it. Nothing is fetched: SERVICE and FROM are refused, and so are updates. Numbers
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
        yield from self._store.rows(self.statements, self._store.names.ids)

    def label_rows(self) -> Iterator[tuple[str, str, str]]:
        """Every label as (subject, property, literal) term strings."""
        return self._store.rows(self.statements[:0], self._store.names.ids)

    def changes_since(self, version: int) -> list[Changed] | None:
        """What went and what then came, version by version, as of `rows`; None as of `renamed_since`."""
        changes: list[Changed] = []
        for news in self._since(version):
            if news is None or news.gone is None or news.come is None:
                return None
            changes.append((news.gone, news.come))
        return changes

    def row_sources(self) -> Iterator[list[str]]:
        """The names of all sources of each row, in the order of `rows`."""
        origins = self.source_names
        for table in (self._store.facts, self._store.names):
            for statement, first in zip(table.ids.tolist(), table.column(SOURCE)[table.ids].tolist()):
                further = table.also.get(statement, ()) if table.also else ()
                yield [origins[first], *(origins[source] for source in further)]

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Writes all statements and labels; those that were read from named graphs go into them again.

        Turtle, N-Triples and RDF/XML have no named graphs and lose their names. Base directions of literals
        are written, but left out when JSON-LD is read again.

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

    @property
    def _interner(self) -> Interner:
        return Interner(self._store.terms, self._store.origins)

    def _take(self, rows: Iterable[Row]) -> None:
        """Takes rows in."""
        self._take_columns(self._interner.rows(rows))

    def _take_columns(self, columns: Columns) -> None:
        self._store.take(columns)
        self._forget()

    def _rows_of(self, columns: Columns) -> Iterator[Row]:
        pick = self._store.terms.pick
        terms = [pick(column.tolist()) for column in columns[:SOURCE]]
        return zip(*terms, self._store.origins.pick(columns[SOURCE].tolist()))

    def _change(self, **change: Any) -> int:
        """Makes a change, on the disk first where the graph lives there; says how many statements and labels are gone."""
        if self._journal is not None:
            self._journal.append(change)
        return self._apply(**change)

    def _apply(
        self,
        remove: Iterable[Sequence[str]] = (),
        where: Sequence[str | None] | None = None,
        add: Iterable[Row] = (),
    ) -> int:
        """Makes a change: rows go, then what matches subject, predicate, object and source, then rows come."""
        gone = sum(self._store.drop(*self._store.matching(row)) for row in remove)
        if where is not None:
            *terms, source = where
            matching = self._store.matching(terms)
            if source is None:
                gone += self._store.drop(*matching)
            else:
                gone += self._store.withdraw(*matching, self._store.sources_of(source))
        self._take(add)
        self._next_version()
        return gone

    def _next_version(self) -> None:
        """Tells what is computed from the graph that it has changed, and which names."""
        self.version += 1
        self._news[self.version] = self._store.take_news()
        self._news.pop(self.version - _REMEMBERED, None)

    def _since(self, version: int) -> list[News | None]:
        return [self._news.get(later) for later in range(version + 1, self.version + 1)]

    def _complete(self, what: str) -> KnowledgeGraph:
        if not self.num_statements:
            raise GraphError(
                f"{what} holds no statement between nodes" + (", only labels." if self._store.names.count else "."),
                "A graph needs at least one.",
            )
        self._store.take_news()  # nobody has seen it yet
        return self

    def _checked(self, nodes: ArrayLike) -> Ids:
        nodes = np.asarray(nodes, dtype=np.int64).reshape(-1)
        if len(nodes) and (nodes.min() < 0 or nodes.max() >= self.num_nodes):
            raise GraphError(
                f"Node ids {nodes.min()} to {nodes.max()} were asked for.", f"Valid are 0 to {self.num_nodes - 1}."
            )
        return nodes

    def _forget(self) -> None:
        """Drops what was computed from statements and labels."""
        self._iris = self._labels = self._relation_labels = None
