"""SPARQL text before it is evaluated: what is refused in it, and where values are bound into it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import pyoxigraph

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.terms import to_oxigraph

BLANK_NODE = "urn:kgrag:blank-node"  # a function that the evaluator offers, for SPARQL cannot name a blank node

# What is sought without end from each place where it may begin takes time without end: hence the bound on prefixes, and
# the escapes, which are quotes in a string that is left open.
_TOKEN = re.compile(
    r"""
    (?P<string>  \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
               | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*' )
  | (?P<iri>     <(?:[^<>"{}|^`\\\x00-\x20]|\\[uU])*> )
  | (?P<comment> \#[^\r\n]* )
  | (?P<variable>[?$][\w\u00b7]+ )
  | (?P<blank>   _:[\w.\u00b7-]+ )
  | (?P<name>    (?P<prefix>[^\W\d_][\w.\u00b7-]{0,200})?:(?:[\w:.\u00b7-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])* )
  | (?P<word>    @?\w[\w-]* )
  | (?P<open>    << | [{(\[] )
  | (?P<close>   >> | [})\]] )
  | (?P<escape>  \\. )
    """,
    re.VERBOSE | re.DOTALL,
)
_UPDATES = frozenset(["insert", "delete", "load", "clear", "create", "drop", "copy", "move", "add"])
_FORMS = frozenset(["select", "ask", "construct", "describe"])


class _Token(NamedTuple):
    kind: str
    text: str
    end: int


def prepare(sparql: str, bindings: Mapping[str, str], limits: Limits) -> str:
    """Checks a query and binds values to its variables.

    Args:
        sparql: The query.
        bindings: Term string by name of a variable, with or without its "?".
        limits: Bounds the nesting.

    Returns:
        The query; where there are bindings, its pattern begins with them.

    Raises:
        GraphError: If the query asks for another machine or another data set, changes the graph, is nested too deeply,
            or a binding does not fit it.
    """
    if not isinstance(sparql, str) or not sparql.strip():
        raise GraphError("No SPARQL query was given.", 'Give one, such as "SELECT ?s WHERE { ?s ?p ?o }".')
    tokens = _tokens(sparql)
    _refuse_keywords(tokens)
    _refuse_depth(tokens, limits.nesting_depth)
    if not bindings:
        return sparql
    at = _start_of_pattern(tokens)
    return sparql[:at] + _values(tokens, bindings) + sparql[at:]


def form_of(sparql: str) -> str:
    """ "select", "ask", "construct" or "describe"; empty for none of them."""
    return _form(_tokens(sparql))


def _form(tokens: list[_Token]) -> str:
    words = (token.text.lower() for token in tokens if token.kind == "word")
    return next((word for word in words if word in _FORMS), "")


def _tokens(sparql: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(sparql):
        kind = str(match.lastgroup)
        if kind != "comment":
            found.append(_Token(kind, match["prefix"] or "" if kind == "name" else match[0], match.end()))
    return found


def _refuse_keywords(tokens: list[_Token]) -> None:
    for kind, text, _ in tokens:
        word = text.lower()
        # The parser needs no space after a keyword ("1SERVICE", "SERVICE:name"), so that the word is refused within
        # others as well, and at the start of names.
        if kind in ("word", "name") and "service" in word:
            raise GraphError(
                "SERVICE asks another machine, and nothing is fetched.",
                "Ask this graph alone; a prefix that is called so needs another name.",
            )
        if kind == "word" and word == "from":
            raise GraphError("FROM names another data set than this graph.", "Leave it out.")
        if kind == "word" and word in _UPDATES:
            raise GraphError(f"{word.upper()} would change the graph.", "Use its methods add, remove and update.")


def _refuse_depth(tokens: list[_Token], most: int) -> None:
    depth = deepest = 0
    for kind, _, _ in tokens:
        depth = depth + 1 if kind == "open" else max(depth - 1, 0) if kind == "close" else depth
        deepest = max(deepest, depth)
    if deepest > most:
        raise GraphError(
            f"The SPARQL query is nested {deepest} deep, more than {most}.",
            "Flatten it, or raise Limits.nesting_depth with care: the parser crashes on a few thousand.",
        )


def _start_of_pattern(tokens: list[_Token]) -> int:
    """Where the outermost pattern of a query begins, just behind its brace."""
    words = [token.text.lower() if token.kind == "word" else "" for token in tokens]
    skipped = 1 if _form(tokens) == "construct" else 0  # the braces of the template
    depth = 0
    for i, (kind, text, end) in enumerate(tokens):
        if kind == "open":
            if text == "{" and not depth:
                if not skipped:
                    if words[i + 1 : i + 2] == ["select"]:
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


def _values(tokens: list[_Token], bindings: Mapping[str, str]) -> str:
    """The bindings as the first lines of a pattern; they are parsed terms, never the text that was given."""
    known = {token.text[1:] for token in tokens if token.kind == "variable"}
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
            lines.append(f" BIND(<{BLANK_NODE}>({pyoxigraph.Literal(term.value)}) AS ?{variable})")
        else:
            lines.append(f" VALUES ?{variable} {{ {term} }}")
    return "".join(lines) + " "
