"""The process that evaluates SPARQL: statements come in once, queries one by one, answers go out as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store

from kgrag.children import bound_memory, memory_meter, open_no_files, reply, requests
from kgrag.graph.sparql import BLANK_NODE
from kgrag.graph.terms import from_oxigraph


def _restored(term: Any) -> Any:
    """The blank node that a literal stands for; other terms as they are."""
    is_stand_in = isinstance(term, Literal) and term.datatype.value == BLANK_NODE
    return BlankNode(term.value) if is_stand_in else term


_FUNCTIONS: Any = {NamedNode(BLANK_NODE): _restored}


def main() -> None:
    """Answers requests until standard input ends."""
    held = memory_meter()
    open_no_files()
    store, own_bytes = Store(), held()
    for request, body in requests():
        try:
            if "query" in request:
                bound_memory(own_bytes + request["memory"])  # a sort of a cross product fills a gigabyte each second
                answer = _evaluate(store, request["query"], request["rows"])
            else:
                bound_memory(None)
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
                own_bytes = held()
                answer = {}
        except SyntaxError as error:
            answer = {"error": f"not valid SPARQL: {error.msg}"}
        except (ValueError, OSError, RuntimeError) as error:
            answer = {"error": str(error)}
        reply(answer)


def _parse(data: bytes) -> Iterator[pyoxigraph.Quad]:
    return pyoxigraph.parse(data, RdfFormat.N_QUADS)  # Store.load() would rename blank nodes


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
