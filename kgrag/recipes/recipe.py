"""What a recipe is, and what recipes have in common: files found, statements rewritten, texts of terms as passages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from kgrag.errors import InputError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.formats import content_ending
from kgrag.graph.terms import literal_parts
from kgrag.types import Passage, Triple

Row = tuple[str, str, str]  # subject, predicate and object as term strings


class Prepared(NamedTuple):
    """What a recipe makes of files.

    Attributes:
        graph: The graph.
        passages: Texts that its nodes come with, each with the IRIs of the nodes that it is about.
    """

    graph: KnowledgeGraph
    passages: list[Passage]


Recipe = Callable[[Sequence[Path]], Prepared]


def files_in(paths: Iterable[Path], endings: Sequence[str]) -> list[Path]:
    """The files, and in the place of folders those with such endings in them and in their folders, by name.

    Raises:
        InputError: One is not there, or there is none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no file {path}.", "Check the path.")
        inside = sorted(path.rglob("*")) if path.is_dir() else []
        found += [one for one in inside if content_ending(one.name) in endings] if path.is_dir() else [path]
    if not found:
        raise InputError(
            "There is no file to read.", f"Give files, or folders with files that end in {', '.join(endings)}."
        )
    return found


def literal(text: str, like: str = "") -> str:
    """A text as a term string, in the language and of the datatype of another literal, where that is given."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"{like[like.rindex(chr(34)) + 1 :] if like else ""}'


def sourced(row: Row, source: str = "") -> Triple:
    """A row as a statement that says where it came from."""
    return Triple(*row, ("", "", ""), source)


def rewritten(
    graph: KnowledgeGraph, change: Callable[[Row], Iterable[Row]], more: Iterable[Row] = ()
) -> KnowledgeGraph:
    """The graph with other statements and labels in the place of each of its own, which keep its source.

    Args:
        graph: The graph; it stays as it is.
        change: Gives the rows that take the place of a row: itself, others, or none.
        more: Rows beside these.

    Raises:
        GraphError: No statement is left.
    """

    def triples() -> Iterator[Triple]:
        for row, (source, *_) in zip(graph.rows(), graph.row_sources()):
            for changed in change(row):
                yield sourced(changed, source)
        yield from map(sourced, more)

    return KnowledgeGraph.from_triples(triples(), language=graph.language)


def texts_of(graph: KnowledgeGraph, properties: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """The nodes that literals of some properties describe.

    Args:
        graph: The graph.
        properties: The first ones first.

    Yields:
        IRI, source of the first text, and texts in the order of the properties; in the preferred language of the graph, and in
        others only where there is none.
    """
    places = {property: place for place, property in enumerate(properties)}
    found: defaultdict[str, list[tuple[bool, int, str, str]]] = defaultdict(list)
    for (subject, predicate, obj), (source, *_) in zip(graph.rows(), graph.row_sources()):
        parts = literal_parts(obj) if predicate in places else None
        if parts is not None and parts.value.strip() and not subject.startswith("_:"):
            is_foreign = bool(parts.language) and parts.language.split("-")[0].lower() != graph.language
            text = " ".join(parts.value.split())
            found[subject].append((is_foreign, places[predicate], text, source))
    for iri, texts in found.items():
        texts.sort()
        kept = [one for one in texts if one[0] == texts[0][0]]
        yield iri, kept[0][3], list(dict.fromkeys(text for _, _, text, _ in kept))
