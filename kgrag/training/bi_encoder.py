"""What is trained to find passages: the vectors of questions and of passages, and what they are held against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from kgrag.progress import track
from kgrag.retrieval.passages import PassageIndex
from kgrag.retrieval.passages.records import full_text
from kgrag.retrieval.passages.tags import document_tag
from kgrag.retrieval.passages.vectors import VectorIndex
from kgrag.retrieval.passages.windows import PassageVectors, windows_of
from kgrag.training.passage_lessons import Lesson
from kgrag.training.towers import Tower, Turn
from kgrag.types import Ids, TextEncoder

MINED = 30  # passages that a search is asked for
NEGATIVES = 8  # of those, how many are held against a question,
ENCODED = 2  # and how many where each of them has to be encoded


class BiEncoder(nn.Module):
    """Vectors of questions, and of passages: those of the index, unless their encoder is trained as well."""

    def __init__(
        self, index: PassageIndex, encoder: TextEncoder, questions: Turn | Tower, passages: Tower | None
    ) -> None:
        super().__init__()
        self.questions, self.passages = questions, passages
        self._index, self._encoder = index, encoder
        self._known: dict[str, torch.Tensor] = {}
        self._encoded: PassageVectors | None = None  # all passages, as the encoder is now

    def questions_of(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors, shape (texts, width)."""
        if isinstance(self.questions, Tower):
            return self.questions(texts)
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, torch.from_numpy(self._encoder.encode(new))))
        return self.questions(torch.stack([self._known[text] for text in texts]))

    def scores(self, texts: Sequence[str], rows: Ids) -> torch.Tensor:
        """How near questions are to passages, shape (texts, rows)."""
        contents = self._index.contents
        if self.passages is not None:
            windows, counts = windows_of(
                self._encoder, [full_text(contents.rows.passage(row)) for row in rows.tolist()]
            )
            vectors, places = self.passages(windows), np.repeat(np.arange(len(rows)), counts)
        else:
            assert contents.vectors is not None
            known, places = contents.vectors.windows(rows)
            vectors = torch.from_numpy(known)
        return nearest(self.questions_of(texts) @ vectors.T, places, len(rows))

    def answers_of(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors of texts as of passages, shape (texts, width)."""
        return torch.from_numpy(self._encoder.encode(texts)) if self.passages is None else self.passages(texts)

    def changed(self) -> None:
        """To be called where weights change."""
        self._encoded = None

    def all_passages(self) -> PassageVectors:
        """Vectors of all passages, by rows, as the encoder is now."""
        contents = self._index.contents
        assert contents.vectors is not None
        if self.passages is None:
            return contents.vectors
        if self._encoded is None:
            self._encoded = self._encode_all(self.passages)
        return self._encoded

    def _encode_all(self, tower: Tower) -> PassageVectors:
        contents = self._index.contents
        encoder, is_live = tower.trained("passages"), contents.rows.is_live
        windows, counts = windows_of(encoder, list(contents.texts(np.flatnonzero(is_live))))
        vectors = PassageVectors(VectorIndex(self._encoder.width, contents.metric, "flat"))
        vectors.add(encoder.encode(windows, progress=True), counts, is_live)
        return vectors


def nearest(scores: torch.Tensor, places: Ids, count: int) -> torch.Tensor:
    """Of several windows of a passage the score of the nearest.

    Args:
        scores: Of each question with each window, shape (questions, windows).
        places: The passage that each window is of, shape (windows,).
        count: Number of the passages.

    Returns:
        Shape (questions, count).
    """
    if len(places) == count:
        return scores
    owners = torch.from_numpy(places).expand(len(scores), -1)
    return scores.new_zeros(len(scores), count).scatter_reduce(1, owners, scores, "amax", include_self=False)


class Mined:
    """Passages that look right for questions but are not."""

    def __init__(self, index: PassageIndex, lessons: Sequence[Lesson]) -> None:
        contents = index.contents
        self._lessons, self._found = lessons, []
        for lesson in track(lessons, "looking for what looks right"):
            documents = {contents.rows.passage(row).document for row in lesson.gold.tolist()} - {""}
            beside = [contents.rows.bearing(document_tag(document))[:MINED] for document in sorted(documents)]
            self._found.append(np.concatenate([contents.words.search(lesson.question, MINED).rows, *beside]))

    def wrong(self, place: int, near: Ids, most: int, rng: np.random.Generator) -> Ids:
        """Some that do not answer the question at a place, of those found by words, beside the right ones, and of those near."""
        rows = np.setdiff1d(np.concatenate([self._found[place], near]), self._lessons[place].gold)
        return rng.choice(rows, min(most, len(rows)), replace=False)
