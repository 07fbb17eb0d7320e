"""Saved folders: all or nothing when written, checked file by file when read."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from kgrag import persistence
from kgrag.errors import SavedFolderError
from kgrag.persistence import read_folder, read_json, write_folder, write_json


def save(path: Path, text: str = "hello", kind: str = "test") -> None:
    def write(folder: Path) -> None:
        write_json(folder / "a.json", {"text": text})
        (folder / "sub").mkdir()
        (folder / "sub" / "b.txt").write_text(text)

    write_folder(path, write, kind)


def text_in(path: Path) -> str:
    read_folder(path, "test")
    return read_json(path / "a.json")["text"]


def test_written_and_read(tmp_path: Path) -> None:
    save(tmp_path / "x")
    assert text_in(tmp_path / "x") == "hello"
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["kind"] == "test"
    assert set(manifest["files"]) == {"a.json", "sub/b.txt"}
    save(tmp_path / "x", "again")
    assert text_in(tmp_path / "x") == "again"
    assert os.listdir(tmp_path) == ["x"]


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    save(tmp_path / "x")
    file = tmp_path / "x" / "sub" / "b.txt"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    with pytest.raises(SavedFolderError, match=r"sub/b\.txt was changed"):
        read_folder(tmp_path / "x", "test")


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    save(tmp_path / "x")
    (tmp_path / "x" / "a.json").unlink()
    with pytest.raises(SavedFolderError, match=r"a\.json is missing"):
        read_folder(tmp_path / "x", "test")


def test_a_file_added_later_is_found(tmp_path: Path) -> None:
    save(tmp_path / "x")
    (tmp_path / "x" / "sub" / "more.json").write_text("{}")
    with pytest.raises(SavedFolderError, match=r"more\.json is not in manifest\.json"):
        read_folder(tmp_path / "x", "test")


def test_a_pickle_is_refused_even_if_the_manifest_lists_it(tmp_path: Path) -> None:
    save(tmp_path / "x")
    file = tmp_path / "x" / "model.pkl"
    file.write_bytes(pickle.dumps({}))
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    manifest["files"]["model.pkl"] = persistence._entries(file.parent, [file.name])[file.name]
    write_json(tmp_path / "x" / "manifest.json", manifest)
    with pytest.raises(SavedFolderError, match=r"model\.pkl is of a kind that a saved folder may not hold"):
        read_folder(tmp_path / "x", "test")


def test_a_link_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "x")
    (tmp_path / "outside.txt").write_text("hello")
    (tmp_path / "x" / "sub" / "b.txt").unlink()
    (tmp_path / "x" / "sub" / "b.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(SavedFolderError, match="not a plain file"):
        read_folder(tmp_path / "x", "test")


def test_locks_of_others_do_no_harm_but_links_of_their_names_do(tmp_path: Path) -> None:
    write_folder(tmp_path / "x", lambda folder: None, kind="test")
    lock = tmp_path / "x" / ".tantivy-meta.lock"
    lock.touch()
    read_folder(tmp_path / "x", kind="test")
    write_folder(tmp_path / "x", lambda folder: None, kind="test")
    lock.symlink_to(tmp_path / "outside.txt")
    with pytest.raises(SavedFolderError, match="not a plain file"):
        read_folder(tmp_path / "x", kind="test")


def test_a_pickle_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SavedFolderError, match=r"model\.pkl"):
        write_folder(tmp_path / "x", lambda folder: (folder / "model.pkl").write_bytes(b"") and None, "test")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": {}, "kind": "test", "format": 99}', "[" * 100_000])
def test_a_broken_manifest_is_refused(tmp_path: Path, content: str) -> None:
    save(tmp_path / "x")
    (tmp_path / "x" / "manifest.json").write_text(content)
    with pytest.raises(SavedFolderError):
        read_folder(tmp_path / "x", "test")


def test_another_kind_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "x", kind="other")
    with pytest.raises(SavedFolderError, match="holds 'other', not 'test'"):
        read_folder(tmp_path / "x", "test")
    with pytest.raises(SavedFolderError, match="not overwritten"):
        save(tmp_path / "x")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SavedFolderError, match="There is no folder"):
        read_folder(tmp_path / "no" / "folder", "test")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SavedFolderError, match=r"no manifest\.json"):
        read_folder(tmp_path / "empty", "test")
    save(tmp_path / "empty")
    assert text_in(tmp_path / "empty") == "hello"


def test_what_kgrag_did_not_write_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.txt").write_text("years of work")
    with pytest.raises(SavedFolderError, match="not overwritten"):
        save(tmp_path / "x")
    with pytest.raises(SavedFolderError, match="not overwritten"):
        save(tmp_path / "x" / "thesis.txt")
    save(tmp_path / "y")
    (tmp_path / "y" / "thesis.txt").write_text("years of work")
    with pytest.raises(SavedFolderError, match="not overwritten"):
        save(tmp_path / "y")
    assert (tmp_path / "x" / "thesis.txt").read_text() == (tmp_path / "y" / "thesis.txt").read_text() == "years of work"


def test_an_error_while_writing_leaves_the_old_folder_whole(tmp_path: Path) -> None:
    save(tmp_path / "x")

    def fail(folder: Path) -> None:
        (folder / "a.json").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "x", fail, "test")
    assert text_in(tmp_path / "x") == "hello"
    assert os.listdir(tmp_path) == ["x"]


# Saves over a folder and dies, without any clean-up, before its n-th change to the folder around it.
DYING_WRITER = """
import os, sys
from kgrag import persistence

path, step = sys.argv[1], int(sys.argv[2])
calls = iter(range(10))

def dying(original):
    def call(*arguments, **options):
        if next(calls) == step:
            os._exit(9)
        return original(*arguments, **options)
    return call

persistence._switch = dying(persistence._switch)
persistence.os.rename = dying(persistence.os.rename)
persistence.shutil.rmtree = dying(persistence.shutil.rmtree)
persistence.write_folder(path, lambda folder: persistence.write_json(folder / "a.json", {"text": "new"}), "test")
"""


@pytest.mark.parametrize(("step", "expected"), [(0, "hello"), (1, "hello"), (2, "hello"), (3, "new")])
def test_a_kill_at_any_step_of_the_switch_leaves_one_whole_folder(tmp_path: Path, step: int, expected: str) -> None:
    save(tmp_path / "x")
    assert subprocess.run([sys.executable, "-c", DYING_WRITER, tmp_path / "x", str(step)]).returncode == 9
    assert text_in(tmp_path / "x") == expected
    save(tmp_path / "x", "newer")
    assert text_in(tmp_path / "x") == "newer"
    assert os.listdir(tmp_path) == ["x"]


def test_a_saved_folder_within_a_saved_folder(tmp_path):
    def inner(folder):
        (folder / "a.json").write_text("{}")

    write_folder(tmp_path / "outer", lambda folder: write_folder(folder / "inner", inner, kind="inner"), kind="outer")
    read_folder(tmp_path / "outer", kind="outer")
    read_folder(tmp_path / "outer" / "inner", kind="inner")
