"""Language models that read and write evidence items, and the checks on what they write."""

from kgrag.generation.adapting import adapt
from kgrag.generation.draft import Draft, Prompt, Writer
from kgrag.generation.generator import Generator
from kgrag.generation.loading import fitting, generator_named
from kgrag.generation.printer import print_answer
from kgrag.generation.text import TextGenerator

__all__ = [
    "Draft",
    "Generator",
    "Prompt",
    "TextGenerator",
    "Writer",
    "adapt",
    "fitting",
    "generator_named",
    "print_answer",
]
