"""Maps mentions in a text to nodes of the graph."""

from kgrag.linking.linker import EntityLinker

__all__ = ["EntityLinker"]
