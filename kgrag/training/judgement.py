"""Teaches which understanding of a question is chosen, and how far answers are trusted: ``python -m kgrag.training.judgement``.

From the train questions of the shipped domains, read by the shipped reasoner, which was not trained on them. The right ones among
several interpretations are to be likelier together than the others, and none of them where the question has no answer: a
conditional logit with a threshold (McFadden 1974). What is chosen then is right with a probability that a logistic regression
gives; answers to questions that have none are never right.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kgrag.choosing import CHOSEN_BY, compared
from kgrag.evaluation import read_questions
from kgrag.graph import KnowledgeGraph
from kgrag.judgement import LEAST, Judgement
from kgrag.measures import MEASURES, Measures
from kgrag.naming import Namer
from kgrag.pipeline import KGRAG
from kgrag.progress import track
from kgrag.resources import data_folder
from kgrag.types import Floats, Question
from kgrag.yes_no import asks_yes_no

DOMAINS = ("medical", "legal")
HELD_BACK = 0.005, 0.003  # of each weight's square, for choice and trust, so that none is large by chance
SHIFT_HELD_BACK = 0.05  # of the square of what the bias is moved by, a question: half of what they say is followed
LOOKED_AT = 300  # questions by which it is moved
WORTH = 0.55  # confidence from which an answer is worth its risk: one that is wrong costs a little more than one that is right gives
LOST = 0.1  # share of the right answers that may be refused for that; of some fifty, where it is known of no more
BELIEVED = 0.02  # belief from which there is anything to be trusted
STEPS = 300


class Example(NamedTuple):
    """What a question may be about, and which of it is right.

    Attributes:
        rows: As from `compared`, shape (interpretations, measures).
        right: Whether each leads to an answer before all else; none where there is no answer; shape (interpretations,).
        beliefs: In what each leads to, shape (interpretations,).
    """

    rows: Floats
    right: NDArray[np.bool_]
    beliefs: Floats


def examples(rag: KGRAG, questions: Sequence[Question]) -> Iterator[Example]:
    """Interpretations of questions, but of those that ask for yes, no or what is to be computed."""
    namer, measures = Namer(rag.linker, rag.reader, rag.judgement), Measures(rag.reader, rag.linker.roots)
    for question in track(questions, "interpretations"):
        gold = {node for text in question.answers for node in rag.graph.find(text)}
        if asks_yes_no(question.question) or (question.answers and not gold):
            continue
        links = namer.linked(question.question)
        if rag.compute(question.question, links) is not None:
            continue
        interpretations = namer.interpretations(question.question, links)
        right = np.array([bool(gold.intersection(one.believed().tolist())) for one in interpretations], bool)
        beliefs = np.array([one.belief for one in interpretations], np.float32)
        yield Example(compared(question.question, interpretations, measures), right, beliefs)


def learned(given: Sequence[Example]) -> Judgement:
    """The weights that make what is right likeliest."""
    choice, doubt = _choice([one for one in given if len(one.right) > 1])
    judgement = Judgement(choice, doubt, {}, 0.0)
    chosen = [(one, judgement.choose(one.rows)) for one in given]
    led = [(one.rows[at, : len(MEASURES)], one.right[at]) for one, at in chosen if one.beliefs[at] >= BELIEVED]
    trust, bias = _trust(np.array([row for row, _ in led]), np.array([right for _, right in led]))
    return Judgement(choice, doubt, trust, bias)


def settled(rag: KGRAG, questions: Sequence[Question]) -> Judgement:
    """The judgement of a system, once its reasoner was trained: as many answers are trusted as are right, and what is not worth
    its risk is refused, if that costs hardly any right answer.

    Beliefs are others then, and so is what is asked. The weights stay, and the bias is moved half way: labels seldom come with
    questions that have no answer, which are asked nevertheless.

    Args:
        rag: The system.
        questions: Labelled questions that it was not trained on.
    """
    judgement = rag.judgement
    given = [(one, judgement.choose(one.rows)) for one in examples(rag, questions[:LOOKED_AT])]
    led = [(one.rows[at, : len(MEASURES)], one.right[at]) for one, at in given if one.beliefs[at] >= BELIEVED]
    if not led:
        return judgement
    logits = torch.tensor([judgement.logit(dict(zip(MEASURES, row.tolist()))) for row, _ in led])
    right = np.array([right for _, right in led], bool)
    target = torch.from_numpy(right).float()

    def unlikely(weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        likely = torch.nn.functional.binary_cross_entropy_with_logits(logits + bias, target)
        return likely + SHIFT_HELD_BACK * bias.square().sum()

    _, shift = _fitted(unlikely, (), torch.ones(0), 0.0)
    trusted = torch.sigmoid(logits + shift).numpy()[right]
    least = float(np.quantile(trusted, LOST)) if len(trusted) else 0.0
    return replace(judgement, bias=round(judgement.bias + shift, 4), least=round(min(max(least, LEAST), WORTH), 4))


def _choice(given: Sequence[Example]) -> tuple[dict[str, float], float]:
    most = max(len(one.right) for one in given)
    scale = _scale(np.concatenate([one.rows for one in given]))
    rows = torch.zeros(len(given), most, len(CHOSEN_BY))
    there, right = torch.zeros(2, len(given), most, dtype=torch.bool)
    for place, one in enumerate(given):
        count = len(one.right)
        rows[place, :count] = torch.from_numpy(one.rows) / scale
        there[place, :count] = True
        right[place, :count] = torch.from_numpy(one.right)
    target = torch.cat([right, ~right.any(1, keepdim=True)], 1)

    def unlikely(weights: torch.Tensor, doubt: torch.Tensor) -> torch.Tensor:
        scores = torch.cat([(rows @ weights).masked_fill(~there, -1e9), doubt.expand(len(rows), 1)], 1)
        return -torch.log_softmax(scores, 1).masked_fill(~target, -1e9).logsumexp(1).mean()

    return _fitted(unlikely, CHOSEN_BY, scale, HELD_BACK[0])


def _trust(rows: Floats, right: NDArray[np.bool_]) -> tuple[dict[str, float], float]:
    scale = _scale(rows)
    scaled, target = torch.from_numpy(rows) / scale, torch.from_numpy(right).float()

    def unlikely(weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(scaled @ weights + bias, target)

    return _fitted(unlikely, MEASURES, scale, HELD_BACK[1])


def _scale(rows: Floats) -> torch.Tensor:
    return torch.from_numpy(rows.std(axis=0) + np.float32(1e-3))


def _fitted(
    unlikely: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    names: Sequence[str],
    scale: torch.Tensor,
    held_back: float,
) -> tuple[dict[str, float], float]:
    """The weights, by their names, and the constant by which something is least unlikely."""
    weights, constant = torch.zeros(len(names), requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, constant], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = unlikely(weights, constant) + held_back * (weights**2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    found = (weights.detach() / scale).tolist()
    return {name: round(value, 4) for name, value in zip(names, found)}, round(constant.item(), 4)


def main() -> None:
    """Command line of ``make model``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=data_folder() / "models" / "default", help="folder to write to")
    arguments = parser.parse_args()
    given: list[Example] = []
    for domain in DOMAINS:
        folder = data_folder() / domain
        rag = KGRAG(KnowledgeGraph.from_rdf(folder / "graph.ttl"))
        given += examples(rag, read_questions(folder / "questions" / "train.jsonl"))
    learned(given).save(
        arguments.out,
        made_by="python -m kgrag.training.judgement",
        made_from=f"{len(given):,} train questions of {' and '.join(DOMAINS)}",
    )


if __name__ == "__main__":
    main()
