"""Graph neural networks over the retrieved sub-graph."""

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.reader import GraphReader, NodeBeliefs
from kgrag.encoding.reasoner import Reasoner, Reasoning

__all__ = ["GraphBatch", "GraphReader", "NodeBeliefs", "Reasoner", "Reasoning"]
