"""What is learned of a collection of passages: how questions are encoded for it, and how what is found is ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kgrag.encoder import MiniLM
from kgrag.errors import ModelError, SavedFolderError
from kgrag.persistence import read_json, write_json
from kgrag.retrieval.hybrid import MEASURES, TRAITS, Fusion
from kgrag.types import Floats, TextEncoder

_FUSION, _TURN, _QUESTIONS, _PASSAGES = "fusion.json", "turn.safetensors", "questions", "passages"


@dataclass(frozen=True)
class Ranker:
    """Two towers that encode questions and passages, and the fusion of what is found.

    Attributes:
        fusion: Of the rankings.
        turn: What vectors of questions are multiplied by, shape (width, width); they stay as they are where not given. A linear
            map of passages would come to the same, (A q) · (B p) = (Bᵀ A q) · p, and the index would have to be made anew.
        questions: Encodes questions; whatever encodes passages where not given.
        passages: Encodes passages; what the index is given where not given.
    """

    fusion: Fusion = field(default_factory=Fusion)
    turn: Floats | None = None
    questions: MiniLM | None = None
    passages: MiniLM | None = None

    def passage_encoder(self, encoder: TextEncoder) -> TextEncoder:
        """What encodes passages, where an index is given ``encoder``."""
        return self.passages or encoder

    def encode_questions(self, texts: Sequence[str], encoder: TextEncoder) -> Floats:
        """Vectors of questions, to be compared with those of passages.

        Args:
            texts: The questions.
            encoder: What the index is given.

        Returns:
            Unit vectors, shape (texts, width).

        Raises:
            ModelError: The encoder is of another width than the one that was trained with.
        """
        vectors = (self.questions or self.passage_encoder(encoder)).encode(texts)
        if self.turn is None:
            return vectors
        if self.turn.shape[1] != vectors.shape[-1]:
            raise ModelError(
                f"The ranker was trained for vectors of length {self.turn.shape[1]}, and {encoder.name!r} gives "
                f"{vectors.shape[-1]} numbers.",
                "Give the encoder that it was trained with, or train it again.",
            )
        turned = vectors @ self.turn.T
        return turned / np.maximum(np.linalg.norm(turned, axis=-1, keepdims=True), 1e-12)

    def save(self, folder: Path) -> None:
        """Writes what was learned into a new folder.

        Raises:
            OSError: It cannot be written.
        """
        folder.mkdir()
        write_json(folder / _FUSION, dict(self.fusion.weights))
        if self.turn is not None:
            try:
                save_file({"turn": self.turn}, folder / _TURN)
            except SafetensorError as error:
                raise OSError(str(error)) from error
        for name, tower in ((_QUESTIONS, self.questions), (_PASSAGES, self.passages)):
            if tower is not None:
                tower.save(folder / name)

    @classmethod
    def load(cls, folder: Path) -> Ranker:
        """Reads back what `save` wrote; an untrained one where there is no such folder.

        Raises:
            ModelError: A file is missing or does not fit.
        """
        if not folder.is_dir():
            return cls()
        try:
            weights = read_json(folder / _FUSION)
            if not isinstance(weights, dict) or not set(weights) <= {*MEASURES, *TRAITS}:
                raise ValueError("its weights are not those of known measures")
            fusion = Fusion({name: float(weight) for name, weight in weights.items()})
            turn = load_file(folder / _TURN)["turn"] if (folder / _TURN).is_file() else None
            if turn is not None and (turn.ndim != 2 or turn.shape[0] != turn.shape[1] or not np.isfinite(turn).all()):
                raise ValueError("its vectors of questions cannot be turned")
            towers = [MiniLM(path) if path.is_dir() else None for path in (folder / _QUESTIONS, folder / _PASSAGES)]
        except (OSError, ValueError, TypeError, KeyError, SafetensorError, SavedFolderError) as error:
            raise ModelError(f"No ranker can be loaded from {folder}: {error}.", "Train it again.") from error
        return cls(fusion, turn, *towers)
