"""Sets the few numbers of a reasoner that are no matter of gradients: how much likeness to known ways of asking counts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from kgrag.encoding import GraphReader
from kgrag.training.loop import Quality
from kgrag.training.reasoner import PreparedQuestion, TrainingSet, quality

log = logging.getLogger(__name__)
SHARES = (1.0, 0.5, 0.25, 0.0)  # how much as before likeness may count once there are labels
LEARNING = 0.25  # how much as before it counts while they are learned from: what counts more is not unlearned
TRUSTS = (0.0, 0.3, 0.6, 1.0, 1.4, 2.4)  # how much it may count at all
LONGER = (0.1, 0.05, 0.01)  # what it counts less for several relations
MISSED = (-6.0, -4.5, -3.0, -1.5)  # how much what the graph lacks may speak for none
ROUNDS = 2


def settle(reader: GraphReader, held: Sequence[PreparedQuestion], trust: torch.Tensor) -> None:
    """Sets, by labelled questions, how much less likeness counts now, and how far that to which one must come back is believed.

    Args:
        reader: Applies the reasoner.
        held: The questions.
        trust: How much likeness counted before, shape (steps,).
    """
    reasoner = reader.reasoner
    returned = [answers for q in held if len(q.answers) for answers in _returned(reader, q)]
    if returned:
        share = (sum(returned) + 0.1) / (len(returned) + 1)
        with torch.no_grad():
            reasoner.returning.fill_(float(np.log(share / max(1 - share, 1e-3))))
    best = _best(reader, held, reasoner.trust, (share * trust for share in SHARES))
    log.info("known ways of asking count %s", best.tolist())


def set_trust(reader: GraphReader, questions: Sequence[PreparedQuestion]) -> None:
    """Sets how much likeness counts for plans of each length, by questions that people asked, one number after the other."""
    reasoner = reader.reasoner
    with torch.no_grad():
        reasoner.trust.fill_(TRUSTS[-2])
    for _ in range(ROUNDS):
        for step in range(reasoner.steps):
            own = torch.eye(reasoner.steps)[step]
            rest = reasoner.trust.detach() * (1 - own)
            _best(reader, questions, reasoner.trust, (rest + value * own for value in TRUSTS))
        _best(reader, questions, reasoner.longer, map(torch.tensor, LONGER))
        _best(reader, questions, reasoner.missed, (torch.tensor(value) for value in MISSED))
    log.info("known ways of asking count %s, what is missed %.1f", reasoner.trust.tolist(), float(reasoner.missed))


def _best(
    reader: GraphReader, held: Sequence[PreparedQuestion], number: torch.Tensor, values: Iterable[torch.Tensor]
) -> torch.Tensor:
    """Sets a number of the reasoner to the value that serves best, the first of equally good ones."""
    tried: list[tuple[Quality, torch.Tensor]] = []
    with torch.no_grad():
        for value in values:
            number.copy_(value)
            tried.append((quality([TrainingSet(reader, [], held)]), value))
        best = max(range(len(tried)), key=lambda i: (tried[i][0], -i))
        number.copy_(tried[best][1])
    return tried[best][1]


def _returned(reader: GraphReader, question: PreparedQuestion) -> list[bool]:
    """Of each node to which the best plan of a question leads only by coming back to the start, whether it answers."""
    reading = reader.read([question.masked], [question.topics[:1]])[0]
    return np.isin(reading.plans[0].returned, question.answers).tolist() if reading.plans else []
