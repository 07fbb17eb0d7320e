"""Language models that read evidence tokens and write them, and the checks on what they write."""

from kgrag.generation.generator import Draft, Generator, Prompt
from kgrag.generation.printer import print_answer

__all__ = ["Draft", "Generator", "Prompt", "print_answer"]
