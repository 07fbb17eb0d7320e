"""Vectors of passages: one of each, and more of those that are longer than their encoder reads at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from kgrag.graph.arrays import Growing, ranges
from kgrag.mapped import are_ids, mapped_arrays
from kgrag.retrieval.hybrid import Ranking, ranking_of
from kgrag.retrieval.passages.candidates import Chosen, Metric
from kgrag.retrieval.passages.vectors import Kind, VectorIndex
from kgrag.types import Floats, Ids, TextEncoder

_FURTHER, _OWNERS = "further", "owners.safetensors"
_EACH = 2  # further windows that are sought for each passage, at first


def windows_of(encoder: TextEncoder, texts: Sequence[str]) -> tuple[list[str], Ids]:
    """The stretches of texts that an encoder reads at once, and how many each text has, shape (texts,).

    One that does not say what it reads at once, by a method ``windows``, reads all of a text.
    """
    split = getattr(encoder, "windows", None)
    if split is None:
        return list(texts), np.ones(len(texts), np.int64)
    windows: list[list[str]] = split(texts)
    return [window for of_one in windows for window in of_one], np.array([len(one) for one in windows], np.int64)


class PassageVectors:
    """Vectors of passages by rows, from 0 on; of several windows of a passage the nearest one counts.

    The first windows of all passages are in one index, whatever else they have in another, which is empty as a rule.

    Args:
        first: Of the first windows, by rows.
        further: Of all others.
        owners: The rows that these belong to, which never fall.
    """

    def __init__(self, first: VectorIndex, further: VectorIndex | None = None, owners: Ids | None = None) -> None:
        self.first = first
        self.further = VectorIndex(first.width, first.metric, first.kind) if further is None else further
        self._owners = Growing(np.zeros(0, np.int64) if owners is None else owners)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self.first.width

    @property
    def metric(self) -> Metric:
        """How vectors are compared."""
        return self.first.metric

    def add(self, vectors: Floats, counts: Ids, is_live: NDArray[np.bool_]) -> None:
        """Adds the next rows.

        Args:
            vectors: Of the windows of passages, one passage after the other, shape (windows, width).
            counts: How many windows each passage has, shape (passages,).
            is_live: Which rows have a passage, shape (rows,); others have zeros.
        """
        if len(vectors) == len(counts) == len(is_live):
            self.first.add(vectors)
            return
        is_first = np.zeros(len(vectors), np.bool_)
        is_first[np.cumsum(counts) - counts] = True
        first = np.zeros((len(is_live), self.width), np.float32)
        first[is_live] = vectors[is_first]
        self.further.add(vectors[~is_first])
        self._owners.extend(np.repeat(len(self) + np.flatnonzero(is_live), counts - 1))
        self.first.add(first)

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> list[Ranking]:
        """The passages with the nearest windows; see `VectorIndex.search`."""
        found = self.first.search(questions, limit, among)
        if not len(self.further) or limit <= 0:
            return found
        owners = self._owners.array
        chosen = None if among is None else among[owners]
        open_, most = list(range(len(questions))), _EACH * limit
        while open_:
            cut = []
            for place, further in zip(open_, self.further.search(questions[open_], most, chosen)):
                found[place] = _merged(found[place], Ranking(owners[further.rows], further.scores), limit)
                # What was not looked at may be nearer than the last passage.
                if len(further.rows) == most and further.scores[-1] > found[place].scores[-1]:
                    cut.append(place)
            open_, most = cut, 4 * most
        return found

    def windows(self, rows: Ids) -> tuple[Floats, Ids]:
        """The vectors of all windows of passages, shape (windows, width), and at which place in ``rows`` each belongs."""
        first, places = self.first.pick(rows), np.arange(len(rows))
        if not len(self.further):
            return first, places
        begin, end = (np.searchsorted(self._owners.array, rows, side) for side in ("left", "right"))
        others, owners = ranges(begin, end - begin)
        return np.concatenate([first, self.further.pick(others)]), np.concatenate([places, owners])

    def nearest(self, question: Floats, rows: Ids) -> Floats:
        """Of passages the windows that are nearest to a question, shape (rows, width)."""
        vectors, places = self.windows(rows)
        if len(vectors) == len(rows):
            return vectors
        order = np.lexsort((-self.first.nearness(question[None], vectors)[0], places))
        return vectors[order[np.searchsorted(places[order], np.arange(len(rows)))]]

    # Saving

    def write(self, folder: Path, is_live: NDArray[np.bool_]) -> None:
        """Writes the vectors of those rows that are live.

        Raises:
            OSError: They cannot be written.
        """
        self.first.write(folder, is_live)
        owners = self._owners.array
        kept = is_live[owners]
        if kept.any():
            (folder / _FURTHER).mkdir()
            self.further.write(folder / _FURTHER, kept)
            try:
                save_file({"owners": (np.cumsum(is_live) - 1)[owners[kept]]}, folder / _FURTHER / _OWNERS)
            except SafetensorError as error:
                raise OSError(str(error)) from error

    @classmethod
    def read(cls, folder: Path, metric: Metric, kind: Kind) -> PassageVectors:
        """Maps what `write` wrote, once it is checked.

        Raises:
            OSError, ValueError, KeyError, TypeError: The files cannot be read, or do not fit together.
        """
        first = VectorIndex.read(folder, metric, kind)
        if not (folder / _FURTHER).is_dir():
            return cls(first)
        further = VectorIndex.read(folder / _FURTHER, metric, kind)
        owners = mapped_arrays(folder / _FURTHER / _OWNERS)["owners"]
        if not (are_ids(owners, len(first)) and owners.shape == (len(further),) and bool((np.diff(owners) >= 0).all())):
            raise ValueError("its further vectors are of no passages")
        if further.width != first.width:
            raise ValueError("its vectors are of several lengths")
        return cls(first, further, owners)

    def parts(self, folder: Path) -> list[tuple[VectorIndex, Path]]:
        """The indexes that hold vectors, each with the folder that it was mapped from."""
        return [(self.first, folder), *([(self.further, folder / _FURTHER)] if len(self.further) else [])]


def _merged(one: Ranking, other: Ranking, limit: int) -> Ranking:
    """The best rows of two rankings, each by the better of its scores."""
    rows, scores = np.concatenate([one.rows, other.rows]), np.concatenate([one.scores, other.scores])
    order = np.lexsort((-scores, rows))
    kept = order[np.flatnonzero(np.diff(rows[order], prepend=-1))]
    return ranking_of(rows[kept], scores[kept], limit)
