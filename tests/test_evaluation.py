"""From questions to a report, a comparison, charts and a page."""

import json
import re

import pytest

from kgrag import KGRAG, KnowledgeGraph, PassageIndex, Question
from kgrag.errors import InputError
from kgrag.evaluation import compare
from kgrag.evaluation.comparison import read_predictions
from kgrag.evaluation.page import write_page
from kgrag.evaluation.plots import charts, write_charts
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import confidence_figures, evaluate, figures_of, selective
from kgrag.types import Passage

FACTS = [
    ("brivane", "has symptom", "fever"),
    ("brivane", "has symptom", "joint pain"),
    ("brivane", "caused by", "Colma virus"),
    ("nortisol", "treats", "brivane"),
    ("nortisol", "has side effect", "nausea"),
    ("kelamin", "treats", "brivane"),
    ("dolphic fever", "caused by", "Dola virus"),
]
QUESTIONS = [
    Question("What causes brivane?", ("Colma virus",), id="a", topics=("brivane",), hops=1),
    Question("Which drugs treat brivane?", ("kelamin", "nortisol"), id="b", topics=("brivane",), hops=1),
    Question("What causes dolphic fever?", ("fever",), id="c", topics=("dolphic fever",), hops=1),  # gold is wrong
    Question("What causes brivane?", ("Colma virus",), id="d", topics=("nortisol",), hops=1, kind="odd"),
    Question("Who won the world cup?", id="e", kind="unanswerable"),
    Question("What causes brivane?", id="f", kind="unanswerable"),
    Question("How must nortisol be stored?", id="g", gold_passages=("p1",), answer_text="In a refrigerator."),
    Question("What causes dolphic fever?", answer_text="Dola virus causes it.", id="h"),
]


@pytest.fixture(scope="module")
def rag() -> KGRAG:
    graph = KnowledgeGraph.from_triples(FACTS)
    (node,) = graph.find("nortisol")
    text = "Nortisol must be kept in a refrigerator. It is swallowed."
    passage = Passage("p1", text, "Nortisol", entities=(graph.iri(node),))
    return KGRAG(graph, PassageIndex.from_passages([passage]))


@pytest.fixture(scope="module")
def report(rag) -> Report:
    return rag.evaluate(QUESTIONS)


def test_every_question_has_a_row_that_says_where_it_was_lost(report):
    rows = {row["id"]: row for row in report.predictions}
    assert [rows[id]["right"] for id in "abcdefgh"] == [1, 1, 0, 1, 1, 0, 1, None]
    assert (
        rows["b"]["f1"]
        == rows["b"]["exact_match"]
        == rows["b"]["citation_precision"]
        == rows["b"]["citation_recall"]
        == 1
    )
    assert (rows["c"]["error"], rows["f"]["error"], rows["a"]["error"]) == ("coverage", "not refused", "")
    assert rows["d"]["linking_accuracy"] == 0 and rows["g"]["gold_ranks"] == [1]
    assert "f1" not in rows["e"] and rows["e"]["refused"] == 1 and "refused" not in rows["a"]
    assert report.errors == {"coverage": 1, "not refused": 1}


def test_figures_are_means_over_the_questions_that_they_apply_to(report):
    assert report["n"] == 8 and report["hits@1"] == 3 / 4 and report["right"] == 5 / 7 and report["refused"] == 1 / 2
    assert report["linking_accuracy"] == 3 / 4 and report["citation_validity"] == report["citation_recall"] == 1
    assert report["recall@10"] == report["mrr@10"] == 1 and 0 < report["rouge_l"] < 1 and 0 <= report["bleu"] < 1
    assert report.by_kind["odd"]["n"] == 1 and report.by_kind["1-hop"]["right"] == 2 / 3
    assert set(report.by_hops) == {"1"} and report.by_hops["1"]["seconds_p95"] >= report.by_hops["1"]["seconds_p50"] > 0
    low, high = report["hits@1_interval"]
    assert 0 <= low <= 3 / 4 <= high <= 1
    assert "lost at" in str(report) and "1-hop" in str(report)


def test_what_does_not_apply_is_none():
    (row,) = [{"id": "1", "right": None, "abstained": False, "confidence": 0.9, "seconds": 0.1}]
    figures = figures_of([row])
    assert figures["hits@1"] is figures["bleu"] is figures["ece"] is figures["augrc"] is None and figures["n"] == 1


def test_refusals_come_last_and_count_as_wrong():
    rows = [
        {"abstained": False, "right": 1.0, "confidence": 0.8},
        {"abstained": True, "right": 1.0, "confidence": 0.9},
        {"abstained": False, "right": 0.0, "confidence": 0.7},
        {"abstained": False, "right": None, "confidence": 0.7},
    ]
    confidence, loss = selective(rows)
    assert confidence.tolist() == [0.8, float("-inf"), 0.7] and loss.tolist() == [0, 1, 1]
    found = confidence_figures(rows)
    assert found["coverage@5%risk"] == pytest.approx(1 / 3) and found["aurc"] == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)
    assert found["brier"] == pytest.approx((0.04 + 0.49) / 2)  # of what was answered


def test_a_judge_may_be_given(rag):
    strict = evaluate(rag, [QUESTIONS[6]], judge=lambda premise, claim: False)
    assert strict["citation_recall"] == 0


def row(id: str, right: float, kind: str = "one", **fields) -> dict:
    return {"id": id, "right": right, "kind": kind, "hops": 1, "f1": right} | fields


