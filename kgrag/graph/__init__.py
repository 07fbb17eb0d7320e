"""The knowledge graph: RDF in and out, integer ids, labels, neighbours."""

from kgrag.graph.knowledge_graph import KnowledgeGraph
from kgrag.graph.ontology import readable
from kgrag.graph.reading import parse
from kgrag.graph.terms import is_verbal, normalise, normalise_all

__all__ = ["KnowledgeGraph", "is_verbal", "normalise", "normalise_all", "parse", "readable"]
