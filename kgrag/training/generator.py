"""Trains the generator on prompts with reference answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from kgrag.config import GenerationConfig
from kgrag.generation import Draft, Generator, Prompt
from kgrag.generation.references import Step
from kgrag.training.loop import Batches, Course, Quality, learn
from kgrag.types import Ids

WRITING = Course(epochs=3, learning_rate=1e-3, batch_size=32)
ALIKE = 16  # batches that are made from prompts drawn together, like lengths side by side: padding costs time
MEASURED = 32  # prompts that are measured at once


@dataclass(frozen=True)
class Example:
    """A prompt and the steps of its reference answer."""

    prompt: Prompt
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Disturbance:
    """What makes learning harder, so that less is learned by heart.

    Attributes:
        noise: NEFTune's alpha: embeddings are shifted at random by up to ``noise / sqrt(length * width)`` (Jain et al., ICLR 2024).
        hidden: Chance that an item is not read which neither the question nor the answer names.
    """

    noise: float = 0.0
    hidden: float = 0.0


CALM = Disturbance()


class Target(NamedTuple):
    """What is written after a prompt, and what is right there.

    Attributes:
        ids: Token ids.
        right: Places among them, each with the ids that are right in it and the logarithm of how right each is.
    """

    ids: list[int]
    right: list[tuple[int, dict[int, float]]]


def target_of(generator: Generator, steps: Sequence[Step]) -> Target:
    """A reference answer as tokens. Within a list of answers every one not yet said is right; the one fed on is drawn at random."""
    first, ids, right = generator.model.vocabulary, list[int](), list[dict[int, float]]()
    said: set[int] = set()
    for step in (*steps, "<eos>"):
        if isinstance(step, str):
            tokens = generator.token_ids(step)
            ids += tokens
            right += [{token: 0.0} for token in tokens]
        else:
            left = [i for i in step if i not in said] or list(step)
            choice = left[int(torch.randint(len(left), ()))]
            if len(step) > 1:
                said.add(choice)
            ids.append(first + choice)
            right.append({first + i: 0.0 for i in left})
    return Target(ids, list(enumerate(right)))


def log_likelihoods(
    generator: Generator, prompts: Sequence[Prompt], targets: Sequence[Target], disturbance: Disturbance = CALM
) -> torch.Tensor:
    """Log-probability that what is right is written, at each place of each target.

    Returns:
        Shape (places,), one target after the other.
    """
    model, pad = generator.model, generator.special["<pad>"]
    asked = [generator.prompt_ids(prompt) for prompt in prompts]
    longest = max(len(prompt) + len(target.ids) for prompt, target in zip(asked, targets))
    inputs = torch.full((len(asked), longest), pad, device=generator.device)
    mask = torch.zeros_like(inputs)
    row_index, at, allowed = [], [], []
    for r, (prompt, target) in enumerate(zip(asked, targets)):
        ids = prompt + target.ids
        inputs[r, : len(ids)] = inputs.new_tensor(ids)
        mask[r, : len(ids)] = 1
        if disturbance.hidden:
            mask[r, _hidden(prompts[r], prompt, target, model.vocabulary, disturbance.hidden)] = 0
        for t, tokens in target.right:
            row_index.append(r)
            at.append(len(prompt) + t - 1)
            allowed.append(tokens)
    reading, _ = generator.read(prompts)
    if disturbance.noise:
        reading["items"] = _shifted(reading["items"], disturbance.noise, longest)
    with _noisy_words(generator, disturbance.noise):
        logits = model(inputs, attention_mask=mask, **reading).logits
    scores = logits[torch.tensor(row_index), torch.tensor(at)].float().log_softmax(-1)
    goal = torch.full_like(scores, float("-inf"))
    for place, tokens in enumerate(allowed):
        goal[place, list(tokens)] = scores.new_tensor(list(tokens.values()))
    return (scores + goal).logsumexp(-1)


def set_valued_loss(generator: Generator, examples: Sequence[Example], disturbance: Disturbance = CALM) -> torch.Tensor:
    """Mean over written tokens of ``-log sum p`` over the tokens that are right next."""
    targets = [target_of(generator, example.steps) for example in examples]
    return -log_likelihoods(generator, [example.prompt for example in examples], targets, disturbance).mean()


def agrees(steps: Sequence[Step], draft: Draft) -> bool:
    """Whether a draft is worded as the reference, names in any order where any is right."""
    if "<abstain>" in steps or draft.abstained:
        return draft.abstained and "<abstain>" in steps
    said = [word for piece in draft.pieces for word in (piece.split() if isinstance(piece, str) else [piece])]
    wanted = [step for step in steps if not (isinstance(step, str) and step.startswith("<"))]
    return len(said) == len(wanted) and all(
        word == step if isinstance(step, str) else word in step for word, step in zip(said, wanted)
    )


@torch.no_grad()
def agreement(generator: Generator, examples: Sequence[Example], config: GenerationConfig | None = None) -> float:
    """Share of prompts whose answer is worded exactly as the reference."""
    agreed = 0
    for start in range(0, len(examples), MEASURED):
        part = examples[start : start + MEASURED]
        drafts = generator.write([example.prompt for example in part], config or GenerationConfig())
        agreed += sum(agrees(example.steps, draft) for example, draft in zip(part, drafts))
    return agreed / len(examples)


def train_generator(
    generator: Generator,
    examples: Sequence[Example],
    held: Sequence[Example] = (),
    course: Course = WRITING,
    disturbance: Disturbance = CALM,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
) -> list[float]:
    """Trains on examples; whatever of the generator needs gradients is trained.

    Args:
        generator: Trained in place.
        examples: To learn from.
        held: To choose the best epoch by; some of ``examples`` where not given.
        course: How long and how fast.
        disturbance: What makes it harder.
        checkpoint: See `kgrag.training.loop.learn`, as for ``log_file`` and what is raised.

    Returns:
        Share of the held answers that are worded exactly as the reference: before, then after each epoch of this call.
    """
    lessons = _Writing(generator, examples, held or examples[:: max(1, len(examples) // 100)], disturbance)
    learn(generator, lessons, course, "generator", checkpoint, log_file, by_length(lessons.lengths))
    return lessons.agreement


class _Writing:
    """Prompts with their reference answers."""

    def __init__(
        self, generator: Generator, examples: Sequence[Example], held: Sequence[Example], disturbance: Disturbance
    ) -> None:
        self.generator, self.examples, self.held, self.disturbance = generator, examples, held, disturbance
        self.lengths = np.array([len(example.prompt.items) for example in examples])
        self.agreement: list[float] = []
        self.tokens = max(len(target_of(generator, one.steps).ids) for one in held) + 2

    def __len__(self) -> int:
        return len(self.examples)

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some examples."""
        return set_valued_loss(self.generator, [self.examples[i] for i in places.tolist()], self.disturbance)

    @torch.no_grad()
    def quality(self) -> Quality:
        """How probable the right tokens of held answers are, and the share that is worded as the reference."""
        right = 0.0
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            for start in range(0, len(self.held), MEASURED):
                part = self.held[start : start + MEASURED]
                right += float((-set_valued_loss(self.generator, part)).exp()) * len(part)
        self.agreement.append(agreement(self.generator, self.held, GenerationConfig(tokens=self.tokens)))
        return Quality(right / len(self.held), self.agreement[-1])


