"""Finds names in a text: exactly by Aho-Corasick, else by character 3-grams and edit ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import ahocorasick
import numpy as np

from kgrag.linking.folding import Folded, fold
from kgrag.linking.inflection import inflections, short_names
from kgrag.linking.words import QuestionWords

NUMBER = re.compile(r"\d+|\b[ivx]+\b")
_SHORTEST = 4  # shorter names resemble too much
_OTHER_START = 90.0  # least edit ratio of a name with another first letter: few people mistype that one
_RERANKED = 100  # nearest names by 3-grams that the edit ratio is computed for


class Found(NamedTuple):
    """A name in a text; ``short`` where it is an eponym without its noun, which only a capital tells from a word."""

    start: int
    end: int
    key: int
    short: bool


class Similar(NamedTuple):
    """A name that resembles a text; ``score`` is a cosine in 0..1, or an edit ratio in 0..100."""

    key: int
    score: float


class ExactMatcher:
    """Every occurrence of every name, in one pass over the text. Word boundaries are up to the caller.

    Args:
        keys: Folded names.
        written: The names as written, one or more a key.
    """

    def __init__(self, keys: Sequence[str], written: Sequence[Sequence[str]]) -> None:
        self._automaton = ahocorasick.Automaton()
        self._empty = not keys
        for place, names in enumerate(written):
            for short in (fold(short) for name in names for short in short_names(name)):
                self._automaton.add_word(short, (place, len(short), True))
        for place, key in enumerate(keys):
            for form in inflections(key):
                self._automaton.add_word(form, (place, len(form), False))
        for place, key in enumerate(keys):  # last: a name that is there goes before one that is made up
            self._automaton.add_word(key, (place, len(key), False))
        self._automaton.make_automaton()

    def find(self, text: Folded) -> Iterator[Found]:
        """Yields names, positions in the original text."""
        if self._empty:
            return
        for last, (place, length, short) in self._automaton.iter(text.text):
            yield Found(text.starts[last - length + 1], text.ends[last], place, short)

    def whole(self, text: str) -> int | None:
        """Key of the name that a whole folded text is a form of."""
        return self._automaton.get(text, (None,))[0]


class FuzzyMatcher:
    """Names that resemble a text.

    Args:
        keys: Folded names.
        words: Names made only of the wording of questions are left out: misspelt, they would match anything.
    """

    def __init__(self, keys: Sequence[str], words: QuestionWords) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._ids = [id for id, key in enumerate(keys) if len(key) >= _SHORTEST and words.level(key) == words.NAME]
        self._keys = keys
        self._vectorizer: Any = None
        if self._ids:
            self._vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False, dtype=np.float32)
            self._by_gram = self._vectorizer.fit_transform([f" {keys[id]} " for id in self._ids]).T.tocsr()

    def similar(self, texts: Sequence[str]) -> list[list[Similar]]:
        """The names that share most 3-grams with each folded text, nearest first, by the cosine of their TF-IDF weights."""
        if self._vectorizer is None or not texts:
            return [[] for _ in texts]
        scores = (self._vectorizer.transform([f" {text} " for text in texts]) @ self._by_gram).tocsr()
        found = []
        for row in range(len(texts)):
            span = slice(scores.indptr[row], scores.indptr[row + 1])
            columns, values = scores.indices[span], scores.data[span]
            if len(columns) > _RERANKED:
                kept = values >= np.partition(values, -_RERANKED)[-_RERANKED]
                columns, values = columns[kept], values[kept]
            order = np.lexsort((columns, -values))[:_RERANKED]
            ids = (self._ids[column] for column in columns[order].tolist())
            found.append(list(map(Similar, ids, values[order].tolist())))
        return found

    def nearest(self, texts: Sequence[str], limit: int, least: float) -> list[list[Similar]]:
        """Names that each text may be a misspelling of.

        Args:
            texts: Folded texts.
            limit: Most names for each.
            least: Least edit ratio, 0..100.

        Returns:
            For each text names by edit ratio, best first.
        """
        from rapidfuzz import fuzz

        found = []
        for text, similar in zip(texts, self.similar(texts)):
            numbers = NUMBER.findall(text)
            rated = []
            for id, _ in similar:
                key = self._keys[id]
                ratio = fuzz.ratio(text, key, score_cutoff=least)
                if key[0] != text[0] and ratio < _OTHER_START:
                    continue
                if ratio and NUMBER.findall(key) == numbers:  # type 1 is no misspelt type 2
                    rated.append(Similar(id, ratio))
            rated.sort(key=lambda one: (-one.score, one.key))
            found.append(rated[:limit])
        return found
