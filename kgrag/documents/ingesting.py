"""Documents into a collection of passages: what is there already stays, what has changed takes the place of what was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from kgrag.config import DocumentLimits
from kgrag.documents.linking import Linker, link
from kgrag.documents.reading import Found, Reader, Source
from kgrag.documents.splitting import BUDGET, OVERLAP, Count, split
from kgrag.faults import Skipped
from kgrag.progress import track
from kgrag.types import Passage

DIGEST = "digest"  # the key in a passage's metadata that tells what its document was read from
_BATCH = 512  # passages that are added at once
_VERSION = 1  # of how documents are read and split: with another one, all are read anew


class Collection(Protocol):
    """What passages are put into, as `kgrag.PassageIndex` is one."""

    def __iter__(self) -> Iterator[Passage]: ...

    def __contains__(self, passage_id: object) -> bool: ...

    def add(self, passages: Iterable[Passage]) -> None:
        """Adds passages, all or none."""

    def remove(self, ids: Iterable[str]) -> object:
        """Removes passages, all or none."""


@dataclass
class Ingested:
    """What became of documents.

    Attributes:
        added: How many are new.
        updated: How many took the place of another version.
        unchanged: How many were there already.
        passages: How many passages were added.
        skipped: What could not be read.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    skipped: Skipped = field(default_factory=Skipped)

    def __str__(self) -> str:
        counts = f"{self.added:,} documents added, {self.updated:,} updated, {self.unchanged:,} unchanged"
        return f"{counts}, {self.skipped.count:,} left out; {self.passages:,} passages"


def ingest(
    sources: str | os.PathLike[str] | Iterable[Source],
    index: Collection,
    linker: Linker | None = None,
    budget: int = BUDGET,
    overlap: int = OVERLAP,
    count: Count | None = None,
    limits: DocumentLimits | None = None,
    on_error: str = "raise",
) -> Ingested:
    """Reads documents, splits them, links them, and adds their passages.

    It can be stopped at any time and called again: whole documents are added at once, and those that are there already, read
    from the same bytes in the same way, are not read again. A document that has changed takes the place of its old version;
    one that is no longer among the sources stays.

    Args:
        sources: A path, or several sources as of `read`.
        index: Where the passages go.
        linker: Finds the nodes of a graph that passages name; see `link`.
        budget: As of `split`.
        overlap: As of `split`.
        count: As of `split`.
        limits: Bounds on each document.
        on_error: "raise", or "skip": then what cannot be read, or has the id of another one, is left out, and logged.

    Raises:
        DocumentError: A document cannot be read, or two have the same id; what was added before stays.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else sources
    settings = f"{_VERSION} {budget} {overlap} {linker is not None} "
    with Reader(limits, on_error) as reader:
        adding = _Adding(index, reader)
        for found in track(reader.find(*given), "Reading documents"):
            digest = hashlib.sha256((settings + found.digest).encode()).hexdigest()[:16]
            if not adding.is_new(found, digest):
                continue
            document = found.read()
            if document is None:
                continue
            passages: Iterable[Passage] = split(document, budget, overlap, count)
            if linker is not None:
                passages = link(passages, linker)
            adding.take(found, [replace(p, metadata={**p.metadata, DIGEST: digest}) for p in passages])
        adding.finish()
        reader.skipped.report("documents")
    return adding.result


class _Adding:
    """Adds whole documents in batches, and takes out those whose place they take."""

    def __init__(self, index: Collection, reader: Reader) -> None:
        self.result = Ingested(skipped=reader.skipped)
        self._reader = reader
        self._index = index
        self._there: dict[str, tuple[str, list[str]]] = {}  # digest and passages of each document
        for passage in index:
            digest = str(passage.metadata.get(DIGEST, ""))
            self._there.setdefault(passage.document, (digest, []))[1].append(passage.id)
        self._seen: set[str] = set()
        self._old: set[str] = set()
        self._new: dict[str, Passage] = {}

    def is_new(self, found: Found, digest: str) -> bool:
        """Whether a document has to be read."""
        if found.id in self._seen:
            hint = "Give each its own id, or name one of two files anew."
            self._reader.fault(found.place, f"another document has the id {found.id!r}", hint)
            return False
        self._seen.add(found.id)
        is_there = self._there.get(found.id, ("", []))[0] == digest
        self.result.unchanged += is_there
        return not is_there

    def take(self, found: Found, passages: list[Passage]) -> None:
        """Takes the passages of a document; it is in the collection when a batch is complete."""
        old = set(self._there.get(found.id, ("", []))[1])
        for passage in passages:
            if passage.id in self._new or (passage.id in self._index and passage.id not in old):
                self._reader.fault(found.place, f"another passage has the id {passage.id!r}", "Give it another id.")
                return
        self._old |= old
        self._new.update((passage.id, passage) for passage in passages)
        self.result.updated += bool(old)
        self.result.added += not old
        self.result.passages += len(passages)
        if len(self._new) >= _BATCH:
            self.finish()

    def finish(self) -> None:
        """Adds what was taken."""
        if self._old:
            self._index.remove(sorted(self._old))
        if self._new:
            self._index.add(self._new.values())
        self._old, self._new = set(), {}
