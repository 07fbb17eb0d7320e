"""Given mentions by meaning and by what people labelled: candidates, training, NIL, saving, and names that come later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from kgrag.errors import InputError, ModelError, SavedFolderError
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker, LabelledText
from kgrag.linking.dense import DenseNames
from kgrag.linking.folding import fold, fold_text
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.memory import MentionMemory, Remembered
from kgrag.linking.synthesis import Synthesiser
from kgrag.persistence import write_folder, write_json
from kgrag.resources import data_folder

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
CONCEPTS = [("heart", "cardiac"), ("failure", "insufficiency"), ("kidney", "renal"), ("skin", "cutaneous")]
NAMES = [
    "heart failure",
    "kidney failure",
    "skin rash",
    "kidney stone",
    "cold",
    "common cold",
    "cold",
    "gout",
    "jaundice",
]


class ConceptEncoder:
    """Knows a few words that mean the same; other words are told apart by their letters."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        vectors = np.full((len(texts), len(CONCEPTS) + 26), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                known = [place for place, words in enumerate(CONCEPTS) if word in words]
                vectors[row, known] += 2
                for letter in () if known else filter(str.isascii, filter(str.islower, word)):
                    vectors[row, len(CONCEPTS) + ord(letter) - 97] += 0.3
        return vectors


def new_graph() -> KnowledgeGraph:
    triples = [(f"urn:{place}", LABEL, f'"{name}"') for place, name in enumerate(NAMES)]
    triples += [(f"urn:{place}", "urn:near", "urn:0") for place in (1, 2, 3)]
    triples += [("urn:4", "urn:near", "urn:7"), ("urn:6", "urn:near", "urn:8"), ("urn:5", "urn:near", "urn:7")]
    return KnowledgeGraph.from_triples(triples)


def one(text: str, *mentions: tuple[str, str]) -> LabelledText:
    places = [(text.index(mention), text.index(mention) + len(mention)) for mention, _ in mentions]
    return LabelledText(text, tuple((*place, (iri,) if iri else ()) for place, (_, iri) in zip(places, mentions)))


TEXTS = [
    one("heart failure and a cold", ("heart failure", "urn:0"), ("cold", "urn:6")),
    one("a cold, renal failure and wanderlust", ("cold", "urn:6"), ("renal failure", "urn:1"), ("wanderlust", "")),
    one("cutaneous rash beside a cold", ("cutaneous rash", "urn:2"), ("cold", "urn:6")),
    one("yellow fever of eyes and gout", ("yellow fever of eyes", "urn:8"), ("gout", "urn:7")),
    one("yellow fever of eyes, homesickness", ("yellow fever of eyes", "urn:8"), ("homesickness", "")),
    one("cardiac failure, wanderlust", ("cardiac failure", "urn:0"), ("wanderlust", "")),
] * 3


@pytest.fixture
def graph() -> KnowledgeGraph:
    return new_graph()


@pytest.fixture(scope="module")
def trained() -> EntityLinker:
    linker = EntityLinker(new_graph(), encoder=ConceptEncoder())
    linker.train(TEXTS)
    return linker


def first(linker: EntityLinker, mention: str) -> str | None:
    """IRI of the best candidate."""
    (link,) = linker.link_spans(mention, [(0, len(mention))])
    return linker.graph.iri(link.candidates[0][0]) if link.candidates else None


def test_names_are_found_by_meaning(graph: KnowledgeGraph) -> None:
    mention = "cardiac insufficiency"
    assert first(EntityLinker(graph), mention) != "urn:0"
    linker = EntityLinker(graph, encoder=ConceptEncoder())
    assert first(linker, mention) == "urn:0"
    (link,) = linker.link_spans("heart failure", [(0, 13)])
    assert link.exact and link.node is not None and graph.iri(link.node) == "urn:0"


def test_names_that_come_later_are_encoded_apart(graph: KnowledgeGraph) -> None:
    encoder = ConceptEncoder()
    linker = EntityLinker(graph, encoder=encoder)
    first(linker, "gout")
    graph.add([("urn:new", LABEL, '"skin insufficiency"'), ("urn:new", "urn:near", "urn:0")])
    encoder.encoded.clear()
    assert first(linker, "cutaneous failure") == "urn:new"
    assert "skin insufficiency" in encoder.encoded and "heart failure" not in encoder.encoded
    graph.remove([("urn:new", LABEL, '"skin insufficiency"')])
    assert first(linker, "skin insufficiency") != "urn:new"


