"""The ReaRev-like reasoner: what it concludes from sub-graphs, how it says that it got there, and what it learns from answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.encoder import MiniLM
from kgrag.encoding import ReaRev, ReaRevReader, reason
from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.instructions import vocabulary_of
from kgrag.encoding.rearev_reader import reached
from kgrag.encoding.walks import best_walks
from kgrag.errors import InputError, ModelError, QuestionError
from kgrag.training import loop
from kgrag.training.loop import Course
from kgrag.training.rearev import train_rearev
from kgrag.training.reasoner import PreparedQuestion, TrainingSet
from kgrag.types import Subgraph

NAMES = [f"{a}{b}{c}" for a in ("bru", "kel", "tam") for b in ("do", "vi", "sha") for c in ("n", "rik", "l", "mo")]
CITIES, CLUBS = ["Orvik", "Selmar", "Tunde", "Wexal"], ["Ravens", "Lynxes", "Otters"]
FACTS = [
    fact
    for i, name in enumerate(NAMES)
    for fact in (
        (name, "born in", CITIES[i % 4]),
        (name, "plays for", CLUBS[i % 3]),
        (name, "parent", NAMES[(7 * i + 5) % len(NAMES)]),
        (name, "height", f'"{150 + i % 5}"'),
    )
]
CLUB_OF = {name: CLUBS[i % 3] for i, name in enumerate(NAMES)}
CITY_OF = {name: CITIES[i % 4] for i, name in enumerate(NAMES)}
PARENT_OF = {name: NAMES[(7 * i + 5) % len(NAMES)] for i, name in enumerate(NAMES)}


def questions() -> list[Question]:
    made = []
    for name in NAMES:
        made.append(Question(f"which town does {name} come from ?", (CITY_OF[name],), topics=(name,)))
        made.append(Question(f"whose team is {name} in ?", (CLUB_OF[name],), topics=(name,)))
        made.append(Question(f"the team of the father of {name} ?", (CLUB_OF[PARENT_OF[name]],), topics=(name,)))
        children = tuple(child for child, parent in PARENT_OF.items() if parent == name)
        made.append(Question(f"who are the kids of {name} ?", children, topics=(name,)))
        made.append(Question(f"what does {name} eat for breakfast ?", kind="unanswerable", topics=(name,)))
    for city in CITIES:
        for club in CLUBS:
            both = tuple(name for name in NAMES if (CITY_OF[name], CLUB_OF[name]) == (city, club))
            made += [Question(f"who from {city} is in the {club} ?", both, topics=(city, club))] * 4
    return made


@pytest.fixture(scope="module")
def trained(encoder: MiniLM) -> KGRAG:
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS), reasoner=ReaRev.new(encoder.width, seed=1), encoder=encoder)
    asked = questions()
    return rag.train([q for i, q in enumerate(asked) if i % 7], epochs=8, valid=asked[::7])


def node(rag: KGRAG, name: str) -> int:
    return rag.graph.find(name)[0]


def test_it_learns_from_answers_alone(trained: KGRAG) -> None:
    right = []
    for question in questions()[::7]:
        masked = trained.linker.mask(question.question, trained.linker.link(question.question))
        readings = trained.reader.read_each(masked, [node(trained, topic) for topic in question.topics])
        nodes, beliefs = readings[0].beliefs
        right.append({trained.graph.label(int(n)) for n in nodes[beliefs >= 0.5]} == set(question.answers))
    assert np.mean(right) >= 0.9


def test_it_says_by_which_statements_it_got_there(trained: KGRAG) -> None:
    start = node(trained, "brudon")
    found = reason(trained.reader, "the team of the father of X ?", [start])
    best = int(np.argmax(found.scores))
    assert trained.graph.label(int(found.subgraph.nodes[best])) == CLUB_OF[PARENT_OF["brudon"]]
    (path,) = found.paths(best)
    told = [str(trained.graph.triple(int(found.subgraph.statements[s]))) for s in path]
    assert told[0].startswith("brudon — ") and told[-1].endswith(CLUB_OF[PARENT_OF["brudon"]])
    hidden = trained.reader.reasoner.settings["hidden"]
    assert found.states.shape == (len(found.subgraph.nodes), hidden) and found.states[best].any()


def test_what_several_topics_have_in_common_is_reached_from_each(trained: KGRAG) -> None:
    topics = [node(trained, "Orvik"), node(trained, "Ravens")]
    found = reason(trained.reader, "who from X is in the X ?", topics)
    answers = {trained.graph.label(int(n)) for n in found.subgraph.nodes[found.scores >= 0.5]}
    assert answers == {name for name in NAMES if (CITY_OF[name], CLUB_OF[name]) == ("Orvik", "Ravens")}
    paths = found.paths(int(np.argmax(found.scores)))
    assert len(paths) == 2 and all(paths)


def test_it_answers_with_sources_and_refuses_what_is_not_there(trained: KGRAG) -> None:
    said, refused = trained.ask_many(["whose team is kelvil in ?", "what does kelvil eat for breakfast ?"])
    assert said.answers == [CLUB_OF["kelvil"]]
    assert [str(c.triple) for c in said.citations] == [f"kelvil — plays for — {CLUB_OF['kelvil']}"]
    assert refused.abstained


def test_a_saved_system_reasons_alike(trained: KGRAG, tmp_path: Path) -> None:
    trained.save(tmp_path / "rag")
    again = KGRAG.load(tmp_path / "rag", trained.encoder)
    assert isinstance(again.reader, ReaRevReader)
    read = [rag.reader.read(["whose team is X in ?"], [[node(rag, "tamvin")]])[0] for rag in (trained, again)]
    assert np.allclose(read[0].beliefs[1], read[1].beliefs[1], atol=0.02)
    (tmp_path / "rag" / "models" / "rearev.safetensors").write_bytes(b"0")
    with pytest.raises(ModelError, match="Build or train it again"):
        from kgrag.encoding.saving import load_rearev

        load_rearev(tmp_path / "rag" / "models")


def test_questions_read_together_are_read_as_alone(trained: KGRAG) -> None:
    asked = ["whose team is X in ?", "who are the kids of X ?", "whose team is X in ?"]
    starts = [[node(trained, name)] for name in ("brudon", "kelvil", "kelvil")]
    for question, start, together in zip(asked, starts, trained.reader.read(asked, starts)):
        (alone,) = trained.reader.read([question], [start])
        assert [plan.relations for plan in alone.plans] == [plan.relations for plan in together.plans]
        assert np.allclose(alone.beliefs[1], together.beliefs[1], atol=1e-3)


def test_every_way_of_taking_sub_graphs_serves(trained: KGRAG) -> None:
    assert isinstance(trained.reader, ReaRevReader)
    for method in ("hops", "pagerank", "paths"):
        rag = KGRAG(trained.graph, retriever=method, reasoner=trained.reader.rearev, encoder=trained.encoder)
        assert rag.ask("whose team is brudon in ?").answers == [CLUB_OF["brudon"]]


def test_what_knows_nothing_believes_nothing(encoder: MiniLM) -> None:
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS), reasoner="rearev", encoder=encoder)
    assert rag.reader.read(["whose team is X in ?"], [[node(rag, "brudon")]])[0].beliefs[1].max(initial=0.0) < 0.4


def test_a_reasoner_that_is_not_known() -> None:
    with pytest.raises(InputError, match="no reasoner called 'transe'"):
        KGRAG(KnowledgeGraph.from_triples(FACTS), reasoner="transe")


def test_words_may_be_learned_from_scratch(encoder: MiniLM) -> None:
    graph = KnowledgeGraph.from_triples(FACTS)
    vocabulary = vocabulary_of(["whose team is X in ?", "who are the kids of X ?"])
    rag = KGRAG(graph, reasoner=ReaRev(encoder.width, hidden=32, vocabulary=vocabulary), encoder=encoder)
    asked = [q for q in questions() if q.question.startswith(("whose team", "who are the kids"))]
    rag.train(asked[:-12], epochs=30, patience=30, valid=asked[-12:])
    (reading,) = rag.reader.read(["whose team is X in ?"], [[node(rag, NAMES[-1])]])
    best = reading.beliefs[0][np.argmax(reading.beliefs[1])]
    assert rag.graph.label(int(best)) == CLUB_OF[NAMES[-1]]


def two_graphs(encoder: MiniLM, network: ReaRev) -> list[TrainingSet]:
    """Questions about two graphs, which number their relations differently."""
    sets = []
    for facts, ending in ((FACTS, ""), ([(f"{s}x", p, f"{o}x") for s, p, o in reversed(FACTS[::4])], "x")):
        rag = KGRAG(KnowledgeGraph.from_triples(facts), reasoner=network, encoder=encoder)
        prepared = [
            PreparedQuestion(
                f"{said} X ?", (node(rag, name + ending),), np.array([node(rag, there[name] + ending)]), ()
            )
            for name in NAMES[:24]
            for said, there in (("which town saw", CITY_OF), ("whose team is", CLUB_OF))
            if rag.graph.find(there[name] + ending) and rag.graph.find(name + ending)
        ]
        sets.append(TrainingSet(rag.reader, prepared[::2], prepared[1::2]))
    return sets


def weights(network: ReaRev) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in network.parameters()])


def test_an_interrupted_training_on_two_graphs_goes_on_to_the_same_bytes(
    encoder: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Course(epochs=3, seed=4, learning_rate=2e-3, batch_size=8, patience=3)

    def train(folder: Path | None) -> tuple[torch.Tensor, list[float]]:
        network = ReaRev.new(encoder.width)
        history = train_rearev(network, encoder, two_graphs(encoder, network), course, folder)
        return weights(network), history

    whole, history = train(None)
    epoch = loop._Run.epoch

    def only_two(run: loop._Run, description: str) -> None:
        if len(run.history) > 2:
            raise KeyboardInterrupt
        epoch(run, description)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop._Run, "epoch", only_two)
        train(tmp_path / "run")
    torch.manual_seed(99)
    again, same_history = train(tmp_path / "run")
    assert torch.equal(again, whole) and same_history == history
    assert max(history) > history[0]


def test_questions_without_answers_near_by(encoder: MiniLM) -> None:
    rag = KGRAG(KnowledgeGraph.from_triples([("a", "r", "b"), ("c", "r", "d")]), reasoner="rearev", encoder=encoder)
    far = PreparedQuestion("what is r of X ?", (node(rag, "a"),), np.array([node(rag, "d")]), ())
    assert isinstance(rag.reader, ReaRevReader)
    with pytest.raises(QuestionError, match="None of the training questions"):
        train_rearev(rag.reader.rearev, encoder, [TrainingSet(rag.reader, [far])])


def subgraph_of(statements: list[tuple[int, int, int]], nodes: int) -> Subgraph:
    heads, relations, tails = np.array(statements, np.int64).reshape(-1, 3).T
    return Subgraph(np.arange(nodes) + 10, heads, relations, tails, np.arange(len(heads)), np.array([0]))


def test_only_what_walks_lead_to_may_answer_and_none_leads_on_from_a_literal() -> None:
    torch.manual_seed(0)
    network = ReaRev(width=8, hidden=8, steps=2).eval()
    chain = subgraph_of([(0, 0, 1), (1, 0, 2), (2, 0, 3)], 5)
    closed = np.array([False, True, False, False, False])
    for closed_nodes, expected in (([closed & False], [1, 1, 1, 0, 0]), ([closed], [1, 1, 0, 0, 0])):
        batch = GraphBatch.collate([chain], closed=closed_nodes)
        concluded = network([torch.randn(3, 8)], batch, torch.randn(1, 8))
        assert (concluded.probabilities(batch) > 0).int().tolist() == expected


def test_a_start_without_statements() -> None:
    torch.manual_seed(0)
    network = ReaRev(width=8, hidden=8).eval()
    batch = GraphBatch.collate([subgraph_of([], 1)])
    concluded = network([torch.randn(3, 8)], batch, torch.zeros(0, 8))
    support = concluded.support(concluded.probabilities(batch).detach())
    assert concluded.logits.shape == (1,) and support.shape == (3, 0)
    assert best_walks(batch, np.array([0]), support.numpy()).to(0) == ()


def test_the_best_supported_walk_is_told() -> None:
    #    0 -r0-> 1 -r1-> 3 and 0 -r2-> 2 -r3-> 3; edges backwards come last
    batch = GraphBatch.collate([subgraph_of([(0, 0, 1), (1, 1, 3), (0, 2, 2), (2, 3, 3)], 5)])
    support = np.zeros((3, 8), np.float32)
    support[0, [0, 2]] = 0.6, 0.4
    support[1, [1, 3]] = 0.2, 0.8  # the second way is 0.4 * 0.8, the first 0.6 * 0.2
    support[2, [1, 4]] = 0.5, 0.5  # having waited, the first is 0.6 * 0.5, and 0.6 * 0.5 leads back
    walks = best_walks(batch, np.array([0]), support)
    assert walks.to(3) == (4, 6)  # columns of r2 and r3 as they are stated
    assert walks.to(1) == (0,)
    assert walks.to(0) == (0, 1)
    assert walks.to(4) == ()
    assert best_walks(batch, np.array([2]), support).to(1)[0] == 6


def test_what_few_steps_lead_over(trained: KGRAG) -> None:
    start = node(trained, "brudon")
    near = reached(trained.reader.rows, np.array([start]), 1)
    assert near.nodes[near.seeds].tolist() == [start]
    outgoing, incoming = trained.graph.degrees(np.array([start]))
    assert len(near.statements) == int(outgoing[0] + incoming[0])
    for head, relation, tail, statement in zip(near.heads, near.relations, near.tails, near.statements):
        stated = trained.graph.heads[statement], trained.graph.relations[statement], trained.graph.tails[statement]
        assert (near.nodes[head], relation, near.nodes[tail]) == stated
