"""Saved folders: written beside the old one and switched in at once; checked file by file when read; never executed.

A folder ``name`` is written as ``.name.kgrag-new-*``. When it is complete, the old one becomes ``.name.kgrag-old``, the
new one becomes ``name``, and the old one is deleted. Whatever the moment of an interruption, ``name`` is whole or the old
folder lies beside it, and the next reader or writer puts it back.

Files that end in ``.journal`` grow after the folder was written. They are in no manifest, and check themselves.
"""

from __future__ import annotations

import glob
import json
import mmap
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from blake3 import blake3

from kgrag import __version__
from kgrag.errors import SavedFolderError

MANIFEST = "manifest.json"
FORMAT = 3
JOURNAL_ENDING = ".journal"
_TANTIVY = (".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")
_LOCKS = (".tantivy-meta.lock", ".tantivy-writer.lock")  # there for moments, where someone else opens or writes
_PIECE = 1 << 22  # bytes of a file that are hashed by one thread
ENDINGS = (".json", ".jsonl", ".safetensors", ".nt", ".nq", ".txt", ".faiss", *_TANTIVY)  # data: not executed when read


def write_folder(path: str | Path, writer: Callable[[Path], None], kind: str) -> None:
    """Writes a folder, all or nothing.

    Args:
        path: Where the folder shall be. One that kgrag saved there before is replaced.
        writer: Fills the empty folder that it is given.
        kind: What the folder holds; `read_folder` asks for the same.

    Raises:
        SavedFolderError: Something else is at ``path``, it cannot be written, or ``writer`` wrote a file of a kind that may
            not be saved. What was there is as it was.
    """
    path = Path(path).resolve()
    try:
        _replace_folder(path, writer, kind)
    except OSError as error:
        raise SavedFolderError(
            f"{path} cannot be written, and is as it was: {error.strerror or error}.",
            "Make room there, or choose another folder.",
        ) from error


def read_folder(path: str | Path, kind: str) -> None:
    """Checks that a saved folder is complete and unchanged; to be called before anything in it is read.

    Args:
        path: The folder.
        kind: What it shall hold, as given to `write_folder`.

    Raises:
        SavedFolderError: It is not a saved folder of that kind; a file is missing, was changed or added, or is of a kind
            that may not be loaded.
    """
    path = Path(path).resolve()
    if not path.exists() or _set_aside(path).exists():
        _recover_if_possible(path)
    if not path.is_dir():
        raise SavedFolderError(f"There is no folder {path}.", f"Give a folder that kgrag saved ({kind}).")
    manifest = _read_manifest(path)
    if manifest["kind"] != kind:
        raise SavedFolderError(f"{path} holds {manifest['kind']!r}, not {kind!r}.", f"Give a saved {kind} folder.")
    listed, found = manifest["files"], _files(path)
    again = "Save the folder again, or copy it again from where it is whole."
    for name in sorted(found - listed.keys()):
        raise SavedFolderError(f"{path / name} is not in {MANIFEST}: it was added later.", "Remove it.")
    for name in sorted(listed.keys() - found):
        raise SavedFolderError(f"{path / name} is missing.", again)
    for name in sorted(found):
        _check_ending(path / name)
    for name, entry in _entries(path, sorted(found)).items():
        if entry != listed[name]:
            raise SavedFolderError(f"{path / name} was changed after it was saved.", again)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON, with sorted keys."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Reads JSON.

    Raises:
        SavedFolderError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SavedFolderError(f"{path} cannot be read as JSON: {error}.", "Save the folder again.") from error


# the switch


