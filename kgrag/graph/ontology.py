"""The graph that questions are asked of: an OWL file as people read it, not as RDF has to write it down."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from kgrag.graph.arrays import distinct
from kgrag.graph.closure import Pairs
from kgrag.graph.inferred import InferredView
from kgrag.graph.knowledge_graph import KnowledgeGraph
from kgrag.graph.terms import literal_value
from kgrag.graph.vocabulary import OWL, OWL_KINDS, RDF
from kgrag.types import Ids

_OF_THINGS = ("sameAs", "differentFrom", "deprecated", "versionInfo")  # OWL's properties that are not its syntax
_THINGS = ("Thing", "NamedIndividual")  # OWL's classes of things
_DEPRECATED = ("DeprecatedClass", "DeprecatedProperty")


def readable(graph: KnowledgeGraph) -> KnowledgeGraph:
    """A graph with what OWL's restrictions say as plain statements, and without what only serves to write them down.

    Nothing in it speaks of the blank nodes of class expressions and annotations, of OWL's own classes, or of what is
    deprecated. It follows the graph; a view keeps its rules. Graphs that are not at hand as a whole stay as they are.
    """
    if isinstance(graph, InferredView):
        return InferredView(graph.base, (*graph.rules, "restrictions"), graph.limits, _hidden)
    return InferredView(graph, ["restrictions"], hidden=_hidden) if type(graph) is KnowledgeGraph else graph


def _hidden(graph: KnowledgeGraph) -> Ids:
    """Nodes that nobody asks about."""
    kinds = {name: node for name in OWL_KINDS if (node := graph.node(OWL + name)) is not None}
    relations = {graph.relation_iri(relation): relation for relation in range(graph.num_relations)}
    statements = graph.statements
    if not kinds and not any(iri.startswith(OWL) for iri in relations):
        return statements[:0]
    heads, by, tails = (column[statements] for column in (graph.heads, graph.relations, graph.tails))
    aside = {OWL + name for name in _OF_THINGS}
    is_syntax = np.isin(by, [id for iri, id in relations.items() if iri.startswith(OWL) and iri not in aside])
    is_type = by == relations.get(RDF + "type", -1)
    own = np.array(list(kinds.values()), np.int64)
    written = is_type & np.isin(tails, [node for name, node in kinds.items() if name not in _THINGS])
    is_rest = by == relations.get(RDF + "rest", -1)
    cells = _lists((heads[is_rest], tails[is_rest]), graph.node(RDF + "nil"), tails[is_syntax], graph.num_nodes)
    is_true = by == relations.get(OWL + "deprecated", -1)
    is_true[is_true] = [_says_yes(graph.iri(node)) for node in tails[is_true].tolist()]
    is_true |= is_type & np.isin(tails, [node for name, node in kinds.items() if name in _DEPRECATED])
    unnamed = distinct(np.concatenate([heads[is_syntax | written], cells]))
    unnamed = unnamed[[graph.iri(node).startswith("_:") for node in unnamed.tolist()]]
    return np.concatenate([own, unnamed, heads[is_true]])


def _lists(rest: Pairs, nil: int | None, starts: Ids, num_nodes: int) -> Ids:
    """The cells of the lists of which some nodes are cells."""
    inner = rest[1] != nil  # where all lists end
    links = csr_array((np.ones(inner.sum(), np.bool_), (rest[0][inner], rest[1][inner])), shape=(num_nodes, num_nodes))
    _, part = connected_components(links, directed=False)
    return rest[0][np.isin(part[rest[0]], part[starts])]


def _says_yes(term: str) -> bool:
    return term.startswith('"') and literal_value(term).strip().lower() in ("true", "1")
