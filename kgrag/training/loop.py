"""The loop that trainings share: epochs, early stopping, progress, and checkpoints from which they go on as if never stopped.

What is sharded over several processes (``torchrun``, and `torch.distributed.fsdp.fully_shard` on the model) is trained as it is:
each process takes its share of every batch. The loop is torch alone: lessons call models in their own ways, which a wrapper around
``forward`` does not see.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import distributed
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict, set_model_state_dict
from torch.distributed.tensor import DTensor, distribute_tensor

from kgrag.errors import ModelError, SavedFolderError
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.progress import track
from kgrag.types import Ids

log = logging.getLogger(__name__)
CLIPPED = 1.0  # most length of a gradient
WARMING = 0.1  # share of the steps in which the learning rate rises
KIND = "training"  # of saved folder

WHOLE = StateDictOptions(full_state_dict=True)  # of a sharded model too

Weights = dict[str, torch.Tensor]
Batches = Callable[[np.random.Generator, int], list[Ids]]


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
        parts: Into how many a batch is cut to save memory; their gradients are summed up.
        precision: "bf16" computes in half precision where that is enough (autocast).
    """

    epochs: int
    seed: int = 0
    learning_rate: float = 1e-3
    batch_size: int = 32
    patience: int = 3
    parts: int = 1
    precision: Literal["fp32", "bf16"] = "fp32"

    def within(self, read: int, lessons: int) -> Course:
        """The same with so few passes that, of so many lessons, no more are read in all.

        Args:
            read: How many lessons may be read in all passes together.
            lessons: How many there are.
        """
        return replace(self, epochs=max(1, min(self.epochs, round(read / lessons))))


