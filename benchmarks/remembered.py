"""Vectors of texts, kept in a file from one run of a benchmark to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from kgrag.encoder import MiniLM
from kgrag.types import Floats

KEY_BYTES = 16


class Remembered:
    """An encoder that encodes no text twice.

    Args:
        encoder: Encodes what is new.
        folder: Where vectors are kept, by the name of the encoder; nowhere where not given.
    """

    def __init__(self, encoder: MiniLM, folder: Path | None = None) -> None:
        self._encoder, self.name, self.width, self.tokens = encoder, encoder.name, encoder.width, encoder.tokens
        self.windows = encoder.windows
        self._file = None if folder is None else folder / f"{encoder.name}.safetensors"
        self._vectors: dict[bytes, Floats] = {}
        if self._file is not None and self._file.is_file():
            saved = load_file(self._file)
            self._vectors = {key.tobytes(): vector for key, vector in zip(saved["keys"], saved["vectors"])}

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """Unit vectors of texts, shape (texts, width)."""
        keys = [hashlib.sha256(text.encode()).digest()[:KEY_BYTES] for text in texts]
        new = {key: text for key, text in zip(keys, texts) if key not in self._vectors}
        if new:
            self._vectors.update(zip(new, self._encoder.encode(list(new.values()), progress=progress)))
        return np.stack([self._vectors[key] for key in keys]) if keys else np.zeros((0, self.width), np.float32)

    def keep(self) -> None:
        """Writes all vectors into the file."""
        if self._file is not None and self._vectors:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            keys = np.frombuffer(b"".join(self._vectors), np.uint8).reshape(-1, KEY_BYTES)
            save_file({"keys": keys.copy(), "vectors": np.stack(list(self._vectors.values()))}, self._file)
