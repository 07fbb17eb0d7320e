"""The W3C Data Privacy Vocabularies: concepts under plain names, with the articles of law that they are set out in as nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from kgrag.graph.terms import literal_value
from kgrag.graph.vocabulary import DCT, RDF, RDFS, SCHEMA, SKOS
from kgrag.recipes.ontology import described, read
from kgrag.recipes.recipe import Prepared, Row, literal, rewritten

_OF_FILES = frozenset(
    [
        *("http://www.w3.org/ns/dx/prof/hasArtifact", "http://www.w3.org/ns/dx/prof/hasRole"),
        *(DCT + name for name in ("conformsTo", "format")),
        *(namespace + name for namespace in SCHEMA for name in ("domainIncludes", "rangeIncludes")),
        *("http://purl.org/dc/dcam/rangeIncludes", "http://purl.org/dc/dcam/domainIncludes"),
        *("http://www.w3.org/ns/org#memberOf", "http://purl.org/vocab/vann/example", RDFS + "isDefinedBy"),
    ]
)
_KINDS = (
    RDFS + "Class",
    SKOS + "Concept",
    SKOS + "ConceptScheme",
    RDF + "Property",
    RDFS + "Datatype",
)  # what everything is
_SERIALISATION = "http://www.w3.org/ns/dx/prof/ResourceDescriptor"
_URL = tuple(namespace + "url" for namespace in SCHEMA)
_PREFIX = re.compile(
    r"(?P<article>A\d+(?:-\d+)*(?:-\w)?|Art\.?\s?\d+[\w().-]*)\s+(?P<name>\S.*)"
)  # "A17 Right to Erasure"
_SOURCE = re.compile(r"(?P<act>[A-Z][\w ]*?)\s*,?\s*Art(?:icle)?\.?\s*(?P<place>\d+[\w().-]*)")  # "GDPR Art.17"
_LABELS = {DCT + "source": "is set out in", SKOS + "broader": "is a kind of"}


def dpv(files: Sequence[Path]) -> Prepared:
    """Concepts with their definitions; each is found without the number that its label begins with, too.

    The pages that concepts come from have no IRIs of their own in the vocabularies: each becomes the address that it gives, and is
    called as it is, and as one writes it ("GDPR Art.17", "Article 17 GDPR").

    Args:
        files: Vocabularies in any RDF syntax, each in one only.
    """
    graph = read(files, aside=_OF_FILES)
    urls = {s: literal_value(o) for s, p, o in graph.rows() if p in _URL and s.startswith("_:")}
    people = {s for s, p, o in graph.rows() if s.startswith("_:")} - urls.keys()
    files_of_it = {s for s, p, o in graph.rows() if o == _SERIALISATION}

    def change(row: Row) -> Iterable[Row]:
        subject, predicate, obj = (urls.get(term, term) for term in row)
        if subject in people or obj in people or subject in files_of_it:
            return
        if predicate == RDF + "type" and (row[0] in urls or obj in _KINDS) or predicate in _URL:
            return
        yield subject, predicate, obj
        if predicate == SKOS + "prefLabel" and (found := _PREFIX.fullmatch(literal_value(obj))):
            yield subject, SKOS + "altLabel", literal(found["name"], like=obj)
        elif row[0] in urls and (found := _SOURCE.fullmatch(literal_value(obj))):
            yield subject, SKOS + "altLabel", literal(f"Article {_place(found['place'])} {found['act']}", like=obj)

    labels = [(iri, RDFS + "label", literal(label)) for iri, label in _LABELS.items()]
    graph = rewritten(graph, change, labels)
    return Prepared(graph, described(graph))


def _place(written: str) -> str:
    """A place as one cites it: "6-1c" as "6(1)(c)"."""
    article, *parts = re.findall(r"\d+|[a-z]+", written)
    return "".join([article, *(f"({part})" for part in parts)])
