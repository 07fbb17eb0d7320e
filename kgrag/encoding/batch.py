"""Sub-graphs of several questions as one graph: what message passing computes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kgrag.types import Ids, Subgraph


@dataclass(frozen=True)
class GraphBatch:
    """The disjoint union of several sub-graphs, every statement once in each direction.

    A directed relation is a column of the batch's relation table: column ``2 * c`` for the c-th of ``relation_ids`` as it is
    stated, ``2 * c + 1`` for the same read backwards.

    Attributes:
        relation_ids: Relation ids of the graph, ascending, shape (relations,).
        heads, tails: End points of each directed edge as nodes of the union, shape (edges,).
        columns: Directed relation of each edge, shape (edges,).
        edge_question: Question of each edge, shape (edges,).
        node_question: Question of each node, shape (nodes,).
        seeds: Nodes of the union where reasoning starts, shape (seeds,).
        offsets: First node of each question, shape (questions + 1,).
    """

    relation_ids: Ids
    heads: torch.Tensor
    tails: torch.Tensor
    columns: torch.Tensor
    edge_question: torch.Tensor
    node_question: torch.Tensor
    seeds: torch.Tensor
    offsets: Ids

    @property
    def questions(self) -> int:
        """How many sub-graphs the batch holds."""
        return len(self.offsets) - 1

    @classmethod
    def collate(cls, subgraphs: Sequence[Subgraph], seeds: Sequence[Ids] | None = None) -> GraphBatch:
        """Joins sub-graphs.

        Args:
            subgraphs: One a question.
            seeds: Where reasoning starts in each, as positions in ``nodes``; all its seeds where not given.
        """
        sizes = [len(s.nodes) for s in subgraphs]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        question = np.repeat(np.arange(len(subgraphs)), [len(s.heads) for s in subgraphs])
        shift = offsets[question]
        heads = _join([s.heads for s in subgraphs]) + shift
        tails = _join([s.tails for s in subgraphs]) + shift
        relation_ids, column = np.unique(_join([s.relations for s in subgraphs]), return_inverse=True)
        starts = [s.seeds for s in subgraphs] if seeds is None else seeds
        tensor = torch.from_numpy
        return cls(
            relation_ids=relation_ids,
            heads=tensor(np.concatenate([heads, tails])),
            tails=tensor(np.concatenate([tails, heads])),
            columns=tensor(np.concatenate([2 * column, 2 * column + 1]).astype(np.int64)),
            edge_question=tensor(np.concatenate([question, question]).astype(np.int64)),
            node_question=tensor(np.repeat(np.arange(len(subgraphs)), sizes).astype(np.int64)),
            seeds=tensor(_join([np.asarray(s, np.int64) + o for s, o in zip(starts, offsets)])),
            offsets=offsets,
        )


def _join(parts: Sequence[Ids]) -> Ids:
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