def by_length(lengths: Ids) -> Batches:
    """Batches of what is of like length, in any order."""

    def batches(rng: np.random.Generator, size: int) -> list[Ids]:
        order = rng.permutation(len(lengths))
        blocks = [order[start : start + ALIKE * size] for start in range(0, len(order), ALIKE * size)]
        blocks = [block[np.argsort(lengths[block], kind="stable")] for block in blocks]
        cut = [block[start : start + size] for block in blocks for start in range(0, len(block), size)]
        return [cut[i] for i in rng.permutation(len(cut))]

    return batches


def _hidden(prompt: Prompt, ids: Sequence[int], target: Target, first: int, chance: float) -> list[int]:
    """Places in a prompt of items that are not read: neither the question nor the answer needs them."""
    needed = {first, *(first + piece for piece in prompt.pieces if isinstance(piece, int))}
    needed |= {token for _, tokens in target.right for token in tokens}
    drawn = torch.rand(len(ids)) < chance
    return [place for place, token in enumerate(ids) if token >= first and token not in needed and drawn[place]]


@contextmanager
def _noisy_words(generator: Generator, alpha: float) -> Iterator[None]:
    """While it lasts, words are embedded with noise."""
    if not alpha:
        yield
        return
    words = generator.model.lm.get_input_embeddings()
    hook = words.register_forward_hook(lambda _, __, output: _shifted(output, alpha, output.shape[1]))
    try:
        yield
    finally:
        hook.remove()


def _shifted(vectors: torch.Tensor, alpha: float, length: int) -> torch.Tensor:
    return vectors + (2 * torch.rand_like(vectors) - 1) * alpha / (length * vectors.shape[-1]) ** 0.5
