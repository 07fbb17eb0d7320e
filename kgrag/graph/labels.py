"""Which of its labels a term is shown by, and all names it is found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kgrag.graph.terms import literal_parts
from kgrag.graph.vocabulary import ALIAS_PROPERTIES, LABEL_PROPERTIES

_Rank = tuple[int, int, int, str, int, str]


def label_ranks(own: Iterable[str] = ()) -> dict[str, tuple[int, int]]:
    """Property IRI -> (kind, place): labels (kind 0), the user's ``own`` first, before further names (kind 1)."""
    ranks: dict[str, tuple[int, int]] = {}
    for kind, properties in enumerate(((*own, *LABEL_PROPERTIES), ALIAS_PROPERTIES)):
        for iri in properties:
            ranks.setdefault(iri, (kind, len(ranks)))
    return ranks


class LabelTable:
    """The names of every term that has any, best first.

    A name in the preferred language, or in none, comes before names in other languages; then labels before synonyms;
    then the preferred language before no language; then the property's place; ties in alphabetical order.

    Args:
        rows: Label statements (subject, property, literal in N-Triples form).
        given: Labels that the user added, by IRI; they stand behind the graph's own.
        ranks: As of `label_ranks`.
        language: Preferred language tag, such as "en".
    """

    def __init__(
        self,
        rows: Iterable[tuple[str, str, str]],
        given: Mapping[str, str],
        ranks: Mapping[str, tuple[int, int]],
        language: str,
    ) -> None:
        preferred = language.lower()
        ranked: dict[str, list[tuple[_Rank, str]]] = {}
        for subject, property_iri, literal in rows:
            parts = literal_parts(literal)
            text = " ".join(parts.value.split()) if parts else ""
            if parts and text:
                tag = parts.language.lower()
                nearness = _nearness(tag, preferred)
                kind, place = ranks[property_iri]
                rank = (int(nearness == 3), kind, nearness, tag, place, text)
                ranked.setdefault(subject, []).append((rank, text))
        for subject, label in given.items():
            ranked.setdefault(subject, []).append(((0, 2, 0, "", 0, label), label))
        self._names = {
            subject: list(dict.fromkeys(text for _, text in sorted(names))) for subject, names in ranked.items()
        }

    def names(self, term: str) -> list[str]:
        """All names of a term, the one to show first; empty where it has none."""
        return self._names.get(term, [])


def _nearness(tag: str, preferred: str) -> int:
    """0 the preferred language, 1 a region of it ("en-GB"), 2 no language, 3 another language."""
    if not tag:
        return 2
    if tag == preferred:
        return 0
    return 1 if tag.split("-")[0] == preferred.split("-")[0] else 3
