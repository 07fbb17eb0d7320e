"""Ray: a small cluster of this machine alone, or one that is there; what is done on it."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from kgrag.distributed.encoding import Streamed, encoded
from kgrag.distributed.shards import Shards
from kgrag.encoder import MiniLM
from kgrag.errors import InputError, ModelError
from kgrag.retrieval import PassageIndex
from kgrag.retrieval.passages.windows import windows_of
from kgrag.types import TextEncoder

LOCAL = "local"

# Read by Ray when it is imported and by each process that it starts. The second makes its servers listen on 127.0.0.1, which it
# does by itself on macOS and Windows alone: https://github.com/ray-project/ray/issues/18730. The last gives a busy machine time.
_ALONE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_raylet_start_wait_time_s": "120",
}


class Workers:
    """Processes that encode passages and search vectors, to be used in a ``with`` block.

    Ray of this machine alone listens on 127.0.0.1 only, asks for a token that none but its own processes have, shows no dashboard
    and sends no usage statistics.

    Args:
        count: How many processes encode at once, one processor each.
        address: Of a Ray cluster that is there already, with kgrag and the same files on each machine; one of this machine alone is
            started where not given.

    Raises:
        InputError: Ray is not installed, is in use already, or no cluster is at the address.
    """

    def __init__(self, count: int = 2, address: str = LOCAL) -> None:
        if count < 1:
            raise InputError(f"There are no {count!r} workers.", "Give at least one.")
        self.count, self.address = count, address

    def __enter__(self) -> Workers:
        if self.address == LOCAL:
            _keep_to_this_machine()
        ray = _ray()
        if ray.is_initialized():
            raise InputError("Ray is in use in this process already.", "Leave it first: ray.shutdown().")
        options: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
        if self.address == LOCAL:
            options |= {"num_cpus": self.count, "include_dashboard": False}
        try:
            ray.init(address=self.address, **options)
        except Exception as error:  # the library raises errors of many kinds, and plain ones, where it cannot start
            raise InputError(
                f"There is no Ray at {self.address!r}: {error}.", "Start it, or leave the address out."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ray().shutdown()

    def build(self, index: PassageIndex, encoder: TextEncoder) -> PassageIndex:
        """Encodes what is not encoded yet, as `PassageIndex.build` does, by all workers; to the same vectors.

        An index that was saved keeps what is encoded as it comes: when it is interrupted, load the index and build it again.

        Args:
            index: Where the vectors go.
            encoder: A `MiniLM`; each worker loads it from its folder.

        Raises:
            ModelError: It is no such model, the passages were encoded by another one, or a worker failed.
        """
        encoder = index.ranker.passage_encoder(encoder)
        if not isinstance(encoder, MiniLM) or not encoder.folder.is_dir():
            raise ModelError(
                f"{encoder.name!r} is no model that workers can load.", "Give a `MiniLM` whose folder is still there."
            )
        contents = index.contents
        texts, _ = windows_of(encoder, list(contents.pending(len(contents.rows)).values()))
        vectors = encoded(texts, encoder.folder, self.count)
        return index.build(Streamed(encoder, texts, vectors), progress=False)

    def open(self, folder: str | Path, shards: int = 2) -> PassageIndex:
        """Opens a saved index whose vectors are searched by as many processes, each of which maps a part of them.

        It finds what `PassageIndex.load` would, and is used and changed alike. What is added is searched in this process until the
        index is saved and opened again.

        Args:
            folder: Where the index was saved; at the same place on each machine.
            shards: How many processes.

        Raises:
            InputError: There are less than one.
            SavedFolderError: As of `PassageIndex.load`.
        """
        if shards < 1:
            raise InputError(f"There are no {shards!r} shards.", "Give at least one.")
        index = PassageIndex.load(folder)
        vectors = index.contents.vectors
        if vectors is not None:
            for part, place in vectors.parts(Path(folder).resolve()):
                part.search_by(Shards(place, part.metric, part.kind, shards))
        return index


def _keep_to_this_machine() -> None:
    if "ray" in sys.modules and any(os.environ.get(name) != value for name, value in _ALONE.items()):
        settings = " ".join(f"{name}={value}" for name, value in _ALONE.items())
        raise InputError(
            "Ray was imported before it could be kept to this machine.", f"Import it later, or set {settings}."
        )
    os.environ.update(_ALONE)
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise InputError("Ray is not installed.", "Install it: pip install 'kgrag[ray]'.") from error
    return ray
