"""The bytes of a file, a stream or a string of bytes, bounded in size."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph.faults import one_line

Source = str | os.PathLike[str] | bytes | BinaryIO


class Unpacked(NamedTuple):
    """What was read: its name in errors, its bytes, and the file where it was one."""

    name: str
    data: bytes
    path: Path | None


def name_of(source: Source) -> str:
    """What a source is called: the name of its file, or "data" where it has none."""
    if isinstance(source, (str, os.PathLike)):
        return Path(source).name
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else "data"


def unpack(source: Source, limits: Limits) -> Unpacked:
    """Reads all bytes of a source, unpacked.

    Raises:
        GraphError: If there is no such file, it is damaged or too large, or nothing that can be read was given.
    """
    if isinstance(source, (str, os.PathLike)):
        return _unpack_file(Path(source), limits)
    if isinstance(source, (bytes, bytearray, memoryview)):
        stream: BinaryIO = io.BytesIO(source)
    elif hasattr(source, "read") and not isinstance(source, io.TextIOBase):
        stream = source
    else:
        raise GraphError(
            f"RDF cannot be read from a {type(source).__name__}.", "Give a path, bytes or a stream opened with 'rb'."
        )
    name = name_of(source)
    return Unpacked(name, _read(name, stream, limits), None)


def _unpack_file(path: Path, limits: Limits) -> Unpacked:
    if re.match(r"https?:/", str(path)):
        raise GraphError(f"{path} is a web address, and nothing is fetched.", "Download the file and give its path.")
    if not path.exists():
        raise GraphError(f"There is no file {path}.", "Check the path.")
    if path.is_dir():
        raise GraphError(f"{path} is a folder.", "Give the RDF files in it one by one.")
    try:
        with open(path, "rb") as stream:
            return Unpacked(str(path), _read(str(path), stream, limits), path)
    except OSError as error:
        raise GraphError(f"{path} cannot be read: {one_line(str(error))}.", "Check the file.") from error


def _read(name: str, stream: BinaryIO, limits: Limits) -> bytes:
    try:
        data = stream.read(limits.file_bytes + 1)
        if data[:2] == b"\x1f\x8b":
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(limits.file_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise GraphError(f"{name} cannot be read: {one_line(str(error))}.", "Check the file.") from error
    if len(data) > limits.file_bytes:
        raise GraphError(f"{name} is larger than {limits.file_bytes:,} bytes.", "Split it, or raise Limits.file_bytes.")
    return data
