"""Reads what a question means over a graph, and encodes the part of the graph that answers it."""

from kgrag.encoding.findings import Findings, Found, joined, passed, reason
from kgrag.encoding.reader import GraphReader, Reading
from kgrag.encoding.rearev import ReaRev
from kgrag.encoding.rearev_reader import ReaRevReader
from kgrag.encoding.reasoner import Reasoner

__all__ = [
    "Findings",
    "Found",
    "GraphReader",
    "ReaRev",
    "ReaRevReader",
    "Reading",
    "Reasoner",
    "joined",
    "passed",
    "reason",
]
