"""What a graph holds, and each change of it: on the disk before it is made, and told to those who follow it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kgrag.config import Limits
from kgrag.errors import GraphError, SavedFolderError
from kgrag.faults import Skipped
from kgrag.graph.arrays import Arrays
from kgrag.graph.interning import Columns, Interner
from kgrag.graph.rows import Row, split_source
from kgrag.graph.statements import SOURCE
from kgrag.graph.storage import read_graph, write_graph
from kgrag.graph.store import News, Store
from kgrag.graph.terms import NODE_PREFIX, RELATION_PREFIX, read_term
from kgrag.journal import Journal

Changed = tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]

_REMEMBERED = 1_000  # versions whose news are known


class Ledger:
    """A store, and how it came to be what it is.

    Its lock is taken here by what changes the store; who reads takes it.

    Args:
        labels: As of `KnowledgeGraph.from_rdf`.
        label_properties: As of `KnowledgeGraph.from_rdf`.
        language: As of `KnowledgeGraph.from_rdf`.
        saved: Arrays of a store that was saved.
        origins: Names of its sources.

    Attributes:
        lock: Held while the store changes; may be taken again by the thread that holds it.
        store: Everything that the graph holds.
        version: Grows with each change.
        skipped: Lines of files that were left out.
        followed: Sources, by the IRIs of ontologies that they were read for.
        label_properties, language: As given.
    """

    def __init__(
        self,
        labels: Mapping[str, str] | None = None,
        label_properties: Iterable[str] = (),
        language: str = "en",
        saved: Arrays | None = None,
        origins: Iterable[str] = (),
    ) -> None:
        if isinstance(label_properties, str):
            label_properties = [label_properties]
        self.label_properties = list(dict.fromkeys(read_term(iri, RELATION_PREFIX) for iri in label_properties))
        self.language = language
        self._given: dict[str, str] = {}
        for name, label in (labels or {}).items():
            self._given[read_term(name, NODE_PREFIX)] = self._given[read_term(name, RELATION_PREFIX)] = label
        self.lock = threading.RLock()
        self.store = Store(self.label_properties, self._given, language, saved, origins)
        self.version = 0
        self.skipped = Skipped()
        self.followed: dict[str, str] = {}
        self._journal: Journal | None = None
        self._news: dict[int, News] = {}  # by the version that they made

    def copy(self) -> Ledger:
        """The same in the same version, to be changed on its own; it lives in no folder."""
        with self.lock:
            copied = Ledger(self._given, self.label_properties, self.language)
            copied.version, copied.skipped, copied.followed = self.version, self.skipped, dict(self.followed)
            copied.store = self.store.copy()
        return copied

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, lock=threading.RLock())

    # Changes

    @property
    def interner(self) -> Interner:
        """What turns terms and sources into ids of the store."""
        return Interner(self.store.terms, self.store.origins)

    def take(self, rows: Iterable[Row]) -> None:
        """Takes rows in, as a part of what makes the next version."""
        self.store.take(self.interner.rows(rows))

    def next_version(self) -> None:
        """Tells those who follow the graph that it has changed, and which names."""
        self.version += 1
        self._news[self.version] = self.store.take_news()
        self._news.pop(self.version - _REMEMBERED, None)

    def change(self, **change: Any) -> int:
        """Makes a change, on the disk first where the graph lives there.

        Args:
            **change: ``remove`` are rows that go, then goes what matches ``where`` (subject, predicate, object and
                source), then come the rows of ``add``.

        Returns:
            How many statements and labels are gone.

        Raises:
            GraphError: If it cannot be written; it is not made then.
        """
        with self.lock:
            if self._journal is not None:
                self._journal.append(change)
            return self._apply(**change)

    def update(
        self, path: str | os.PathLike[str], format: str | None, base_iri: str | None, limits: Limits | None
    ) -> None:
        """See `KnowledgeGraph.update`."""
        with self.lock:
            files = dict.fromkeys(split_source(source)[0] for source in self.store.origins)
            file = str(path) if str(path) in files else Path(path).name
            if file not in files:
                known = ", ".join(name for name in files if name) or "no file"
                raise GraphError(f"No statement came from a file {path}.", f"Statements came from {known}.")
            columns = self.interner.sources({file: path}, format, base_iri, limits)
            if not columns.shape[1]:
                raise GraphError(
                    f"{path} holds no statement.", f"To remove what came from it, use remove_where(source={file!r})."
                )
            self.change(where=[None, None, None, file], add=list(self._rows_of(columns)))

    # What changed

    def renamed_since(self, version: int) -> list[int] | None:
        """See `KnowledgeGraph.renamed_since`."""
        renamed = [news and news.renamed for news in self._since(version)]
        return None if None in renamed else sorted(set().union(*renamed))  # type: ignore[arg-type]

    def changes_since(self, version: int) -> list[Changed] | None:
        """See `KnowledgeGraph.changes_since`."""
        changes: list[Changed] = []
        for news in self._since(version):
            if news is None or news.gone is None or news.come is None:
                return None
            changes.append((news.gone, news.come))
        return changes

    # Folders

    def save(self, folder: str | os.PathLike[str]) -> None:
        """See `KnowledgeGraph.save`."""
        with self.lock:
            settings = {
                "version": self.version,
                "language": self.language,
                "label_properties": self.label_properties,
                "given": self._given,
                "origins": list(self.store.origins),
                "followed": self.followed,
            }
            self._journal = write_graph(folder, self.store.arrays(), settings)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Ledger:
        """See `KnowledgeGraph.load`."""
        arrays, settings, journal = read_graph(folder)
        given, properties, language, origins = (
            settings[name] for name in ("given", "label_properties", "language", "origins")
        )
        try:
            ledger = cls(given, properties, language, arrays, origins)
            ledger.followed, ledger.version = settings["followed"], settings["version"]
            for change in journal.changes:
                ledger._apply(**change)
        except (TypeError, ValueError, KeyError, GraphError) as error:
            raise SavedFolderError(
                f"The graph saved in {folder}, or one of its changes, is damaged: {error}.", "Save the graph again."
            ) from error
        ledger._journal = journal
        return ledger

    # Within

    def _apply(
        self,
        remove: Iterable[Sequence[str]] = (),
        where: Sequence[str | None] | None = None,
        add: Iterable[Row] = (),
    ) -> int:
        store = self.store
        gone = sum(store.drop(*store.matching(row)) for row in remove)
        if where is not None:
            *terms, source = where
            matching = store.matching(terms)
            gone += store.drop(*matching) if source is None else store.withdraw(*matching, store.sources_of(source))
        self.take(add)
        self.next_version()
        return gone

    def _rows_of(self, columns: Columns) -> Iterator[Row]:
        pick = self.store.terms.pick
        terms = [pick(column.tolist()) for column in columns[:SOURCE]]
        return zip(*terms, self.store.origins.pick(columns[SOURCE].tolist()))

    def _since(self, version: int) -> list[News | None]:
        return [self._news.get(later) for later in range(version + 1, self.version + 1)]
