"""A SPARQL 1.1 endpoint over HTTP. The network is used here alone, and only for the URL that the user gave."""

from __future__ import annotations

import base64
import json
import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph
import urllib3

from kgrag.config import EndpointConfig, Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line
from kgrag.graph.reading import parse
from kgrag.graph.sparql import QueryResult
from kgrag.graph.terms import from_oxigraph
from kgrag.graph.tokens import form_of

_RESULTS, _TRIPLES = "application/sparql-results+json", "application/n-triples"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]")  # some servers name blank nodes nodeID://b1
_CHUNK = 1 << 16
_SHOWN = 2_000  # bytes of an error page that are read
_BACK_OFF = 0.5  # seconds before the first repetition; twice as many before each further one
_BUSY = frozenset([429, 502, 503, 504])

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
        self.requests = self.results = self.left_out = 0
        self._url = url.split("#")[0]
        self._credentials = _credentials(user, password, token)
        self._secrets = [text for text in (self._credentials.partition(" ")[2], password) if text]
        self._pool = urllib3.PoolManager(maxsize=1, retries=False)

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

    # The way there and back

    def _fetch(self, sparql: str, accept: str, timeout: float) -> bytes:
        """The body of the answer; repeats the request where that may help."""
        try:
            body = sparql.encode()
        except UnicodeEncodeError as error:
            raise GraphError("The query is not valid Unicode text.", "Remove the lone surrogates.") from error
        deadline = time.monotonic() + timeout
        for attempt in range(1, self.config.attempts + 1):
            try:
                return self._send(body, accept, timeout, deadline)
            except _BusyError as busy:
                wait = _BACK_OFF * 2 ** (attempt - 1) if busy.wait is None else busy.wait
                if attempt == self.config.attempts or time.monotonic() + wait >= deadline:
                    asked = f", and asks to wait {busy.wait:.0f} seconds" if busy.wait else ""
                    raise GraphError(
                        f"{self.name} {busy.reason}{asked}.", "Check the address and the server, or try again later."
                    ) from busy
                _log.info("%s %s; asked again in %.1f s", self.name, busy.reason, wait)
                time.sleep(wait)
        raise GraphError(f"{self.config.attempts} attempts leave no request to send.", "Allow at least one.")

    def _send(self, body: bytes, accept: str, timeout: float, deadline: float) -> bytes:
        headers = {
            "Content-Type": "application/sparql-query",
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "User-Agent": "kgrag",
        }
        if self._credentials:
            headers["Authorization"] = self._credentials
        self.requests += 1
        left = max(deadline - time.monotonic(), 0.001)
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=left),
                redirect=False,
                preload_content=False,
            )
            try:
                if response.status != 200:
                    raise self._refusal(response, deadline)
                return self._body(response, self.config.answer_bytes, deadline)
            finally:
                response.close()  # an answer that was read to its end has given its connection back before
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ProtocolError) as error:
            raise _BusyError(f"cannot be reached: {one_line(str(error))}") from error
        except (TimeoutError, urllib3.exceptions.TimeoutError) as error:
            raise GraphError(
                f"{self.name} did not answer within {timeout:g} seconds.",
                "Ask for less, or allow more: EndpointConfig.timeout.",
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise GraphError(
                f"{self.name} cannot be asked: {one_line(str(error))}.", "Check the address and its certificate."
            ) from error

    def _body(self, response: urllib3.BaseHTTPResponse, most: int, deadline: float, cut: bool = False) -> bytes:
        """What the response holds; at most ``most`` bytes, beyond which it is ``cut`` or refused."""
        data = bytearray()
        while chunk := response.read1(_CHUNK):
            data += chunk
            if len(data) > most and not cut:
                raise GraphError(
                    f"The answer of {self.name} has more than {most:,} bytes.",
                    "Ask for less, or allow more: EndpointConfig.answer_bytes.",
                )
            if len(data) > most:
                break
            if time.monotonic() > deadline:
                raise TimeoutError
        return bytes(data[:most])

    def _refusal(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Exception:
        """The error that stands for a response other than 200."""
        status = response.status
        if status in _BUSY:
            return _BusyError(f"is busy or not available (HTTP {status})", _wait(response))
        if status in (301, 302, 303, 307, 308):
            target = self._shown(response.headers.get("Location", "nowhere"))
            return GraphError(
                f"{self.name} redirects to {target}, which is not followed.", "Give that address if you trust it."
            )
        if status in (401, 403):
            return GraphError(f"{self.name} refuses access (HTTP {status}).", "Check user and password, or token.")
        reason = self._shown(self._body(response, _SHOWN, deadline, cut=True).decode("utf-8", "replace"))
        told = f": {reason}." if reason else "."
        if status == 400:
            return GraphError(f"{self.name} refuses the query{told}", "Mend the query.")
        return GraphError(f"{self.name} cannot answer (HTTP {status}){told}", "Check the address, often .../sparql.")

    def _shown(self, text: str) -> str:
        """What a server says, on one line and without our credentials, should it repeat them."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return one_line(text)

    # Answers

    def _results(self, data: bytes) -> bool | list[dict[str, str]]:
        try:
            answer = json.loads(data)
            if isinstance(answer.get("boolean"), bool):
                return bool(answer["boolean"])
            found = [{name: _term(value) for name, value in row.items()} for row in answer["results"]["bindings"]]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            start = self._shown(data[:200].decode("utf-8", "replace"))
            raise GraphError(
                f"{self.name} does not answer with SPARQL results in JSON, but with «{start}».", "Check the address."
            ) from error
        self.results += len(found)
        left_out = sum(term is None for solution in found for term in solution.values())
        self.left_out += left_out
        if left_out:
            _log.warning("%s: %d terms are not valid RDF 1.1 and were left out", self.name, left_out)
        return [{name: term for name, term in solution.items() if term is not None} for solution in found]


class _BusyError(Exception):
    """The same request may succeed later; ``wait`` are the seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def _wait(response: urllib3.BaseHTTPResponse) -> float | None:
    try:
        return urllib3.Retry().get_retry_after(response)
    except (urllib3.exceptions.HTTPError, ValueError, OverflowError):  # neither seconds nor a date
        return None


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
