"""Generators by name."""

from __future__ import annotations

from pathlib import Path

from kgrag.errors import ModelError
from kgrag.generation.generator import SETTINGS, Generator
from kgrag.generation.pretrained import is_there


def generator_named(name: str | Path, width: int, hidden: int) -> Generator:
    """A generator by name.

    Args:
        name: A folder that holds a generator (generator.json); or a Hugging Face causal language model, by its folder or its
            name in the cache of the Hub, whose fusion layer is new and has to be trained.
        width: Width of the text encoder that the fusion layer reads from.
        hidden: Width of the GNN states.

    Raises:
        ModelError: There is none of that name, or it was made for another text encoder or another reasoner.
    """
    if (Path(name) / SETTINGS).is_file():
        generator = Generator.load(Path(name))
    elif is_there(name):
        generator = Generator.from_pretrained(name, width, hidden)
    else:
        raise ModelError(
            f"There is no generator at {name}.",
            "Give a folder that holds generator.json, or config.json and safetensors; or leave it out.",
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
