"""A graph at a SPARQL endpoint: the same nodes, names, links and answers as of the same graph in memory."""

import contextlib

import numpy as np
import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat
from sparql_servers import FaultyServer, Handler, oxigraph, status

from kgrag import KGRAG, EntityLinker, KnowledgeGraph, PassageIndex
from kgrag.cli import main
from kgrag.config import EndpointConfig, Limits, RetrievalConfig
from kgrag.errors import GraphError
from kgrag.resources import data_folder
from kgrag.retrieval import retrieve

MEDICAL = data_folder() / "medical" / "graph.ttl"
PREFIXES = """
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
SMALL = (
    PREFIXES
    + """
:aspirin a :Drug ; rdfs:label "aspirin"@en, "Aspirin"@de ; skos:altLabel "ASA" ; :treats :headache, :fever ; :dose 500 .
:ibuprofen a :Drug ; rdfs:label "Ibuprofen"@en ; :treats :fever .
:headache rdfs:label "headache"@en . :fever rdfs:label "fever"@en .
:Drug rdfs:label "drug"@en . :treats rdfs:label "treats"@en .
"""
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The shipped medical graph, served."""
    with oxigraph(MEDICAL, tmp_path_factory.mktemp("medical") / "store") as url:
        yield url


@pytest.fixture(scope="module")
def local():
    return KnowledgeGraph.from_rdf(MEDICAL)


@pytest.fixture(scope="module")
def linker(local):
    return EntityLinker(local)


@pytest.fixture
def server():
    """A server whose store a test fills."""
    server = FaultyServer()
    yield server
    server.close()


def connect(server, turtle="", **options):
    server.store.load(turtle.encode(), RdfFormat.TURTLE)
    return KnowledgeGraph.from_sparql(server.url, **options)


def rows(graph, ids):
    return {(t.subject, t.predicate, t.object, t.labels) for t in (graph.triple(int(i)) for i in ids)}


def named(graph, ids):
    return {graph.label(int(node)) for node in ids}


# As the graph in memory


def test_neighbours_names_and_types(url, local):
    remote = KnowledgeGraph.from_sparql(url)
    iris = [iri for iri in local.iris[::12] if not iri.startswith('"')]
    assert len(iris) > 50
    ours = [node for iri in iris for node in remote.find(f"<{iri}>")]
    theirs = [node for iri in iris for node in local.find(f"<{iri}>")]
    assert [remote.iri(node) for node in ours] == iris
    for here, there in zip(ours, theirs):
        for direction in ("statements_from", "statements_to"):
            found, origins = getattr(remote, direction)([here])
            assert rows(remote, found) == rows(local, getattr(local, direction)([there])[0])
            assert set(origins) <= {0}
        assert remote.names(here) == local.names(there) and remote.label(here) == local.label(there)
        assert named(remote, remote.types(here)) == named(local, local.types(there))
    assert set(remote.relation_labels) == set(local.relation_labels)


def test_many_nodes_at_once(url, local):
    remote = KnowledgeGraph.from_sparql(url, config=EndpointConfig(batch=7))
    (disease,) = remote.find("urn:kgrag:medical:Disease")
    instances, _ = remote.statements_to([disease])
    nodes = remote.heads[instances]
    before = remote.endpoint.requests
    found, origins = remote.statements_from(nodes)
    assert 2 * len(nodes) / 7 <= remote.endpoint.requests - before < len(nodes)
    same = [local.find(f"<{remote.iri(int(node))}>")[0] for node in nodes]
    assert rows(remote, found) == rows(local, local.statements_from(same)[0])
    assert (remote.heads[found] == nodes[origins]).all()


