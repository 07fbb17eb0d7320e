"""SERVICE in a query: the machines that it names are asked first, and their answers stand as values in its place.

SPARQL 1.1 Federated Query defines the two as the same: what a service with a fixed address answers depends on nothing that
surrounds it. So the evaluator needs no network, and a service is asked within the bounds of `Endpoint`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from kgrag.config import EndpointConfig
from kgrag.errors import GraphError
from kgrag.graph.endpoint import Endpoint
from kgrag.graph.sparql import BLANK_NODE, bound_values, standing_for
from kgrag.graph.terms import to_oxigraph
from kgrag.graph.tokens import closing, form_among, service_address, tokens_of

_log = logging.getLogger(__name__)


class Service(NamedTuple):
    """A SERVICE of a query, with all that it holds.

    Attributes:
        start, end: Its place in the query.
        address: Whom it asks.
        is_silent: Whether having no answer is no error.
        is_nested: Whether it is part of a SELECT within the query, whose variables may be others of the same name.
        pattern: What it asks for, as it stands between its braces.
        variables: Names of the variables in that.
    """

    start: int
    end: int
    address: str
    is_silent: bool
    is_nested: bool
    pattern: str
    variables: list[str]


def answered(sparql: str, bindings: Mapping[str, str], timeout: float) -> str:
    """A query with the answers of its services in their place.

    Values that are bound to its variables are told to the services, so that these need not send the rest.

    Args:
        sparql: The query; `prepare` has let it pass, for its addresses are asked whatever they are.
        bindings: As of `prepare`.
        timeout: Seconds that all services may take together.

    Raises:
        GraphError: If a service that is not SILENT does not answer; see `Endpoint`.
    """
    deadline = time.monotonic() + timeout
    form = form_among(tokens_of(sparql))
    prologue = sparql[: form.end - len(form.text)] if form else ""
    pieces: list[str] = []
    done = 0
    for number, service in enumerate(services(sparql)):
        told = {} if service.is_nested else _told(bindings, service.variables)
        query = f"{prologue}SELECT * WHERE {{{bound_values(told, service.variables)}{{{service.pattern}}} }}"
        found = _ask(service, query, max(deadline - time.monotonic(), 0.001))
        pieces += sparql[done : service.start], _table(found, service.variables, f"service{number}-")
        done = service.end
    return "".join([*pieces, sparql[done:]])


def services(sparql: str) -> Iterator[Service]:
    """Each SERVICE of a query, but those within another one."""
    tokens = tokens_of(sparql)
    selects: list[bool] = []  # for each brace that is open, whether a SELECT begins there
    at = 0
    while at < len(tokens):
        token, address = tokens[at], service_address(tokens, at)
        if address is not None:
            is_silent = tokens[at + 1].keyword == "silent"
            first = at + 2 + is_silent
            last = closing(tokens, first)
            if last is None:
                raise GraphError("In the SPARQL query, a brace behind SERVICE is not closed.", "Mend the query.")
            yield Service(
                start=token.end - len(token.text),
                end=tokens[last].end,
                address=address,
                is_silent=is_silent,
                is_nested=any(selects),
                pattern=sparql[tokens[first].end : tokens[last].end - 1],
                variables=list(dict.fromkeys(part.text[1:] for part in tokens[first:last] if part.kind == "variable")),
            )
            at = last
        elif token.text == "{":
            selects.append([following.keyword for following in tokens[at + 1 : at + 2]] == ["select"])
        elif token.text == "}" and selects:
            selects.pop()
        at += 1


def _told(bindings: Mapping[str, str], variables: Collection[str]) -> dict[str, str]:
    """Bindings that a service knows what to do with: our blank nodes are nothing to it."""
    named = {name.lstrip("?$"): term for name, term in bindings.items()}
    return {name: term for name, term in named.items() if name in variables and not term.lstrip("<").startswith("_:")}


def _ask(service: Service, query: str, timeout: float) -> list[dict[str, str]]:
    try:
        endpoint = Endpoint(service.address, config=EndpointConfig(timeout=timeout))
        found = endpoint.select(query)
        if endpoint.left_out:
            raise GraphError(f"{endpoint.name} answers with terms that are no RDF 1.1.", "Ask for others.")
    except GraphError as error:
        if not service.is_silent:
            raise
        _log.warning("SERVICE SILENT has no answer: %s", error)
        return [{}]
    return found


def _table(found: list[dict[str, str]], variables: Collection[str], prefix: str) -> str:
    """Solutions as a pattern that has just these.

    Args:
        found: The solutions.
        variables: Names of the variables that they may bind: a server may send what it likes.
        prefix: What the names of blank nodes get, which are none of the graph's.
    """
    names = [name for name in variables if any(name in solution for solution in found)]
    blank = [name for name in names if any(solution.get(name, "").startswith("_:") for solution in found)]
    stand_ins = {name: f"{max(names)}_{place}" for place, name in enumerate(blank)}  # none of the names
    lines = (" ".join(_value(solution.get(name), prefix) for name in names) for solution in found)
    table = (
        f"VALUES ({_listed(stand_ins.get(name, name) for name in names)}) {{ {' '.join(map('({})'.format, lines))} }}"
    )
    if not stand_ins:
        return f" {table} "
    binds = " ".join(f"BIND(<{BLANK_NODE}>(?{stand_in}) AS ?{name})" for name, stand_in in stand_ins.items())
    return f" {{ SELECT {_listed(names)} {{ {table} {binds} }} }} "


def _listed(names: Iterable[str]) -> str:
    return " ".join(f"?{name}" for name in names)


def _value(term: str | None, prefix: str) -> str:
    if term is None:
        return "UNDEF"
    return standing_for(prefix + term[2:]) if term.startswith("_:") else str(to_oxigraph(term))
