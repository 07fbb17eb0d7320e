"""The names of the graph that stand in a text."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kgrag.linking import acronyms, literals
from kgrag.linking.appearance import Appearance, segments
from kgrag.linking.bearers import Name
from kgrag.linking.folding import Folded, fold, spaced, unaccented
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.rewording import root
from kgrag.linking.tokens import QUOTES, Token, boundary
from kgrag.linking.words import QuestionWords

_ACRONYM = 3  # letters of a name that is written in capitals to be told from a word
_BREAKS = frozenset(["and", "or", "but", "nor", "&", "/", "than", "from"])  # never within a name in other words
_REFORMED = 0.9  # how certain a date, number, citation or code is that the graph writes in another way
_INITIALS = 0.6  # how certain a name is of which the text has the initials, if no other could have them
_MOST_MEANT = 5  # nodes that initials may stand for; of more, they tell nothing
_ASKED_FOR = re.compile(r"\b(?:what|which)(?:(?:'s| is| are| was| were)(?: the| an?)?)? $", re.IGNORECASE)


class Match(NamedTuple):
    """A name of the graph in a text.

    Attributes:
        key: Of the name.
        level: How likely it is meant as a name: see `QuestionWords`.
        certain: How certain it is that this is the name, 0..1.
        others: Keys of further names that it may be as well, the likelier first.
        loose: Whether it is in other words, so that how like them it is has to be asked.
    """

    start: int
    end: int
    key: int
    level: int
    certain: float = 1.0
    others: tuple[int, ...] = ()
    loose: bool = False


class NamesInText:
    """Finds the names that stand in a text.

    Args:
        lexicon: The names, current.
        appearance: Tells names from wording.
    """

    def __init__(self, lexicon: Lexicon, appearance: Appearance) -> None:
        self._lexicon, self._appearance = lexicon, appearance

    def find(self, text: str, folded: Folded, tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> list[Match]:
        """All names that may be meant, overlapping ones as well.

        Args:
            text: The text.
            folded: It, folded.
            tokens: Its tokens.
            runs: Spans of tokens that look like names.
        """
        exact = self._exact(text, folded, tokens)
        places = {(match.start, match.end) for match in exact}
        others = [*self._reformed(text, folded, tokens), *self._initials(tokens, runs)]
        others = [match for match in others if (match.start, match.end) not in places]
        places |= {(match.start, match.end) for match in others if match.certain >= _REFORMED}
        whole = [match for match in exact if match.level == QuestionWords.NAME and " " in text[match.start : match.end]]
        reworded = (
            one
            for one in self._reworded(text, tokens, runs)
            if (one.start, one.end) not in places and not any(_tears(one, name) for name in whole)
        )
        return [*exact, *reworded, *others]

    def weak(self, matches: Sequence[Match]) -> list[Match]:
        """What is left of wording where nothing is named: all words of the graph's schema, or else one of the rest."""
        schema = [match for match in matches if match.level == QuestionWords.SCHEMA]
        if schema or not matches:
            return schema
        return [max(matches, key=lambda m: (m.end - m.start, self._lexicon.degree(m.key), m.start))]

    def _exact(self, text: str, folded: Folded, tokens: Sequence[Token]) -> list[Match]:
        """Every name of the graph that stands in the text between word boundaries and may be meant."""
        starts = {token.start: token for token in tokens}
        ends = {token.end for token in tokens}
        cased = self._appearance.is_cased(text)
        whole = fold(text.strip(" \t\n?!.\"'\u3002\uff1f\uff01\u061f\u00bf\u00a1"))
        found = []
        for start, end, key, short in self._lexicon.exact(folded):
            names = self._lexicon.aliases.names[key]
            if not (boundary(text, start, starts) and boundary(text, end, ends)):
                continue
            name = self._lexicon.aliases.keys[key]
            token = starts.get(start)
            written = spaced(text[start:end])
            tail = written[1:] if token is None or token.first else written
            capital = cased and any(map(str.isupper, tail))
            case_exact = capital and any(written == one.text for one in names)
            quoted = start > 0 and end < len(text) and text[end] in QUOTES.get(text[start - 1], "")
            if self._is_word(text, written, name, names):
                continue
            if self._is_asked_for(text, start, end, names):
                continue
            if short and not (cased and written[0].isupper() and not self._lexicon.words.is_stop(fold(written))):
                continue
            level = self._level(name, key, case_exact, quoted, whole)
            form = fold(text[start:end])
            if form != name:
                level = min(level, self._level(form, key, False, quoted, whole))
            if level >= 0:
                found.append(Match(start, end, key, level))
        return found

    def _reworded(self, text: str, tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> Iterator[Match]:
        """Names whose words stand in the text in another order or form."""
        words = [token.folded for token in tokens]
        capital = [any(map(str.isupper, token.text)) for token in tokens]
        for first, last in segments(tokens, [token.folded in _BREAKS for token in tokens]):
            for found in self._lexicon.reworded(words[first:last], capital[first:last]):
                start, end = first + found.first, first + found.last
                if not any(self._appearance.is_content(token) for token in tokens[start:end]):
                    continue
                around = [i for run in runs if run[0] < end and start < run[1] for i in range(*run)]
                if not all(
                    self._root(words[i]) in found.roots for i in around if self._appearance.is_content(tokens[i])
                ):
                    continue  # of an unknown name no part is known
                place, aliases = (tokens[start].start, tokens[end - 1].end), self._lexicon.aliases
                names = aliases.names[found.key]
                is_word = self._is_word(text, text[slice(*place)], aliases.keys[found.key], names)
                if not is_word and not self._is_asked_for(text, *place, names):
                    yield Match(*place, found.key, self._lexicon.words.NAME, loose=True)

    def _reformed(self, text: str, folded: Folded, tokens: Sequence[Token]) -> Iterator[Match]:
        """Dates, numbers, citations and codes that the graph writes in another way."""
        starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
        aliases = self._lexicon.aliases
        meant: defaultdict[tuple[int, int], dict[str, list[int]]] = defaultdict(dict)
        for first, last, form in literals.find(folded.text):
            start, end = folded.starts[first], folded.ends[last - 1]
            if boundary(text, start, starts) and boundary(text, end, ends):
                small = text[start:end].islower() and not text.islower()
                keys = [key for key in self._lexicon.of_form(form) if not (small and _acronym(aliases.names[key]))]
                if keys:  # "q35" on a chromosome is no code "Q35"
                    meant[start, end][form] = keys
        for (start, end), forms in meant.items():
            keys = list(dict.fromkeys(key for found in forms.values() for key in found))
            certain = _REFORMED / len(set(map(tuple, forms.values())))  # "03/05/2016" is one of two days
            yield Match(start, end, keys[0], self._lexicon.words.NAME, certain, tuple(keys[1:]))

    def _initials(self, tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> Iterator[Match]:
        """Words in capitals that are the initials of names, which may have them in brackets, and no part of what looks like a longer name."""
        for token in (tokens[first] for first, last in runs if last == first + 1):
            common = token.folded in self._lexicon.english or not self._appearance.is_content(token)
            if common or not acronyms.are_initials(token.text):
                continue
            keys = self._lexicon.with_initials(token.folded)
            said = [key for key in keys if self._lexicon.aliases.keys[key].endswith(f"({token.folded})")]
            keys = said or keys
            nodes = {name.node for key in keys for name in self._lexicon.aliases.names[key]}
            if 0 < len(nodes) <= _MOST_MEANT:
                chance = self._lexicon.by_chance(token.folded)
                certain = _REFORMED if said else _INITIALS / (len(nodes) + chance)
                yield Match(token.start, token.end, keys[0], self._lexicon.words.NAME, certain, tuple(keys[1:]))

    def _is_word(self, text: str, written: str, name: str, names: Sequence[Name]) -> bool:
        """Whether what could be an acronym is none: "mg" is no MG, and a "face" no FACE."""
        if len(name) > _ACRONYM and name not in self._lexicon.english:
            return False
        return _acronym(names) and not (text.islower() or written.rstrip("s").isupper())

    def _is_asked_for(self, text: str, start: int, end: int, names: Sequence[Name]) -> bool:
        """Whether a word is what is asked for of something, and no text that the graph has: "what is the penalty for"."""
        literal = self._lexicon.aliases.literal
        return (
            text[start:end].islower()
            and all(literal[name.node] for name in names)
            and _ASKED_FOR.search(text, 0, start) is not None
            and text.startswith((" of ", " for "), end)
        )

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
        if not any(map(str.isalnum, folded)):
            return -1
        if case_exact and not words.is_schema_phrase(folded):
            return words.NAME
        return -1 if words.is_stop(folded) else level


def _tears(one: Match, whole: Match) -> bool:
    """Whether a match has a part of another one, and not all of it: "rights does a data" of "data subject"."""
    return one.start < whole.end and whole.start < one.end and not (one.start <= whole.start and whole.end <= one.end)


def _acronym(names: Sequence[Name]) -> bool:
    return all(name.text.isupper() for name in names)