@pytest.mark.parametrize(
    "text",
    [
        "Which drugs treat gout?",
        "which drugs treat GOUT",
        "Does Parkinson’s disease cause headaches?",
        "Is Lyme transmitted by tick bites?",
        "What does acetylsalicylic acid interact with?",
        "What is covid_19?",
        "Indications for doxycyclin",
        "Who is Larkwell Brompton?",
        "What is that?",
        "",
    ],
)
def test_links(url, local, linker, text):
    remote = KnowledgeGraph.from_sparql(url)
    ours, theirs = EntityLinker(remote).link(text), linker.link(text)
    assert [link.mention for link in ours] == [link.mention for link in theirs]
    for here, there in zip(ours, theirs):
        assert (here.node is None) == (there.node is None)
        assert here.node is None or remote.iri(here.node) == local.iri(there.node)
        assert (here.exact, round(here.score, 3)) == (there.exact, round(there.score, 3))


def test_subgraphs(url, local):
    remote = KnowledgeGraph.from_sparql(url)
    everything = RetrievalConfig(nodes=10_000, fanout=10_000)  # else, which of a class's members are taken is by chance
    for name in ("malaria", "warfarin", "Borrelia burgdorferi"):
        ours, theirs = (retrieve(graph, np.array(graph.find(name)[:1]), everything) for graph in (remote, local))
        assert rows(remote, ours.statements) == rows(local, theirs.statements) and len(ours.statements) > 50
        assert named(remote, ours.nodes) == named(local, theirs.nodes)
        assert ours.truncated == theirs.truncated


def test_answers(url, local):
    passages = PassageIndex.from_jsonl(data_folder() / "medical" / "passages.jsonl")
    remote, here = KGRAG(KnowledgeGraph.from_sparql(url), passages), KGRAG(local, passages)
    questions = [
        "What are the symptoms of chikungunya?",
        "Which drugs treat gout?",
        "What does warfarin interact with?",
        "What is COVID-19?",
        "Which drugs treat the disease caused by Borrelia burgdorferi?",
        "Is malaria transmitted by mosquito bites?",
        "What is the ATC code of metformin?",
        "How much does metformin cost?",
        "Which drugs treat migrane?",
        "Which antibiotics treat Lyme disease?",
    ]
    endpoint = remote.graph.endpoint
    for question in questions:
        before, version = endpoint.requests, remote.graph.version
        ours, theirs = remote.ask(question), here.ask(question)
        assert set(ours.answers) == set(theirs.answers) and ours.abstained == theirs.abstained, question
        assert {str(c.triple) for c in ours.citations} == {str(c.triple) for c in theirs.citations}, question
        assert all(c.triple.source == url for c in ours.citations if c.triple)
        assert endpoint.requests - before <= 20 and remote.graph.version - version <= 6
        before, version = endpoint.requests, remote.graph.version
        assert remote.ask(question).answers == ours.answers
        assert (endpoint.requests, remote.graph.version) == (before, version)
    assert [a.answers for a in remote.ask_many(questions[:3])] == [remote.ask(q).answers for q in questions[:3]]


def test_queries(url, local):
    remote = KnowledgeGraph.from_sparql(url)
    select = "SELECT ?drug ?disease WHERE { ?drug <urn:kgrag:medical:treats> ?disease }"
    for bindings in ({}, {"disease": "urn:kgrag:medical:gout"}):
        ours, theirs = remote.query(select, bindings), local.query(select, bindings)
        assert sorted(map(str, ours)) == sorted(map(str, theirs)) and ours
    assert remote.query("ASK { <urn:kgrag:medical:gout> ?p ?o }") is True
    construct = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o . ?s a <urn:kgrag:medical:Specialty> }"
    assert set(remote.query(construct)) == set(local.query(construct))
    with pytest.raises(GraphError, match="more than 5 results"):
        remote.query(select, limits=Limits(query_rows=5))


