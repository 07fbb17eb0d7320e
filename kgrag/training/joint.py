"""Trains what retrieves, what reasons and what writes together, on questions of which only the answers are known.

Passages and paths are latent (RAG: Lewis et al., NeurIPS 2020): an answer is as likely as all units of evidence together make it,
``log p(y|x) = log sum_z p(z|x) p(y|x, z)``. The plan ranker says how likely a path is, or none of them; what it gives to none is shared
out among passages by the likeness of the question to each. The generator says how likely the answer is given one unit. The
gradient goes into all of them: what helped to say the answer is found sooner the next time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch
from torch import nn

from kgrag.encoding.ranker import PlanRanker
from kgrag.errors import InputError, QuestionError
from kgrag.generation import Generator
from kgrag.retrieval.passages import PassageIndex
from kgrag.training.bi_encoder import nearest
from kgrag.training.generator import log_likelihoods
from kgrag.training.lessons import padded, token_states
from kgrag.training.loop import Course, Quality, learn
from kgrag.training.marginals import rag_sequence, rag_token
from kgrag.training.towers import Turn
from kgrag.training.units import Asked, ask_all
from kgrag.types import Floats, Ids, Question

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

Marginal = Literal["sequence", "token"]
MARGINALS = {"sequence": rag_sequence, "token": rag_token}
JOINTLY = Course(epochs=4, learning_rate=1e-3, batch_size=8, patience=2)
TEMPERATURE = 0.03  # what cosines of questions and passages are divided by
READ = 4  # passages that are read for a question at a time, the likeliest
UNSAID = float(np.log(1e-6))  # log-likelihood of a name where the evidence does not hold it: it cannot be written there
MEASURED = 8  # questions that are measured at once
FOUND = 5  # passages among which the right one should be
HELD = 0.15


@dataclass(frozen=True)
class Curve:
    """What joint training does to held questions, one number before it and one after each epoch.

    Attributes:
        likelihood: Mean log-likelihood of the answers.
        recall: Share of the known passages that are among the first five; nan where none are known.
        passage_rank: Mean reciprocal rank of the first known passage among ten, likewise.
        path_rank: Mean reciprocal rank of the path that was meant, likewise.
    """

    likelihood: list[float]
    recall: list[float]
    passage_rank: list[float]
    path_rank: list[float]


class Together(nn.Module):
    """What is trained at once.

    Args:
        generator: Writes answers.
        ranker: Ranks paths.
        turn: Turns the vectors of questions towards the passages that answer them.
    """

    def __init__(self, generator: Generator, ranker: PlanRanker, turn: Turn) -> None:
        super().__init__()
        self.generator, self.ranker, self.turn = generator, ranker, turn


class JointLessons:
    """Questions with their units of evidence.

    Args:
        rag: The system, as it was when the questions were asked.
        together: What learns.
        asked: To learn from.
        held: To measure by.
        marginal: "sequence" where one unit says the whole answer, "token" where each name may come from another one.
    """

    def __init__(
        self, rag: KGRAG, together: Together, asked: Sequence[Asked], held: Sequence[Asked], marginal: Marginal
    ) -> None:
        self.index, self.encoder, self.together = rag.passages, rag.encoder, together
        self.asked, self.held, self.marginal = asked, held, MARGINALS[marginal]
        self.curve = Curve([], [], [], [])
        self._ranker = rag.passages.ranker
        self._labels = torch.from_numpy(rag.reader.phrasebook.relation_labels())
        self._vectors = _vectors(rag, [*asked, *held])
        self._states = token_states(rag.encoder, {one.masked for one in (*asked, *held)})
        with torch.no_grad():  # what speaks for a path beside the ranker stays as it was
            together.eval()
            self._beside = {one.text: one.log_chances - self._scores([one])[0] for one in (*asked, *held)}

    def __len__(self) -> int:
        return len(self.asked)

    def loss(self, places: Ids) -> torch.Tensor:
        """Mean of minus the log-likelihood of some answers."""
        return -self.log_likelihood([self.asked[place] for place in places.tolist()]).mean()

    def log_likelihood(self, asked: Sequence[Asked]) -> torch.Tensor:
        """``log p(y|x)`` of the answers to questions, shape (questions,)."""
        priors = self.log_prior(asked)
        units = max(map(len, priors), default=0)
        names = max(one.names for one in asked) + 1
        log_prior = torch.stack([nn.functional.pad(p, (0, units - len(p)), value=float("-inf")) for p in priors])
        read = [self._read(one, prior.detach()) for one, prior in zip(asked, priors)]
        return self.marginal(log_prior, self._by_unit(asked, read, units, names))

    def log_prior(self, asked: Sequence[Asked]) -> list[torch.Tensor]:
        """``log p(z|x)`` of each question's units, of passages that are not read ``-inf``; each of shape (units,)."""
        priors = []
        for one, scores in zip(asked, self._scores(asked)):
            paths = (scores + self._beside[one.text]).log_softmax(-1)
            passages = self._passages(one)
            read = passages.topk(min(READ, len(passages))).indices
            chosen = torch.full_like(passages, float("-inf")).index_put((read,), passages[read].log_softmax(-1))
            priors.append(torch.cat([paths[:-1], paths[-1] + chosen]))
        return priors

    def _scores(self, asked: Sequence[Asked]) -> list[torch.Tensor]:
        """What the ranker makes of the paths of each question, and of none, shape (paths + 1,) each."""
        tokens, mask = padded([self._states[one.masked] for one in asked])
        counts = [len(one.plans) for one in asked]
        owner = torch.arange(len(asked)).repeat_interleave(torch.tensor(counts))
        if not sum(counts):
            return [torch.zeros(1) for _ in asked]
        plans = torch.cat([one.plans for one in asked])
        scores, none = self.together.ranker(tokens, mask, self._labels, plans, owner)
        return [torch.cat([own, none[i, None]]) for i, own in enumerate(scores.split(counts))]

    def _passages(self, one: Asked) -> torch.Tensor:
        """Logit of each passage of a question, shape (passages,)."""
        if not len(one.rows):
            return torch.zeros(0)
        assert self.index.contents.vectors is not None
        vectors, places = self.index.contents.vectors.windows(one.rows)
        scores = torch.from_numpy(vectors) @ self.together.turn(self._vectors[one.text])
        return nearest(scores[None], places, len(one.rows))[0] / TEMPERATURE

    def _read(self, one: Asked, log_prior: torch.Tensor) -> list[int]:
        """Places of the units that are read: those that there are, and that say something of the answer."""
        return [i for i, unit in enumerate(one.units) if unit is not None and log_prior[i].isfinite()]

    def _by_unit(self, asked: Sequence[Asked], read: Sequence[Sequence[int]], units: int, names: int) -> torch.Tensor:
        """``log p(y_t|x, z)`` of each name, and of the end of the answer, shape (questions, units, names)."""
        generator = self.together.generator
        prompts, targets, cells = [], [], list[tuple[int, int, int]]()
        known = torch.zeros(len(asked), units, names, dtype=torch.bool)
        for question, (one, places) in enumerate(zip(asked, read)):
            known[question, :, one.names + 1 :] = True  # a shorter answer is over
            for place in places:
                unit = one.units[place]
                assert unit is not None
                target, owners = unit.target(generator)
                prompts.append(unit.prompt)
                targets.append(target)
                cells += [(question, place, owner) for owner in owners]
        found = torch.zeros(len(asked), units, names)
        if prompts:
            index = tuple(torch.tensor(cells).T)
            found = found.index_put(index, log_likelihoods(generator, prompts, targets).cpu(), accumulate=True)
            known[index] = True
        return torch.where(known, found, UNSAID)

    @torch.no_grad()
    def quality(self) -> Quality:
        """Mean likelihood of the held answers; what else is measured goes into the curve."""
        likelihood, ranks = [], []
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            for start in range(0, len(self.held), MEASURED):
                part = self.held[start : start + MEASURED]
                said = [one for one in part if one.names]
                likelihood += self.log_likelihood(said).tolist() if said else []
                likelihood += [UNSAID] * (len(part) - len(said))
                ranks += [self._path_rank(one) for one in part if one.gold_plan is not None]
        passages = self._passage_ranks()
        self.curve.likelihood.append(_mean(likelihood))
        self.curve.path_rank.append(_mean(ranks))
        self.curve.recall.append(_mean([recall for recall, _ in passages]))
        self.curve.passage_rank.append(_mean([rank for _, rank in passages]))
        return Quality(_mean(np.exp(likelihood)), 0.0)

    def _path_rank(self, one: Asked) -> float:
        """Reciprocal rank of the path that was meant; those beyond the units stay where they are."""
        place = one.gold_plan
        if place is None or place < 0:
            return 0.0
        if place >= len(one.plans):
            return 1 / (1 + place)
        prior = self.log_prior([one])[0][: len(one.plans)]
        return 1 / (1 + int((prior > prior[place]).sum()))

    def _passage_ranks(self) -> list[tuple[float, float]]:
        """Of each question of which passages are known: share among the first five, and reciprocal rank among ten."""
        known = [one for one in self.held if len(one.gold_rows)]
        if not known:
            return []
        self.install()
        questions, iris = [one.text for one in known], [one.entities for one in known]
        found = self.index.search_many(questions, 2 * FOUND, self.encoder, iris)
        measured = []
        for one, hits in zip(known, found):
            is_gold = np.isin(self.index.contents.rows.find([hit.passage.id for hit in hits]), one.gold_rows)
            first = np.flatnonzero(is_gold)
            rank = 1 / (1 + int(first[0])) if len(first) else 0.0
            measured.append((is_gold[:FOUND].sum() / min(len(one.gold_rows), FOUND), rank))
        return measured

    def install(self) -> None:
        """Lets the index search as was learned."""
        self.index.learn(replace(self._ranker, turn=self.together.turn.matrix), self.encoder)


