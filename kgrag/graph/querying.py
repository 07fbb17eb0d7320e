"""SPARQL over a graph, evaluated in a process of its own: it can be stopped, and may crash, without harm here."""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.children import command
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


class _Worker:
    """A child process that answers one request at a time; killed when this object goes."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command(_WORKER), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise GraphError(f"No process for SPARQL can be started: {error}.", "Check sys.executable.") from error
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end, self._process, self._owner)

    def is_usable(self) -> bool:
        """Whether it runs, and for this process: a fork must not talk into the conversation of its parent."""
        return self._end.alive and self._owner == os.getpid() and self._process.poll() is None

    def take(self, rows: Iterable[Row]) -> None:
        """Puts statements in the place of all that it holds."""
        statements = _n_triples(rows)
        self.ask({"take": len(statements)}, statements)

    def take_graphs(self, quads: Iterable[tuple[Row, list[str]]]) -> None:
        """Puts those statements that have a named graph among their sources in the place of all named graphs."""
        statements = _n_quads(quads)
        self.ask({"graphs": len(statements)}, statements)

    def change(self, gone: Iterable[Row], come: Iterable[Row]) -> None:
        """Removes statements, then adds some."""
        before, after = _n_triples(gone), _n_triples(come)
        self.ask({"remove": len(before), "add": len(after)}, before + after)

    def ask(self, request: dict[str, Any], body: bytes = b"", timeout: float | None = None) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Raises:
            GraphError: If the time is over, the process died, or it reports an error.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        expired = threading.Event()

        def stop() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, stop) if timeout is not None else None
        line = b""
        try:
            if timer:
                timer.daemon = True
                timer.start()
            stdin.write(json.dumps(request).encode() + b"\n" + body)
            stdin.flush()
            line = stdout.readline()
        except OSError:
            pass  # it died while it was spoken to, which an unfinished line says as well
        finally:
            if timer:
                timer.cancel()
                timer.join()
            if expired.is_set() or not line.endswith(b"\n"):
                self._end()
        if not line.endswith(b"\n"):
            if expired.is_set():
                raise GraphError(
                    f"The SPARQL query was stopped after {timeout:g} seconds.",
                    "Make it more specific, add a LIMIT, or give it a longer time-out.",
                )
            raise GraphError(
                "The SPARQL query crashed its evaluator, or needed too much memory.",
                "Make it shorter, less nested or more specific, or raise Limits.query_bytes.",
            )
        answer = json.loads(line)
        if "error" in answer:
            reason = " ".join(answer["error"].split()).rstrip(".")
            reason = reason if len(reason) <= 300 else reason[:297] + "..."
            raise GraphError(f"The SPARQL query cannot be answered: {reason}.", "Mend the query.")
        return answer


def _named_graphs(graph: KnowledgeGraph) -> set[str]:
    """IRIs of named graphs: FROM cannot speak of those that are blank nodes."""
    return {name for name in map(graph_of, graph.source_names) if name and not name.startswith("_:")}


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be written has nowhere to go
                pipe.close()


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
