"""What training goes on from after an interruption: one file, replaced after each epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from kgrag.errors import ModelError

State = dict[str, torch.Tensor]


def trained_state(model: nn.Module) -> State:
    """A copy of the weights that are trained, by their names."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def restore(model: nn.Module, state: State) -> None:
    """Sets the weights that are trained."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                weight.copy_(state[name])


class Checkpoint:
    """A file with the weights as they are and as they were at their best, and the moments of an optimiser.

    Args:
        path: The file; nothing is written or read where not given.
        settings: What training depends on; a file of other settings is refused.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, json.loads(json.dumps(settings))

    def write(
        self, model: nn.Module, optimiser: torch.optim.AdamW, best: State, history: list[float], waited: int
    ) -> None:
        """Replaces the file.

        Raises:
            ModelError: It cannot be written.
        """
        if self.path is None:
            return
        tensors = {f"now.{name}": weight for name, weight in trained_state(model).items()}
        tensors |= {f"best.{name}": weight for name, weight in best.items()}
        for name, weight in model.named_parameters():
            for key, value in optimiser.state.get(weight, {}).items():
                tensors[f"{key}.{name}"] = value.contiguous()
        about = {"settings": self.settings, "history": history, "waited": waited}
        staging = self.path.with_name(f".{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, staging, metadata={"training": json.dumps(about)})
            os.replace(staging, self.path)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{self.path} cannot be written: {error}.", "Choose another file.") from error

    def read(self, model: nn.Module, optimiser: torch.optim.AdamW) -> tuple[State, list[float], int] | None:
        """Sets weights and moments as they were; gives the best weights, the history, and epochs without improvement.

        Returns:
            None where there is no such file.

        Raises:
            ModelError: The file is damaged, or of other settings.
        """
        if self.path is None or not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                about = json.loads(file.metadata()["training"])
            if about["settings"] != self.settings:
                raise ValueError(f"it is of {about['settings']}, not {self.settings}")
            restore(model, _under("now", tensors))
            moments = {key: _under(key, tensors) for key in ("step", "exp_avg", "exp_avg_sq")}
            for name, weight in model.named_parameters():
                if name in moments["step"]:
                    optimiser.state[weight] = {key: values[name] for key, values in moments.items()}
            return _under("best", tensors), about["history"], about["waited"]
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"Training cannot go on from {self.path}: {error}.", "Remove it to begin anew.") from error


def _under(prefix: str, tensors: State) -> State:
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
