"""Statements from files, streams and lists as rows: subject, predicate and object as term strings, and where they came from."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import pyoxigraph

from kgrag.config import Limits
from kgrag.graph.faults import Skipped
from kgrag.graph.reading import read
from kgrag.graph.terms import read_triple
from kgrag.graph.unpacking import Source, files_in, name_of
from kgrag.types import Triple

Row = tuple[str, str, str, str]  # subject, predicate, object as term strings; source

_IN_GRAPH = re.compile(r"(?P<file>.*), graph (?P<graph>_:\S+|[A-Za-z][A-Za-z0-9+.-]*:\S*)", re.DOTALL)


def source_name(file: str, graph: str = "") -> str:
    """What a file, and a named graph in it, are called as a source."""
    return f"{file}, graph {graph}" if graph else file


def split_source(source: str) -> tuple[str, str]:
    """The file, and the IRI or ``_:name`` of the named graph or "", that `source_name` was made of."""
    match = _IN_GRAPH.fullmatch(source)
    return (match["file"], match["graph"]) if match else (source, "")


def rows_of_triples(triples: Iterable[Triple | Sequence[str]]) -> Iterator[Row]:
    """Triples as a user writes them; see `read_triple` for errors."""
    for triple in triples:
        yield (*read_triple(triple), triple.source if isinstance(triple, Triple) else "")


def named_sources(sources: Iterable[Source]) -> dict[str, Source]:
    """Sources, with the files of folders in the place of these, by the names that statements of them bear."""
    files: list[Source] = []
    for source in sources:
        is_folder = isinstance(source, (str, os.PathLike)) and os.path.isdir(source)
        files.extend(files_in(Path(source)) if is_folder else [source])  # type: ignore[arg-type]
    names = [name_of(file) for file in files]
    named: dict[str, Source] = {}
    for number, (name, file) in enumerate(zip(names, files), start=1):
        if names.count(name) > 1:
            name = str(file) if isinstance(file, (str, os.PathLike)) else f"{name} {number}"
        named[name] = file
    return named


def rows_of_sources(
    sources: Mapping[str, Source],
    format: str | None = None,
    base_iri: str | None = None,
    limits: Limits | None = None,
    skipped: Skipped | None = None,
    taken: Container[str] = (),
) -> Iterator[Row]:
    """Statements of files, bytes and streams, with blank nodes named by their order of appearance.

    Args:
        sources: What is read, by what it is called as a source.
        format: As of `parse`.
        base_iri: As of `parse`.
        limits: As of `parse`.
        skipped: As of `read`.
        taken: Names that no blank node may get.
    """
    literal, blank, default = pyoxigraph.Literal, pyoxigraph.BlankNode, pyoxigraph.DefaultGraph
    free = (name for name in map("_:b{}".format, count()) if name not in taken)
    for file, source in sources.items():
        blanks: dict[str, str] = {}

        def named(term: pyoxigraph.NamedNode | pyoxigraph.BlankNode, blanks: dict[str, str] = blanks) -> str:
            if type(term) is not blank:
                return term.value
            if term.value not in blanks:
                blanks[term.value] = next(free)
            return blanks[term.value]

        for subject, predicate, obj, graph in read(source, format, base_iri, limits, skipped):
            head = named(subject)
            tail = str(obj) if type(obj) is literal else named(obj)
            yield head, predicate.value, tail, file if type(graph) is default else source_name(file, named(graph))
