"""A graph as a folder: ``graph.safetensors`` with its arrays, ``graph.json`` with the rest, and the changes since."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from kgrag.errors import GraphError, SavedFolderError
from kgrag.graph.arrays import Arrays
from kgrag.journal import Journal
from kgrag.mapped import are_ids, are_rows, are_strings, mapped_arrays
from kgrag.persistence import read_folder, read_json, write_folder, write_json

_FORMAT = 4
_ARRAYS, _SETTINGS = "graph.safetensors", "graph.json"
_HINT = "Save the graph again."
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
    journals: list[Journal] = []

    def write(staging: Path) -> None:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, staging / _ARRAYS)
        write_json(staging / _SETTINGS, {"format": _FORMAT, **settings})
        journals.append(_journal(staging))

    write_folder(Path(folder), write, kind="graph")
    journals[0].folder = Path(folder)
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
        arrays = mapped_arrays(folder / _ARRAYS)
        fits = _settings_fit(settings) and _fits(arrays, len(settings["origins"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SavedFolderError(f"The graph saved in {folder} is damaged: {error}.", _HINT) from error
    if not fits:
        raise SavedFolderError(f"The graph saved in {folder} is damaged: its parts do not fit together.", _HINT)
    return arrays, settings, _journal(folder)


def _journal(folder: Path) -> Journal:
    return Journal(folder, "graph", GraphError)


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
        are_strings("terms", arrays)
        and are_ids(arrays["nodes"], terms)
        and are_ids(arrays["relations"], terms)
        and _are_statements("facts", arrays, (nodes, relations, nodes, origins))
        and _are_statements("names", arrays, (terms, terms, terms, origins))
        and are_strings("index.names", arrays)
        and len(arrays["index.ids"]) == len(arrays["index.nodes"])
        and are_ids(arrays["index.ids"], len(arrays["index.names.ends"]))
        and are_ids(arrays["index.nodes"], nodes)
        and are_rows("index.pairs", arrays, len(arrays["index.ids"]))
    )


def _are_statements(name: str, arrays: Arrays, bounds: tuple[int, int, int, int]) -> bool:
    columns = [arrays[f"{name}.{column}"] for column in _STATEMENTS]
    also = arrays[f"{name}.also"]
    return (
        len({len(column) for column in columns}) == 1
        and all(are_ids(column, bound) for column, bound in zip(columns, bounds))
        and also.ndim == 2
        and also.shape[1] == 2
        and are_ids(also[:, 0], len(columns[0]))
        and are_ids(also[:, 1], bounds[-1])
        and all(are_rows(f"{name}.{side}", arrays, len(columns[0])) for side in ("outgoing", "incoming"))
    )
