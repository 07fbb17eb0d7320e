"""`benchmarks/passages.py` over sets of the shape of the public ones: the parts that lie beside the data, and what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from letters import LetterEncoder

pytest.importorskip("ir_measures")
sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import passage_sets
import passages

Write = Callable[[str, object], Path]
BEASTS = ["quokka", "wombat", "zebra", "lynx", "ibex", "heron", "otter", "gecko", "tapir", "moose"]


class Letters(LetterEncoder):
    tokens = None  # is never asked for


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def sets(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All four, with ten passages each, and the part "test" of all but one."""
    texts = [f"The {beast} sleeps at night." for beast in BEASTS]
    ask = [{"id": f"q{i}", "question": f"Where is the {beast}?"} for i, beast in enumerate(BEASTS)]
    write("medquad/passages.jsonl", lines([{"id": f"{i}", "doc": f"d{i}", "text": t} for i, t in enumerate(texts)]))
    gold = [one | {"focus_doc": f"d{i}", "gold_passage": f"{i}"} for i, one in enumerate(ask)]
    write("medquad/questions_train.jsonl", lines(gold[:6]))
    write("medquad/questions_test.jsonl", lines(gold[6:]))
    rows = [{"id": f"{i}", "document": i, "passage_id": "1.", "text": t} for i, t in enumerate([*texts, " "])]
    write("obliqa/passages.jsonl", lines(rows))
    gold = [one | {"gold_passages": [f"{i}"]} for i, one in enumerate(ask)]
    write("obliqa/questions_dev.jsonl", lines(gold[:6]))
    write("obliqa/questions_test.jsonl", lines(gold[6:]))
    write("bioasq/passages.jsonl", lines([{"id": f"{i}", "pmid": f"d{i}", "text": t} for i, t in enumerate(texts)]))
    gold = [one | {"task": "10B1" if i > 5 else "8B"} for i, one in enumerate(gold)]
    write("bioasq/questions_7B-10B.jsonl", lines(gold))
    nodes = [
        {"id": f"G Art. {i}", "kind": "article", "title": f"Article {i}", "text": t, "doc": "G"}
        for i, t in enumerate(texts)
    ]
    parts = [{"id": "G Art. 1.2", "kind": "paragraph"}, {"id": "G Ch. 1", "kind": "chapter"}]
    write("q4eu/nodes.jsonl", lines([*nodes, *parts]))
    write("q4eu/edges.tsv", "G Art. 1.2\tcites\tG Art. 3\nG Art. 1\tisPartOf\tG Ch. 1\n")
    gold = [one | {"answer_articles_recitals": [f"G Art. {i}"]} for i, one in enumerate(ask)]
    write("q4eu/questions_dev.jsonl", lines(gold[:6]))
    write("q4eu/questions_test.jsonl", lines(gold[6:]))
    monkeypatch.setattr(passage_sets, "DATASETS", tmp_path)
    monkeypatch.setattr(passages, "default_encoder", Letters)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> dict:
    monkeypatch.setattr(sys, "argv", ["passages.py", *arguments, "--json", str(folder / "record.json")])
    passages.main()
    return json.loads((folder / "record.json").read_text())


def test_another_part_is_asked_after_all_others_were_learned_from(
    sets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run(monkeypatch, sets, "--part", "test")
    asked = {name: (one["asked"], one["trained_on"]) for name, one in record["sets"].items()}
    assert asked == {"medquad": (4, 6), "obliqa": (4, 6), "q4eu": (4, 6)}
    assert record["absent"] == {"bioasq": str(sets / "bioasq/questions_test.jsonl")} and record["part"] == "test"
    assert {goal["where"] for goal in record["goals"]} == set(asked)
    assert all(one["figures"]["BM25"]["recall"] == 1.0 for one in record["sets"].values())
    assert "bioasq is left out: there is no" in capsys.readouterr().out


def test_questions_are_held_back(sets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = run(monkeypatch, sets, "--questions", "3", "--only", "bioasq", "q4eu")
    asked = {name: (one["asked"], one["trained_on"]) for name, one in record["sets"].items()}
    assert asked == {"bioasq": (3, 6), "q4eu": (3, 0)} and record["part"] == "valid"
    for name, load in passage_sets.SETS.items():
        given = load("valid")
        assert not {one.id for one in given.train} & {one.id for one in given.asked}, name
    named = {passage.id: passage.entities for passage in passage_sets.q4eu("valid").passages}
    assert named["G Art. 1"] == ("G Art. 1", "G Art. 3", "G Ch. 1")
