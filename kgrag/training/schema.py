"""Teaches a reasoner to tell relations apart by how people ask for them, with no graph at all.

An example is a question, a set of relations that might leave the node it names, and which of them it asks for; in one of
eight, none. The relations come from the shipped wordings under any of the labels that graphs give them. Since a relation
is known to the reasoner by its label alone, what is learned here carries over to graphs that were never seen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kgrag.encoding.phrasebook import NAMED
from kgrag.encoding.reasoner import Reasoner
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.training.lessons import padded, token_states
from kgrag.training.small_talk import chat
from kgrag.types import TextEncoder
from kgrag.wordings import Asked, Wording, asked_questions
from kgrag.wordings.grammar import Step, composed
from kgrag.wordings.ways import NEAR

UNANSWERABLE = 0.12
ASKED = 0.4  # share of questions that people asked, among those made up
YES_NO = 0.08
LONGER = (0.3, 0.35, 0.35)  # share of questions made up that take no further relation, one, two
REPEATED, RETURNED = 0.12, 0.15  # chance that a relation is followed again, or back
MOST_STEPS = 3
MOST_OTHERS = 300  # labels that nothing in a batch asks for
FORGOTTEN = 0.1  # share of a training question's tokens that are not read


@dataclass(frozen=True)
class SchemaQuestion:
    """A question and what it asks for.

    Attributes:
        text: The question; ``X`` stands for what is named.
        path: The directed relations that it follows: ``(wording, inverse)`` a step.
        either: Whether both directions of the relation are right.
    """

    text: str
    path: tuple[tuple[int, bool], ...]
    either: bool = False


class Schema:
    """The relations of the shipped wordings with all their labels, and questions about them.

    Args:
        wordings: One a relation.
        held: The same relations in other words, to measure with.
        encoder: Encodes texts.
    """

    def __init__(self, wordings: Sequence[Wording], held: Sequence[Wording], encoder: TextEncoder) -> None:
        self.wordings, self.held = list(wordings), list(held)
        self.labels: list[str] = []
        self.owner: list[int] = []
        for index, wording in enumerate(self.wordings):
            for label in wording.labels:
                self.labels.append(label)
                self.owner.append(index)
                if wording.subject and random.Random(label).random() < 0.3:
                    self.labels.append(f"{wording.subject[0]} {label}")
                    self.owner.append(index)
        self.of: list[list[int]] = [[] for _ in self.wordings]
        for position, index in enumerate(self.owner):
            self.of[index].append(position)
        self.vectors = torch.from_numpy(encoder.encode([normalise(label) for label in self.labels]))
        self.alike = self._alike()
        by_label = {
            normalise(label): i for i, wording in reversed(list(enumerate(self.wordings))) for label in wording.labels
        }
        self.asked = [
            (question, tuple((by_label[normalise(label)], inverse) for label, inverse in question.plan))
            for question in asked_questions()
            if len(question.plan) <= MOST_STEPS and all(normalise(label) in by_label for label, _ in question.plan)
        ]

    def _alike(self) -> list[set[int]]:
        """Wordings that mean the same: they share a label, or their labels are all but equal in meaning, or near."""
        centres = torch.stack([self.vectors[of].mean(0) for of in self.of])
        centres = torch.nn.functional.normalize(centres, dim=-1)
        close = (centres @ centres.T > 0.9).numpy()
        names = [{normalise(label) for label in wording.labels} for wording in self.wordings]
        near = [{normalise(label) for label in group} for group in NEAR]
        return [
            {
                j
                for j in range(len(names))
                if close[i, j] or names[i] & names[j] or any(names[i] & group and names[j] & group for group in near)
            }
            for i in range(len(names))
        ]

    def sample(self, count: int, seed: int, held: bool = False) -> list[SchemaQuestion]:
        """Samples questions: single relations, chains of two and three, and yes/no."""
        rng = random.Random(seed)
        questions: list[SchemaQuestion] = []
        while len(questions) < count:
            question = self._one(rng, self.held if held else self.wordings)
            if question is not None:
                questions.append(question)
        return questions

    def _one(self, rng: random.Random, wordings: Sequence[Wording]) -> SchemaQuestion | None:
        if wordings is not self.held and rng.random() < ASKED:
            return self._as_asked(*rng.choice(self.asked), rng)
        index = rng.randrange(len(wordings))
        wording = wordings[index]
        if rng.random() < YES_NO and wording.yesno:
            text = rng.choice(wording.yesno).replace("{s}", NAMED).replace("{o}", NAMED)
            return SchemaQuestion(varied(text, rng), ((index, False),), either=True)
        inverse = bool(wording.inverse) and rng.random() < 0.4
        path = [(index, inverse)]
        for _ in range(rng.choices((0, 1, 2), LONGER)[0]):
            path.append(self._next(path[-1], rng))
        text = self._asked_for(path, wordings, rng)
        return SchemaQuestion(varied(text, rng), tuple(path), len(path) == 1 and wording.symmetric)

    def _asked_for(self, path: Sequence[tuple[int, bool]], wordings: Sequence[Wording], rng: random.Random) -> str:
        """A question for what a path leads to."""
        steps = []
        for index, inverse in path:
            wording = wordings[index]
            classes = wording.subject if inverse else wording.object
            steps.append(Step(wording.labels, inverse, wording.questions(inverse), wording.phrases(inverse), classes))
        return composed(steps, NAMED, rng)

    def _as_asked(self, question: Asked, path: tuple[tuple[int, bool], ...], rng: random.Random) -> SchemaQuestion:
        text = question.text.replace("{x}", NAMED).replace("{y}", NAMED)
        either = question.kind == "?" or (len(path) == 1 and self.wordings[path[0][0]].symmetric)
        return SchemaQuestion(varied(text, rng), path, either)

    def _next(self, last: tuple[int, bool], rng: random.Random) -> tuple[int, bool]:
        """A relation that may follow: it starts from the class where the last one ended, where there is such a one."""
        chance = rng.random()
        if chance < REPEATED:
            return last
        if chance < REPEATED + RETURNED and self.wordings[last[0]].questions(not last[1]):
            return last[0], not last[1]
        wording = self.wordings[last[0]]
        reached = set(wording.subject if last[1] else wording.object)
        fitting = [
            (i, inverse)
            for i, other in enumerate(self.wordings)
            for inverse in (False, True)
            if reached & set(other.object if inverse else other.subject) and other.questions(inverse)
        ]
        if fitting and rng.random() < 0.8:
            return rng.choice(fitting)
        return rng.randrange(len(self.wordings)), False


def varied(text: str, rng: random.Random) -> str:
    """A question as it may be typed: amid talk, in lower case, or without its mark."""
    text = chat(text, rng)
    chance = rng.random()
    if chance < 0.15:
        return text.lower().replace("x", NAMED) if text.lower().count("x") == 1 else text
    if chance < 0.25:
        return text.rstrip("?.")
    if chance < 0.35:
        return text.rstrip("?.") + " ?"
    return text


def train_on_schema(
    reasoner: Reasoner,
    schema: Schema,
    encoder: TextEncoder,
    questions: int = 60_000,
    epochs: int = 3,
    seed: int = 0,
    learning_rate: float = 2e-3,
    batch_size: int = 128,
) -> list[float]:
    """Trains the reasoner to pick relations.

    Args:
        reasoner: Trained in place.
        schema: Relations, and wordings to train and to measure with.
        encoder: Encodes texts.
        questions: How many questions are sampled.
        epochs: Passes over them.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Questions a step.

    Returns:
        After each epoch, the share of 2,000 questions in held-out wordings of which the first relation was picked rightly.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    training, validation = schema.sample(questions, seed), schema.sample(2_000, seed + 1, held=True)
    states = token_states(encoder, {q.text for q in (*training, *validation)})

    def loss_of(batch: Sequence[SchemaQuestion], draw: np.random.Generator) -> tuple[torch.Tensor, float]:
        return _lesson(reasoner, schema, batch, [states[q.text] for q in batch], draw)

    kept = ("log_scale", "ranker.")
    learned = [value for name, value in reasoner.named_parameters() if not name.startswith(kept)]
    optimiser = torch.optim.AdamW(learned, lr=learning_rate, weight_decay=0.01)
    steps = epochs * (len(training) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps + 1, pct_start=0.1)
    accuracy = []
    for epoch in range(epochs):
        reasoner.train()
        order = rng.permutation(len(training))
        for start in track(range(0, len(order) - batch_size + 1, batch_size), f"relations, epoch {epoch + 1}"):
            batch = [training[i] for i in order[start : start + batch_size]]
            loss, _ = loss_of(batch, rng)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(reasoner.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        reasoner.eval()
        with torch.inference_mode():
            parts = [validation[start : start + 128] for start in range(0, len(validation), 128)]
            right = [loss_of(part, np.random.default_rng(i))[1] for i, part in enumerate(parts)]
        accuracy.append(float(np.mean(right)))
    return accuracy


def _lesson(
    reasoner: Reasoner,
    schema: Schema,
    batch: Sequence[SchemaQuestion],
    states: Sequence[torch.Tensor],
    rng: np.random.Generator,
) -> tuple[torch.Tensor, float]:
    """Loss of a batch, and the share of questions whose first relation is picked rightly."""
    tokens, mask = padded(states)
    if reasoner.training:
        mask &= (torch.rand(mask.shape) > FORGOTTEN) | (torch.arange(mask.shape[1]) == 0)
        remembered = [row[kept] for row, kept in zip(tokens, mask)]
        tokens = torch.nn.utils.rnn.pad_sequence(remembered, batch_first=True)
        mask = torch.arange(tokens.shape[1]) < mask.sum(1, keepdim=True)
    queries, hop = reasoner.read(tokens, mask)
    hops = hop.log_softmax(-1)
    # labels in play: two of each relation asked for, and a few hundred others
    asked_for = sorted({index for q in batch for index, _ in q.path})
    own = {index: rng.choice(schema.of[index], 2).tolist() for index in asked_for}
    others = rng.choice(len(schema.labels), MOST_OTHERS, replace=False).tolist()
    play = np.array(sorted({*others, *(position for several in own.values() for position in several)}))
    at = {int(position): place for place, position in enumerate(play)}
    owners = np.array(schema.owner)[play]
    relations = reasoner.encode_relations(schema.vectors[torch.from_numpy(play)])
    loss = -hops[torch.arange(len(batch)), torch.tensor([len(q.path) - 1 for q in batch])].mean()
    right = 1.0
    for step in range(reasoner.steps):
        rows = [i for i, q in enumerate(batch) if len(q.path) > step]
        if not rows:
            break
        present = np.zeros((len(rows), 2 * len(play)), bool)
        target = np.zeros((len(rows), 2 * len(play) + 1), np.float32)
        for r, i in enumerate(rows):
            asked = batch[i]
            index, inverse = asked.path[step]
            drawn = rng.integers(0, len(play), int(rng.integers(2, 40)))
            distractors = drawn[[owner not in schema.alike[index] for owner in owners[drawn].tolist()]]
            present[r, 2 * distractors + (rng.random(len(distractors)) < 0.4)] = True
            for other in asked.path:  # the question's other relations are the hardest to tell apart
                if other[0] not in schema.alike[index]:
                    present[r, 2 * at[int(rng.choice(own[other[0]]))] + other[1]] = rng.random() < 0.7
            label = at[int(rng.choice(own[index]))]
            if rng.random() < UNANSWERABLE:
                target[r, -1] = 1
                if not asked.either and rng.random() < 0.5:  # there, but the other way round
                    present[r, 2 * label + (not inverse)] = True
                continue
            directions = (False, True) if asked.either else (inverse,)
            if asked.either and rng.random() < 0.5:
                directions = (bool(rng.random() < 0.5),)
            for direction in directions:
                present[r, 2 * label + direction] = True
                target[r, 2 * label + direction] = 1 / len(directions)
            if not asked.either and rng.random() < 0.35:
                present[r, 2 * label + (not inverse)] = True
        fit = reasoner.fit(queries[step, rows], relations).masked_fill(~torch.from_numpy(present), -1e4)
        scored = torch.cat([fit, reasoner.none[step].expand(len(rows), 1)], dim=1).log_softmax(-1)
        goal = torch.from_numpy(target)
        loss = loss - (goal * scored).sum(1).mean() * len(rows) / len(batch)
        if step == 0:
            right = float((goal.gather(1, scored.argmax(1, keepdim=True)) > 0).float().mean())
    return loss, right
