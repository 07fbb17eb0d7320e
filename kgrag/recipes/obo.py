"""OBO files as the RDF that OWL tools make of them (OBO Flat File Format 1.4, Syntax and Semantics)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pyoxigraph

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import Fault
from kgrag.graph.unpacking import unpack
from kgrag.graph.vocabulary import OBO, OBO_IN_OWL, OWL, RDF, RDFS, XSD

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_IDENTIFIER = re.compile(r"(?P<prefix>[^\s:/]+):(?P<local>[^\s/].*)")
_OF_OBO = re.compile(r"(BFO|RO|OBI|IAO|GO):\d+")  # relations that have an identifier of their own
_TEXTS = {"name": RDFS + "label", "def": OBO + "IAO_0000115", "comment": RDFS + "comment"}
_CODES = {"xref": OBO_IN_OWL + "hasDbXref", "alt_id": OBO_IN_OWL + "hasAlternativeId"}
_TERMS = {
    "replaced_by": OBO + "IAO_0100001",
    "disjoint_from": OWL + "disjointWith",
    "equivalent_to": OWL + "equivalentClass",
    "inverse_of": OWL + "inverseOf",
    "instance_of": RDF + "type",
    "domain": RDFS + "domain",
    "range": RDFS + "range",
}
_KINDS = {"is_transitive": OWL + "TransitiveProperty", "is_symmetric": OWL + "SymmetricProperty"}
_SYNONYMS = {scope.upper(): f"{OBO_IN_OWL}has{scope}Synonym" for scope in ("Exact", "Related", "Narrow", "Broad")}


class _Clause(NamedTuple):
    """A line of a stanza."""

    line: int
    tag: str
    value: str


class _Named(io.BytesIO):
    """Bytes that are cited by the name of the file that they were made from."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_obo(path: Path, limits: Limits) -> io.BytesIO:
    """The statements of an OBO file as N-Triples, named as the file is.

    A relation holds between terms as it is written, without the restriction that OWL puts in between; a term that is defined by
    an intersection is a kind of what that names, and has its relations.

    Raises:
        GraphError: The file cannot be read; says in which line.
    """
    unpacked = unpack(path, limits)
    text = unpacked.data.decode("utf-8-sig", errors="replace")
    header, *stanzas = _stanzas(unpacked.name, text)
    names = _Names(header[1], stanzas)
    triples = []
    for kind, clauses in stanzas:
        for line, row in _statements(kind, clauses, names):
            try:
                subject, predicate = (pyoxigraph.NamedNode(term) for term in row[:2])
                obj = row[2] if isinstance(row[2], pyoxigraph.Literal) else pyoxigraph.NamedNode(row[2])
            except ValueError as error:
                raise GraphError(f"{Fault(unpacked.name, line, None, f'no valid identifier: {error}', '')}.") from error
            triples.append(pyoxigraph.Triple(subject, predicate, obj))
    return _Named(pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES) or b"", path.name)


def _stanzas(name: str, text: str) -> Iterator[tuple[str, list[_Clause]]]:
    """The header, then each stanza, with its kind."""
    kind, clauses = "", list[_Clause]()
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            yield kind, clauses
            kind, clauses = line[1:-1], []
        elif line and not line.startswith("!"):
            tag, colon, value = line.partition(":")
            if not colon:
                raise GraphError(f"{Fault(name, number, None, 'no tag and value', line[:80])}.", "Mend the line.")
            clauses.append(_Clause(number, tag.strip(), value.strip()))
    yield kind, clauses


class _Names:
    """IRIs of identifiers: by the file's own prefixes, by what a relation is known as elsewhere, else in OBO's namespace."""

    def __init__(self, header: list[_Clause], stanzas: list[tuple[str, list[_Clause]]]) -> None:
        spaces = [clause.value.split() for clause in header if clause.tag == "idspace"]
        self._spaces: Mapping[str, str] = {words[0]: words[1] for words in spaces if len(words) > 1}
        self._ontology = next((clause.value for clause in header if clause.tag == "ontology"), "obo")
        self._relations: dict[str, str] = {}
        for kind, clauses in stanzas:
            identifier = next((_plain(clause.value) for clause in clauses if clause.tag == "id"), "")
            known = [
                clause.value.split()[0] for clause in clauses if clause.tag == "xref" and _OF_OBO.match(clause.value)
            ]
            if kind == "Typedef" and known:
                self._relations[identifier] = known[0]

    def iri(self, identifier: str) -> str:
        """The IRI of an identifier."""
        identifier = self._relations.get(identifier, identifier)
        if re.match(r"https?://|urn:", identifier):
            return identifier
        parts = _IDENTIFIER.fullmatch(identifier)
        if parts is None:
            return f"{OBO}{quote(self._ontology)}#{quote(identifier, safe='')}"
        local = quote(parts["local"], safe="/:._-")
        return (
            f"{self._spaces[parts['prefix']]}{local}"
            if parts["prefix"] in self._spaces
            else f"{OBO}{quote(parts['prefix'])}_{local}"
        )


def _statements(
    kind: str, clauses: list[_Clause], names: _Names
) -> Iterator[tuple[int, tuple[str, str, str | pyoxigraph.Literal]]]:
    """What a stanza says, with the line of each; nothing where it has no id."""
    identifier = next((_plain(clause.value) for clause in clauses if clause.tag == "id"), "")
    if not identifier:
        return
    subject = names.iri(identifier)
    if kind != "Typedef":
        yield clauses[0].line, (subject, OBO_IN_OWL + "id", pyoxigraph.Literal(identifier))
    for line, tag, value in clauses:
        quoted = _QUOTED.match(value)
        said, scope = (_unescaped(quoted[1]), quoted[2]) if quoted else (_plain(value), "")
        words = _plain(value).split()
        if not words:
            continue
        if tag in _TEXTS:
            yield line, (subject, _TEXTS[tag], pyoxigraph.Literal(said))
        elif tag in _CODES:
            yield line, (subject, _CODES[tag], pyoxigraph.Literal(words[0]))
        elif tag == "synonym":
            yield line, (subject, _SYNONYMS.get(scope, _SYNONYMS["RELATED"]), pyoxigraph.Literal(said))
        elif tag == "is_obsolete" and words[0] == "true":
            yield line, (subject, OWL + "deprecated", _yes())
        elif tag in _TERMS:
            yield line, (subject, _TERMS[tag], names.iri(words[0]))
        elif tag == "is_a" or (tag == "intersection_of" and len(words) == 1):
            above = RDFS + ("subPropertyOf" if kind == "Typedef" else "subClassOf")
            yield line, (subject, above, names.iri(words[0]))
        elif tag in ("relationship", "intersection_of") and len(words) > 1:
            yield line, (subject, names.iri(words[0]), names.iri(words[1]))
        elif tag in _KINDS and words[0] == "true":
            yield line, (subject, RDF + "type", _KINDS[tag])
        elif tag == "property_value" and len(words) > 1:
            literal = _QUOTED.match(value[len(words[0]) :].strip())
            obj = pyoxigraph.Literal(_unescaped(literal[1])) if literal else names.iri(words[1])
            yield line, (subject, names.iri(words[0]), obj)


def _plain(value: str) -> str:
    """A value without its comment and its qualifiers."""
    value = value.partition(" ! ")[0].strip()
    before, _, qualifiers = value.rpartition("{")
    return _unescaped(before.strip() if value.endswith("}") and "=" in qualifiers else value)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)


def _yes() -> pyoxigraph.Literal:
    return pyoxigraph.Literal("true", datatype=pyoxigraph.NamedNode(XSD + "boolean"))
