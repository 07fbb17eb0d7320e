"""The words of a SPARQL query: as much of its grammar as keywords, names, strings and braces are told apart by."""

from __future__ import annotations

import re
from typing import NamedTuple

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
_FORMS = frozenset(["select", "ask", "construct", "describe"])


class Token(NamedTuple):
    """A word and where it ends; of a prefixed name the prefix."""

    kind: str
    text: str
    end: int

    @property
    def keyword(self) -> str:
        """The word in small letters, where it may be a keyword; else empty."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def may_hold_keyword(self) -> bool:
        """Whether the parser may find a keyword in it: it needs no space around these ("1SERVICE", "SERVICE:name")."""
        return self.kind in ("word", "name")


def tokens_of(sparql: str) -> list[Token]:
    """The words of a query, comments left out."""
    found = []
    for match in _TOKEN.finditer(sparql):
        kind = str(match.lastgroup)
        if kind != "comment":
            found.append(Token(kind, match["prefix"] or "" if kind == "name" else match[0], match.end()))
    return found


def form_among(tokens: list[Token]) -> Token | None:
    """The keyword that says what form a query has; None where there is none."""
    return next((token for token in tokens if token.keyword in _FORMS), None)


def form_of(sparql: str) -> str:
    """ "select", "ask", "construct" or "describe"; empty for none of them."""
    form = form_among(tokens_of(sparql))
    return form.keyword if form else ""


def service_address(tokens: list[Token], at: int) -> str | None:
    """What the SERVICE at a place asks; None where it is none, or its address is not written out."""
    if tokens[at].keyword != "service":
        return None
    following = tokens[at + 1 : at + 4]
    if following and following[0].keyword == "silent":
        del following[0]
    is_plain = len(following) > 1 and following[0].kind == "iri" and following[1].text == "{"
    return following[0].text[1:-1] if is_plain else None


def closing(tokens: list[Token], brace: int) -> int | None:
    """The place of the brace that closes one; None where there is none."""
    depth = 0
    for at in range(brace, len(tokens)):
        depth += (tokens[at].text == "{") - (tokens[at].text == "}")
        if not depth:
            return at
    return None
