"""The reasoner: which relations a question means, message passing, what is believed."""

import numpy as np
import pytest
import torch

from kgrag import KnowledgeGraph
from kgrag.encoding import GraphReader, Reading, Reasoner, reason
from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.messages import node_states
from kgrag.encoding.plans import Plan
from kgrag.encoding.saving import load_reasoner, save_reasoner
from kgrag.errors import ModelError
from kgrag.resources import data_folder
from kgrag.retrieval import retrieve
from kgrag.types import Subgraph

FACTS = [
    ("kelamin", "treats", "brivane"),
    ("nortisol", "treats", "brivane"),
    ("brivane", "has symptom", "sore toe"),
    ("torquil", "has symptom", "sore toe"),
    ("kelamin", "has side effect", "dry nose"),
    ("kelamin", "interacts with", "nortisol"),
]


def chain() -> Subgraph:
    """0 -r5-> 1 -r9-> 2, and 0 -r5-> 3."""
    return Subgraph(
        np.arange(4),
        np.array([0, 0, 1]),
        np.array([5, 5, 9]),
        np.array([1, 3, 2]),
        np.array([10, 11, 12]),
        np.array([0]),
    )


@pytest.fixture(scope="module")
def reader(encoder):
    return GraphReader(KnowledgeGraph.from_triples(FACTS), load_reasoner(data_folder() / "models" / "default"), encoder)


def node(reader, name):
    return reader.graph.find(name)[0]


def spelt(reader, plan):
    return [reader.graph.relation_label(d >> 1) + ("^" if d & 1 else "") for d in plan.relations]


def test_states_travel_with_the_weights_and_a_batch_gives_each_question_what_it_gets_alone():
    torch.manual_seed(1)
    other = Subgraph(np.arange(2), np.array([0]), np.array([9]), np.array([1]), np.array([0]), np.array([0]))
    both, alone = GraphBatch.collate([chain(), other]), GraphBatch.collate([chain()])
    values = torch.randn(4, 8)  # relations 5 and 9, forward and backwards
    weights = torch.zeros(2, 2, 2, 4)
    weights[1, 0, :, 0] = 1.0  # first relation 5
    weights[1, 1, :, 2] = 0.5  # then relation 9, half as sure
    share = torch.tensor([[0.0, 1.0]] * 2)
    together = node_states(both, values, weights, share)
    assert torch.allclose(together[:4], node_states(alone, values, weights[:, :, :1], share[:1]), atol=1e-6)
    assert torch.allclose(together[2], 0.5 * (values[2] + 0.5 * values[0]), atol=1e-6)
    assert not together[1].any()  # after two steps nothing is there any more


def test_a_question_finds_its_plan_with_no_training(reader):
    asked = [
        ("How would I notice that I have X?", "brivane", ["has symptom"]),
        ("Which drugs help people who have X?", "brivane", ["treats^"]),
        ("What unwanted effects do the medicines given for X have?", "brivane", ["treats^", "has side effect"]),
    ]
    readings = reader.read([question for question, _, _ in asked], [[node(reader, name)] for _, name, _ in asked])
    for (_, _, plan), reading in zip(asked, readings):
        assert spelt(reader, reading.plans[0]) == plan
        assert reading.probabilities[0] > 0.4
        assert 0.9 < float(reading.hops.sum()) <= 1 + 1e-5
        assert float(reading.probabilities.sum()) <= 1 + 1e-5


def test_a_plan_of_three_relations_is_as_alike_as_people_ask_for_two_of_them(reader):
    question = "Which unwanted effects do the medicines have that are given for what shows itself by X?"
    (found,) = reader.read([question], [[node(reader, "sore toe")]])
    by_plan = {tuple(spelt(reader, plan)): p for plan, p in zip(found.plans, found.probabilities.tolist())}
    assert by_plan["has symptom^", "treats^", "has side effect"] > by_plan.get(("has symptom^", "treats^"), 0.0)


def test_what_is_not_there_is_asked_in_vain(reader):
    said, vain = reader.read(
        ["What are the side effects of X?"] * 2, [[node(reader, x)] for x in ("kelamin", "torquil")]
    )
    assert said.believed(np.array([node(reader, "dry nose")]))[0] > 0.5
    assert vain.beliefs[1].max(initial=0.0) < 0.4


