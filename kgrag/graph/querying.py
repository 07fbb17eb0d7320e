"""SPARQL over a graph, evaluated in a process of its own: it can be stopped, and may crash, without harm here."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from kgrag.children import Child
from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line
from kgrag.graph.rows import graph_of
from kgrag.graph.sparql import QueryResult, prepare, uses_graphs

if TYPE_CHECKING:
    from kgrag.graph.knowledge_graph import KnowledgeGraph

Row = tuple[str, str, str]

_WORKER = "kgrag.graph.query_worker"
_TYPED = '"^^<'  # the store takes "01" and "1" for the same: it cannot remove one and keep the other


class QueryEngine:
    """Evaluates the queries of one graph; a process is started with the first one, and ends with the engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held while the process works for a query
        self._worker: _Worker | None = None
        self._version = self._graphs_version = -1  # of the statements, and of the named graphs, that the process holds

    def query(
        self,
        graph: KnowledgeGraph,
        sparql: str,
        bindings: Mapping[str, str],
        timeout: float,
        limits: Limits,
        allow: Collection[str],
    ) -> QueryResult:
        """See `KnowledgeGraph.query`."""
        left = checked_timeout(timeout)
        query = prepare(sparql, bindings, limits, allow, lambda: _named_graphs(graph))
        with_graphs = uses_graphs(query)
        if allow:
            from kgrag.graph.services import answered  # the network is not even loaded without need

            started = time.monotonic()
            query = answered(query, bindings, timeout)
            left = max(timeout - (time.monotonic() - started), 0.001)
        with self._worker_of(graph, with_graphs) as worker:
            request = {"query": query, "rows": limits.query_rows, "memory": limits.query_bytes}
            answer = worker.ask(request, timeout=left)
        if "boolean" in answer:
            return bool(answer["boolean"])
        rows = answer["rows"]
        return within_limit([tuple(row) for row in rows] if rows and isinstance(rows[0], list) else rows, limits)

    @contextlib.contextmanager
    def _worker_of(self, graph: KnowledgeGraph, with_graphs: bool) -> Iterator[_Worker]:
        """A running process that holds the graph as it is now, and is nobody else's meanwhile."""
        is_held = False
        try:
            while not is_held:
                with self._lock:
                    pass  # waits while another query runs
                with graph.lock:  # always the first of the two, so that who holds it may ask
                    is_held = self._lock.acquire(blocking=False)
                    if is_held:
                        if self._worker is None or not self._worker.is_usable():
                            self._worker, self._version, self._graphs_version = _Worker(), -1, -1
                        worker, version = self._worker, graph.version
                        updates = self._updates(worker, graph, with_graphs)
            for update in updates:
                update()
            self._version = version
            if with_graphs:
                self._graphs_version = version
            yield worker
        finally:
            if is_held:
                self._lock.release()

    def _updates(self, worker: _Worker, graph: KnowledgeGraph, with_graphs: bool) -> list[Callable[[], None]]:
        """What brings the process up to date: this takes its time, but the graph may change meanwhile."""
        updates: list[Callable[[], None]] = []
        if self._version != graph.version:
            changes = graph.changes_since(self._version) if self._version >= 0 else None
            if changes is None or any(_TYPED in obj for gone, _ in changes for _, _, obj in gone):
                updates.append(partial(worker.take, graph.rows()))
                self._graphs_version = -1
            else:
                updates += [partial(worker.change, gone, come) for gone, come in changes]
        if with_graphs and self._graphs_version != graph.version:
            updates.append(partial(worker.take_graphs, zip(graph.rows(), graph.row_sources())))
        return updates

    def __reduce__(self) -> tuple[type[QueryEngine], tuple[()]]:
        return type(self), ()  # a copy of a graph starts a process of its own


def checked_timeout(timeout: float) -> float:
    """The time-out of a query, if it is one."""
    if not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        raise GraphError(f"The time-out {timeout!r} is not a number of seconds.", "Give one above 0, such as 10.0.")
    return timeout


def within_limit(result: QueryResult, limits: Limits) -> QueryResult:
    """The result of a query, if it has no more rows than allowed."""
    if not isinstance(result, bool) and len(result) > limits.query_rows:
        raise GraphError(
            f"The SPARQL query has more than {limits.query_rows:,} results.",
            "Add a LIMIT, or raise Limits.query_rows.",
        )
    return result


class _Worker(Child):
    """A process that holds statements and evaluates queries over them."""

    def __init__(self) -> None:
        try:
            super().__init__(_WORKER)
        except OSError as error:
            raise GraphError(f"No process for SPARQL can be started: {error}.", "Check sys.executable.") from error

    def take(self, rows: Iterable[Row]) -> None:
        """Puts statements in the place of all that it holds."""
        self.ask({"take": True}, _n_triples(rows))

    def take_graphs(self, quads: Iterable[tuple[Row, list[str]]]) -> None:
        """Puts those statements that have a named graph among their sources in the place of all named graphs."""
        self.ask({"graphs": True}, _n_quads(quads))

    def change(self, gone: Iterable[Row], come: Iterable[Row]) -> None:
        """Removes statements, then adds some."""
        before = _n_triples(gone)
        self.ask({"remove": len(before)}, before + _n_triples(come))

    def ask(self, request: dict[str, Any], body: bytes = b"", timeout: float | None = None) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Raises:
            GraphError: If the time is over, the process died, or it reports an error.
        """
        try:
            answer = super().ask(request, body, timeout)
        except TimeoutError:
            raise GraphError(
                f"The SPARQL query was stopped after {timeout:g} seconds.",
                "Make it more specific, add a LIMIT, or give it a longer time-out.",
            ) from None
        except ChildProcessError:
            raise GraphError(
                "The SPARQL query crashed its evaluator, or needed too much memory.",
                "Make it shorter, less nested or more specific, or raise Limits.query_bytes.",
            ) from None
        if "error" in answer:
            raise GraphError(f"The SPARQL query cannot be answered: {one_line(answer['error'])}.", "Mend the query.")
        return answer


def _named_graphs(graph: KnowledgeGraph) -> set[str]:
    """IRIs of named graphs: FROM cannot speak of those that are blank nodes."""
    return {name for name in map(graph_of, graph.source_names) if name and not name.startswith("_:")}


def _n_triples(rows: Iterable[Row]) -> bytes:
    return "".join(f"{_triple(row)} .\n" for row in rows).encode()


def _n_quads(quads: Iterable[tuple[Row, list[str]]]) -> bytes:
    name_of = lru_cache(None)(graph_of)
    lines = []
    for row, sources in quads:
        for name in dict.fromkeys(filter(None, map(name_of, sources))):
            lines.append(f"{_triple(row)} {_written(name)} .\n")
    return "".join(lines).encode()


def _triple(row: Row) -> str:
    subject, predicate, obj = row
    return f"{_written(subject)} <{predicate}> {_written(obj)}"


def _written(term: str) -> str:
    return term if term.startswith(('"', "_:")) else f"<{term}>"
