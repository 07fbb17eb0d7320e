"""Generators by name."""

from __future__ import annotations

from pathlib import Path

from kgrag.errors import ModelError
from kgrag.generation.generator import SETTINGS, Generator
from kgrag.generation.pretrained import is_there
from kgrag.generation.text import TextGenerator

TEXT = "text:"


def generator_named(name: str | Path, width: int, hidden: int) -> Generator | TextGenerator:
    """A generator by name.

    Args:
        name: A folder that holds a generator (generator.json); or a Hugging Face causal language model, by its folder or its
            name in the cache of the Hub, whose fusion layer is new and has to be trained; or ``text:FOLDER`` for one, causal or
            with an encoder, that reads evidence as words; or ``openai://host:port/v1?model=NAME`` or ``openai+https://...``
            for one behind an OpenAI-compatible endpoint, which does so, too.
        width: Width of the text encoder that the fusion layer reads from.
        hidden: Width of the GNN states.

    Raises:
        ModelError: There is none of that name, or it was made for another text encoder or another reasoner.
    """
    from kgrag.generation.served import SCHEMES, ServedModel

    if isinstance(name, str) and name.partition("://")[0] in SCHEMES:
        return TextGenerator(ServedModel(name))
    if isinstance(name, str) and name.startswith(TEXT):
        from kgrag.generation.local import LocalModel

        return TextGenerator(LocalModel.load(Path(name.removeprefix(TEXT))))
    if (Path(name) / SETTINGS).is_file():
        generator = Generator.load(Path(name))
    elif is_there(name):
        generator = Generator.from_pretrained(name, width, hidden)
    else:
        raise ModelError(
            f"There is no generator at {name}.",
            "Give a folder that holds generator.json, or config.json and safetensors; text:FOLDER; "
            "openai://host:port/v1?model=NAME; or leave it out.",
        )
    return fitting(generator, width, hidden)


def fitting(generator: Generator, width: int, hidden: int) -> Generator:
    """The generator, if it reads vectors of these widths.

    Raises:
        ModelError: It does not.
    """
    made = generator.settings["width"], generator.settings["hidden"]
    if made != (width, hidden):
        raise ModelError(
            f"The generator reads texts of width {made[0]} and states of width {made[1]}, not {width} and {hidden}.",
            f"Make it with Generator.from_pretrained(..., width={width}, hidden={hidden}).",
        )
    return generator
