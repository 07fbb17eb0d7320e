"""A graph as two files: ``graph.safetensors`` with the integers, ``graph.json`` with the strings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kgrag.errors import SavedFolderError
from kgrag.types import Ids

FORMAT = 1
_ARRAYS, _STRINGS = "graph.safetensors", "graph.json"
_LISTS = ("nodes", "relations", "source_names", "labels", "label_properties")


def write_graph(folder: str | os.PathLike[str], arrays: dict[str, Ids], strings: dict[str, Any]) -> None:
    """Writes both files into a folder, which is made where it is missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _ARRAYS)
    text = json.dumps({"format": FORMAT, **strings}, ensure_ascii=False)
    (folder / _STRINGS).write_text(text, encoding="utf-8")


def read_graph(folder: str | os.PathLike[str]) -> tuple[dict[str, Ids], dict[str, Any]]:
    """Reads both files back.

    Raises:
        SavedFolderError: If a file is missing, damaged, of another version, or its ids do not fit together.
    """
    folder = Path(folder)
    hint = "Save the graph again."
    try:
        arrays = load_file(folder / _ARRAYS)
        strings = json.loads((folder / _STRINGS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SavedFolderError(f"{folder} holds no saved graph: {_ARRAYS} or {_STRINGS} is missing.", hint) from error
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise SavedFolderError(f"The graph saved in {folder} is damaged: {error}.", hint) from error
    if not isinstance(strings, dict) or strings.get("format") != FORMAT:
        raise SavedFolderError(f"The graph saved in {folder} is not of format {FORMAT}.", hint)
    if not _fits(arrays, strings):
        raise SavedFolderError(f"The graph saved in {folder} is damaged: its parts do not fit together.", hint)
    return arrays, strings


def _fits(arrays: dict[str, Ids], strings: dict[str, Any]) -> bool:
    bounds = {"heads": "nodes", "relations": "relations", "tails": "nodes", "sources": "source_names"}
    if set(arrays) != set(bounds) or len({len(array) for array in arrays.values() if array.ndim == 1}) != 1:
        return False
    if any(not isinstance(strings.get(name), list) for name in _LISTS):
        return False
    if not isinstance(strings.get("version"), int) or not isinstance(strings.get("language"), str):
        return False
    given = strings.get("given")
    if not isinstance(given, dict) or any(not isinstance(label, str) for label in given.values()):
        return False
    for name in ("nodes", "relations", "source_names", "label_properties"):
        if any(not isinstance(text, str) for text in strings[name]) or len(set(strings[name])) != len(strings[name]):
            return False
    for row in strings["labels"]:
        if not isinstance(row, list) or len(row) != 4 or any(not isinstance(text, str) for text in row[:3]):
            return False
    return all(
        array.dtype == np.int64
        and array.ndim == 1
        and (not len(array) or (array.min() >= 0 and array.max() < len(strings[bounds[name]])))
        for name, array in arrays.items()
    )
