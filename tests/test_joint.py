"""Joint training: paths and passages are latent, and the gradient reaches all that finds, ranks and writes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kgrag import KGRAG, KnowledgeGraph, Passage, PassageIndex, Question
from kgrag.errors import InputError, QuestionError
from kgrag.training.default_model import new_generator
from kgrag.training.joint import UNSAID, JointLessons, Together, train_jointly
from kgrag.training.loop import Course
from kgrag.training.towers import Turn
from kgrag.training.units import ask_all

DRUGS = ("Alvorin", "Betanol", "Cestrin", "Dorvane", "Elquin", "Fexor")
ILLS = ("brannick fever", "cole rash", "dunmore cough", "eastly gout", "farrow ache", "gilling palsy")
MAKERS = ("Harwick", "Ilford", "Jansen", "Kettle", "Lombard", "Mercer")
COURSE = Course(epochs=2, learning_rate=1e-3, batch_size=4, patience=3)


@pytest.fixture(scope="module")
def rag(encoder) -> KGRAG:
    statements = [(drug, "treats", ill) for drug, ill in zip(DRUGS, ILLS)]
    statements += [(drug, "has symptom", other) for drug, other in zip(DRUGS, ILLS[1:])]
    passages = [
        Passage(f"p{i}", f"{drug} comes as tablets. The firm that makes {drug} is {maker}.")
        for i, (drug, maker) in enumerate(zip(DRUGS, MAKERS))
    ]
    torch.manual_seed(0)
    generator = new_generator(encoder.width, 192, model_width=32, layers=2)
    return KGRAG(KnowledgeGraph.from_triples(statements), PassageIndex.from_passages(passages), generator=generator)


def questions() -> list[Question]:
    asked = [Question(f"What does {drug} treat?", (ill,), path=(drug, "treats", ill)) for drug, ill in zip(DRUGS, ILLS)]
    return asked + [
        Question(f"Who produces {drug}?", (maker,), gold_passages=(f"p{i}",))
        for i, (drug, maker) in enumerate(zip(DRUGS, MAKERS))
    ]


def lessons(rag: KGRAG, marginal: str) -> JointLessons:
    asked = ask_all(rag, questions())
    ranker = rag.reader.reasoner.ranker
    return JointLessons(rag, Together(rag.generator, ranker, Turn(rag.encoder.width)), asked, asked, marginal)


def test_units_say_answers_where_they_hold_them(rag: KGRAG) -> None:
    asked = ask_all(rag, questions())
    path, passage = asked[0], asked[6]
    assert path.gold_plan == 0 and path.units[0] is not None
    target, owners = path.units[0].target(rag.generator)
    first = rag.generator.model.vocabulary
    named = [path.units[0].prompt.items.texts[token - first] for token in target.ids if token >= first]
    assert ILLS[0] in named and owners == [0, 1]  # the name, and the end of the answer
    saying = [rag.passages.contents.rows.passage(row).id for row, unit in zip(passage.rows, passage.units[-6:]) if unit]
    assert saying == ["p0"] and passage.gold_rows.tolist() == [0]
    sentences = passage.units[len(passage.plans) + passage.rows.tolist().index(0)]
    assert [sentences.prompt.items.texts[i] for i in sentences.said[0]] == ["The firm that makes Alvorin is Harwick."]
    assert ask_all(rag, [Question("What does Alvorin treat?")]) == []
    lost = ask_all(rag, [Question("Which firm makes tablets?", (MAKERS[0],))])[0]  # it names nothing
    assert not len(lost.plans) and lost.names == 1 and lost.log_chances.tolist() == [0.0]
    unknown = ask_all(rag, [Question("Who made Alvorin?", ("nobody",))])[0]
    assert unknown.names == 0


def test_an_answer_in_words_is_said_by_sentences_that_are_like_it(rag: KGRAG) -> None:
    told = Question("How is Betanol taken?", answer_text="Betanol is taken as tablets.")
    units = [unit for unit in ask_all(rag, [told])[0].units if unit]
    best = max((weight, unit.prompt.items.texts[i]) for unit in units for i, weight in unit.said[0].items())
    assert best[1] == "Betanol comes as tablets." and best[0] < 0


@pytest.mark.parametrize("marginal", ["sequence", "token"])
def test_the_gradient_reaches_all_parts(rag: KGRAG, marginal: str) -> None:
    learned = lessons(rag, marginal)
    learned.together.train()
    learned.loss(np.arange(12)).backward()
    parts = {
        "generator": rag.generator.model.lm,
        "fusion": rag.generator.fusion,
        "ranker": rag.reader.reasoner.ranker,
        "turn": learned.together.turn,
    }
    for name, part in parts.items():
        assert any(w.grad is not None and w.grad.abs().max() > 0 for w in part.parameters()), name
    assert all(w.grad is None or w.grad.isfinite().all() for w in learned.together.parameters())
    learned.together.zero_grad()


def test_priors_of_units_are_probabilities(rag: KGRAG) -> None:
    learned = lessons(rag, "sequence")
    learned.together.eval()
    with torch.no_grad():
        priors = learned.log_prior(learned.asked)
        likely = learned.log_likelihood(learned.asked)
    for one, prior in zip(learned.asked, priors):
        assert float(prior.exp().sum()) == pytest.approx(1, abs=1e-5)
        read = one.log_chances[:-1].exp()  # before anything is learned, paths are as likely as they were read
        torch.testing.assert_close(prior[: len(read)].exp(), read / one.log_chances.exp().sum(), atol=1e-4, rtol=1e-3)
    assert (likely <= 0).all() and (likely > 2 * UNSAID).all()


def test_a_system_learns_from_answers_alone(rag: KGRAG, tmp_path) -> None:
    asked = questions()
    hidden = [
        Question(one.question, one.answers) for one in (*asked, Question("Which firm makes tablets?", ("Ilford",)))
    ]
    curve = rag.train_jointly(hidden, asked, course=COURSE, log_file=tmp_path / "log")
    assert len(curve.likelihood) == len(curve.recall) == 3
    assert max(curve.likelihood[1:]) > curve.likelihood[0] + 0.3
    assert curve.recall[0] == 1 and curve.path_rank[0] > 0.5
    assert rag.passages.ranker.turn is not None
    assert (tmp_path / "log").read_text().count('"loss"') == 8


def test_what_cannot_be_learned_from(rag: KGRAG) -> None:
    with pytest.raises(QuestionError, match="none of their answers"):
        train_jointly(rag, [Question("Who made Alvorin?", ("nobody",))] * 2)
    with pytest.raises(InputError, match="sequence, token"):
        train_jointly(rag, questions(), marginal="both")  # type: ignore[arg-type]
