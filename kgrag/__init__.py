"""kgrag: answers from a knowledge graph and documents, each part resting on sources that are shown."""

__version__ = "0.1.0"
