"""What passages are found by beside their texts: document, source, named nodes and metadata, as strings; and their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from kgrag.errors import PassageError
from kgrag.graph.arrays import Arrays, prefixed, without
from kgrag.graph.dictionary import Dictionary
from kgrag.mapped import are_ids, are_strings, never_fall
from kgrag.retrieval.passages.records import encode_json, is_metadata
from kgrag.types import Ids, Passage

Where = Mapping[str, Any]

_NONE = np.zeros(0, np.int64)


def document_tag(document: str) -> str:
    """What the passages of a document bear."""
    return f"document\n{document}"


def source_tag(source: str) -> str:
    """What the passages from a source bear."""
    return f"source\n{source}"


def entity_tag(iri: str) -> str:
    """What the passages that name a node bear."""
    return f"entity\n{iri}"


def metadata_tags(metadata: Where) -> list[str]:
    """What passages with metadata bear: the same for equal values, as 1 and 1.0 are, but neither true nor "1"."""
    return [_metadata_tag(key, value) for key, value in metadata.items()]


def tags_of(passage: Passage) -> list[str]:
    """All that a passage bears, each once."""
    tags = [entity_tag(iri) for iri in dict.fromkeys(passage.entities)]
    if passage.document:
        tags.append(document_tag(passage.document))
    if passage.source:
        tags.append(source_tag(passage.source))
    return tags + metadata_tags(passage.metadata)


def wanted_tags(where: Where) -> list[list[str]]:
    """For each name in a filter the tags of which a passage must bear one.

    Raises:
        PassageError: It is no filter.
    """
    hint = 'Write it as {"year": 2020, "lang": ("en", "de")}.'
    if not isinstance(where, Mapping):
        raise PassageError(f"A filter is a mapping, and this is none: {where!r}.", hint)
    wanted = []
    for name, value in where.items():
        values = list(value) if isinstance(value, (list, tuple, Set)) else [value]
        if not all(is_metadata({name: value}) for value in values):
            raise PassageError(f"There are no metadata such as {value!r} under {name!r}.", hint)
        wanted.append([_metadata_tag(name, value) for value in values])
    return wanted


def _metadata_tag(name: str, value: str | int | float | bool) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"metadata\n{encode_json([name, value])}"


class Postings:
    """Rows by tags.

    Args:
        saved: What `arrays` gave.
    """

    def __init__(self, saved: Arrays | None = None) -> None:
        self._tags = Dictionary(without("tags", saved) if saved else None)
        self._starts: Ids = saved["starts"] if saved else _NONE
        self._rows: Ids = saved["rows"] if saved else _NONE
        self._late: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, row: int, tags: Iterable[str]) -> None:
        """Adds a row, greater than any before, to the rows of tags."""
        for tag in tags:
            self._late[tag].append(row)

    def rows(self, tag: str) -> Ids:
        """The rows that bear a tag, those that are gone included; in order."""
        number = self._tags.get(tag)
        late = np.array(self._late.get(tag, ()), np.int64)
        if number is None:
            return late
        return np.concatenate([self._rows[self._starts[number] : self._starts[number + 1]], late])

    def arrays(self) -> Arrays:
        """What the next one takes as ``saved``; for one that was made anew."""
        tags = Dictionary()
        for tag in self._late:
            tags.add(tag)
        counts = np.fromiter(map(len, self._late.values()), np.int64, count=len(self._late))
        rows = np.fromiter((row for rows in self._late.values() for row in rows), np.int64, count=counts.sum())
        return {**prefixed("tags", tags.arrays()), "starts": np.append(0, np.cumsum(counts)), "rows": rows}


def are_postings(arrays: Arrays, rows: int) -> bool:
    """Whether arrays are those of postings of so many rows."""
    starts = arrays["starts"]
    return (
        are_strings("tags", arrays)
        and len(starts) == len(arrays["tags.ends"]) + 1
        and never_fall(starts, len(arrays["rows"]))
        and are_ids(arrays["rows"], rows)
    )
