"""The reasoner: message passing, relation choice, paths."""

import numpy as np
import pytest
import torch

from kgrag.encoding import GraphBatch, Reasoner
from kgrag.encoding.phrasebook import Likeness
from kgrag.encoding.reader import NodeBeliefs, load_reasoner, save_reasoner
from kgrag.encoding.reasoner import OverEdges, follow_weights
from kgrag.errors import ModelError
from kgrag.types import Subgraph


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


def no_likeness(questions: int, relations: int, steps: int = 3) -> Likeness:
    """Questions that are like nothing known."""
    return Likeness(
        torch.full((steps, steps, questions, 2 * relations), 0.5),
        torch.full((questions, steps), 0.5),
        torch.zeros(questions, 0),
        torch.zeros(0, 16),
    )


def test_dgl_reduces_messages_as_plain_torch_does_values_and_gradients():
    torch.manual_seed(0)
    heads, tails = torch.randint(0, 20, (100,)), torch.randint(0, 20, (100,))
    messages = torch.randn(100, 7, requires_grad=True)
    with_dgl = OverEdges(heads, tails, 20)
    assert with_dgl.graph is not None
    plain = OverEdges(heads, tails, 20)
    plain.graph = None
    weights = torch.randn(20, 7)
    a, b = with_dgl.sum(messages), plain.sum(messages)
    assert torch.allclose(a, b, atol=1e-5)
    (ga,) = torch.autograd.grad((a * weights).sum(), messages)
    (gb,) = torch.autograd.grad((b * weights).sum(), messages)
    assert torch.allclose(ga, gb, atol=1e-5)
    certain = torch.rand(100)
    assert torch.allclose(with_dgl.max(certain), plain.max(certain))


def test_a_batch_gives_each_question_what_it_gets_alone():
    torch.manual_seed(1)
    reasoner = Reasoner(width=16, hidden=8).eval()
    tokens, mask = torch.randn(2, 5, 16), torch.ones(2, 5, dtype=torch.bool)
    labels = torch.randn(2, 16)
    other = Subgraph(np.arange(2), np.array([0]), np.array([9]), np.array([1]), np.array([0]), np.array([0]))
    with torch.inference_mode():
        both = reasoner(*reasoner.read(tokens, mask), GraphBatch.collate([chain(), other]), labels, no_likeness(2, 2))
        alone = reasoner(*reasoner.read(tokens[:1], mask[:1]), GraphBatch.collate([chain()]), labels, no_likeness(1, 2))
    assert torch.allclose(both.scores[:4], alone.scores, atol=1e-5)


def test_scores_are_probabilities_and_unreached_nodes_have_none():
    torch.manual_seed(2)
    reasoner = Reasoner(width=16, hidden=8, steps=1).eval()
    with torch.inference_mode():
        found = reasoner(
            *reasoner.read(torch.randn(1, 5, 16), torch.ones(1, 5, dtype=torch.bool)),
            GraphBatch.collate([chain()]),
            torch.randn(2, 16),
            no_likeness(1, 2, steps=1),
        )
    assert float(found.scores.min()) >= 0 and float(found.scores.max()) <= 1
    assert float(found.scores[2]) == 0  # two statements away, one step allowed


def test_equally_good_relations_are_both_followed_and_none_stops_all():
    half = torch.tensor([[0.5, 0.5, 1e-9]]).log()
    assert torch.allclose(follow_weights(half), torch.ones(1, 2), atol=1e-4)
    nothing = torch.tensor([[1e-9, 1e-9, 1.0]]).log()
    assert float(follow_weights(nothing).max()) < 1e-6


def test_likeness_alone_decides_between_relations_and_a_likelier_relation_that_is_not_there_stops_all():
    torch.manual_seed(3)
    reasoner = Reasoner(width=16, hidden=8).eval()
    with torch.no_grad():
        reasoner.log_scale.fill_(-20.0)  # nothing learned
    query, relations = torch.randn(1, 8), torch.randn(6, 8)
    present = torch.tensor([[True, True, False, False, False, False]])
    alike = torch.tensor([[0.6, 0.9, 0.2, 0.2, 0.2, 0.2]])
    with torch.no_grad():
        weights = follow_weights(
            reasoner.match(query, relations, present, 0, alike, elsewhere=torch.full((1, 1), -1e4))
        )
    assert int(weights.argmax()) == 1 and float(weights[0, 1]) > 0.9
    alike[0, 2] = 1.4
    with torch.no_grad():
        refused = follow_weights(
            reasoner.match(query, relations, present, 0, alike, elsewhere=torch.full((1, 1), -1e4))
        )
    assert float(refused.max()) < 0.1
    alike[0, 2], alike[0, 4] = 0.2, 1.0  # the relation that fits best, read the other way round
    with torch.no_grad():
        turned = follow_weights(reasoner.match(query, relations, present, 0, alike, elsewhere=torch.full((1, 1), -1e4)))
    assert int(turned.argmax()) == 1 and float(turned[0, 1]) > 0.9


def test_a_path_runs_from_the_seed_to_the_node_over_statements_that_are_there():
    graph = chain()
    one = np.array([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], np.float32)
    two = np.array([[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]], np.float32)
    weights = np.array([[[1, 1, 0, 0, 0, 0], [0] * 6], [[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]], np.float32)
    hops = np.array([0.1, 0.9], np.float32)
    states, steps = np.zeros((4, 2), np.float32), np.stack([one, two])
    assert NodeBeliefs(two[2], 2, states, steps, weights, hops).path(graph, 2) == [0, 2]
    assert NodeBeliefs(two[2], 2, states, steps, weights, hops).path(graph, 3) == []
    assert NodeBeliefs(one[1], 1, states, steps, weights, hops).path(graph, 3) == [1]


def test_saved_reasoner_is_the_same_and_a_missing_one_says_so(tmp_path):
    reasoner = Reasoner(width=16, hidden=8)
    save_reasoner(reasoner, tmp_path)
    again = load_reasoner(tmp_path)
    for a, b in zip(reasoner.parameters(), again.parameters()):
        assert torch.allclose(a, b, atol=1e-3)
    with pytest.raises(ModelError, match="No reasoner"):
        load_reasoner(tmp_path / "nowhere")