def test_names_are_found_by_what_is_said_of_their_nodes(graph: KnowledgeGraph) -> None:
    lexicon = Lexicon(graph)
    dense = DenseNames(graph, lexicon, ConceptEncoder())

    def nearest(mention: str) -> str:
        lexicon.refresh()
        return lexicon.aliases.keys[dense.similar(dense.encode([mention]), 5)[0][0].key]

    said = ("urn:8", "urn:definition", f'"{"heart kidney " * 6}"')
    mention = "cardiac and renal"
    assert nearest(mention) != "jaundice"
    graph.add([said])
    assert nearest(mention) == "jaundice"
    graph.remove([said])
    assert nearest(mention) != "jaundice"


def test_many_names_are_searched_as_few_are(graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def near(mention: str) -> list[int]:
        lexicon = Lexicon(graph)
        lexicon.refresh()
        dense = DenseNames(graph, lexicon, ConceptEncoder())
        return [found.key for found in dense.similar(dense.encode([mention]), 3)[0]]

    few = near("renal insufficiency")
    monkeypatch.setattr("kgrag.linking.dense._EXACT", 3)
    assert near("renal insufficiency") == few


def test_training_tells_namesakes_apart(graph: KnowledgeGraph, trained: EntityLinker) -> None:
    assert first(EntityLinker(graph, encoder=ConceptEncoder()), "cold") == "urn:4"
    assert first(trained, "cold") == "urn:6"


def test_labelled_mentions_become_names(graph: KnowledgeGraph, trained: EntityLinker) -> None:
    assert first(EntityLinker(graph, encoder=ConceptEncoder()), "yellow fever of eyes") != "urn:8"
    assert first(trained, "yellow fever of eyes") == "urn:8"
    without = EntityLinker(graph)
    without.train(TEXTS)
    assert first(without, "yellow fever of eyes") == "urn:8"


def test_unknown_names_are_nil(trained: EntityLinker) -> None:
    known, unknown = trained.link_spans("heart failure or wanderlust", [(0, 13), (17, 27)])
    assert known.node is not None and known.score >= 0.5
    assert unknown.node is None and sum(score for _, score in unknown.candidates) < 0.5
    for link in (known, unknown):
        assert 0 <= sum(score for _, score in link.candidates) <= 1 + 1e-6


def test_saved_and_loaded_is_the_same(trained: EntityLinker, tmp_path: Path) -> None:
    trained.save(tmp_path / "linker")
    loaded = EntityLinker.load(tmp_path / "linker", trained.graph, encoder=ConceptEncoder())
    for labelled in TEXTS[:6]:
        spans = [(start, end) for start, end, _ in labelled.mentions]
        assert loaded.link_spans(labelled.text, spans) == trained.link_spans(labelled.text, spans)
    with pytest.raises(SavedFolderError, match="encoder ConceptEncoder, not None"):
        EntityLinker.load(tmp_path / "linker", trained.graph)
    (tmp_path / "linker" / "linker.json").write_text("{}")
    with pytest.raises(SavedFolderError, match="changed"):
        EntityLinker.load(tmp_path / "linker", trained.graph, encoder=ConceptEncoder())


def test_training_twice_gives_the_same(graph: KnowledgeGraph, trained: EntityLinker) -> None:
    again = EntityLinker(graph, encoder=ConceptEncoder())
    again.train(TEXTS)
    text = "cardiac failure, renal stones and a cold"
    spans = [(0, 15), (17, 29), (36, 40)]
    assert again.link_spans(text, spans) == trained.link_spans(text, spans)


def test_only_linkable_nodes_are_candidates(graph: KnowledgeGraph) -> None:
    linker = EntityLinker(graph, encoder=ConceptEncoder(), linkable=lambda node: graph.iri(node) != "urn:0")
    (link,) = linker.link_spans("heart failure", [(0, 13)])
    assert link.candidates and all(graph.iri(node) != "urn:0" for node, _ in link.candidates)
    assert all(link.node is None for link in linker.link("heart failure"))


def test_marks_mean_nothing(trained: EntityLinker) -> None:
    assert [(link.node, link.candidates) for link in trained.link_spans(" ?!", [(0, 1), (1, 3)])] == [(None, ())] * 2
    assert trained.link_spans("gout", []) == []


def test_a_folder_that_holds_something_else(graph: KnowledgeGraph, tmp_path: Path) -> None:
    for content in ({}, [], {"encoder": None, "features": [], "memory": [1]}):
        write_folder(tmp_path / "linker", lambda folder, c=content: write_json(folder / "linker.json", c), "linker")
        with pytest.raises(SavedFolderError, match="holds no linker"):
            EntityLinker.load(tmp_path / "linker", graph)


def test_what_a_text_says_does_not_count_for_itself() -> None:
    memory = MentionMemory([Remembered("colds", ("urn:6",), 0), Remembered("cold", ("urn:4",), 1)])
    assert set(memory.shares("cold")) == {"urn:4", "urn:6"}
    assert set(memory.shares("cold", without=0)) == {"urn:4"}


def links(linker: EntityLinker, text: str) -> list[tuple[str, str | None]]:
    found = linker.link(text)
    return [(k.mention.text, None if k.node is None else linker.graph.iri(k.node)) for k in found]


def test_labelled_mentions_are_found_in_texts(graph: KnowledgeGraph, trained: EntityLinker) -> None:
    text = "Who has yellow fever of eyes and a cold?"
    assert ("yellow fever of eyes", "urn:8") not in links(EntityLinker(graph), text)
    assert links(trained, text) == [("yellow fever of eyes", "urn:8"), ("cold", "urn:6")]


def test_names_that_labels_pass_over_are_doubted(graph: KnowledgeGraph) -> None:
    linker, words = EntityLinker(graph), "jaundice, which is no more than a sign, and {}"
    assert ("jaundice", "urn:8") in links(linker, words.format("gout"))
    linker.train([one(words.format(name), (name, f"urn:{NAMES.index(name)}")) for name in NAMES if name != "jaundice"])
    assert links(linker, words.format("gout"))[-1] == ("gout", "urn:7")
    assert ("jaundice", "urn:8") not in links(linker, words.format("gout"))


def test_memory_finds_mentions_in_either_number_and_short_forms_in_capitals() -> None:
    memory = MentionMemory(
        [Remembered("night blindness", ("urn:a",), 0), Remembered("AS", ("urn:b",), 1)], passed=["gene"]
    )
    text = "as for AS and night blindnesses"
    assert {text[slice(*place)] for place in memory.find(text, fold_text(text))} >= {"AS", "night blindness"}
    assert not any(text[slice(*place)] == "as" for place in memory.find(text, fold_text(text)))
    assert memory.meant("gene") < 0.5 < memory.meant("AS") and memory.meant("unheard of") == 1.0


def test_the_graph_alone_teaches() -> None:
    linker = EntityLinker(KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl"))
    shipped = linker.disambiguator.ranker
    linker.fit(60, seed=1)
    learned = linker.disambiguator.ranker
    assert learned is not shipped and np.isfinite(learned.linear).all()
    assert [link.node for link in linker.link_spans("gout", [(0, 4)])] == linker.graph.find("gout")
    linker.fit(60, seed=1)
    assert np.array_equal(linker.disambiguator.ranker.linear, learned.linear)


def test_made_mentions_are_what_they_are_made_from() -> None:
    linker = EntityLinker(KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl"))
    linker.refresh()
    reader = linker.disambiguator
    texts = Synthesiser(reader.graph, reader.lexicon, reader.finder, 3).sample(300)
    mentions = [(text.text, made) for text in texts for made in text.mentions]
    for text, made in mentions:
        ((start, end),) = made.asked.places
        assert text[start:end] == made.asked.written
    as_named = [fold(made.asked.written) == reader.lexicon.aliases.keys[made.key] for _, made in mentions]
    assert 0.3 < np.mean(as_named) < 0.9
    assert any(made.missing for _, made in mentions) and any(made.namesakes for _, made in mentions)
    assert any(len({made.node for made in text.mentions}) < len(text.mentions) for text in texts)


def test_texts_that_teach_nothing(graph: KnowledgeGraph, tmp_path: Path) -> None:
    linker = EntityLinker(graph)
    with pytest.raises(ModelError, match="learned nothing"):
        linker.save(tmp_path / "linker")
    with pytest.raises(InputError, match="no mentions"):
        linker.train([LabelledText("nothing", ())])
    with pytest.raises(InputError, match="no span"):
        linker.train([LabelledText("short", ((0, 9, ("urn:0",)),))])
    with pytest.raises(InputError, match="no labelled mention"):
        linker.train([LabelledText("gout", ((0, 4, "urn:7"),))])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="None of the mentions"):
        linker.train([LabelledText("xyzzy", ((0, 5, ("urn:none",)),))])
    assert first(linker, "gout") == "urn:7"
