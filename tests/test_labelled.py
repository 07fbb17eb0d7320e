"""Training on labelled questions: what they teach counts more than what was known before."""

import numpy as np
import pytest
import torch

from kgrag import KGRAG, KnowledgeGraph, Question
from kgrag.training import lessons
from kgrag.training.lessons import Lesson, PlanLessons, trail

PLAYERS = [f"{first} {last}" for first in ("Aro", "Bem", "Cid", "Dun") for last in ("Fels", "Gorn", "Hald", "Ivers")]
CLUBS = ["FC Bel", "SV Cam", "Racing Dor", "Inter Eno"]
FACTS = [(player, "plays in club", CLUBS[i % 4]) for i, player in enumerate(PLAYERS)]
FACTS += [(club, "is in country", country) for club, country in zip(CLUBS, ("Dania", "Suvia", "Norland", "Dania"))]
COUNTRY = {club: country for club, _, country in FACTS[-4:]}


def asked(player: str) -> Question:
    club = CLUBS[PLAYERS.index(player) % 4]
    return Question(f"where is the football club that {player} plays for ?", (COUNTRY[club],), topics=(player,))


def test_what_labels_teach_outweighs_likeness_to_known_questions():
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS))
    with torch.no_grad():
        rag.reader.reasoner.trust.fill_(2.4)
    rag.train([asked(player) for player in PLAYERS[:12]], [asked(player) for player in PLAYERS[12:]], epochs=6)
    answers = [rag.ask(asked(player).question) for player in PLAYERS[12:]]
    assert [answer.answers for answer in answers] == [[asked(player).answers[0]] for player in PLAYERS[12:]]


def test_what_does_not_answer_more_is_not_kept():
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS))
    before = {name: value.clone() for name, value in rag.reader.reasoner.state_dict().items()}
    question = Question("Which club does Aro Fels play for?", ("FC Bel",), topics=("Aro Fels",))
    assert rag.ask(question.question).answers == ["FC Bel"]
    rag.train([question], [question], epochs=1)
    assert all(torch.equal(value, before[name]) for name, value in rag.reader.reasoner.state_dict().items())


@pytest.fixture
def drawn(monkeypatch):
    """The rivals of a question with an answer and of one without, from a node that two of four relations leave."""
    graph = KnowledgeGraph.from_triples([("a", "r", "b"), ("b", "s", "c"), ("d", "t", "e"), ("e", "u", "a")])
    rag = KGRAG(graph)
    (start,) = graph.find("a")
    rows = rag.reader.rows
    taught = [Lesson("r of X?", (trail(rows, start, (0,)),)), Lesson("z of X?", (trail(rows, start, ()),))]
    found = []
    original = lessons._rivals
    monkeypatch.setattr(lessons, "_rivals", lambda *given: found.append(original(*given)) or found[-1])
    torch.manual_seed(0)
    course = PlanLessons(rag.reader.reasoner, rag.encoder, graph.relation_labels, taught)
    for _ in range(40):
        course.log_likelihoods(np.array([0, 1]))
    return torch.stack(found)[..., 0], rows.leaving(np.array([start]))


def test_rivals_of_a_question_with_an_answer_begin_with_what_is_not_there_at_times(drawn):
    begun, there = drawn
    absent = ~np.isin(begun.numpy(), there)
    assert 0.03 < absent[:, 0].mean() < 0.3
    assert not absent[:, 1].any()  # where nothing answers, that is what is asked
