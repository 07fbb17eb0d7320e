"""Statements as columns of term ids: the loop that every statement goes through once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice

import numpy as np
import pyoxigraph
from numpy.typing import NDArray

from kgrag.config import Limits
from kgrag.faults import Skipped
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.reading import Opened, check, open_source
from kgrag.graph.rows import Row, source_name
from kgrag.graph.splitting import read_in_parts
from kgrag.graph.unpacking import Source

Columns = NDArray[np.int64]
NameBlank = Callable[[str], str]

_BATCH = 1 << 16  # statements; lists of more take memory, and time to get it


class Interner:
    """Turns terms and the names of sources into ids.

    Args:
        terms: Takes the terms.
        origins: Takes the names of the sources.
    """

    def __init__(self, terms: Dictionary, origins: Dictionary) -> None:
        self.terms, self.origins = terms, origins

    def rows(self, rows: Iterable[Row]) -> Columns:
        """Subject, predicate, object and source of each row, shape (4, rows)."""
        term, origin = self.terms.add, self.origins.add
        ids = [(term(subject), term(predicate), term(obj), origin(source)) for subject, predicate, obj, source in rows]
        return np.array(ids, np.int64).reshape(-1, 4).T

    def sources(
        self,
        sources: Mapping[str, Source],
        format: str | None = None,
        base_iri: str | None = None,
        limits: Limits | None = None,
        skipped: Skipped | None = None,
    ) -> Columns:
        """Reads files, bytes and streams; blank nodes are named by their order of appearance.

        Args:
            sources: What is read, by what it is called as a source; a named graph in it is a source of its own.
            format: As of `parse`.
            base_iri: As of `parse`.
            limits: As of `parse`.
            skipped: As of `read`.

        Returns:
            Subject, predicate, object and source of each statement, shape (4, statements).

        Raises:
            GraphError: As of `parse`.
        """
        limits = limits or Limits()
        free = (name for name in map("_:b{}".format, count()) if name not in self.terms)
        columns = [np.zeros((4, 0), np.int64)]
        for file, source in sources.items():
            blanks: defaultdict[str, str] = defaultdict(free.__next__)
            opened = open_source(source, format, base_iri, limits, skipped)
            parts = None if skipped is not None else read_in_parts(self, file, opened, blanks.__getitem__, limits)
            columns.extend(parts or self.quads(file, opened, blanks.__getitem__, limits))
        return np.concatenate(columns, axis=1)

    def quads(self, file: str, opened: Opened, blank: NameBlank, limits: Limits) -> Iterator[Columns]:
        """The statements of one source, batch by batch.

        Args:
            file: What it is called as a source.
            opened: Its statements.
            blank: Gives the term of a blank node by its label.
            limits: Bounds on the statements.
        """
        before = 0
        while (batch := self._batch(file, opened, before, blank, limits)).shape[1]:
            yield batch
            before += batch.shape[1]

    def _batch(self, file: str, opened: Opened, before: int, blank: NameBlank, limits: Limits) -> Columns:
        # Each attribute of a term makes a new object, and each call takes its time: hence the flat loop.
        iri, literal, default = pyoxigraph.NamedNode, pyoxigraph.Literal, pyoxigraph.DefaultGraph
        ids, longest = self.terms.adding, limits.literal_chars
        here = self.origins.add(file)
        subjects: list[int] = []
        predicates: list[int] = []
        objects: list[int] = []
        elsewhere: dict[int, int] = {}
        for subject, predicate, obj, graph in islice(opened.quads, _BATCH):
            subjects.append(ids[subject.value if type(subject) is iri else blank(subject.value)])
            predicates.append(ids[predicate.value])
            if type(obj) is iri:
                objects.append(ids[obj.value])
            elif type(obj) is literal and len(text := str(obj)) <= longest:
                objects.append(ids[text])
            else:
                check(opened.name, before + len(subjects), obj, limits)
                objects.append(ids[str(obj) if type(obj) is literal else blank(obj.value)])
            if type(graph) is not default:
                named = graph.value if type(graph) is iri else blank(graph.value)
                elsewhere[len(subjects) - 1] = self.origins.add(source_name(file, named))
        if subjects:
            check(opened.name, before + len(subjects), None, limits)
        origins = np.full(len(subjects), here)
        origins[list(elsewhere)] = list(elsewhere.values())
        return np.array([subjects, predicates, objects, origins], np.int64)
