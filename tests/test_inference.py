"""What follows from a graph: rules, closures, bounds, explanations, views."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrag.config import Limits
from kgrag.errors import GraphError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.closure import compose, distinct_keys, joined, reachable, shortest_path
from kgrag.graph.inference import RULES
from kgrag.graph.vocabulary import OWL, RDF, RDFS, SKOS

EX = "http://example.org/"
PREFIXES = (
    f"@prefix : <{EX}> . @prefix owl: <{OWL}> . @prefix rdf: <{RDF}> . @prefix rdfs: <{RDFS}> . @prefix skos: <{SKOS}> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
ONE = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
TYPE, SUBCLASS, SUBPROPERTY = RDF + "type", RDFS + "subClassOf", RDFS + "subPropertyOf"


def read(turtle: str) -> KnowledgeGraph:
    return KnowledgeGraph.from_rdf((PREFIXES + turtle).encode(), format="turtle")


def short(term: str) -> str:
    for prefix in (EX, RDF, RDFS, OWL, SKOS):
        term = term.removeprefix(prefix)
    return term


def derived(graph: KnowledgeGraph, *rules: str) -> dict[tuple[str, str, str], str]:
    """Local names of the statements that the view has beyond the graph, and their source."""
    view = graph.infer(*rules)
    triples = map(view.triple, view.statements)
    return {(short(t.subject), short(t.predicate), short(t.object)): t.source for t in triples if not graph.contains(t)}


def fine(count: int) -> None:
    pass


# Closures


edges = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20)


def columns(pairs) -> tuple[np.ndarray, np.ndarray]:
    heads, tails = np.array(list(pairs), np.int64).reshape(-1, 2).T
    return heads, tails


def rows(pairs) -> list[tuple[int, int]]:
    return list(zip(pairs[0].tolist(), pairs[1].tolist()))


@given(edges)
def test_reachable_is_the_closure_by_rounds(pairs):
    closed = set(pairs)
    while True:
        more = {(a, d) for a, b in closed for c, d in closed if b == c} - closed
        if not more:
            break
        closed |= more
    found = rows(reachable(*columns(pairs), fine))
    assert len(found) == len(set(found))
    assert set(found) == {(a, b) for a, b in closed if a != b}


@given(edges, edges)
def test_compose_and_join(first, second):
    left, right = columns(first), columns(second)
    assert rows(compose(left, right, 8, fine)) == sorted({(a, d) for a, b in first for c, d in second if b == c})
    places = rows(joined(left[1], right[0]))
    assert sorted(places) == [(i, j) for i, (_, b) in enumerate(first) for j, (c, _) in enumerate(second) if b == c]
    assert distinct_keys(left[0]).tolist() == sorted(set(left[0].tolist()))


@given(edges, st.integers(0, 7), st.sets(st.integers(0, 7)))
def test_shortest_path_is_one_and_none_is_shorter(pairs, start, goals):
    heads, tails = columns(pairs)
    far = {start: 0}
    queue = deque([start])
    while queue:
        at = queue.popleft()
        for a, b in pairs:
            if a == at and b not in far:
                far[b] = far[at] + 1
                queue.append(b)
    path = shortest_path(heads, tails, start, np.array(sorted(goals), np.int64), 8)
    if path is None:
        assert not goals & set(far)
        return
    at = start
    for edge in path:
        assert heads[edge] == at
        at = int(tails[edge])
    assert at in goals and len(path) == min(far[goal] for goal in goals & set(far))


def test_work_in_pieces_changes_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    heads, tails = rng.integers(0, 300, (2, 600))
    whole = rows(reachable(heads, tails, fine)), rows(compose((heads, tails), (tails, heads), 300, fine))
    monkeypatch.setattr("kgrag.graph.closure._CHUNK", 50)
    assert (rows(reachable(heads, tails, fine)), rows(compose((heads, tails), (tails, heads), 300, fine))) == whole


# Rules, one by one


def test_restrictions_become_statements_about_the_class():
    graph = read("""
        :flu rdfs:subClassOf :disease ,
            [ a owl:Restriction ; owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] ,
            [ a owl:Restriction ; owl:onProperty :isContagious ; owl:hasValue true ] ,
            [ a owl:Restriction ; owl:onProperty :causedBy ; owl:qualifiedCardinality 1 ; owl:onClass :virus ] ,
            [ a owl:Restriction ; owl:onProperty :hasStage ; owl:minQualifiedCardinality "02"^^xsd:integer ; owl:onClass :stage ] .
    """)
    assert set(derived(graph, "restrictions")) == {
        ("flu", "hasSymptom", "fever"),
        ("flu", "isContagious", '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'),
        ("flu", "causedBy", "virus"),
        ("flu", "hasStage", "stage"),
    }


def test_what_need_not_be_there_is_no_statement():
    graph = read("""
        :flu rdfs:subClassOf
            [ owl:onProperty :mayNeed ; owl:minQualifiedCardinality 0 ; owl:onClass :drug ] ,
            [ owl:onProperty :mayNeed ; owl:maxQualifiedCardinality 1 ; owl:onClass :drug ] ,
            [ owl:onProperty :treatedBy ; owl:allValuesFrom :physician ] ,
            [ owl:onProperty :treatedBy ; owl:someValuesFrom [ owl:unionOf ( :physician :nurse ) ] ] ,
            [ owl:onProperty [ owl:inverseOf :causes ] ; owl:someValuesFrom :virus ] ,
            [ owl:onProperty :one , :two ; owl:someValuesFrom :virus ] ,
            [ owl:unionOf ( :cold [ owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] ) ] ,
            [ owl:complementOf [ owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] ] .
        [] rdfs:subClassOf [ owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] .
    """)
    assert derived(graph, "restrictions") == {}


def test_intersections_are_read_through():
    graph = read("""
        :flu owl:equivalentClass [ owl:intersectionOf ( :disease
            [ owl:onProperty :causedBy ; owl:someValuesFrom :virus ]
            [ owl:intersectionOf ( :acute [ owl:onProperty :hasSymptom ; owl:hasValue :fever ] ) ] ) ] .
        [ owl:onProperty :affects ; owl:someValuesFrom :lung ] owl:equivalentClass :pneumonia .
        :old owl:intersectionOf ( :disease :rare ) .
    """)
    assert set(derived(graph, "restrictions")) == {
        ("flu", "subClassOf", "disease"),
        ("flu", "subClassOf", "acute"),
        ("flu", "causedBy", "virus"),
        ("flu", "hasSymptom", "fever"),
        ("pneumonia", "affects", "lung"),
        ("old", "subClassOf", "disease"),
        ("old", "subClassOf", "rare"),
    }


def test_restrictions_are_inherited_with_the_rule_for_classes():
    graph = read("""
        :swineFlu rdfs:subClassOf :flu . :flu rdfs:subClassOf [ owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] .
    """)
    assert set(derived(graph, "restrictions")) == {("flu", "hasSymptom", "fever")}
    assert ("swineFlu", "hasSymptom", "fever") in derived(graph, "restrictions", "subclass")


def test_endless_lists_and_expressions_end():
    graph = read("""
        :a owl:equivalentClass _:x . _:x owl:intersectionOf _:l . _:l rdf:first :b ; rdf:rest _:m .
        _:m rdf:first _:x ; rdf:rest _:l . _:x rdfs:subClassOf _:y . _:y rdfs:subClassOf _:x , [] .
    """)
    assert set(derived(graph, *RULES)) == {("a", "subClassOf", "b")}


def test_subclass():
    graph = read("""
        :a rdfs:subClassOf :b . :b rdfs:subClassOf :c . :c owl:equivalentClass :d . :x a :a . :a a :meta .
        :b rdfs:subClassOf [ owl:onProperty :p ; owl:someValuesFrom :q ] . _:thing a :b .
    """)
    found = derived(graph, "subclass")
    things = {(s, o) for s, p, o in found if p == "type"}
    assert {(s, o) for s, p, o in found if p == "subClassOf"} == {
        *[("a", "c"), ("a", "d"), ("b", "d"), ("c", "d"), ("d", "c")],
    }
    assert {(s, o) for s, o in things if s == "x"} == {("x", "b"), ("x", "c"), ("x", "d")}
    assert {o for s, o in things if s.startswith("_:")} == {"c", "d"}
    assert not any(s == "a" or o == "meta" for s, o in things)  # a class of classes is no super-class
    assert set(found.values()) == {"inferred (subclass)"}


def test_cycles_lead_to_others_and_not_to_themselves():
    graph = read(":a rdfs:subClassOf :b . :b rdfs:subClassOf :c . :c rdfs:subClassOf :a . :d rdfs:subClassOf :a .")
    assert {(s, o) for s, _, o in derived(graph, "subclass")} == {
        *[("a", "c"), ("b", "a"), ("c", "b"), ("d", "b"), ("d", "c")],
    }
    graph = read(":p a owl:TransitiveProperty . :x :p :y . :y :p :x . :y :p :z .")
    assert set(derived(graph, "transitive")) == {("x", "p", "z")}


def test_subproperty():
    graph = read("""
        :hasFather rdfs:subPropertyOf :hasParent . :hasParent rdfs:subPropertyOf :hasAncestor .
        :hasFather owl:equivalentProperty :hasDad .
        :x :hasDad :y . :x :hasParent "unknown" .
    """)
    found = derived(graph, "subproperty")
    assert {(s, o) for s, p, o in found if p == "subPropertyOf"} == {
        *[("hasFather", "hasAncestor"), ("hasFather", "hasDad")],
        *[("hasDad", "hasFather"), ("hasDad", "hasParent"), ("hasDad", "hasAncestor")],
    }
    assert {row for row in found if row[1] != "subPropertyOf"} == {
        ("x", "hasFather", "y"),
        ("x", "hasParent", "y"),
        ("x", "hasAncestor", "y"),
        ("x", "hasAncestor", '"unknown"'),
    }


def test_inverse_and_symmetric_leave_literals_alone():
    graph = read("""
        :treats owl:inverseOf :treatedBy . :aspirin :treats :headache , "pain" . :fever :treatedBy :aspirin .
        :likes a owl:SymmetricProperty . :x :likes :y , "z" .
    """)
    assert set(derived(graph, "inverse", "symmetric")) == {
        ("headache", "treatedBy", "aspirin"),
        ("aspirin", "treats", "fever"),
        ("y", "likes", "x"),
    }


def test_transitive_over_what_other_rules_find():
    graph = read("""
        :partOf a owl:TransitiveProperty ; owl:inverseOf :hasPart . :componentOf rdfs:subPropertyOf :partOf .
        :bolt :componentOf :wheel . :car :hasPart :wheel . :car :partOf :fleet .
    """)
    found = derived(graph, *RULES)
    assert {(s, o) for s, p, o in found if p == "partOf"} == {
        *[("bolt", "wheel"), ("wheel", "car"), ("bolt", "car"), ("bolt", "fleet"), ("wheel", "fleet")],
    }
    assert ("fleet", "hasPart", "bolt") in found
    assert found["bolt", "partOf", "wheel"] == "inferred (subproperty)"
    assert found["wheel", "partOf", "car"] == "inferred (inverse)"
    assert found["bolt", "partOf", "car"] == "inferred (transitive)"


def test_skos_is_known():
    graph = read(
        ":a skos:broader :b . :b skos:broader :c . :a skos:related :d . :a skos:exactMatch :e . :f skos:exactMatch :e ."
    )
    found = set(derived(graph, *RULES))
    assert {
        ("b", "narrower", "a"),
        ("d", "related", "a"),
        ("a", "broaderTransitive", "c"),
        ("a", "exactMatch", "f"),
    } <= found
    assert ("a", "broader", "c") not in found
    assert not any(subject in ("broader", "exactMatch") for subject, _, _ in found)  # nothing about SKOS itself
    assert derived(read(":a :b :c ."), *RULES) == {}


# Bounds


@pytest.mark.parametrize(
    ("rule", "predicate", "axiom"),
    [
        ("subclass", SUBCLASS, None),
        ("subproperty", SUBPROPERTY, None),
        ("transitive", EX + "partOf", (EX + "partOf", TYPE, OWL + "TransitiveProperty")),
    ],
)
def test_a_closure_beyond_the_bound_is_refused_before_it_is_made(rule, predicate, axiom):
    chain = [(f"{EX}{i}", predicate, f"{EX}{i + 1}") for i in range(100_000)]
    view = KnowledgeGraph.from_triples([*chain, axiom] if axiom else chain).infer(rule, limits=Limits(derived=50_000))
    with pytest.raises(GraphError, match=f"50,000 .*'{rule}'.*Limits.derived"):
        len(view.heads)


def test_a_large_cycle_is_refused_at_once():
    chain = [(f"{EX}{i}", SUBCLASS, f"{EX}{(i + 1) % 50_000}") for i in range(50_000)]
    with pytest.raises(GraphError, match="10,000,000"):
        len(KnowledgeGraph.from_triples(chain).infer("subclass").heads)


def test_the_bound_counts_what_is_derived_alone():
    chain = [(f"{EX}{i}", SUBCLASS, f"{EX}{i + 1}") for i in range(10)]  # 10 steps lead to 55 pairs
    graph = KnowledgeGraph.from_triples(chain)
    assert graph.infer("subclass", limits=Limits(derived=45)).num_statements == 55
    with pytest.raises(GraphError, match="More than 44 "):
        len(graph.infer("subclass", limits=Limits(derived=44)).heads)


@pytest.mark.parametrize("rule", ["inverse", "symmetric", "subproperty", "restrictions"])
def test_every_rule_is_bounded(rule):
    graph = read("""
        :p a owl:SymmetricProperty ; owl:inverseOf :q ; rdfs:subPropertyOf :r . :a :p :b . :c :p :d .
        :e rdfs:subClassOf [ owl:onProperty :p ; owl:someValuesFrom :b ] ,
            [ owl:onProperty :p ; owl:someValuesFrom :a ] .
    """)
    with pytest.raises(GraphError, match=f"More than 1 .*{rule}"):
        len(graph.infer(rule, limits=Limits(derived=1)).heads)


# Views


def test_a_view_is_a_graph_that_follows_the_one_underneath():
    graph = read(':a rdfs:subClassOf :b . :b rdfs:subClassOf :c ; rdfs:label "the b" .')
    view = graph.infer("subclass")
    assert isinstance(view, KnowledgeGraph) and view.num_statements == 3 and graph.num_statements == 2
    assert view.find("the b") == graph.find("the b") and view.iris == graph.iris
    assert repr(view) == "KnowledgeGraph(3 nodes, 1 relations, 3 statements)"
    view.add([(EX + "c", SUBCLASS, EX + "d")])
    assert graph.contains((EX + "c", SUBCLASS, EX + "d"))
    assert view.contains((EX + "a", SUBCLASS, EX + "d")) and view.version == graph.version
    assert len(view.query("SELECT ?o WHERE { ?s ?p ?o }", {"s": EX + "a"})) == 3
    view.remove_where(subject=EX + "b", object=EX + "c")
    assert not view.contains((EX + "a", SUBCLASS, EX + "c"))
    assert graph.num_statements == 2


def test_a_view_writes_and_saves_the_graph_underneath(tmp_path):
    graph = read(":a rdfs:subClassOf :b . :b rdfs:subClassOf :c .")
    view = graph.infer("subclass", "inverse")
    len(view.heads)
    view.write(tmp_path / "view.nt")
    view.save(tmp_path / "saved")
    assert set(KnowledgeGraph.from_rdf(tmp_path / "view.nt").rows()) == set(graph.rows())
    assert set(KnowledgeGraph.load(tmp_path / "saved").rows()) == set(graph.rows())
    assert len(set(view.rows())) == 3


def test_a_view_is_made_at_the_first_look(monkeypatch):
    from kgrag.graph import inferred

    looks = []
    monkeypatch.setattr(inferred, "_look", lambda *given, look=inferred._look: looks.append(given) or look(*given))
    graph = read(":a rdfs:subClassOf :b . :b rdfs:subClassOf :c .")
    view = graph.infer("subclass")
    assert not looks and view.version == 0 and not looks
    assert view.num_statements == len(view.heads) == 3 and len(looks) == 1
    view.add([(EX + "x", SUBCLASS, EX + "a")])
    assert len(looks) == 1
    assert view.num_statements == 6 and len(looks) == 2


def test_views_add_up_and_take_known_rules_alone():
    graph = read(":p owl:inverseOf :q . :x :p :y . :a rdfs:subClassOf :b . :b rdfs:subClassOf :c .")
    view = graph.infer("inverse").infer("subclass", "inverse")
    assert view.base is graph and view.rules == ("inverse", "subclass") and view.num_statements == 6
    with pytest.raises(GraphError, match=r"'magic' .* restrictions, subclass"):
        graph.infer("subclass", "magic")
    with pytest.raises(GraphError, match="No rule"):
        graph.infer()


def test_what_follows_can_become_a_label():
    graph = read(':nick rdfs:subPropertyOf skos:altLabel . :x :nick "Bo" ; :knows :y .')
    assert graph.find("Bo") == [graph.node('"Bo"')]
    assert graph.node(EX + "x") in graph.infer("subproperty").find("Bo")


def test_explanations_are_short_and_in_order():
    graph = read("""
        :a rdfs:subClassOf :b . :b rdfs:subClassOf :c . :c rdfs:subClassOf :d . :a rdfs:subClassOf :z . :z rdfs:subClassOf :d .
        :d rdfs:subClassOf [ owl:onProperty :needs ; owl:someValuesFrom :e ] . :needs rdfs:subPropertyOf :uses . :uses owl:inverseOf :usedBy .
        :x skos:broader :y .
    """)
    view = graph.infer(*RULES)

    def why(*triple: str) -> list[str]:
        return [" ".join(map(short, (t.subject, t.predicate, t.object))) for t in view.explain(triple)]

    assert why(EX + "a", SUBCLASS, EX + "d") == ["a subClassOf z", "z subClassOf d"]
    assert why(EX + "a", SUBCLASS, EX + "b") == ["a subClassOf b"]
    assert why(EX + "e", EX + "usedBy", EX + "a") == [
        *("a subClassOf z", "z subClassOf d", "d subClassOf _:b0", "_:b0 onProperty needs", "_:b0 someValuesFrom e"),
        *("needs subPropertyOf uses", "uses inverseOf usedBy"),
    ]
    assert why(EX + "y", SKOS + "narrower", EX + "x") == ["x broader y", "broader inverseOf narrower"]
    assert view.explain((EX + "y", SKOS + "narrower", EX + "x"))[1].source == "SKOS"
    assert str(view.explain((EX + "a", SUBCLASS, EX + "d"))[0]) == "a — is a kind of — z"
    with pytest.raises(GraphError, match="does not follow"):
        view.explain((EX + "d", SUBCLASS, EX + "a"))


def test_explanations_outlast_saving(tmp_path):
    graph = read(":x :y :z . :a rdfs:subClassOf :b . :b rdfs:subClassOf :c .")
    graph.remove([(EX + "x", EX + "y", EX + "z")])
    view = graph.infer("subclass")
    assert view.num_statements == 3
    graph.save(tmp_path / "saved")  # ids of statements are given anew
    reasons = view.explain((EX + "a", SUBCLASS, EX + "c"))
    assert [short(reason.object) for reason in reasons] == ["b", "c"]


def test_a_restriction_that_says_nothing_explains_nothing():
    graph = read("""
        :flu rdfs:subClassOf [ owl:onProperty :needs ; owl:onClass :rest ; owl:minQualifiedCardinality 0 ] , :illness .
        :illness rdfs:subClassOf [ owl:onProperty :needs ; owl:onClass :rest ; owl:minQualifiedCardinality 1 ] .
    """)
    reasons = graph.infer("restrictions", "subclass").explain((EX + "flu", EX + "needs", EX + "rest"))
    assert [short(reason.predicate) for reason in reasons] == [
        *("subClassOf", "subClassOf", "onProperty", "onClass", "minQualifiedCardinality"),
    ]
    assert reasons[-1].object == ONE


def test_restrictions_keep_the_file_that_they_are_from(tmp_path):
    (tmp_path / "flu.ttl").write_text(
        PREFIXES + ":flu rdfs:subClassOf [ owl:onProperty :hasSymptom ; owl:someValuesFrom :fever ] ."
    )
    (tmp_path / "more.ttl").write_text(PREFIXES + ":swineFlu rdfs:subClassOf :flu .")
    found = derived(KnowledgeGraph.from_rdf(tmp_path), "restrictions", "subclass")
    assert found["flu", "hasSymptom", "fever"] == "flu.ttl, restriction"
    assert found["swineFlu", "hasSymptom", "fever"] == "inferred (restrictions)"


# All rules together, against rounds over sets


NAMED = tuple(EX + name for name in "abcd")
BLANK = ("_:r", "_:s", "_:l", "_:m")
PROPERTIES = tuple(EX + name for name in "pqr")
CLASS = st.sampled_from(NAMED + BLANK)
THING = st.sampled_from(NAMED)
PROPERTY = st.sampled_from(PROPERTIES)
KIND = st.sampled_from([OWL + "SymmetricProperty", OWL + "TransitiveProperty"])


def triples(subject, predicate, obj):
    return st.tuples(subject, st.just(predicate) if isinstance(predicate, str) else predicate, obj)


ontologies = st.lists(
    st.one_of(
        triples(CLASS, SUBCLASS, CLASS),
        triples(CLASS, OWL + "equivalentClass", st.one_of(CLASS, st.just('"v"'))),
        triples(CLASS, OWL + "intersectionOf", st.sampled_from(["_:l", "_:m"])),
        triples(st.sampled_from(["_:l", "_:m"]), RDF + "first", CLASS),
        triples(st.sampled_from(["_:l", "_:m"]), RDF + "rest", st.sampled_from(["_:l", "_:m", RDF + "nil"])),
        triples(st.sampled_from(["_:r", "_:s"]), OWL + "onProperty", PROPERTY),
        triples(st.sampled_from(["_:r", "_:s"]), OWL + "someValuesFrom", CLASS),
        triples(st.sampled_from(["_:r", "_:s"]), OWL + "hasValue", st.sampled_from([*NAMED, '"v"', "_:r"])),
        triples(st.sampled_from(["_:r", "_:s"]), OWL + "onClass", CLASS),
        triples(st.sampled_from(["_:r", "_:s"]), OWL + "qualifiedCardinality", st.just(ONE)),
        triples(THING, TYPE, CLASS),
        triples(THING, PROPERTY, st.sampled_from([*NAMED, '"v"'])),
        triples(PROPERTY, SUBPROPERTY, st.sampled_from([*PROPERTIES, SUBCLASS])),
        triples(PROPERTY, OWL + "inverseOf", PROPERTY),
        triples(PROPERTY, OWL + "equivalentProperty", PROPERTY),
        triples(PROPERTY, TYPE, KIND),
    ),
    min_size=1,
    max_size=25,
)


def follows(asserted: set[tuple[str, str, str]], rules) -> set[tuple[str, str, str]]:
    """The rules, one statement at a time, until nothing is new."""
    known = asserted
    while True:
        new = set(_round(known, rules)) - known
        if not new:
            return known - asserted
        known = known | new


def _round(known, rules):
    def ends(predicate):
        return {(s, o) for s, p, o in known if p == predicate}

    def is_blank(term):
        return term.startswith("_:")

    def is_iri(term):
        return not term.startswith(("_:", '"'))

    same = ends(OWL + "equivalentClass")
    up = ends(SUBCLASS) | same | {(b, a) for a, b in same if not b.startswith('"')}
    first, rest = dict(sorted(ends(RDF + "first"))), dict(sorted(ends(RDF + "rest")))
    if "subclass" in rules:
        closed = set(up)
        while more := {(a, d) for a, b in closed for c, d in closed if b == c} - closed:
            closed |= more
        for a, b in closed:
            if a != b and is_iri(a) and is_iri(b):
                yield a, SUBCLASS, b
        for x, c in ends(TYPE):
            yield from ((x, TYPE, b) for a, b in closed if a == c and is_iri(b))
    if "restrictions" in rules:
        items = set()
        for node, cell in ends(OWL + "intersectionOf"):
            seen = set()
            while cell and cell not in seen:
                seen.add(cell)
                items |= {(node, first[cell])} if cell in first else set()
                cell = rest.get(cell)
        below = {(a, b) for a, b in up if is_iri(a) and is_blank(b)} | {(a, b) for a, b in items if not is_blank(a)}
        while True:
            onward = items | up if "subclass" in rules else items
            more = {(a, d) for a, b in below for c, d in onward if b == c and is_blank(b)}
            if "subclass" in rules:
                more |= {
                    (a, d)
                    for a, b in ends(SUBCLASS)
                    for c, d in below
                    if b == c and not is_blank(a) and not is_blank(b)
                }
            if more <= below:
                break
            below |= more
        fillers = {(b, d) for b, d in ends(OWL + "someValuesFrom") if not is_blank(d)}
        fillers |= {(b, d) for b, d in ends(OWL + "hasValue") if not is_blank(d)}
        counted = {b for b, _ in ends(OWL + "qualifiedCardinality")}
        fillers |= {(b, d) for b, d in ends(OWL + "onClass") if not is_blank(d) and b in counted}
        properties = [(b, p) for b, p in ends(OWL + "onProperty")]
        for a, b in below:
            if is_iri(b) and a != b:
                yield a, SUBCLASS, b
            own = [p for node, p in properties if node == b]
            if len(own) == 1:
                yield from ((a, own[0], d) for node, d in fillers if node == b)
    if "subproperty" in rules:
        same = ends(OWL + "equivalentProperty")
        subs = ends(SUBPROPERTY) | same | {(b, a) for a, b in same}
        yield from ((a, SUBPROPERTY, b) for a, b in same | {(b, a) for a, b in same} if a != b)
        yield from ((a, SUBPROPERTY, d) for a, b in subs for c, d in subs if b == c and a != d)
        yield from ((s, above, o) for below, above in subs for s, o in ends(below))
    if "inverse" in rules:
        for a, b in ends(OWL + "inverseOf"):
            yield from ((o, b, s) for s, o in ends(a) if not o.startswith('"'))
            yield from ((o, a, s) for s, o in ends(b) if not o.startswith('"'))
    for property, kind in ends(TYPE):
        if kind == OWL + "SymmetricProperty" and "symmetric" in rules:
            yield from ((o, property, s) for s, o in ends(property) if not o.startswith('"'))
        if kind == OWL + "TransitiveProperty" and "transitive" in rules:
            pairs = ends(property)
            yield from ((a, property, d) for a, b in pairs for c, d in pairs if b == c and a != d)


@settings(max_examples=400, deadline=None)
@given(ontologies, st.sets(st.sampled_from(RULES), min_size=1))
def test_rules_find_what_rounds_over_sets_find_and_can_say_why(statements, rules):
    lists = (RDF + "first", RDF + "rest")
    cells = {(s, p): (s, p, o) for s, p, o in statements if p in lists}  # one of each, as lists have it
    graph = KnowledgeGraph.from_triples([*(row for row in statements if row[1] not in lists), *cells.values()])
    asserted = set(graph.rows())
    view = graph.infer(*rules)
    found = {(t.subject, t.predicate, t.object) for t in map(view.triple, view.statements)} - asserted
    assert found == follows(asserted, rules)
    for triple in found:
        reasons = [(t.subject, t.predicate, t.object) for t in view.explain(triple)]
        assert set(reasons) <= asserted and len(set(reasons)) == len(reasons)
        assert triple in follows(set(reasons), RULES)
