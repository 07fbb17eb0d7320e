"""The loop that trainings share: epochs, early stopping, progress, and checkpoints from which they go on as if never stopped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch

from kgrag.errors import SavedFolderError
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.progress import track
from kgrag.types import Ids

log = logging.getLogger(__name__)
CLIPPED = 1.0  # most length of a gradient
WARMING = 0.1  # share of the steps in which the learning rate rises
KIND = "training"  # of saved folder

Weights = dict[str, torch.Tensor]


class Quality(NamedTuple):
    """How good a model is; compared in this order.

    Attributes:
        right: Share of the held questions that are answered rightly.
        belief: Mean probability of what is right.
    """

    right: float
    belief: float


class Lessons(Protocol):
    """What a model learns from."""

    def __len__(self) -> int:
        """How many lessons there are."""

    def loss(self, places: Ids) -> torch.Tensor:
        """Loss of some of them, by their places, to be made small."""

    def quality(self) -> Quality:
        """How good the model is now, on what it does not learn from."""


@dataclass(frozen=True)
class Course:
    """How long and how fast is learned.

    Attributes:
        epochs: Most passes.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Lessons a step.
        patience: Epochs without improvement before it stops.
    """

    epochs: int
    seed: int = 0
    learning_rate: float = 1e-3
    batch_size: int = 32
    patience: int = 3


def learn(
    model: torch.nn.Module, lessons: Lessons, course: Course, name: str, checkpoint: str | Path | None = None
) -> list[float]:
    """Trains a model in place with AdamW.

    The model is kept as it was after the epoch that served best, or as it was before if none improved it.

    Args:
        model: The model.
        lessons: What it learns from.
        course: How long and how fast.
        name: Of the model, for the progress bar.
        checkpoint: Folder that is written after each epoch; where there is one already, training goes on from it, to the same
            bytes as if it had not been interrupted.

    Returns:
        Share of what was answered rightly: before, then after each epoch.

    Raises:
        SavedFolderError: The checkpoint is damaged, or that of another training.
    """
    run = _Run(model, lessons, course)
    if checkpoint is not None and Path(checkpoint).is_dir() and any(Path(checkpoint).iterdir()):
        run.restore(Path(checkpoint))
    else:
        run.begin()
    while run.is_open:
        run.epoch(f"{name}, epoch {len(run.history)} of {course.epochs}")
        if checkpoint is not None:
            write_folder(checkpoint, run.write, KIND)
    model.load_state_dict(run.best_weights)
    model.eval()
    return [quality.right for quality in run.history]


class _Run:
    """A training under way: all that decides how it goes on."""

    def __init__(self, model: torch.nn.Module, lessons: Lessons, course: Course) -> None:
        self.model, self.lessons, self.course = model, lessons, course
        self.rng = np.random.default_rng(course.seed)
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=course.learning_rate, weight_decay=0.01)
        steps = max(course.epochs * -(-len(lessons) // course.batch_size), 1) + 1
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, course.learning_rate, total_steps=steps, pct_start=max(WARMING, 2 / steps)
        )
        self.history: list[Quality] = []
        self.best, self.best_weights, self.waited = Quality(0.0, 0.0), _copy(model.state_dict()), 0

    @property
    def is_open(self) -> bool:
        """Whether there is more to learn."""
        return len(self.history) <= self.course.epochs and self.waited < self.course.patience

    def begin(self) -> None:
        """Measures what the model is like before."""
        torch.manual_seed(self.course.seed)
        self.model.eval()
        self.history = [self.lessons.quality()]
        self.best = Quality(self.history[0].right, 1.0)  # what was learned must answer more

    def epoch(self, description: str) -> None:
        """One pass, and what came of it."""
        self.model.train()
        order = self.rng.permutation(len(self.lessons))
        for start in track(range(0, len(order), self.course.batch_size), description):
            loss = self.lessons.loss(order[start : start + self.course.batch_size])
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIPPED)
            self.optimiser.step()
            self.schedule.step()
        self.model.eval()
        quality = self.lessons.quality()
        self.history.append(quality)
        log.info("epoch %d: %.4f right, belief in what is right %.4f", len(self.history) - 1, *quality)
        self.waited += 1
        if quality > self.best:
            self.best, self.best_weights, self.waited = quality, _copy(self.model.state_dict()), 0

    def write(self, folder: Path) -> None:
        """Writes a checkpoint: tensors in safetensors form, all else as JSON."""
        from safetensors.torch import save_file

        tensors = {"random": torch.get_rng_state()}
        tensors |= {f"now/{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"best/{name}": value for name, value in self.best_weights.items()}
        state = self.optimiser.state_dict()
        for place, moments in state["state"].items():
            tensors |= {f"optimiser/{place}/{name}": value for name, value in moments.items()}
        save_file({name: value.contiguous().clone() for name, value in tensors.items()}, folder / "run.safetensors")
        run = {
            "course": asdict(self.course),
            "lessons": len(self.lessons),
            "groups": state["param_groups"],
            "schedule": self.schedule.state_dict(),
            "order": self.rng.bit_generator.state,
            "history": self.history,
            "best": self.best,
            "waited": self.waited,
        }
        write_json(folder / "run.json", run)

    def restore(self, folder: Path) -> None:
        """Goes on from a checkpoint.

        Raises:
            SavedFolderError: It is damaged, or that of another training.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        read_folder(folder, KIND)
        run = read_json(folder / "run.json")
        if (run["course"], run["lessons"]) != (asdict(self.course), len(self.lessons)):
            raise SavedFolderError(
                f"{folder} is the checkpoint of a training with other settings or other questions.",
                "Give these, or another folder.",
            )
        try:
            tensors = load_file(folder / "run.safetensors")
            self.model.load_state_dict(_under(tensors, "now/"))
            moments: dict[int, Weights] = {}
            for name, value in _under(tensors, "optimiser/").items():
                place, _, moment = name.partition("/")
                moments.setdefault(int(place), {})[moment] = value
            self.optimiser.load_state_dict({"state": moments, "param_groups": run["groups"]})
        except (SafetensorError, RuntimeError, ValueError) as error:
            raise SavedFolderError(f"{folder} is the checkpoint of another model: {error}.", "Remove it.") from error
        self.schedule.load_state_dict(run["schedule"])
        self.rng.bit_generator.state = run["order"]
        self.history = [Quality(*quality) for quality in run["history"]]
        self.best, self.best_weights = Quality(*run["best"]), _under(tensors, "best/")
        self.waited = run["waited"]
        torch.set_rng_state(tensors["random"])


def _copy(weights: Mapping[str, torch.Tensor]) -> Weights:
    return {name: value.detach().clone() for name, value in weights.items()}


def _under(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
