"""The SPARQL that a remote graph is asked with. Values come in as terms that a parser has read, never as text.

SELECT queries over ?s ?p ?o, if not said otherwise. VALUES stand alone: several in a row, as over nodes and properties,
make some engines build their product first, where a FILTER costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyoxigraph

from kgrag.errors import GraphError
from kgrag.graph.terms import to_oxigraph


class Pattern(NamedTuple):
    """Some statements, at most so many: a part that is None may be anything."""

    subject: str | None
    predicate: str | None
    object: str | None
    most: int


def matching(patterns: Sequence[Pattern]) -> str:
    """The statements of several patterns."""
    return "SELECT ?s ?p ?o WHERE { " + " UNION ".join(map(_matching, patterns)) + " }"


def leaving(nodes: Sequence[str]) -> str:
    """The statements whose subject is one of the nodes. Blank nodes are left out: they cannot be asked about."""
    return f"SELECT ?s ?p ?o WHERE {{ {_values('s', nodes)} ?s ?p ?o FILTER(!isBlank(?o)) }}"


def arriving(nodes: Sequence[str]) -> str:
    """The statements whose object is one of the nodes."""
    return f"SELECT ?s ?p ?o WHERE {{ {_values('o', nodes)} ?s ?p ?o FILTER(isIRI(?s)) }}"


def arriving_counts(nodes: Sequence[str]) -> str:
    """How many (?n) statements with each relation ?p have each of the nodes ?o as object."""
    return f"SELECT ?o ?p (COUNT(*) AS ?n) WHERE {{ {_values('o', nodes)} ?s ?p ?o FILTER(isIRI(?s)) }} GROUP BY ?o ?p"


def labels(nodes: Sequence[str], properties: Iterable[str], tags: Iterable[str] | None) -> str:
    """The labels of nodes.

    Args:
        nodes: IRIs.
        properties: Whose literals are labels.
        tags: Language tags, "" for none, to choose by; None for all there are.
    """
    languages = "" if tags is None else f" FILTER(LANG(?o) IN ({', '.join(_literal(tag) for tag in tags)}))"
    chosen = f"FILTER(?p IN ({_listed(properties)})) FILTER(isLiteral(?o)){languages}"
    return f"SELECT ?s ?p ?o WHERE {{ {_values('s', nodes)} ?s ?p ?o {chosen} }}"


def named(names: Sequence[str], properties: Iterable[str]) -> str:
    """The label statements with one of these literals."""
    chosen = f"FILTER(?p IN ({_listed(properties)})) FILTER(isIRI(?s))"
    return f"SELECT ?s ?p ?o WHERE {{ {_values('o', names)} ?s ?p ?o {chosen} }}"


def label_usage(properties: Iterable[str], sample: int | None = None) -> str:
    """Which properties ?p are used, and with which language tags ?t.

    Args:
        properties: Whose literals are labels.
        sample: How many labels of each are looked at, for it takes long to look at all; None for all.
    """
    limit = f" LIMIT {sample}" if sample else ""
    parts = (
        f"{{ SELECT DISTINCT ?t WHERE {{ {{ SELECT (LANG(?o) AS ?t) WHERE {{ ?s {iri} ?o FILTER(isLiteral(?o)) }}{limit} }} }} }} "
        f"BIND({iri} AS ?p)"
        for iri in map(_written, properties)
    )
    return f"SELECT ?p ?t WHERE {{ {' UNION '.join(f'{{ {part} }}' for part in parts)} }}"


ANYTHING = "ASK { ?s ?p ?o }"
FREQUENT_RELATIONS = "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n) ?p"
RELATIONS = "SELECT DISTINCT ?p WHERE { ?s ?p ?o }"
CLASSES = "SELECT DISTINCT ?o WHERE { ?s a ?o FILTER(isIRI(?o)) }"


def literals(name: str, tags: Iterable[str]) -> list[str]:
    """A name as the literals that it may be; none where it is no valid text, or holds a backslash.

    Some engines read ``\\u0022`` as a quotation mark wherever it stands in a query, be the backslash escaped or not.
    """
    if "\\" in name:
        return []
    try:
        return [_literal(name, tag) for tag in tags]
    except ValueError:  # lone surrogates
        return []


def exists(row: tuple[str, str, str]) -> str:
    """Whether a statement is there (ASK)."""
    return f"ASK {{ {' '.join(map(_written, row))} }}"


def _matching(pattern: Pattern) -> str:
    names, parts, wanted = "spo", [], []
    for name, term in zip(names, pattern[:3]):
        parts.append(f"?{name}" if term is None else _written(term))
        wanted.append(f"?{name}" if term is None else f"({_written(term)} AS ?{name})")
    blank = "".join(f" FILTER(!isBlank(?{name}))" for name, term in zip(names, pattern[:3]) if term is None)
    return f"{{ SELECT {' '.join(wanted)} WHERE {{ {' '.join(parts)}{blank} }} LIMIT {pattern.most} }}"


def _values(variable: str, terms: Iterable[str]) -> str:
    return f"VALUES ?{variable} {{ {' '.join(map(_written, terms))} }}"


def _listed(terms: Iterable[str]) -> str:
    return ", ".join(map(_written, terms))


def _written(term: str) -> str:
    """A term as SPARQL has it, escaped.

    Raises:
        GraphError: If it is no valid term, or a blank node, which in a query is a variable.
    """
    parsed = to_oxigraph(term)
    if isinstance(parsed, pyoxigraph.BlankNode):
        raise GraphError(f"{term} is a blank node, which an endpoint cannot be asked about.", "Ask about IRIs.")
    return str(parsed)


def _literal(text: str, tag: str = "") -> str:
    return str(pyoxigraph.Literal(text, language=tag or None))
