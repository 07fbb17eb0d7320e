"""Vectors of texts that every process needs, kept in a file of the user's from one process to the next.

Known ways of asking are thousands of sentences. To encode them takes a processor half a minute, to read their vectors no time.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from kgrag.encoder import MiniLM
from kgrag.mapped import mapped_arrays
from kgrag.types import Floats, TextEncoder

log = logging.getLogger(__name__)
VARIABLE = "KGRAG_CACHE"  # of the environment: the folder, or nothing where nothing is to be kept
OFTEN = 1_000  # texts after which the file is written, and not only at the end
MOST = 60_000  # texts in a file
_KEY = 16  # bytes of the digest of a text


class KeptVectors:
    """Encodes texts, and reads the vectors of those that were encoded before.

    Args:
        encoder: Encodes what is new; its name tells its weights.
        file: Where vectors are kept; nowhere where not given.
        most: Vectors in the file, the oldest first; all where None.
    """

    def __init__(self, encoder: TextEncoder, file: Path | None = None, most: int | None = MOST) -> None:
        self._encoder, self._file, self._most = encoder, file, most
        self._vectors = {} if file is None else _read(file, encoder.width)
        self._new = 0

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """Unit vectors of texts, shape (texts, width)."""
        keys = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts) if key not in self._vectors}
        if new:
            self._vectors.update(zip(new, self._encoder.encode(list(new.values()), progress)))
            self._new += len(new)
            if self._new >= OFTEN:
                self.write()
        return (
            np.stack([self._vectors[key] for key in keys]) if keys else np.zeros((0, self._encoder.width), np.float32)
        )

    def write(self) -> None:
        """Writes what is new beside what the file holds by now; a file that cannot be written is done without."""
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        if self._file is None or not self._new:
            return
        self._new = 0
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept = list((_read(self._file, self._encoder.width) | self._vectors).items())[: self._most]
            keys = np.frombuffer(b"".join(key for key, _ in kept), np.uint8).reshape(-1, _KEY)
            descriptor, written = tempfile.mkstemp(dir=self._file.parent, suffix=".part")
            os.close(descriptor)
            try:
                save_file({"keys": keys.copy(), "vectors": np.stack([vector for _, vector in kept])}, written)
                os.replace(written, self._file)
            except BaseException:
                os.unlink(written)
                raise
        except (OSError, SafetensorError) as error:
            log.info("vectors are not kept: %s", error)


def kept(encoder: TextEncoder) -> KeptVectors:
    """The vectors that are kept for an encoder; of one whose name does not tell its weights none are."""
    folder = cache_folder()
    if folder is None or not isinstance(encoder, MiniLM):
        return KeptVectors(encoder)
    return _kept(f"{encoder.name}-{encoder.precision}", folder, encoder)


def cache_folder() -> Path | None:
    """Where vectors are kept: what ``KGRAG_CACHE`` names, else a folder of the user's; None where it is set to nothing."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kgrag"


@lru_cache(maxsize=4)
def _kept(name: str, folder: Path, encoder: TextEncoder) -> KeptVectors:
    vectors = KeptVectors(encoder, folder / f"{name}.safetensors")
    atexit.register(vectors.write)
    return vectors


def _read(file: Path, width: int) -> dict[bytes, Floats]:
    if not file.is_file():
        return {}
    try:
        arrays = mapped_arrays(file)
        keys, vectors = arrays["keys"], arrays["vectors"]
        if keys.dtype != np.uint8 or keys.shape != (len(vectors), _KEY):
            raise ValueError("its keys do not fit")
        if vectors.dtype != np.float32 or vectors.shape != (len(keys), width) or not np.isfinite(vectors).all():
            raise ValueError("its vectors do not fit")
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is made anew: %s", file, error)
        return {}
    return {key.tobytes(): vector for key, vector in zip(keys, vectors)}
