"""Generators by name."""

from __future__ import annotations

from pathlib import Path

from kgrag.errors import ModelError
from kgrag.generation.generator import Generator
from kgrag.generation.text import TextGenerator

TEXT = "text:"


def generator_named(name: str | Path) -> Generator | TextGenerator:
    """A generator by name.

    Args:
        name: A folder that holds a generator with evidence tokens (generator.json); ``text:FOLDER`` for a Hugging Face
            language model, causal or with an encoder, that reads evidence as words; ``openai://host:port/v1?model=NAME`` or
            ``openai+https://...`` for one behind an OpenAI-compatible endpoint.

    Raises:
        ModelError: There is none of that name.
    """
    from kgrag.generation.served import SCHEMES, ServedModel

    text = str(name)
    if isinstance(name, str) and text.partition("://")[0] in SCHEMES:
        return TextGenerator(ServedModel(text))
    if isinstance(name, str) and text.startswith(TEXT):
        from kgrag.generation.local import LocalModel

        return TextGenerator(LocalModel.load(Path(text.removeprefix(TEXT))))
    if not (Path(name) / "generator.json").is_file():
        raise ModelError(
            f"There is no generator at {name}.",
            "Give a folder that holds generator.json, text:FOLDER, openai://host:port/v1?model=NAME, or leave it out.",
        )
    return Generator.load(Path(name))
