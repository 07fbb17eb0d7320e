"""A part of a graph chosen statement by statement, by a small network that was trained (SubgraphRAG: Li, Miao, Li, ICLR 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kgrag.config import RetrievalConfig
from kgrag.errors import InputError, ModelError
from kgrag.graph import KnowledgeGraph
from kgrag.retrieval.pagerank import pagerank
from kgrag.retrieval.parts import assemble, best, fitting
from kgrag.retrieval.relevance import Relevance
from kgrag.types import Floats, Ids, Subgraph

ROUNDS = 3  # steps from the seeds that distances tell apart
SHARE = 10  # one statement is chosen for so many nodes of the budget
FILE = "scorer.safetensors"


class Features(NamedTuple):
    """What is known of the statements of a sub-graph, in the light of a question; numpy arrays or torch tensors.

    Attributes:
        question: Encoded question, shape (width,).
        nodes: Encoded labels of the nodes, and their distances, shape (nodes, width + 1 + 3 * ROUNDS).
        relations: Encoded labels of the relations, and their relevance, shape (relations, width + 1).
        heads: Subject of each statement, a row of ``nodes``, shape (statements,).
        kinds: Relation of each, a row of ``relations``.
        tails: Object of each.
    """

    question: Any
    nodes: Any
    relations: Any
    heads: Any
    kinds: Any
    tails: Any

    @classmethod
    def of(cls, subgraph: Subgraph, relevance: Relevance) -> Features:
        """Of a sub-graph that has statements."""
        relations, kinds = np.unique(subgraph.relations, return_inverse=True)
        far = distances(subgraph)
        return cls(
            question=relevance.encoding,
            nodes=np.concatenate([relevance.labels.nodes(subgraph.nodes), far], axis=1),
            relations=np.column_stack([relevance.labels.relations[relations], relevance.relations[relations]]),
            heads=subgraph.heads,
            kinds=kinds.reshape(-1),
            tails=subgraph.tails,
        )


@dataclass(frozen=True)
class TripleScorer:
    """A retriever that keeps the statements which a network gives the highest scores, of those that `pagerank` takes.

    The score of a statement depends on the question, on the labels of its subject, relation and object, and on how far both
    ends are from the seeds, along and against the statements: all statements are scored at once.

    Attributes:
        weights: Of the one hidden layer, by what they are applied to: ``question`` (width, hidden), ``head`` and ``tail``
            (width + 1 + 3 * ROUNDS, hidden), ``relation`` (width + 1, hidden), ``bias`` (hidden,); and ``outer`` (hidden,).
    """

    weights: Mapping[str, Floats]

    def __call__(
        self, graph: KnowledgeGraph, seeds: Ids, config: RetrievalConfig, relevance: Relevance | None = None
    ) -> Subgraph:
        """The best statements, one for each `SHARE` nodes of the budget, and their nodes; see `SubgraphRetriever`.

        Raises:
            GraphError: A seed is not a node of the graph.
            InputError: There is no ``relevance``, without which there are no scores, or it is of another text encoder.
        """
        if relevance is None:
            raise InputError("Statements cannot be scored without a question.", "Give its relevance.")
        region = pagerank(graph, seeds, config, relevance)
        if not len(region.statements):
            return region
        features = Features.of(region, relevance)
        if len(features.question) != len(self.weights["question"]):
            raise InputError(
                f"The text encoder has width {len(features.question)}, the scorer {len(self.weights['question'])}.",
                "Train the scorer with the same text encoder.",
            )
        order = best(scores(self.weights, features), max(config.nodes // SHARE, 1))
        ends = region.nodes[np.column_stack([region.heads[order], region.tails[order]]).reshape(-1)]
        first = region.nodes[: len(np.unique(region.seeds))]
        nodes, count = fitting(first, ends, np.repeat(np.arange(len(order)), 2), config.nodes)
        is_cut = region.truncated or count < len(region.statements)
        return assemble(graph, seeds, nodes, region.statements[order[:count]], is_cut)

    def save(self, folder: Path) -> None:
        """Writes the weights (half precision) into a folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: weight.astype(np.float16) for name, weight in self.weights.items()}, folder / FILE)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a scorer was saved into a folder."""
        return (folder / FILE).is_file()

    @classmethod
    def load(cls, folder: Path) -> TripleScorer:
        """Reads a scorer back.

        Raises:
            ModelError: The file is missing or does not fit.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            weights = {name: weight.astype(np.float32) for name, weight in load_file(folder / FILE).items()}
            hidden = len(weights["bias"])
            width = len(weights["question"])
            shapes = {name: (rows, hidden) for name, rows in inputs(width).items()} | {
                "bias": (hidden,),
                "outer": (hidden,),
            }
            if {name: weight.shape for name, weight in weights.items()} != shapes:
                raise ValueError("the shapes of its weights are not those of a scorer")
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise ModelError(f"No triple scorer can be loaded from {folder}: {error}.", "Train it again.") from error
        return cls(weights)


def inputs(width: int) -> dict[str, int]:
    """Length of what each weight matrix is applied to, by the width of the text encoder."""
    node = width + 1 + 3 * ROUNDS
    return {"question": width, "head": node, "relation": width + 1, "tail": node}


def scores(weights: Mapping[str, Any], features: Features) -> Any:
    """Score of each statement, shape (statements,); numpy arrays or torch tensors, as the arguments are.

    Each node and each relation is multiplied by its weights once, however many statements it is in.
    """
    inner = (features.nodes @ weights["head"])[features.heads] + (features.nodes @ weights["tail"])[features.tails]
    inner = inner + (features.relations @ weights["relation"])[features.kinds]
    inner = inner + features.question @ weights["question"] + weights["bias"]
    return inner.clip(min=0) @ weights["outer"]


def distances(subgraph: Subgraph) -> Floats:
    """How far each node is from the seeds: directional distance encoding.

    A seed has 1, another node 0. Each round passes the mean of what comes in along statements on, another one against
    them, a third one either way.

    Returns:
        What a node has at first and after each round of the three, shape (nodes, 1 + 3 * ROUNDS).
    """
    count = len(subgraph.nodes)
    start = np.zeros(count)
    start[subgraph.seeds] = 1.0
    columns = [start]
    both = np.concatenate([subgraph.heads, subgraph.tails]), np.concatenate([subgraph.tails, subgraph.heads])
    for origins, ends in ((subgraph.heads, subgraph.tails), (subgraph.tails, subgraph.heads), both):
        degree = np.bincount(ends, minlength=count).clip(min=1)
        now = start
        for _ in range(ROUNDS):
            now = np.bincount(ends, now[origins], count) / degree
            columns.append(now)
    return np.column_stack(columns).astype(np.float32)
