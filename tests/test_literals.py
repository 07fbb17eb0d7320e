"""Dates, numbers, citations, codes and initials that a text writes otherwise than the graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.linking.literals import find, forms

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.mark.parametrize(
    "alike",
    [
        ["2016-05-03", "2016-05-03z", "2016-05-03t10:00:00+02:00", "3 may 2016", "3rd of may 2016", "may 3, 2016"],
        ["2016-03-03", "03.03.2016", "3. märz 2016", "3 de marzo de 2016", "2016年3月3日", "3/3/2016"],
        ["2016-05", "may 2016", "mayo de 2016"],
        ["1200", "1,200", "1 200", "1200.0", "1.2e3", "+1200"],
        ["0.5", ".5", "0,5", "0.50"],
        ["1234567.5", "1,234,567.5", "1.234.567,5"],
        ["3.14159265358979", "3,14159265358979"],
        ["e11.9", "e119", "e11-9"],
        ["article 6(1)(f)", "article 6(1) point (f)", "art 6 para 1 lit f", "art. 6 para. 1 lit. f", "art. 6(1)(f)"],
        ["article 6 gdpr", "art. 6 of the gdpr"],
        ["section 823 (1)", "§ 823 abs. 1"],
    ],
)
def test_one_form_for_all_ways_of_writing(alike):
    found = [forms(name) for name in alike]
    assert found[0] and all(set(found[0]) & set(one) for one in found), dict(zip(alike, found))


@pytest.mark.parametrize(
    "name", ["gout", "type 2", "vitamin b12", "31.02.2016", "t2", "article", "hexagon 6(1)", "2016-13-40"]
)
def test_what_is_none_of_these_has_no_form(name):
    assert forms(name) == []


def test_a_date_of_two_readings_has_both():
    assert forms("03/05/2016") == ["date 2016-05-03", "date 2016-03-05"]
    assert forms("25/05/2016") == ["date 2016-05-25"]


@given(st.text(alphabet=st.sampled_from("aei0123459 .,:-/()§年月日\u0663"), max_size=80))
def test_any_text_is_searched(text):
    assert forms(text) == forms(text)
    for start, end, form in find(text):
        assert 0 <= start < end <= len(text) and form


@pytest.fixture(scope="module")
def linker():
    triples = [
        ("urn:law", LABEL, '"Data Act"'),
        ("urn:law", "urn:in force", f'"2016-05-03"^^<{XSD}date>'),
        ("urn:law", "urn:printed", f'"2017-04-06"^^<{XSD}date>'),
        ("urn:law", "urn:read", f'"2017-06-04"^^<{XSD}date>'),
        ("urn:law", "urn:pages", f'"1200"^^<{XSD}integer>'),
        ("urn:law", "urn:weighs", f'"0.5"^^<{XSD}decimal>'),
        ("urn:law", "urn:volumes", f'"2.0"^^<{XSD}decimal>'),
        ("urn:law", "urn:celex", '"32016R0679"'),
        ("urn:law", "urn:has part", "urn:f"),
        ("urn:f", LABEL, '"Article 6(1)(f)"'),
        ("urn:one", LABEL, '"Article 6(1)"'),
        ("urn:one", "urn:has part", "urn:f"),
        ("urn:gout", LABEL, '"gout"'),
        ("urn:gout", "urn:code", '"ICD10CM:E11.9"'),
        ("urn:gout", "urn:code", '"ICD9CM:250.0"'),
        ("urn:gout", "urn:code", '"MIM:123456"'),
        ("urn:gout", "urn:atc", '"A10BA02"'),
    ]
    return EntityLinker(KnowledgeGraph.from_triples(triples))


def named(linker, text):
    return [(one.mention.text, None if one.node is None else linker.graph.label(one.node)) for one in linker.link(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What came into force on 3 May 2016?", ("3 May 2016", "2016-05-03")),
        ("What came into force on May 3rd, 2016?", ("May 3rd, 2016", "2016-05-03")),
        ("what came into force on 03.05.2016", ("03.05.2016", "2016-05-03")),
        ("What came into force on 03/05/2016?", ("03/05/2016", "2016-05-03")),  # only one of its readings is there
        ("Which act has 1,200 pages?", ("1,200", "1200")),
        ("Which act has 1 200 pages?", ("1 200", "1200")),
        ("which act weighs .5 kg", (".5", "0.5")),
        ("which act weighs 0,5 kg", ("0,5", "0.5")),
        ("Who has E11.9?", ("E11.9", "ICD10CM:E11.9")),
        ("Who has E119?", ("E119", "ICD10CM:E11.9")),
        ("Who has ICD-10 E11.9?", ("ICD-10 E11.9", "ICD10CM:E11.9")),
        ("who has e11.9", ("e11.9", "ICD10CM:E11.9")),
        ("who has ICD10:E11.9", ("ICD10:E11.9", "ICD10CM:E11.9")),
        ("Who has ICD-9-CM 250.0?", ("ICD-9-CM 250.0", "ICD9CM:250.0")),
        ("Who has MIM 123456?", ("MIM 123456", "MIM:123456")),
        ("What is A10-BA02?", ("A10-BA02", "A10BA02")),
        ("What says CELEX 32016R0679?", ("32016R0679", "32016R0679")),
        ("What says Art. 6(1)(f)?", ("Art. 6(1)(f)", "Article 6(1)(f)")),
        ("what says article 6(1) point (f)", ("article 6(1) point (f)", "Article 6(1)(f)")),
        ("What says Art 6 para 1 lit f?", ("Art 6 para 1 lit f", "Article 6(1)(f)")),
        ("What says Art. 6 para. 1?", ("Art. 6 para. 1", "Article 6(1)")),
    ],
)
def test_they_are_found_in_a_text(linker, text, expected):
    assert expected in named(linker, text)


@pytest.mark.parametrize(
    "text",
    [
        "What are 2 acts on gout?",  # a count, no "2.0"
        "What is type 2 gout?",
        "What weighs 5 kg?",
        "Who has 250.0 of it?",  # a code only with its scheme
        "Which acts are 123456 times as long?",
        "Who has MESH:E11.9?",  # a code of another scheme
        "What happened on 4 May 2016?",
        "Which gene lies at e11.9?",
        "What says Art. 7(1)(f)?",
    ],
)
def test_other_numbers_and_codes_name_nothing(linker, text):
    assert {label for _, label in named(linker, text)} <= {None, "gout"}


def test_a_date_that_may_be_two_names_neither(linker):
    (link,) = linker.link("What happened on 04/06/2017?")
    assert link.node is None
    assert {linker.graph.label(node) for node, _ in link.candidates} == {"2017-06-04", "2017-04-06"}


def test_new_literals_are_found_at_once():
    graph = KnowledgeGraph.from_triples([("urn:a", LABEL, '"Alma act"'), ("urn:a", "urn:on", '"2016-05-03"')])
    linker = EntityLinker(graph)
    assert named(linker, "What happened on 4 May 2016?") == []
    graph.add([("urn:a", "urn:on", '"2016-05-04"')])
    assert named(linker, "What happened on 4 May 2016?") == [("4 May 2016", "2016-05-04")]
    graph.remove([("urn:a", "urn:on", '"2016-05-04"')])
    assert named(linker, "What happened on 4 May 2016?") == []


def lung(*more):
    names = ["chronic obstructive pulmonary disease", "gout", "acute respiratory distress syndrome", *more]
    triples = [(f"urn:{i}", LABEL, f'"{name}"') for i, name in enumerate(names)]
    alias = ("urn:0", "http://www.w3.org/2004/02/skos/core#altLabel", '"chronic obstructive pulmonary disorder"')
    return EntityLinker(KnowledgeGraph.from_triples([*triples, alias, ("urn:0", "urn:near", "urn:1")]))


def test_initials_in_capitals_name_what_they_are_of():
    linker = lung()
    (link,) = linker.link("What helps with COPD?")
    assert linker.graph.iri(link.node) == "urn:0" and not link.exact and link.score < 0.7
    assert named(linker, "what helps with copd") in ([], [("copd", None)])
    assert named(linker, "What helps with ARDS or gout?") == [
        ("ARDS", "acute respiratory distress syndrome"),
        ("gout", "gout"),
    ]


def test_initials_of_several_names_are_no_link_but_have_candidates():
    linker = lung("central ocular pressure disease")
    (link,) = linker.link("What helps with COPD?")
    assert link.node is None
    assert {linker.graph.iri(node) for node, _ in link.candidates} == {"urn:0", "urn:3"}


def test_a_name_comes_before_initials():
    linker = lung("COPD")
    (link,) = linker.link("What helps with COPD?")
    assert linker.graph.iri(link.node) == "urn:3" and link.exact


def test_given_mentions_of_them_are_linked(linker):
    text = "E119 since 3 May 2016"
    links = linker.link_spans(text, [(0, 4), (11, 21)])
    assert [linker.graph.label(link.node) for link in links] == ["ICD10CM:E11.9", "2016-05-03"]
    assert not any(link.exact for link in links)


def test_among_very_many_names_initials_tell_nothing():
    letters = "abcdefghijklmnopqrstuvw"
    many = [f"{a}ora {b}ilo {c}emu" for a in letters for b in letters for c in letters if a != b]
    linker = EntityLinker(
        KnowledgeGraph.from_triples(
            [*((f"urn:{i}", LABEL, f'"{name}"') for i, name in enumerate(many)), ("urn:0", "urn:near", "urn:1")]
        )
    )
    (link,) = linker.link("What helps with BFD?")
    assert link.node is None and [linker.graph.label(node) for node, _ in link.candidates] == ["bora filo demu"]
