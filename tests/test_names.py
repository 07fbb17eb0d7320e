"""What the linker keeps the names of a graph in: packed strings, bearers, forms, and roots in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.bearers import Bearers
from kgrag.linking.candidates import ExactMatcher
from kgrag.linking.folding import fold, fold_all, fold_text
from kgrag.linking.packed import Packed
from kgrag.linking.rewording import RewordedNames
from kgrag.linking.words import QuestionWords

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
NONSENSE = ["bam", "zok", "vug", "pif", "nar", "lud", "kep", "dob"]  # words that have no endings
SEVERAL = -2
WORDS = QuestionWords([], [])


@settings(deadline=None)
@given(st.lists(st.text()), st.lists(st.text()))
def test_packed_strings_are_a_list_that_finds_its_strings(first, later):
    packed = Packed(first)
    assert packed.find("not there at all") is None
    packed.extend(later)
    strings = first + later
    assert list(packed) == [packed[place] for place in range(len(strings))] == packed[0 : len(strings)] == strings
    assert all(packed.find(string) == strings.index(string) for string in strings)


@settings(deadline=None)
@given(st.lists(st.text()))
def test_many_names_are_folded_like_each(names):
    assert fold_all(names) == [fold(name) for name in names]


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_is_folded_like_any_other(text):
    plain, other = fold_text(text), fold_text(text + "\u00e9")
    size = len(plain.text)
    assert (plain.text + "\u00e9") == other.text
    assert list(plain.starts) == list(other.starts[:size]) and list(plain.ends) == list(other.ends[:size])


def bearers(*rows: tuple[int, int, str]) -> Bearers:
    """Of (key, node, text); every name is what its nodes are shown by."""
    keys, nodes, texts = zip(*rows)
    return Bearers(np.array(keys), np.array(nodes), Packed(texts), lambda key, node: True, lambda node: node)


def test_names_are_withdrawn_and_given_again():
    names = bearers((0, 5, "Gout"), (1, 5, "podagra"), (0, 6, "gout"))
    assert [(name.node, name.text) for name in names[0]] == [(5, "Gout"), (6, "gout")]
    names.withdraw([5])
    assert [name.node for name in names[0]] == [6] and names[1] == [] and names.orphans == {1}
    names.add(1, 5, "Podagra")
    assert [name.text for name in names[1]] == ["Podagra"] and names.orphans == set()
    names.withdraw([5, 6])
    assert names[0] == names[1] == [] and names.orphans == {0, 1}


def test_who_alone_bears_a_name():
    names = bearers((0, 5, "Gout"), (1, 5, "podagra"), (0, 6, "gout"))
    assert names.alone(0, 2).tolist() == [SEVERAL, 5]
    names.add(2, 7, "ague")
    names.add(3, 8, "mal")
    names.withdraw([8])
    assert names.alone(2, 4).tolist() == [7, -1]


def test_of_very_many_bearers_the_best_connected_stay():
    names = bearers(*((0, node, "John") for node in range(300)))  # node 299 has 299 statements
    assert [name.node for name in names[0]] == list(range(200, 300))
    names.add(0, 1_000, "John")
    names.withdraw([299])
    assert [name.node for name in names[0]] == [*range(200, 299), 1_000]


@pytest.mark.parametrize(
    ("names", "text", "key"),
    [
        (["berry", "berries"], "berries", 1),  # a name goes before the form of another one
        (["berries", "berry"], "berries", 0),
        (["john (1)", "john (2)"], "john", 1),  # of two forms the later
        (["lyme disease", "lyme"], "lyme", 1),
        (["gout"], "gouts", 0),
        (["gout"], "a gout", None),
    ],
)
def test_one_name_a_form(names, text, key):
    rows = [(place, place, name.title()) for place, name in enumerate(names)]
    matcher = ExactMatcher(names, bearers(*rows))
    assert matcher.whole(text) == key
    whole = [found.key for found in matcher.find(fold_text(text)) if (found.start, found.end) == (0, len(text))]
    assert whole == ([] if key is None else [key])


def test_names_are_found_at_their_places_in_the_text():
    matcher = ExactMatcher(["guillain-barr\u00e9", "it"], bearers((7, 0, "Guillain-Barr\u00e9"), (8, 1, "It")), first=7)
    text = "\u00c9t\u00e9:  GUILLAIN\u2013BARRE\u0301 it"
    found = {(text[one.start : one.end], one.key) for one in matcher.find(fold_text(text))}
    assert found == {("GUILLAIN\u2013BARRE\u0301", 7), ("it", 8)}


pairs_of_words = st.lists(st.sampled_from(NONSENSE), min_size=2, max_size=2, unique=True)


@settings(deadline=None)
@given(st.lists(pairs_of_words, unique_by=tuple), st.permutations([*NONSENSE[:6], "the", "the", "the"]))
def test_names_of_two_words_are_found_by_their_roots(names, words):
    """Both words, nothing but stop words between, no more than three."""
    finder = RewordedNames([" ".join(name) for name in names], np.full(len(names), SEVERAL), WORDS, frozenset())
    expected = set()
    for key, name in enumerate(names):
        if set(name) <= set(words):
            first, last = sorted(words.index(word) for word in name)
            if last - first <= 4 and set(words[first + 1 : last]) <= {"the"}:
                expected.add((first, last + 1, key, tuple(name)))
    found = list(finder.find(words, [False] * len(words)))
    assert len(found) == len(set(found)) and set(found) == expected


def test_a_number_in_a_name_is_no_pronoun():
    graph = KnowledgeGraph.from_triples(
        [(f"p{n}", "is in", "z") for n in ("I", "II")],
        labels={"pI": "Part I Zorbian Code", "pII": "Part II Zorbian Code", "z": "Zorbian Code"},
    )
    linker = EntityLinker(graph)
    for text, label in [
        ("Which part of the Zorbian Code is it?", "Zorbian Code"),
        ("What is in Part I Zorbian Code?", "Part I Zorbian Code"),
        ("What is in the Zorbian Code Part II?", "Part II Zorbian Code"),
    ]:
        assert [graph.label(link.node) for link in linker.link(text)] == [label]


def test_half_a_surrogate_pair_in_a_name_hides_no_other_names():
    graph = KnowledgeGraph.from_triples(
        [("a", "b", "c"), ("d", "b", "c"), ("d", LABEL, '"gout"')], labels={"a": "x\ud800y"}
    )
    (link,) = EntityLinker(graph).link("What is gout?")
    assert graph.label(link.node) == "gout"