def train_jointly(
    rag: KGRAG,
    questions: Sequence[Question],
    valid: Sequence[Question] = (),
    marginal: Marginal = "sequence",
    course: Course = JOINTLY,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> Curve:
    """Trains the retriever, the ranker of paths and the generator of a system together, in place.

    All are kept as they were after the epoch in which the held answers were likeliest, or as before.

    Args:
        rag: The system, trained by stages before, or not.
        questions: With answers (``answers`` or ``answer_text``); passages and paths need not be known, and are not looked at.
        valid: To choose by; some of ``questions`` where not given. What is known of their passages and paths is measured.
        marginal: See `JointLessons`.
        course: How long and how fast.
        checkpoint: See `kgrag.training.loop.learn`, as for ``log_file`` and what is raised beside.

    Returns:
        Figures of the held questions, since this call.

    Raises:
        InputError: There is no such marginal, or what writes answers cannot be trained.
        QuestionError: No evidence of any question says its answer.
    """
    if marginal not in get_args(Marginal):
        raise InputError(f"There is no marginal {marginal!r}.", f"Choose one of {', '.join(get_args(Marginal))}.")
    if not isinstance(rag.generator, Generator):
        raise InputError("The generator of this system is no model that can be trained.", "Give a `Generator`.")
    asked = ask_all(rag, questions)
    held = ask_all(rag, valid)
    if not held:
        order = np.random.default_rng(course.seed).permutation(len(asked)).tolist()
        cut = max(1, round(HELD * len(asked)))
        held, asked = [asked[i] for i in order[:cut]], [asked[i] for i in order[cut:]]
    asked = [one for one in asked if one.names]
    if not asked or not held:
        raise QuestionError(
            "What is found for the questions says none of their answers.",
            "Give questions with 'answers' that are labels of the graph, or stand in the passages.",
        )
    together = Together(rag.generator, rag.reader.reasoner.ranker, _turn(rag.passages, rag.encoder.width))
    lessons = JointLessons(rag, together, asked, held, marginal)
    learn(together, lessons, course, "retriever, reasoner and generator", checkpoint, log_file)
    lessons.install()
    return lessons.curve


def _turn(index: PassageIndex, width: int) -> Turn:
    """As questions are turned now."""
    turn = Turn(width)
    if index.ranker.turn is not None:
        turn.change.data = torch.from_numpy(index.ranker.turn) - torch.eye(width)
    return turn


def _vectors(rag: KGRAG, asked: Sequence[Asked]) -> dict[str, torch.Tensor]:
    """Vectors of questions before they are turned."""
    texts = sorted({one.text for one in asked})
    unturned: Floats = replace(rag.passages.ranker, turn=None).encode_questions(texts, rag.encoder)
    return dict(zip(texts, torch.from_numpy(unturned)))


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
