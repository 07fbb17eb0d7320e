"""Passages joined to the graph: each with the IRIs of the nodes that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from kgrag.types import Link, Passage


class Nodes(Protocol):
    """A graph, as far as it is needed here."""

    def iri(self, node: int) -> str:
        """The IRI of a node."""


class Linker(Protocol):
    """Finds the names of a graph's nodes in texts, as `kgrag.EntityLinker` does."""

    @property
    def graph(self) -> Nodes:
        """Whose nodes are named."""

    def link(self, text: str) -> Sequence[Link]:
        """Mentions in a text, with their nodes."""


def link(passages: Iterable[Passage], linker: Linker) -> Iterator[Passage]:
    """Adds the nodes that titles and texts name exactly to the entities of passages.

    Args:
        passages: The passages.
        linker: Finds the names.
    """
    for passage in passages:
        links = linker.link(f"{passage.title}\n{passage.text}" if passage.title else passage.text)
        named = [linker.graph.iri(link.node) for link in links if link.node is not None and link.exact]
        yield replace(passage, entities=tuple(dict.fromkeys((*passage.entities, *named))))
