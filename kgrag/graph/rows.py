"""Statements from files, streams and lists as rows: subject, predicate and object as term strings, and where they came from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kgrag.errors import GraphError
from kgrag.graph.terms import from_oxigraph, read_triple, to_oxigraph
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


def graph_of(source: str) -> str:
    """The named graph of a source; "" for none, or where a name from elsewhere only looks like one with a graph."""
    graph = split_source(source)[1]
    try:
        return from_oxigraph(to_oxigraph(graph)) if graph else ""
    except GraphError:
        return ""


def rows_of_triples(triples: Iterable[Triple | Sequence[str]], source: str = "") -> Iterator[Row]:
    """Triples as a user writes them, with the source of those that say none; see `read_triple` for errors."""
    for triple in triples:
        yield (*read_triple(triple), (triple.source if isinstance(triple, Triple) else "") or source)


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
