"""RDF terms as strings: one string a term, and the words a term is shown by.

An IRI stands for itself, a blank node is ``_:name``, a literal is its N-Triples form (``"Berlin"@de``). None of them can
be mistaken for another, so a string is all that a node needs as its key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

import pyoxigraph

from kgrag.errors import GraphError

NODE_PREFIX, RELATION_PREFIX = _OWN_PREFIXES = "urn:kgrag:node:", "urn:kgrag:relation:"

_SPACES = re.compile(r"[_\s]+")
_LITERAL = re.compile(
    r'"(?P<value>(?:[^"\\]|\\.)*)"'
    r"(?:@(?P<language>[A-Za-z]+(?:-[A-Za-z0-9]+)*)(?:--(?P<direction>ltr|rtl))?|\^\^<(?P<datatype>[^<>\"\s]+)>)?",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ABSOLUTE = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`\x00-\x20]+')
_HIERARCHICAL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NOT_IN_IRIS = re.compile(r'[\s<>"{}|\\^`\x00-\x20]')
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_AUXILIARIES = frozenset(["is", "has", "have", "had", "was", "are", "does", "can", "may", "must", "contains"])
_VERBS = frozenset(
    ["treats", "affects", "prevents", "supports", "starts", "regulates", "interacts", "acts", "targets", "runs"]
)
_PREPOSITIONS = frozenset(["by", "in", "with", "to", "from", "on", "of", "at", "for", "during", "as", "into"])
_PLURALS = ("ss", "us", "is", "ies", "ts", "ns", "rs", "ms")  # nouns in the plural, most likely
_CAPITALISED = re.compile(r"[A-Z][a-z]*")


def normalise(text: str) -> str:
    """The form in which two names are compared: NFKC, case folded, runs of "_" and white space as one space."""
    return " ".join(_folded(text).split())


def normalise_all(texts: Sequence[str]) -> list[str]:
    """`normalise` of many texts, at once: NUL parts them, which no form of Unicode joins with its neighbours."""
    folded = _folded("\0".join(texts)).split("\0")
    if len(folded) != len(texts):  # there is a NUL in one, or nothing at all
        return list(map(normalise, texts))
    return [" ".join(text.split()) for text in folded]


def _folded(text: str) -> str:
    """Folding can undo what NFKC did, hence NFKC once more: normalising twice changes nothing."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.replace("_", " ")


class LiteralParts(NamedTuple):
    """A literal taken apart; empty strings where it has no language, base direction or datatype."""

    value: str
    language: str
    direction: str
    datatype: str


def literal_parts(text: str) -> LiteralParts | None:
    """Takes the N-Triples form of a literal apart; None where the text is not one."""
    match = _LITERAL.fullmatch(text)
    if match is None:
        return None
    value = match["value"]
    if "\\" in value:
        value = _ESCAPE.sub(_unescape, value)
    return LiteralParts(value, match["language"] or "", match["direction"] or "", match["datatype"] or "")


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])


def literal_value(text: str) -> str:
    """Lexical value of a literal in N-Triples form."""
    if "\\" not in text:  # nothing escaped: what stands between the first and the last quote
        return text[1 : text.rindex('"')]
    parts = literal_parts(text)
    assert parts is not None, text
    return parts.value


def literal_values(texts: Iterable[str]) -> list[str]:
    """`literal_value` of many literals."""
    return [literal_value(text) if "\\" in text else text[1 : text.rindex('"')] for text in texts]


def to_oxigraph(text: str) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal:
    """The term that a string stands for.

    Raises:
        GraphError: If it is no valid IRI, blank node or literal.
    """
    try:
        if text.startswith('"'):
            parts = literal_parts(text)
            if parts is None:
                raise ValueError('expected "value", "value"@language or "value"^^<datatype IRI>')
            if parts.direction:
                direction = pyoxigraph.BaseDirection(parts.direction)
                return pyoxigraph.Literal(parts.value, language=parts.language, direction=direction)
            datatype = pyoxigraph.NamedNode(parts.datatype) if parts.datatype else None
            return pyoxigraph.Literal(parts.value, datatype=datatype, language=parts.language or None)
        if text.startswith("_:"):
            return pyoxigraph.BlankNode(text[2:])
        return pyoxigraph.NamedNode(text)
    except (ValueError, UnicodeError, OverflowError) as error:
        raise GraphError(f"{_shown(text)} is no valid RDF term: {error}.", "Mend it.") from error


def from_oxigraph(term: pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple) -> str:
    """The string that stands for a term."""
    return term.value if isinstance(term, pyoxigraph.NamedNode) else str(term)


