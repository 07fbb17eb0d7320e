"""A system fits itself to a graph of which no questions are known."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrag import KGRAG, KnowledgeGraph
from kgrag.config import Config
from kgrag.encoding import GraphReader
from kgrag.training import loop, zero_label
from kgrag.training.lessons import trail
from kgrag.training.loop import Course
from kgrag.training.reasoner import PreparedQuestion, TrainingSet, believed, train_reasoner
from kgrag.training.synthesis import Synthesiser
from kgrag.training.worlds import random_world
from kgrag.training.zero_label import fit_to_graph, prepare, unfamiliar


@pytest.fixture(scope="module")
def world() -> KnowledgeGraph:
    return random_world(7, relations=6, entities=60, statements=150)


def weights(rag: KGRAG) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in rag.reader.reasoner.parameters()])


def test_the_same_seed_fits_alike_and_the_phrasebook_stays_as_it_was(world):
    fitted = [KGRAG(world), KGRAG(world)]
    for rag in fitted:
        fit_to_graph(rag, questions=60)
    one, other = fitted
    assert torch.equal(weights(one), weights(other))
    assert one.config == other.config
    assert not one.reader.phrasebook.unfamiliar


def test_nothing_is_lost_by_fitting(world):
    rag = KGRAG(world)
    held = prepare(rag.reader, Synthesiser(world, 11).sample(60))

    def right(reader: GraphReader) -> int:
        with unfamiliar(reader):
            return sum(most < 0.5 if hit is None else hit for most, hit, _ in believed(reader, held))

    before, weights_before = right(rag.reader), weights(rag)
    with unfamiliar(rag.reader):
        refused = [((trail(rag.reader.rows, q.topics[0], ()),),) for q in held]
        useless = [PreparedQuestion("X", q.topics, np.zeros(0, np.int64), plans) for q, plans in zip(held, refused)]
        sets = [TrainingSet(rag.reader, useless, held)]
        train_reasoner(rag.reader.reasoner, rag.encoder, sets, Course(1, learning_rate=1e-1))
    assert right(rag.reader) >= before
    assert torch.equal(weights(rag), weights_before)  # training to refuse everything is not kept


def test_a_graph_of_which_nothing_can_be_asked_is_left_as_it_is():
    rag = KGRAG.build(KnowledgeGraph.from_triples([("n" * 70, "is near", "m" * 70)]))
    assert rag.config == Config()


def test_an_interrupted_training_of_the_reasoner_goes_on_to_the_same_bytes(world, tmp_path, monkeypatch):
    rag = KGRAG(world)
    shipped = rag.reader.reasoner
    with unfamiliar(rag.reader):
        prepared = prepare(rag.reader, Synthesiser(world, 11).sample(60))

        def train(folder: Path | None) -> torch.Tensor:
            rag.reader.reasoner = copy.deepcopy(shipped)
            sets = [TrainingSet(rag.reader, prepared[:40], prepared[40:])]
            train_reasoner(rag.reader.reasoner, rag.encoder, sets, Course(3, patience=9), folder)
            return weights(rag)

        whole = train(None)
        with monkeypatch.context() as patch:
            patch.setattr(loop._Run, "epoch", stopping(loop._Run.epoch, after=2))
            with pytest.raises(KeyboardInterrupt):
                train(tmp_path / "run")
        torch.manual_seed(99)
        assert torch.equal(train(tmp_path / "run"), whole)


def stopping(epoch, after):
    """The loop's own epoch, interrupted after some."""
    left = iter(range(after))

    def until(run, description):
        if next(left, None) is None:
            raise KeyboardInterrupt
        epoch(run, description)

    return until


def test_a_reasoner_that_knows_nothing_is_fitted_to_the_graph(world, monkeypatch):
    monkeypatch.setattr(zero_label, "REASONED_OVER", 2_500)  # passes over the questions are what takes time
    rag = KGRAG(world, reasoner="rearev")
    held = prepare(rag.reader, Synthesiser(world, 11).sample(60))
    answerable = [question for question in held if len(question.answers)]

    def right() -> float:
        return float(np.mean([bool(hit) for _, hit, _ in believed(rag.reader, answerable)]))

    before = right()
    fit_to_graph(rag, questions=300)
    assert right() >= before + 0.3
