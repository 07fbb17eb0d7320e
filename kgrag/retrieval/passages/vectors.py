"""Search by vectors: compared with all of them, or with candidates that FAISS finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kgrag.graph.arrays import Growing
from kgrag.mapped import mapped_arrays, write_rows
from kgrag.retrieval.hybrid import Ranking, ranking_of
from kgrag.retrieval.passages.candidates import Candidates, Chosen, Metric, sample_rows
from kgrag.types import Floats, Ids

Kind = Literal["auto", "flat", "sq8", "pq", "ivf", "hnsw"]

# Up to how many vectors "auto" takes "flat" and "pq": a search takes at most 5 ms of one core. All floats of 20,000 vectors
# of length 384 are compared in 4 ms, the products that stand for them in 0.3.
FLAT, PRODUCTS = 20_000, 400_000
SMALL = 1_000  # fewer vectors are all compared, whatever the kind
TAIL = 10_000  # as many may be new to FAISS; they are all compared
FEW = 10_000  # as many are all compared where a search is restricted to them
_BLOCK = 1 << 15  # vectors compared at once
_BATCH = 256  # questions compared at once
_SPARSE = 0.25  # share of the vectors of a block below which they are copied, to be compared alone
VECTORS, _CANDIDATES_FILE = "vectors.safetensors", "vectors.faiss"


class Nearest(Protocol):
    """What searches saved vectors in place of this process."""

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> Ids:
        """Rows near each question, in no order, -1 for none, shape (questions, n); see `Candidates.search`."""


class VectorIndex:
    """Vectors by rows, from 0 on, in memory or mapped from a file.

    FAISS finds candidates among the vectors as it holds them, compressed; these are ranked by the vectors themselves. Few
    vectors are all compared: as by its flat index, but where they lie, mapped, without a copy, and by matrix products,
    which take a quarter of its time for several questions (1.1 and 4.8 ms each for 64 and 100,000 vectors of FAISS 1.15).

    Args:
        width: Length of a vector.
        metric: ``"cosine"``, ``"dot"`` (inner product) or ``"l2"`` (Euclidean distance).
        kind: ``"flat"`` compares all vectors, the others those of `Candidates`; ``"auto"`` takes the one that suits.
        saved: Vectors to begin with, shape (n, width).
        candidates: What FAISS has made of them.
    """

    def __init__(
        self,
        width: int,
        metric: Metric = "cosine",
        kind: Kind = "auto",
        saved: Floats | None = None,
        candidates: Candidates | None = None,
    ) -> None:
        self.width, self.metric, self.kind = width, metric, kind
        self._saved = np.zeros((0, width), np.float32) if saved is None else saved
        self._late = Growing(np.zeros((0, width), np.float32))
        self._candidates = candidates
        self._elsewhere: Nearest | None = None

    def __len__(self) -> int:
        return len(self._saved) + len(self._late)

    def search_by(self, elsewhere: Nearest) -> None:
        """Has the saved vectors searched elsewhere from now on; those that were added since are compared here."""
        self._elsewhere = elsewhere

    def add(self, vectors: Floats) -> None:
        """Adds vectors in the next rows, shape (n, width); for cosine they are kept with length 1."""
        self._late.extend(self._prepared(vectors))

    def reserve(self, count: int) -> None:
        """Makes room for so many more vectors, which can then be added part by part without copying those before them."""
        self._late.reserve(count)

    def pick(self, rows: Ids) -> Floats:
        """The vectors of rows, shape (rows, width)."""
        base = len(self._saved)
        is_late = rows >= base
        if not is_late.any():
            return self._saved[rows]
        picked = np.empty((len(rows), self.width), np.float32)
        picked[is_late], picked[~is_late] = self._late.array[rows[is_late] - base], self._saved[rows[~is_late]]
        return picked

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> list[Ranking]:
        """The nearest vectors.

        Args:
            questions: Shape (questions, width).
            limit: How many vectors to find for each.
            among: Which rows may be found, shape (rows,) or longer; all where not given.

        Returns:
            For each question rows, and their cosines, inner products or negative distances.
        """
        questions = self._prepared(questions)
        among = None if among is None else among[: len(self)]
        possible = len(self) if among is None else int(np.count_nonzero(among))
        limit = min(limit, possible)
        if limit <= 0:
            return [Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))] * len(questions)
        found = self._found(questions, limit, among, possible)
        return [self._ranked(question, rows[rows >= 0], limit) for question, rows in zip(questions, found)]

    def nearness(self, questions: Floats, vectors: Floats) -> Floats:
        """What is greater for what is nearer, shape (questions, vectors)."""
        products = questions @ vectors.T
        return 2 * products - np.einsum("ij,ij->i", vectors, vectors) if self.metric == "l2" else products

    def _found(self, questions: Floats, limit: int, among: Chosen, possible: int) -> Ids:
        """Rows among which the nearest are, in no order, -1 for none; shape (questions, n)."""
        if self._elsewhere is not None:
            saved = None if among is None else among[: len(self._saved)]
            there = self._elsewhere.search(questions, limit, saved)
            return np.concatenate([there, self._compared(questions, limit, among, len(self._saved))], axis=1)
        self._refresh()
        if self._candidates is None or possible <= FEW:
            return self._compared(questions, limit, among)
        found = self._candidates.search(questions, limit, among)
        if len(self) > len(self._candidates):
            new = self._compared(questions, limit, among, len(self._candidates))
            found = np.concatenate([found, new], axis=1)
        if (np.count_nonzero(found >= 0, axis=1) < limit).any():
            found = self._compared(questions, limit, among)
        return found

    # Comparing with all

    def _compared(self, questions: Floats, limit: int, among: Chosen, start: int = 0) -> Ids:
        """Rows from ``start`` on that are nearest, in no order, -1 for none; shape (questions, limit)."""
        parts = (questions[i : i + _BATCH] for i in range(0, len(questions), _BATCH))
        return np.concatenate([self._nearest(part, limit, among, start) for part in parts])

    def _nearest(self, questions: Floats, limit: int, among: Chosen, start: int) -> Ids:
        rows = np.full((len(questions), limit), -1)
        scores = np.full((len(questions), limit), -np.inf, np.float32)
        for begin, vectors in self._blocks(start):
            chosen = None if among is None else among[begin : begin + len(vectors)]
            count = len(vectors) if chosen is None else int(np.count_nonzero(chosen))
            if not count:
                continue
            block = np.arange(begin, begin + len(vectors))
            if chosen is not None and count < _SPARSE * len(block):
                block, vectors, chosen = block[chosen], vectors[chosen], None
            alike = self.nearness(questions, vectors)
            if chosen is not None:
                alike[:, ~chosen] = -np.inf
            rows = np.concatenate([rows, np.broadcast_to(block, alike.shape)], axis=1)
            scores = np.concatenate([scores, alike], axis=1)
            best = np.argpartition(scores, scores.shape[1] - limit, axis=1)[:, -limit:]
            rows, scores = np.take_along_axis(rows, best, 1), np.take_along_axis(scores, best, 1)
        rows[scores == -np.inf] = -1
        return rows

    def _blocks(self, start: int = 0) -> Iterator[tuple[int, Floats]]:
        """All vectors from a row on, with the row that each stretch begins at."""
        base = len(self._saved)
        for first, vectors in ((0, self._saved), (base, self._late.array)):
            for begin in range(max(start - first, 0), len(vectors), _BLOCK):
                yield first + begin, vectors[begin : begin + _BLOCK]

    def _ranked(self, question: Floats, rows: Ids, limit: int) -> Ranking:
        vectors = self.pick(rows)
        scores = -np.linalg.norm(vectors - question, axis=1) if self.metric == "l2" else vectors @ question
        return ranking_of(rows, scores, limit)

    def _prepared(self, vectors: Floats) -> Floats:
        vectors = np.ascontiguousarray(vectors, np.float32)
        return unit(vectors) if self.metric == "cosine" else vectors

    # Candidates

    def _refresh(self, tail: int = TAIL) -> None:
        """Has candidates as suit the number of vectors, with all but a tail of them."""
        kind, size = self._suited(), len(self)
        if kind == "flat":
            self._candidates = None
            return
        if self._candidates is None or self._candidates.kind != kind or self._candidates.trained < size // 2:
            self._candidates = Candidates.of(kind, self.metric, size, self.pick(sample_rows(kind, size)))
            tail = 0
        if len(self._candidates) + tail < size:
            self._candidates.add(vectors for _, vectors in self._blocks(len(self._candidates)))

    def _suited(self) -> str:
        size = len(self)
        if size < SMALL:
            return "flat"
        if self.kind != "auto":
            return self.kind
        return "flat" if size <= FLAT else "pq" if size <= PRODUCTS else "ivf"

    # Saving

    def write(self, folder: Path, is_live: NDArray[np.bool_]) -> None:
        """Writes the vectors of those rows that are live, and what FAISS makes of them.

        Raises:
            OSError: They cannot be written.
        """
        kept = is_live[: len(self)]
        blocks = (vectors[kept[begin : begin + len(vectors)]] for begin, vectors in self._blocks())
        write_rows(folder / VECTORS, "vectors", (int(np.count_nonzero(kept)), self.width), blocks)
        self._refresh(tail=0)
        written = self
        if not kept.all():
            written = VectorIndex(self.width, self.metric, self.kind, mapped_arrays(folder / VECTORS)["vectors"])
            written._candidates = None if self._candidates is None else self._candidates.without(~kept)
            written._refresh(tail=0)
        if written._candidates is not None:
            written._candidates.write(folder / _CANDIDATES_FILE)

    @classmethod
    def read(cls, folder: Path, metric: Metric, kind: Kind) -> VectorIndex:
        """Maps what `write` wrote, once it is checked.

        Raises:
            OSError, ValueError, KeyError, TypeError: The files cannot be read, or do not fit together.
        """
        vectors = mapped_arrays(folder / VECTORS)["vectors"]
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise ValueError(f"{folder / VECTORS} holds no vectors")
        file = folder / _CANDIDATES_FILE
        candidates = Candidates.read(file, vectors.shape) if file.is_file() else None
        return cls(vectors.shape[1], metric, kind, vectors, candidates)


def unit(vectors: Floats) -> Floats:
    """Vectors with length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
