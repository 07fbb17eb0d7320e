"""rdflib and networkx graphs and pandas tables as rows of term strings, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyoxigraph

from kgrag.errors import GraphError
from kgrag.graph.terms import (
    NODE_PREFIX,
    RELATION_PREFIX,
    literal_parts,
    read_term,
    read_triple,
    relation_name,
    to_oxigraph,
)
from kgrag.graph.vocabulary import LABELS, RDFS

if TYPE_CHECKING:
    import networkx
    import pandas
    import rdflib

    from kgrag.graph.knowledge_graph import KnowledgeGraph

Row = tuple[str, str, str]
_COLUMNS = ("subject", "predicate", "object")
_RELATION_KEYS = ("relation", "predicate", "label", "type")


def rows_from_rdflib(graph: rdflib.Graph) -> Iterator[Row]:
    """Every statement of an rdflib graph or dataset as term strings."""
    from rdflib import BNode, Literal

    def term(value: Any, prefix: str = NODE_PREFIX) -> str:
        if isinstance(value, Literal):
            datatype = pyoxigraph.NamedNode(str(value.datatype)) if value.datatype and not value.language else None
            return str(pyoxigraph.Literal(str(value), datatype=datatype, language=value.language or None))
        if isinstance(value, BNode):
            return f"_:{value}"
        return read_term(str(value), prefix)

    for subject, predicate, obj in graph.triples((None, None, None)):
        yield term(subject), term(predicate, RELATION_PREFIX), term(obj)


def to_rdflib(graph: KnowledgeGraph) -> rdflib.Graph:
    """The graph, labels included, as an `rdflib.Graph`."""
    from rdflib import BNode, Graph, Literal, URIRef

    def term(text: str) -> Any:
        if text.startswith("_:"):
            return BNode(text[2:])
        parts = literal_parts(text)
        if parts is None:
            return URIRef(text)
        return Literal(  # not normalised: "01" stays "01"
            parts.value,
            lang=parts.language or None,
            datatype=URIRef(parts.datatype) if parts.datatype else None,
            normalize=False,
        )

    result = Graph()
    for subject, predicate, obj in graph.rows():
        result.add((term(subject), URIRef(predicate), term(obj)))
    return result


def rows_from_networkx(graph: networkx.Graph) -> Iterator[Row]:
    """Every edge, and the labels of the nodes, as term strings.

    The relation of an edge is its attribute ``relation``, ``predicate``, ``label`` or ``type``, else its key where that
    is a string, else "related to". A node's attribute ``names`` holds (property, literal) pairs; ``label`` or ``name``
    holds its one label. Edges of an undirected graph count once, as networkx lists them.
    """
    for edge in graph.edges(keys=True, data=True) if graph.is_multigraph() else graph.edges(data=True):
        head, tail, data = edge[0], edge[1], edge[-1]
        key = edge[2] if len(edge) == 4 and isinstance(edge[2], str) else "related to"
        relation = next((data[name] for name in _RELATION_KEYS if isinstance(data.get(name), str)), key)
        predicate = read_term(relation, RELATION_PREFIX)
        yield read_term(_key(head)), predicate, read_term(_key(tail))
        label = data.get("label")
        if isinstance(label, str) and label not in (relation, LABELS.get(predicate), relation_name(predicate)):
            yield predicate, RDFS + "label", str(pyoxigraph.Literal(label))
    for node, data in graph.nodes(data=True):
        subject = read_term(_key(node))
        label = data.get("label", data.get("name"))
        if "names" in data:
            yield from ((subject, prop, str(to_oxigraph(literal))) for prop, literal in data["names"])
        elif isinstance(label, str) and label != _key(node) and not subject.startswith('"'):
            yield subject, RDFS + "label", str(pyoxigraph.Literal(label))


def _key(node: object) -> str:
    return node if isinstance(node, str) else str(node)


def to_networkx(graph: KnowledgeGraph) -> networkx.MultiDiGraph:
    """The graph as a MultiDiGraph: nodes by IRI (``label``, ``literal``, ``names``), edges by relation IRI.

    Edges have ``relation``, ``label`` and ``source``.
    """
    import networkx

    with graph.lock:
        label_rows, iris, labels, literal_flags = (
            graph.label_rows(),
            graph.iris,
            graph.labels,
            graph.is_literal.tolist(),
        )
        relations, relation_labels = list(map(graph.relation_iri, range(graph.num_relations))), graph.relation_labels
        columns = [column[graph.statements] for column in (graph.heads, graph.relations, graph.tails, graph.sources)]
        sources = graph.source_names
    result = networkx.MultiDiGraph()
    names: dict[str, list[tuple[str, str]]] = {}
    for subject, prop, literal in label_rows:
        names.setdefault(subject, []).append((prop, literal))
    for iri, label, literal_flag in zip(iris, labels, literal_flags):
        result.add_node(iri, label=label, literal=literal_flag, names=names.get(iri, []))
    for head, relation, tail, source in zip(*(column.tolist() for column in columns)):
        attributes = {
            "relation": relations[relation],
            "label": relation_labels[relation],
            "source": sources[source],
        }
        result.add_edge(iris[head], iris[tail], key=relations[relation], **attributes)
    return result


def rows_from_pandas(frame: pandas.DataFrame) -> Iterator[tuple[str, str, str, str]]:
    """Every line of a table as term strings, with its source, "" where it has none.

    Raises:
        GraphError: If a column is missing or a term is malformed.
    """
    missing = [name for name in _COLUMNS if name not in frame.columns]
    if missing:
        raise GraphError(
            f"The table has no column {' or '.join(missing)}; it has {', '.join(map(str, frame.columns)) or 'none'}.",
            "Name its columns subject, predicate, object and, at will, source.",
        )
    sources = frame["source"].tolist() if "source" in frame.columns else [""] * len(frame)
    for *triple, source in zip(*(frame[name].tolist() for name in _COLUMNS), sources):
        yield (*read_triple(triple), source if isinstance(source, str) else "")


def to_pandas(graph: KnowledgeGraph) -> pandas.DataFrame:
    """The graph, labels included, as a table with the columns subject, predicate, object and source."""
    import pandas

    with graph.lock:
        rows = zip(graph.rows(), graph.row_sources())
    return pandas.DataFrame([(*row, sources[0]) for row, sources in rows], columns=[*_COLUMNS, "source"])
