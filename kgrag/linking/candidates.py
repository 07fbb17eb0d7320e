"""Finds names in a text: exactly by Aho-Corasick, else by character 3-grams and edit ratio."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation

from kgrag.linking.bearers import Bearers
from kgrag.linking.folding import Folded, fold
from kgrag.linking.inflection import NOUNS, inflections, short_names
from kgrag.linking.words import QuestionWords

NUMBER = re.compile(r"\d+|\b[ivx]+\b")
_SHORT, _FORM, _NAME = range(3)  # a name without its noun, in another form, as it is
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
        names: As written, by key.
        first: Key of the first of the names.
    """

    def __init__(self, keys: Sequence[str], names: Bearers, first: int = 0) -> None:
        self._size = first + len(keys)
        forms: dict[str, int] = {}  # kind and key as one number, and the highest counts where several share a form

        def take(form: str, kind: int, key: int) -> None:
            if forms.get(form, -1) < kind * self._size + key:
                forms[form] = kind * self._size + key

        listed = list(keys)
        for place in sorted(range(len(listed)), key=listed.__getitem__):  # a third of the time to build the automaton
            folded, key = listed[place], first + place
            take(folded, _NAME, key)
            for form in inflections(folded):
                take(form, _FORM, key)
            for name in names[key] if folded.endswith(NOUNS) else ():
                for short in short_names(name.text):
                    take(fold(short), _SHORT, key)
        self._meant = array("i", forms.values())
        self._automaton = AhoCorasick(forms, store_patterns=False, implementation=Implementation.ContiguousNFA)

    def find(self, text: Folded) -> Iterator[Found]:
        """Yields names, positions in the original text."""
        for form, start, end in self._automaton.find_matches_as_indexes(text.text, overlapping=True):
            kind, key = divmod(self._meant[form], self._size)
            yield Found(text.starts[start], text.ends[end - 1], key, kind == _SHORT)

    def whole(self, text: str) -> int | None:
        """Key of the name that a whole folded text is a form of."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return next((self._meant[form] % self._size for form, start, end in found if end - start == len(text)), None)


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
