"""Sums over edges by DGL and by plain torch: the same values and gradients, alone and under all that is computed with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrag.encoding import ReaRev, messages, rearev
from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.edges import DglEdges, TorchEdges, over_edges
from kgrag.encoding.messages import node_states
from kgrag.encoding.rearev import Conclusions
from kgrag.types import Subgraph

SAME = {"atol": 1e-5, "rtol": 1e-5}
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def random_subgraph(seed: int, nodes: int = 30, statements: int = 80, relations: int = 7) -> Subgraph:
    rng = np.random.default_rng(seed)
    heads, tails = rng.integers(0, nodes, (2, statements))
    return Subgraph(
        np.arange(nodes), heads, rng.integers(0, relations, statements), tails, np.arange(statements), np.array([0, 3])
    )


def gradients(value: torch.Tensor, *given: torch.Tensor) -> list[torch.Tensor]:
    weights = torch.randn(value.shape, generator=torch.Generator().manual_seed(5)).to(value)
    return [
        g
        for g in torch.autograd.grad((value * weights).sum(), given, allow_unused=True, retain_graph=True)
        if g is not None
    ]


def all_close(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return len(some) == len(others) and all(torch.allclose(a.cpu(), b.cpu(), **SAME) for a, b in zip(some, others))


@pytest.mark.parametrize("edges", [0, 1, 100])
def test_both_ways_of_summing_are_the_same(edges: int) -> None:
    torch.manual_seed(0)
    sources, nodes = torch.randint(0, 9, (edges,)), torch.randint(0, 20, (edges,))
    assert isinstance(over_edges(sources, nodes, (9, 20)), DglEdges if edges else TorchEdges)
    both = over_edges(sources, nodes, (9, 20)), TorchEdges(sources, nodes, (9, 20))
    carried = torch.randn(edges, 6, requires_grad=True)
    values = torch.randn(9, 6, requires_grad=True)
    weights = torch.rand(edges, requires_grad=True)
    some, others = ([way.sum(carried), way.max(weights), way.weighted(values, weights)] for way in both)
    assert all_close(some, others)
    assert [tuple(one.shape) for one in some] == [(20, 6), (20,), (20, 6)]
    for one, other, given in zip(some, others, ([carried], [weights], [values, weights])):
        assert all_close(gradients(one, *given), gradients(other, *given))


def test_states_of_nodes_are_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    batch = GraphBatch.collate([random_subgraph(1), random_subgraph(2)])
    values = torch.randn(2 * len(batch.relation_ids), 8, requires_grad=True)
    weights = torch.rand(3, 3, 2, 2 * len(batch.relation_ids), requires_grad=True)
    share = torch.rand(2, 3, requires_grad=True)
    by_dgl = node_states(batch, values, weights, share)
    monkeypatch.setattr(messages, "over_edges", TorchEdges)
    by_torch = node_states(batch, values, weights, share)
    assert by_dgl.abs().sum() > 0 and torch.allclose(by_dgl, by_torch, **SAME)
    assert all_close(gradients(by_dgl, values, weights, share), gradients(by_torch, values, weights, share))


def reasoned() -> tuple[ReaRev, list[torch.Tensor], GraphBatch, torch.Tensor]:
    torch.manual_seed(2)
    network = ReaRev(width=16, hidden=12).eval()
    batch = GraphBatch.collate([random_subgraph(3), random_subgraph(4)])
    questions = [torch.randn(5, 16), torch.randn(8, 16)]
    return network, questions, batch, torch.randn(len(batch.relation_ids), 16)


def conclusions(found: Conclusions, batch: GraphBatch) -> list[torch.Tensor]:
    beliefs = found.probabilities(batch).detach()
    return [found.logits, found.none, *found.carried, found.support(beliefs)]


def test_rearev_concludes_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    network, questions, batch, labels = reasoned()
    by_dgl = network(questions, batch, labels)
    monkeypatch.setattr(rearev, "over_edges", TorchEdges)
    by_torch = network(questions, batch, labels)
    assert all_close(conclusions(by_dgl, batch), conclusions(by_torch, batch))
    one, other = (
        gradients(torch.cat([found.logits, found.none]), *network.parameters()) for found in (by_dgl, by_torch)
    )
    assert len(one) == len(list(network.parameters())) and all_close(one, other)


@on_cuda
def test_rearev_concludes_the_same_on_cuda() -> None:
    network, questions, batch, labels = reasoned()
    here = network(questions, batch, labels)
    there = network.cuda()([question.cuda() for question in questions], batch.to("cuda"), labels.cuda())
    assert all_close(conclusions(here, batch), conclusions(there, batch.to("cuda")))
