"""What the benchmarks of the domains are made of: questions that public files answer, plain systems, and what they write."""

import json
import os
import sys
from pathlib import Path

import pyoxigraph
import pytest

from kgrag import KGRAG, KnowledgeGraph, Question, read_questions
from kgrag.evaluation.plots import can_draw, curves

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "benchmarks" / "questions"
DATASETS = Path(os.environ.get("KGRAG_DATASETS", "/none"))
FILES = {
    "gdprtext": ["gdprtext/gdpr.ttl", "gdprtext/gdprtext_ontology.ttl"],
    "dpv": [
        f"dpv/{name}.ttl" for name in ("ai", "dpv", "eu-aiact", "eu-gdpr", "eu-rights", "legal", "pd", "risk", "tech")
    ],
}
sys.path.insert(0, str(ROOT / "benchmarks"))
pytest.importorskip("ir_measures")
import domain_report  # noqa: E402
import domain_systems  # noqa: E402
from reporting import Goal  # noqa: E402

TRIPLES = [
    ("gout", "treated by", "colchicine"),
    ("gout", "treated by", "naproxen"),
    ("gout", "a kind of", "arthritis"),
    ("gout", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "disease"),
]


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def statements(files: list[str]) -> set[tuple[str, str, str]]:
    """What files say, as they say it, but for pages that have an address and articles that have two names."""
    found, addresses = [], {}
    for number, file in enumerate(files):
        if not (DATASETS / file).is_file():
            pytest.skip(f"KGRAG_DATASETS names no folder with {file}")
        for triple in pyoxigraph.parse(path=str(DATASETS / file)):
            terms = [f"{number}{t}" if isinstance(t, pyoxigraph.BlankNode) else t.value for t in list(triple)[:3]]
            found.append((*terms, isinstance(triple.object, pyoxigraph.Literal)))
            if terms[1] == "https://schema.org/url":
                addresses[terms[0]] = terms[2]
    text = "http://purl.org/adaptcentre/resources/GDPRtEXT#"
    named = {
        term: addresses.get(term, term.replace("https://w3id.org/GDPRtEXT/gdpr#", text))
        for row in found
        for term in row[:3]
    }
    return {(named[s], p, named[o]) for s, p, o, is_literal in found if not is_literal}


@pytest.mark.parametrize("name", FILES)
def test_public_files_answer_the_questions(name):
    said = statements(FILES[name])
    nodes = {term for s, _, o in said for term in (s, o)}
    for row in rows(name):
        assert all(topic in nodes for topic in row["topics"])
        if row["kind"] == "unanswerable":
            assert not row["answers"]
            continue
        reached = {row["topics"][0]}
        for relation, inverse in row["steps"]:
            ends = [(o, s) if inverse else (s, o) for s, p, o in said if p == relation]
            reached = {end for start, end in ends if start in reached and "/" in end}
            if "only" in row and relation.endswith("isDefinedBy"):
                reached = {node for node in reached if f"#{row['only']}" in node}
        if row["kind"] == "yes/no":
            assert row["answers"] == ["yes" if row["topics"][1] in reached else "no"]
        else:
            assert set(row["answers"]) == reached != set(), row["question"]


@pytest.mark.parametrize("name", FILES)
def test_there_are_forty_questions_that_differ(name):
    read = read_questions(QUESTIONS / f"{name}.jsonl")
    assert len({question.question.casefold() for question in read}) == len(read) == 40
    assert {"one-hop", "two-hop", "yes/no", "unanswerable"} <= {question.kind for question in read}


def test_statements_are_written_out_and_left_out():
    graph = KnowledgeGraph.from_triples(TRIPLES)
    assert "gout treated by colchicine, naproxen." in list(domain_systems.written_out(graph))
    names = domain_systems.only_names(graph)
    assert names.num_statements == 1 and names.find("gout") and names.find("naproxen") == []


def test_a_plain_system_is_judged_as_kgrag_is():
    class Rag:
        graph = KnowledgeGraph.from_triples(TRIPLES)

    def say(text, *answers):
        return lambda question: domain_systems.Said(text, answers)

    asked = Question("What treats gout?", ("colchicine",), id="1")
    row = domain_systems.judged(Rag, asked, say("Naproxen or colchicine.", "Naproxen", "Colchicine"))
    assert (row["hits@1"], row["right"], row["abstained"]) == (0.0, 0.0, False) and row["f1"] == pytest.approx(2 / 3)
    refused = domain_systems.judged(Rag, Question("Who?"), say(""))
    assert refused["right"] == refused["refused"] == 1.0


def test_a_run_is_printed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(domain_report, "RESULTS", tmp_path)
    found = domain_report.Measured(
        {"kgrag": {"hits@1": 0.5, "ece": None}, "BM25": {"hits@1": 0.25}}, [{"system": "kgrag", "id": "1"}]
    )
    goals = {"pack": [Goal("Hits@1", lambda by: by["kgrag"]["hits@1"], least=0.9)]}
    domain_report.finish("medical", True, 0, {"pack": found}, goals, ["pcqa"])
    printed = capsys.readouterr().out
    assert (
        "| BM25   | 0.25" in printed
        and "| pack | Hits@1 |" in printed
        and "pcqa is left out" in printed
        and "ece" not in printed
    )
    record = json.loads((tmp_path / "medical.quick.json").read_text())
    assert record["goals"][0]["met"] is False and record["figures"]["pack"]["BM25"] == {"hits@1": 0.25}
    assert json.loads((tmp_path / "medical.quick.predictions.jsonl").read_text()) == {
        "set": "pack",
        "system": "kgrag",
        "id": "1",
    }
    assert "<td>BM25</td>" in (tmp_path / "medical.quick.html").read_text()


@pytest.mark.skipif(not can_draw(), reason="matplotlib is not installed")
def test_curves_are_the_same_each_time():
    lines = {"a": {1.0: 0.5, 10.0: 0.75}, "b": {1.0: 0.25}}
    drawn = curves(lines, "statements", "seconds", logarithmic=True)
    assert drawn.startswith("<svg") and drawn == curves(lines, "statements", "seconds", logarithmic=True)
    assert ">statements<" in drawn


def test_one_token_over_trees_learns_which_nodes_answer():
    pytest.importorskip("pcst_fast")
    import one_token

    rag = KGRAG.demo("medical")
    taught = [Question("Which drugs treat gout?", ("colchicine",)), Question("Is gout a fever?", ("no",))]
    reader = one_token.OneTokenReader(rag, taught, made=6)
    answers = reader.answer("Which drugs treat gout?")
    assert all(rag.graph.find(name) for name in answers)
    assert set(reader.answer("Is gout treated by colchicine?")) <= {"yes", "no"}
    assert reader.answer("What is it?") == []
    again = one_token.OneTokenReader(rag, taught, made=6)
    assert again.answer("Which drugs treat gout?") == answers