@pytest.mark.parametrize(
    "sparql, bindings, said",
    [
        ("SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", {}, "SERVICE"),
        ("SELECT * FROM <http://127.0.0.1:9/> WHERE { ?s ?p ?o }", {}, "FROM"),
        ("DELETE WHERE { ?s ?p ?o }", {}, "DELETE"),
        ("SELECT * WHERE { ?s ?p ?o }", {"o": "_:b0"}, "blank node"),
        ("SELECT * WHERE { ?s ?p ?o }", {"x": "urn:a"}, "no variable"),
        ("SELECT * WHERE { ?s ?p ", {}, "refuses the query"),
        ("", {}, "No SPARQL query"),
    ],
)
def test_queries_that_are_refused(server, sparql, bindings, said):
    graph = connect(server, SMALL)
    server.faults = [status(400, b"syntax")]
    with pytest.raises(GraphError, match=said):
        graph.query(sparql, bindings)
    with pytest.raises(GraphError, match="time-out"):
        graph.query("ASK {}", timeout=0)


# Text from strangers


def test_literals_come_and_go_as_they_are(server):
    names = ['say "hi"', "it's", "back\\slash", "line\nbreak", "tab\there", "C++ {x} ?y <z>", "Ünïcödé 漢字 😀", "a_b"]
    statements = [(f"http://example.org/{i}", "http://example.org/p", f"http://example.org/{i}é") for i in range(8)]
    graph = KnowledgeGraph.from_triples([*statements, ("http://example.org/0", "note", '"fünf"@de')])
    server.store.load(b"\n".join(nt(row) for row in graph.rows()), RdfFormat.N_TRIPLES)
    for i, name in enumerate(names):
        add_label(server, f"http://example.org/{i}", name)
    remote = connect(server)
    for i, name in enumerate(names):
        (node,) = remote.find(f"http://example.org/{i}")
        assert remote.names(node) == [" ".join(name.split())]
        assert remote.find(name) == ([node] if "\\" not in name else [])
        statements, _ = remote.statements_from([node])
        assert f"http://example.org/{i}é" in {remote.iri(int(tail)) for tail in remote.tails[statements]}
    (german,) = [node for node, iri in enumerate(remote.iris) if iri == '"fünf"@de']
    assert len(remote.statements_to([german])[0]) == 1


def nt(row):
    subject, predicate, obj = row
    return f"<{subject}> <{predicate}> {obj if obj.startswith(chr(34)) else f'<{obj}>'} .".encode()


def add_label(server, iri, name):
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    server.store.add(Quad(NamedNode(iri), label, Literal(name)))


@pytest.mark.parametrize(
    "attempt",
    [
        'x" } UNION { ?s ?p ?o } #',
        "x' } #",
        'x"@en . ?s ?p ?o . #',
        "x\\u0022 } UNION { ?s ?p ?o } #",
        "x\\",
        "} ; DROP ALL #",
        "http://example.org/a> ?p ?o . ?s ?q <http://example.org/b",
        "<http://example.org/a> } UNION { ?s ?p ?o } #>",
        "?s",
        "_:b0",
        "x\n}",
        "\0",
    ],
)
def test_injection_finds_nothing(server, attempt):
    graph = connect(server, SMALL)
    held = graph.num_statements
    assert graph.find(attempt) == []
    assert EntityLinker(graph).link(f"What is {attempt}?") is not None
    graph.look_up([attempt, "\ud800"])
    assert list(graph.aliases()) == [] and graph.num_statements == held
    if attempt.isprintable():
        add_label(server, "http://example.org/odd", attempt)
        graph.refresh()
        assert [graph.iri(node) for node in graph.find(attempt)] in ([], ["http://example.org/odd"])


def test_blank_nodes_are_left_out(server):
    graph = connect(
        server, SMALL + ':aspirin :part [ rdfs:label "aspirin" ] . [] :treats :fever . :aspirin :list (1) .'
    )
    (aspirin,) = graph.find("aspirin")
    (fever,) = graph.find("fever")
    graph.statements_from([aspirin, fever])
    assert not [iri for iri in graph.iris if iri.startswith("_:")]
    assert named(graph, graph.heads[graph.statements_to([fever])[0]]) == {"aspirin", "Ibuprofen"}
    with pytest.raises(GraphError, match="blank node"):
        graph.contains(("_:b", "http://example.org/treats", "http://example.org/fever"))
    sought = "SELECT ?b WHERE { <http://example.org/aspirin> <http://example.org/part> ?b }"
    assert graph.query(sought)[0]["b"].startswith("_:")


