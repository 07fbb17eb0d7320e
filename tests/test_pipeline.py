"""The whole journey on small graphs with the shipped model."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from kgrag import KGRAG, KnowledgeGraph, PassageIndex, Question
from kgrag.errors import InputError, KgragError, ModelError, QuestionError, SavedFolderError
from kgrag.training.labelled import needed_steps
from kgrag.types import Passage

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
FACTS = [
    ("brivane", "has symptom", "fever"),
    ("brivane", "has symptom", "joint pain"),
    ("brivane", "caused by", "Colma virus"),
    ("brivane", "transmitted by", "tick bite"),
    ("nortisol", "treats", "brivane"),
    ("nortisol", "has side effect", "nausea"),
    ("kelamin", "treats", "brivane"),
    ("kelamin", "interacts with", "nortisol"),
    ("dolphic fever", "has symptom", "fever"),
    ("dolphic fever", "has symptom", "rash"),
    ("dolphic fever", "caused by", "Dola virus"),
]


@pytest.fixture(scope="module")
def rag():
    graph = KnowledgeGraph.from_triples(FACTS)
    (node,) = graph.find("nortisol")
    text = "Nortisol must be kept in a refrigerator. It is swallowed."
    passage = Passage("p1", text, "Nortisol", entities=(graph.iri(node),))
    return KGRAG.build(graph, PassageIndex.from_passages([passage]))


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("What are the symptoms of brivane?", {"fever", "joint pain"}),
        ("What causes dolphic fever?", {"Dola virus"}),
        ("Which drugs treat brivane?", {"nortisol", "kelamin"}),
        ("which diseases have the symptom rash", {"dolphic fever"}),
        ("Is brivane treated with nortisol?", {"yes"}),
    ],
)
def test_answers(rag, question, answers):
    answer = rag.ask(question)
    assert set(answer.answers) == answers
    assert not answer.abstained and answer.confidence > 0.5 and answer.seconds > 0
    for citation in answer.citations:
        assert rag.graph.contains(citation.triple)
        assert f"[{citation.number}]" in answer.text


def test_a_path_leads_from_what_is_named_to_each_answer(rag):
    answer = rag.ask("Which drugs treat brivane?")
    assert len(answer.paths) == len(answer.entities)
    for entity, path in zip(answer.entities, answer.paths):
        ends = {path[0].subject, path[0].object, path[-1].subject, path[-1].object}
        assert entity.iri in ends and rag.graph.iri(rag.graph.find("brivane")[0]) in ends


@pytest.mark.parametrize(
    "question",
    [
        "How are you today?",
        "What are the symptoms of Kessler-Brandt disease?",
        "Who won the world cup in 1990?",
        "How much does nortisol cost?",
        "?!",
    ],
)
def test_refusals_say_why(rag, question):
    answer = rag.ask(question)
    assert answer.abstained and answer.reason and answer.reason in answer.text
    assert not answer.entities and not answer.citations


def test_what_is_added_and_removed_counts_at_once(tmp_path):
    KnowledgeGraph.from_triples(FACTS).write(tmp_path / "facts.nt")
    rag = KGRAG.build(KnowledgeGraph.from_rdf(tmp_path / "facts.nt"))
    assert "cough" not in rag.ask("What are the symptoms of brivane?").answers
    rag.graph.add([("brivane", "has symptom", "cough")])
    assert "cough" in rag.ask("What are the symptoms of brivane?").answers
    rag.graph.remove([("brivane", "has symptom", "fever")])
    assert set(rag.ask("What are the symptoms of brivane?").answers) == {"joint pain", "cough"}
    rag.graph.add([("brivane", "managed by", "neurology")])  # a relation that was not there
    assert rag.ask("Which specialty looks after people with brivane?").answers == ["neurology"]
    rag.graph.remove_where(subject="brivane", object="joint pain")
    assert rag.ask("What are the symptoms of brivane?").answers == ["cough"]
    KnowledgeGraph.from_triples([("brivane", "has symptom", "chills")]).write(tmp_path / "facts.nt")
    rag.graph.update(tmp_path / "facts.nt")
    assert set(rag.ask("What are the symptoms of brivane?").answers) == {"cough", "chills"}


def test_asking_many_is_asking_each(rag):
    questions = ["What causes brivane?", "What treats brivane?", "Hello?"]
    many = rag.ask_many(questions)
    assert [a.answers for a in many] == [rag.ask(q).answers for q in questions]


def test_same_question_same_bytes(rag):
    first, second = (dataclasses.replace(rag.ask("What treats brivane?"), seconds=0.0) for _ in range(2))
    assert first == second


def test_evidence_without_an_answer(rag):
    evidence = rag.retrieve("What are the symptoms of brivane?")
    labels = {rag.graph.label(int(n)) for n in evidence.subgraph.nodes}
    assert {"brivane", "fever", "joint pain"} <= labels


@pytest.mark.parametrize(
    ("question", "says"),
    [("", "empty"), (" \n", "empty"), ("x" * 100_000, "100,000"), ("What treats gout\ud800?", "Unicode")],
)
def test_questions_that_cannot_be_read(rag, question, says):
    with pytest.raises(QuestionError, match=says):
        rag.ask(question)


@pytest.mark.parametrize("name", ["hops", "pagerank", "paths"])
def test_questions_may_be_followed_in_a_part_of_the_graph(rag, name):
    partly = KGRAG(rag.graph, reasoner=rag.reader.reasoner, retriever=name, config=rag.config)
    for question in ("What are the symptoms of brivane?", "Which drugs treat brivane?", "How much does nortisol cost?"):
        assert partly.ask(question).answers == rag.ask(question).answers


def test_a_part_of_the_graph_is_taken_in_a_way_that_there_is(rag):
    with pytest.raises(InputError, match="'magic'"):
        KGRAG(rag.graph, retriever="magic")


def test_unknown_model(rag, tmp_path):
    with pytest.raises(ModelError, match="no generator"):
        KGRAG(rag.graph, generator=tmp_path / "nowhere")
    with pytest.raises(ModelError, match="medical"):
        KGRAG.demo("astrology")


def test_a_graph_without_labels(tmp_path):
    file = tmp_path / "a.nt"
    file.write_text("<http://x.org/Brivane> <http://x.org/hasSymptom> <http://x.org/Joint_pain> .\n")
    answer = KGRAG.build(KnowledgeGraph.from_rdf(file)).ask("What are the symptoms of Brivane?")
    assert answer.answers == ["Joint pain"]


def test_training_on_labels_learns_a_wording_of_ones_own():
    pairs = [(f"brem{c}{d}", f"tul{c}{d}") for c in "bdfgklmnprst" for d in "aeiou"]
    triples = [(s, "zq7", o) for s, o in pairs] + [(s, "vx2", o[::-1]) for s, o in pairs]
    rag = KGRAG.build(KnowledgeGraph.from_triples(triples))
    questions = [Question(f"what does {s} frob?", (o,), topics=(s,)) for s, o in pairs]
    questions += [Question(f"what does {s} glorp?", (o[::-1],), topics=(s,)) for s, o in pairs]
    rag.train([q for i, q in enumerate(questions) if i % 5], epochs=8)
    held = [q for i, q in enumerate(questions) if i % 5 == 0]
    assert rag.evaluate(held)["hits@1"] >= 0.9


def test_plans_are_as_long_as_the_answers_are_far():
    chain = [(f"n{i}-{j}", f"r{j}", f"n{i}-{j + 1}") for i in range(5) for j in range(3)]
    rag = KGRAG(KnowledgeGraph.from_triples(chain))
    for far in (1, 2, 3):
        questions = [Question(f"What about n{i}-0?", answers=(f"n{i}-{far}",)) for i in range(5)]
        assert needed_steps(rag.reader, rag.linker, questions) == far


def test_training_refuses_what_it_cannot_use(rag):
    with pytest.raises(QuestionError, match="None of the training questions"):
        rag.train([Question("What is love?", ("baby",), topics=("nobody",))])


@pytest.fixture(scope="module")
def saved(rag, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "rag"
    rag.save(folder)
    return folder


def test_saved_and_loaded_is_the_same(rag, saved):
    again = KGRAG.load(saved)
    question = "What are the symptoms of brivane?"
    a, b = rag.ask(question), again.ask(question)
    assert (a.text, a.citations, a.answers) == (b.text, b.citations, b.answers)
    assert again.config == rag.config and len(again.passages) == len(rag.passages)


@pytest.mark.parametrize("name", ["graph", "passages", "models", "kgrag.json"])
def test_a_flipped_byte_or_a_missing_file_is_noticed(saved, tmp_path, name):
    folder = tmp_path / "rag"
    shutil.copytree(saved, folder)
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.relative_to(folder).parts[0] == name)
    target = max(files, key=lambda f: f.stat().st_size)
    data = bytearray(target.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(bytes(data))
    with pytest.raises(SavedFolderError, match=target.name):
        KGRAG.load(folder)
    target.unlink()
    with pytest.raises(SavedFolderError, match=target.name):
        KGRAG.load(folder)


def test_a_pickle_in_the_folder_is_not_loaded(saved, tmp_path):
    folder = tmp_path / "rag"
    shutil.copytree(saved, folder)
    (folder / "models" / "extra.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(SavedFolderError, match=r"extra\.pkl"):
        KGRAG.load(folder)


def test_an_interrupted_save_leaves_the_old_folder(rag, saved, tmp_path, monkeypatch):
    folder = tmp_path / "rag"
    shutil.copytree(saved, folder)
    before = {f: f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rag.generator, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        rag.save(folder)
    assert {f: f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rag"]


def test_every_error_is_a_kgrag_error():
    assert all(issubclass(e, KgragError) for e in (ModelError, QuestionError, SavedFolderError))


def test_a_report_has_its_figures_on_top(rag, tmp_path):
    questions = [
        Question("What causes brivane?", ("Colma virus",), id="a", topics=("brivane",), hops=1),
        Question("Who won the world cup?", id="b", kind="unanswerable"),
        Question("How must nortisol be stored?", id="c", gold_passages=("p1",)),
    ]
    report = rag.evaluate(questions)
    report.write(tmp_path / "r.json", tmp_path / "p.jsonl")
    figures = json.loads((tmp_path / "r.json").read_text())
    assert figures["n"] == 3 and figures["hits@1"] == 1.0 and figures["refused"] == 1.0
    assert figures["linking_accuracy"] == figures["coverage"] == figures["citation_validity"] == 1.0
    assert figures["recall@10"] == figures["mrr@10"] == 1.0
    assert figures["coverage_all"] == 1.0 and figures["subgraph_nodes"] >= 2 and figures["subgraph_statements"] >= 1
    assert {
        "subgraph_seconds",
        "f1",
        "exact_match",
        "abstained",
        "grounded",
        "seconds_per_question",
        "seed",
        "version",
        "commit",
    } <= set(figures)
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == ["a", "b", "c"]
    assert {"answers", "text", "citations", "confidence", "abstained"} <= set(lines[0])
    assert np.isfinite(lines[0]["confidence"])
