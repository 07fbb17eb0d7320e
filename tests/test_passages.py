"""Passages: read with care, found by meaning, words and nodes, changed and saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kgrag.encoder import MiniLM
from kgrag.errors import KgragError, ModelError, PassageError, SavedFolderError
from kgrag.retrieval import PassageIndex, vectors
from kgrag.retrieval.vectors import VectorIndex
from kgrag.retrieval.words import WordIndex
from kgrag.types import Passage

PASSAGES = [
    Passage("a", "Warfarin thins the blood and keeps clots from forming.", "Warfarin", "book", ("urn:warfarin",)),
    Passage("b", "Aspirin relieves pain. It also thins the blood.", "Aspirin", "", ("urn:aspirin", "urn:pain")),
    Passage("c", "The code of the trial was XJ-4471.", "A trial"),
    Passage("d", "Influenza brings fever, cough and aching muscles.", "Influenza", "", ("urn:fever",)),
]


class LetterEncoder:
    """Counts letters: a text encoder for tests that need no meaning."""

    width = 26

    def __init__(self, name: str = "letters") -> None:
        self.name = name
        self.encoded = 0

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        self.encoded += len(texts)
        counts = [[text.lower().count(chr(97 + i)) + 1e-3 for i in range(26)] for text in texts]
        array = np.array(counts, np.float32).reshape(len(texts), 26)
        return array / np.linalg.norm(array, axis=1, keepdims=True)


@pytest.fixture
def index() -> PassageIndex:
    return PassageIndex.from_passages(PASSAGES)


def ids(found: Sequence) -> list[str]:
    return [scored.passage.id for scored in found]


def test_found_by_meaning_with_the_cosine_as_score(index: PassageIndex, encoder: MiniLM) -> None:
    found = index.search("Which illness makes the body hot and sore?", 2, encoder)
    assert ids(found)[0] == "d"
    question, passage = encoder.encode(
        ["Which illness makes the body hot and sore?", f"{PASSAGES[3].title}\n{PASSAGES[3].text}"]
    )
    assert found[0].score == pytest.approx(float(question @ passage), abs=1e-5)
    assert len(found) == 2


def test_found_by_words(index: PassageIndex) -> None:
    assert ids(index.search("XJ-4471", 1, LetterEncoder())) == ["c"]


def test_passages_that_name_the_given_nodes_rank_higher(index: PassageIndex) -> None:
    encoder = LetterEncoder()
    for passage in PASSAGES:
        for iri in passage.entities:
            assert passage.id in ids(index.search("zzz", 2, encoder, entities=[iri, "urn:unknown"]))
    assert ids(index.search("blood", 4, encoder, entities=["urn:aspirin", "urn:pain"]))[0] == "b"


@pytest.mark.parametrize("text", ["", "  ", "the", '"', "a AND (b OR", "text:*", "\\", "药物", "🤒", "x" * 5_000])
def test_any_question_can_be_searched(index: PassageIndex, text: str) -> None:
    assert len(index.search(text, 10, LetterEncoder())) == 4


def test_searching_is_deterministic_with_ties_by_id() -> None:
    index = PassageIndex.from_passages([Passage(i, "the same text") for i in "cab"])
    results = {tuple(ids(index.search("the same text", 3, LetterEncoder()))) for _ in range(5)}
    assert len(results) == 1
    tied = PassageIndex.from_passages([Passage("b", "x"), Passage("a", "x")])
    assert len(tied.search("x", 1, LetterEncoder())) == 1


def test_nothing_to_find() -> None:
    index = PassageIndex.from_passages([])
    assert index.build(LetterEncoder()).search("anything", 3, LetterEncoder()) == []
    assert PassageIndex.from_texts(["one"]).search("one", 0, LetterEncoder()) == []


def test_additions_and_removals_are_visible_to_the_next_search(index: PassageIndex) -> None:
    encoder = LetterEncoder()
    index.build(encoder, progress=False)
    index.add([Passage("e", "Zopiclone brings sleep.", entities=("urn:zopiclone",))])
    before = encoder.encoded
    assert "e" in ids(index.search("zopiclone", 1, encoder))
    assert encoder.encoded == before + 2  # the question and the new passage: nothing is encoded twice
    index.remove(["e", "c"])
    assert set(ids(index.search("zopiclone XJ-4471", 10, encoder, ["urn:zopiclone"]))) == {"a", "b", "d"}
    assert len(index) == 3
    assert "e" not in index
    assert [passage.id for passage in index] == ["a", "b", "d"]
    index.add([Passage("e", "Back again.")])
    assert index.get("e").text == "Back again."
    assert "e" in ids(index.search("back again", 1, encoder))
    index.remove(["a", "b", "d", "e"])
    assert index.search("blood", 3, encoder) == []


def test_a_passage_removed_before_it_was_encoded(index: PassageIndex) -> None:
    index.remove(["a"])
    assert set(ids(index.search("warfarin", 10, LetterEncoder()))) == {"b", "c", "d"}


def test_changes_are_all_or_nothing(index: PassageIndex) -> None:
    with pytest.raises(PassageError, match="'a' is given twice"):
        index.add([Passage("new", "text"), Passage("a", "text")])
    with pytest.raises(PassageError, match="no passage with the id 'nobody'"):
        index.remove(["a", "nobody"])
    with pytest.raises(PassageError, match="has no text"):
        index.add([Passage("new", " ")])
    assert [passage.id for passage in index] == ["a", "b", "c", "d"]
    with pytest.raises(PassageError, match="nobody"):
        index.get("nobody")


def test_another_encoder_is_refused(index: PassageIndex) -> None:
    index.build(LetterEncoder("one"), progress=False)
    with pytest.raises(ModelError, match="'one'.*'two'"):
        index.search("x", 1, LetterEncoder("two"))


@pytest.mark.parametrize("metric", ["cosine", "dot", "l2"])
def test_metrics(metric, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 8)).astype(np.float32)
    question = rng.normal(size=8).astype(np.float32)
    measures = {
        "cosine": points @ question / np.linalg.norm(points, axis=1),
        "dot": points @ question,
        "l2": -np.linalg.norm(points - question, axis=1),
    }
    expected = np.argsort(-measures[metric])[:10].tolist()
    flat = VectorIndex(8, metric)
    flat.add(range(200), points[:200])
    flat.add(range(200, 300), points[200:])
    assert flat.search(question, 10) == expected
    flat.remove(expected[:2])
    assert flat.search(question, 8) == expected[2:]
    monkeypatch.setattr(vectors, "EXACT", 250)
    lists = VectorIndex(8, metric)
    lists.add(range(200), points[:200])
    lists.add(range(200, 300), points[200:])
    assert not lists._exact
    assert len(set(lists.search(question, 10)) & set(expected)) >= 7
    lists.remove(expected[:2])
    assert not set(lists.search(question, 10)) & set(expected[:2])
    with pytest.raises(PassageError, match="no metric"):
        PassageIndex.from_texts(["x"], metric="manhattan")  # type: ignore[arg-type]


def test_words_are_stemmed_and_scripts_without_spaces_are_split() -> None:
    words = WordIndex()
    words.update(added=[(0, "interacting drugs"), (1, "阿司匹林缓解疼痛"), (2, "nothing here")])
    assert words.search("Which drug interacts?", 5) == [0]
    assert words.search("疼痛", 5) == [1]
    words.update(removed=[0])
    assert words.search("drug", 5) == []


def test_sentences_are_word_for_word(index: PassageIndex) -> None:
    text = (
        "Drugs, e.g. aspirin, thin the blood (see Fig. 2). Dr. Smith et al. gave 2.5 mg, i.e. half a dose.\n\n"
        "Was it enough? Yes! 药物有效。它很安全。 Levels vs. time, approx. 3 h, were in range"
    )
    sentences = index.sentences(Passage("x", text))
    assert sentences == [
        "Drugs, e.g. aspirin, thin the blood (see Fig. 2).",
        "Dr. Smith et al. gave 2.5 mg, i.e. half a dose.",
        "Was it enough?",
        "Yes!",
        "药物有效。",
        "它很安全。",
        "Levels vs. time, approx. 3 h, were in range",
    ]
    assert all(sentence in text for sentence in sentences)


def test_saved_and_loaded(index: PassageIndex, tmp_path: Path) -> None:
    encoder = LetterEncoder()
    index.build(encoder, progress=False)
    index.remove(["b"])
    index.add([Passage("e", "Not yet encoded: “naïve” 药")])
    index.save(tmp_path / "x")
    loaded = PassageIndex.load(tmp_path / "x")
    assert list(loaded) == list(index)
    before = encoder.encoded
    found = loaded.search("fever", 4, encoder, ["urn:fever"])
    assert encoder.encoded == before + 2  # the question and the one that was not encoded yet
    assert found == index.search("fever", 4, encoder, ["urn:fever"])
    with pytest.raises(ModelError, match="'letters'.*'other'"):
        PassageIndex.load(tmp_path / "x").build(LetterEncoder("other"))


@pytest.mark.parametrize("gone", [[], ["a", "b", "c", "d"]])
def test_an_empty_or_unencoded_index_is_saved_and_loaded(index: PassageIndex, tmp_path: Path, gone: list[str]) -> None:
    if gone:
        index.build(LetterEncoder(), progress=False)
    index.remove(gone)
    index.save(tmp_path / "x")
    loaded = PassageIndex.load(tmp_path / "x")
    assert list(loaded) == list(index)
    assert len(loaded.search("blood", 9, LetterEncoder())) == 4 - len(gone)


def test_a_changed_saved_index_is_refused(index: PassageIndex, tmp_path: Path) -> None:
    index.build(LetterEncoder(), progress=False).save(tmp_path / "x")
    file = tmp_path / "x" / "vectors.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(SavedFolderError, match="vectors.safetensors was changed"):
        PassageIndex.load(tmp_path / "x")


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    line = {"id": 7, "text": "Text.", "title": None, "entities": ["urn:x"], "more": 1}
    file.write_text("\ufeff" + json.dumps(line) + "\n\n" + '{"id": "8", "text": "T", "source": "s"}', encoding="utf-8")
    assert list(PassageIndex.from_jsonl(file)) == [
        Passage("7", "Text.", entities=("urn:x",)),
        Passage("8", "T", source="s"),
    ]
    assert [p.id for p in PassageIndex.from_texts(["x", "y"])] == ["1", "2"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "2", "text": ',
        b"[1]",
        b'{"id": "2"}',
        b'{"text": "x"}',
        b'{"id": "2", "text": " "}',
        b'{"id": true, "text": "x"}',
        b'{"id": "1", "text": "given twice"}',
        b'{"id": "2", "text": "x", "title": 5}',
        b'{"id": "2", "text": "x", "entities": "urn:x"}',
        b'{"id": "2", "text": "\xff"}',
        b'{"id": "2", "text": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(b'{"id": "1", "text": "fine"}\n\n' + line + b"\n")
    with pytest.raises(PassageError, match=r"p\.jsonl, line 3"):
        PassageIndex.from_jsonl(file)


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(PassageError, match="holds no passage"):
        PassageIndex.from_jsonl(tmp_path / "empty.jsonl")
    with pytest.raises(KgragError, match="no file"):
        PassageIndex.from_jsonl(tmp_path / "missing.jsonl")
