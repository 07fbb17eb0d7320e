"""Training goes on from a checkpoint as if it had never stopped."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from kgrag.errors import ModelError, SavedFolderError
from kgrag.training.loop import Course, Quality, learn
from kgrag.types import Ids

COURSE = Course(epochs=6, seed=3, learning_rate=1e-2, batch_size=4)


class Sums:
    """Lessons in adding up; learning can be cut short after some steps."""

    def __init__(self, model: nn.Module, steps: int | None = None) -> None:
        rng = np.random.default_rng(0)
        self.given = torch.from_numpy(rng.normal(size=(30, 5)).astype(np.float32))
        self.model, self.left = model, steps

    def __len__(self) -> int:
        return 20

    def loss(self, places: Ids) -> torch.Tensor:
        if self.left is not None:
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
        return self._error(self.given[torch.from_numpy(places)])

    @torch.no_grad()
    def quality(self) -> Quality:
        assert not self.model.training
        return Quality(1 / (1 + float(self._error(self.given[20:]))), 0.0)

    def _error(self, given: torch.Tensor) -> torch.Tensor:
        return (self.model(given).squeeze(1) - given.sum(1)).square().mean()


def new_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), nn.Dropout(0.2), nn.ReLU(), nn.Linear(16, 1)).eval()


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in model.parameters()])


def interrupted(folder: Path, steps: int) -> None:
    model = new_model()
    with pytest.raises(KeyboardInterrupt):
        learn(model, Sums(model, steps), COURSE, "sums", folder)


@pytest.mark.parametrize("steps", [5, 13, 29])  # after the first epoch, within the third, and before the end
def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path: Path, steps: int) -> None:
    whole = new_model()
    history = learn(whole, Sums(whole), COURSE, "sums")
    interrupted(tmp_path / "run", steps)
    torch.manual_seed(99)  # another process has drawn other numbers
    again = new_model()
    assert learn(again, Sums(again), COURSE, "sums", tmp_path / "run") == history
    assert torch.equal(weights(again), weights(whole))
    assert history[-1] > history[0] and len(history) == 7


def test_a_training_that_is_over_is_not_repeated(tmp_path: Path) -> None:
    model = new_model()
    history = learn(model, Sums(model), COURSE, "sums", tmp_path / "run")
    again = new_model()
    assert learn(again, Sums(again, steps=0), COURSE, "sums", tmp_path / "run") == history
    assert torch.equal(weights(again), weights(model))


def test_a_checkpoint_holds_no_code(tmp_path: Path) -> None:
    interrupted(tmp_path / "run", 6)
    assert {file.name for file in (tmp_path / "run").iterdir()} == {"manifest.json", "run.json", "run.safetensors"}


def test_what_does_not_improve_is_not_kept() -> None:
    model = new_model()
    before = weights(model)
    lessons = Sums(model)
    lessons.quality = lambda: Quality(0.5, 0.0)  # type: ignore[method-assign]
    assert learn(model, lessons, COURSE, "sums") == [0.5] * (1 + COURSE.patience)
    assert torch.equal(weights(model), before)


@pytest.mark.parametrize("lessons", [1, 3, 9, 10])
def test_few_lessons(lessons: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "__len__", lambda _: lessons)
    model = new_model()
    assert len(learn(model, Sums(model), Course(epochs=1, batch_size=1), "sums")) == 2


def test_a_checkpoint_that_does_not_fit(tmp_path: Path) -> None:
    interrupted(tmp_path / "run", 6)
    model = new_model()
    with pytest.raises(SavedFolderError, match="other settings"):
        learn(model, Sums(model), Course(epochs=7, seed=3, learning_rate=1e-2, batch_size=4), "sums", tmp_path / "run")
    other = nn.Linear(5, 1)
    with pytest.raises(SavedFolderError, match="another model"):
        learn(other, Sums(other), COURSE, "sums", tmp_path / "run")
    (tmp_path / "run" / "run.safetensors").write_bytes(b"")
    with pytest.raises(SavedFolderError, match="was changed"):
        learn(model, Sums(model), COURSE, "sums", tmp_path / "run")


@pytest.mark.parametrize("parts", [2, 4])
def test_batches_may_be_cut_to_save_memory(parts: int) -> None:
    def course(parts: int) -> Course:
        return Course(epochs=2, learning_rate=1e-2, batch_size=4, parts=parts)

    model, cut = nn.Linear(5, 1), nn.Linear(5, 1)
    cut.load_state_dict(model.state_dict())
    learn(model, Sums(model), course(1), "sums")
    learn(cut, Sums(cut), course(parts), "sums")
    torch.testing.assert_close(weights(cut), weights(model))


def test_half_precision_learns(tmp_path: Path) -> None:
    model, dtypes = new_model(), set()
    model[0].register_forward_hook(lambda _, __, output: dtypes.add(output.dtype))
    history = learn(model, Sums(model), Course(6, 3, 1e-2, 4, precision="bf16"), "sums", log_file=tmp_path / "log")
    assert history[-1] > history[0] and torch.bfloat16 in dtypes
    assert all(value.dtype == torch.float32 for value in model.parameters())
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(log) == 6 * 6 and log[5] == {"epoch": 1, "right": history[1], "belief": 0.0}
    assert set(log[0]) == {"epoch", "step", "loss", "learning_rate"} and log[6]["step"] == 1


def test_a_folder_is_logged_to_for_tensorboard(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model = new_model()
    history = learn(model, Sums(model), COURSE, "sums", log_file=tmp_path)
    log = events.EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in log.Scalars("loss")] == list(range(1, 6 * 5 + 1))
    assert [event.value for event in log.Scalars("right")] == pytest.approx(history[1:])


def test_a_log_for_tensorboard_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ModelError, match="TensorBoard"):
        learn(model := new_model(), Sums(model), COURSE, "sums", log_file=tmp_path)
