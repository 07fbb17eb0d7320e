"""What the benchmarks measure on and with: synthetic graphs and passages, typos, and the figures of linking."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyoxigraph
import pytest

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import linking
import passage_speed
import retrieval_systems
import synthetic
from linking_sets import Asked, Document, hidden, misspelt
from linking_systems import BASELINES, Kgrag

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


def test_hubs_are_added_to_it(tmp_path: Path) -> None:
    hubs = synthetic.write_with_hubs(tmp_path / "hubs.nt", 10_000, 0, hubs=2, degree=1_500)
    graph = KnowledgeGraph.from_rdf(tmp_path / "hubs.nt")
    assert sum(1 for _ in pyoxigraph.parse(path=tmp_path / "hubs.nt")) == 10_000
    outgoing, incoming = graph.degrees([graph.find(iri)[0] for iri in hubs])
    assert (outgoing.tolist(), incoming.tolist()) == ([0, 1_500], [1_500, 0])
    for name, system in retrieval_systems.SYSTEMS.items():
        around = system()
        around.load(str(tmp_path / "hubs.nt"))
        assert all(800 < around.around(hub) <= retrieval_systems.BUDGET for hub in hubs), name


@pytest.mark.parametrize("name", ["Tom Tryon", "It", "anna_of_holstein-gottorp", "7", "Élan"])
def test_a_typo_changes_one_letter_and_never_the_first(name: str) -> None:
    for seed in range(50):
        typo = misspelt(name, random.Random(seed))
        assert typo == misspelt(name, random.Random(seed))
        assert typo[0] == name[0] and abs(len(typo) - len(name)) <= 1
        assert (typo == name) == (name == "7")


def test_figures_of_mentions() -> None:
    gold = [frozenset({1}), frozenset({2}), frozenset({3}), frozenset()]
    candidates = [[(1, 0.9)], [(9, 0.8), (2, 0.7)], [], [(4, 0.6)]]
    assert linking.ranked(gold, candidates) == {
        "mentions": 3,
        "accuracy@1": 1 / 3,
        "accuracy@10": 2 / 3,
        "recall@30": 2 / 3,
    }
    said = [sum(dict(found).values()) < 0.65 for found in candidates]
    assert linking.nil(gold, said) == {"unlinkable": 1, "nil_precision": 0.5, "nil_recall": 1.0}
    risks = linking.risks(gold, candidates)
    curve = dict(risks["curve"])
    assert (curve[50], curve[100]) == (0.5, 0.75) and risks["aurc"] == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)


def test_figures_of_spans_and_links() -> None:
    text = Document("1", "ab cd ef", [(0, 2), (3, 5)], [frozenset({1}), frozenset()])
    figures = linking.end_to_end([text], [{(0, 2): 1, (6, 8): 1}])
    assert (figures["precision"], figures["recall"]) == (0.5, 1.0)


def test_every_system_links_what_is_easy() -> None:
    label = synthetic.RDFS + "label"
    names = ["acute gout", "common cold", "chronic cough"]
    named = [(f"urn:{i}", label, f'"{name}"') for i, name in enumerate(names)]
    graph = KnowledgeGraph.from_triples([*named, ("urn:1", "urn:unlike", "urn:2")])
    only = frozenset(graph.find("common cold") + graph.find("acute gout"))
    text = Document("1", "He has a common cold.", [(9, 20)], [only])
    (cold,) = graph.find("common cold")
    systems = [Kgrag(graph, only, EntityLinker(graph)), *(baseline(graph, only) for baseline in BASELINES.values())]
    for system in systems:
        (((first, *others),),) = system.mentions([text])
        assert first[0] == cold and {node for node, _ in others} <= only
        if type(system).question is not linking.System.question:
            assert dict(system.question("who has common cold?", 1)).keys() == {cold}


def test_a_share_of_the_topics_is_hidden_with_all_that_bear_their_names() -> None:
    label = synthetic.RDFS + "label"
    names = ["gout", "Gout", "cold", "cough", "fever"]
    triples = [(f"urn:{i}", label, f'"{name}"') for i, name in enumerate(names)]
    graph = KnowledgeGraph.from_triples([*triples, ("urn:2", "urn:unlike", "urn:3")])
    nodes = [graph.find(f"urn:{i}")[0] for i in range(len(names))]
    rows = [Asked(str(node), "?", [frozenset({node})]) for node in (nodes[0], *nodes[2:])]
    for seed in range(8):
        gone = hidden(rows, graph, 0.5, seed)
        assert gone == hidden(rows, graph, 0.5, seed)
        assert (nodes[0] in gone) == (nodes[1] in gone) and len(gone & {nodes[0], *nodes[2:]}) == 2


def test_both_systems_do_what_is_measured(tmp_path: Path) -> None:
    size = 1_200
    passage_speed.write_vectors(size, tmp_path)
    vectors = np.load(tmp_path / "vectors.npy")
    texts = list(passage_speed.Texts(size))
    assert texts[7] == passage_speed.Texts(9)[7] != texts[8] and len(texts[7].split()) == passage_speed.WORDS
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    nearest = {}
    for name in passage_speed.SYSTEMS:
        system = passage_speed.made(name)
        system.fill(texts, vectors)
        system.save(tmp_path / name)
        system.open(tmp_path / name)
        system.search_many(texts[:3], vectors[:3])
        system.add(size, "unheard", vectors[0])
        assert system.search("unheard", vectors[5])
        nearest[name] = [set(rows[:10]) for rows in system.nearest(vectors[10:20])]
        system.remove([3, 4])
    one, other = nearest.values()
    assert sum(len(a & b) for a, b in zip(one, other)) >= 95


def test_rankings_of_passages_are_measured() -> None:
    pytest.importorskip("ir_measures")
    import passages
    from letters import LetterEncoder

    from kgrag import Passage, PassageIndex, Question

    encoder = LetterEncoder()
    names = ["quokka", "wombat", "zebra", "lynx", "ibex", "heron"]
    index = PassageIndex.from_passages([Passage(name, f"The {name} sleeps.") for name in names]).build(encoder)
    questions = [Question(f"Where is the {name}?", id=name, gold_passages=(name,)) for name in names]
    runs = passages.rankings(index, encoder, questions) | {
        passages.UNTRAINED: passages.found(index, encoder, questions)
    }
    runs[passages.TRAINED] = passages.crosswise(index, encoder, questions)
    for run in runs.values():
        assert run.keys() == set(names)
    means = passages.figures(runs["BM25"], questions)
    assert means == {"recall": 1.0, "mrr": 1.0, "ndcg": 1.0, "hit@1": 1.0}
    assert passages.recall_at(runs["BM25"], questions) == dict.fromkeys(range(1, passages.K + 1), 1.0)
    late = {name: {other: -abs(place - 1) for place, other in enumerate(["none", name])} for name in names}
    assert passages.figures(late, questions)["mrr"] == 1.0
    late = {name: {"none": 0.0, name: -1.0} for name in names}
    assert passages.figures(late, questions)["mrr"] == 0.5
    found = {system: passages.figures(run, questions) for system, run in runs.items()}
    assert all(goal.line("q4eu", found)["reached"] is not None for goal in passages.goals("q4eu"))
