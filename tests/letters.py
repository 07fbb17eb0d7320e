"""A text encoder for tests that need no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class LetterEncoder:
    """Counts letters."""

    width = 26

    def __init__(self, name: str = "letters") -> None:
        self.name = name
        self.encoded = 0

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        self.encoded += len(texts)
        counts = [[text.lower().count(chr(97 + i)) + 1e-3 for i in range(26)] for text in texts]
        array = np.array(counts, np.float32).reshape(len(texts), 26)
        return array / np.linalg.norm(array, axis=1, keepdims=True)
