"""What is refused that cannot be answered, what is lost by it, and whether confidence means what it says.

Three sorts of questions have no answer: those of the question files, written by hand; those that ask a shipped graph for
what it does not hold, though others of the sort have it; and those that take for granted what the graph does not say.
Confidence is calibrated on other questions of all these sorts, as many of each for one of the written ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from reporting import Goal, say, shown

from kgrag import KGRAG, Question, read_questions
from kgrag.evaluation.metrics import mean
from kgrag.evaluation.runner import confidence_figures
from kgrag.evaluation.scoring import Row, right
from kgrag.generation.draft import Step
from kgrag.generation.verbalising import said
from kgrag.graph.vocabulary import TYPE_PROPERTIES
from kgrag.progress import track
from kgrag.resources import data_folder
from kgrag.training.makers import directed, number
from kgrag.training.synthesis import Synthesiser, SyntheticQuestion
from kgrag.wordings import wordings_for
from kgrag.wordings.grammar import composed

PACKS = ("medical", "legal")
MADE = 90  # questions of each sort that is made, a pack
QUICK = 12
PREMISES = ("As {0}, {1}", "Given that {0}: {1}", "Since {0}, {1}", "{0}. So {1}")
GOALS = (
    Goal("refused, of what cannot be answered", lambda found: found["refused"], least=0.9),
    Goal("answerable lost", lambda found: found["lost"], most=0.05),
    Goal("ECE after calibration", lambda found: found["ece"], most=0.05),
)


def measured(quick: bool, seed: int) -> dict[str, Any]:
    """Figures of each pack, and of both together."""
    rows: dict[str, list[Row]] = {}
    for pack in PACKS:
        say(f"verification: {pack}")
        rows[pack] = _asked(pack, quick, seed)
    rows["both"] = [row for pack in PACKS for row in rows[pack]]
    return {name: _figures(found) for name, found in rows.items()}


def tables(figures: dict[str, Any]) -> list[list[list[str]]]:
    """The rows of two tables, with their heads: what is refused, and what confidence is worth."""
    refused = [["set", "sort", "questions", "refused, %", "right, %"]]
    worth = [["set", "refused, of what cannot be answered, %", "answerable lost, %", "AUGRC", "coverage at 5 % risk"]]
    worth[0] += ["ECE", "ECE calibrated", "95 %"]
    for name, one in figures.items():
        for sort, by_sort in one["sorts"].items():
            shares = [f"{100 * by_sort[key]:.1f}" for key in ("abstained", "right")]
            refused.append([name, sort, str(by_sort["n"]), *shares])
        shares = [f"{100 * one[key]:.1f}" for key in ("refused", "lost")]
        numbers = [shown(one[key]) for key in ("augrc", "coverage@5%risk", "ece_before", "ece")]
        worth.append([name, *shares, *numbers, " to ".join(map(shown, one["ece_interval"]))])
    return [refused, worth]


def _asked(pack: str, quick: bool, seed: int) -> list[Row]:
    """One row a question; calibrated on the validation questions, asked those of the test part and those made."""
    rag, folder = KGRAG.demo(pack), data_folder() / pack / "questions"
    valid, test = (read_questions(folder / f"{part}.jsonl") for part in ("valid", "test"))
    count = QUICK if quick else MADE
    valid, test = (valid[:40], test[:QUICK]) if quick else (valid, test)
    sorts = {
        "written, answerable": [q for q in test if not q.unanswerable],
        "written, unanswerable": [q for q in test if q.unanswerable],
        **{sort: _made(rag, seed, count, maker) for sort, maker in MAKERS.items()},
    }
    alike = round(count * len(valid) / len(test))  # confidence can only hold where each sort comes as often
    others = [question for maker in MAKERS.values() for question in _made(rag, seed + 1, alike, maker)]
    asked = []
    for sort, questions in sorts.items():
        for question in track(questions, sort):
            answer = rag.ask(question.question)
            row = {"sort": sort, "question": question.question, "right": right(rag, question, answer)}
            row["lost"] = float(answer.abstained and not question.unanswerable and _lost(rag, question))
            asked.append(row | {"abstained": answer.abstained, "confidence": answer.confidence, "text": answer.text})
    asked_before = {row["question"] for row in asked}
    rag.calibrate([*valid, *(question for question in others if question.question not in asked_before)])
    assert rag.calibration is not None
    for row in asked:
        row["calibrated"] = float(rag.calibration.transform(row["confidence"]))
    return asked


@contextmanager
def _answering(rag: KGRAG) -> Iterator[None]:
    """The system without a threshold of confidence."""
    config, rag.config = rag.config, replace(rag.config, generation=replace(rag.config.generation, threshold=0.0))
    try:
        yield
    finally:
        rag.config = config


def _lost(rag: KGRAG, question: Question) -> bool:
    """Whether a question that is refused would have been answered rightly without a threshold."""
    with _answering(rag):
        return right(rag, question, rag.ask(question.question)) == 1


def _made(
    rag: KGRAG, seed: int, count: int, maker: Callable[[Synthesiser], SyntheticQuestion | None]
) -> list[Question]:
    made = Synthesiser(rag.graph, seed=seed, makers=((1.0, maker),)).sample(count)
    return [Question(one.text, kind="unanswerable") for one in made]


def on_what_is_lacking(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question for a relation that a thing does not have, though others of its sort do."""
    rng = synthesiser.rng
    topic, step = synthesiser.start()
    like = synthesiser.statement(step[0])[step[1]]
    there = _asked_for(synthesiser, like)
    step = directed(rng.choice(there)) if there else step
    own = synthesiser.leaving(np.array([topic]))
    mirror = int(synthesiser.speech.ends.mirrored[step[0]])
    if not there or number(step) in own or (mirror >= 0 and number((mirror, not step[1])) in own):
        return None
    same = any(wording.symmetric for wording in wordings_for(synthesiser.graph.relation_label(step[0])))
    if same and number((step[0], not step[1])) in own:
        return None  # what X interacts with interacts with X
    text = composed([synthesiser.speech.step(*step)], "{x}", rng)
    return synthesiser.make(text, (topic,), (), (), "unanswerable")


