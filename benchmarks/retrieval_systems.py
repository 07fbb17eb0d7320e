"""What benchmarks/retrieval.py compares in cost: the part of a graph around a node, taken by each system in its own words.

Run with the name of a system, the plan comes in and the figures go out as JSON. Milliseconds are processor time.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

BUDGET, HOPS, RESTART = 2_000, 3, 0.3
SECONDS = 20.0  # after so long no further node is asked about


class Kgrag:
    """A method of kgrag; loaded means that rows are sorted, as they are from the first question on."""

    def __init__(self, method: str, hops: int = HOPS) -> None:
        import numpy

        from kgrag.config import RetrievalConfig
        from kgrag.graph import KnowledgeGraph
        from kgrag.retrieval import retrieve

        self._array, self._read, self._retrieve = numpy.array, KnowledgeGraph.from_rdf, retrieve
        self.config = RetrievalConfig(method=method, nodes=BUDGET, hops=hops)

    def load(self, path: str) -> None:
        self.graph = self._read(path)
        self.around(self.graph.iri(0))

    def around(self, iri: str) -> int:
        seed = self._array([self.graph.node(iri)])
        return len(self._retrieve(self.graph, seed, self.config).nodes)


class NetworkX:
    """`ego_graph` of an undirected graph, two steps wide: it knows no budget."""

    def load(self, path: str) -> None:
        import networkx
        import pyoxigraph

        self._ego = networkx.ego_graph
        self.graph = networkx.MultiGraph()
        for triple in pyoxigraph.parse(path=path):
            if isinstance(triple.subject, pyoxigraph.NamedNode) and isinstance(triple.object, pyoxigraph.NamedNode):
                self.graph.add_edge(triple.subject.value, triple.object.value, label=triple.predicate.value)

    def around(self, iri: str) -> int:
        return len(self._ego(self.graph, iri, radius=2))


class _Search:
    """Breadth-first search over statements, until there are enough nodes."""

    def breadth_first(self, start: Any) -> int:
        seen, queue = {start}, deque([(start, 0)])
        while queue:
            node, step = queue.popleft()
            for other in self.neighbours(node) if step < HOPS else ():
                if other not in seen:
                    seen.add(other)
                    queue.append((other, step + 1))
                    if len(seen) >= BUDGET:
                        return len(seen)
        return len(seen)

    def neighbours(self, node: Any) -> Iterable[Any]:
        raise NotImplementedError


class Pyoxigraph(_Search):
    """Breadth-first search over the in-memory store of pyoxigraph."""

    def load(self, path: str) -> None:
        import pyoxigraph

        self._ox = pyoxigraph
        self.store = pyoxigraph.Store()
        self.store.load(path=path)

    def around(self, iri: str) -> int:
        return self.breadth_first(self._ox.NamedNode(iri))

    def neighbours(self, node: Any) -> Iterable[Any]:
        if not isinstance(node, self._ox.Literal):
            yield from (quad.object for quad in self.store.quads_for_pattern(node, None, None))
            yield from (quad.subject for quad in self.store.quads_for_pattern(None, None, node))


class RDFLib(_Search):
    """Breadth-first search over rdflib's own store."""

    def load(self, path: str) -> None:
        import rdflib

        self._rdflib = rdflib
        self.graph = rdflib.Graph()
        self.graph.parse(path, format="nt")

    def around(self, iri: str) -> int:
        return self.breadth_first(self._rdflib.URIRef(iri))

    def neighbours(self, node: Any) -> Iterable[Any]:
        if not isinstance(node, self._rdflib.Literal):
            yield from (other for _, other in self.graph.predicate_objects(node))
            yield from (other for other, _ in self.graph.subject_predicates(node))


class FullPageRank:
    """PageRank over the whole graph by a sparse matrix of scipy; the best nodes of it."""

    def load(self, path: str) -> None:
        import numpy

        from kgrag.graph import KnowledgeGraph

        self._np = numpy
        self.graph = KnowledgeGraph.from_rdf(path)
        self.step = transitions(self.graph)

    def around(self, iri: str) -> int:
        start = self._np.zeros(self.graph.num_nodes)
        start[self.graph.node(iri)] = 1.0
        scores = walked(self.step, start)
        best = self._np.argpartition(-scores, min(BUDGET, len(scores) - 1))[:BUDGET]
        return int((scores[best] > 0).sum())


def transitions(graph: Any) -> Any:
    """Probability of each step of a walk, transposed; walks do not leave literals."""
    import numpy as np
    from scipy.sparse import csr_array

    statements = graph.statements
    heads, tails = graph.heads[statements], graph.tails[statements]
    origins, ends = np.append(heads, tails), np.append(tails, heads)
    degree = np.bincount(origins, minlength=graph.num_nodes)
    probability = np.where(graph.is_literal[origins], 0.0, 1 / degree[origins])
    return csr_array((probability, (ends, origins)), (graph.num_nodes, graph.num_nodes))


def walked(step: Any, start: Any) -> Any:
    """Where walks end, of up to 20 steps."""
    at, ended = start, RESTART * start
    for _ in range(20):
        at = (1 - RESTART) * (step @ at)
        ended = ended + RESTART * at
    return ended


SYSTEMS: dict[str, Callable[[], Any]] = {
    "kgrag pagerank": lambda: Kgrag("pagerank"),
    "kgrag hops, 2": lambda: Kgrag("hops", 2),
    "kgrag hops, 3": lambda: Kgrag("hops", 3),
    "kgrag paths": lambda: Kgrag("paths"),
    "pyoxigraph": Pyoxigraph,
    "rdflib": RDFLib,
    "networkx ego": NetworkX,
    "full PageRank": FullPageRank,
}


def main() -> None:
    """Measures one system."""
    plan = json.load(sys.stdin)
    system = SYSTEMS[sys.argv[1]]()
    started = time.perf_counter()
    system.load(plan["path"])
    figures: dict[str, float] = {"load_s": time.perf_counter() - started}
    for kind, iris in plan["starts"].items():
        took, nodes = [], []
        started = time.perf_counter()
        for iri in iris:
            before = time.process_time()
            nodes.append(system.around(iri))
            took.append(1e3 * (time.process_time() - before))
            if time.perf_counter() - started > SECONDS:
                break
        figures |= {f"{kind}_ms": statistics.median(took), f"{kind}_p95_ms": sorted(took)[int(0.95 * len(took))]}
        figures |= {f"{kind}_nodes": statistics.median(nodes), f"{kind}_asked": len(took)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
