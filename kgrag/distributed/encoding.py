"""Texts encoded by Ray Data: blocks of them go to workers, each of which holds the model, and come back in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.errors import ModelError
from kgrag.types import Floats

if TYPE_CHECKING:
    from kgrag.encoder import MiniLM

TOGETHER = 1_000_000  # texts that Ray holds at once
BLOCK = 1_024  # texts that a worker is given


class Streamed:
    """A text encoder whose vectors come from elsewhere, in the order in which they are asked for.

    Args:
        encoder: What the vectors are of.
        texts: What will be asked for: windows of passages.
        vectors: Those of the texts.
    """

    def __init__(self, encoder: MiniLM, texts: Sequence[str], vectors: Iterator[Floats]) -> None:
        self.name, self.width, self.tokens, self.spans = encoder.name, encoder.width, encoder.tokens, encoder.spans
        self.windows = encoder.windows
        self._texts, self._vectors, self._at = texts, vectors, 0
        self._rest = np.zeros((0, encoder.width), np.float32)

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """The next vectors, shape (texts, width).

        Raises:
            ModelError: These texts are not the next.
        """
        if list(texts) != list(self._texts[self._at : self._at + len(texts)]):
            raise ModelError("The index was changed while it was built.", "Build it again.")
        self._at += len(texts)
        parts, count = [self._rest], len(self._rest)
        while count < len(texts):
            parts.append(next(self._vectors))
            count += len(parts[-1])
        both = np.concatenate(parts)
        self._rest = both[len(texts) :]
        return both[: len(texts)]


def encoded(texts: Sequence[str], folder: Path, workers: int) -> Iterator[Floats]:
    """Vectors of texts, block after block.

    Args:
        texts: What to encode.
        folder: Of the model.
        workers: How many processes encode at once.

    Raises:
        ModelError: A worker failed.
    """
    for start in range(0, len(texts), TOGETHER):
        yield from _encoded(texts[start : start + TOGETHER], folder, workers)


def _encoded(texts: Sequence[str], folder: Path, workers: int) -> Iterator[Floats]:
    import pyarrow
    import ray
    from ray.exceptions import RayError

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    blocks = [pyarrow.table({"text": texts[i : i + BLOCK]}) for i in range(0, len(texts), BLOCK)]
    vectors = ray.data.from_arrow(blocks).map_batches(
        _Encoder,
        fn_constructor_args=(str(folder),),
        batch_size=BLOCK,
        concurrency=min(workers, len(blocks)),
        num_cpus=1,
    )
    try:
        for batch in vectors.iter_batches(batch_size=None, batch_format="numpy"):
            yield np.stack(batch["vector"]).astype(np.float32, copy=False)
    except RayError as error:
        raise ModelError(f"A worker failed: {error}", "See to it that each can load the model and has room.") from error


class _Encoder:
    """A model in a worker."""

    def __init__(self, folder: str) -> None:
        from kgrag.encoder import MiniLM

        self._model = MiniLM(folder)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Floats]:
        return {"vector": self._model.encode([str(text) for text in batch["text"]])}
