"""A graph as a folder: ``graph.safetensors`` with its arrays, ``graph.json`` with the rest, and the changes since."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from kgrag.errors import SavedFolderError
from kgrag.graph.arrays import Arrays
from kgrag.graph.journal import Journal
from kgrag.persistence import read_folder, read_json, write_folder, write_json

_FORMAT = 3
_ARRAYS, _SETTINGS = "graph.safetensors", "graph.json"
_HINT = "Save the graph again."
_HEADER_BYTES = 1 << 20
_TYPES = {"I64": np.int64, "U8": np.uint8}
_SETTINGS_TYPES: dict[str, type] = {
    "version": int,
    "language": str,
    "label_properties": list,
    "given": dict,
    "origins": list,
    "followed": dict,
}
_STATEMENTS = ("subjects", "predicates", "objects", "sources")


def write_graph(folder: str | os.PathLike[str], arrays: Arrays, settings: dict[str, Any]) -> Journal:
    """Writes a folder, all or nothing, and opens the journal of what changes from then on."""
    journals = []

    def write(staging: Path) -> None:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, staging / _ARRAYS)
        write_json(staging / _SETTINGS, {"format": _FORMAT, **settings})
        journals.append(Journal(staging))

    write_folder(Path(folder), write, kind="graph")
    return journals[0]


def read_graph(folder: str | os.PathLike[str]) -> tuple[Arrays, dict[str, Any], Journal]:
    """Maps the arrays of a folder, which are read where they are looked at, and reads the rest.

    Raises:
        SavedFolderError: If a file is missing, damaged, of another version, or its ids do not fit together.
    """
    folder = Path(folder)
    read_folder(folder, kind="graph")
    settings = read_json(folder / _SETTINGS)
    if not isinstance(settings, dict) or settings.get("format") != _FORMAT:
        raise SavedFolderError(f"The graph saved in {folder} is not of format {_FORMAT}.", _HINT)
    try:
        arrays = _mapped(folder / _ARRAYS)
        fits = _settings_fit(settings) and _fits(arrays, len(settings["origins"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SavedFolderError(f"The graph saved in {folder} is damaged: {error}.", _HINT) from error
    if not fits:
        raise SavedFolderError(f"The graph saved in {folder} is damaged: its parts do not fit together.", _HINT)
    return arrays, settings, Journal(folder)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file; the library's own reader copies them into memory."""
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    size = int.from_bytes(mapped[:8], "little")
    if size > min(_HEADER_BYTES, len(mapped) - 8):
        raise ValueError("its header is too long")
    arrays = {}
    for name, entry in json.loads(mapped[8 : 8 + size]).items():
        if name != "__metadata__":
            kind, (begin, end) = np.dtype(_TYPES[entry["dtype"]]), entry["data_offsets"]
            if not 0 <= begin <= end <= len(mapped) - 8 - size:
                raise ValueError(f"{name} is not within the file")
            array = np.frombuffer(mapped, kind, (end - begin) // kind.itemsize, 8 + size + begin)
            arrays[name] = array.reshape(entry["shape"])
    return arrays


def _settings_fit(settings: dict[str, Any]) -> bool:
    strings = [*settings["label_properties"], *settings["origins"]]
    for pairs in (settings["given"], settings["followed"]):
        strings.extend([*pairs, *pairs.values()])
    return (
        all(isinstance(settings[name], kind) for name, kind in _SETTINGS_TYPES.items())
        and all(isinstance(string, str) for string in strings)
        and len(set(settings["origins"])) == len(settings["origins"])
    )


def _fits(arrays: Arrays, origins: int) -> bool:
    """Whether every id in the arrays is one of something that is there."""
    terms, nodes, relations = len(arrays["terms.ends"]), len(arrays["nodes"]), len(arrays["relations"])
    return (
        _are_strings("terms", arrays)
        and _are_ids(arrays["nodes"], terms)
        and _are_ids(arrays["relations"], terms)
        and _are_statements("facts", arrays, (nodes, relations, nodes, origins))
        and _are_statements("names", arrays, (terms, terms, terms, origins))
        and _are_strings("index.names", arrays)
        and len(arrays["index.ids"]) == len(arrays["index.nodes"])
        and _are_ids(arrays["index.ids"], len(arrays["index.names.ends"]))
        and _are_ids(arrays["index.nodes"], nodes)
        and _are_rows("index.pairs", arrays, len(arrays["index.ids"]))
    )


def _are_strings(name: str, arrays: Arrays) -> bool:
    data, ends, order = (arrays[f"{name}.{part}"] for part in ("bytes", "ends", "order"))
    return (
        data.dtype == np.uint8
        and len(order) == len(ends)
        and _are_ids(order, len(ends))
        and _never_fall(ends, len(data))
    )


def _are_statements(name: str, arrays: Arrays, bounds: tuple[int, int, int, int]) -> bool:
    columns = [arrays[f"{name}.{column}"] for column in _STATEMENTS]
    also = arrays[f"{name}.also"]
    return (
        len({len(column) for column in columns}) == 1
        and all(_are_ids(column, bound) for column, bound in zip(columns, bounds))
        and also.ndim == 2
        and also.shape[1] == 2
        and _are_ids(also[:, 0], len(columns[0]))
        and _are_ids(also[:, 1], bounds[-1])
        and all(_are_rows(f"{name}.{side}", arrays, len(columns[0])) for side in ("outgoing", "incoming"))
    )


def _are_rows(name: str, arrays: Arrays, count: int) -> bool:
    order, starts = arrays[f"{name}.order"], arrays[f"{name}.starts"]
    return len(order) == count and _are_ids(order, count) and len(starts) > 0 and _never_fall(starts, count)


def _never_fall(bounds: NDArray[Any], last: int) -> bool:
    whole = np.append(0, bounds)
    return bounds.dtype == np.int64 and bounds.ndim == 1 and bool((np.diff(whole) >= 0).all()) and whole[-1] == last


def _are_ids(array: NDArray[Any], count: int) -> bool:
    if array.dtype != np.int64:
        return False
    return not array.size or bool(array.min() >= 0 and array.max() < count)
