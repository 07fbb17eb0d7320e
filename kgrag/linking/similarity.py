"""Names that share character 3-grams with a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgrag.linking.candidates import Similar
from kgrag.linking.words import QuestionWords

_SHORTEST = 4  # shorter names resemble too much
_MOST = 100  # names a text


class SimilarNames:
    """Names that resemble a text.

    Args:
        keys: Folded names.
        words: Names made only of the wording of questions are left out: misspelt, they would match anything.
    """

    def __init__(self, keys: Sequence[str], words: QuestionWords) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._ids = [id for id, key in enumerate(keys) if len(key) >= _SHORTEST and words.level(key) == words.NAME]
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
            if len(columns) > _MOST:
                kept = values >= np.partition(values, -_MOST)[-_MOST]
                columns, values = columns[kept], values[kept]
            order = np.lexsort((columns, -values))[:_MOST]
            ids = (self._ids[column] for column in columns[order].tolist())
            found.append(list(map(Similar, ids, values[order].tolist())))
        return found
