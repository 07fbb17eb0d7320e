"""Vectors that are kept from one process to the next."""

import numpy as np
import pytest

from kgrag.encoding import kept as module
from kgrag.encoding.kept import KeptVectors, cache_folder, kept


class Counting:
    """Encodes, and counts."""

    name, width = "counting", 3

    def __init__(self):
        self.asked = []

    def encode(self, texts, progress=False):
        self.asked += texts
        return np.array([[len(text), 1, 0] for text in texts], np.float32)


def test_what_was_encoded_is_read_by_the_next_process(tmp_path):
    first, second = Counting(), Counting()
    texts = ["a", "bb", "a", "\ud800"]
    file = tmp_path / "new" / "vectors.safetensors"
    before = KeptVectors(first, file)
    expected = before.encode(texts)
    before.write()
    assert first.asked == ["a", "bb", "\ud800"]
    assert np.array_equal(KeptVectors(second, file).encode(texts), expected)
    assert second.asked == []


def test_two_processes_lose_nothing_of_each_other(tmp_path):
    file = tmp_path / "vectors.safetensors"
    one, other = KeptVectors(Counting(), file), KeptVectors(Counting(), file)
    one.encode(["a"])
    other.encode(["bb"])
    one.write()
    other.write()
    third = Counting()
    KeptVectors(third, file).encode(["a", "bb"])
    assert third.asked == []
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, "width", "nan"])
def test_a_damaged_file_is_made_anew(tmp_path, damage, caplog):
    from safetensors.numpy import save_file

    file = tmp_path / "vectors.safetensors"
    if isinstance(damage, bytes):
        file.write_bytes(damage)
    else:
        vectors = np.full((1, 2 if damage == "width" else 3), np.nan if damage == "nan" else 1, np.float32)
        save_file({"keys": np.zeros((1, 16), np.uint8), "vectors": vectors}, file)
    vectors = KeptVectors(Counting(), file)
    assert "made anew" in caplog.text
    vectors.encode(["a"])
    vectors.write()
    again = Counting()
    KeptVectors(again, file).encode(["a"])
    assert again.asked == []


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    vectors = KeptVectors(Counting(), tmp_path / "file" / "vectors.safetensors")
    assert vectors.encode(["a"]).tolist() == [[1, 1, 0]]
    vectors.write()


def test_many_texts_are_written_before_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "OFTEN", 2)
    file = tmp_path / "vectors.safetensors"
    KeptVectors(Counting(), file).encode(["a", "bb"])
    assert file.is_file()


def test_the_environment_says_where(tmp_path, monkeypatch, encoder):
    monkeypatch.setenv("KGRAG_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    vectors = kept(encoder)
    vectors.encode(["a way of asking"])
    vectors.write()
    assert [path.name for path in tmp_path.iterdir()] == [f"{encoder.name}-{encoder.precision}.safetensors"]
    monkeypatch.setenv("KGRAG_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("KGRAG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kgrag"


def test_nothing_is_kept_for_an_encoder_whose_name_does_not_tell_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("KGRAG_CACHE", str(tmp_path))
    kept(Counting()).encode(["a"])
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_done_without(tmp_path, monkeypatch):
    import safetensors.numpy
    from safetensors import SafetensorError

    def full(*_):
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    vectors = KeptVectors(Counting(), tmp_path / "vectors.safetensors")
    vectors.encode(["a"])
    vectors.write()
    assert not list(tmp_path.iterdir())
