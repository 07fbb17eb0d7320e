"""The words that questions are made of, as against those that name things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kgrag.linking.folding import fold

_WORD = re.compile(r"\w+")
_REMEMBERED = 50_000  # words whose level is at hand

# What questions ask for and ask with, whatever the graph is about; stop words are spaCy's.
_GENERIC = """
    act actor actress administer affect age answer appear apply article associate belong book born bring call category
    cause character child citizen city class cofounder come contain contribute cost count country couple create
    creator credit cure date daughter day dead death define definition describe description detail develop die direct
    director discover disease disorder dose drug effect entity ethnicity event example exist explain express famous
    father feature film find first founder fund gender genre give group happen harm help host human husband identifier
    illness include info information instance institution interact involve issue item job key kid kind know known
    label language last law lead let lie list live locate location main make male female mean meaning medication
    medicine member mention mother movie name nationality need normal number object occur occupation option order
    organisation organization origin others parent partner party patient people person place play player
    present primary produce producer profession property publish pupil question rate rating reason refer relate
    related relation release religion remedy require risk role rule say screenplay screenwriter script section
    see sequel serve set sex share show sibling sign similar sister son sort speak spell spouse spread stand star
    start state story style subject substance suffer suggest symptom take talk team tell term thing time title topic
    transmit treat treatment trigger true type use value version vote want way wife win word work write writer written
    wrote year yes tag told gave got made found shown seen done called starred brother nation nationality
    fall world co
"""
GENERIC = frozenset(fold(word) for word in _GENERIC.split())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A crude stem that plural, -ing, -ed and -er forms share; only ever compared with other stems."""
    for suffix in ("ings", "ing", "ers", "ors", "er", "or", "ied", "ies", "ed", "es", "s"):
        shortest = 4 if suffix in ("er", "or", "ers", "ors") else 3  # a liver does not live
        if word.endswith(suffix) and len(word) - len(suffix) >= shortest:
            word = word[: -len(suffix)]
            break
    if len(word) > 3:
        word = word.rstrip("eiy") or word
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def split_words(folded: str) -> list[str]:
    """Words of a folded text."""
    return _WORD.findall(folded)


class QuestionWords:
    """Tells names from the wording of questions.

    Args:
        relation_labels: Labels of the graph's relations: their words are how people ask.
        class_labels: Labels of its classes.
    """

    NAME, SCHEMA, WORDING = 2, 1, 0  # how likely a match is meant as a name

    def __init__(self, relation_labels: Iterable[str], class_labels: Iterable[str]) -> None:
        from spacy.lang.en.stop_words import STOP_WORDS

        self.stop_words = {fold(word) for word in STOP_WORDS} | {"s", "t", "d", "ll", "m", "re", "ve", "n", "'s"}
        self._wording = {stem(word) for word in GENERIC}
        relations = {fold(label) for label in relation_labels}
        classes = {fold(label) for label in class_labels}
        self._phrases = relations | classes
        self._schema = {stem(word) for label in relations for word in split_words(label)}
        self._schema |= {stem(label) for label in classes if label.isalpha()}
        self._level = lru_cache(_REMEMBERED)(self._level_of_word)

    def level(self, folded: str) -> int:
        """NAME; SCHEMA where every word is also one of the graph's schema; WORDING where all are ordinary."""
        level = max(map(self._level, split_words(folded)), default=self.NAME)
        return min(level, self.SCHEMA) if folded in self._phrases else level

    def is_stop(self, folded: str) -> bool:
        """Whether all words are stop words, or there is none."""
        return all(word in self.stop_words for word in split_words(folded))

    def is_ordinary(self, word: str) -> bool:
        """Whether a folded word is a stop word or a generic question word."""
        return self._level(word) == self.WORDING

    def is_schema_phrase(self, folded: str) -> bool:
        """Whether the text is the whole label of a relation or a class."""
        return folded in self._phrases

    def _level_of_word(self, word: str) -> int:
        if word in self.stop_words or stem(word) in self._wording:
            return self.WORDING
        return self.SCHEMA if stem(word) in self._schema else self.NAME
