"""Finds names that a text may be a misspelling of, by character 3-grams and edit ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgrag.linking.candidates import NUMBER, Similar
from kgrag.linking.words import QuestionWords

_SHORTEST = 4  # shorter names resemble too much
_OTHER_START = 90.0  # least edit ratio of a name with another first letter: few people mistype that one
_RERANKED = 100  # nearest names by 3-grams that the edit ratio is computed for


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
