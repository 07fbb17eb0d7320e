"""Legal acts: articles, paragraphs, recitals and defined terms as nodes with what they are part of and refer to; articles as passages.

Acts in Akoma Ntoso are read by their markup. Those in HTML, Word, PDF or plain text are read, too, where the numbers of their articles
stand as headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from kgrag.documents import Document, Section, read, split
from kgrag.errors import InputError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.vocabulary import ELI, RDF, RDFS, SKOS
from kgrag.recipes.names import Names, Unit, names_of, unit_of
from kgrag.recipes.recipe import Prepared, Row, files_in, literal, sourced
from kgrag.recipes.references import Place, references
from kgrag.types import Passage

OWN = "urn:kgrag:act:"
PART_OF, CITES, TITLE = ELI + "is_part_of", ELI + "cites", OWN + "title"
DEFINED_IN = OWN + "definedIn"
CLASSES = {
    "act": "legal act",
    "article": "article",
    "paragraph": "paragraph",
    "point": "point",
    "recital": "recital",
    "term": "defined term",
}
LABELS = {PART_OF: "is part of", CITES: "refers to", TITLE: "title", DEFINED_IN: "is defined in"}
ENDINGS = (".akn", ".xml", ".html", ".htm", ".xhtml", ".docx", ".pdf", ".txt", ".md")

_NUMBERED = re.compile(r"(?:(?P<paragraph>\d+[a-z]?)\.|\((?P<point>\w{1,5})\))\s+")
_DEFINED = re.compile(
    r"(?:\(?\w{1,3}[).]\s*|[-\u2013\u2014]\s*)?[\u2018\u201c\"'](?P<term>[^\u2019\u201d\"]{2,80}?)[\u2019\u201d\"'](?:\s*\([^)]*\))?,?\s+"
    r"(?:means|shall mean)\s*:?\s*(?P<meaning>.*)",
    re.DOTALL,
)


@dataclass
class _Act:
    """An act that is being taken apart.

    Attributes:
        iri: Its IRI.
        names: What it is called.
        source: Its file.
        rows: What is said of it and its parts.
        places: IRI of each part, by kind, number and what is within.
        texts: IRIs of an article, or a recital, and of the part of it that a text stands in; and that text.
        passages: Its text.
    """

    iri: str
    names: Names
    source: str
    rows: list[Row] = field(default_factory=list)
    places: dict[tuple[str, ...], str] = field(default_factory=dict)
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)

    def add(self, key: tuple[str, ...], kind: str, names: Sequence[str], above: str, title: str = "") -> str:
        """The node of a part; what is said of it is said once."""
        if key in self.places:
            return self.places[key]
        iri = f"{self.iri}#{quote('-'.join(key))}"
        self.places[key] = iri
        self.rows += [(iri, RDF + "type", OWN + kind), (iri, PART_OF, above)]
        self.rows += [(iri, RDFS + "label", literal(names[0]))] + [
            (iri, SKOS + "altLabel", literal(n)) for n in names[1:]
        ]
        if title:
            self.rows.append((iri, TITLE, literal(title)))
        return iri


def akoma_ntoso(files: Sequence[Path]) -> Prepared:
    """Acts as one graph: an article refers to what its text names, in its own act or in another of the files.

    Args:
        files: Acts, or folders of such.

    Raises:
        InputError: A file holds no article or recital; or as of `kgrag.documents.read`.
    """
    acts = [_act(document) for document in read(*files_in(files, ENDINGS))]
    by_number = {act.names.number: act.iri for act in acts if act.names.number}
    known = {act.iri: act for act in acts}
    names = {OWN + kind: label for kind, label in CLASSES.items()} | LABELS
    triples = [sourced((iri, RDFS + "label", literal(label))) for iri, label in names.items()]
    passages: list[Passage] = []
    for act in acts:
        cited = list(dict.fromkeys(_cited(act, known, by_number)))
        triples += [sourced(row, act.source) for row in (*act.rows, *cited)]
        passages += _citing(act.passages, cited)
    return Prepared(KnowledgeGraph.from_triples(triples), passages)


def _act(document: Document) -> _Act:
    """Everything that one act says of itself."""
    names = names_of(document.title or document.id)
    work = str(document.metadata.get("work") or document.id).strip("/")
    act = _Act(work if re.match(r"https?://|urn:", work) else OWN + quote(work), names, document.source)
    act.rows += [(act.iri, RDF + "type", OWN + "act"), (act.iri, RDFS + "label", literal(names.short))]
    act.rows += [(act.iri, SKOS + "altLabel", literal(name)) for name in names.others]
    if "date" in document.metadata:
        act.rows.append((act.iri, ELI + "date_document", literal(str(document.metadata["date"]))))
    for section in document.sections:
        _take(act, document, section)
    if not act.texts:
        raise InputError(
            f"{document.source or document.id} holds no article.",
            "Give acts with numbered articles, in Akoma Ntoso best.",
        )
    return act


def _take(act: _Act, document: Document, section: Section) -> None:
    """The parts that a section stands in, and what it holds itself if it is an article or a recital."""
    above, key, unit = act.iri, tuple[str, ...](), None
    for heading in section.headings:
        unit = unit_of(heading)
        if unit is None:
            continue
        own = (unit.kind, unit.number) if unit.kind in ("article", "recital") else (*key, unit.kind, unit.number)
        above, key = act.add(own, unit.kind, _labels(act.names, key, unit), above, unit.name), own
    if unit is None or unit.kind not in ("article", "recital"):
        return
    parts = list(_parts(act, key, unit, section.paragraphs))
    act.texts += [(above, iri, text) for iri, text in parts]
    terms = [(iri, found) for iri, text in parts if (found := _DEFINED.match(text))]
    for iri, found in terms:
        _define(act, above, iri, found)
    whole = replace(document, id=above, title=act.names.short, sections=(section,), entities=(above,))
    for passage in split(whole):
        within = [iri for iri, text in parts if iri != above and (text in passage.text or passage.text in text)]
        defined = [_term(act, found["term"]) for _, found in terms if found[0] in passage.text]
        entities = tuple(dict.fromkeys((above, *within, *defined)))
        act.passages.append(replace(passage, entities=entities, document=act.iri))


def _labels(names: Names, above: Sequence[str], unit: Unit) -> list[str]:
    """What a part is called: sections with their chapter, since they are numbered anew in each."""
    own = f"{unit.word} {unit.number}"
    if unit.kind == "section" and len(above) == 2:
        own = f"{above[0].capitalize()} {above[1]} {own}"
    return [f"{own} {names.short}", own, f"{own} of the {names.short}"]


def _parts(act: _Act, key: tuple[str, ...], unit: Unit, paragraphs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The numbered paragraphs and points of an article with their texts; its own where one has no number."""
    own = article = act.places[key]
    paragraph: tuple[str, ...] = ()
    for text in paragraphs:
        found = _NUMBERED.match(text)
        if found and unit.kind == "article":
            paragraph = (found["paragraph"],) if found["paragraph"] else paragraph
            place = paragraph if found["paragraph"] else (*paragraph, found["point"])
            label = f"{unit.word} {unit.number}{''.join(f'({part})' for part in place)}"
            above = act.places.get((*key, *place[:-1]), article)
            kind = "paragraph" if found["paragraph"] else "point"
            own = act.add((*key, *place), kind, [f"{label} {act.names.short}", label], above)
            text = text[found.end() :]
        yield own, text


