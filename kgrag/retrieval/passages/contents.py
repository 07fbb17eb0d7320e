"""What an index holds: passages, their words and their vectors, and what is found in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kgrag.retrieval.hybrid import NO_POOL, NO_RANKING, Pool, Ranking, Rankings
from kgrag.retrieval.passages.candidates import Chosen, Metric
from kgrag.retrieval.passages.changes import Change, Encoding, change_of
from kgrag.retrieval.passages.expansion import NO_EXPANSION, Expansion
from kgrag.retrieval.passages.pooling import Pools
from kgrag.retrieval.passages.records import full_text
from kgrag.retrieval.passages.rows import Rows
from kgrag.retrieval.passages.tags import Where, entity_tag, metadata_tags, wanted_tags
from kgrag.retrieval.passages.vectors import Kind, VectorIndex
from kgrag.retrieval.passages.windows import PassageVectors
from kgrag.retrieval.passages.words import Text, WordIndex
from kgrag.types import Floats, Ids, Passage


class Contents:
    """Passages, which are found by words, by the nodes that they name and, when they are encoded, by vectors.

    The first ones are encoded; before anything is found, all must be.

    Args:
        metric: How vectors are compared.
        kind: How they are searched.
        language: Of the passages.
        encoder: Name of what encoded them, or "".
        rows: The passages.
        vectors: Those of the first rows; a passage that went before it was encoded has zeros. None where none is encoded.
        words: Those of all rows.
    """

    def __init__(
        self,
        metric: Metric,
        kind: Kind,
        language: str,
        encoder: str = "",
        rows: Rows | None = None,
        vectors: PassageVectors | None = None,
        words: WordIndex | None = None,
    ) -> None:
        self.metric, self.kind, self.language, self.encoder = metric, kind, language, encoder
        self.rows = Rows() if rows is None else rows
        self.vectors = vectors
        self.words = WordIndex(language) if words is None else words
        self._waiting: dict[int, str] = {}  # texts of passages that are to be encoded, so as not to read them again

    # Changes

    def change(self, change: Change) -> None:
        """Makes a change."""
        self.rows.remove(change.remove)
        self.words.remove(change.remove)
        for row in change.remove[change.remove >= self.encoded].tolist():
            self._waiting.pop(row, None)
        if change.add:
            following, added = range(len(self.rows), len(self.rows) + len(change.add)), change.add.values()
            self.words.add(map(_words, following, added))  # at once, as it takes longest, and goes on beside
            self._waiting.update(zip(following, map(full_text, added)))
            self.rows.add(added)
        self.rows.move(self.rows.rows(list(change.places)), np.array(list(change.places.values()), np.int64))

    @property
    def encoded(self) -> int:
        """How many rows are encoded, from the first one on."""
        return 0 if self.vectors is None else len(self.vectors)

    def pending(self, most: int) -> dict[int, str]:
        """What the first passages are encoded from that are not yet, by their rows."""
        rows = np.flatnonzero(self.rows.is_live[self.encoded :])[:most] + self.encoded
        return dict(zip(rows.tolist(), self.texts(rows)))

    def take(self, encoding: Encoding) -> None:
        """Takes the vectors of the next passages; those that others before them are missing for are left out.

        Args:
            encoding: The vectors.

        Raises:
            ValueError: There are not as many as passages.
        """
        if encoding.start != self.encoded:
            return
        is_live = self.rows.is_live[encoding.start : encoding.stop]
        if len(encoding.counts) != np.count_nonzero(is_live):
            raise ValueError(f"there are vectors of {len(encoding.counts)} passages for {np.count_nonzero(is_live)}")
        if self.vectors is None:
            self.vectors = PassageVectors(VectorIndex(encoding.vectors.shape[1], self.metric, self.kind))
        self.vectors.first.reserve(len(self.rows) - self.encoded)
        self.vectors.add(encoding.vectors, encoding.counts, is_live)
        self.encoder = encoding.encoder

    def replay(self, change: Mapping[str, Any]) -> None:
        """Makes a change as it stands in a journal; see `change_of` for errors."""
        read = change_of(change, self.rows)
        if isinstance(read, Change):
            self.change(read)
        else:
            self.take(read)

    def texts(self, rows: Ids) -> Iterator[str]:
        """What passages are encoded from."""
        for row in rows.tolist():
            yield self._waiting.pop(row, "") or full_text(self.rows.passage(row))

    def write_words(self, folder: Path) -> None:
        """Writes the words of the passages that are there, numbered anew, into a new folder.

        Raises:
            OSError: They cannot be written.
            PassageError: Nor can what was changed.
        """
        words = self.words
        if self.rows.has_gaps:  # nothing shall be left of what is gone
            words = WordIndex(self.language)
            live = np.flatnonzero(self.rows.is_live).tolist()
            words.add(_words(new, self.rows.passage(row)) for new, row in enumerate(live))
        words.write(folder)

    # Finding

    def find(
        self,
        texts: Sequence[str],
        vectors: Floats,
        depth: int,
        entities: Sequence[Sequence[str]],
        where: Where | None = None,
        expansions: Sequence[Expansion] | None = None,
    ) -> list[Rankings]:
        """Rankings for questions.

        Args:
            texts: The questions.
            vectors: The questions encoded, shape (questions, width).
            depth: Greatest length of each ranking.
            entities: For each question, IRIs of nodes that passages may name.
            where: Metadata that passages must have.
            expansions: Of the questions.

        Raises:
            PassageError: ``where`` is no filter.
        """
        wanted = wanted_tags(where or {})
        if self.vectors is None:
            return [Rankings(*[NO_RANKING] * 4)] * len(texts)
        among = self.rows.among(wanted)
        nearest = self.vectors.search(vectors, depth, among)
        names = [one.names for one in expansions] if expansions is not None else [()] * len(texts)
        return [
            Rankings(
                dense,
                self.words.search(text, depth, wanted),
                self._naming(iris, vector, depth, among),
                self.words.search(" ".join([text, *known]), depth, wanted) if known else NO_RANKING,
            )
            for text, vector, iris, dense, known in zip(texts, vectors, entities, nearest, names)
        ]

    def pools(
        self,
        texts: Sequence[str],
        vectors: Floats,
        depth: int,
        entities: Sequence[Sequence[str]],
        where: Where | None = None,
        reads: bool = True,
        expansions: Sequence[Expansion] | None = None,
    ) -> list[Pool]:
        """What is considered for questions, with measures that are read from texts or without; see `find`."""
        if self.vectors is None:
            return [NO_POOL] * len(texts)
        pools, among = Pools(self.rows, self.vectors, self.words), self.rows.among(wanted_tags(where or {}))
        rankings = self.find(texts, vectors, depth, entities, where, expansions)
        known = [NO_EXPANSION] * len(texts) if expansions is None else expansions
        found = (pools.pool(*one, among, reads) for one in zip(texts, vectors, entities, rankings, known))
        return [pool._replace(is_cut=len(of_one.dense.rows) == depth) for pool, of_one in zip(found, rankings)]

    def _naming(self, iris: Sequence[str], vector: Floats, depth: int, among: Chosen) -> Ranking:
        """The passages that name nodes: those that name most first, then the nearest to the question."""
        named = [self.rows.tags.rows(entity_tag(iri)) for iri in dict.fromkeys(iris)]
        if not named or self.vectors is None:
            return NO_RANKING
        rows, counts = np.unique(np.concatenate(named), return_counts=True)
        is_found = rows < self.encoded if among is None else (rows < self.encoded) & among[rows]
        rows, counts = rows[is_found], counts[is_found]
        found = [NO_RANKING]
        for count in np.unique(counts)[::-1].tolist():
            chosen = np.zeros(self.encoded, np.bool_)
            chosen[rows[counts == count]] = True
            missing = depth - sum(len(ranking.rows) for ranking in found)
            nearest = self.vectors.search(vector[None], missing, chosen)[0].rows
            found.append(Ranking(nearest, np.full(len(nearest), count, np.float32)))
        return Ranking(*map(np.concatenate, zip(*found)))


def _words(row: int, passage: Passage) -> Text:
    return row, full_text(passage), tuple(metadata_tags(passage.metadata))
