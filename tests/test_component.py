"""The linker inside a spaCy pipeline: what it says of a text, and what is saved with it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin, Span

from kgrag.errors import GraphError, KgragError, ModelError, SavedFolderError
from kgrag.graph import KnowledgeGraph
from kgrag.linking.component import NAME, add_linker

ROOT = Path(__file__).parent.parent
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
TEXTS = {
    "en": ("Does Zyloprim help against gout?", ["Zyloprim", "gout"]),
    "zh": ("阿洛嘌呤能治疗痛风吗？", ["阿洛嘌呤", "痛风"]),
    "de": ("Hilft Allopurinol bei Gicht?", ["Allopurinol", "Gicht"]),
    "fr": ("Que fait l'allopurinol contre la goutte ?", ["allopurinol", "goutte"]),
    "es": ("¿Sirve el alopurinol para la gota?", ["alopurinol", "gota"]),
    "ru": ("Помогает ли аллопуринол при подагре?", ["аллопуринол", "подагре"]),
    "ar": ("هل يعالج الوبيورينول النقرس؟", ["الوبيورينول", "النقرس"]),
    "xx": ("Does Zyloprim help against gout?", ["Zyloprim", "gout"]),
}
TURTLE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:allo> rdfs:label "allopurinol"@en, "阿洛嘌呤"@zh, "Allopurinol"@de, "allopurinol"@fr, "alopurinol"@es, "аллопуринол"@ru,
  "ألوبيورينول"@ar ; skos:altLabel "Zyloprim" ; <urn:treats> <urn:gout> .
<urn:gout> rdfs:label "gout"@en, "痛风"@zh, "Gicht"@de, "goutte"@fr, "gota"@es, "подагра"@ru, "النقرس"@ar .
<urn:who> rdfs:label "WHO" ; <urn:fights> <urn:gout> .
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "graph.ttl"
    file.write_text(TURTLE)
    return file


@pytest.fixture
def nlp(path):
    nlp = spacy.blank("en")
    nlp.add_pipe(NAME, config={"graph": str(path)})
    return nlp


def entities(doc):
    """All that is said of a text."""
    return [(e.text, e.label_, e.kb_id_, e._.kgrag_score, e._.kgrag_candidates) for e in doc.ents]


@pytest.mark.parametrize("language", TEXTS)
def test_blank_pipelines_link_and_keep_what_they_link_to(language, path, tmp_path):
    text, mentions = TEXTS[language]
    nlp = spacy.blank(language)
    nlp.add_pipe(NAME, config={"graph": str(path)})
    doc = nlp(text)
    assert [(e.text, e.kb_id_) for e in doc.ents] == list(zip(mentions, ["urn:allo", "urn:gout"]))
    nlp.to_disk(tmp_path / "pipeline")
    data = nlp.to_bytes()
    path.unlink()
    again = spacy.blank(language)
    again.add_pipe(NAME)
    for other in (spacy.load(tmp_path / "pipeline"), again.from_bytes(data)):
        assert entities(other(text)) == entities(doc)


def test_scores_candidates_and_unknown_names(nlp):
    allo, gout, unknown = nlp("Does Zylopram help against gout or Kessler-Brandt disease?").ents
    assert allo.kb_id_ == "urn:allo" and 0.5 < allo._.kgrag_score < 1
    assert allo._.kgrag_candidates[0] == ("urn:allo", allo._.kgrag_score)
    assert gout._.kgrag_candidates == (("urn:gout", 1.0),)
    assert (unknown.text, unknown.kb_id_, unknown._.kgrag_score) == ("Kessler-Brandt", "", 0.0)


def test_what_is_said_of_a_text_goes_with_it(nlp):
    doc = nlp("gout and gout")
    for copy in (
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        *DocBin(docs=[doc], store_user_data=True).get_docs(nlp.vocab),
    ):
        assert [(e.kb_id_, e._.kgrag_score) for e in copy.ents] == [("urn:gout", 1.0)] * 2


def test_several_processes(nlp):
    texts = ["What is gout?", "Who takes Zyloprim?"] * 3
    found = [[e.kb_id_ for e in doc.ents] for doc in nlp.pipe(texts, n_process=2, batch_size=2)]
    assert found == [["urn:gout"], ["urn:allo"]] * 3


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        (
            (2, 3, "DRUG"),
            [("Zyloprim", "DRUG", "urn:allo"), ("Doctor Brandt", "ENTITY", "")],
        ),  # the same: its label stays
        ((1, 3, "DRUG"), [("Zyloprim", "ENTITY", "urn:allo"), ("Doctor Brandt", "ENTITY", "")]),  # a link goes before
        ((0, 1, "WORD"), [("Does", "WORD", ""), ("Zyloprim", "ENTITY", "urn:allo"), ("Doctor Brandt", "ENTITY", "")]),
        (
            (4, 6, "PERSON"),
            [("Zyloprim", "ENTITY", "urn:allo"), ("Doctor Brandt", "PERSON", "")],
        ),  # before an unknown name
    ],
)
def test_entities_of_earlier_components(nlp, earlier, expected):
    doc = nlp.make_doc("Does the Zyloprim help Doctor Brandt?")
    start, end, label = earlier
    doc.set_ents([Span(doc, start, end, label=label, span_id="mine")])
    doc = nlp.get_pipe(NAME)(doc)
    assert [(e.text, e.label_, e.kb_id_) for e in doc.ents] == expected
    assert {e.ent_id_ for e in doc.ents if e.label_ == label} <= {"mine"}


def test_two_names_in_one_token(path):
    nlp = spacy.blank("en")  # whose tokens are not those of Chinese
    nlp.add_pipe(NAME, config={"graph": str(path)})
    doc = nlp("阿洛嘌呤能治疗痛风吗")
    assert [e.kb_id_ for e in doc.ents] == ["urn:allo"] and len(doc) == 1


def test_the_threshold_is_in_the_config(path):
    nlp = spacy.blank("en")
    nlp.add_pipe(NAME, config={"graph": str(path), "threshold": 0.99})
    assert [e.kb_id_ for e in nlp("Zylopram").ents] == [""]
    assert nlp.config["components"][NAME]["threshold"] == 0.99


def test_a_saved_graph_and_a_folder_of_files(path, tmp_path):
    KnowledgeGraph.from_rdf(path).save(tmp_path / "saved")
    for place in (tmp_path / "saved", tmp_path):
        nlp = spacy.blank("en")
        nlp.add_pipe(NAME, config={"graph": str(place)})
        assert [e.kb_id_ for e in nlp("What is gout?").ents] == ["urn:gout"]


def test_a_graph_that_is_there_already_stays_where_it_lives(path, tmp_path):
    graph = KnowledgeGraph.from_rdf(path)
    graph.save(tmp_path / "home")
    nlp = spacy.blank("en")
    add_linker(nlp, graph, config={"threshold": 0.6})
    nlp.to_disk(tmp_path / "pipeline")
    graph.add([("urn:scurvy", LABEL, '"scurvy"'), ("urn:scurvy", "urn:near", "urn:gout")])
    assert [e.kb_id_ for e in nlp("What is scurvy?").ents] == ["urn:scurvy"]
    assert KnowledgeGraph.load(tmp_path / "home").find("scurvy")
    loaded = spacy.load(tmp_path / "pipeline")
    loaded.get_pipe(NAME).linker.graph.add(
        [("urn:rickets", LABEL, '"rickets"'), ("urn:rickets", "urn:near", "urn:gout")]
    )
    assert [e.kb_id_ for e in loaded("What are rickets and gout?").ents] == ["urn:rickets", "urn:gout"]
    assert not spacy.load(tmp_path / "pipeline").get_pipe(NAME).linker.graph.find("rickets")


def test_without_a_graph(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe(NAME)
    for use in (lambda: nlp("gout"), lambda: nlp.to_disk(tmp_path / "pipeline"), nlp.to_bytes):
        with pytest.raises(ModelError, match="has no graph"):
            use()


def test_a_graph_that_is_not_there_or_cannot_be_read(tmp_path):
    (tmp_path / "bad.ttl").write_text("<urn:a> <urn:b> .")
    for place in ("missing.ttl", "bad.ttl"):
        nlp = spacy.blank("en")
        nlp.add_pipe(NAME, config={"graph": str(tmp_path / place)})
        with pytest.raises(GraphError, match=place):
            nlp("gout")


def test_pipelines_that_were_changed(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    (tmp_path / NAME / "graph" / "graph.json").write_text("{}")
    with pytest.raises(SavedFolderError, match="changed"):
        spacy.load(tmp_path)
    (tmp_path / NAME / "graph" / "graph.json").unlink()
    with pytest.raises(SavedFolderError, match="missing"):
        spacy.load(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        srsly.msgpack_dumps(5),
        srsly.msgpack_dumps({}),
        srsly.msgpack_dumps({"../graph.json": b"{}"}),
        srsly.msgpack_dumps({"graph.json": 5}),
        srsly.msgpack_dumps({"manifest.json": b"{}"}),
        srsly.msgpack_dumps({"": b""}),
        srsly.msgpack_dumps({"..": b""}),
        srsly.msgpack_dumps({"a\0b": b""}),
    ],
)
def test_bytes_that_hold_no_component(nlp, data):
    with pytest.raises(KgragError):
        nlp.get_pipe(NAME).from_bytes(data)


def test_spacy_knows_the_component_without_importing_it(path, tmp_path):
    (entry,) = re.findall(
        r"^\[project\.entry-points\.spacy_factories\]\n(.+)$", (ROOT / "pyproject.toml").read_text(), re.M
    )
    metadata = tmp_path / "site" / "kgrag_entry-0.dist-info"  # as an installer would leave it
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: kgrag-entry\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(f"[spacy_factories]\n{entry.replace(chr(34), '')}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(metadata.parent)!r}); import spacy; nlp = spacy.blank('en');"
        f"nlp.add_pipe({NAME!r}, config={{'graph': {str(path)!r}}}); print(nlp('gout').ents[0].kb_id_)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert ran.stdout == "urn:gout\n", ran.stderr
