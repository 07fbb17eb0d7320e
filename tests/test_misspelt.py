"""Misspelt names: what is a few edits away, which readings go together, and what is taken for misspelt in a text."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.misspelling import LONG_ENOUGH, Misspellings
from kgrag.linking.readings import Reading, best

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
NAMES = """
    The Godfather|God|The Man with the Iron Fists|The Man|The Return of the Vampire|The Return|vampire|Straight to Hell
    Riding in Cars with Boys|car|Boys|The President's Lady|president|Dreams|dream|Ben X|Here Without Me|Fathers' Day
    Indiana Jones and the Last Crusade|Indiana Jones|Comin' at Ya!|Kill!|Kill|Wolfgang Amadeus Mozart|Loft|The Loft
    Rocky II|Ocean's 11|Louis XVII of France|Louis XIII of France|Louis XIV of France|Saw|Batman & Robin|St. Louis Blues|Amélie (2001 film)|Ghidorah
"""


def linker_of(names, language="en"):
    labels = [(f"urn:{place}", LABEL, f'"{name}"@{language}') for place, name in enumerate(names)]
    return EntityLinker(
        KnowledgeGraph.from_triples([*labels, ("urn:0", "urn:directed by", "urn:1")], language=language)
    )


@pytest.fixture(scope="module")
def films():
    return linker_of([name for line in NAMES.split("\n") for name in line.strip().split("|") if name])


def named(linker, text):
    """Text and label of each link; None for an unknown name."""
    label = linker.graph.label
    return [(link.mention.text, None if link.node is None else label(link.node)) for link in linker.link(text)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("The Godfathr", "The Godfather"),  # not God
        ("the godfathr", "The Godfather"),
        ("The Man with teh Iron Fists", "The Man with the Iron Fists"),  # not The Man, and an unknown name
        ("The Return of te Vampire", "The Return of the Vampire"),
        ("Riding in Car with Boys", "Riding in Cars with Boys"),
        ("Straight to Helw", "Straight to Hell"),
        ("The President's Lay", "The President's Lady"),  # another English word
        ("Bek X", "Ben X"),
        ("Nozart", None),  # a part of a name
        ("Wolfang Amadeus Mozrat", "Wolfgang Amadeus Mozart"),  # two typos in a long name
        ("Volfgang Amadeus Mozart", "Wolfgang Amadeus Mozart"),
        ("Fahters' Day", "Fathers' Day"),
        ("Comiz' at Ya!", "Comin' at Ya!"),
        ("Here Withou Me", "Here Without Me"),  # its words are all ordinary, but it has capitals
        ("Indiana Jones and the Lsat Crusade", "Indiana Jones and the Last Crusade"),
        ("Dreasm", "Dreams"),  # not dream, which has no capital
        ("Dreamz", "Dreams"),
        ("the Lofft", "Loft"),  # "the" has no capital
        ("Amélie (2001 fim)", "Amélie (2001 film)"),
        ("Ghidora", "Ghidorah"),
    ],
)
def test_misspelt_names_in_a_question(films, written, meant):
    label = films.graph.label
    links = films.link(f"who directed {written}")
    assert [label(link.node) for link in links if link.node is not None] == ([meant] if meant else [])
    assert all(not link.exact and 0.5 <= link.score < 1 for link in links if link.node is not None)


@pytest.mark.parametrize(
    "written", ["The Godfather", "Kill!", "The Return", "dream", "St. Louis Blues", "Batman & Robin"]
)
def test_what_stands_there_exactly_is_meant(films, written):
    assert named(films, f"who directed {written}?") == [(written, written)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Rocky III", None),
        ("Rocky I", None),
        ("Louis XV of France", None),
        ("Louis XIVV of France", "Louis XIV of France"),  # that is no number
        ("Luois XIII of France", "Louis XIII of France"),
        ("Ocean's 12", None),
    ],
)
def test_another_number_is_no_typo(films, written, meant):
    links = films.link(f"who directed {written}")
    assert [films.graph.label(link.node) for link in links if link.node is not None] == ([meant] if meant else [])


@pytest.mark.parametrize("text", ["who was the director of it", "was it a godly man", "which gold medals did they win"])
def test_words_that_are_spelt_rightly_are_no_typos(films, text):
    assert [link for link in films.link(text) if link.node is not None and link.score >= 0.6] == []


def test_the_more_names_there_are_the_less_a_short_word_tells():
    """Among a few names "Irak" is a typo; where any four letters make a name it may be anything."""
    few = linker_of(["Iran", "Brazil", "Norway"])
    assert named(few, "who plays for Irak") == [("Irak", "Iran")]
    letters = "bcdfghklmn"
    many = linker_of(["Iran", *(a + "o" + b + c for a in letters for b in letters for c in letters)])
    assert [node for _, node in named(many, "who plays for Irak")] == [None]


def test_part_of_an_unknown_name_is_no_misspelt_one():
    linker = linker_of(["Kesler", "gout", "Addison's disease"])
    assert named(linker, "What is Kessler Brandtmann known for?") == [("Kessler Brandtmann", None)]
    assert named(linker, "a family with idiopathic Addison's disease")[-1] == ("Addison's disease", "Addison's disease")
    assert named(linker, "Is Addisons disease rare?") == [("Addisons disease", "Addison's disease")]


def test_nothing_is_misspelt_across_brackets():
    linker = linker_of(["sporadic breast cancer", "breast cancer"])
    assert named(linker, "cases (most of them sporadic) breast cancer")[-1] == ("breast cancer", "breast cancer")


def test_equally_near_names_are_all_candidates(films):
    (link,) = films.link("who married Louis XPII of France")
    scores = {films.graph.label(node): score for node, score in link.candidates}
    assert scores["Louis XIII of France"] == scores["Louis XVII of France"] == link.score


def test_a_character_is_seldom_another_one():
    linker = linker_of(["中国银行", "北京市", "非小细胞肺癌患者协会"], "zh")
    assert [node for _, node in named(linker, "南京市在哪里？")] in ([], [None])
    assert [node for _, node in named(linker, "人国银行在哪里？")] in ([], [None])


LETTERS = st.text("ab ", min_size=1, max_size=24)


@given(st.lists(LETTERS, min_size=1, max_size=30, unique=True), LETTERS, st.integers(1, len(LONG_ENOUGH)))
def test_all_names_within_so_many_edits_are_found(names, text, edits):
    found = {(near.key, near.edits) for near in Misspellings(names).find(f"c{text}c", [1], [1 + len(text)], edits)}
    distances = {
        (key, OSA.distance(text, name)) for key, name in enumerate(names) if len(name) >= LONG_ENOUGH[edits - 1]
    }
    assert found == {(key, distance) for key, distance in distances if 0 < distance <= edits}


def test_one_edit_of_any_kind_anywhere_is_found():
    name = "abcdefghijklmnopqrstu"
    drops = [name[:at] + name[at + 1 :] for at in range(len(name))]
    swaps = [name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(len(name) - 1)]
    others = [name[:at] + "z" + name[at + more :] for at in range(len(name)) for more in (0, 1)]
    written = [*drops, *swaps, *others]
    ends = np.cumsum([len(one) for one in written])
    starts = ends - [len(one) for one in written]
    for edits in (1, 2, 3):
        found = Misspellings(["none of these", name]).find("".join(written), starts.tolist(), ends.tolist(), edits)
        assert [(near.place, near.key, near.edits) for near in found] == [(at, 1, 1) for at in range(len(written))]


def test_names_that_begin_alike_are_told_by_their_ends():
    names = [
        f"the society of friends of {a}{b}{c}" for a in "abcdefghijklm" for b in "nopqrstuvwxyz" for c in "abcdefghij"
    ]
    (near,) = Misspellings(names).find("teh society of friends of gta", [0], [29], 1)
    assert names[near.key] == "the society of friends of gta"


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5), st.integers(1, 9)), max_size=8))
def test_the_best_readings_gain_most(spans):
    readings = [Reading(start, start + length, gain) for start, length, gain in spans]
    chosen = best(readings)
    apart = [
        some
        for size in range(len(readings) + 1)
        for some in combinations(readings, size)
        if all(a.end <= b.start or b.end <= a.start for a, b in combinations(some, 2))
    ]
    assert tuple(sorted(chosen)) in [tuple(sorted(some)) for some in apart]
    assert sum(one.gain for one in chosen) == max(sum(one.gain for one in some) for some in apart)
