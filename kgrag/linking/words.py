"""The words that questions are made of, as against those that name things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kgrag.linking.folding import fold
from kgrag.linking.languages import UNSPACED, Languages, known_words, snowball

_WORD = re.compile(r"\w+")
_REMEMBERED = 50_000  # words whose level is at hand
_LONGEST = 5  # characters of an ordinary word in a script without spaces


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
        language: Of the questions.

    Attributes:
        languages: Tells which language a word is read in.
        stop_words: Of all these languages.
    """

    NAME, SCHEMA, WORDING = 2, 1, 0  # how likely a match is meant as a name

    def __init__(self, relation_labels: Iterable[str], class_labels: Iterable[str], language: str = "en") -> None:
        self.languages = Languages(language)
        known = [known_words(language) for language in self.languages.all]
        self.stop_words = frozenset(word for one in known for word in one.stop_words)
        self._generic = frozenset(word for one in known for word in one.generic)
        self._wording = {self._stem(word) for word in self._generic}
        relations = {fold(label) for label in relation_labels}
        classes = {fold(label) for label in class_labels}
        self._phrases = relations | classes
        self._schema = {self._stem(word) for label in relations for word in split_words(label)}
        self._schema |= {self._stem(label) for label in classes if label.isalpha()}
        self._level = lru_cache(_REMEMBERED)(self._level_of_word)

    def level(self, folded: str) -> int:
        """NAME; SCHEMA where every word is also one of the graph's schema; WORDING where all are ordinary."""
        level = max(map(self._level, split_words(folded)), default=self.NAME)
        return min(level, self.SCHEMA) if folded in self._phrases else level

    def is_stop(self, folded: str) -> bool:
        """Whether all words are stop words, or there is none."""
        return folded in self.stop_words or all(word in self.stop_words for word in split_words(folded))

    def is_ordinary(self, word: str) -> bool:
        """Whether a folded word is a stop word, a generic question word, or without spaces several of these."""
        return self._level(word) == self.WORDING

    def is_schema_phrase(self, folded: str) -> bool:
        """Whether the text is the whole label of a relation or a class."""
        return folded in self._phrases

    def _level_of_word(self, word: str) -> int:
        if word in self.stop_words or self._stem(word) in self._wording:
            return self.WORDING
        if self.languages.of(word) in UNSPACED and self._is_composed(word):
            return self.WORDING
        return self.SCHEMA if self._stem(word) in self._schema else self.NAME

    def _stem(self, word: str) -> str:
        language = self.languages.of(word)
        return stem(word) if language == "en" else snowball(word, language)

    def _is_composed(self, text: str) -> bool:
        """Whether a text is made of ordinary words; of the stop words with one character most may be part of a name."""
        reached = {0}
        for at in range(1, len(text) + 1):
            before = range(max(0, at - _LONGEST), at)
            if any(start in reached and self._is_part(text[start:at]) for start in before):
                reached.add(at)
        return len(text) in reached

    def _is_part(self, word: str) -> bool:
        return word in self._generic or (len(word) > 1 and word in self.stop_words)
