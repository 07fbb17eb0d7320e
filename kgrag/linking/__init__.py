"""Linking: mentions in a text to nodes of the graph. The spaCy component registers with ``kgrag.linking.component``."""

from kgrag.linking.learning import LabelledText
from kgrag.linking.linker import EntityLinker

__all__ = ["EntityLinker", "LabelledText"]
