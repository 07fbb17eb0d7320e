"""What benchmarks/graph.py compares: load files, look at neighbours, ask SPARQL, add and remove, each in its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = tuple[str, str, str]  # IRIs


class KGRAG:
    """KnowledgeGraph; loaded means that neighbours in both directions and names are there to be asked for."""

    def __init__(self) -> None:
        import numpy

        from kgrag.config import Limits
        from kgrag.graph import KnowledgeGraph

        self._array, self._read = numpy.array, KnowledgeGraph.from_rdf
        self._limits = Limits(entity_bytes=1 << 20)  # FIBO abbreviates its namespaces by entities

    def load(self, files: list[str]) -> None:
        self.graph = self._read(*files, limits=self._limits)
        self.graph.statements_from([0])
        self.graph.statements_to([0])
        self.graph.find("a name that nothing bears")

    def statements(self) -> int:
        return self.graph.num_statements + sum(1 for _ in self.graph.label_rows())

    def keys(self, iris: list[str]) -> Any:
        return self._array([self.graph.find(iri)[0] for iri in iris])

    def neighbours(self, key: int) -> int:
        statements, _ = self.graph.statements_from([key])
        return len(list(zip(self.graph.relations[statements], self.graph.tails[statements])))

    def neighbours_of_many(self, keys: Any) -> None:
        statements, _ = self.graph.statements_from(keys)
        self.graph.relations[statements], self.graph.tails[statements]

    def query(self, sparql: str, iri: str) -> int:
        return len(self.graph.query(sparql, {"s": iri}, timeout=600))

    def add(self, rows: list[Row]) -> None:
        self.graph.add(rows)

    def remove(self, rows: list[Row]) -> None:
        self.graph.remove(rows)


class Parse:
    """The parser alone, to its end: no graph comes of it."""

    def __init__(self) -> None:
        import pyoxigraph

        self._parse = pyoxigraph.parse

    def load(self, files: list[str]) -> None:
        self._count = sum(1 for file in files for _ in self._parse(path=file, base_iri=base_of(file)))

    def statements(self) -> int:
        return self._count


class Store:
    """The in-memory store of pyoxigraph; its `load`, for `bulk_load` is meant for stores on disk."""

    def __init__(self) -> None:
        import pyoxigraph

        self._ox = pyoxigraph

    def load(self, files: list[str]) -> None:
        self.store = self._ox.Store()
        for file in files:
            self.store.load(path=file, base_iri=base_of(file))

    def statements(self) -> int:
        return len(self.store)

    def keys(self, iris: list[str]) -> list[Any]:
        return [self._ox.NamedNode(iri) for iri in iris]

    def neighbours(self, key: Any) -> int:
        return len([(quad.predicate, quad.object) for quad in self.store.quads_for_pattern(key, None, None)])

    def neighbours_of_many(self, keys: list[Any]) -> None:
        for key in keys:
            self.neighbours(key)

    def query(self, sparql: str, iri: str) -> int:
        values = {self._ox.Variable("s"): self._ox.NamedNode(iri)}
        return len(list(self.store.query(sparql, substitutions=values)))

    def add(self, rows: list[Row]) -> None:
        self.store.extend(self._quads(rows))

    def remove(self, rows: list[Row]) -> None:
        for quad in self._quads(rows):
            self.store.remove(quad)

    def _quads(self, rows: list[Row]) -> list[Any]:
        return [self._ox.Quad(*map(self._ox.NamedNode, row)) for row in rows]


class RDFLib:
    """rdflib's own store in memory, read by its own parsers."""

    store, formats = "default", {".nt": "nt", ".ttl": "turtle", ".rdf": "xml"}

    def __init__(self) -> None:
        import rdflib

        self._rdflib = rdflib

    def load(self, files: list[str]) -> None:
        self.graph = self._rdflib.Graph(store=self.store)
        for file in files:
            self.graph.parse(file, format=self.formats[Path(file).suffix], publicID=base_of(file))

    def statements(self) -> int:
        return len(self.graph)

    def keys(self, iris: Iterable[str]) -> list[Any]:
        return [self._rdflib.URIRef(iri) for iri in iris]

    def neighbours(self, key: Any) -> int:
        return len(list(self.graph.predicate_objects(key)))

    def neighbours_of_many(self, keys: list[Any]) -> None:
        for key in keys:
            self.neighbours(key)

    def query(self, sparql: str, iri: str) -> int:
        return len(list(self.graph.query(sparql, initBindings={"s": self._rdflib.URIRef(iri)})))

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            self.graph.add(tuple(self.keys(row)))

    def remove(self, rows: list[Row]) -> None:
        for row in rows:
            self.graph.remove(tuple(self.keys(row)))


class OxRDFLib(RDFLib):
    """rdflib over the store of pyoxigraph, read by the parsers of that."""

    store, formats = "Oxigraph", {".nt": "ox-nt", ".ttl": "ox-turtle", ".rdf": "ox-xml"}


SYSTEMS: dict[str, Callable[[], Any]] = {
    "kgrag": KGRAG,
    "parse": Parse,
    "Store": Store,
    "rdflib": RDFLib,
    "oxrdflib": OxRDFLib,
}


def base_of(file: str) -> str:
    """What relative IRIs of a file are resolved against, by every system."""
    return f"file:///{Path(file).name}"
