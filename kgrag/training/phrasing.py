"""Teaches a text encoder that two ways of asking for the same thing are alike, and those for different things are not.

Each batch has two ways of asking for each of some plans (sequences of relations); every one is to be nearer to its fellow than to
those for the others (InfoNCE: van den Oord et al., 2018; for sentences Gao et al.: SimCSE, EMNLP 2021). One of the two is often made
of a label alone, so that relations which were never seen are found by their labels. What asks for one relation both ways round,
and what asks for relations of like names, is drawn into the same batch: these are hardest to tell apart.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from kgrag.encoder import MiniLM
from kgrag.encoding.phrasebook import NAMED
from kgrag.encoding.phrasing import Phrasing
from kgrag.progress import track
from kgrag.training.schema import Schema, varied
from kgrag.training.towers import Tower
from kgrag.types import TextEncoder
from kgrag.wordings import Wording, generic_wording

STEPS, LEARNING_RATE, RANK = 600, 4e-4, 16
PLANS = 64  # in a batch
SINGLE = 44  # of these, most that have one relation
TOGETHER = 32  # plans of one relation that are drawn with their neighbours
NEIGHBOURS, OF_NEAREST = 4, 12  # relations of like names that are drawn with one, of so many
SHARE_NEAR = 0.6  # of batches that are drawn so
BY_LABEL = 0.4  # share of pairs of which one is made of a label alone
CHATTED = 0.35  # share of pairs of which one stands amid talk
SHARPNESS = 20.0  # of the softmax over cosines
ENCODED = 32  # texts at once, of about one length

Path = tuple[tuple[int, bool], ...]


class Askings:
    """Plans over the relations of a schema, and the ways of asking for each.

    Args:
        schema: Relations in the words to train with, and in others to measure with.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.heard: dict[Path, list[str]] = {}
        for index, wording in enumerate(schema.wordings):
            for inverse in (False, True):
                if texts := _texts(wording, inverse):
                    self.heard[(index, inverse),] = texts
        for question, path in schema.asked:
            if question.kind != "?":
                text = question.text.replace("{x}", NAMED).replace("{y}", NAMED)
                self.heard.setdefault(path, []).append(text)
        self.by_label: dict[Path, list[str]] = {
            path: [
                text
                for label in schema.wordings[path[0][0]].labels
                for text in _texts(generic_wording(label), path[0][1])
            ]
            for path in self.heard
            if len(path) == 1
        }
        centres = functional.normalize(torch.stack([schema.vectors[of].mean(0) for of in schema.of]), dim=-1)
        self._nearest = (-(centres @ centres.T)).argsort(dim=1)[:, :OF_NEAREST].tolist()
        self._single = [path for path in self.heard if len(path) == 1]
        self._longer = [path for path in self.heard if len(path) > 1 and len(self.heard[path]) > 1]

    def draw(self, rng: random.Random) -> list[Path]:
        """Plans of a batch, all different."""
        chosen: dict[Path, None] = {}
        if rng.random() < SHARE_NEAR:
            while len(chosen) < min(TOGETHER, len(self._single)):
                index = rng.choice(self._single)[0][0]
                near = self._nearest[index]
                chosen.update(self._both(index, *rng.sample(near, min(NEIGHBOURS, len(near)))))
        else:
            chosen.update(
                self._both(*(path[0][0] for path in rng.sample(self._single, min(SINGLE // 2, len(self._single)))))
            )
        single = list(chosen)[:SINGLE]
        return single + rng.sample(self._longer, min(PLANS - len(single), len(self._longer)))

    def pair(self, path: Path, rng: random.Random) -> tuple[str, str]:
        """Two ways of asking for a plan."""
        heard, by_label = self.heard[path], self.by_label.get(path)
        one = rng.choice(heard)
        if by_label and (len(heard) < 2 or rng.random() < BY_LABEL):
            other = rng.choice(by_label)
        else:
            other = rng.choice([text for text in heard if text != one] or heard)
        return (varied(one, rng) if rng.random() < CHATTED else one), other

    def alike(self, one: Path, other: Path) -> bool:
        """Whether what asks for one plan may well ask for the other."""
        if len(one) != len(other):
            return False
        wordings, alike = self.schema.wordings, self.schema.alike
        return all(
            (inverse == turned or wordings[index].symmetric) if index == beside else beside in alike[index]
            for (index, inverse), (beside, turned) in zip(one, other)
        )

    def _both(self, *relations: int) -> dict[Path, None]:
        """Plans of one relation, forward and inverse."""
        paths: list[Path] = [((index, inverse),) for index in relations for inverse in (False, True)]
        return {path: None for path in paths if path in self.heard}


def train_phrasing(
    encoder: MiniLM, schema: Schema, steps: int = STEPS, seed: int = 0, learning_rate: float = LEARNING_RATE
) -> tuple[Phrasing, list[float]]:
    """Trains low-rank products for the layers of an encoder.

    Args:
        encoder: It is not changed.
        schema: Relations, and wordings to train and to measure with.
        steps: Batches.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.

    Returns:
        The products, and the share of questions in held-out wordings whose nearest way of asking is for the right relation, before
        and after.
    """
    torch.manual_seed(seed)
    rng, askings, tower = random.Random(seed), Askings(schema), Tower(encoder, RANK)
    trained = [weight for weight in tower.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps + 1, pct_start=0.1)
    tower.train()
    for _ in track(range(steps), "ways of asking"):
        loss = contrast(tower, askings, rng)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
    phrasing = Phrasing(encoder.name, tower.products())
    return phrasing, [recognised(one, askings) for one in (encoder, phrasing.of(encoder))]


def recognised(encoder: TextEncoder, askings: Askings) -> float:
    """Of questions in held-out wordings, the share whose nearest known way of asking is for the right relation."""
    asked = [(text, path) for path in askings.by_label for text in _texts(askings.schema.held[path[0][0]], path[0][1])]
    known = [(text, path) for path in askings.by_label for text in askings.heard[path]]
    ways = encoder.encode([text for text, _ in known])
    nearest = (encoder.encode([text for text, _ in asked]) @ ways.T).argmax(1)
    return float(np.mean([askings.alike(path, known[place][1]) for (_, path), place in zip(asked, nearest.tolist())]))


def contrast(tower: Tower, askings: Askings, rng: random.Random) -> torch.Tensor:
    """Loss of a batch: every way of asking with its fellow, and with those for other plans."""
    paths = askings.draw(rng)
    pairs = [askings.pair(path, rng) for path in paths]
    ones, others = _encoded(tower, [text for pair in zip(*pairs) for text in pair]).chunk(2)
    same = torch.eye(len(paths), dtype=torch.bool)
    alike = torch.tensor([[askings.alike(one, other) for other in paths] for one in paths])
    across = (SHARPNESS * ones @ others.T).masked_fill(alike & ~same, -1e4)
    within = (SHARPNESS * ones @ ones.T).masked_fill(alike | same, -1e4)
    places = torch.arange(len(paths))
    forward = functional.cross_entropy(torch.cat([across, within], dim=1), places)
    return (forward + functional.cross_entropy(across.T, places)) / 2


def _encoded(tower: Tower, texts: Sequence[str]) -> torch.Tensor:
    """Unit vectors of texts, shape (texts, width); those of about one length are encoded together."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    parts = [order[first : first + ENCODED] for first in range(0, len(order), ENCODED)]
    vectors = torch.cat([tower([texts[place] for place in part]) for part in parts])
    return vectors[torch.tensor(order).argsort()]


def _texts(wording: Wording, inverse: bool) -> list[str]:
    return [text.replace("{x}", NAMED) for text in (*wording.questions(inverse), *wording.phrases(inverse))]