def test_named_graphs_are_asked_for_in_the_address(tmp_path):
    file = tmp_path / "data.trig"
    file.write_text(PREFIXES + ':g { :a rdfs:label "alpha" ; :p :b } :h { :c :p :d }')
    with oxigraph(file, tmp_path / "store") as url:
        with pytest.raises(GraphError, match="holds no statement.*default-graph-uri"):
            KnowledgeGraph.from_sparql(url)
        graph = KnowledgeGraph.from_sparql(f"{url}?default-graph-uri=http://example.org/g")
        assert len(graph.statements_from(graph.find("alpha"))[0]) == 1
        assert not graph.find("http://example.org/c") and graph.source_names == [url]


# What is asked, and what is held


def test_nothing_is_asked_twice(server):
    graph = connect(server, SMALL)
    nodes = [*graph.find("aspirin"), *graph.find("Ibuprofen")]
    graph.statements_to(nodes)
    asked, version = len(server.queries), graph.version
    graph.statements_from(nodes), graph.statements_to(nodes[:1]), graph.find("aspirin"), graph.types(nodes[0])
    assert (len(server.queries), graph.version) == (asked, version)
    graph.find("nothing of the kind")
    asked = len(server.queries)
    graph.find("nothing of the kind")
    assert (len(server.queries), graph.version) == (asked, version)


def test_what_was_looked_up_is_known_by_all_its_names(server):
    graph = connect(server, SMALL)
    begun = graph.version
    assert list(graph.aliases()) == []
    graph.look_up(["ASPIRIN", "nothing"])
    (aspirin,), version = graph.find("aspirin"), graph.version
    assert set(graph.aliases()) == {("aspirin", aspirin), ("Aspirin", aspirin), ("ASA", aspirin)}
    assert graph.find("ibuprofen") and graph.renamed_since(begun) == [aspirin]  # who finds does not look up
    graph.look_up(["aspirin", "asa", "fever"])
    (fever,) = graph.find("fever")
    assert graph.renamed_since(version) == [fever] and len(list(graph.aliases())) == 4
    graph.statements_to([fever, aspirin])
    assert graph.renamed_since(graph.version - 1) == [] and len(list(graph.aliases())) == 4
    graph.refresh()
    assert graph.renamed_since(version) is None and list(graph.aliases()) == []


def test_the_linker_follows(server):
    graph = connect(server, SMALL, config=EndpointConfig(statements=5))
    linker = EntityLinker(graph)
    for text, names in (("Does aspirin treat fever?", ["aspirin", "fever"]), ("What does ASA treat?", ["aspirin"])):
        for _ in range(2):
            links = linker.link(text)
            assert [graph.label(link.node) for link in links] == names
            graph.statements_from([link.node for link in links])
    assert linker.link("Does asprin treat feaver?")[1].node == graph.find("fever")[0]
    graph.refresh()
    assert [link.exact for link in linker.link("Is Ibuprofen an aspirin?")] == [True, True]


def test_names_of_a_graph_in_memory_need_no_look_up():
    def names():
        raise AssertionError("asked for")
        yield

    KnowledgeGraph.from_triples([("a", "p", "b")]).look_up(names())


def test_labels_given_by_the_user_and_in_another_language(server):
    turtle = SMALL + ':x :title "der Titel"@de, "le titre"@fr, "the title"@en ; :treats :fever .'
    graph = connect(
        server, turtle, label_properties="http://example.org/title", language="de", labels={"urn:unnamed": "given"}
    )
    (node,) = graph.find("Der Titel")
    assert graph.names(node)[0] == "der Titel" and graph.find("le titre") == graph.find("the title") == [node]
    assert graph.label(graph.find("aspirin")[0]) == "Aspirin"