def _replace_folder(path: Path, writer: Callable[[Path], None], kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.parent):
        _recover(path)
        _check_replaceable(path, kind)
        for left_behind in path.parent.glob(f".{glob.escape(path.name)}.kgrag-new-*"):
            _delete_unless_in_use(left_behind)
        staging = path.with_name(f".{path.name}.kgrag-new-{secrets.token_hex(4)}")
        staging.mkdir()
        claim = _lock(staging, wait=True)
        _ours.add(staging)
    try:
        writer(staging)
        _write_manifest(staging, kind)
        with _locked(path.parent):
            _check_replaceable(path, kind)  # once more: writing may have taken long
            _switch(staging, path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _ours.discard(staging)
        os.close(claim)


def _set_aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.kgrag-old")


def _switch(staging: Path, path: Path) -> None:
    old = _set_aside(path)
    if path.exists():
        os.rename(path, old)
    try:
        os.rename(staging, path)
    except BaseException:
        if old.exists():
            os.rename(old, path)
        raise
    _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _recover(path: Path) -> None:
    """Puts the old folder back where a switch was interrupted half way, or deletes it where the switch was made."""
    old = _set_aside(path)
    if not old.exists():
        return
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(old, path)
        _sync(path.parent)


def _recover_if_possible(path: Path) -> None:
    try:
        with _locked(path.parent):
            _recover(path)
    except OSError:
        return  # nothing to recover, or no right to: the checks that follow say what is wrong


def _check_replaceable(path: Path, kind: str) -> None:
    """Refuses to overwrite what kgrag did not write."""
    elsewhere = "Choose another folder, or move that one away."
    if not path.exists():
        return
    if not path.is_dir():
        raise SavedFolderError(f"{path} is a file: it is not overwritten.", elsewhere)
    if not any(path.iterdir()):
        return
    if not (path / MANIFEST).is_file():
        raise SavedFolderError(f"{path} is not a folder that kgrag saved: it is not overwritten.", elsewhere)
    manifest = _read_manifest(path)
    if manifest["kind"] != kind:
        raise SavedFolderError(f"{path} holds {manifest['kind']!r}, not {kind!r}: it is not overwritten.", elsewhere)
    for name in sorted(_files(path) - manifest["files"].keys()):
        raise SavedFolderError(f"{path / name} was not saved by kgrag: the folder is not overwritten.", elsewhere)


# the manifest


def _write_manifest(folder: Path, kind: str) -> None:
    names = sorted(_files(folder))
    for name in names:
        _check_ending(folder / name)
    entries = _entries(folder, names)
    write_json(folder / MANIFEST, {"format": FORMAT, "kind": kind, "kgrag": __version__, "files": entries})
    for name in [*names, MANIFEST]:
        _sync(folder / name)
    for sub_folder in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        _sync(sub_folder)


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not (folder / MANIFEST).is_file():
        raise SavedFolderError(f"{folder} holds no {MANIFEST}.", "Give a folder that kgrag saved.")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or "kind" not in manifest:
        raise SavedFolderError(f"{folder / MANIFEST} is not a manifest of kgrag.", "Save the folder again.")
    if manifest.get("format") != FORMAT:
        raise SavedFolderError(
            f"{folder} was saved in format {manifest.get('format')!r} by kgrag {manifest.get('kgrag')!r}; "
            f"this is kgrag {__version__}, which reads format {FORMAT}.",
            "Use the kgrag that saved it, or save it again.",
        )
    return manifest


def _files(folder: Path) -> set[str]:
    """Names of all files below a folder, the manifest, journals and locks apart.

    Raises:
        SavedFolderError: One is a link or something else that is not a plain file.
    """
    names = set()
    for path in folder.rglob("*"):
        if path.name in _LOCKS and not path.is_symlink():
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise SavedFolderError(f"{path} is not a plain file.", "Remove it.")
        if path.is_file() and path.suffix != JOURNAL_ENDING:
            names.add(path.relative_to(folder).as_posix())
    return names - {MANIFEST}


def _check_ending(path: Path) -> None:
    if path.suffix not in ENDINGS:
        raise SavedFolderError(
            f"{path} is of a kind that a saved folder may not hold.", f"Remove it; allowed are {', '.join(ENDINGS)}."
        )


def _entries(folder: Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Size and hash of each file; the hash is that of the hashes of its pieces, one after the other.

    BLAKE3 is ten times as fast as SHA-256. It has threads of its own as well, but those do not survive a fork: the child would
    hang.
    """
    sizes = {name: (folder / name).stat().st_size for name in names}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        pieces = {
            name: [threads.submit(_digest, folder / name, start, size) for start in range(0, size, _PIECE)]
            for name, size in sizes.items()
        }
        hashes = {name: blake3(b"".join(piece.result() for piece in of_one)) for name, of_one in pieces.items()}
    return {name: {"bytes": sizes[name], "blake3": hashes[name].hexdigest()} for name in names}


def _digest(path: Path, start: int, size: int) -> bytes:
    """The hash of the piece of a file that begins at ``start``."""
    length = min(_PIECE, size - start)
    with path.open("rb") as file, mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=start) as piece:
        return blake3(piece).digest()


# the file system


def _sync(path: Path) -> None:
    """Waits until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(folder: Path, wait: bool) -> int:
    """Locks a folder against other writers; returns the handle whose closing unlocks it."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        raise
    return handle


_ours: set[Path] = set()  # folders that this process is writing, and has locked already


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if folder in _ours:  # a saved folder within a saved folder
        yield
        return
    handle = _lock(folder, wait=True)
    try:
        yield
    finally:
        os.close(handle)


def _delete_unless_in_use(staging: Path) -> None:
    """Deletes what a killed writer left behind; a writer at work holds a lock on its folder."""
    try:
        claim = _lock(staging, wait=False)
    except OSError:
        return
    shutil.rmtree(staging, ignore_errors=True)
    os.close(claim)
