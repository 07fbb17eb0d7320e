"""The changes of an index, and how they stand in its journal."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kgrag.errors import PassageError
from kgrag.retrieval.passages.records import checked, line_of, passage_of
from kgrag.retrieval.passages.rows import Rows
from kgrag.types import Floats, Ids, Passage

Passages = dict[str, Passage]  # by their ids


@dataclass(frozen=True)
class Change:
    """Passages go, others come, and some get other places among the others.

    Attributes:
        remove: Rows of those that go.
        add: Those that come; an id may be that of one that goes.
        places: The places of some, by their ids, after the others came.
    """

    remove: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    add: Passages = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(len(self.remove) or self.add or self.places)

    def as_json(self) -> dict[str, Any]:
        """What `change_of` reads."""
        lines = [line_of(passage).decode() for passage in self.add.values()]
        return {"remove": self.remove.tolist(), "add": lines, "places": dict(self.places)}


@dataclass(frozen=True)
class Encoding:
    """Passages are encoded.

    Attributes:
        encoder: Name of the encoder.
        start: The first row that was not encoded.
        stop: The one after the last that is now.
        vectors: Those of the windows of the passages in these rows, shape (windows, width).
        counts: How many windows each of these has, shape (passages,).
    """

    encoder: str
    start: int
    stop: int
    vectors: Floats
    counts: Ids

    def as_json(self) -> dict[str, Any]:
        """What `change_of` reads."""
        data = base64.b64encode(np.ascontiguousarray(self.vectors, "<f4").data).decode()
        return {
            "encoder": self.encoder,
            "start": self.start,
            "stop": self.stop,
            "width": self.vectors.shape[1],
            "vectors": data,
            "counts": self.counts.tolist(),
        }


def change_of(value: Mapping[str, Any], rows: Rows) -> Change | Encoding:
    """What was written into a journal.

    Raises:
        PassageError, ValueError, LookupError, TypeError, AttributeError: It is damaged.
    """
    if "vectors" in value:
        data = base64.b64decode(value["vectors"], validate=True)
        vectors = np.frombuffer(data, "<f4").reshape(-1, value["width"])
        counts = np.array(value["counts"], np.int64)
        if counts.ndim != 1 or (counts < 1).any() or counts.sum() != len(vectors):
            raise ValueError("there are not as many vectors as windows")
        return Encoding(value["encoder"], value["start"], value["stop"], vectors, counts)
    remove = np.array(value["remove"], np.int64)
    if (remove < 0).any() or not rows.is_live[remove].all():
        raise ValueError("what is removed is not there")
    add = by_id(passage_of(line.encode(), "a passage in the journal") for line in value["add"])
    if set(rows.find(list(add)).tolist()) - {-1, *remove.tolist()}:
        raise ValueError("an id is in use")
    return Change(remove, add, value["places"])


def by_id(passages: Iterable[Passage]) -> Passages:
    """Passages by their ids, checked.

    Raises:
        PassageError: An id is given twice, or a passage is none.
    """
    found: Passages = {}
    for passage in map(checked, passages):
        if passage.id in found:
            raise given_twice(passage.id)
        found[passage.id] = passage
    return found


def given_twice(passage_id: str) -> PassageError:
    """What is raised where an id is in use already."""
    return PassageError(f"The passage id {passage_id!r} is given twice.", "Give each passage its own id.")


def replacement(rows: Rows, new: Passages, before: Sequence[int] | None = None) -> Change:
    """What puts passages in the place of those with the same ids; those that are as before stay.

    Args:
        rows: The passages that are there.
        new: The passages.
        before: Rows, in order, that only these take the places of; not given, others stay where they are.
    """
    there = {passage_id: row for passage_id, row in zip(new, rows.find(list(new)).tolist()) if row >= 0}
    changed = {passage_id: row for passage_id, row in there.items() if rows.line(row) != line_of(new[passage_id])}
    gone = np.setdiff1d([] if before is None else before, list(there.values()))
    add = {passage_id: one for passage_id, one in new.items() if passage_id not in there or passage_id in changed}
    places = {passage_id: rows.place(row) for passage_id, row in changed.items()}
    if before is not None and [there.get(passage_id) for passage_id in new] != list(before):  # another order
        places = dict(zip(new, range(rows.next_place, rows.next_place + len(new))))
    return Change(np.append(gone, list(changed.values())).astype(np.int64), add, places)
