"""kgrag: answers from a knowledge graph and documents, each part resting on sources that are shown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgrag.config import Config
    from kgrag.errors import KgragError
    from kgrag.evaluation import Report, read_questions
    from kgrag.generation import Generator
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking import EntityLinker
    from kgrag.pipeline import KGRAG, generate_with_knowledge
    from kgrag.retrieval import PassageIndex
    from kgrag.training.synthesize import synthesize
    from kgrag.types import Answer, Passage, Question

__version__ = "0.1.0"

_HOME = {
    "Answer": "kgrag.types",
    "Config": "kgrag.config",
    "EntityLinker": "kgrag.linking",
    "Generator": "kgrag.generation",
    "KGRAG": "kgrag.pipeline",
    "KgragError": "kgrag.errors",
    "KnowledgeGraph": "kgrag.graph",
    "Passage": "kgrag.types",
    "PassageIndex": "kgrag.retrieval",
    "Question": "kgrag.types",
    "Report": "kgrag.evaluation",
    "generate_with_knowledge": "kgrag.pipeline",
    "read_questions": "kgrag.evaluation",
    "synthesize": "kgrag.training.synthesize",
}
__all__ = [
    "KGRAG",
    "Answer",
    "Config",
    "EntityLinker",
    "Generator",
    "KgragError",
    "KnowledgeGraph",
    "Passage",
    "PassageIndex",
    "Question",
    "Report",
    "generate_with_knowledge",
    "read_questions",
    "synthesize",
]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used, so that ``kgrag --help`` need not wait for torch."""
    if name not in _HOME:
        raise AttributeError(f"module 'kgrag' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