def test_many_languages(server):
    tags = ["de", "fr", "it", "es", "pt", "nl", "sv", "da", "fi", "pl", "cs", "en-GB"]
    labels = ", ".join(f'"name {tag}"@{tag}' for tag in tags)
    graph = connect(server, SMALL + f":x rdfs:label {labels} ; :treats :fever .")
    (node,) = graph.find("name en-GB")
    assert graph.label(node) == "name en-GB" and graph.find("name de") == [node]
    assert len(graph.names(node)) < len(tags)


def test_languages_that_come_late(server):
    lines = [f':e{i} rdfs:label "thing {i}"@en .' for i in range(1500)]
    graph = connect(server, SMALL + "\n".join(lines) + ' :x rdfs:label "Ding"@de-AT ; :treats :fever .')
    assert len(graph.find("Ding")) == 1


def test_an_endpoint_without_labels(server, caplog):
    graph = connect(server, PREFIXES + ":a :p :b .")
    assert "has no label of a known kind" in caplog.text
    assert graph.find("a") == [] and len(graph.find("http://example.org/a")) == 1


def hubs(server, config):
    """A node with 300 statements to it with one relation, and 2 with another; 40 more nodes with 10 each."""
    lines = [f":i{i} :memberOf :hub ; :knows :m{i % 40} ." for i in range(300)]
    lines += [":r1 :leads :hub . :r2 :leads :hub .", ':hub rdfs:label "the hub" .']
    lines += [f':m{i} rdfs:label "m {i}" ; :near :m{i + 1} .' for i in range(40)]
    return connect(server, PREFIXES + "\n".join(lines), config=config)


def test_of_a_hub_each_relation_is_fetched(server):
    graph = hubs(server, EndpointConfig(rows=100, hub_rows=30))
    statements, _ = graph.statements_to(graph.find("the hub"))
    relations = [graph.relation_label(int(r)) for r in graph.relations[statements]]
    assert relations.count("leads") == 2 and 20 <= relations.count("member of") <= 30


def test_of_a_hub_that_cannot_be_counted_some_statements_are_fetched(server, caplog):
    graph = hubs(server, EndpointConfig(rows=100, hub_rows=30))
    (hub,) = graph.find("the hub")
    server.faults = [Handler.evaluate, Handler.evaluate, status(500, b"too much")]
    statements, _ = graph.statements_to([hub])
    assert len(statements) == 30 and "too much" in caplog.text


def test_answers_that_are_cut_off_are_asked_for_in_parts(server):
    graph = hubs(server, EndpointConfig(rows=50, hub_rows=100))
    nodes = [graph.find(f"m {i}")[0] for i in range(40)]
    statements, origins = graph.statements_to(nodes)
    assert len(statements) == 300 + 39 and len(set(origins)) == 40
    assert len(graph.statements_from(nodes)[0]) == 40


def test_a_limit_on_what_one_step_fetches(server, caplog):
    graph = hubs(server, EndpointConfig(batch=5, statements=60))
    nodes = [graph.find(f"m {i}")[0] for i in range(40)]
    statements, _ = graph.statements_to(nodes)
    assert 60 <= len(statements) < 150 and "not fetched" in caplog.text


def test_a_question_may_begin_with_nothing_held(server):
    graph = hubs(server, EndpointConfig(statements=50))
    (hub,) = graph.find("the hub")
    graph.statements_to([hub])
    assert graph.num_statements > 300
    relations = [graph.relation_iri(i) for i in range(graph.num_relations)]
    graph.look_up(["the hub"])
    assert graph.num_statements < 50 and graph.iri(hub) == "http://example.org/hub" and graph.find("the hub") == [hub]
    assert [graph.relation_iri(i) for i in range(graph.num_relations)] == relations
    assert len(graph.statements_to([hub])[0]) == 302


def test_refresh_sees_what_has_changed(server):
    graph = connect(server, SMALL)
    (aspirin,) = graph.find("aspirin")
    graph.statements_from([aspirin])
    server.store.update("DELETE WHERE { ?s <http://example.org/dose> ?o }")
    server.store.load((PREFIXES + ":aspirin :costs 5 .").encode(), RdfFormat.TURTLE)
    assert len(graph.statements_from([aspirin])[0]) == 4
    version = graph.version
    graph.refresh()
    statements, _ = graph.statements_from([aspirin])
    found = {graph.relation_label(int(r)) for r in graph.relations[statements]}
    assert found == {"type", "treats", "costs"} and graph.version > version


