"""Which understanding of a question is chosen, and how far an answer is trusted."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from kgrag import KGRAG, Config, KnowledgeGraph, Question
from kgrag.choosing import CHOSEN_BY, compared
from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.judgement import FILE, LEAST, Judgement
from kgrag.measures import MEASURES, Measures
from kgrag.naming import Namer
from kgrag.resources import data_folder
from kgrag.training.judgement import WORTH, Example, examples, learned, settled
from kgrag.training.labelled import judge

FACTS = [
    ("duty of the keeper to file records", "has deadline", '"six weeks"'),
    ("duty of the keeper to inform the harbour", "has deadline", '"one hour"'),
    ("lantern keeper", "has definition", '"who lights the lantern"'),
    ("lantern keeper", "defined in", "Beacon Act"),
    ("Beacon Act", "enforced by", "Harbour Office"),
    ("Beacon Act", "adopted on", '"1907-05-04"'),
    ("Tidal Coast", "lies in", "Norwick"),
]


@pytest.fixture(scope="module")
def rag():
    return KGRAG(KnowledgeGraph.from_triples(FACTS))


def interpretations(rag, question):
    namer = Namer(rag.linker, rag.reader, rag.judgement)
    return namer.interpretations(question, namer.linked(question))


def test_interpretations_are_measured_one_by_one(rag):
    question = "How long may keepers wait to file the records?"
    ways = interpretations(rag, question)
    rows = compared(question, ways, Measures(rag.reader, rag.linker.roots))
    assert rows.shape == (len(ways), len(CHOSEN_BY)) and len(ways) > 1 and np.isfinite(rows).all()
    assert rows[:, CHOSEN_BY.index("as linked")].tolist() == [1.0] + [0.0] * (len(ways) - 1)
    explained = rows[:, [CHOSEN_BY.index("explained"), CHOSEN_BY.index("explained by answers")]]
    assert (explained >= 0).all() and (explained.sum(axis=1) <= 1 + 1e-6).all()


def test_what_answers_are_called_is_not_unknown():
    graph = KnowledgeGraph.from_triples(
        [("lantern rot", "has code", '"MESH:D0391"'), ("lantern rot", "has code", '"ZB:7"')]
    )
    rag = KGRAG(graph)

    def unknown(question):
        (one, *_) = interpretations(rag, question)
        assert any(link.node is None for link in one.links)
        return Measures(rag.reader, rag.linker.roots).of(question, one.links, one.masked, one.found).row["unknown"]

    assert unknown("What is the MeSH code of lantern rot?") == 0
    assert unknown("What is the Zorbian code of lantern rot?") == 1


def test_a_question_that_is_hardly_explained_is_measured_so(rag):
    measures = Measures(rag.reader, rag.linker.roots)

    def explained(question):
        (one, *_) = interpretations(rag, question)
        return measures.of(question, one.links, one.masked, one.found).row["explained"]

    assert explained("Who enforces the Beacon Act?") > 0.9
    assert explained("How do I configure a firewall for the Beacon Act?") < 0.5


def test_what_has_nothing_to_do_with_the_answer_is_told(rag):
    question = "Who enforces the Beacon Act on the Tidal Coast?"
    (one, *_) = interpretations(rag, question)
    measured = Measures(rag.reader, rag.linker.roots).of(question, one.links, one.masked, one.found)
    assert measured.row["apart"] == 1 and measured.apart == ("Tidal Coast",) and not measured.asked
    refused = rag.ask(question)
    assert refused.abstained


def test_nothing_is_learned_from_what_is_computed_or_has_no_node(rag):
    asked = [
        Question("How many acts are enforced by the Harbour Office?", ("1",)),
        Question("Is the Beacon Act enforced by the Harbour Office?", ("yes",)),
        Question("Who enforces the Beacon Act?", ("nobody that the graph has",)),
        Question("Who enforces the Beacon Act?", ("Harbour Office",)),
    ]
    (only,) = examples(rag, asked)
    assert only.right[0] and only.beliefs[0] > 0.5


def test_what_the_question_asks_for_is_trusted_more_than_what_is_merely_there(rag):
    asked = rag.ask("By whom is the Beacon Act enforced?")
    aside = rag.ask("How do I configure my firewall for the Beacon Act?")
    assert asked.answers == ["Harbour Office"] and asked.confidence > 0.5
    assert aside.abstained and aside.confidence < asked.confidence
    assert "'configure'" in aside.reason or "'firewall'" in aside.reason


def drawn(seed):
    """Made-up examples in which belief tells what is right, and a third has no answer."""
    draw = np.random.default_rng(seed)
    for number in range(240):
        rows = draw.normal(size=(3, len(CHOSEN_BY))).astype(np.float32)
        right = np.zeros(3, bool)
        if number % 3:
            right[draw.integers(3)] = True
            rows[right, CHOSEN_BY.index("belief")] += 6
        yield Example(rows, right, np.full(3, 0.5, np.float32))


def test_what_is_right_is_learned_and_doubt_leaves_the_links():
    judgement = learned(list(drawn(0)))
    new = [(one, judgement.choose(one.rows)) for one in drawn(1)]
    assert np.mean([one.right[at] for one, at in new if one.right.any()]) > 0.9
    assert np.mean([at == 0 for one, at in new if not one.right.any()]) > 0.9
    trusted = [judgement.trusted(dict(zip(MEASURES, one.rows[at].tolist()))) for one, at in new]
    right = np.array([one.right[at] for one, at in new])
    assert np.mean(np.array(trusted)[right]) > 0.8 and np.mean(np.array(trusted)[~right]) < 0.2


def test_a_threshold_is_saved_and_a_given_one_comes_first(rag, tmp_path):
    rag.judgement.save(tmp_path)
    assert Judgement.load(tmp_path).least == rag.judgement.least == rag.threshold == LEAST
    strict = KGRAG(rag.graph, config=Config(generation=GenerationConfig(threshold=1.0)))
    strict.judgement = replace(strict.judgement, least=0.0)
    assert strict.threshold == 1.0 and strict.ask("Who enforces the Beacon Act?").abstained


def test_training_refuses_what_is_not_worth_its_risk_but_loses_hardly_a_right_answer(rag):
    asked = [Question("Who enforces the Beacon Act?", ("Harbour Office",))] * 9
    judgement = settled(rag, asked)
    assert judgement.bias > rag.judgement.bias and judgement.least == WORTH
    doubted = replace(rag.judgement, bias=rag.judgement.bias - 20)
    try:
        rag.judgement, before = doubted, rag.judgement
        assert settled(rag, asked).least == LEAST
    finally:
        rag.judgement = before


def test_a_reasoner_is_judged_as_it_is(rag, monkeypatch):
    monkeypatch.setattr(rag, "judgement", rag.judgement)  # as it was, afterwards
    before, asked = (
        rag.judgement,
        [Question("Who enforces the Beacon Act?", ("Harbour Office",), topics=("Beacon Act",))] * 9,
    )
    weights = {name: value.clone() for name, value in rag.reader.reasoner.state_dict().items()}
    judge(rag, asked)
    assert rag.judgement.bias > before.bias and rag.judgement.trust == before.trust
    assert all(torch.equal(value, weights[name]) for name, value in rag.reader.reasoner.state_dict().items())


def test_the_same_is_learned_twice():
    assert learned(list(drawn(0))) == learned(list(drawn(0)))


def test_many_unknown_names_are_no_trouble():
    judgement = Judgement.load(data_folder() / "models" / "default")
    assert judgement.trusted(dict.fromkeys(MEASURES, 0.0) | {"unknown": 1e6}) < 1e-6


@pytest.mark.parametrize("content", ["", "{}", '{"choice": {}, "doubt": 1}', '{"choice": [], "doubt": "x"}'])
def test_a_broken_judgement_is_named(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ModelError, match=FILE):
        Judgement.load(tmp_path)


def test_a_judgement_is_read_as_it_was_written(tmp_path):
    judgement = Judgement(dict.fromkeys(CHOSEN_BY, 1.5), 2.5, dict.fromkeys(MEASURES, 0.5), -1.0)
    (tmp_path / FILE).write_text(json.dumps(asdict(judgement)))
    assert Judgement.load(tmp_path) == judgement
    assert judgement.trusted(dict.fromkeys(MEASURES, 2 / len(MEASURES))) == pytest.approx(0.5)


def test_the_shipped_judgement_trusts_what_is_explained_and_familiar():
    judgement = Judgement.load(data_folder() / "models" / "default")
    for name in ("belief", "familiar", "explained"):
        assert judgement.trust[name] > 0


def test_the_command_teaches():
    shown = subprocess.run(
        [sys.executable, "-m", "kgrag.training.judgement", "--help"], capture_output=True, text=True, check=True
    )
    assert "--out" in shown.stdout
