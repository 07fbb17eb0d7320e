"""What a graph says of its nodes in a sentence or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgrag.linking.aliases import LONGEST_LITERAL

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_LONGEST = 200  # characters of a name and its description together


def descriptions(graph: KnowledgeGraph) -> dict[int, str]:
    """One line for each node that a text is stated of: its label, and how the first such text begins."""
    statements = graph.statements
    statements = statements[graph.is_literal[graph.tails[statements]]]
    found: dict[int, str] = {}
    for node, literal in zip(graph.heads[statements].tolist(), graph.tails[statements].tolist()):
        if node not in found and len(text := graph.label(literal)) > LONGEST_LITERAL:
            found[node] = f"{graph.label(node)}: {text}"[:_LONGEST]
    return found
