"""The process that evaluates SPARQL: statements come in once, queries one by one, answers go out as lines of JSON."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Any, BinaryIO

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store

from kgrag.graph.sparql import BLANK_NODE
from kgrag.graph.terms import from_oxigraph

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def _restored(term: Any) -> Any:
    """The blank node that a literal stands for; other terms as they are."""
    is_stand_in = isinstance(term, Literal) and term.datatype.value == BLANK_NODE
    return BlankNode(term.value) if is_stand_in else term


_FUNCTIONS: Any = {NamedNode(BLANK_NODE): _restored}


def main() -> None:
    """Answers requests until standard input ends, be it in the midst of a query."""
    _shut_in()
    requests: SimpleQueue[tuple[dict[str, Any], bytes]] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    store, own_bytes = Store(), _peak_memory()
    while True:
        request, body = requests.get()
        try:
            if "query" in request:
                _bound_memory(own_bytes + request["memory"])
                answer = _evaluate(store, request["query"], request["rows"])
            else:
                _bound_memory(None)
                if "take" in request:
                    store = Store()
                    store.extend(_parse(body))
                elif "graphs" in request:
                    for name in list(store.named_graphs()):
                        store.remove_graph(name)
                    store.extend(_parse(body))
                else:
                    for quad in _parse(body[: request["remove"]]):
                        store.remove(quad)
                    store.extend(_parse(body[request["remove"] :]))
                own_bytes = _peak_memory()
                answer = {}
        except SyntaxError as error:
            answer = {"error": f"not valid SPARQL: {error.msg}"}
        except (ValueError, OSError, RuntimeError) as error:
            answer = {"error": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _parse(data: bytes) -> Iterator[pyoxigraph.Quad]:
    return pyoxigraph.parse(data, RdfFormat.N_QUADS)  # Store.load() would rename blank nodes


def _shut_in() -> None:
    """No further file or connection can be opened from here on, whatever a query asks for; no core is dumped."""
    if resource:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if resource else 0


def _bound_memory(most: int | None) -> None:
    """Lets the process end when it needs more: a sort of a cross product fills a gigabyte each second."""
    if resource and sys.platform == "linux":  # elsewhere this bound has no effect, or another unit
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        most = hard if most is None else most
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _receive(stream: BinaryIO, requests: SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Takes requests in; ends the process with its parent, even a killed one, for nobody waits for the answer then."""
    while line := stream.readline():
        request = json.loads(line)
        size = sum(request.get(part, 0) for part in ("take", "remove", "add", "graphs"))
        requests.put((request, stream.read(size)))
    os._exit(0)


def _evaluate(store: Store, query: str, most: int) -> dict[str, Any]:
    found = store.query(query, custom_functions=_FUNCTIONS)
    if isinstance(found, pyoxigraph.QueryBoolean):
        return {"boolean": bool(found)}
    rows: list[Any]
    if isinstance(found, pyoxigraph.QuerySolutions):
        names = [variable.value for variable in found.variables]
        rows = [
            {name: from_oxigraph(term) for name, term in zip(names, solution) if term is not None}
            for solution in islice(found, most + 1)
        ]
    else:
        rows = [[from_oxigraph(part) for part in triple] for triple in islice(found, most + 1)]
    return {"rows": rows}
