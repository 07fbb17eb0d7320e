"""Statements as columns of term ids: the loop that every statement goes through once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice

import numpy as np
import pyoxigraph
from numpy.typing import NDArray
from pyoxigraph import Quad

from kgrag.config import Limits
from kgrag.graph.dictionary import Dictionary
from kgrag.graph.faults import Skipped
from kgrag.graph.reading import check, opened
from kgrag.graph.rows import Row, source_name
from kgrag.graph.unpacking import Source

Columns = NDArray[np.int64]

_BATCH = 1 << 16  # statements; lists of more take memory, and time to get it


class Interner:
    """Turns terms and the names of sources into ids.

    Args:
        terms: Takes the terms.
        origins: Takes the names of the sources.
    """

    def __init__(self, terms: Dictionary, origins: Dictionary) -> None:
        self._terms, self._origins = terms, origins

    def rows(self, rows: Iterable[Row]) -> Columns:
        """Subject, predicate, object and source of each row, shape (4, rows)."""
        term, origin = self._terms.add, self._origins.add
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
        free = (name for name in map("_:b{}".format, count()) if name not in self._terms)
        columns = [np.zeros((4, 0), np.int64)]
        for file, source in sources.items():
            blanks: defaultdict[str, str] = defaultdict(free.__next__)
            name, quads = opened(source, format, base_iri, limits, skipped)
            columns.extend(self._batches(file, name, quads, blanks.__getitem__, limits))
        return np.concatenate(columns, axis=1)

    def _batches(
        self, file: str, name: str, quads: Iterator[Quad], blank: Callable[[str], str], limits: Limits
    ) -> Iterator[Columns]:
        before = 0
        while True:
            batch = self._batch(file, name, islice(quads, _BATCH), before, blank, limits)
            if not batch.shape[1]:
                return
            yield batch
            before += batch.shape[1]

    def _batch(
        self,
        file: str,
        name: str,
        quads: Iterator[Quad],
        before: int,
        blank: Callable[[str], str],
        limits: Limits,
    ) -> Columns:
        # Each attribute of a term makes a new object, and each call takes its time: hence the flat loop.
        iri, literal, default, longest = (
            pyoxigraph.NamedNode,
            pyoxigraph.Literal,
            pyoxigraph.DefaultGraph,
            limits.literal_chars,
        )
        term = self._terms.add
        here = self._origins.add(file)
        subjects: list[int] = []
        predicates: list[int] = []
        objects: list[int] = []
        elsewhere: dict[int, int] = {}
        for subject, predicate, obj, graph in quads:
            subjects.append(term(subject.value if type(subject) is iri else blank(subject.value)))
            predicates.append(term(predicate.value))
            if type(obj) is iri:
                objects.append(term(obj.value))
            elif type(obj) is literal and len(text := str(obj)) <= longest:
                objects.append(term(text))
            else:
                check(name, before + len(subjects), obj, limits)
                objects.append(term(str(obj) if type(obj) is literal else blank(obj.value)))
            if type(graph) is not default:
                named = graph.value if type(graph) is iri else blank(graph.value)
                elsewhere[len(subjects) - 1] = self._origins.add(source_name(file, named))
        if subjects:
            check(name, before + len(subjects), None, limits)
        origins = np.full(len(subjects), here)
        origins[list(elsewhere)] = list(elsewhere.values())
        return np.array([subjects, predicates, objects, origins], np.int64)