def _define(act: _Act, article: str, place: str, found: re.Match[str]) -> None:
    """A term with what it means, and where that stands."""
    iri = _term(act, found["term"])
    act.rows += [
        (iri, RDF + "type", OWN + "term"),
        (iri, RDFS + "label", literal(found["term"])),
        (iri, RDFS + "comment", literal(found["meaning"].strip(" ;,."))),
        (iri, DEFINED_IN, article),
    ]
    if place != article:
        act.rows.append((iri, DEFINED_IN, place))


def _term(act: _Act, term: str) -> str:
    return f"{act.iri}#term-{quote(term.casefold().replace(' ', '-'))}"


def _cited(act: _Act, acts: Mapping[str, _Act], by_number: Mapping[str, str]) -> Iterator[Row]:
    """Articles refer to articles, and a paragraph or point to the very place that it names, if that is there."""
    for article, own, text in act.texts:
        for place in references(text, act.iri, by_number):
            places = acts[place.act].places
            whole = places.get((place.kind, place.number))
            if whole is None:
                continue
            if whole != article:
                yield article, CITES, whole
            if own != article or place.parts:
                exact = _exact(places, place)
                if exact not in (own, article):
                    yield own, CITES, exact


def _exact(places: Mapping[tuple[str, ...], str], place: Place) -> str:
    """The place itself, else the nearest that it is within."""
    keys = ((place.kind, place.number, *place.parts[:depth]) for depth in range(len(place.parts), -1, -1))
    return next(places[key] for key in keys if key in places)


def _citing(passages: Sequence[Passage], cited: Sequence[Row]) -> Iterator[Passage]:
    """Passages with what their article refers to among what they name."""
    targets: dict[str, list[str]] = {}
    for subject, _, target in cited:
        targets.setdefault(subject, []).append(target)
    for passage in passages:
        yield replace(passage, entities=(*passage.entities, *targets.get(passage.entities[0], ())))
