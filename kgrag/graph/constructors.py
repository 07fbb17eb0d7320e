"""The ways to a graph: from files, triples, the graphs of other libraries, SPARQL endpoints, and saved folders.

Class methods of `KnowledgeGraph`, which see.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kgrag.config import EndpointConfig, Limits
from kgrag.errors import GraphError
from kgrag.graph import bridges
from kgrag.graph.imports import follow
from kgrag.graph.ledger import Ledger
from kgrag.graph.reading import skipped_for
from kgrag.graph.rows import Row, named_sources, rows_of_triples
from kgrag.graph.unpacking import Source
from kgrag.types import Triple

if TYPE_CHECKING:
    import networkx
    import pandas
    import rdflib

    from kgrag.graph.knowledge_graph import KnowledgeGraph
    from kgrag.graph.remote import RemoteGraph


def from_rdf(
    cls: type[KnowledgeGraph],
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
    ledger = Ledger(labels, label_properties, language)
    named = named_sources(sources)
    skipped = skipped_for(on_error)
    ledger.store.take(ledger.interner.sources(named, format, base_iri, limits, skipped))
    if imports is not None:
        follow(ledger, imports, named, limits)
    if skipped is not None:
        ledger.skipped = skipped
        skipped.report()
    return _complete(cls, ledger, ", ".join(named))


def from_triples(
    cls: type[KnowledgeGraph],
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
    ledger = Ledger(labels, label_properties, language)
    return _of_rows(cls, ledger, rows_of_triples(triples), "The list of triples")


def from_rdflib(cls: type[KnowledgeGraph], graph: rdflib.Graph, language: str = "en") -> KnowledgeGraph:
    """Takes an rdflib graph over; see `from_triples` for errors."""
    rows = ((*row, "") for row in bridges.rows_from_rdflib(graph))
    return _of_rows(cls, Ledger(language=language), rows, "The rdflib graph")


def from_networkx(cls: type[KnowledgeGraph], graph: networkx.Graph, language: str = "en") -> KnowledgeGraph:
    """Takes the edges and node labels of a networkx graph over; other attributes are left behind.

    Nodes are read as in `from_triples`. An edge's relation is its ``relation``, ``predicate``, ``label`` or
    ``type``, else its key where that is a string, else "related to".
    """
    rows = ((*row, "") for row in bridges.rows_from_networkx(graph))
    return _of_rows(cls, Ledger(language=language), rows, "The networkx graph")


def from_pandas(cls: type[KnowledgeGraph], frame: pandas.DataFrame, language: str = "en") -> KnowledgeGraph:
    """Takes the columns subject, predicate, object and, where there is one, source of a table over.

    Terms are read as in `from_triples`, which see for errors.
    """
    return _of_rows(cls, Ledger(language=language), bridges.rows_from_pandas(frame), "The table")


def from_sparql(
    cls: type[KnowledgeGraph],
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

    It asks nothing but this address. The default graph is asked, or the named ones that parameters of the address name,
    as in ``http://host/sparql?default-graph-uri=http://...``.

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


def load(cls: type[KnowledgeGraph], folder: str | os.PathLike[str]) -> KnowledgeGraph:
    """Opens a graph that `save` wrote, with the changes since; what is not looked at is not read.

    Raises:
        SavedFolderError: If it is missing or damaged.
    """
    return cls(Ledger.load(folder))


def _of_rows(cls: type[KnowledgeGraph], ledger: Ledger, rows: Iterable[Row], what: str) -> KnowledgeGraph:
    ledger.take(rows)
    return _complete(cls, ledger, what)


def _complete(cls: type[KnowledgeGraph], ledger: Ledger, what: str) -> KnowledgeGraph:
    if not ledger.store.facts.count:
        raise GraphError(
            f"{what} holds no statement between nodes" + (", only labels." if ledger.store.names.count else "."),
            "A graph needs at least one.",
        )
    ledger.store.take_news()  # nobody has seen it yet
    return cls(ledger)