def learn(
    model: torch.nn.Module,
    lessons: Lessons,
    course: Course,
    name: str,
    checkpoint: str | Path | None = None,
    log_file: str | Path | None = None,
    batches: Batches | None = None,
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
        log_file: File to which a line of JSON is added for each step (``epoch``, ``step``, ``loss``, ``learning_rate``) and for
            each epoch (``epoch``, ``right``, ``belief``). A folder that is there gets the same for TensorBoard.
        batches: Gives the batches of an epoch, by a random generator and the size of a batch; all lessons in any order where not
            given.

    Returns:
        Share of what was answered rightly: before, then after each epoch.

    Raises:
        SavedFolderError: The checkpoint is damaged, or that of another training.
        ModelError: The log is to be one for TensorBoard, which is not installed.
    """
    run = _Run(model, lessons, course, batches or _shuffled(len(lessons)), log_file)
    if checkpoint is not None and Path(checkpoint).is_dir() and any(Path(checkpoint).iterdir()):
        run.restore(Path(checkpoint))
    else:
        run.begin()
    while run.is_open:
        run.epoch(f"{name}, epoch {len(run.history)} of {course.epochs}")
        if checkpoint is not None:
            run.save(checkpoint)
    _set_weights(model, run.best_weights)
    model.eval()
    return [quality.right for quality in run.history]


def _shuffled(count: int) -> Batches:
    def batches(rng: np.random.Generator, size: int) -> list[Ids]:
        order = rng.permutation(count)
        return [order[start : start + size] for start in range(0, count, size)]

    return batches


class _Run:
    """A training under way: all that decides how it goes on."""

    def __init__(
        self,
        model: torch.nn.Module,
        lessons: Lessons,
        course: Course,
        batches: Batches,
        log_file: str | Path | None = None,
    ) -> None:
        self.model, self.lessons, self.course, self.batches = model, lessons, course, batches
        self.rng = np.random.default_rng(course.seed)
        self.trained = [value for value in model.parameters() if value.requires_grad]
        self.optimiser = torch.optim.AdamW(self.trained, lr=course.learning_rate, weight_decay=0.01)
        steps = max(course.epochs * -(-len(lessons) // course.batch_size), 1) + 1
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, course.learning_rate, total_steps=steps, pct_start=max(WARMING, 2 / steps)
        )
        together = distributed.is_initialized()
        self.rank, self.processes = (distributed.get_rank(), distributed.get_world_size()) if together else (0, 1)
        self.write_log = log_to(log_file) if log_file is not None and not self.rank else None
        self.history: list[Quality] = []
        self.best, self.best_weights, self.waited = Quality(0.0, 0.0), _weights(model), 0

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
        number, batches = len(self.history), self.batches(self.rng, self.course.batch_size)
        before = (number - 1) * len(batches)
        for step, places in enumerate(track(batches, description), start=1):
            loss = self._gradients(places)
            torch.nn.utils.clip_grad_norm_(self.trained, CLIPPED)
            self.optimiser.step()
            rate = float(self.schedule.get_last_lr()[0])
            self.schedule.step()
            self._log(before + step, epoch=number, step=step, loss=loss, learning_rate=rate)
        self.model.eval()
        quality = self.lessons.quality()
        self.history.append(quality)
        log.info("epoch %d: %.4f right, belief in what is right %.4f", number, *quality)
        self._log(before + len(batches), epoch=number, **quality._asdict())
        self.waited += 1
        if quality > self.best:
            self.best, self.best_weights, self.waited = quality, _weights(self.model), 0

    def _gradients(self, places: Ids) -> float:
        """Sets the gradients of a batch; gives its mean loss, over this process's share of it."""
        device, half = self.trained[0].device.type, self.course.precision == "bf16"
        own = places[self.rank :: self.processes] if len(places) >= self.processes else places
        parts = max(1, min(self.course.parts, len(places) // self.processes))  # the same in all processes
        self.optimiser.zero_grad()
        total = 0.0
        for part in np.array_split(own, parts):
            with torch.autocast(device, torch.bfloat16, enabled=half):
                loss = self.lessons.loss(part)
            share = len(part) / len(own)
            (loss if share == 1 else loss * share).backward()
            total += loss.item() * share
        return total

    def _log(self, at: int, **figures: float) -> None:
        if self.write_log is not None:
            self.write_log(at, figures)

    def save(self, folder: str | Path) -> None:
        """Writes a checkpoint; of several processes, the first one does."""
        state = self._state()  # gathered from all of them
        if not self.rank:
            write_folder(folder, lambda target: self.write(target, state), KIND)
        if self.processes > 1:
            distributed.barrier()

    def _state(self) -> Weights:
        tensors = {"random": torch.get_rng_state()}
        tensors |= {f"now/{name}": value for name, value in _weights(self.model).items()}
        tensors |= {f"best/{name}": value for name, value in self.best_weights.items()}
        for place, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{place}/{name}": _whole(value) for name, value in moments.items()}
        return tensors

    def write(self, folder: Path, tensors: Weights) -> None:
        """Writes tensors in safetensors form, all else as JSON."""
        from safetensors.torch import save_file

        save_file({name: value.contiguous().clone() for name, value in tensors.items()}, folder / "run.safetensors")
        run = {
            "course": asdict(self.course),
            "lessons": len(self.lessons),
            "groups": self.optimiser.state_dict()["param_groups"],
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
            _set_weights(self.model, _under(tensors, "now/"))
            moments: dict[int, Weights] = {}
            for name, value in _under(tensors, "optimiser/").items():
                place, _, moment = name.partition("/")
                moments.setdefault(int(place), {})[moment] = _as(self.trained[int(place)], value)
            self.optimiser.load_state_dict({"state": moments, "param_groups": run["groups"]})
        except (SafetensorError, RuntimeError, ValueError) as error:
            raise SavedFolderError(f"{folder} is the checkpoint of another model: {error}.", "Remove it.") from error
        self.schedule.load_state_dict(run["schedule"])
        self.rng.bit_generator.state = run["order"]
        self.history = [Quality(*quality) for quality in run["history"]]
        self.best, self.best_weights = Quality(*run["best"]), _under(tensors, "best/")
        self.waited = run["waited"]
        torch.set_rng_state(tensors["random"])


def log_to(path: str | Path) -> Callable[[int, dict[str, float]], None]:
    """What writes the figures of a step of the training: as a line of JSON to a file, for TensorBoard to a folder.

    Raises:
        ModelError: TensorBoard is not installed.
    """
    if not Path(path).is_dir():
        return lambda _, figures: _add_line(Path(path), figures)
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ModelError(f"The log {path} is a folder, which TensorBoard is for.", "pip install tensorboard") from error
    writer = SummaryWriter(str(path))

    def write(step: int, figures: dict[str, float]) -> None:
        for name, figure in figures.items():
            if name not in ("epoch", "step"):
                writer.add_scalar(name, figure, step)
        writer.flush()

    return write


def _add_line(path: Path, figures: dict[str, float]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(figures) + "\n")


def _weights(model: torch.nn.Module) -> Weights:
    """A copy of all weights, each as a whole."""
    weights: dict[str, Any] = get_model_state_dict(model, options=WHOLE)
    return {name: value.detach().clone() for name, value in weights.items()}


def _set_weights(model: torch.nn.Module, weights: Weights) -> None:
    set_model_state_dict(model, dict[str, Any](weights), options=WHOLE)


def _whole(value: torch.Tensor) -> torch.Tensor:
    return value.full_tensor() if isinstance(value, DTensor) else value


def _as(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """A moment of a weight, sharded as that is."""
    if not isinstance(weight, DTensor) or value.shape != weight.shape:
        return value
    return distribute_tensor(value, weight.device_mesh, weight.placements)


def _under(tensors: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