def read_term(text: object, prefix: str = NODE_PREFIX) -> str:
    """A term as a user writes it, as the string that stands for it.

    Absolute IRIs (``scheme:...``, also in angle brackets), ``_:name`` and quoted literals are taken as such; any other
    text is a plain name and becomes the IRI ``prefix`` + percent-encoded name.

    Raises:
        GraphError: If the text is empty, not a string, or a malformed IRI, blank node or literal.
    """
    if not isinstance(text, str) or not text.strip():
        raise GraphError(
            f"A triple holds {_shown(text)}.", "Each part must be a string that is not empty; write numbers as '\"5\"'."
        )
    if text.startswith("<") and text.endswith(">"):
        return str(to_oxigraph(text[1:-1]))[1:-1]
    if text.startswith('"') and (literal_parts(text) is not None or '"^^' in text):
        return str(to_oxigraph(text))
    if text.startswith("_:") and not _SPACES.search(text[2:].replace("_", "")):
        return str(to_oxigraph(text))
    if _ABSOLUTE.fullmatch(text):
        return str(to_oxigraph(text))[1:-1]
    try:
        if _HIERARCHICAL.match(text):  # an IRI with a space or the like in it
            encoded = _NOT_IN_IRIS.sub(lambda match: quote(match[0], safe=""), text)
            return str(to_oxigraph(encoded))[1:-1]
        return prefix + quote(text.strip(), safe="")
    except UnicodeEncodeError as error:
        raise GraphError(f"{_shown(text)} is not valid Unicode text.", "Remove the lone surrogates.") from error


def read_triple(triple: object) -> tuple[str, str, str]:
    """Subject, predicate and object of a user's triple (any three strings) as term strings.

    Raises:
        GraphError: If there are not three parts, one is malformed, the subject is a literal or the predicate no IRI.
    """
    parts = (
        (triple.subject, triple.predicate, triple.object)  # type: ignore[attr-defined]
        if hasattr(triple, "predicate")
        else triple
    )
    if not isinstance(parts, (tuple, list)) or len(parts) != 3:
        raise GraphError(f"{_shown(triple)} is not a triple.", "Give (subject, predicate, object).")
    subject, predicate, obj = read_term(parts[0]), read_term(parts[1], RELATION_PREFIX), read_term(parts[2])
    if subject.startswith('"'):
        raise GraphError(f"The literal {_shown(subject)} stands as a subject.", "Only an IRI or a blank node can.")
    if predicate.startswith(('"', "_:")):
        raise GraphError(f"{_shown(predicate)} stands as a predicate.", "Only an IRI or a plain name can.")
    return subject, predicate, obj


def local_name(iri: str) -> str:
    """What an unlabelled node is called: the last part of its IRI, percent-decoded, with "_" as a space.

    A plain name that was given by the user comes back as it was written; a blank node is ``_:name``.
    """
    if iri.startswith("_:"):
        return iri
    if iri.startswith(NODE_PREFIX):
        return unquote(iri[len(NODE_PREFIX) :])
    return " ".join(_last_part(iri).replace("_", " ").split()) or iri


def relation_name(iri: str) -> str:
    """What an unlabelled relation is called: its local name as words ("hasSymptom" is "has symptom")."""
    name = _last_part(iri)
    if " " in name:  # words already: capitals in it are names
        return " ".join(_SPACES.sub(" ", name).split()) or iri
    words = _SPACES.sub(" ", re.sub(r"(?<=[^\W\d])\.(?=[^\W\d])", " ", name)).split()
    words = [part for word in words for part in _CAMEL.split(word)]
    return " ".join(word.lower() if _CAPITALISED.fullmatch(word) else word for word in words) or iri


def is_verbal(label: str) -> bool:
    """Whether a relation label reads as a verb phrase: subject, label, object make a sentence ("has symptom")."""
    words = normalise(label).split()
    if not words:
        return False
    first, last = words[0], words[-1]
    if first in _AUXILIARIES or first in _VERBS or (last in _PREPOSITIONS and len(words) > 1):
        return True
    if len(words) > 2 and first.endswith("s") and words[1] in _PREPOSITIONS:  # "belongs to drug class"
        return True
    return len(words) == 1 and first.endswith("s") and not first.endswith(_PLURALS)


def _last_part(iri: str) -> str:
    if iri.startswith(_OWN_PREFIXES):
        return unquote(iri[iri.index(":", len("urn:kgrag:")) + 1 :])
    trimmed = iri.rstrip("/#:")
    last = trimmed[max(trimmed.rfind("/"), trimmed.rfind("#")) + 1 :]
    if len(last) == len(trimmed):  # urn:isbn:123, ex:alice
        last = last.rsplit(":", 1)[-1]
    return unquote(last)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
