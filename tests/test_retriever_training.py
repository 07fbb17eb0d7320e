"""Training of how passages are found: it learns, goes on where it was interrupted, and is saved with the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.encoder import MiniLM
from kgrag.errors import InputError, ModelError, QuestionError
from kgrag.retrieval import PassageIndex, expand
from kgrag.retrieval.hybrid import MEASURES, Fusion, Pool
from kgrag.training import retriever
from kgrag.training.checkpoint import Checkpoint
from kgrag.training.fusion import fit_fusion
from kgrag.training.passage_lessons import Lesson, descriptions, inverse_cloze, lessons_of, unlabelled_pairs
from kgrag.training.ranking_loss import MARGIN, ranking_loss
from kgrag.training.retriever import RetrieverTrainer
from kgrag.training.towers import Tower
from kgrag.types import Passage

WORDS = 30


class Foreign:
    """Words as random directions: those of passages, and others for what means the same in questions."""

    name, width = "foreign", 64

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        vectors = [sum(map(self._word, text.split()), np.zeros(self.width)) for text in texts]
        return np.array([v / max(np.linalg.norm(v), 1e-9) for v in vectors], np.float32).reshape(-1, self.width)

    def _word(self, word: str) -> np.ndarray:
        return np.random.default_rng(int(word[1:]) + 1_000 * (word[0] == "q")).normal(size=self.width)


def texts(letter: str, count: int, start: int = 0) -> list[str]:
    """Three words each, the same for the same number."""
    draws = [np.random.default_rng(i).choice(WORDS, 3, replace=False) for i in range(start, start + count)]
    return [" ".join(f"{letter}{word}" for word in draw) for draw in draws]


@pytest.fixture
def index() -> PassageIndex:
    return PassageIndex.from_passages(
        [Passage(str(i), text, document=f"d{i // 5}") for i, text in enumerate(texts("p", 300))]
    )


@pytest.fixture
def questions() -> list[Question]:
    return [Question(text, gold_passages=(str(i),)) for i, text in enumerate(texts("q", 300))]


def hits(index: PassageIndex, questions: Sequence[Question], encoder: object) -> float:
    found = index.search_many([one.question for one in questions], 3, encoder)
    return float(
        np.mean([one.gold_passages[0] in [hit.passage.id for hit in each] for one, each in zip(questions, found)])
    )


@pytest.mark.parametrize("loss", ["cross-entropy", "hinge", "contrastive"])
def test_questions_in_other_words_are_learned(index: PassageIndex, questions: list[Question], loss: str) -> None:
    asked, train = questions[::6], [one for i, one in enumerate(questions) if i % 6]
    before = hits(index, asked, Foreign())
    history = RetrieverTrainer(index, Foreign(), loss=loss, epochs=15, learning_rate=0.02).train(
        lessons_of(index, train)
    )
    assert max(history) > history[0] + 0.5
    assert hits(index, asked, Foreign()) > before + 0.5


def test_what_serves_held_questions_no_better_is_not_kept(index: PassageIndex, questions: list[Question]) -> None:
    wrong = [replace(one, gold_passages=(str(299 - i),)) for i, one in enumerate(questions[:60])]
    right = lessons_of(index, [Question(text, gold_passages=(str(i),)) for i, text in enumerate(texts("p", 40))])
    history = RetrieverTrainer(index, Foreign(), epochs=2).train(lessons_of(index, wrong), right)
    assert max(history[1:]) <= history[0] and index.ranker.turn is None


def test_interrupted_training_goes_on_to_the_same_weights(
    index: PassageIndex, questions: list[Question], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = lessons_of(index, questions)
    whole = RetrieverTrainer(index, Foreign(), epochs=4)
    expected = whole.train(lessons), index.ranker
    write = Checkpoint.write

    def interrupted(self: Checkpoint, *state: object) -> None:
        write(self, *state)  # type: ignore[arg-type]
        if len(state[3]) == 3:  # type: ignore[arg-type]
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        RetrieverTrainer(index, Foreign(), epochs=4).train(lessons, checkpoint=tmp_path / "training")
    monkeypatch.setattr(Checkpoint, "write", write)
    history = RetrieverTrainer(index, Foreign(), epochs=4).train(lessons, checkpoint=tmp_path / "training")
    assert history == expected[0] and index.ranker.fusion.weights == expected[1].fusion.weights
    np.testing.assert_array_equal(index.ranker.turn, expected[1].turn)
    with pytest.raises(ModelError, match="cannot go on"):
        RetrieverTrainer(index, Foreign(), epochs=5).train(lessons, checkpoint=tmp_path / "training")
    (tmp_path / "training").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot go on"):
        RetrieverTrainer(index, Foreign(), epochs=4).train(lessons, checkpoint=tmp_path / "training")


def test_trained_again_on_the_held_questions_as_well(index: PassageIndex, questions: list[Question]) -> None:
    lessons, options = lessons_of(index, questions[:120]), {"epochs": 6, "learning_rate": 0.02}
    seen: list[int] = []

    class Counting(RetrieverTrainer):
        def _epoch(self, model: object, optimiser: object, lessons: Sequence, *rest: object) -> None:
            seen.append(len(lessons))
            super()._epoch(model, optimiser, lessons, *rest)  # type: ignore[arg-type]

    history = Counting(index, Foreign(), **options).train(lessons)  # type: ignore[arg-type]
    best = history.index(max(history))
    assert best and seen == [102] * (len(history) - 1) + [120] * best
    turn, fusion = index.ranker.turn, index.ranker.fusion
    again = RetrieverTrainer(index, Foreign(), anew=False, **options).train(lessons)  # type: ignore[arg-type]
    assert again == history and index.ranker.fusion == fusion and not np.array_equal(index.ranker.turn, turn)


def test_pairs_without_labels_are_learned_from_first(index: PassageIndex, questions: list[Question]) -> None:
    asked, few = lessons_of(index, questions[:60]), lessons_of(index, questions[60:70])
    pairs = list(zip(texts("q", 240, 60), texts("p", 240, 60)))
    history = RetrieverTrainer(index, Foreign(), epochs=0, learning_rate=0.1, batch_size=16).train(
        few, asked, None, pairs
    )
    assert len(history) == 2 and history[1] > history[0] + 0.2 and index.ranker.turn is not None
    known = lessons_of(index, [replace(one, question=text) for one, text in zip(questions, texts("p", 60))])
    wrong = list(zip(texts("p", 240, 60), texts("p", 240, 61)))
    history = RetrieverTrainer(index, Foreign(), epochs=0, learning_rate=0.1).train(few, known, None, wrong)
    assert history[1] <= history[0] and index.ranker.turn is None


def test_pairs_are_made_of_passages_and_of_the_graph(turtle: Path) -> None:
    text = "It takes away pain in the head. It is a white powder. It was first made in 1897."
    index = PassageIndex.from_passages([Passage("1", text, "Aspirin"), Passage("2", "One sentence alone.")])
    (pair,) = inverse_cloze(index, 9, np.random.default_rng(0))
    assert pair[0] in text and pair[1].startswith("Aspirin ") and pair[0] not in pair[1]
    graph = KnowledgeGraph.from_rdf(turtle)
    said = "a white powder that takes away pain and fever"
    graph.add([("http://example.org/aspirin", "http://example.org/about", f'"{said}"')])
    assert descriptions(graph, 9, np.random.default_rng(0)) == [("Aspirin", said)]
    made = unlabelled_pairs(index, graph, 4)
    assert ("Aspirin", said) in made and len(made) == 2 and made == unlabelled_pairs(index, graph, 4)


def test_names_and_neighbours_of_what_is_named_are_learned_to_count(turtle: Path) -> None:
    graph = KnowledgeGraph.from_rdf(turtle)
    known = expand(graph, ["http://example.org/aspirin", "http://example.org/nothing"])
    assert "ASA" in known.names and "headache" in known.near and "http://example.org/headache" in known.neighbours
    said = [Passage(f"n{i}", f"ASA text {i}") for i in range(3)] + [Passage(f"o{i}", f"other {i}") for i in range(60)]
    index = PassageIndex.from_passages(said).build(Blind(), progress=False)
    question = "aspirin how"
    untrained = index.search(question, 3, Blind())
    assert index.search(question, 3, Blind(), expansion=known) == untrained  # before anything was learned
    lessons = [Lesson(f"aspirin how {i}", np.array([0, 1, 2]), (), known) for i in range(20)]
    RetrieverTrainer(index, Blind(), epochs=0).train(lessons)
    assert index.ranker.fusion.expands and index.ranker.fusion.weights["other_names"] > 0
    found = index.search(question, 3, Blind(), expansion=known)
    assert {hit.passage.id for hit in found} == {"n0", "n1", "n2"}


class Blind(Foreign):
    """Vectors that tell nothing."""

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        vectors = np.array([np.random.default_rng(len(text)).normal(size=self.width) for text in texts], np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_was_learned_is_saved_with_the_index(
    index: PassageIndex, questions: list[Question], tmp_path: Path
) -> None:
    RetrieverTrainer(index, Foreign(), epochs=4).train(lessons_of(index, questions))
    asked = [one.question for one in questions[:20]]
    before = index.search_many(asked, 5, Foreign())
    index.save(tmp_path / "index")
    loaded = PassageIndex.load(tmp_path / "index")
    assert loaded.search_many(asked, 5, Foreign()) == before
    loaded.add([Passage("new", "p1 p2 p3")])  # the index goes on to live in its folder
    assert "new" in PassageIndex.load(tmp_path / "index")
    with pytest.raises(ModelError, match="another name|numbers|encoded by"):
        index.search("q1", 3, _wider())


def _wider() -> Foreign:
    encoder = Foreign()
    encoder.width = 65
    return encoder


def test_a_system_is_trained_saved_and_loaded(turtle: Path, tmp_path: Path) -> None:
    passages = [
        Passage("1", "It takes away pain in the head.", entities=("http://example.org/aspirin",)),
        Passage("2", "Tablets are kept dry."),
        Passage("3", "Sleep helps."),
    ]
    rag = KGRAG(KnowledgeGraph.from_rdf(turtle), PassageIndex.from_passages(passages))
    questions = [
        Question(text, gold_passages=("2",)) for text in ("How is Aspirin stored?", "Storage?", "Where to keep it?")
    ]
    assert rag.train_retriever(questions, epochs=0) is rag
    assert rag.passages.ranker.fusion != Fusion()
    rag.save(tmp_path / "rag")
    loaded = KGRAG.load(tmp_path / "rag")
    assert loaded.passages.ranker.fusion == rag.passages.ranker.fusion
    iris = rag.named(questions[0].question)
    assert iris == ["http://example.org/aspirin"]
    assert loaded.find_passages(questions[0].question, 3, iris) == rag.find_passages(questions[0].question, 3, iris)
    with pytest.raises(QuestionError, match="gold_passages"):
        rag.train_retriever([Question("What?", gold_passages=("9",))])


@pytest.mark.parametrize("options", [{"towers": "three"}, {"loss": "none"}])
def test_unknown_choices_are_refused(index: PassageIndex, options: dict[str, str]) -> None:
    with pytest.raises(InputError, match="Choose one of"):
        RetrieverTrainer(index, Foreign(), **options)  # type: ignore[arg-type]


def test_only_models_have_towers_to_train(index: PassageIndex, questions: list[Question]) -> None:
    with pytest.raises(ModelError, match="no model that can be trained"):
        RetrieverTrainer(index, Foreign(), towers="both").train(lessons_of(index, questions))


def test_towers_read_many_texts_as_each_by_itself(tiny: MiniLM) -> None:
    tower = Tower(tiny).eval()
    several = [" ".join(["sand", "sea"][: 1 + i % 2] * (1 + 7 * i % 40)) for i in range(40)]
    together, alone = tower(several), torch.cat([tower([text]) for text in several])
    assert torch.nn.functional.cosine_similarity(together, alone).min() > 0.999
    weight = next(weight for weight in tower.parameters() if weight.ndim == 2)
    gradients = [torch.autograd.grad(vectors[:, 0].sum(), weight)[0].flatten() for vectors in (together, alone)]
    assert gradients[0].norm() > 0 and torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


@pytest.mark.parametrize(("towers", "rank"), [("questions", 2), ("both", 2), ("shared", None)])
def test_encoders_are_trained(tiny: MiniLM, tmp_path: Path, towers: retriever.Towers, rank: int | None) -> None:
    names = ["apple", "dog", "red", "sea", "iron", "bread", "king", "moon", "rain", "song"]
    index = PassageIndex.from_passages([Passage(name, f"What {name} is not") for name in names])
    index.build(tiny, progress=False)
    asked = [Question(f"Tell me of {one}", gold_passages=(other,)) for one, other in zip(names, names[1:])]
    trainer = RetrieverTrainer(index, tiny, towers, rank, epochs=8, learning_rate=1e-2, batch_size=9, patience=8)
    history = trainer.train(lessons_of(index, asked), lessons_of(index, asked))
    assert max(history) > history[0]
    vectors = tiny.encode(["apple"])
    assert (index.encoder_name == tiny.name) == (towers == "questions")
    np.testing.assert_array_equal(tiny.encode(["apple"]), vectors)
    before = index.search("apple dog", 3, tiny)
    index.save(tmp_path / "index")
    assert PassageIndex.load(tmp_path / "index").search("apple dog", 3, tiny) == before


def test_losses_of_a_batch() -> None:
    scores = torch.tensor([[0.9, 0.2, 0.5], [0.1, 0.4, 0.6]])
    right = torch.tensor([[True, False, False], [False, True, True]])
    e = torch.exp
    first = -torch.log(e(scores[0, 0]) / e(scores[0]).sum())
    alone = [-torch.log(e(scores[1, i]) / (e(scores[1, i]) + e(scores[1, 0]))) for i in (1, 2)]
    assert ranking_loss(scores, right, "cross-entropy", 1.0) == pytest.approx(
        float((first + sum(alone) / 2) / 2), abs=1e-5
    )
    hinge = [max(MARGIN - 0.9 + 0.5, 0), (max(MARGIN - 0.4 + 0.1, 0) + max(MARGIN - 0.6 + 0.1, 0)) / 2]
    assert ranking_loss(scores, right, "hinge", 1.0) == pytest.approx(sum(hinge) / 2, abs=1e-6)
    one = ranking_loss(torch.tensor([[0.9, 0.2], [0.3, 0.4]]), torch.eye(2, dtype=torch.bool), "contrastive", 0.5)
    other = ranking_loss(torch.tensor([[0.9, 0.3], [0.2, 0.4]]), torch.eye(2, dtype=torch.bool), "contrastive", 0.5)
    assert one == pytest.approx(float(other))  # it is the same from both sides


def test_weights_follow_what_tells_right_from_wrong() -> None:
    rng = np.random.default_rng(0)
    pools, gold = [], []
    for _ in range(60):
        measures = rng.random((20, len(MEASURES))).astype(np.float32)
        right = int(np.argmax(measures[:, MEASURES.index("words")] + 0.1 * rng.random(20)))
        pools.append(Pool(np.arange(20), np.zeros(20, np.float32), measures, np.zeros(5, np.float32)))
        gold.append(np.array([right]))
    weights = fit_fusion(pools, gold).weights
    assert weights["words"] > 0.5 > weights["meaning"] and min(weights[name] for name in MEASURES) >= 0
    assert fit_fusion(pools, [np.array([99])] * 60) == Fusion()
