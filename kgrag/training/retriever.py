"""Trains how passages are found: the encoders of questions and passages (DPR: Karpukhin et al., EMNLP 2020), then the fusion.

What is learned from is questions with the passages that answer them. Passages that BM25 or the encoder takes for right, and
others of the same document, are held against these, and so are those of the other questions of a batch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch

from kgrag.encoder import MiniLM
from kgrag.errors import InputError, ModelError
from kgrag.progress import track
from kgrag.retrieval import PassageIndex
from kgrag.retrieval.passages.ranker import Ranker
from kgrag.training.bi_encoder import ENCODED, MINED, NEGATIVES, BiEncoder, Mined
from kgrag.training.checkpoint import Checkpoint, restore, trained_state
from kgrag.training.fusion import fit_fusion
from kgrag.training.passage_lessons import Lesson, Pair
from kgrag.training.ranking_loss import Loss, ranking_loss
from kgrag.training.towers import Tower, Turn
from kgrag.types import Ids, TextEncoder

log = logging.getLogger(__name__)
Towers = Literal["turn", "questions", "both", "shared"]
HELD, MOST_HELD = 0.15, 2_000  # share and number of the questions that are kept to choose by
OTHERS = 2_000  # further passages in a batch, where their vectors are at hand
DEPTH = 50


class RetrieverTrainer:
    """Trains an index to find the passages that answer questions.

    Args:
        index: Trained in place.
        encoder: What the index is built with.
        towers: What of the encoders is trained: ``"turn"`` a linear map of the vectors of questions, which takes seconds and
            leaves the vectors of passages as they are; ``"questions"`` the encoder of questions, likewise; ``"both"`` one of
            questions and one of passages; ``"shared"`` one for both. The last two encode all passages after each epoch.
        rank: Of the products that are trained beside the linear layers of encoders; all weights are trained where None.
        loss: ``"cross-entropy"`` over all passages in a batch; ``"contrastive"``, the same from passages to questions as well;
            ``"hinge"``, by how much wrong passages come nearer than `MARGIN` behind the right ones.
        temperature: What cosines are divided by in the first two.
        epochs: Most passes; with none the fusion alone is fitted, to all questions.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule; where not given, 1e-3 for ``"turn"``, 1e-4 for products and 5e-5 for all
            weights of encoders.
        batch_size: Questions a step.
        patience: Epochs without improvement before it stops.
        anew: Whether, once the epoch is chosen and the fusion fitted, encoders are trained again, for as many epochs, on the held
            questions as well, where these were taken from the others.

    Raises:
        InputError: There is no such loss, or no such towers.
    """

    def __init__(
        self,
        index: PassageIndex,
        encoder: TextEncoder,
        towers: Towers = "turn",
        rank: int | None = 8,
        loss: Loss = "cross-entropy",
        temperature: float = 0.03,
        epochs: int = 8,
        seed: int = 0,
        learning_rate: float | None = None,
        batch_size: int = 64,
        patience: int = 2,
        anew: bool = True,
    ) -> None:
        for name, value, choices in (("towers", towers, get_args(Towers)), ("loss", loss, get_args(Loss))):
            if value not in choices:
                raise InputError(f"There are no {name} {value!r}.", f"Choose one of {', '.join(choices)}.")
        self.index, self.encoder = index, encoder
        self.towers, self.rank, self.loss, self.temperature = towers, rank, loss, temperature
        self.epochs, self.seed, self.batch_size, self.patience = epochs, seed, batch_size, patience
        self.anew = anew
        self.learning_rate = learning_rate or (1e-3 if towers == "turn" else 1e-4 if rank else 5e-5)

    def train(
        self,
        lessons: Sequence[Lesson],
        held: Sequence[Lesson] = (),
        checkpoint: Path | None = None,
        pairs: Sequence[Pair] = (),
    ) -> list[float]:
        """Trains.

        The encoders are kept as they were after the epoch that served the held questions best, or as before; then the
        fusion is fitted to what is found for these.

        Args:
            lessons: Questions to learn from.
            held: Questions to choose by; some of ``lessons`` where not given.
            checkpoint: File that is written after each epoch, and gone on from where it is there.
            pairs: What encoders learn from first, each to be told from the others of a batch; kept only if it serves the held
                questions.

        Returns:
            Mean reciprocal rank of the first right passage among ten, by encoders alone, for the held questions: before, after
            the pairs where there are any, then after each epoch.

        Raises:
            ModelError: Training cannot go on from ``checkpoint``, or encoders are to be trained that cannot be.
        """
        every = lessons if self.anew and not held else ()
        if not held and not self.epochs:
            held = lessons
        elif not held:
            order = np.random.default_rng(self.seed).permutation(len(lessons)).tolist()
            cut = min(round(HELD * len(lessons)), MOST_HELD)
            held, lessons = [lessons[i] for i in order[:cut]], [lessons[i] for i in order[cut:]]
        self.index.build(self.encoder)
        self.index.learn(Ranker(), self.encoder)
        model = self._model()
        history = self._epochs(model, lessons, held, checkpoint, pairs)
        is_better = max(history) > history[0]
        if is_better:
            self.index.learn(self._ranker(model), self.encoder)
        self._fuse(held)
        if is_better and every:
            self._train_anew(every, history.index(max(history)) - bool(pairs), pairs if history[1] > history[0] else ())
        return history

    def _epochs(
        self,
        model: BiEncoder,
        lessons: Sequence[Lesson],
        held: Sequence[Lesson],
        checkpoint: Path | None,
        pairs: Sequence[Pair],
    ) -> list[float]:
        """Trains the encoders; leaves them as they were at their best."""
        optimiser = self._optimiser(model)
        file = Checkpoint(checkpoint, self._settings(len(lessons), len(pairs)))
        before = file.read(model, optimiser)
        best, history, waited = before or (trained_state(model), [self._quality(model, held)], 0)
        if pairs and len(history) == 1:
            self._warm_start(model, pairs)
            history.append(self._quality(model, held))
            log.info("after %d pairs: mean reciprocal rank %.4f", len(pairs), history[-1])
            if history[1] > history[0]:
                best = trained_state(model)
            restore(model, best)
            model.changed()
            file.write(model, optimiser, best, history, waited)
        mined = Mined(self.index, lessons if self.epochs else ())
        for epoch in range(len(history) - 1 - bool(pairs), self.epochs):
            if waited >= self.patience:
                break
            self._epoch(model, optimiser, lessons, mined, epoch)
            history.append(self._quality(model, held))
            log.info("epoch %d: mean reciprocal rank %.4f", epoch + 1, history[-1])
            waited = 0 if history[-1] == max(history) and history[-1] > max(history[:-1]) else waited + 1
            best = trained_state(model) if not waited else best
            file.write(model, optimiser, best, history, waited)
        restore(model, best)
        model.eval()
        return history

    def _warm_start(self, model: BiEncoder, pairs: Sequence[Pair]) -> None:
        """One pass over pairs of texts."""
        optimiser, order = self._optimiser(model), np.random.default_rng(self.seed).permutation(len(pairs))
        steps = -(-len(pairs) // self.batch_size)
        model.changed()
        model.train()
        for step in track(range(steps), "retriever, warm start"):
            batch = [pairs[i] for i in order[step * self.batch_size : (step + 1) * self.batch_size]]
            answers = list(dict.fromkeys(answer for _, answer in batch))
            right = torch.tensor([[answer == one for one in answers] for _, answer in batch])
            scores = model.questions_of([text for text, _ in batch]) @ model.answers_of(answers).T
            self._step(optimiser, ranking_loss(scores, right, self.loss, self.temperature), step / steps)
        model.eval()

    def _train_anew(self, lessons: Sequence[Lesson], epochs: int, pairs: Sequence[Pair]) -> None:
        """Trains encoders from the start for so many epochs; the fusion stays, which was fitted to what they had not seen."""
        fusion = self.index.ranker.fusion
        self.index.learn(Ranker(), self.encoder)
        model = self._model()
        if pairs:
            self._warm_start(model, pairs)
        optimiser, mined = self._optimiser(model), Mined(self.index, lessons)
        for epoch in range(epochs):
            self._epoch(model, optimiser, lessons, mined, epoch)
        self.index.learn(replace(self._ranker(model), fusion=fusion), self.encoder)

    def _optimiser(self, model: BiEncoder) -> torch.optim.AdamW:
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        return torch.optim.AdamW(trained, lr=self.learning_rate, weight_decay=0.05)

    def _epoch(
        self, model: BiEncoder, optimiser: torch.optim.AdamW, lessons: Sequence[Lesson], mined: Mined, epoch: int
    ) -> None:
        """One pass over the lessons."""
        rng = np.random.default_rng([self.seed, epoch])  # of each epoch its own, to go on as if never interrupted
        torch.manual_seed(int(rng.integers(1 << 31)))
        near = self._nearest(model, lessons, MINED)
        order, steps = rng.permutation(len(lessons)), -(-len(lessons) // self.batch_size)
        model.changed()
        model.train()
        for step in track(range(steps), f"retriever, epoch {epoch + 1} of {self.epochs}"):
            places = order[step * self.batch_size : (step + 1) * self.batch_size]
            wrong = [mined.wrong(i, near[i], NEGATIVES if model.passages is None else ENCODED, rng) for i in places]
            loss = self._loss(model, [lessons[i] for i in places], wrong, rng)
            self._step(optimiser, loss, (epoch * steps + step) / (self.epochs * steps))
        model.eval()

    def _step(self, optimiser: torch.optim.AdamW, loss: torch.Tensor, share: float) -> None:
        """One step, after a share of all."""
        (group,) = optimiser.param_groups
        group["lr"] = self.learning_rate * _one_cycle(share)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        optimiser.step()

    def _loss(
        self, model: BiEncoder, lessons: Sequence[Lesson], wrong: Sequence[Ids], rng: np.random.Generator
    ) -> torch.Tensor:
        """Of a batch: each question with the right and the wrong passages of all."""
        rows = [*(lesson.gold for lesson in lessons), *wrong]
        if model.passages is None:
            rows.append(rng.integers(self.index.contents.encoded, size=OTHERS))
        candidates = np.unique(np.concatenate(rows))
        candidates = candidates[self.index.contents.rows.is_live[candidates]]
        right = torch.from_numpy(np.stack([np.isin(candidates, lesson.gold) for lesson in lessons]))
        scores = model.scores([lesson.question for lesson in lessons], candidates)
        return ranking_loss(scores, right, self.loss, self.temperature)

    def _nearest(self, model: BiEncoder, lessons: Sequence[Lesson], limit: int) -> list[Ids]:
        """The rows that the encoders take for nearest to each question."""
        with torch.no_grad():
            batches = range(0, len(lessons), 256)
            encoded = [model.questions_of([one.question for one in lessons[i : i + 256]]) for i in batches]
        vectors = model.all_passages()
        assert vectors is not None
        return [ranking.rows for ranking in vectors.search(torch.cat(encoded).numpy(), limit)]

    def _quality(self, model: BiEncoder, held: Sequence[Lesson]) -> float:
        """Mean reciprocal rank of the first right passage among ten."""
        found = zip(held, self._nearest(model, held, 10)) if held else ()
        hits = [np.flatnonzero(np.isin(rows, lesson.gold)) for lesson, rows in found]
        return sum(1 / (1 + int(places[0])) for places in hits if len(places)) / max(len(held), 1)

    def _fuse(self, held: Sequence[Lesson]) -> None:
        """Fits the fusion to what the index finds for held questions."""
        texts = [lesson.question for lesson in held]
        vectors = self.index.ranker.encode_questions(texts, self.encoder)
        named, expansions = [lesson.entities for lesson in held], [lesson.expansion for lesson in held]
        pools = self.index.contents.pools(texts, vectors, DEPTH, named, expansions=expansions)
        fusion = fit_fusion(pools, [lesson.gold for lesson in held])
        self.index.learn(replace(self.index.ranker, fusion=fusion), self.encoder)

    def _model(self) -> BiEncoder:
        torch.manual_seed(self.seed)
        if self.towers == "turn":
            return BiEncoder(self.index, self.encoder, Turn(self.encoder.width), None)
        if not isinstance(self.encoder, MiniLM):
            raise ModelError(
                f"{self.encoder.name!r} is no model that can be trained.", 'Give a `MiniLM`, or train the "turn" alone.'
            )
        questions = Tower(self.encoder, self.rank)
        passages = {"questions": None, "shared": questions}.get(self.towers) or (
            Tower(self.encoder, self.rank) if self.towers == "both" else None
        )
        return BiEncoder(self.index, self.encoder, questions, passages)

    def _ranker(self, model: BiEncoder) -> Ranker:
        if isinstance(model.questions, Turn):
            return Ranker(turn=model.questions.matrix)
        if model.passages is None:
            return Ranker(questions=model.questions.trained("questions"))
        passages = model.passages.trained("passages")
        return Ranker(
            questions=None if self.towers == "shared" else model.questions.trained("questions"), passages=passages
        )

    def _settings(self, count: int, pairs: int) -> dict[str, object]:
        names = ("towers", "rank", "loss", "temperature", "epochs", "seed", "learning_rate", "batch_size", "patience")
        return {name: getattr(self, name) for name in names} | {
            "encoder": self.encoder.name,
            "questions": count,
            "pairs": pairs,
        }


def _one_cycle(share: float) -> float:
    """Learning rate after a share of all steps, as a fraction of its peak: up within a tenth, then down to 0."""
    return max(share / 0.1, 0.01) if share < 0.1 else 0.5 * (1 + math.cos(math.pi * (share - 0.1) / 0.9))
