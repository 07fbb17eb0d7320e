"""The vectors of a saved index in several processes, each of which searches a stretch of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kgrag.errors import ModelError
from kgrag.mapped import mapped_arrays
from kgrag.retrieval.passages.candidates import Chosen, Metric
from kgrag.retrieval.passages.vectors import VECTORS, Kind, VectorIndex
from kgrag.types import Floats, Ids


class Shards:
    """Finds the nearest of the saved vectors by Ray actors.

    Each gives its own nearest, so that those of all are among them; `VectorIndex` ranks these by the vectors themselves. What is
    exact in each is exact in all.

    Args:
        folder: Of the saved index, which was checked.
        metric: How vectors are compared.
        kind: How each searches its own; ``"auto"`` goes by their number.
        count: How many processes; no more than there are vectors.
    """

    def __init__(self, folder: Path, metric: Metric, kind: Kind, count: int) -> None:
        import ray

        rows = len(mapped_arrays(folder / VECTORS)["vectors"])
        bounds = np.linspace(0, rows, min(count, rows) + 1).astype(int).tolist()
        actor = ray.remote(num_cpus=0)(Shard)
        self._bounds = list(zip(bounds, bounds[1:]))
        self._shards = [actor.remote(str(folder), metric, kind, *both) for both in self._bounds]

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> Ids:
        """Rows near each question, in no order, -1 for none; shape (questions, shards * limit).

        Raises:
            ModelError: A process has ended.
        """
        import ray

        asked = ray.put(questions)
        parts = [None if among is None else among[begin:end] for begin, end in self._bounds]
        found = [shard.search.remote(asked, limit, part) for shard, part in zip(self._shards, parts)]
        try:
            return np.concatenate([np.full((len(questions), 0), -1), *ray.get(found)], axis=1)
        except ray.exceptions.RayError as error:
            raise ModelError(f"A shard cannot be searched: {error}", "Open the index again.") from error


class Shard:
    """A stretch of saved vectors, in a process of its own.

    Args:
        folder: Of the saved index.
        metric: How vectors are compared.
        kind: How they are searched.
        begin: The first row.
        end: The one after the last.
    """

    def __init__(self, folder: str, metric: Metric, kind: Kind, begin: int, end: int) -> None:
        vectors = mapped_arrays(Path(folder) / VECTORS)["vectors"][begin:end]
        self._begin, self._vectors = begin, VectorIndex(vectors.shape[1], metric, kind, vectors)

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> Ids:
        """Rows of the whole index that are nearest, best first, -1 for none; shape (questions, limit)."""
        rows = np.full((len(questions), limit), -1)
        for row, ranking in zip(rows, self._vectors.search(questions, limit, among)):
            row[: len(ranking.rows)] = self._begin + ranking.rows
        return rows
