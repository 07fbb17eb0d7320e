"""Names by a form that several ways of writing them share."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np


class FormIndex:
    """The names that have a form, twelve bytes for each of their forms: these are kept as hashes.

    Args:
        names: All names.
        forms: Of one name.

    Attributes:
        of_length: How many forms have each length.
    """

    def __init__(self, names: Sequence[str], forms: Callable[[str], Iterable[str]]) -> None:
        self._names, self._forms = names, forms
        hashes, places = array("q"), array("i")
        self.of_length: Counter[int] = Counter()
        for place, name in enumerate(names):
            for form in forms(name):
                hashes.append(hash(form))
                places.append(place)
                self.of_length[len(form)] += 1
        found = np.array(hashes, np.int64)
        order = np.argsort(found, kind="stable")
        self._hashes, self._places = found[order], np.array(places, np.int32)[order]

    def find(self, form: str, most: int) -> list[int]:
        """Places of the first names that have a form.

        Args:
            form: As ``forms`` gives it.
            most: How many names at most.
        """
        first, last = (np.searchsorted(self._hashes, hash(form), side) for side in ("left", "right"))
        places = self._places[first : min(first + most, last)].tolist()
        return [place for place in places if form in self._forms(self._names[place])]
