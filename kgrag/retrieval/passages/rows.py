"""The passages themselves: as they come, or lines of JSON mapped from a file, by rows, ids and tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from kgrag.errors import PassageError
from kgrag.graph.arrays import Arrays, Growing, prefixed, without
from kgrag.graph.dictionary import Dictionary
from kgrag.mapped import are_ids, are_strings, never_fall
from kgrag.retrieval.passages.records import line_of, passage_of
from kgrag.retrieval.passages.tags import Postings, are_postings, tags_of
from kgrag.types import Ids, Passage

_NONE = -1


class Rows:
    """Passages by rows, in the order in which they were added.

    A passage keeps its row until the index is saved; one that was removed leaves a gap. Its place says where it stands
    among the others: a row's own number, unless it took the place of another one.

    Args:
        saved: What `write` gave.
        lines: What it wrote.

    Attributes:
        tags: Rows by what passages bear.
        count: How many passages are there.
        next_place: Where the next one will stand.
    """

    def __init__(self, saved: Arrays | None = None, lines: memoryview | None = None) -> None:
        self._lines, self._ends = lines, saved["ends"] if saved else np.zeros(0, np.int64)
        self._base = len(self._ends)
        self._late: list[Passage | None] = []
        self._late_sizes: dict[int, int] = {}  # of those that were asked for
        self._ids = Dictionary(without("ids", saved) if saved else None)
        self._rows = Growing(np.arange(self._base))  # by the numbers of the ids,
        self._numbers = Growing(np.arange(self._base))  # and the other way round
        self._live = Growing(np.ones(self._base, np.bool_))
        self._places = Growing(saved["places"] if saved else np.zeros(0, np.int64))
        self.next_place = int(self._places.array.max(initial=-1)) + 1
        self.tags = Postings(without("postings", saved) if saved else None)
        self.count = self._base

    def __len__(self) -> int:
        return self._base + len(self._late)

    @property
    def is_live(self) -> NDArray[np.bool_]:
        """Whether the passage of each row is still there, shape (rows,)."""
        return self._live.array

    @property
    def has_gaps(self) -> bool:
        """Whether some passage is gone."""
        return self.count < len(self)

    def find(self, ids: Sequence[str]) -> Ids:
        """The rows of the passages with ids, -1 where there is none; shape (ids,)."""
        numbers = self._ids.find([passage_id if isinstance(passage_id, str) else "" for passage_id in ids])
        rows = np.full(len(ids), _NONE)
        rows[numbers >= 0] = self._rows.array[numbers[numbers >= 0]]
        return rows

    def rows(self, ids: Sequence[str]) -> Ids:
        """The rows of the passages with ids.

        Raises:
            PassageError: There is none with one of them.
        """
        rows = self.find(ids)
        for place in np.flatnonzero(rows == _NONE).tolist():
            raise PassageError(
                f"There is no passage with the id {ids[place]!r}.", "Iterate over the index for all of them."
            )
        return rows

    def row(self, passage_id: str) -> int:
        """The row of the passage with an id; see `rows` for errors."""
        return int(self.rows([passage_id])[0])

    def id(self, row: int) -> str:
        """The id of the passage of a row."""
        return self._ids[int(self._numbers.array[row])]

    def line(self, row: int) -> bytes:
        """A passage as JSON."""
        if row >= self._base:
            late = self._late[row - self._base]
            return b"" if late is None else line_of(late)
        assert self._lines is not None
        return bytes(self._lines[int(self._ends[row - 1]) if row else 0 : int(self._ends[row])]).rstrip(b"\n")

    def passage(self, row: int) -> Passage:
        """A passage."""
        late = self._late[row - self._base] if row >= self._base else None
        return late or passage_of(self.line(row), f"passage {row + 1} of the index")

    def sizes(self, rows: Ids) -> Ids:
        """Bytes of passages as JSON, shape (rows,)."""
        sizes, is_saved = np.zeros(len(rows), np.int64), rows < self._base
        saved = rows[is_saved]
        sizes[is_saved] = self._ends[saved] - np.where(saved > 0, self._ends[saved - 1], 0) - 1  # its line break
        late, known = rows[~is_saved].tolist(), self._late_sizes
        known.update((row, len(self.line(row))) for row in late if row not in known)
        sizes[~is_saved] = [known[row] for row in late]
        return sizes

    def bearing(self, tag: str) -> Ids:
        """The rows of the passages that bear a tag, in the order of their places."""
        return self.in_order(self.tags.rows(tag))

    def in_order(self, rows: Ids | None = None) -> Ids:
        """Those of some rows, or of all, whose passages are there, in the order of their places."""
        live = np.flatnonzero(self.is_live) if rows is None else rows[self.is_live[rows]]
        return live[np.argsort(self._places.array[live], kind="stable")]

    def place(self, row: int) -> int:
        """Where a passage stands among the others."""
        return int(self._places.array[row])

    def among(self, wanted: Iterable[Iterable[str]]) -> NDArray[np.bool_] | None:
        """Whether each row is to be found: its passage is there and bears, of each group of tags, at least one.

        Returns:
            Shape (rows,); None for all.
        """
        masks = [self.is_live] if self.has_gaps else []
        for group in wanted:
            mask = np.zeros(len(self), np.bool_)
            for tag in group:
                mask[self.tags.rows(tag)] = True
            masks.append(mask)
        return np.logical_and.reduce(masks) if masks else None

    # Changes

    def add(self, passages: Collection[Passage]) -> None:
        """Adds passages; their ids are not in use."""
        rows, adding = np.arange(len(self), len(self) + len(passages)), self._ids.adding
        numbers = np.fromiter((adding[passage.id] for passage in passages), np.int64, count=len(passages))
        is_new = numbers >= len(self._rows)
        self._rows.put(numbers[~is_new], rows[~is_new])
        self._rows.extend(rows[is_new])
        self._numbers.extend(numbers)
        self._live.extend(np.ones(len(passages), np.bool_))
        self._places.extend(np.arange(self.next_place, self.next_place + len(passages)))
        self.next_place += len(passages)
        self._late.extend(passages)
        for row, passage in zip(rows.tolist(), passages):
            self.tags.add(row, tags_of(passage))
        self.count += len(passages)

    def remove(self, rows: Ids) -> None:
        """Removes passages that are there."""
        self._rows.put(self._numbers.array[rows], _NONE)
        self._live.put(rows, False)
        for row in rows[rows >= self._base].tolist():
            self._late[row - self._base] = None
            self._late_sizes.pop(row, None)
        self.count -= len(rows)

    def move(self, rows: Ids, places: Ids) -> None:
        """Puts passages in other places among the others."""
        self._places.put(rows, places)
        self.next_place = max(self.next_place, int(places.max(initial=-1)) + 1)

    # Saving

    def write(self, rows: Ids, stream: BinaryIO) -> Arrays:
        """Writes passages as JSON, one a line; gives what the next one, in which only they are, takes as ``saved``."""
        ids, tags, ends, end = Dictionary(), Postings(), [], 0
        for new, row in enumerate(rows.tolist()):
            line = self.line(row)
            end += stream.write(line + b"\n")
            ends.append(end)
            ids.add(self.id(row))
            tags.add(new, tags_of(self.passage(row)))
        return {
            "ends": np.array(ends, np.int64),
            "places": np.argsort(np.argsort(self._places.array[rows], kind="stable")),
            **prefixed("ids", ids.arrays()),
            **prefixed("postings", tags.arrays()),
        }


def are_of_rows(arrays: Arrays, size: int) -> bool:
    """Whether arrays are those of passages whose lines take so many bytes."""
    rows = len(arrays["ends"])
    return (
        never_fall(arrays["ends"], size)
        and are_strings("ids", arrays)
        and len(arrays["ids.ends"]) == rows == len(arrays["places"])
        and are_ids(arrays["places"], rows)
        and are_postings(without("postings", arrays), rows)
    )
