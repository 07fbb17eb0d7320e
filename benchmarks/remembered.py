"""Vectors of texts, kept in a file from one run of a benchmark to the next."""

from __future__ import annotations

from pathlib import Path

from kgrag.encoder import MiniLM
from kgrag.encoding.kept import KeptVectors


class Remembered(KeptVectors):
    """An encoder that encodes no text twice.

    Args:
        encoder: Encodes what is new.
        folder: Where vectors are kept, by the name of the encoder; nowhere where not given.
    """

    def __init__(self, encoder: MiniLM, folder: Path | None = None) -> None:
        super().__init__(encoder, None if folder is None else folder / f"{encoder.name}.safetensors", most=None)
        self.name, self.width, self.tokens, self.windows = encoder.name, encoder.width, encoder.tokens, encoder.windows
