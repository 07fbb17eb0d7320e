"""Ranks a few passages anew by a cross-encoder, which reads question and passage together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kgrag.errors import ModelError
from kgrag.types import Floats


class Reranker:
    """A cross-encoder of sentence-transformers (Nogueira and Cho: Passage Re-ranking with BERT, 2019).

    Args:
        path: A local folder; nothing is downloaded.

    Raises:
        ModelError: There is no such folder, or it cannot be loaded.
    """

    def __init__(self, path: str | Path) -> None:
        from sentence_transformers import CrossEncoder

        if not (Path(path) / "config.json").is_file():
            raise ModelError(
                f"There is no cross-encoder at {path}.", "Give the path of a local folder that holds config.json."
            )
        try:
            self._model = CrossEncoder(
                str(path), device="cpu", local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the library raises errors of many kinds on a broken folder
            raise ModelError(f"The model in {path} cannot be loaded: {error}", "Give an intact folder.") from error

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """How well texts answer a question, shape (texts,)."""
        if not len(texts):
            return np.zeros(0, np.float32)
        scores = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(scores, np.float32).reshape(len(texts), -1)[:, -1]