def test_contains_asks_where_it_does_not_know(server):
    graph = connect(server, SMALL)
    asked = len(server.queries)
    known = graph.triple(0)
    assert graph.contains(known) and len(server.queries) == asked
    drug = ("http://example.org/aspirin", "http://example.org/treats", "http://example.org/fever")
    assert drug not in set(graph.rows())
    label = ("http://example.org/fever", "http://www.w3.org/2000/01/rdf-schema#label", '"fever"@en')
    assert graph.contains(drug) and graph.contains(label)
    assert not graph.contains(("http://example.org/ibuprofen", drug[1], "http://example.org/headache"))
    assert len(server.queries) == asked + 3


def test_an_error_leaves_the_graph_as_it_was(server):
    graph = connect(server, SMALL, config=EndpointConfig(attempts=1))
    (aspirin,) = graph.find("aspirin")
    held, version = graph.num_statements, graph.version
    for faults in ([status(503)], [Handler.evaluate, status(503)], [Handler.evaluate] * 2 + [status(503)]):
        server.faults = list(faults)
        with pytest.raises(GraphError, match="HTTP 503"):
            graph.statements_from([aspirin])
        assert (graph.num_statements, graph.version) == (held, version)
    assert len(graph.statements_from([aspirin])[0]) == 4


def test_it_works_where_nothing_can_be_listed(server, caplog):
    server.faults = [Handler.evaluate, status(500), Handler.evaluate, *[status(500, b"too much")] * 3]
    graph = connect(server, SMALL)
    for what in ("languages", "relations", "classes"):
        assert f"not all {what} are known" in caplog.text
    assert graph.num_relations == 0
    assert len(graph.statements_from(graph.find("aspirin"))[0]) == 4 and graph.num_relations == 3


def test_nodes_that_are_none(server):
    graph = connect(server, SMALL)
    for node in (-1, 10_000):
        with pytest.raises(GraphError, match="asked for"):
            graph.statements_from([node])
    assert len(graph.statements_to([])[0]) == 0


# On the command line


def test_an_address_on_the_command_line(url, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["kgrag", *arguments])
        with contextlib.suppress(SystemExit):
            main()
        return " ".join("".join(capsys.readouterr()).split())

    assert f"treats — gout ({url})" in run("ask", "--graph", url, "Which drugs treat gout?")
    assert "HTTP 404" in run("ask", "--graph", url.replace("/query", "/nothing"), "What is gout?")
    assert "asked alone" in run("ask", "--graph", url, "--graph", str(MEDICAL), "What is gout?")
    assert "nothing is fetched" in run("build", "--graph", url)


# What is not possible


def test_it_is_only_read(server, tmp_path):
    graph = connect(server, SMALL)
    statement = ("http://example.org/a", "http://example.org/p", "http://example.org/b")
    for change in (
        lambda: graph.add([statement]),
        lambda: graph.remove([statement]),
        lambda: graph.remove_where(subject="http://example.org/aspirin"),
        lambda: graph.update(MEDICAL),
    ):
        with pytest.raises(GraphError, match="only read"):
            change()
    with pytest.raises(GraphError, match="cannot be saved"):
        graph.save(tmp_path / "graph")


def test_what_is_held_can_be_written(server, tmp_path):
    graph = connect(server, SMALL)
    graph.statements_from(graph.find("aspirin"))
    graph.write(tmp_path / "held.nt")
    copy = KnowledgeGraph.from_rdf(tmp_path / "held.nt")
    assert set(copy.rows()) == set(graph.rows()) and len(graph.to_rdflib()) == len(set(graph.rows()))
    assert repr(graph) == f"RemoteGraph({server.url}, {graph.num_statements} statements held)"
