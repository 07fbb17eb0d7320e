"""SPARQL text before it is evaluated: what is refused in it, and where values are bound into it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pyoxigraph

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.terms import to_oxigraph
from kgrag.graph.tokens import Token, form_among, service_address, tokens_of

QueryResult = bool | list[dict[str, str]] | list[tuple[str, str, str]]

# SPARQL cannot name a blank node: a datatype of literals that stand for some, and a function of the evaluator that puts
# the blank nodes in their place.
BLANK_NODE = "urn:kgrag:blank-node"

_UPDATES = frozenset(["insert", "delete", "load", "clear", "create", "drop", "copy", "move", "add"])
_SHOWN = 10


def prepare(
    sparql: str,
    bindings: Mapping[str, str],
    limits: Limits,
    allow: Collection[str] = (),
    graphs: Callable[[], Collection[str]] | None = None,
) -> str:
    """Checks a query and binds values to its variables.

    Args:
        sparql: The query.
        bindings: Term string by name of a variable, with or without its "?".
        limits: Bounds the nesting.
        allow: Addresses, or the address, that SERVICE may ask.
        graphs: Gives the IRIs that FROM may name; None where it may name nothing.

    Returns:
        The query; where there are bindings, its pattern begins with them.

    Raises:
        GraphError: If the query asks for a machine or a data set that is not allowed, changes the graph, is nested too
            deeply, or a binding does not fit it.
    """
    if not isinstance(sparql, str) or not sparql.strip():
        raise GraphError("No SPARQL query was given.", 'Give one, such as "SELECT ?s WHERE { ?s ?p ?o }".')
    tokens = tokens_of(sparql)
    _refuse_keywords(tokens, [allow] if isinstance(allow, str) else list(map(str, allow)), graphs)
    _refuse_depth(tokens, limits.nesting_depth)
    if not bindings:
        return sparql
    at = _start_of_pattern(tokens)
    known = {token.text[1:] for token in tokens if token.kind == "variable"}
    return sparql[:at] + bound_values(bindings, known) + sparql[at:]


def uses_graphs(sparql: str) -> bool:
    """Whether a query may be about named graphs: it names them by GRAPH or FROM."""
    words = (token.text.lower() for token in tokens_of(sparql) if token.may_hold_keyword)
    return any("graph" in word or "from" in word for word in words)


def _refuse_keywords(tokens: list[Token], allow: Collection[str], graphs: Callable[[], Collection[str]] | None) -> None:
    for at, token in enumerate(tokens):
        if token.may_hold_keyword and "service" in token.text.lower() and service_address(tokens, at) not in allow:
            raise GraphError(
                f"SERVICE asks another machine, of which {', '.join(allow) or 'none'} may be asked.",
                "Allow its address, and write it out, as in SERVICE <http://host/sparql> { ... }; "
                "a prefix that is called so needs another name.",
            )
        if token.keyword == "from":
            _refuse_graph(tokens[at + 1 : at + 3], graphs)
        if token.keyword in _UPDATES:
            raise GraphError(
                f"{token.keyword.upper()} would change the graph.",
                "Use its methods add, remove, remove_where, and update, which loads a file.",
            )


def _refuse_graph(following: list[Token], graphs: Callable[[], Collection[str]] | None) -> None:
    """Asks whether FROM may be followed by these."""
    if graphs is None:
        raise GraphError("FROM names another data set than this graph.", "Leave it out.")
    if following and following[0].keyword == "named":
        del following[0]
    if not following or following[0].kind != "iri":
        raise GraphError("FROM is not followed by an IRI.", "Write that out, as in FROM <IRI> or FROM NAMED <IRI>.")
    iri = following[0].text[1:-1]
    known = sorted(graphs())
    if iri not in known:
        more = f" and {len(known) - _SHOWN:,} more" if len(known) > _SHOWN else ""
        raise GraphError(
            f"FROM names {iri}, which is no named graph of this graph.",
            f"It has {', '.join(known[:_SHOWN]) or 'none'}{more}.",
        )


def _refuse_depth(tokens: list[Token], most: int) -> None:
    depth = deepest = 0
    for kind, _, _ in tokens:
        depth = depth + 1 if kind == "open" else max(depth - 1, 0) if kind == "close" else depth
        deepest = max(deepest, depth)
    if deepest > most:
        raise GraphError(
            f"The SPARQL query is nested {deepest} deep, more than {most}.",
            "Flatten it, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )


def _start_of_pattern(tokens: list[Token]) -> int:
    """Where the outermost pattern of a query begins, just behind its brace."""
    form = form_among(tokens)
    skipped = 1 if form and form.keyword == "construct" else 0  # the braces of the template
    depth = 0
    for i, (kind, text, end) in enumerate(tokens):
        if kind == "open":
            if text == "{" and not depth:
                if not skipped:
                    if [token.keyword for token in tokens[i + 1 : i + 2]] == ["select"]:
                        break
                    return end
                skipped -= 1
            depth += 1
        elif kind == "close":
            depth -= 1
    raise GraphError(
        "Values cannot be bound into this SPARQL query.",
        "Write out its WHERE { ... }, and put a SELECT within it into braces of its own.",
    )


def bound_values(bindings: Mapping[str, str], known: Collection[str]) -> str:
    """The bindings as the first lines of a pattern; they are parsed terms, never the text that was given.

    Args:
        bindings: As of `prepare`.
        known: Names of the variables that there are.

    Raises:
        GraphError: If a binding does not fit.
    """
    lines = []
    for name, text in bindings.items():
        variable = name.lstrip("?$")
        if variable not in known:
            valid = ", ".join(f"?{name}" for name in sorted(known)) or "none"
            raise GraphError(f"The SPARQL query has no variable ?{variable}.", f"It has {valid}.")
        if not isinstance(text, str):
            raise GraphError(f"?{variable} is bound to {text!r}.", "Bind strings; write numbers as '\"5\"'.")
        term = to_oxigraph(text[1:-1] if text.startswith("<") and text.endswith(">") else text)
        if isinstance(term, pyoxigraph.BlankNode):
            lines.append(f" BIND(<{BLANK_NODE}>({standing_for(term.value)}) AS ?{variable})")
        else:
            lines.append(f" VALUES ?{variable} {{ {term} }}")
    return "".join(lines) + " "


def standing_for(blank: str) -> str:
    """The literal that stands for a blank node, by the name of that."""
    return str(pyoxigraph.Literal(blank, datatype=pyoxigraph.NamedNode(BLANK_NODE)))
