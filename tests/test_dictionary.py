"""Strings by ids, in memory and mapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kgrag.graph import dictionary
from kgrag.graph.dictionary import Dictionary

STRINGS = ["", "b", "a", "ab", "é", "药", "\ud7ff", "a" * 1_000, *map(str, range(500))]


@pytest.mark.parametrize("different", [1, 3, 1 << 62])
def test_strings_are_found_whatever_their_checksums(different: int, monkeypatch: pytest.MonkeyPatch) -> None:
    checksums = dictionary._checksums

    def alike(keys: Sequence[bytes]) -> np.ndarray:
        return checksums(keys) % different

    monkeypatch.setattr(dictionary, "_checksums", alike)
    fresh = Dictionary()
    assert [fresh.add(string) for string in STRINGS] == list(range(len(STRINGS)))
    saved = Dictionary(fresh.arrays())
    saved.add("late")
    for known, count in (
        (fresh, len(STRINGS)),
        (saved, len(STRINGS) + 1),
        (Dictionary(saved.arrays()), len(STRINGS) + 1),
    ):
        assert list(known)[: len(STRINGS)] == STRINGS and len(known) == count
        assert [known.get(string) for string in STRINGS] == list(range(len(STRINGS)))
        assert known.find(STRINGS).tolist() == list(range(len(STRINGS)))
        unknown = ["c", "\ud800", "aa", "500"]
        assert [known.get(string) for string in unknown] == [None] * 4
        assert known.find(["late", *unknown, "7", "7"]).tolist() == [
            count - 1 if count > 508 else -1,
            *[-1] * 4,
            15,
            15,
        ]
    assert Dictionary().find(["x"]).tolist() == [-1] and saved.find([]).tolist() == []
