"""The synthetic graph of the benchmarks: what it is said to be, and the same each time."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pyoxigraph
import pytest

from kgrag.graph import KnowledgeGraph

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import synthetic

LABELS = (synthetic.RDFS + "label", synthetic.SKOS + "altLabel")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic") / "graph.nt"
    synthetic.write(path, 20_000, seed=0)
    return path


def test_a_seed_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        synthetic.write(tmp_path / "again.nt", 20_000, seed)
        assert ((tmp_path / "again.nt").read_bytes() == path.read_bytes()) == (seed == 0)


def test_what_is_in_it(path: Path) -> None:
    statements = list(pyoxigraph.parse(path=path))
    assert len(statements) == len(set(statements)) == 20_000
    predicates = Counter(statement.predicate.value for statement in statements)
    assert len(predicates) == 50
    assert sum(predicates[name] for name in LABELS) == 0.15 * 20_000 and predicates[LABELS[1]] == 0.03 * 20_000
    literals = [s.object for s in statements if isinstance(s.object, pyoxigraph.Literal)]
    assert {literal.language for literal in literals} == {None, "en", "de"}
    assert {literal.datatype.value.removeprefix(synthetic.XSD) for literal in literals if not literal.language} == {
        "string",
        "decimal",
        "date",
        "integer",
        "boolean",
    }
    assert any(isinstance(statement.subject, pyoxigraph.BlankNode) for statement in statements)
    assert 80 < path.stat().st_size / 20_000 < 95
    degrees = sorted(Counter(s.object for s in statements if isinstance(s.object, pyoxigraph.NamedNode)).values())
    assert degrees[-1] > 100 * degrees[len(degrees) // 2]


def test_kgrag_reads_it(path: Path) -> None:
    graph = KnowledgeGraph.from_rdf(path)
    assert graph.num_statements == 0.85 * 20_000
    assert graph.num_relations == 48
