"""The words of many names as arrays."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

import numpy as np

from kgrag.linking.folding import unaccented
from kgrag.linking.words import QuestionWords, split_words
from kgrag.types import Ids

ROMAN_ONE = "i"  # within a name; elsewhere who asks


class NameWords(NamedTuple):
    """The words of those names that can be told from the wording of questions.

    Attributes:
        distinct: Every word.
        names: Place of each such name among all, shape (rows,).
        sizes: How many words each has, shape (rows,).
        words: Place in ``distinct`` of each word of each name, shape (words,).
        rows: Place in ``names`` of the name that it is of, shape (words,).
    """

    distinct: list[str]
    names: Ids
    sizes: Ids
    words: Ids
    rows: Ids


def words_of(names: Iterable[str], words: QuestionWords) -> NameWords:
    """Parts names into words without accents, and leaves out stop words; what looks like a pronoun within a name is a number.

    Args:
        names: Folded names.
        words: Tells names from the wording of questions.
    """
    ids: defaultdict[str, int] = defaultdict(count().__next__)
    places, counts, found = array("q"), array("q"), array("q")
    for place, name in enumerate(names):
        parts = split_words(unaccented(name))
        kept = [word for at, word in enumerate(parts) if word not in words.stop_words or (at and word == ROMAN_ONE)]
        if not kept or len(kept) < len(parts) == 2 or name.isnumeric() or words.level(name) != words.NAME:
            continue  # "passing out" is more than passing
        places.append(place)
        counts.append(len(kept))
        found.extend(map(ids.__getitem__, kept))
    sizes = np.array(counts, np.int64)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    return NameWords(list(ids), np.array(places, np.int64), sizes, np.array(found, np.int64), rows)
