"""An index of passages as a folder: lines of JSON, their columns, their vectors, what FAISS and tantivy make of them, and
the changes since."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file

from kgrag.errors import PassageError, SavedFolderError
from kgrag.journal import Journal
from kgrag.mapped import mapped_arrays
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.retrieval.passages.candidates import Metric
from kgrag.retrieval.passages.contents import Contents
from kgrag.retrieval.passages.ranker import Ranker
from kgrag.retrieval.passages.rows import Rows, are_of_rows
from kgrag.retrieval.passages.vectors import Kind
from kgrag.retrieval.passages.windows import PassageVectors
from kgrag.retrieval.passages.words import WordIndex

_FORMAT = 4
_SETTINGS, _LINES, _COLUMNS, _WORDS, _RANKER = "index.json", "passages.jsonl", "passages.safetensors", "words", "ranker"
_CHOICES = ("metric", "kind", "language", "encoder")
_HINT = "Save the index again."


def write_index(folder: str | os.PathLike[str], contents: Contents, ranker: Ranker) -> tuple[Contents, Journal]:
    """Writes an index into a folder, all or nothing, without gaps; gives it as it lives there from then on.

    Raises:
        SavedFolderError: Something else is at that place, or it cannot be written.
    """
    opened: list[tuple[Contents, Journal]] = []

    def write(staging: Path) -> None:
        _write(staging, contents)
        ranker.save(staging / _RANKER)
        opened.append(_opened(staging))

    write_folder(Path(folder), write, kind="passages")
    opened[0][1].folder = Path(folder)
    return opened[0]


def read_index(folder: str | os.PathLike[str]) -> tuple[Contents, Journal, Ranker]:
    """Maps an index from its folder, as it was when it was saved; the journal has the changes since.

    Raises:
        ModelError: What it has learned is missing or does not fit.
        SavedFolderError: A file is missing, damaged, of another version, or does not fit the others.
    """
    folder = Path(folder)
    read_folder(folder, kind="passages")
    return *_opened(folder), Ranker.load(folder / _RANKER)


def _write(folder: Path, contents: Contents) -> None:
    rows = np.flatnonzero(contents.rows.is_live)
    try:
        with (folder / _LINES).open("wb") as stream:
            save_file(dict(contents.rows.write(rows, stream)), folder / _COLUMNS)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    if contents.vectors is not None:
        contents.vectors.write(folder, contents.rows.is_live)
    contents.write_words(folder / _WORDS)
    write_json(
        folder / _SETTINGS,
        {"format": _FORMAT, **{name: getattr(contents, name) for name in _CHOICES}},
    )


def _opened(folder: Path) -> tuple[Contents, Journal]:
    settings = read_json(folder / _SETTINGS)
    if not isinstance(settings, dict) or settings.get("format") != _FORMAT:
        raise SavedFolderError(f"The index saved in {folder} is not of format {_FORMAT}.", _HINT)
    try:
        contents = _contents(folder, *(settings[name] for name in _CHOICES))
    except (OSError, ValueError, KeyError, TypeError, PassageError) as error:
        raise SavedFolderError(f"The index saved in {folder} cannot be read: {error}.", _HINT) from error
    return contents, Journal(folder, "index", PassageError)


def _contents(folder: Path, metric: Any, kind: Any, language: str, encoder: str) -> Contents:
    if metric not in get_args(Metric) or kind not in get_args(Kind) or not isinstance(encoder, str):
        raise ValueError(f"there is no metric {metric!r}, kind {kind!r} or encoder {encoder!r}")
    columns, lines = mapped_arrays(folder / _COLUMNS), _mapped(folder / _LINES)
    if not are_of_rows(columns, len(lines)):
        raise ValueError("its parts do not fit together")
    vectors = PassageVectors.read(folder, metric, kind) if encoder else None
    if vectors is not None and len(vectors) > len(columns["ends"]):
        raise ValueError("there are more vectors than passages")
    words = WordIndex(language, folder / _WORDS)
    return Contents(metric, kind, language, encoder, Rows(columns, lines), vectors, words)


def _mapped(path: Path) -> memoryview:
    if not path.stat().st_size:
        return memoryview(b"")
    with path.open("rb") as stream:
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
