"""Graph neural networks over the retrieved sub-graph."""

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.findings import Findings, reason
from kgrag.encoding.reader import GraphReader, NodeBeliefs
from kgrag.encoding.reasoner import Reasoner, Reasoning

__all__ = ["Findings", "GraphBatch", "GraphReader", "NodeBeliefs", "Reasoner", "Reasoning", "reason"]
