"""What a system learns later does not make it forget what it learned before."""

from pathlib import Path

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.training import labelled
from kgrag.training.continual import REMEMBERED, drawn, remembered

PLANTS = ("fern", "moss", "oak", "pine", "reed", "sage")


def questions(relation: str) -> list[Question]:
    return [Question(f"Tell me the {relation} of {plant}.", (f"{relation} {plant}",)) for plant in PLANTS]


def test_earlier_questions_are_learned_from_again(tmp_path: Path, monkeypatch) -> None:
    statements = [(plant, relation, f"{relation} {plant}") for plant in PLANTS for relation in ("soil", "height")]
    rag = KGRAG(KnowledgeGraph.from_triples(statements))
    rag.train(questions("soil"), epochs=1)
    assert rag.learned == questions("soil")
    rag.save(tmp_path / "rag")
    rag = KGRAG.load(tmp_path / "rag")
    assert [one.question for one in rag.learned] == [one.question for one in questions("soil")]
    seen: list[list[str]] = []
    train = labelled.train

    def watched(rag, asked, valid=(), **options):
        seen.append([one.question for one in asked])
        train(rag, asked, valid, **options)

    monkeypatch.setattr(labelled, "train", watched)
    rag.learn(questions("height")[:4], replay=0.5, epochs=1)
    assert len(seen[0]) == 6 and sum("soil" in text for text in seen[0]) == 2
    assert len(rag.learned) == 10 and rag.ask("Tell me the soil of moss.").answers == ["soil moss"]


def test_no_more_is_remembered_than_fits() -> None:
    many = [Question(f"q{i}", ("a",)) for i in range(REMEMBERED + 10)]
    kept = remembered(many[:20], [*many[10:], *many[:5]])
    assert len(kept) == len(set(kept)) == REMEMBERED
    assert drawn(many, 5, seed=1) == drawn(many, 5, seed=1) != drawn(many, 5, seed=2)
    assert drawn(many[:3], 5, seed=0) == many[:3]
