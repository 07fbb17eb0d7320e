"""A SPARQL 1.1 endpoint over HTTP. The network is used only for the URL that the user gave."""

from __future__ import annotations

import base64
import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph

from kgrag.config import EndpointConfig, Limits
from kgrag.errors import GraphError
from kgrag.graph.reading import parse
from kgrag.graph.sparql import QueryResult
from kgrag.graph.terms import from_oxigraph
from kgrag.graph.tokens import form_of
from kgrag.posting import Poster, Terms

_RESULTS, _TRIPLES = "application/sparql-results+json", "application/n-triples"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]")  # some servers name blank nodes nodeID://b1

_log = logging.getLogger(__name__)


class Endpoint:
    """Sends queries to one SPARQL 1.1 endpoint by POST, and reads the answers within bounds.

    Redirects are not followed, proxies not used. A request that meets a busy server (429, 502, 503, 504) or a broken
    connection is repeated after a wait that doubles each time, or that the server asks for by Retry-After.

    Args:
        url: Its address; parameters such as ``?default-graph-uri=`` are sent along.
        user: For basic authentication, with ``password``.
        password: As ``user``.
        token: For bearer authentication.
        config: Bounds on time, repetitions and size.

    Attributes:
        name: The address without its parameters: what its statements have as their source.
        requests: How many requests were sent.
        results: How many results came back.
        left_out: How many terms of them were left out.

    Raises:
        GraphError: If the address is none of http or https, or user, password and token do not go together.
    """

    def __init__(
        self,
        url: str,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        config: EndpointConfig | None = None,
    ) -> None:
        self.name = _checked_name(url)
        self.config = config or EndpointConfig()
        self.results = self.left_out = 0
        self._credentials = _credentials(user, password, token)
        secrets = [text for text in (self._credentials.partition(" ")[2], password) if text]
        terms = Terms(
            attempts=self.config.attempts,
            answer_bytes=self.config.answer_bytes,
            error=GraphError,
            settings="EndpointConfig",
            request="query",
            access="Check user and password, or token.",
            address="Check the address, often .../sparql.",
        )
        self._poster = Poster(self.name, url.split("#")[0], terms, secrets)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._poster.requests

    def select(self, sparql: str) -> list[dict[str, str]]:
        """Solutions of a SELECT query; see `query` for them and for errors."""
        found = self._results(self._fetch(sparql, _RESULTS, self.config.timeout))
        if isinstance(found, bool):
            raise GraphError(f"{self.name} answers a SELECT query with yes or no.", "Check the address.")
        return found

    def query(self, sparql: str, timeout: float | None = None, limits: Limits | None = None) -> QueryResult:
        """Evaluates a query of any form.

        Args:
            sparql: The query.
            timeout: Seconds, repetitions included; those of the config where not given.
            limits: Bounds on the triples of CONSTRUCT and DESCRIBE.

        Returns:
            As of `KnowledgeGraph.query`. Triple terms, and what is not valid RDF, are left out of solutions, and logged.

        Raises:
            GraphError: If the endpoint cannot be reached, refuses, takes too long, or its answer is too large or none.
        """
        timeout = timeout or self.config.timeout
        if form_of(sparql) not in ("construct", "describe"):
            return self._results(self._fetch(sparql, _RESULTS, timeout))
        triples = parse(self._fetch(sparql, _TRIPLES, timeout), "n-triples", limits=limits)
        return [(from_oxigraph(subject), predicate.value, from_oxigraph(obj)) for subject, predicate, obj, _ in triples]

    def _fetch(self, sparql: str, accept: str, timeout: float) -> bytes:
        """The body of the answer."""
        try:
            body = sparql.encode()
        except UnicodeEncodeError as error:
            raise GraphError("The query is not valid Unicode text.", "Remove the lone surrogates.") from error
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        if self._credentials:
            headers["Authorization"] = self._credentials
        return self._poster.post(body, headers, timeout)

    # Answers

    def _results(self, data: bytes) -> bool | list[dict[str, str]]:
        try:
            answer = json.loads(data)
            if isinstance(answer.get("boolean"), bool):
                return bool(answer["boolean"])
            found = [{name: _term(value) for name, value in row.items()} for row in answer["results"]["bindings"]]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            start = self._poster.shown(data[:200].decode("utf-8", "replace"))
            raise GraphError(
                f"{self.name} does not answer with SPARQL results in JSON, but with «{start}».", "Check the address."
            ) from error
        self.results += len(found)
        left_out = sum(term is None for solution in found for term in solution.values())
        self.left_out += left_out
        if left_out:
            _log.warning("%s: %d terms are not valid RDF 1.1 and were left out", self.name, left_out)
        return [{name: term for name, term in solution.items() if term is not None} for solution in found]


def _term(value: dict[str, Any]) -> str | None:
    """A term of an answer as a string; None where it is not valid.

    Raises:
        TypeError, KeyError: If it is no term at all.
    """
    kind, text, language = value["type"], value["value"], value.get("xml:lang")
    try:
        if kind == "uri":
            return pyoxigraph.NamedNode(text).value
        if kind == "bnode":
            return "_:" + _NOT_IN_NAMES.sub("_", text)
        if kind not in ("literal", "typed-literal"):  # the second in answers of before SPARQL 1.1
            return None
        datatype = pyoxigraph.NamedNode(value["datatype"]) if "datatype" in value and not language else None
        return str(pyoxigraph.Literal(text, datatype=datatype, language=language))
    except ValueError:
        return None


def _checked_name(url: str) -> str:
    hint = "Give one as http://host/sparql."
    if not isinstance(url, str):
        raise GraphError(f"The address of the endpoint is of type {type(url).__name__}.", hint)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise GraphError(f"The address of the endpoint is not valid: {error}.", hint) from error
    if parts.username or parts.password:
        raise GraphError("The address of the endpoint holds a password.", "Give user= and password= instead.")
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise GraphError(f"{url.split('?')[0]!r} is no address of an endpoint.", hint)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def _credentials(user: str | None, password: str | None, token: str | None) -> str:
    """Value of the Authorization header; empty for none."""
    if token is not None:
        if user is not None or password is not None:
            raise GraphError("Both a token and a user or password were given.", "Give one or the other.")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise GraphError("The token is empty or holds characters that none has.", "Check it.")
        return f"Bearer {token}"
    if user is None and password is None:
        return ""
    if not user or password is None or ":" in user:
        raise GraphError("Basic authentication takes a user, without a colon, and a password.", "Give both.")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
