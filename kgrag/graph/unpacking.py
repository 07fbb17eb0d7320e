"""The bytes of a file, a stream or a string of bytes, unpacked within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.faults import one_line
from kgrag.graph.checking import HARMLESS
from kgrag.graph.formats import PACKED_ENDINGS, RDF_ENDINGS, content_ending

Source = str | os.PathLike[str] | bytes | BinaryIO

_CHUNK = 1 << 20
_ZSTD_FEED = 512  # bytes; a block of four makes 128 KiB, so that this makes 16 MiB at most


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
        stream: Any = io.BytesIO(source)
    elif hasattr(source, "read") and not isinstance(source, io.TextIOBase):
        stream = source
    else:
        raise GraphError(
            f"RDF cannot be read from a {type(source).__name__}.", "Give a path, bytes or a stream opened with 'rb'."
        )
    name = name_of(source)
    return Unpacked(name, _read(name, stream, limits), None)


def files_in(folder: Path) -> list[Path]:
    """The RDF files of a folder, by name; those in folders within it are left alone.

    An ending that other files have too (.json, .xml, .csv, .tsv, .txt) does not make an RDF file.

    Raises:
        GraphError: If there is none.
    """
    files = sorted(path for path in folder.iterdir() if content_ending(path.name) in RDF_ENDINGS and path.is_file())
    found = [path for path in files if not path.name.startswith(".")]
    if not found:
        raise GraphError(
            f"The folder {folder} holds no RDF file.",
            f"Files in it that end in {', '.join(RDF_ENDINGS)} would be read, packed ones ({', '.join(PACKED_ENDINGS)}) "
            "too, but not folders in it; give other files one by one.",
        )
    return found


def _unpack_file(path: Path, limits: Limits) -> Unpacked:
    if re.match(r"https?:/", str(path)):
        raise GraphError(f"{path} is a web address, and nothing is fetched.", "Download the file and give its path.")
    try:
        if not path.exists():
            raise GraphError(f"There is no file {path}.", "Check the path.")
        if path.is_dir():
            raise GraphError(f"{path} is a folder.", "KnowledgeGraph.from_rdf reads the RDF files of one.")
        with open(path, "rb") as stream:
            return Unpacked(str(path), _read(str(path), stream, limits), path)
    except OSError as error:
        raise GraphError(f"{path} cannot be read: {one_line(str(error))}.", "Check the file.") from error


def _read(name: str, stream: BinaryIO, limits: Limits) -> bytes:
    counted = _Counted(stream)
    packed: Any = io.BufferedReader(counted)
    data, size, is_packed = io.BytesIO(), 0, False
    for chunk, is_packed in _chunks(name, packed):
        size += len(chunk)
        if size > limits.file_bytes:
            raise GraphError(
                f"{name} is larger than {limits.file_bytes:,} bytes.", "Split it, or raise Limits.file_bytes."
            )
        if is_packed and size > max(HARMLESS, limits.unpacked_ratio * counted.bytes):
            raise GraphError(
                f"{name} unpacks to more than {limits.unpacked_ratio} times its size.",
                "Unpack it yourself if you trust it, or raise Limits.unpacked_ratio.",
            )
        data.write(chunk)
    if is_packed and data.getbuffer()[:8].tobytes().startswith(tuple(_UNPACKERS)):
        raise GraphError(f"{name} is packed twice.", "Unpack it once.")
    return data.getvalue()


def _chunks(name: str, stream: io.BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """Pieces of a stream, unpacked, and whether they were packed."""
    try:
        start = stream.peek(8)
        unpacker = next((unpacker for mark, unpacker in _UNPACKERS.items() if start.startswith(mark)), None)
        unpacked = unpacker(stream) if unpacker else stream
        while chunk := unpacked.read(_CHUNK):
            yield chunk, unpacker is not None
    except ImportError as error:
        raise GraphError(
            f"{name} is packed by Zstandard, and no module that unpacks it is there.",
            "Install one: pip install 'kgrag[zst]'.",
        ) from error
    except Exception as error:  # the errors of the libraries that unpack have no root in common
        raise GraphError(f"{name} cannot be read: {one_line(str(error))}.", "Check the file.") from error


class _Counted(io.RawIOBase):
    """A stream that counts what was read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        while 0 < len(data) < 8 and (more := self._stream.read(len(buffer) - len(data))):  # enough to tell its kind
            data += more
        buffer[: len(data)] = data
        self.bytes += len(data)
        return len(data)


class _Zstandard:
    """What the zstandard package unpacks; its own reader takes a file that was cut off for a whole one."""

    def __init__(self, stream: io.BufferedReader) -> None:
        import zstandard

        self._stream, self._start = stream, zstandard.ZstdDecompressor().decompressobj
        self._frame = self._start()
        self._waiting = b""

    def read(self, size: int) -> bytes:
        while packed := self._waiting or self._stream.read(_ZSTD_FEED):
            if self._frame.eof:
                self._frame = self._start()
            data = self._frame.decompress(packed)
            self._waiting = self._frame.unused_data if self._frame.eof else b""
            if data:
                return data
        if not self._frame.eof:
            raise EOFError("it ends before its end was marked")
        return b""


def _zstandard(stream: io.BufferedReader) -> Any:
    try:
        from compression import zstd  # Python 3.14
    except ImportError:
        return _Zstandard(stream)
    return zstd.ZstdFile(stream)


_UNPACKERS: dict[bytes, Callable[[io.BufferedReader], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lambda stream: lzma.LZMAFile(stream, format=lzma.FORMAT_XZ),  # noqa: SIM115
    b"\x28\xb5\x2f\xfd": _zstandard,
}
