"""SPARQL over a graph, evaluated in a process of its own: it can be stopped, and may crash, without harm here."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kgrag.children import Child
from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line
from kgrag.graph.sparql import prepare

if TYPE_CHECKING:
    from kgrag.graph.knowledge_graph import KnowledgeGraph

QueryResult = bool | list[dict[str, str]] | list[tuple[str, str, str]]

_WORKER = "kgrag.graph.query_worker"
_TYPED = '"^^<'  # the store takes "01" and "1" for the same: it cannot remove one and keep the other


class QueryEngine:
    """Evaluates the queries of one graph; a process is started with the first one, and ends with the engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._version = -1

    def query(
        self, graph: KnowledgeGraph, sparql: str, bindings: Mapping[str, str], timeout: float, limits: Limits
    ) -> QueryResult:
        """See `KnowledgeGraph.query`."""
        timeout = checked_timeout(timeout)
        query = prepare(sparql, bindings, limits)
        with self._lock:
            worker = self._current(graph)
            request = {"query": query, "rows": limits.query_rows, "memory": limits.query_bytes}
            answer = worker.ask(request, timeout=timeout)
        if "boolean" in answer:
            return bool(answer["boolean"])
        rows = answer["rows"]
        return within_limit([tuple(row) for row in rows] if rows and isinstance(rows[0], list) else rows, limits)

    def _current(self, graph: KnowledgeGraph) -> _Worker:
        """A running process that holds the graph as it is now."""
        if self._worker is None or not self._worker.is_usable():
            self._worker, self._version = _Worker(), -1
        if self._version != graph.version:
            changes = graph.changes_since(self._version) if self._version >= 0 else None
            if changes is None or any(_TYPED in obj for gone, _ in changes for _, _, obj in gone):
                self._worker.take(_n_triples(graph.rows()))
            else:
                for gone, come in changes:
                    self._worker.change(_n_triples(gone), _n_triples(come))
            self._version = graph.version
        return self._worker

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

    def take(self, statements: bytes) -> None:
        """Puts N-Triples in the place of all that it holds."""
        self.ask({"take": True}, statements)

    def change(self, gone: bytes, come: bytes) -> None:
        """Removes N-Triples, then adds some."""
        self.ask({"remove": len(gone)}, gone + come)

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


def _n_triples(rows: Iterable[tuple[str, str, str]]) -> bytes:
    def written(term: str) -> str:
        return term if term.startswith(('"', "_:")) else f"<{term}>"

    lines = [f"{written(subject)} <{predicate}> {written(obj)} .\n" for subject, predicate, obj in rows]
    return "".join(lines).encode()