def on_false_premise(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question that takes a statement for granted which the graph does not hold, and asks on from it."""
    rng, graph = synthesiser.rng, synthesiser.graph
    relation = rng.choice(
        [relation for relation in synthesiser.usable if graph.relation_iri(relation) not in TYPE_PROPERTIES]
    )
    subject, _ = synthesiser.statement(relation)
    _, target = synthesiser.statement(relation)
    if graph.is_literal[target] or target == subject:
        return None
    further = _asked_for(synthesiser, target)
    if target in synthesiser.rows.along(np.array([subject])).targets or not further:
        return None
    step = directed(rng.choice(further))
    asked = composed([synthesiser.speech.step(*step)], "{x}", rng)
    premise = said(Step("{y}", graph.relation_label(relation), "{x}", False, -1)).rstrip(".")
    text = rng.choice(PREMISES).format(premise, asked[:1].lower() + asked[1:])
    return synthesiser.make(text, (target, subject), (), (), "unanswerable")


def _asked_for(synthesiser: Synthesiser, node: int) -> list[int]:
    """Directed relations that leave a node, but those to its classes, which nobody asks for."""
    there = synthesiser.leaving(np.array([node]))
    return [one for one in there if synthesiser.graph.relation_iri(one >> 1) not in TYPE_PROPERTIES]


MAKERS = {"not in the graph": on_what_is_lacking, "false premise": on_false_premise}


def _figures(rows: Sequence[Row]) -> dict[str, Any]:
    sorts: dict[str, list[Row]] = {}
    for row in rows:
        sorts.setdefault(row["sort"], []).append(row)
    answerable = [row for row in rows if row["sort"] == "written, answerable"]
    others = [row for row in rows if row["sort"] != "written, answerable"]
    before = confidence_figures(rows)
    after = confidence_figures([row | {"confidence": row["calibrated"]} for row in rows])
    return {
        "n": len(rows),
        "refused": mean(float(row["abstained"]) for row in others),
        "lost": mean(row["lost"] for row in answerable),
        "sorts": {
            sort: {"n": len(found)}
            | {
                key: mean(None if row[key] is None else float(row[key]) for row in found)
                for key in ("abstained", "right")
            }
            for sort, found in sorts.items()
        },
        "augrc": before["augrc"],  # by confidence as it was: calibration turns no order round, but makes some equal
        "coverage@5%risk": before["coverage@5%risk"],
        "ece_before": before["ece"],
        "ece": after["ece"],
        "ece_interval": after["ece_interval"],
        "rows": list(rows),
    }
