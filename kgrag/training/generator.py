"""Trains the generator on prompts with reference answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kgrag.generation import Generator, Prompt
from kgrag.progress import track
from kgrag.training.references import Step


@dataclass(frozen=True)
class Example:
    """A prompt and the steps of its reference answer."""

    prompt: Prompt
    steps: tuple[Step, ...]


def set_valued_loss(generator: Generator, examples: Sequence[Example], rng: np.random.Generator) -> torch.Tensor:
    """Mean over written tokens of ``-log sum p`` over the tokens that are right next.

    Within a list of answers every answer not yet said is right next; the one fed on is drawn at random.
    """
    model, special = generator.model, generator.special
    rows, goals = [], []
    for example in examples:
        prompt = generator.prompt_ids(example.prompt)
        ids: list[int] = []
        right: list[list[int]] = []
        said: set[int] = set()
        for step in (*example.steps, "<eos>"):
            if isinstance(step, str):
                tokens = [special[step]] if step in special else generator.word_ids(step)
                ids += tokens
                right += [[token] for token in tokens]
            else:
                left = [i for i in step if i not in said] or list(step)
                choice = int(left[rng.integers(len(left))])
                if len(step) > 1:
                    said.add(choice)
                ids.append(model.vocabulary + choice)
                right.append([model.vocabulary + i for i in left])
        rows.append((prompt, ids))
        goals.append(right)
    longest = max(len(p) + len(i) for p, i in rows)
    inputs = torch.full((len(rows), longest), special["<pad>"], device=generator.device)
    mask = torch.zeros_like(inputs)
    for r, (prompt, ids) in enumerate(rows):
        inputs[r, : len(prompt) + len(ids)] = inputs.new_tensor(prompt + ids)
        mask[r, : len(prompt) + len(ids)] = 1
    reading, _ = generator.read([example.prompt for example in examples])
    logits = model(inputs, attention_mask=mask, **reading).logits
    row_index, at, allowed = [], [], []
    for r, ((prompt, _), right) in enumerate(zip(rows, goals)):
        for t, tokens in enumerate(right):
            row_index.append(r)
            at.append(len(prompt) + t - 1)
            allowed.append(tokens)
    scores = logits[torch.tensor(row_index), torch.tensor(at)].float().log_softmax(-1)
    goal = torch.zeros(scores.shape, dtype=torch.bool, device=scores.device)
    for i, tokens in enumerate(allowed):
        goal[i, tokens] = True
    return -scores.masked_fill(~goal, float("-inf")).logsumexp(-1).mean()


def train_generator(
    generator: Generator,
    examples: Sequence[Example],
    epochs: int = 2,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> list[float]:
    """Trains on examples; returns the mean loss of each epoch."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(generator.parameters(), lr=learning_rate, weight_decay=0.01)
    steps = epochs * max(1, len(examples) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps + epochs, pct_start=0.1)
    losses = []
    for epoch in range(epochs):
        generator.train()
        # prompts of like length together: padding costs time
        order = rng.permutation(len(examples))
        blocks = [
            sorted(order[s : s + 16 * batch_size], key=lambda i: len(examples[i].prompt.items))
            for s in range(0, len(order), 16 * batch_size)
        ]
        batches = [block[s : s + batch_size] for block in blocks for s in range(0, len(block), batch_size)]
        batches = [batches[i] for i in rng.permutation(len(batches))]
        total = 0.0
        for batch in track(batches[: steps // epochs], f"generator, epoch {epoch + 1}"):
            loss = set_valued_loss(generator, [examples[i] for i in batch], rng)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        losses.append(total / max(1, len(batches)))
    generator.eval()
    return losses
