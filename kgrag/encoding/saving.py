"""Reasoners in folders: weights in safetensors form, settings as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from kgrag.encoding.phrasing import load_phrasing
from kgrag.encoding.rearev import ReaRev
from kgrag.encoding.reasoner import Reasoner
from kgrag.errors import ModelError

Network = TypeVar("Network", Reasoner, ReaRev)
_NAMES: dict[type[Reasoner | ReaRev], str] = {Reasoner: "reasoner", ReaRev: "rearev"}


def save_reasoner(reasoner: Reasoner | ReaRev, folder: Path) -> None:
    """Writes a reasoner's weights (half precision) and settings into a folder."""
    from safetensors.torch import save_file

    name = _NAMES[type(reasoner)]
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.half().contiguous() for key, value in reasoner.state_dict().items()}
    save_file(weights, folder / f"{name}.safetensors")
    if isinstance(reasoner, Reasoner) and reasoner.phrasing:
        reasoner.phrasing.save(folder)
    (folder / f"{name}.json").write_text(json.dumps(reasoner.settings, sort_keys=True) + "\n")


def load_reasoner(folder: Path) -> Reasoner:
    """Reads a relation-following reasoner back.

    Raises:
        ModelError: A file is missing or does not fit.
    """
    reasoner = _load(Reasoner, folder)
    reasoner.phrasing = load_phrasing(folder)
    return reasoner


def load_rearev(folder: Path) -> ReaRev | None:
    """Reads a ReaRev-like reasoner back; None where there is none.

    Raises:
        ModelError: A file does not fit.
    """
    return _load(ReaRev, folder) if (folder / "rearev.json").is_file() else None


def _load(kind: type[Network], folder: Path) -> Network:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    name = _NAMES[kind]
    try:
        reasoner = kind(**json.loads((folder / f"{name}.json").read_text()))
        weights = load_file(folder / f"{name}.safetensors")
        reasoner.load_state_dict({key: value.float() for key, value in weights.items()})
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"No reasoner can be loaded from {folder}: {error}.", "Build or train it again.") from error
    return reasoner.eval()
