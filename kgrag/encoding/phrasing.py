"""What is added to a text encoder so that two ways of asking for the same thing are alike.

Encoders of sentences are trained on what sentences are about: to them "Who treats X?" is near to "What does X treat?". Low-rank
products beside the linear layers (LoRA: Hu et al., ICLR 2022), trained by `kgrag.training.phrasing`, bring near what asks for
the same relations and set apart what asks for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from kgrag.encoder import MiniLM
from kgrag.errors import ModelError
from kgrag.types import TextEncoder

FILE = "phrasing.safetensors"


@dataclass(eq=False)
class Phrasing:
    """Products for the layers of one encoder.

    Attributes:
        encoder: Name of the encoder that they were trained with; any other is left as it is.
        products: By the name of a layer two matrices, shapes (outputs, rank) and (rank, inputs).
    """

    encoder: str
    products: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    _changed: MiniLM | None = field(default=None, init=False, repr=False)

    def of(self, encoder: TextEncoder) -> TextEncoder:
        """The encoder with the products."""
        if not isinstance(encoder, MiniLM) or encoder.name != self.encoder:
            return encoder
        if self._changed is None:
            self._changed = encoder.with_products(self.products)
        return self._changed

    def __deepcopy__(self, _: object) -> Phrasing:
        return self  # it never changes

    def save(self, folder: Path) -> None:
        """Writes them into a folder, in half precision."""
        from safetensors.torch import save_file

        halves = {
            f"{name}.{side}": matrix.half().contiguous()
            for name, both in self.products.items()
            for side, matrix in zip(("up", "down"), both)
        }
        save_file(halves, folder / FILE, metadata={"encoder": self.encoder})


def load_phrasing(folder: Path) -> Phrasing | None:
    """Reads products back; None where there are none.

    Raises:
        ModelError: The file is broken.
    """
    from safetensors import SafetensorError, safe_open

    if not (folder / FILE).is_file():
        return None
    try:
        with safe_open(str(folder / FILE), "pt") as file:
            names = sorted({key.rpartition(".")[0] for key in file.keys()})  # noqa: SIM118
            products = {name: (file.get_tensor(f"{name}.up"), file.get_tensor(f"{name}.down")) for name in names}
            return Phrasing(file.metadata()["encoder"], products)
    except (OSError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"{folder / FILE} cannot be read: {error}.", "Build or train it again.") from error
