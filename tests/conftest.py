"""What several tests share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrag.encoder import MiniLM, default_encoder
from kgrag.graph import KnowledgeGraph

TURTLE = """\
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:aspirin a :Drug ; rdfs:label "Aspirin"@en, "Aspirin-Tablette"@de ; skos:altLabel "ASA"@en ;
    :treats :headache ; :dose "0100"^^xsd:integer ; :note "say \\"ah\\"\\n\\u00e9"@en-GB .
:headache rdfs:label "headache"@en .
:treats rdfs:label "treats"@en .
:Drug rdfs:comment "a thing to take" .
"""


@pytest.fixture(scope="session")
def encoder() -> MiniLM:
    """The packaged text encoder, loaded once."""
    return default_encoder()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, object], Path]:
    """Writes bytes, text, or anything else as JSON, into a file of the test's own folder."""

    def write(name: str, content: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        text = content if isinstance(content, (bytes, str)) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def turtle(write: Callable[[str, object], Path]) -> Path:
    """A small graph with labels in two languages and literals of several kinds."""
    return write("drugs.ttl", TURTLE)


@pytest.fixture
def graph(turtle: Path) -> KnowledgeGraph:
    """That graph, read."""
    return KnowledgeGraph.from_rdf(turtle)
