"""Any ontology in OWL or OBO, such as the Disease Ontology and FIBO: its terms as they are asked about, its texts as passages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kgrag.config import Limits
from kgrag.graph import KnowledgeGraph
from kgrag.graph.formats import RDF_ENDINGS, content_ending
from kgrag.graph.terms import literal_value
from kgrag.graph.vocabulary import DC, DCT, OBO, OBO_IN_OWL, OMG, OWL, RDF, RDFS, SKOS
from kgrag.recipes.obo import read_obo
from kgrag.recipes.recipe import Prepared, Row, files_in, rewritten, texts_of
from kgrag.types import Passage

OBO_ENDING = ".obo"
TEXTS = (  # what a term means, then what else is said of it
    SKOS + "definition",
    OBO + "IAO_0000115",
    RDFS + "comment",
    DCT + "description",
    DC + "description",
    SKOS + "scopeNote",
    SKOS + "note",
    OMG + "explanatoryNote",
    OMG + "usageNote",
)
BOOKKEEPING = frozenset(  # what is said of the making of a term, not of what it stands for
    [
        *(
            namespace + name
            for namespace in (DC, DCT)
            for name in ("contributor", "creator", "date", "license", "rights")
        ),
        *(DCT + name for name in ("created", "modified", "publisher", "bibliographicCitation")),
        *(SKOS + name for name in ("changeNote", "editorialNote", "historyNote", "inScheme")),
        *(
            OBO_IN_OWL + name
            for name in ("created_by", "creation_date", "hasOBONamespace", "hasOboNamespace", "inSubset")
        ),
        *(OBO + f"IAO_0000{number}" for number in ("114", "116", "117", "119", "231")),
        *(OMG + name for name in ("adaptedFrom", "directSource", "definitionOrigin")),
        *(OWL + name for name in ("versionInfo", "versionIRI", "priorVersion", "imports")),
        "http://www.w3.org/2003/06/sw-vocab-status/ns#term_status",
    ]
)
_JOINED = re.compile(r"(?<=[a-z])_(?=[a-z])")  # "has_symptom" within a sentence


def ontology(files: Sequence[Path]) -> Prepared:
    """A graph without bookkeeping and without what is said of the files themselves, and a passage for each described term.

    What restrictions say is asked as plain statements, and what is deprecated is not asked about (`kgrag.graph.readable`).

    Args:
        files: RDF and OBO files, or folders of such. OWL files may abbreviate namespaces by entities.
    """
    graph = read(files)
    return Prepared(graph, described(graph))


def read(files: Sequence[Path], aside: frozenset[str] = frozenset()) -> KnowledgeGraph:
    """One graph of ontology files.

    Args:
        files: As of `ontology`.
        aside: Properties that are left out beside those of bookkeeping.

    Raises:
        GraphError: A file cannot be read, or nothing is left.
    """
    limits = Limits(entity_bytes=64 << 20)
    paths = files_in(files, (*RDF_ENDINGS, OBO_ENDING))
    sources: list[Any] = [read_obo(path, limits) if content_ending(path.name) == OBO_ENDING else path for path in paths]
    graph = KnowledgeGraph.from_rdf(*sources, limits=limits)
    said_of_files = {s for s, p, o in graph.rows() if p == RDF + "type" and o == OWL + "Ontology"}
    left_out = BOOKKEEPING | aside

    def kept(row: Row) -> Iterable[Row]:
        return () if row[1] in left_out or row[0] in said_of_files or row[2] in said_of_files else (row,)

    return rewritten(graph, kept)


def described(graph: KnowledgeGraph, properties: Sequence[str] = TEXTS) -> list[Passage]:
    """A passage for each term that is described and not deprecated, under its label; its id is the term's IRI."""
    gone = {
        s for s, p, o in graph.rows() if p == OWL + "deprecated" and literal_value(o).strip().lower() in ("true", "1")
    }
    return list(_passages(graph, properties, gone))


def _passages(graph: KnowledgeGraph, properties: Sequence[str], gone: set[str]) -> Iterator[Passage]:
    for iri, source, texts in texts_of(graph, properties):
        node = graph.node(iri)
        if node is not None and iri not in gone:
            text = "\n\n".join(_JOINED.sub(" ", text) for text in texts)
            yield Passage(iri, text, graph.label(node), source, entities=(iri,))
