"""Plans are ranked as a whole, and what they are ranked against is never right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrag.encoder import default_encoder
from kgrag.encoding import Reasoner
from kgrag.encoding.ranker import PlanRanker
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import GraphRows
from kgrag.training.lessons import Lesson, PlanLessons, trail
from kgrag.training.loop import Course
from kgrag.training.ranking import train_ranker
from kgrag.training.worlds import random_world


@pytest.fixture(scope="module")
def family() -> KnowledgeGraph:
    return KnowledgeGraph.from_triples(
        [
            ("Ada", "mother", "Bea"),
            ("Bea", "mother", "Cleo"),
            ("Bea", "birthplace", "Ulm"),
            ("Ada", "birthplace", "Bern"),
            ("Cleo", "employer", "Acme"),
            ("Acme", "headquarters", "Rome"),
        ]
    )


def scores(ranker: PlanRanker, questions: list[str], plans: list[list[int]], owner: list[int]) -> torch.Tensor:
    encoder = default_encoder()
    tokens, mask = encoder.tokens(questions)
    labels = torch.from_numpy(encoder.encode(["mother", "birthplace"]))
    table = torch.tensor([plan + [-1] * (3 - len(plan)) for plan in plans])
    with torch.inference_mode():
        return ranker(tokens, mask, labels, table, torch.tensor(owner))[0]


def test_a_plan_is_scored_alike_whatever_is_scored_with_it():
    torch.manual_seed(0)
    ranker = PlanRanker().eval()
    short, long = "mother of X", "tell me please where the mother of X was born, if you happen to know it"
    alone = scores(ranker, [short], [[0]], [0])
    together = scores(ranker, [long, short], [[0, 2], [0], [2, 3, 0]], [0, 1, 0])
    assert torch.allclose(alone[0], together[1], atol=1e-5)


def test_order_and_direction_count():
    torch.manual_seed(0)
    found = scores(PlanRanker().eval(), ["birthplace of the mother of X"], [[0, 2], [2, 0], [1, 2], [0]], [0] * 4)
    assert len(set(found.tolist())) == 4


def test_rivals_are_never_right(family):
    rows, encoder = GraphRows(family), default_encoder()
    mother, birthplace = (2 * family.relation_labels.index(label) for label in ("mother", "birthplace"))
    start = family.find("Ada")[0]
    lessons = [
        Lesson("the mother of X", (trail(rows, start, (mother,)),)),
        Lesson(
            "where was the mother of X born", (trail(rows, start, (mother, birthplace)), trail(rows, start, (mother,)))
        ),
        Lesson("the shoe size of X", (trail(rows, start, ()),)),
    ]
    torch.manual_seed(0)
    reasoner = Reasoner()
    plans = PlanLessons(reasoner, encoder, family.relation_labels, lessons)
    met: list[torch.Tensor] = []

    class Watched(PlanRanker):
        def forward(self, tokens, mask, labels, table, owner):
            met.append(table)
            return super().forward(tokens, mask, labels, table, owner)

    reasoner.ranker = Watched()
    for _ in range(5):
        likely = plans.log_likelihoods(np.arange(3))
        assert all(torch.isfinite(one).all() and (one <= 1e-5).all() for one in likely)
    tables = torch.cat(met)
    assert (tables[:, 0] >= 0).all()  # no plan is empty
    ended = tables < 0
    assert (ended[:, 1:] >= ended[:, :-1]).all()  # and none goes on after its end
    right = sum(int((tables == torch.tensor(plan)).all(1).sum()) for plan in ([0, -1, -1], [0, 2, -1]))
    assert right <= 2 * 5 * 3  # the right ones alone, as often as they are asked for


def test_what_is_learned_in_some_worlds_holds_in_others():
    torch.manual_seed(0)
    reasoner = Reasoner()
    stepwise = {name: value.clone() for name, value in reasoner.state_dict().items() if not name.startswith("ranker.")}
    worlds = [(random_world(90 + i), 60) for i in range(10)]
    history = train_ranker(reasoner, default_encoder(), worlds, Course(3, learning_rate=2e-3, patience=9))
    assert max(history[1:]) > history[0]
    after = reasoner.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in stepwise.items())  # the rest stays as it is
