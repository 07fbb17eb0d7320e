"""Reads sub-graphs in the light of questions: a reasoner, a text encoder and the labels of a graph's relations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.phrasebook import Likeness, Phrasebook
from kgrag.encoding.reasoner import Reasoner, Reasoning
from kgrag.errors import ModelError
from kgrag.graph import KnowledgeGraph
from kgrag.types import Floats, Ids, Subgraph, TextEncoder

FAR = 0.1  # probability of more than two steps from which plans of three are compared


@dataclass(frozen=True)
class NodeBeliefs:
    """What the reasoner believes about the nodes of one sub-graph, once it has settled on a number of steps.

    Attributes:
        scores: Answer probability of each node, shape (nodes,).
        length: The number of steps that leads furthest, by its probability and that of the best node it reaches.
        states: Vector state of each node, shape (nodes, hidden).
        steps: Score of each node after each step, for each number of steps, shape (lengths, steps + 1, nodes).
        weights: Weight of each directed edge at each step, shape (lengths, steps, 2 * statements): the statements read
            forward, then read backward.
        hops: Probability of each number of steps, shape (steps,).
        familiar: Likeness of the question to the best known way of asking for a plan of ``length`` steps.
    """

    scores: Floats
    length: int
    states: Floats
    steps: Floats
    weights: Floats
    hops: Floats
    familiar: float = 1.0

    def path(self, subgraph: Subgraph, node: int) -> list[int]:
        """The best supported path from a seed to a node.

        Args:
            subgraph: The sub-graph that was read.
            node: A position in ``subgraph.nodes``.

        Returns:
            Positions of its statements in the sub-graph, from the seed on; empty where no path leads there.
        """
        steps, weights = self.steps[self.length - 1], self.weights[self.length - 1]
        if steps[self.length, node] <= 0:
            return []
        count = len(subgraph.heads)
        path: list[int] = []
        for step in range(self.length, 0, -1):
            forward = np.flatnonzero(subgraph.tails == node)
            backward = np.flatnonzero(subgraph.heads == node)
            origins = np.concatenate([subgraph.heads[forward], subgraph.tails[backward]])
            edges = np.concatenate([forward, backward + count])
            support = steps[step - 1, origins] * weights[step - 1, edges]
            if not len(support) or support.max() <= 0:
                return []
            best = int(np.argmax(support))
            path.append(int(edges[best]))
            node = int(origins[best])
        return [edge % count for edge in reversed(path)]


class GraphReader:
    """Applies a reasoner to the sub-graphs of one graph.

    Args:
        graph: Where the relation labels come from.
        reasoner: The graph neural network.
        encoder: Encodes questions and relation labels.
    """

    def __init__(self, graph: KnowledgeGraph, reasoner: Reasoner, encoder: TextEncoder) -> None:
        self.graph, self.reasoner, self.encoder = graph, reasoner, encoder
        self.phrasebook = Phrasebook(graph, encoder)

    def follow(
        self, questions: Sequence[str], subgraphs: Sequence[Subgraph], seeds: Sequence[Ids] | None = None
    ) -> tuple[Reasoning, GraphBatch, Likeness]:
        """Runs the reasoner over questions whose mentions are masked; differentiable."""
        self.phrasebook.refresh()
        batch = GraphBatch.collate(subgraphs, seeds, self.phrasebook.common)
        tokens, mask = self.encoder.tokens(questions)
        labels = [self.graph.relation_label(int(r)) for r in batch.relation_ids]
        starts = [s.seeds for s in subgraphs] if seeds is None else seeds
        encoded = self.encoder.encode(questions)
        queries, hop = self.reasoner.read(tokens, mask)
        far = (hop.softmax(-1)[:, 2:].sum(1) > FAR).tolist()
        likeness = self.phrasebook.likeness(encoded, subgraphs, starts, batch.relation_ids, self.reasoner.steps, far)
        return self.reasoner(queries, hop, batch, self.phrasebook.labels(labels), likeness), batch, likeness

    @torch.inference_mode()
    def read(
        self, questions: Sequence[str], subgraphs: Sequence[Subgraph], seeds: Sequence[Ids] | None = None
    ) -> list[NodeBeliefs]:
        """Beliefs about the nodes of each question's sub-graph."""
        self.reasoner.eval()
        reasoning, batch, likeness = self.follow(questions, subgraphs, seeds)
        edges = len(batch.heads) // 2
        first = np.concatenate([[0], np.cumsum([len(s.heads) for s in subgraphs])])
        beliefs = []
        for i in range(len(subgraphs)):
            nodes = slice(int(batch.offsets[i]), int(batch.offsets[i + 1]))
            forward = slice(int(first[i]), int(first[i + 1]))
            backward = slice(edges + int(first[i]), edges + int(first[i + 1]))
            hops, steps = reasoning.hops[i].exp().numpy(), reasoning.steps[..., nodes].numpy()
            ends = np.stack([hops[k] * steps[k, k + 1] for k in range(len(hops))])
            length = int(np.argmax(ends.max(1)))
            weights = torch.cat([reasoning.edge_weights[..., forward], reasoning.edge_weights[..., backward]], dim=-1)
            beliefs.append(
                NodeBeliefs(
                    scores=ends[length],
                    length=length + 1,
                    states=reasoning.states[nodes].numpy(),
                    steps=steps,
                    weights=weights.numpy(),
                    hops=hops,
                    familiar=float(likeness.lengths[i, length]),
                )
            )
        return beliefs


def save_reasoner(reasoner: Reasoner, folder: Path) -> None:
    """Writes a reasoner's weights (half precision) and settings into a folder."""
    import json

    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in reasoner.state_dict().items()}
    save_file(weights, folder / "reasoner.safetensors")
    (folder / "reasoner.json").write_text(json.dumps(reasoner.settings, sort_keys=True) + "\n")


def load_reasoner(folder: Path) -> Reasoner:
    """Reads a reasoner back.

    Raises:
        ModelError: A file is missing or does not fit.
    """
    import json

    from safetensors.torch import load_file

    try:
        reasoner = Reasoner(**json.loads((folder / "reasoner.json").read_text()))
        weights = load_file(folder / "reasoner.safetensors")
        reasoner.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"No reasoner can be loaded from {folder}: {error}.", "Build or train it again.") from error
    return reasoner.eval()
