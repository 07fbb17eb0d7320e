"""Which terms play a role, as nodes or as relations, each numbered from 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from kgrag.errors import GraphError
from kgrag.graph.arrays import Growing, distinct
from kgrag.types import Ids


class Numbering:
    """Terms by numbers of their own, in the order in which they got them.

    Args:
        terms: Term id of each number, shape (numbers,).
    """

    def __init__(self, terms: Ids | None = None) -> None:
        terms = np.zeros(0, np.int64) if terms is None else terms
        self._terms = Growing(terms)
        self._numbers = Growing(np.full(int(terms.max()) + 1 if len(terms) else 0, -1, np.int64))
        self._numbers.put(terms, np.arange(len(terms)))

    def __len__(self) -> int:
        return len(self._terms)

    @property
    def terms(self) -> Ids:
        """Term id of each number, shape (numbers,)."""
        return self._terms.array

    def term(self, number: int) -> int:
        """Term id of a number."""
        return int(self._terms.array[number])

    def checked(self, numbers: ArrayLike) -> Ids:
        """Numbers as an array of one dimension.

        Raises:
            GraphError: If one is out of range.
        """
        array = np.asarray(numbers, dtype=np.int64).reshape(-1)
        if len(array) and (array.min() < 0 or array.max() >= len(self)):
            raise GraphError(f"Ids {array.min()} to {array.max()} were asked for.", f"Valid are 0 to {len(self) - 1}.")
        return array

    def find(self, terms: Ids) -> Ids:
        """Number of each term, -1 where it has none; of the same shape."""
        numbers = self._numbers.array
        found = np.full(len(terms), -1, np.int64)
        known = terms < len(numbers)
        found[known] = numbers[terms[known]]
        return found

    def number(self, term: int | None) -> int | None:
        """Number of a term; None where it has none."""
        if term is None or term >= len(self._numbers):
            return None
        number = int(self._numbers.array[term])
        return None if number < 0 else number

    def add(self, terms: Ids) -> Ids:
        """Number of each term; those without one get theirs in the order of their ids."""
        found = self.find(terms)
        missing = found < 0
        if missing.any():
            new = distinct(terms[missing])
            if new[-1] >= len(self._numbers):
                self._numbers.extend(np.full(new[-1] + 1 - len(self._numbers), -1, np.int64))
            self._numbers.put(new, np.arange(len(self), len(self) + len(new)))
            self._terms.extend(new)
            found[missing] = self._numbers.array[terms[missing]]
        return found
