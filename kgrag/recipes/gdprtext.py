"""GDPRtEXT: the General Data Protection Regulation as linked data, its glossary joined with the articles that it names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from kgrag.graph import KnowledgeGraph
from kgrag.graph.vocabulary import ELI, RDFS, SKOS
from kgrag.recipes.ontology import described, read
from kgrag.recipes.recipe import Prepared, Row, literal, rewritten, texts_of
from kgrag.types import Passage

TEXT = "http://purl.org/adaptcentre/resources/GDPRtEXT#"
TERMS = "http://purl.org/adaptcentre/ontologies/GDPRtEXT#"
GLOSSARY = "https://w3id.org/GDPRtEXT#"
_CALLED = "https://w3id.org/GDPRtEXT/gdpr#"  # what the glossary calls articles and recitals
_TWICE = frozenset(  # says what another property says the other way round, or of everything
    TERMS + name for name in ("hasArticle", "hasChapter", "hasPoint", "hasRecital", "hasSection", "hasSubPoint")
)
_PLACE = re.compile(r"(?P<word>article|recital)(?P<number>\d+)(?P<parts>(?:-\w+)*)")
_LABELS = {
    RDFS + "isDefinedBy": "is laid down in",
    ELI + "is_part_of": "is part of",
    GLOSSARY + "involves": "involves",
    TERMS + "isPartOfArticle": "is part of article",
    TERMS + "isPartOfChapter": "is part of chapter",
    TERMS + "isPartOfPoint": "is part of point",
    TERMS + "isPartOfSection": "is part of section",
}


def gdprtext(files: Sequence[Path]) -> Prepared:
    """Articles, points and recitals under the names that people use, the terms of the glossary with the places that lay them down.

    Args:
        files: ``gdpr.ttl``, or the same in another syntax, and ``gdprtext_ontology.ttl``, which has the glossary.
    """
    graph = read(files, aside=_TWICE)
    typed = {(s, o) for s, p, o in graph.rows() if p.startswith(TERMS + "isPartOf")}

    def change(row: Row) -> Iterable[Row]:
        subject, predicate, obj = (_renamed(term) for term in row)
        is_said = predicate == ELI + "is_part_of" and (row[0], row[2]) in typed
        if is_said or predicate == ELI + "title_alternative" or obj == ELI + "LegalResourceSubdivision":
            return ()
        return ((subject, predicate, obj),)

    nodes = {term for row in graph.rows() for term in (row[0], row[2]) if term.startswith((TEXT, _CALLED))}
    named = [row for iri in sorted({_renamed(term) for term in nodes}) for row in _names(iri)]
    labels = [(iri, RDFS + "label", literal(label)) for iri, label in _LABELS.items()]
    graph = rewritten(graph, change, [*named, *labels])
    return Prepared(graph, [*_articles(graph), *described(graph)])


def _renamed(term: str) -> str:
    return TEXT + term.removeprefix(_CALLED) if term.startswith(_CALLED) else term


def _names(iri: str) -> Iterable[Row]:
    found = _PLACE.fullmatch(iri.removeprefix(TEXT))
    if found is None:
        return
    parts = "".join(f"({part})" for part in found["parts"].split("-")[1:])
    name = f"{found['word'].capitalize()} {found['number']}{parts}"
    yield iri, RDFS + "label", literal(name)
    yield iri, SKOS + "altLabel", literal(f"{name} GDPR")


def _articles(graph: KnowledgeGraph) -> Iterable[Passage]:
    """A passage for each recital and for each numbered paragraph, with its points."""
    texts = {
        iri: (source, found[0]) for iri, source, found in texts_of(graph, [ELI + "description"]) if _PLACE.search(iri)
    }
    wholes: defaultdict[str, list[str]] = defaultdict(list)
    for iri in sorted(texts, key=_order):
        article, *parts = iri.split("-")
        wholes["-".join([article, *parts[:1]])].append(iri)
    for whole, inside in wholes.items():
        article = whole.split("-")[0]
        lines = [f"({iri.rsplit('-', 1)[1]}) {texts[iri][1]}" if iri != whole else texts[iri][1] for iri in inside]
        node = graph.node(whole)
        title = graph.label(node) if node is not None else ""
        entities = tuple(dict.fromkeys((whole, article, *inside)))
        yield Passage(whole, "\n".join(lines), f"{title} GDPR", texts[inside[0]][0], entities, document=article)


def _order(iri: str) -> list[tuple[int, str]]:
    """Articles and points in the order of their numbers and letters."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(?<=\D)(?=\d)|-", iri)]
