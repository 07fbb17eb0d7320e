"""The names of the graph that stand in a text, and which of them are meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kgrag.linking.aliases import Name
from kgrag.linking.appearance import Appearance, segments
from kgrag.linking.folding import fold, fold_text, spaced, unaccented
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.rewording import root
from kgrag.linking.tokens import QUOTES, Token, boundary
from kgrag.linking.words import QuestionWords

_ACRONYM = 3  # letters of a name that is written in capitals to be told from a word
_BREAKS = frozenset(["and", "or", "but", "nor", "&", "/", "than", "from"])  # never within a name in other words
_REWORDED = 0.8  # how certain a name in other words is


class Match(NamedTuple):
    """A name of the graph in a text.

    Attributes:
        key: Of the name.
        level: How likely it is meant as a name: see `QuestionWords`.
        proper: Whether it is written as in the graph, with a capital that no sentence asks for.
        quoted: Whether it stands in quotes.
        certain: How certain it is that this is the name, 0..1.
    """

    start: int
    end: int
    key: int
    level: int
    proper: bool
    quoted: bool
    certain: float = 1.0

    @property
    def value(self) -> float:
        """What it counts against others in the same place."""
        return (self.end - self.start) * (1.0 if self.proper else 0.9) * self.certain


class NamesInText:
    """Finds the names that stand in a text.

    Args:
        lexicon: The names, current.
        appearance: Tells names from wording.
    """

    def __init__(self, lexicon: Lexicon, appearance: Appearance) -> None:
        self._lexicon, self._appearance = lexicon, appearance

    def find(self, text: str, tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> list[Match]:
        """The best matches that do not overlap, by position: names first, then longer before shorter."""
        degree = self._lexicon.degree
        matches = [*self._exact(text, tokens), *self._reworded(tokens, runs)]
        return apart(sorted(matches, key=lambda m: (-m.level, -m.value, -degree(m.key), m.start, m.key)))

    def weak(self, matches: Sequence[Match]) -> list[Match]:
        """What is left of wording where nothing is named: all words of the graph's schema, or else one of the rest."""
        schema = [match for match in matches if match.level == QuestionWords.SCHEMA]
        if schema or not matches:
            return schema
        return [max(matches, key=lambda m: (m.end - m.start, self._lexicon.degree(m.key), m.start))]

    def _exact(self, text: str, tokens: Sequence[Token]) -> list[Match]:
        """Every name of the graph that stands in the text between word boundaries and may be meant."""
        starts = {token.start: token for token in tokens}
        ends = {token.end for token in tokens}
        cased = self._appearance.is_cased(text)
        whole = fold(text.strip(" \t\n?!.\"'\u3002\uff1f\uff01\u061f\u00bf\u00a1"))
        found = []
        for start, end, key, short in self._lexicon.exact(fold_text(text)):
            names = self._lexicon.aliases.names[key]
            if not (boundary(text, start, starts) and boundary(text, end, ends)):
                continue
            folded = self._lexicon.aliases.keys[key]
            token = starts.get(start)
            written = spaced(text[start:end])
            tail = written[1:] if token is None or token.first else written
            capital = cased and any(c.isupper() for c in tail)
            proper = capital and any(written[1:] == name.text[1:] for name in names)
            case_exact = capital and any(written == name.text for name in names)
            quoted = start > 0 and end < len(text) and text[end] in QUOTES.get(text[start - 1], "")
            if len(folded) <= _ACRONYM and not (text.islower() or written.rstrip("s").isupper() or not _acronym(names)):
                continue  # "mg" is no MG
            if short and not (cased and written[0].isupper() and not self._lexicon.words.is_stop(fold(written))):
                continue
            level = self._level(folded, key, case_exact, quoted, whole)
            form = fold(text[start:end])
            if form != folded:
                level = min(level, self._level(form, key, False, quoted, whole))
            if level >= 0:
                found.append(Match(start, end, key, level, proper, quoted))
        return found

    def _reworded(self, tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> Iterator[Match]:
        """Names whose words stand in the text in another order or form."""
        words = [token.folded for token in tokens]
        capital = [any(c.isupper() for c in token.text) for token in tokens]
        for first, last in segments(tokens, [token.folded in _BREAKS for token in tokens]):
            for found in self._lexicon.reworded(words[first:last], capital[first:last]):
                start, end = first + found.first, first + found.last
                if not any(self._appearance.is_content(token) for token in tokens[start:end]):
                    continue
                around = [i for run in runs if run[0] < end and start < run[1] for i in range(*run)]
                if all(self._root(words[i]) in found.roots for i in around if self._appearance.is_content(tokens[i])):
                    # of an unknown name no part is known
                    place = tokens[start].start, tokens[end - 1].end
                    yield Match(*place, found.key, self._lexicon.words.NAME, False, False, _REWORDED)

    def _root(self, word: str) -> str:
        return root(unaccented(word), self._lexicon.words.languages.of(word))

    def _level(self, folded: str, key: int, case_exact: bool, quoted: bool, whole: str) -> int:
        """How likely a match is meant: -1 is not at all."""
        words = self._lexicon.words
        if folded == whole or (quoted and len(folded) > 1):
            return words.NAME
        level = words.level(folded)
        if folded.isnumeric():
            literal = all(self._lexicon.aliases.literal[name.node] for name in self._lexicon.aliases.names[key])
            return words.SCHEMA if literal and len(folded) < 3 else words.NAME
        if len(folded) == 1:
            symbol = unicodedata.category(folded)[0] == "S"
            return words.SCHEMA if (case_exact and not words.is_stop(folded)) or symbol else -1
        if not any(c.isalnum() for c in folded):
            return -1
        if case_exact and not words.is_schema_phrase(folded):
            return words.NAME
        return -1 if words.is_stop(folded) else level


def apart(spans: Iterable[Any]) -> list[Any]:
    """Takes spans in the order given, leaves out what overlaps one taken, and sorts them by position."""
    taken: list[Any] = []
    used: set[int] = set()
    for span in spans:
        # the first and the last character suffice where longer spans come first; a shorter one may lie before them
        places = range(span.start, span.end)
        if used.isdisjoint(places):
            used.update(places)
            taken.append(span)
    return sorted(taken, key=lambda span: span.start)


def _acronym(names: Sequence[Name]) -> bool:
    return all(name.text.isupper() for name in names)
