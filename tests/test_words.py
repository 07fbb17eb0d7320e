"""Search by words, in several languages and scripts."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kgrag.errors import PassageError
from kgrag.retrieval.passages.analysis import analyzer, spaced
from kgrag.retrieval.passages.words import WordIndex


def index_of(texts: list[str], language: str = "en") -> WordIndex:
    index = WordIndex(language)
    index.add((row, text, [f"parity {row % 2}"]) for row, text in enumerate(texts))
    return index


def rows(index: WordIndex, text: str, limit: int = 5, **options: list[list[str]]) -> list[int]:
    return index.search(text, limit, **options).rows.tolist()


@pytest.mark.parametrize(
    ("language", "text", "question"),
    [
        ("en", "Interacting drugs are naïve.", "Which drug interacts naively?"),
        ("de", "Die Häuser der Ärzte", "haus"),
        ("fr", "Les médicaments étaient efficaces", "médicament"),
        ("ru", "взаимодействие лекарств", "лекарства"),
        ("ar", "الكتب", "كتب"),
        ("", "Exact words only", "WORDS"),
        ("zh", "阿司匹林缓解疼痛", "疼痛"),
        ("en", "阿司匹林缓解疼痛", "疼痛"),
        ("ja", "アスピリンは痛みを和らげる", "痛み"),
        ("ko", "아스피린은 통증을 완화한다", "통증"),
        ("th", "ยาแอสไพรินช่วยบรรเทาอาการปวด", "ปวด"),
        ("zh", "𠀀𠀁", "𠀁"),
    ],
)
def test_words_are_found_in_their_forms(language: str, text: str, question: str) -> None:
    index = index_of(["nothing at all", text, "других слов"], language)
    assert rows(index, question) == [1]


def test_what_is_not_stemmed_is_found_as_it_is() -> None:
    assert rows(index_of(["drugs"], ""), "drug") == []
    assert rows(index_of(["the"], ""), "the") == [0]
    assert rows(index_of(["the"]), "the") == []
    assert analyzer("de").analyze(spaced("für die Häuser")) == ["haus"]
    with pytest.raises(PassageError, match=r"no language 'xx'.*en.*zh"):
        WordIndex("xx")


def test_pairs_of_characters_count_more_than_characters() -> None:
    index = index_of(["药理学的物质", "药物", "质理"], "zh")
    assert rows(index, "药物") == [1, 0]
    assert rows(index, "药") == [1, 0]


def test_scores_are_those_of_bm25() -> None:
    texts = ["one cat sat", "one cat cat", "one dog", "two dog dog dog"]
    index = index_of(texts)
    found, scores = index.search("cat", 5)
    lengths = np.array([3, 3, 2, 4])
    idf = np.log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    expected = [idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * lengths[0] / lengths.mean())) for tf in (2, 1)]
    assert found.tolist() == [1, 0]
    assert scores == pytest.approx(expected, rel=1e-3)


def test_changes_are_seen_by_the_next_search() -> None:
    index = index_of(["a cat", "a dog", "cat and dog"])
    assert rows(index, "cat") == [0, 2]
    index.remove(np.array([0]))
    assert rows(index, "cat") == [2]
    index.add([(7, "another cat", [])])
    assert set(rows(index, "cat")) == {2, 7}
    index.remove(np.array([2, 7]))
    index.remove(np.array([], np.int64))
    assert rows(index, "cat") == []


def test_searches_are_restricted_and_scored_as_before() -> None:
    index = index_of([f"cat number {i}" + " cat" * (i % 3) for i in range(100)])
    every, scores = index.search("cat number", 100)
    odd, odd_scores = index.search("cat number", 100, [["parity 1"], ["parity 0", "parity 1"]])
    assert odd.tolist() == [row for row in every.tolist() if row % 2]
    assert odd_scores == pytest.approx(scores[every % 2 == 1])
    assert rows(index, "cat", wanted=[["parity 1"], ["parity 0"]]) == []
    assert rows(index, "cat", wanted=[[]]) == []


def test_of_equal_texts_the_first_are_found() -> None:
    index = WordIndex()
    for start in range(0, 120, 10):  # several segments, merged now and then
        index.add((row, "the same cat", []) for row in range(start, start + 10))
        assert rows(index, "cat", 8) == list(range(8))


@pytest.mark.parametrize("text", ["", "  ", '"', "a AND (b OR", "text:*", "\\", "🤒", "x" * 5_000, "\0"])
def test_any_text_can_be_sought(text: str) -> None:
    assert rows(index_of(["cat"]), text) == []


def test_written_and_mapped(tmp_path: Path) -> None:
    texts = [f"cat {i} of {i % 7} and 药物" for i in range(300)]
    fresh = index_of(texts)
    fresh.write(tmp_path / "words")
    files = {file.name: file.read_bytes() for file in (tmp_path / "words").iterdir()}
    assert not [name for name in files if name.endswith(".lock")]
    for _ in range(2):
        mapped = WordIndex("en", tmp_path / "words")
        for question in ("cat 5", "药物 17", "6"):
            one, other = mapped.search(question, 20), fresh.search(question, 20)
            assert one.rows.tolist() == other.rows.tolist() and one.scores == pytest.approx(other.scores)
        mapped.remove(np.array([17]))
        mapped.add([(400, "a new dog", [])])
        assert rows(mapped, "17") == [] and rows(mapped, "dog") == [400]
        assert {file.name: file.read_bytes() for file in (tmp_path / "words").iterdir()} == files


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    index_of(["cat"]).write(tmp_path / "words")
    (tmp_path / "words" / "meta.json").write_text("{}")
    with pytest.raises(ValueError):
        WordIndex("en", tmp_path / "words")


def test_where_tantivy_cannot_write_it_says_so() -> None:
    index = WordIndex()
    index.add([(0, "cat", [])])
    gone = index._folder.rename(index._folder.with_suffix(".gone"))  # at once, while tantivy may be writing
    try:
        with pytest.raises(PassageError, match="What was changed cannot be indexed"):
            index.search("cat", 5)
    finally:
        shutil.rmtree(gone, ignore_errors=True)


def test_what_goes_wrong_with_a_text_is_not_lost() -> None:
    index = WordIndex()
    index.add((0, text, []) for text in map({"cat": "cat"}.__getitem__, ("cat", "dog")))
    with pytest.raises(KeyError, match="dog"):
        index.search("cat", 5)


def test_nothing_is_left_of_an_index_that_is_dropped_while_it_is_written_to() -> None:
    dropped = threading.Event()

    def texts() -> Iterator[tuple[int, str, list[str]]]:
        yield 0, "cat", []
        dropped.wait(10)
        yield 1, "dog", []

    index = WordIndex()
    index.add(texts())
    folder = index._folder
    del index
    gc.collect()
    dropped.set()
    for _ in range(1000):
        if not folder.exists():
            break
        time.sleep(0.01)
    assert not folder.exists()
