"""Brings messages along edges to nodes: by DGL on the CPU, by plain torch on any other device.

The registry's dgl wheel has CPU kernels only. What is computed with the messages is written once, above these two.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch

from kgrag.encoding.dgl_import import import_dgl


class OverEdges(Protocol):
    """Edges from sources to nodes."""

    def sum(self, messages: torch.Tensor) -> torch.Tensor:
        """Sums messages of shape (edges, width) into shape (nodes, width)."""

    def max(self, messages: torch.Tensor) -> torch.Tensor:
        """The greatest message of each node, none of them negative, shape (edges,) into shape (nodes,); 0 without any."""

    def weighted(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Sums what the sources have, with the weights of the edges.

        Args:
            values: Shape (sources, width).
            weights: Shape (edges,).

        Returns:
            Shape (nodes, width).
        """


def over_edges(sources: torch.Tensor, nodes: torch.Tensor, shape: tuple[int, int]) -> OverEdges:
    """Edges, with the way of summing that suits their device.

    Args:
        sources: Source of each edge, shape (edges,).
        nodes: The node that it leads to, shape (edges,).
        shape: How many sources and nodes there are.
    """
    by_dgl = sources.device.type == "cpu" and len(sources)  # dgl cannot differentiate a maximum over no edges
    return (DglEdges if by_dgl else TorchEdges)(sources, nodes, shape)


class DglEdges:
    """Edges as a bipartite DGL graph; weighted sums make no message for each edge."""

    def __init__(self, sources: torch.Tensor, nodes: torch.Tensor, shape: tuple[int, int]) -> None:
        kind = ("source", "edge", "node")
        counts = {"source": shape[0], "node": shape[1]}
        self.graph: Any = import_dgl().heterograph({kind: (sources, nodes)}, num_nodes_dict=counts)

    def sum(self, messages: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.sum`."""
        return self._reduced(messages, "sum")

    def max(self, messages: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.max`."""
        return self._reduced(messages[:, None], "max").squeeze(1)

    def weighted(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.weighted`."""
        function = import_dgl().function
        with self.graph.local_scope():
            self.graph.srcdata["value"] = values
            self.graph.edata["weight"] = weights[:, None]
            self.graph.update_all(function.u_mul_e("value", "weight", "message"), function.sum("message", "reduced"))
            reduced: torch.Tensor = self.graph.dstdata["reduced"]
        return reduced

    def _reduced(self, messages: torch.Tensor, how: str) -> torch.Tensor:
        function = import_dgl().function
        with self.graph.local_scope():
            self.graph.edata["message"] = messages
            self.graph.update_all(function.copy_e("message", "copy"), getattr(function, how)("copy", "reduced"))
            reduced: torch.Tensor = self.graph.dstdata["reduced"]
        return reduced


class TorchEdges:
    """Edges as index tensors, on any device."""

    def __init__(self, sources: torch.Tensor, nodes: torch.Tensor, shape: tuple[int, int]) -> None:
        self.sources, self.nodes, self.count = sources, nodes, shape[1]

    def sum(self, messages: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.sum`."""
        return messages.new_zeros(self.count, messages.shape[1]).index_add(0, self.nodes, messages)

    def max(self, messages: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.max`."""
        return messages.new_zeros(self.count).scatter_reduce(0, self.nodes, messages, "amax")

    def weighted(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """See `OverEdges.weighted`."""
        return self.sum(weights[:, None] * values[self.sources])
