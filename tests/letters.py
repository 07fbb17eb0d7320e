"""A text encoder for tests that need no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class LetterEncoder:
    """Counts letters.

    Args:
        name: Its name.
        words: How many words it reads at once.
    """

    width = 26

    def __init__(self, name: str = "letters", words: int = 1_000) -> None:
        self.name, self.words = name, words
        self.encoded = 0

    def windows(self, texts: Sequence[str]) -> list[list[str]]:
        split = [text.split() for text in texts]
        starts = [range(0, max(len(words), 1), self.words) for words in split]
        return [[" ".join(words[i : i + self.words]) for i in each] for words, each in zip(split, starts)]

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        self.encoded += len(texts)
        counts = [[text.lower().count(chr(97 + i)) + 1e-3 for i in range(26)] for text in texts]
        array = np.array(counts, np.float32).reshape(len(texts), 26)
        return array / np.linalg.norm(array, axis=1, keepdims=True)
