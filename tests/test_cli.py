"""The command line as a user meets it: answers, progress, exit codes, and one line for what is wrong."""

import json
import sys

import pytest

from kgrag import KGRAG, KnowledgeGraph, Passage, PassageIndex
from kgrag.cli import DEMO_QUESTIONS, main
from kgrag.retrieval.hybrid import Fusion

GOOD = "<urn:brivane> <urn:hasSymptom> <urn:fever> .\n<urn:nortisol> <urn:treats> <urn:brivane> .\n"


@pytest.fixture
def kgrag(monkeypatch, capsys):
    """Runs the command line; returns exit code, output and errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kgrag", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    file = tmp_path_factory.mktemp("graph") / "good.nt"
    file.write_text(GOOD)
    return file


def test_build_ask_train_evaluate(kgrag, graph, tmp_path):
    folder, better = tmp_path / "rag", tmp_path / "better"
    code, out, _ = kgrag("build", "--graph", graph, "--out", folder)
    assert code == 0 and "2 statements" in out
    code, out, _ = kgrag("ask", folder, "What are the symptoms of brivane?")
    assert code == 0 and "fever [1]" in out and "[1] brivane — has symptom — fever" in out
    code, out, _ = kgrag("ask", folder, "What are the symptoms of brivane?", "--json")
    assert json.loads(out)["answers"] == ["fever"]
    questions = tmp_path / "q.jsonl"
    lines = [{"question": "What are the symptoms of brivane?", "answers": ["fever"], "topic": "brivane"}] * 4
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out, _ = kgrag("train", folder, "--questions", questions, "--out", better, "--epochs", 1)
    assert code == 0 and "trained on 4" in out
    code, out, _ = kgrag("evaluate", better, "--questions", questions, "--json", tmp_path / "r.json")
    assert code == 0 and "hits@1" in out
    assert json.loads((tmp_path / "r.json").read_text())["hits@1"] == 1.0


def test_how_passages_are_found_is_trained(kgrag, graph, tmp_path):
    passages = [Passage(str(i), f"Text number {i} about brivane.") for i in range(6)]
    KGRAG(KnowledgeGraph.from_rdf(graph), PassageIndex.from_passages(passages)).save(tmp_path / "rag")
    questions = tmp_path / "q.jsonl"
    lines = [{"question": f"Where is number {i}?", "gold_passages": [str(i)]} for i in range(6)]
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ["train-retriever", tmp_path / "rag", "--questions", questions, "--out", tmp_path / "better"]
    code, out, _ = kgrag(*arguments, "--valid", questions, "--epochs", 1, "--pairs", 2, "--checkpoint", tmp_path / "c")
    assert code == 0 and "trained on 6 questions" in out and (tmp_path / "c").is_file()
    assert KGRAG.load(tmp_path / "better").passages.ranker.fusion != Fusion()
    code, _, err = kgrag(*arguments, "--towers", "three")
    assert code == 2 and "There are no towers 'three'" in err and err.count("\n") == 1
    questions.write_text(json.dumps({"question": "Where?", "gold_passages": ["none"]}) + "\n")
    code, _, err = kgrag(*arguments)
    assert code == 2 and "gold_passages" in err and err.count("\n") == 1


def test_passages_are_indexed_and_asked(kgrag, graph, tmp_path):
    file, out = tmp_path / "p.jsonl", tmp_path / "index"
    file.write_text("".join(json.dumps({"id": str(i), "text": f"Brivane is rare {i}."}) + "\n" for i in range(3)))
    code, said, _ = kgrag("index", "--passages", file, "--out", out)
    assert code == 0 and "3 passages" in said
    file.write_text(json.dumps({"id": "3", "text": "Fever follows."}) + "\n")
    code, said, _ = kgrag("index", "--passages", file, "--out", out)
    assert code == 0 and "4 passages" in said
    assert PassageIndex.load(out).contents.encoded == 4
    code, said, _ = kgrag("ask", "--graph", graph, "--passages", out, "What are the symptoms of brivane?")
    assert code == 0 and "fever" in said
    document = tmp_path / "doc.txt"
    document.write_text("Nortisol treats brivane. It is taken at night.")
    code, said, _ = kgrag("index", "--passages", document, "--graph", graph, "--out", tmp_path / "linked")
    assert code == 0 and next(iter(PassageIndex.load(tmp_path / "linked"))).entities
    (out / "passages.jsonl").write_text("")
    code, _, err = kgrag("index", "--passages", file, "--out", out)
    assert code == 2 and err.count("\n") == 1


def test_demo_shows_sources_and_the_disclaimer(kgrag):
    code, out, _ = kgrag("demo")
    assert code == 0
    assert out.count("\n? ") + out.startswith("? ") == len(DEMO_QUESTIONS["medical"]) >= 6
    assert "[1]" in out and "not medical advice" in out


def test_documents_are_read_linked_and_cited(kgrag, graph, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.md").write_text("# Nortisol\n\nIt is bitter. Nortisol must be stored in a dry place.\n")
    (folder / "b.txt").write_text("Brivane is rare.\n")
    question = "How must nortisol be stored?"
    code, out, _ = kgrag("ask", "--graph", graph, "--passages", folder, question)
    assert code == 0 and "[1] “Nortisol must be stored in a dry place.”  (Nortisol, papers/a.md" in out
    code, out, _ = kgrag(
        "build",
        "--graph",
        graph,
        "--passages",
        folder / "a.md",
        "--passages",
        folder / "b.txt",
        "--out",
        tmp_path / "r",
    )
    assert code == 0 and "2 passages" in out


BAD_INPUTS = [
    "missing graph",
    "empty graph",
    "malformed line",
    "malformed turtle",
    "unknown format",
    "broken passage",
    "missing passages",
    "broken document",
    "missing document",
    "empty question",
    "long question",
    "no such folder",
    "not a system",
    "no such demo",
    "broken questions",
]


def bad_input(name, folder):
    """Arguments, and what the one line must say."""
    files = {
        "empty.ttl": "",
        "bad.nt": GOOD + "<urn:a> <urn:b> oops .\n",
        "bad.ttl": "@prefix x: <urn:> .\nx:a x:b [ .\n",
        "bad.jsonl": '{"id": "1", "text": "fine"}\n{"id": 2\n',
        "good.nt": GOOD,
        "questions.jsonl": "not json\n",
        "what.xyz": "hello",
        "broken.pdf": "%PDF-1.4",
    }
    for file, text in files.items():
        (folder / file).write_text(text)
    good = folder / "good.nt"
    build = ("build", "--out", folder / "out", "--graph")
    cases = {
        "missing graph": ((*build, folder / "none.ttl"), "none.ttl"),
        "empty graph": ((*build, folder / "empty.ttl"), "empty.ttl"),
        "malformed line": ((*build, folder / "bad.nt"), "line 3"),
        "malformed turtle": ((*build, folder / "bad.ttl"), "line 2"),
        "unknown format": ((*build, folder / "what.xyz"), "what.xyz"),
        "broken passage": ((*build, good, "--passages", folder / "bad.jsonl"), "line 2"),
        "missing passages": ((*build, good, "--passages", folder / "none.jsonl"), "none.jsonl"),
        "broken document": ((*build, good, "--passages", folder / "broken.pdf"), "broken.pdf"),
        "missing document": ((*build, good, "--passages", folder / "none.txt"), "none.txt"),
        "empty question": (("ask", "--graph", good, " "), "empty"),
        "long question": (("ask", "--graph", good, "x" * 100_000), "100,000"),
        "no such folder": (("ask", folder / "nowhere", "What?"), "nowhere"),
        "not a system": (("ask", folder, "What?"), str(folder.name)),
        "no such demo": (("demo", "astrology"), "astrology"),
        "broken questions": (("evaluate", "medical", "--questions", folder / "questions.jsonl"), "line 1"),
    }
    return cases[name]


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_one_line(kgrag, tmp_path, name):
    arguments, says = bad_input(name, tmp_path)
    code, out, err = kgrag(*arguments)
    assert code == 2, out
    assert says in err and err.startswith("kgrag: ") and err.count("\n") == 1
    assert "Traceback" not in err and not (tmp_path / "out").exists()


def test_a_question_that_names_nothing_is_refused_not_an_error(kgrag, graph):
    code, out, _ = kgrag("ask", "--graph", graph, "Who won the world cup in 1990?")
    assert code == 0 and "cannot answer" in out


def test_imported_ontologies_are_read_from_a_folder(kgrag, tmp_path):
    imports = "http://www.w3.org/2002/07/owl#imports"
    file, ontologies, folder = tmp_path / "good.nt", tmp_path / "ontologies", tmp_path / "rag"
    file.write_text(GOOD + f"<http://example.org/mine> <{imports}> <http://example.org/theirs> .\n")
    ontologies.mkdir()
    (ontologies / "theirs.nt").write_text("<urn:brivane> <urn:hasSymptom> <urn:rash> .\n")
    ask = ("ask", "--graph", file, "What are the symptoms of brivane?")
    assert "rash" not in kgrag(*ask)[1]
    code, out, _ = kgrag(*ask, "--imports", ontologies)
    assert code == 0 and "fever" in out and "rash" in out and "(theirs.nt)" in out
    code, out, _ = kgrag("build", "--graph", file, "--imports", ontologies, "--out", folder)
    assert code == 0 and "4 statements" in out
    code, _, err = kgrag(*ask, "--imports", tmp_path / "nowhere")
    assert code == 2 and "nowhere" in err and err.count("\n") == 1
    for wrong in (("ask", folder, "What?"), ("ask", "--graph", "http://127.0.0.1:1/", "What?")):
        code, _, err = kgrag(*wrong, "--imports", ontologies)
        assert code == 2 and "--imports" in err and "Usage" in err


def test_an_interrupt_is_one_line_and_changes_nothing(kgrag, graph, tmp_path, monkeypatch):
    from kgrag.pipeline import KGRAG

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    folder = tmp_path / "rag"
    kgrag("build", "--graph", graph, "--out", folder)
    before = sorted((f, f.read_bytes()) for f in folder.rglob("*") if f.is_file())
    monkeypatch.setattr(KGRAG, "build", interrupt)
    code, _, err = kgrag("build", "--graph", graph, "--out", folder)
    assert code == 130 and err.count("\n") == 1
    assert sorted((f, f.read_bytes()) for f in folder.rglob("*") if f.is_file()) == before


@pytest.mark.parametrize("arguments", [("ask",), ("ask", "only one"), ("build",), ("frobnicate",)])
def test_wrong_usage_says_how(kgrag, arguments):
    code, _, err = kgrag(*arguments)
    assert code == 2 and "Usage" in err and "Traceback" not in err