def test_two_runs_are_compared_question_by_question():
    first = [row("1", 1), row("2", 0), row("3", 0, "two"), row("4", 1, "two", seconds=2.0), row("x", 1)]
    second = [row("4", 1, "two", seconds=1.0), row("3", 1, "two"), row("2", 1), row("1", 0), row("y", 1), row("z", 1)]
    found = compare(first, second)
    assert found.n == 4 and found.only == (1, 2)
    assert (found.won, found.lost, found.p) == (["2", "3"], ["1"], 1.0)  # two to one: no coin is as even
    assert found.by_kind == {"one": (2, 0.5, 0.5, 1, 1), "two": (2, 0.5, 1.0, 1, 0)}
    a, b, change = found.measures["f1"]
    assert (a, b, change.mean) == (2 / 4, 3 / 4, 1 / 4) and change.interval.low < 0 < change.interval.high
    assert found.measures["seconds"][:2] == (2.0, 1.0) and "exact_match" not in found.measures
    assert "4 questions in both" in str(found) and found == compare(first, second)
    with pytest.raises(InputError, match="no question in common"):
        compare(first[:1], second[:1])
    with pytest.raises(InputError, match="second run has 1 questions twice"):
        compare(first, [*second, second[0]])


def test_either_file_of_a_run_can_be_compared(report, tmp_path):
    report.write(tmp_path / "r.json", tmp_path / "p.jsonl")
    assert read_predictions(tmp_path / "r.json") == read_predictions(tmp_path / "p.jsonl")
    assert [one["id"] for one in read_predictions(tmp_path / "p.jsonl")] == list("abcdefgh")
    for name, text, message in (
        ("no.json", "{}", "holds no"),
        ("bad.jsonl", "{", "not JSON"),
        ("e.jsonl", "", "holds no"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=message):
            read_predictions(tmp_path / name)
    with pytest.raises(InputError, match="There is no file"):
        read_predictions(tmp_path / "none.json")


def test_charts_are_the_same_bytes_each_time(report, tmp_path):
    pytest.importorskip("matplotlib")
    rows = [dict(report.predictions[0], id="two", hops=2), *report.predictions]
    two = Report(report.figures, rows)
    drawn = charts(two)
    assert list(drawn) == ["accuracy by hops", "risk and coverage", "reliability", "passages found"]
    assert drawn == charts(two) and all(svg.startswith("<svg") for svg in drawn.values())
    files = write_charts(two, tmp_path / "charts")
    assert files[0].name == "accuracy-by-hops.svg" and files[0].read_text() == drawn["accuracy by hops"]
    assert charts(Report({}, [])) == {}


def test_the_page_needs_nothing_else_and_runs_nothing(report, tmp_path):
    hostile = dict(report.predictions[2], question="<script>alert(1)</script>", text="<img onerror=alert(2)>")
    write_page(Report(report.figures, [*report.predictions, hostile], report.by_kind), tmp_path / "r.html", "A & B")
    page = (tmp_path / "r.html").read_text()
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page and "<h1>A &amp; B</h1>" in page
    assert not re.search(r'(?:src|href|url)\s*[=(]\s*["\']?(?:https?:)?//', page)
    assert "default-src 'none'" in page and "hits@1" in page


def test_a_page_without_matplotlib_says_how_to_get_charts(report, tmp_path, monkeypatch):
    monkeypatch.setattr("kgrag.evaluation.page.can_draw", lambda: False)
    monkeypatch.setattr("kgrag.evaluation.plots.can_draw", lambda: False)
    write_page(report, tmp_path / "r.html")
    assert "kgrag[plots]" in (tmp_path / "r.html").read_text()
    with pytest.raises(InputError, match=r"kgrag\[plots\]"):
        charts(report)


def test_calibrated_confidence_and_a_promised_risk_are_saved(rag, tmp_path):
    questions = [*QUESTIONS[:2] * 12, *QUESTIONS[2:3] * 4]  # one answer in seven is wrong
    threshold = rag.config.generation.threshold
    with pytest.raises(InputError, match="at most 1 % of any of them would be wrong"):
        rag.calibrate(questions, risk=0.01)
    assert rag.config.generation.threshold == threshold and rag.calibration is None
    before = rag.ask("Which drugs treat brivane?")
    try:
        assert rag.calibrate(questions) is None and rag.config.generation.threshold == threshold
        promised = rag.calibrate(questions, risk=0.7)
        assert promised.risk <= 0.7 and 0 < promised.coverage <= 1
        assert rag.config.generation.threshold == pytest.approx(promised.threshold, abs=1e-4)
        given = [not rag.ask(question.question).abstained for question in QUESTIONS[:3]]
        assert promised.coverage == pytest.approx((12 * given[0] + 12 * given[1] + 4 * given[2]) / 28)
        after = rag.ask("Which drugs treat brivane?")
        assert after.confidence == pytest.approx(float(rag.calibration.transform(before.confidence)), abs=1e-3)
        rag.save(tmp_path / "rag")
        again = KGRAG.load(tmp_path / "rag")
        assert again.calibration == rag.calibration and again.ask(after.question).confidence == after.confidence
    finally:
        rag.calibration = None


def test_the_command_line_writes_a_page_and_compares(rag, tmp_path, monkeypatch, capsys):
    from kgrag import cli

    rag.save(tmp_path / "rag")
    lines = [{"id": q.id, "question": q.question, "answers": q.answers} for q in QUESTIONS[:3]]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    files = {name: str(tmp_path / name) for name in ("r.json", "p.jsonl", "r.html")}
    for arguments in (
        ["evaluate", tmp_path / "rag", "--questions", tmp_path / "q.jsonl", "--json", files["r.json"]]
        + ["--predictions", files["p.jsonl"], "--report", files["r.html"]],
        ["compare", files["r.json"], files["p.jsonl"]],
    ):
        monkeypatch.setattr("sys.argv", ["kgrag", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
    assert "3 questions in both" in capsys.readouterr().out
    assert "rag on q.jsonl" in (tmp_path / "r.html").read_text()
