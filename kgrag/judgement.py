"""What was learned of questions that people asked: which understanding of one to choose, and how far to trust the answer.

That a plan is believed in says that it fits better than others, and not that the question means it: "How do I configure my
firewall for X?" is nearest to what X is enforced by. How much of the question it explains tells the two apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kgrag.choosing import CHOSEN_BY
from kgrag.errors import ModelError
from kgrag.measures import MEASURES
from kgrag.types import Floats

FILE = "judgement.json"
LEAST = 0.3  # confidence to be answered with, where no question about the graph is known: it is judged too low there, if anything
_SURE = 30.0  # logits beyond which it is all the same


@dataclass(frozen=True)
class Judgement:
    """Weights of measures.

    Attributes:
        choice: Weights of `CHOSEN_BY`.
        doubt: What an interpretation has to weigh, lest the links stay as they were.
        trust: Weights of `MEASURES`, in logits.
        bias: The logit where all measures are 0.
        least: Confidence below which an answer is refused.
    """

    choice: Mapping[str, float]
    doubt: float
    trust: Mapping[str, float]
    bias: float
    least: float = LEAST

    @classmethod
    def load(cls, folder: Path) -> Judgement:
        """Reads what was learned.

        Raises:
            ModelError: The file is missing or does not fit.
        """
        try:
            saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
            choice = {name: _finite(saved["choice"][name]) for name in CHOSEN_BY}
            trust = {name: _finite(saved["trust"][name]) for name in MEASURES}
            return cls(choice, _finite(saved["doubt"]), trust, _finite(saved["bias"]), _finite(saved["least"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(f"{folder / FILE} cannot be read: {error}.", "Install the package again.") from error

    def choose(self, rows: Floats) -> int:
        """The place of the interpretation that weighs most; the first one, which is the links as they were, where there is doubt.

        Args:
            rows: As from `kgrag.choosing.compared`.
        """
        weights = rows @ np.array([self.choice[name] for name in CHOSEN_BY], np.float32)
        best = int(np.argmax(weights))
        return best if weights[best] >= self.doubt else 0

    def logit(self, row: Mapping[str, float]) -> float:
        """The logit of the probability that an answer is right.

        Args:
            row: As from `kgrag.measures.Measures.of`.
        """
        return self.bias + sum(weight * row[name] for name, weight in self.trust.items())

    def trusted(self, row: Mapping[str, float]) -> float:
        """How probable it is that an answer is right; see `logit`."""
        return 1 / (1 + math.exp(-min(max(self.logit(row), -_SURE), _SURE)))

    def save(self, folder: Path, **about: str) -> None:
        """Writes it into a folder, with words on where it comes from."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(about | asdict(self), indent=1) + "\n", encoding="utf-8")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no weight")
    return float(value)
