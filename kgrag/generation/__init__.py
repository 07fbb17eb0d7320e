"""Language models that read evidence tokens and write them, and the checks on what they write."""

from kgrag.generation.draft import Draft, Prompt, Writer
from kgrag.generation.generator import Generator
from kgrag.generation.loading import generator_named
from kgrag.generation.printer import print_answer
from kgrag.generation.text import TextGenerator

__all__ = ["Draft", "Generator", "Prompt", "TextGenerator", "Writer", "generator_named", "print_answer"]