def test_questions_read_together_are_read_as_alone(reader):
    questions = ["What treats X?", "What are the symptoms of X?"]
    start = [node(reader, "brivane")]
    together = reader.read(questions, [start, start])
    for question, reading in zip(questions, together):
        alone = reader.read([question], [start])[0]
        assert [p.relations for p in alone.plans] == [p.relations for p in reading.plans]
        assert np.allclose(alone.probabilities, reading.probabilities, atol=1e-3)


def test_a_subgraph_that_holds_all_gives_what_the_whole_graph_gives(reader):
    from kgrag.graph.directed import DirectedRows

    start = node(reader, "brivane")
    part = retrieve(reader.graph, np.array([start]))
    question = ["What unwanted effects do the medicines given for X have?"]
    whole, cut = reader.read(question, [[start]])[0], reader.read(question, [[start]], DirectedRows.of(part))[0]
    assert [p.relations for p in whole.plans] == [p.relations for p in cut.plans]
    assert np.allclose(whole.beliefs[1], cut.beliefs[1], atol=1e-5)


def reading(*plans, start=(0,), returned=(), returning=0.1):
    returned = np.array(returned, np.int64)
    made = tuple(Plan(r, (np.array(start), *([np.array(ends)] * len(r))), 0.0, returned) for r, ends, _ in plans)
    return Reading(
        np.array(start), made, np.array([p for _, _, p in plans], np.float32), np.array([0.5, 0.5]), 0.9, returning
    )


def test_a_node_is_believed_in_as_much_as_the_plan_that_speaks_most_for_it():
    found = reading(((0,), [1, 2], 0.6), ((4,), [2, 3], 0.3))
    assert found.beliefs[0].tolist() == [1, 2, 3]
    assert np.allclose(found.beliefs[1], [0.6, 0.6, 0.3])
    assert np.allclose(found.believed(np.array([3, 9])), [0.3, 0.0])
    assert found.plan_to(3) is found.plans[1] and found.plan_to(9) is None


def test_both_directions_of_a_relation_are_one_meaning():
    symmetric = reading(((0,), [1], 0.45), ((1,), [2], 0.45))
    assert np.allclose(symmetric.beliefs[1], [0.9, 0.9])
    sure = reading(((0,), [1], 0.85), ((1,), [2], 0.05))
    assert sure.beliefs[1][0] > 0.85 and sure.beliefs[1][1] < 0.01


def test_what_is_reached_by_coming_back_seldom_answers():
    found = reading(((0, 1), [0, 5], 0.8), returned=(0,))
    assert np.allclose(found.beliefs[1], [0.08, 0.8])
    assert np.allclose(reading(((0,), [0, 5], 0.8)).beliefs[1], [0.8, 0.8])
    others = reading(((0, 1, 4), [5, 6], 0.8), returned=(5,))  # what they have that share something with the start
    assert np.allclose(others.beliefs[1], [0.08, 0.8])
    onwards = reading(((0, 2, 4), [5, 6], 0.8), returned=(5,))
    assert np.allclose(onwards.beliefs[1], [0.8, 0.8])
    assert np.allclose(reading(((0, 2, 4), [5, 6], 0.8), returned=(5,), returning=0.01).beliefs[1], [0.008, 0.8])


def test_evidence_is_what_leads_to_the_answers_and_no_more(reader):
    start = node(reader, "brivane")
    found = reason(reader, "What unwanted effects do the medicines given for X have?", [start])
    graph, subgraph = reader.graph, found.subgraph
    best = int(np.argmax(found.scores))
    assert graph.label(int(subgraph.nodes[best])) == "dry nose"
    (path,) = found.paths(best)
    assert [str(graph.triple(int(subgraph.statements[s]))) for s in path] == [
        "kelamin — treats — brivane",
        "kelamin — has side effect — dry nose",
    ]
    assert subgraph.nodes[subgraph.seeds].tolist() == [start]
    assert found.states.shape == (len(subgraph.nodes), reader.reasoner.settings["hidden"])
    assert np.abs(found.states[best]).sum() > 0


def test_saved_reasoner_is_the_same_and_a_missing_one_says_so(tmp_path):
    reasoner = Reasoner(width=16, hidden=8)
    save_reasoner(reasoner, tmp_path)
    again = load_reasoner(tmp_path)
    for a, b in zip(reasoner.parameters(), again.parameters()):
        assert torch.allclose(a, b, atol=1e-3)
    with pytest.raises(ModelError, match="No reasoner"):
        load_reasoner(tmp_path / "nowhere")
