"""Candidates for the nearest vectors, found by FAISS among vectors that it holds with two bits or a byte a dimension."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kgrag.types import Floats, Ids

Metric = Literal["cosine", "dot", "l2"]
Chosen = NDArray[np.bool_] | None  # which rows may be found; all where there is none

PROBES = 128  # inverted lists that are read; of a million vectors 64 find 98 % of the nearest ten, 128 find 99 %
BREADTH = 128  # of the search in the graph of HNSW
_TRAINED_ON = 64  # vectors for each centroid
_FACTORIES = {"sq8": "SQ8", "pq": "PQ{parts}x4fs", "ivf": "IVF{lists},PQ{parts}x4fs", "hnsw": "HNSW32,SQ8"}
_OF_PRODUCTS = 16  # centroids that product quantisation learns of each pair of dimensions
_ROUNDS = 10  # of k-means for product quantisation: more take longer and find no better
# Candidates for each vector that is sought. Of the nearest 50 passages of MedQuAD, ObliQA and BioASQ product quantisation finds
# 99.7 to 100 % among 400, all of the nearest ten, in a tenth of the time that bytes take; in inverted lists, in a third.
_EACH = {"pq": 8, "ivf": 8}
_EACH_BY_BYTES = 2
_WIDE = 128  # length of vectors from which pairs of their dimensions tell them apart


class Candidates:
    """An index of FAISS over the vectors of the first rows.

    Args:
        index: The index.
        is_mapped: Whether it is mapped from a file.

    Attributes:
        trained: How many vectors there were when it was made.
    """

    def __init__(self, index: Any, is_mapped: bool = False) -> None:
        self._index, self._is_mapped, self.trained = index, is_mapped, index.ntotal

    @classmethod
    def of(cls, kind: str, metric: Metric, count: int, sample: Floats) -> Candidates:
        """An index without vectors.

        Args:
            kind: ``"sq8"`` compares with all; ``"pq"`` with all, by pairs of dimensions, each taken for one of 16 that were
                learned, whose distances fit into registers (André et al., VLDB 2015); ``"ivf"`` likewise, with those in the
                nearest inverted lists; ``"hnsw"`` follows a graph of neighbours, which is not the same each time where several
                threads make it.
            metric: How vectors are compared.
            count: How many it is made for.
            sample: What is learned from where vectors lie; shape (n, width).
        """
        faiss = _faiss()
        width = sample.shape[1]
        factory = _FACTORIES[kind].format(
            lists=_lists(count), parts=width if width % 2 or width < _WIDE else width // 2
        )
        distance = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
        index = faiss.index_factory(width, factory, distance)
        if kind == "ivf":
            index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = _TRAINED_ON, 1
        if kind in ("pq", "ivf"):
            index.pq.cp.niter, index.pq.cp.max_points_per_centroid = _ROUNDS, _TRAINED_ON
        elif kind == "hnsw":
            index.hnsw.efConstruction = BREADTH
        with _one_thread() if kind == "pq" else nullcontext():
            index.train(sample)
        made = cls(index)
        made.trained = count
        return made

    def __len__(self) -> int:
        return self._index.ntotal

    @property
    def kind(self) -> str:
        """Of which kind it is."""
        faiss = _faiss()
        kinds = {
            faiss.IndexScalarQuantizer: "sq8",
            faiss.IndexPQFastScan: "pq",
            faiss.IndexIVFPQFastScan: "ivf",
            faiss.IndexHNSWSQ: "hnsw",
        }
        return kinds.get(type(self._index), "")

    def add(self, blocks: Iterable[Floats]) -> None:
        """Adds the vectors of the next rows."""
        self._own()
        with _one_thread() if self.kind == "pq" else nullcontext():
            for vectors in blocks:
                self._index.add(vectors)

    def search(self, questions: Floats, limit: int, among: Chosen = None) -> Ids:
        """Rows near each question, in no order, -1 for none: a few times as many as are sought.

        Args:
            questions: Shape (questions, width).
            limit: How many are sought for each.
            among: Which rows may be found, shape (rows,).

        Returns:
            Shape (questions, n).
        """
        faiss = _faiss()
        count, share = len(self), 1.0
        limit *= _EACH.get(self.kind, _EACH_BY_BYTES)
        options: dict[str, Any] = {}
        if among is not None:
            share = max(int(np.count_nonzero(among[:count])), 1) / count
        if self.kind == "pq":  # it cannot leave any out
            found = self._index.search(questions, min(int(limit / share), count))[1]
            return found if among is None else np.where(among[found], found, -1)
        if among is not None:
            bits = np.packbits(among[:count], bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)
        # The fewer may be found, the more has to be looked at.
        if self.kind == "ivf":
            parameters = faiss.SearchParametersIVF(nprobe=min(int(PROBES / share), self._index.nlist), **options)
        elif self.kind == "hnsw":
            parameters = faiss.SearchParametersHNSW(efSearch=int(max(BREADTH, limit) / share), **options)
        else:
            parameters = faiss.SearchParameters(**options)
        return self._index.search(questions, min(limit, count), params=parameters)[1]

    def without(self, is_gone: NDArray[np.bool_]) -> Candidates | None:
        """The same without some vectors, the others in the rows that are left; None where it has to be made anew.

        Args:
            is_gone: Shape (rows,).
        """
        faiss = _faiss()
        if self.kind == "hnsw":  # others are found through what is gone
            return None
        index = _copy(self._index)
        bits = np.packbits(is_gone, bitorder="little")
        index.remove_ids(faiss.IDSelectorBitmap(bits))
        if self.kind == "ivf":
            rows = np.cumsum(~is_gone) - 1
            for number in range(index.nlist):
                if size := index.invlists.list_size(number):
                    ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), size)
                    ids[:] = rows[ids]
        return Candidates(index)

    def write(self, path: Path) -> None:
        """Writes the index into a file.

        Raises:
            OSError: It cannot be written.
        """
        faiss = _faiss()
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise OSError(f"FAISS cannot write {path}: {error}") from error

    @classmethod
    def read(cls, path: Path, shape: tuple[int, ...]) -> Candidates:
        """Maps an index of vectors of a shape from a file; one that was checked, for FAISS reads damaged ones too.

        Raises:
            ValueError: It cannot be read, or is not of such vectors.
        """
        faiss = _faiss()
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ValueError(f"FAISS cannot read {path}: {error}") from error
        found = cls(index, is_mapped=True)
        if (index.ntotal, index.d) != shape or not index.is_trained or not found.kind:
            raise ValueError(f"{path} holds {index.ntotal} vectors of length {index.d}, not of shape {shape}")
        return found

    def _own(self) -> None:
        """Sees to it that the index is in memory: to add to a mapped one ends the process."""
        if self._is_mapped:
            self._index, self._is_mapped = _copy(self._index), False


def sample_rows(kind: str, count: int) -> Ids:
    """The rows of so many that an index of a kind is trained on, evenly spread."""
    centroids = _OF_PRODUCTS if kind == "pq" else max(_lists(count), 1_000)
    return np.linspace(0, count - 1, min(count, _TRAINED_ON * centroids)).astype(np.int64)


def _lists(count: int) -> int:
    return int(2 * count**0.5)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Has this thread compute alone: many small steps take six times as long where others that share them have to wait for a core."""
    faiss = _faiss()
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _copy(index: Any) -> Any:
    faiss = _faiss()
    return faiss.deserialize_index(faiss.serialize_index(index))


def _faiss() -> Any:
    """The library, imported where it is needed; what it says of its types is wrong."""
    import faiss

    return faiss
