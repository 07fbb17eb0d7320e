"""Mentions to nodes: exact, misspelt, ambiguous, unknown."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.config import LinkingConfig
from kgrag.errors import InputError
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.resources import data_folder

RDFS = "http://www.w3.org/2000/01/rdf-schema#label"
ALT = "http://www.w3.org/2004/02/skos/core#altLabel"


@pytest.fixture(scope="module")
def graph():
    labels = {
        "gout": ["gout", "gouty arthritis"],
        "t1": ["type 1 diabetes mellitus"],
        "t2": ["type 2 diabetes mellitus", "T2DM"],
        "chik": ["chikungunya", "chikungunya fever"],
        "fever": ["fever"],
        "allo": ["allopurinol", "Zyloprim"],
        "it": ["It"],
        "who": ["World Health Organization", "WHO"],
        "m": ["M"],
    }
    triples = [
        (f"urn:{name}", RDFS if i == 0 else ALT, f'"{text}"@en')
        for name, texts in labels.items()
        for i, text in enumerate(texts)
    ]
    triples += [
        ("urn:allo", "urn:treats", "urn:gout"),
        ("urn:chik", "urn:has symptom", "urn:fever"),
        ("urn:t1", "urn:related", "urn:t2"),
        ("urn:it", "urn:directed by", "urn:m"),
        ("urn:who", "urn:fights", "urn:chik"),
    ]
    return KnowledgeGraph.from_triples(triples)


@pytest.fixture(scope="module")
def linker(graph):
    return EntityLinker(graph)


def named(linker, text):
    """Text and label of each link; None for an unknown name."""
    label = linker.graph.label
    return [(link.mention.text, None if link.node is None else label(link.node)) for link in linker.link(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What treats gout?", [("gout", "gout")]),
        ("what treats GOUT", [("GOUT", "gout")]),
        ("Is gouty arthritis treated with Zyloprim?", [("gouty arthritis", "gout"), ("Zyloprim", "allopurinol")]),
        ("symptoms of chikungunya fever", [("chikungunya fever", "chikungunya")]),  # not chikungunya and fever
        ("Who directed It?", [("It", "It")]),  # a film, not a pronoun
        ("type 2 diabetes mellitus", [("type 2 diabetes mellitus", "type 2 diabetes mellitus")]),
    ],
)
def test_exact_names(linker, text, expected):
    assert named(linker, text) == expected


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("What are the symptoms of chikungunja?", "chikungunya"),
        ("what does alopurinol treat", "allopurinol"),
        ("Tell me about the World Health Organisation", "World Health Organization"),
    ],
)
def test_misspelt_names(linker, text, label):
    (link,) = [link for link in linker.link(text) if link.node is not None]
    assert linker.graph.label(link.node) == label
    assert not link.exact and link.score < 1.0


def test_two_typos_seldom_begin_a_name():
    draw = random.Random(0)
    others = ["".join(draw.choices("bcdfghjklmnpqrstvwxz", k=10)) for _ in range(1_000)]
    linker = EntityLinker(KnowledgeGraph.from_triples([(name, "kind", "disease") for name in ["myelopathy", *others]]))
    (first,), (later,) = (linker.link(f"symptoms of {name}") for name in ("trelopathy", "mbelopatho"))
    assert first.score < 0.8 < later.score


@pytest.fixture(scope="module")
def clinic():
    names = ["orange urine", "dizziness", "night sweats", "drooling", "MMR vaccine", "restless legs syndrome", "head"]
    names += ["heart failure", "passing out", "Guillain-Barre syndrome", "skin infection", "family medicine"]
    names += ["head pain", "nerve pain", "delirium"]
    triples = [(f"urn:{i}", RDFS, f'"{name}"') for i, name in enumerate(names)]
    return EntityLinker(KnowledgeGraph.from_triples([*triples, ("urn:0", "urn:near", "urn:1")]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Which pills can turn my urine orange?", [("urine orange", "orange urine")]),
        ("What makes one sweat at night?", [("sweat at night", "night sweats")]),
        ("What makes me dizzy and drool?", [("dizzy", "dizziness"), ("drool", "drooling")]),
        ("What makes people delirious?", [("delirious", "delirium")]),
        ("failure of the heart", [("failure of the heart", "heart failure")]),
        ("what helps with restless legs", [("restless legs", "restless legs syndrome")]),
        ("Is Guillain-Barré curable?", [("Guillain-Barré", "Guillain-Barre syndrome")]),
        ("Under which heading is it passed on?", []),  # neither a head nor passing out
        ("Which infections have yellow skin as a sign?", []),  # not a skin infection
        ("the family of medicines", []),
        ("Is every family a medicine?", []),
        ("causes of trigeminal nerve pain", [("trigeminal nerve pain", None)]),  # another one than nerve pain
        ("What helps with Obermann's nerve pain?", [("Obermann's nerve pain", None)]),
        ("What helps with Obermann head nerve pain?", [("Obermann head nerve pain", None)]),
    ],
)
def test_names_in_other_words(clinic, text, expected):
    assert named(clinic, text) == expected


def test_a_rare_word_stands_for_a_name_of_little_more():
    graph = KnowledgeGraph.from_rdf(data_folder() / "medical" / "graph.ttl")
    linker = EntityLinker(graph)
    assert named(linker, "What illnesses does the MMR jab guard against?") == [("MMR", "MMR vaccine")]
    triples = [
        ("urn:0", RDFS, '"symptomatic form of HFE-related hereditary hemochromatosis"'),
        ("urn:0", "urn:p", "urn:1"),
    ]
    assert named(EntityLinker(KnowledgeGraph.from_triples(triples)), "Where is the HFE gene?") == [("HFE", None)]


def test_a_number_is_no_misspelling(linker):
    assert named(linker, "What is type 3 diabetes mellitus?") != [
        ("type 3 diabetes mellitus", "type 2 diabetes mellitus")
    ]


def test_an_unknown_name_links_to_nothing(linker):
    assert named(linker, "What are the symptoms of Kessler-Brandt disease?") == [("Kessler-Brandt", None)]
    assert named(linker, "How are you today?") == []


def test_mentions_are_where_they_say(linker):
    text = "  Is “gout” \t treated by allopurinol?"
    for link in linker.link(text):
        assert text[link.mention.start : link.mention.end] == link.mention.text


@given(st.text(max_size=200))
def test_any_text_is_read(linker, text):
    last = 0
    for link in linker.link(text):
        assert text[link.mention.start : link.mention.end] == link.mention.text
        assert link.mention.start >= last and 0 <= link.score <= 1
        last = link.mention.end


def test_mask(linker):
    text = "Does allopurinol help against gout?"
    assert linker.mask(text, linker.link(text)) == "Does X help against X?"


def test_the_threshold_makes_names_unknown(graph):
    strict = EntityLinker(graph, LinkingConfig(threshold=0.99))
    assert named(strict, "symptoms of chikungunja") == [("chikungunja", None)]


def test_the_linker_follows_the_graph():
    graph = KnowledgeGraph.from_triples([("urn:a", RDFS, '"gout"'), ("urn:a", "urn:p", "urn:b")])
    linker = EntityLinker(graph)
    assert named(linker, "What is scurvy?") in ([], [("scurvy", None)])
    graph.add([("urn:s", RDFS, '"scurvy"'), ("urn:s", "urn:p", "urn:b")])
    assert named(linker, "What is scurvy?") == [("scurvy", "scurvy")]


def test_names_come_and_go_without_a_new_index(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = KnowledgeGraph.from_triples(
        [("aspirin", "treats", "headache"), ("ibuprofen", "treats", "fever"), ("zzz", "treats", "aspirin")]
    )
    linker = EntityLinker(graph)

    def linked(text: str) -> list[str]:
        return [graph.label(link.node) for link in linker.link(text) if link.node is not None]

    assert linked("What does aspirin treat?") == ["aspirin"]
    monkeypatch.setattr("kgrag.linking.lexicon.AliasIndex", None)  # a new index would fail
    graph.add([("morbus Basedow", "treats", "headache")])
    assert linked("What does Morbus Basedow treat?") == ["morbus Basedow"]
    assert linked("What does morbus basedwo treat?") == ["morbus Basedow"]  # misspelt
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    graph.add([("ibuprofen", label, '"aspirin"')])  # the same name as another
    links = linker.link("What does aspirin treat?")
    assert {graph.iri(node) for link in links for node, _ in link.candidates} >= {
        "urn:kgrag:node:aspirin",
        "urn:kgrag:node:ibuprofen",
    }
    assert linked("What does ibuprofen treat?") == []  # its own label is its name now
    graph.remove([("ibuprofen", label, '"aspirin"')])
    assert linked("What does ibuprofen treat?") == ["ibuprofen"]
    graph.remove([("morbus Basedow", "treats", "headache")])
    assert linked("What does Morbus Basedow treat?") == []


def spans_of(text, *mentions):
    return [(text.index(mention), text.index(mention) + len(mention)) for mention in mentions]


def test_given_mentions_are_linked_in_their_order(linker):
    text = "Zyloprim against gouty arthritis, allopurinoll and Kessler-Brandt disease"
    spans = spans_of(text, "gouty arthritis", "Zyloprim", "allopurinoll", "Kessler-Brandt disease")
    links = linker.link_spans(text, spans)
    assert [(link.mention.start, link.mention.end) for link in links] == spans
    label = linker.graph.label
    assert [link.node is not None and label(link.node) for link in links] == [
        "gout",
        "allopurinol",
        "allopurinol",
        False,
    ]
    assert [link.exact for link in links] == [True, True, False, False]
    assert all(link.candidates == () or link.candidates[0][1] == link.score for link in links)
    assert linker.link_spans(text, []) == []


def test_candidates_of_a_given_mention_are_exact_then_forms_then_similar_ones(clinic):
    (link,) = clinic.link_spans("night sweat", [(0, 11)])
    assert clinic.graph.label(link.node) == "night sweats" and not link.exact
    (link,) = clinic.link_spans("infections of the skin", [(0, 22)])
    assert clinic.graph.label(link.node) == "skin infection"
    (link,) = clinic.link_spans("facial nerve pain", [(0, 17)])
    found = [clinic.graph.label(node) for node, _ in link.candidates]
    assert found[0] == "nerve pain" and "head pain" in found
    assert [score for _, score in link.candidates] == sorted((score for _, score in link.candidates), reverse=True)


def test_as_many_candidates_as_configured(clinic):
    (link,) = EntityLinker(clinic.graph, LinkingConfig(candidates=2)).link_spans("some nerve pain", [(0, 15)])
    assert len(link.candidates) == 2


@pytest.mark.parametrize("span", [(0, 0), (3, 2), (-1, 3), (0, 9), (1.5, 2), (1,), None, ("a", "b")])
def test_spans_that_are_none(linker, span):
    with pytest.raises(InputError, match="no span of a text of 4 characters"):
        linker.link_spans("gout", [(0, 4), span])


def test_a_mention_of_blanks_or_marks_has_no_candidates(linker):
    assert [(link.node, link.candidates) for link in linker.link_spans(" \t?", [(0, 2), (2, 3)])] == [(None, ())] * 2


def test_declared_short_forms_mean_their_long_forms():
    names = {"hd": ["Huntington disease"], "hodgkin": ["Hodgkin lymphoma", "HD"], "gd": ["Gaucher disease"]}
    graph = KnowledgeGraph.from_triples(
        [(f"urn:{key}", ALT, f'"{name}"') for key, all_names in names.items() for name in all_names]
        + [("urn:hd", "urn:unlike", "urn:gd")]
    )
    linker = EntityLinker(graph)
    text = "Huntington disease (HD) is inherited. Is HD like Gaucher disease?"
    linked = [(link.mention.text, graph.iri(link.node)) for link in linker.link(text)]
    assert linked == [
        ("Huntington disease", "urn:hd"),
        ("HD", "urn:hd"),
        ("HD", "urn:hd"),
        ("Gaucher disease", "urn:gd"),
    ]
    (link,) = linker.link_spans(text, [(41, 43)])
    assert graph.iri(link.node) == "urn:hd"
    assert [graph.iri(link.node) for link in linker.link("What is HD?")] == ["urn:hodgkin"]
    (link,) = linker.link_spans("What is HD?", [(8, 10)])
    assert graph.iri(link.node) == "urn:hodgkin" and link.exact
