"""The changes of what was saved, since it was saved: each on the disk before it is made.

One line a change: a checksum, a space, and JSON. A line that a crash cut off is the last one, and was never acknowledged:
it is left out, and the next change takes its place. The file is held open: it stays the right one when its folder is
moved, and is known to be gone when its folder is replaced.
"""

from __future__ import annotations

import contextlib
import json
import os
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kgrag.errors import KgragError, SavedFolderError

NAME = "changes.journal"  # `kgrag.persistence` leaves files with this ending to check themselves


class Journal:
    """The changes of what is in one folder.

    Args:
        folder: The folder; its journal is made where it is missing, if that is allowed.
        what: What is in it, in a word.
        error: What is raised when a change cannot be written.

    Attributes:
        changes: Those that were there when it was opened.
        folder: Where the folder is, as errors say.

    Raises:
        SavedFolderError: If the journal is damaged before its last line.
    """

    def __init__(self, folder: Path, what: str, error: type[KgragError]) -> None:
        self.folder, self._what, self._error = folder, what, error
        path = folder / NAME
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:  # changes will be refused, but none has been asked for
            self._handle = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._handle)
        with open(self._handle, "rb", closefd=False) as stream:
            data = stream.read()
        self.changes, self._size = _changes(path, data, what)
        self._found = len(data)  # with a line that was cut off

    def append(self, change: dict[str, Any]) -> None:
        """Writes a change, and waits until it is on the disk.

        Raises:
            KgragError: If it cannot be written, or the folder is not as it was when it was loaded or saved; nothing is
                written then.
        """
        text = json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        with self._locked():
            self._check()
            try:
                self._write(line)
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, self._size)
                raise self._error(
                    f"The change cannot be written to {self.folder / NAME}, and is not made: {error.strerror or error}.",
                    f"Make room there, or save the {self._what} to another folder.",
                ) from error
        self._size += len(line)
        self._found = self._size

    def _write(self, line: bytes) -> None:
        os.ftruncate(self._handle, self._size)
        os.lseek(self._handle, self._size, os.SEEK_SET)
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._handle, rest) :]
        os.fsync(self._handle)

    def _check(self) -> None:
        """Refuses to write where nobody would look, or behind what another process wrote."""
        folder, again = self.folder, f"Save the {self._what} to another folder, or load this one again."
        status = os.fstat(self._handle)
        if not status.st_nlink:
            raise self._error(f"{folder} was replaced or deleted since this {self._what} was loaded from it.", again)
        if status.st_size != self._found:
            raise self._error(f"The {self._what} in {folder} was changed since it was loaded.", again)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl

        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()  # a copy is nowhere on the disk


def _changes(path: Path, data: bytes, what: str) -> tuple[list[dict[str, Any]], int]:
    """The changes that a journal holds, and how many bytes they take."""
    changes: list[dict[str, Any]] = []
    size = 0
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):  # what stands behind the last line break was cut off
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            if number == len(lines) - 1 and not lines[-1]:
                break
            raise SavedFolderError(
                f"{path} is damaged in line {number}.",
                f"Remove it to go without the changes since the {what} was saved.",
            )
        changes.append(json.loads(text))
        size += len(line) + 1
    return changes, size
