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
from kgrag.training.passage_lessons import Lesson
from kgrag.training.towers import Tower, Turn
from kgrag.types import Ids, TextEncoder

MINED = 30  # passages that a search is asked for
NEGATIVES = 8  # of those, how many are held against a question


class BiEncoder(nn.Module):
    """Vectors of questions, and of passages: those of the index, unless their encoder is trained as well."""

    def __init__(
        self, index: PassageIndex, encoder: TextEncoder, questions: Turn | Tower, passages: Tower | None
    ) -> None:
        super().__init__()
        self.questions, self.passages = questions, passages
        self._index, self._encoder = index, encoder
        self._known: dict[str, torch.Tensor] = {}

    def questions_of(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors, shape (texts, width)."""
        if isinstance(self.questions, Tower):
            return self.questions(texts)
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, torch.from_numpy(self._encoder.encode(new))))
        return self.questions(torch.stack([self._known[text] for text in texts]))

    def passages_of(self, rows: Ids) -> torch.Tensor:
        """Unit vectors, shape (rows, width)."""
        contents = self._index.contents
        if self.passages is not None:
            return self.passages([full_text(contents.rows.passage(row)) for row in rows.tolist()])
        assert contents.vectors is not None
        return torch.from_numpy(contents.vectors.pick(rows))

    def answers_of(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors of texts as of passages, shape (texts, width)."""
        return torch.from_numpy(self._encoder.encode(texts)) if self.passages is None else self.passages(texts)

    def all_passages(self) -> VectorIndex:
        """Vectors of all passages, by rows, as the encoder is now."""
        contents = self._index.contents
        assert contents.vectors is not None
        if self.passages is None:
            return contents.vectors
        encoder, vectors = (
            self.passages.trained("passages"),
            VectorIndex(contents.vectors.width, contents.metric, "flat"),
        )
        live = np.flatnonzero(contents.rows.is_live)
        encoded = np.zeros((len(contents.rows), contents.vectors.width), np.float32)
        encoded[live] = encoder.encode([text for _, text, _ in contents.texts(live)], progress=True)
        vectors.add(encoded)
        return vectors


class Mined:
    """Passages that look right for questions but are not."""

    def __init__(self, index: PassageIndex, lessons: Sequence[Lesson]) -> None:
        contents = index.contents
        self._lessons, self._found = lessons, []
        for lesson in track(lessons, "looking for what looks right"):
            documents = {contents.rows.passage(row).document for row in lesson.gold.tolist()} - {""}
            beside = [contents.rows.bearing(document_tag(document))[:MINED] for document in sorted(documents)]
            self._found.append(np.concatenate([contents.words.search(lesson.question, MINED).rows, *beside]))

    def wrong(self, place: int, near: Ids, rng: np.random.Generator) -> Ids:
        """Some that do not answer the question at a place, of those found by words, beside the right ones, and of those near."""
        rows = np.setdiff1d(np.concatenate([self._found[place], near]), self._lessons[place].gold)
        return rng.choice(rows, min(NEGATIVES, len(rows)), replace=False)
