"""Reads what a question means over a graph, and encodes the part of the graph that answers it."""

from kgrag.encoding.findings import Findings, reason
from kgrag.encoding.reader import GraphReader, Reading
from kgrag.encoding.reasoner import Reasoner

__all__ = ["Findings", "GraphReader", "Reading", "Reasoner", "reason"]
