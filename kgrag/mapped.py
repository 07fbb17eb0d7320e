"""Arrays in a safetensors file, mapped: read where they are looked at, once it is checked that they fit together."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES = 1 << 20
_TYPES = {"I64": np.int64, "U8": np.uint8, "F32": np.float32}


def mapped_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by their names, read-only; the library's own reader copies them into memory.

    Raises:
        OSError: If the file cannot be read.
        ValueError, KeyError, TypeError: If it is damaged.
    """
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    size = int.from_bytes(mapped[:8], "little")
    if size > min(_HEADER_BYTES, len(mapped) - 8):
        raise ValueError("its header is too long")
    arrays = {}
    header = json.loads(mapped[8 : 8 + size])
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    for name, entry in header.items():
        if name != "__metadata__":
            kind, (begin, end) = np.dtype(_TYPES[entry["dtype"]]), entry["data_offsets"]
            if not 0 <= begin <= end <= len(mapped) - 8 - size:
                raise ValueError(f"{name} is not within the file")
            array = np.frombuffer(mapped, kind, (end - begin) // kind.itemsize, 8 + size + begin)
            arrays[name] = array.reshape(entry["shape"])
    return arrays


def write_rows(path: Path, name: str, shape: tuple[int, ...], blocks: Iterable[NDArray[np.float32]]) -> None:
    """Writes one array as a safetensors file, block after block; the library's own writer needs the whole at once."""
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * int(np.prod(shape))]}
    header = json.dumps({name: entry}).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for block in blocks:
            stream.write(np.ascontiguousarray(block, "<f4").data)


def are_strings(name: str, arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays are those of a dictionary of strings."""
    data, ends, order, sums = (arrays[f"{name}.{part}"] for part in ("bytes", "ends", "order", "sums"))
    return (
        data.dtype == np.uint8
        and never_fall(ends, len(data))
        and len(ends) == len(order) == len(sums)
        and are_ids(order, len(ends))
        and sums.dtype == np.int64
        and bool((sums[:-1] <= sums[1:]).all())
    )


def are_rows(name: str, arrays: Mapping[str, NDArray[Any]], count: int) -> bool:
    """Whether arrays give an ``order`` of so many rows, and where each group of them ``starts`` in it."""
    order, starts = arrays[f"{name}.order"], arrays[f"{name}.starts"]
    return len(order) == count and are_ids(order, count) and len(starts) > 0 and never_fall(starts, count)


def never_fall(bounds: NDArray[Any], last: int) -> bool:
    """Whether these are integers that never fall, from at least 0 up to ``last``."""
    whole = np.append(0, bounds)
    return bounds.dtype == np.int64 and bounds.ndim == 1 and bool((np.diff(whole) >= 0).all()) and whole[-1] == last


def are_ids(array: NDArray[Any], count: int) -> bool:
    """Whether these are integers from 0 to below ``count``."""
    if array.dtype != np.int64:
        return False
    return not array.size or bool(array.min() >= 0 and array.max() < count)
