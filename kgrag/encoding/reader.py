"""Reads questions over one graph: which plans they may mean, and how probable each is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from kgrag.encoding.phrasebook import Phrasebook
from kgrag.encoding.plans import Plan, Rows, seek
from kgrag.encoding.reasoner import Reasoner
from kgrag.errors import ModelError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import Edges, GraphRows
from kgrag.types import Floats, Ids, TextEncoder

SHARPNESS = 20.0  # of likeness, which is a cosine
COMMON = 0.5  # likeness that any two questions have
COMPARED = 24  # relations of one node, the best fitting, that a question is compared with
ABSENT = 12  # relations of the graph that are not there, the best fitting, that speak for "none"
APART = 0.1  # what a relation that does not leave the start must give way by
BEYOND = 0.2  # the same where that which is reached has it
FAR = 0.01  # probability, by what was learned, from which plans of so many relations are sought; of two they always are
LEAST = 1e-4  # plans below this probability do not count


@dataclass(frozen=True)
class Reading:
    """What a question means from where it starts.

    Attributes:
        start: Node ids, ascending.
        plans: The plans that it may mean, best first.
        probabilities: Of each plan, shape (plans,); what is missing to 1 is that it means none of them.
        hops: Probability of each number of relations, shape (steps,).
        familiar: Likeness of the question to the best known way of asking for the best plan.
        returning: How far a node is believed in that is both start and end.
    """

    start: Ids
    plans: tuple[Plan, ...]
    probabilities: Floats
    hops: Floats
    familiar: float
    returning: float

    @cached_property
    def weights(self) -> Floats:
        """How far the ends of each plan are believed in, shape (plans,).

        Plans that differ in the direction of a relation alone are one meaning: where both directions fit equally well (of a
        symmetric relation), both are believed in as much as in their sum.
        """
        groups: dict[tuple[int, ...], list[int]] = {}
        for place, plan in enumerate(self.plans):
            groups.setdefault(tuple(directed >> 1 for directed in plan.relations), []).append(place)
        weights = np.zeros(len(self.plans), np.float32)
        for places in groups.values():
            group = self.probabilities[places]
            weights[places] = group.sum() * (group / group.max()) ** 2
        return weights

    @cached_property
    def beliefs(self) -> tuple[Ids, Floats]:
        """Nodes, ascending, and the probability that each answers."""
        return self._beliefs[0], self._beliefs[1]

    def believed(self, nodes: Ids) -> Floats:
        """The probability that each of some nodes answers, shape (nodes,)."""
        known, beliefs = self.beliefs
        if not len(known):
            return np.zeros(len(nodes), np.float32)
        places = np.minimum(np.searchsorted(known, nodes), len(known) - 1)
        return np.where(known[places] == nodes, beliefs[places], np.float32(0))

    def plan_to(self, node: int) -> Plan | None:
        """The plan that speaks most for a node."""
        known, _ = self.beliefs
        place = int(np.searchsorted(known, node))
        return self.plans[self._beliefs[2][place]] if place < len(known) and known[place] == node else None

    @cached_property
    def _beliefs(self) -> tuple[Ids, Floats, Ids]:
        if not self.plans:
            return np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64)
        nodes = np.concatenate([plan.ends for plan in self.plans])
        owners = np.repeat(np.arange(len(self.plans)), [len(plan.ends) for plan in self.plans])
        beliefs = self.weights[owners]
        longer = np.array([len(plan.relations) > 1 for plan in self.plans])
        beliefs = np.where(longer[owners] & np.isin(nodes, self.start), self.returning * beliefs, beliefs)
        order = np.lexsort((owners, -beliefs, nodes))
        first = order[np.concatenate([[True], nodes[order][1:] != nodes[order][:-1]])]
        return nodes[first], beliefs[first].astype(np.float32), owners[first]


class _Sight(NamedTuple):
    """What was read of one question, wherever it starts.

    Attributes:
        encoded: Shape (width,).
        fits: Logit of each directed relation at each step, shape (steps, 2 * relations).
        foreign: Of the best relation that the graph does not have.
        hops: Logit of each number of relations, shape (steps,).
    """

    encoded: Floats
    fits: Floats
    foreign: float
    hops: Floats


class GraphReader:
    """Applies a reasoner to the questions over one graph.

    Args:
        graph: What is asked.
        reasoner: The neural network.
        encoder: Encodes questions and relation labels.

    Attributes:
        rows: The whole graph, to follow relations in.
    """

    def __init__(self, graph: KnowledgeGraph, reasoner: Reasoner, encoder: TextEncoder) -> None:
        self.graph, self.reasoner, self.encoder = graph, reasoner, encoder
        self.phrasebook = Phrasebook(graph, encoder)
        self.rows: Rows = GraphRows(graph)
        self._represented: dict[str, tuple[object, torch.Tensor]] = {}

    @torch.inference_mode()
    def read(
        self, questions: Sequence[str], starts: Sequence[Sequence[int] | Ids], rows: Rows | None = None
    ) -> list[Reading]:
        """Reads questions whose mentions are masked.

        Args:
            questions: The questions.
            starts: Node ids where each starts.
            rows: What relations are followed in; the whole graph where not given.
        """
        self.reasoner.eval()
        nodes = [np.unique(np.asarray(start, np.int64)) for start in starts]
        while True:
            known = self.graph.num_relations
            self.phrasebook.refresh()
            sights = self._see(list(dict.fromkeys(questions)))
            readings = [self._read(sights[q], start, rows or self.rows) for q, start in zip(questions, nodes)]
            if self.graph.num_relations == known:  # more may be met where a graph is elsewhere
                return readings

    def relations(self) -> torch.Tensor:
        """The graph's relations as the reasoner represents them, shape (2 * relations, hidden)."""
        return self._represent("own", self.phrasebook.relation_labels)

    def _represent(self, whose: str, labels: Callable[[], Floats]) -> torch.Tensor:
        """Relations as the reasoner represents them, computed anew when the graph's or the reasoner have changed."""
        version = (self.graph.num_relations, *(value._version for value in self.reasoner.relation.parameters()))
        if self._represented.get(whose, (None,))[0] != version:
            self._represented[whose] = version, self.reasoner.encode_relations(torch.from_numpy(labels()))
        return self._represented[whose][1]

    def _see(self, questions: list[str]) -> dict[str, _Sight]:
        """What the reasoner makes of questions."""
        reasoner = self.reasoner
        queries, hops = reasoner.read(*self.encoder.tokens(questions))
        encoded = self.encoder.encode(questions)
        fits = reasoner.fit(queries, self.relations()).numpy()
        sights = {}
        for i, question in enumerate(questions):
            likeness, foreign = self.phrasebook.foreign(encoded[i]), -1e4
            if len(likeness):
                abroad = self._represent("foreign", self.phrasebook.foreign_labels)
                fit = reasoner.fit(queries[0, i], abroad).numpy() + self._trusted(likeness - APART / 2, 0)
                foreign = float(fit.max())
            sights[question] = _Sight(encoded[i], fits[:, i], foreign, hops[i].numpy())
        return sights

    def _read(self, sight: _Sight, start: Ids, rows: Rows) -> Reading:
        reasoner = self.reasoner
        none = reasoner.none.tolist()

        def learned(step: int, there: Ids) -> tuple[Floats, float]:
            return sight.fits[step, there], none[step]

        def hinted(step: int, there: Ids) -> tuple[Floats, float]:
            return sight.fits[step, there] + self._trusted(self._alone(sight, there, step), 0), none[step]

        far = np.flatnonzero(_softmax(sight.hops) >= FAR)
        steps = max(int(far[-1]) + 1, 2)
        known = _Known(rows, sight.fits.shape[1])
        found = seek(known, start, steps, learned, hinted, lambda reached: self.graph.is_literal[reached])
        by_length, familiar = [], []
        for length, plans in enumerate(found, start=1):
            if length == 1:
                logits, best = self._single(sight, plans, start, known)
            else:
                alike = self.phrasebook.likeness(sight.encoded, [plan.relations for plan in plans])
                logits = np.array([plan.score for plan in plans]) + self._trusted(alike, length - 1)
                left = max(1.0 - float(np.exp([plan.score for plan in plans]).sum()), 1e-6)
                logits, best = np.append(logits, np.log(left)), float(alike.max(initial=-1.0))
            by_length.append(_softmax(logits)[:-1])
            familiar.append(best)
        hops = self._count(sight, familiar)
        plans = [plan for several in found for plan in several]
        probabilities = np.concatenate([hops[i] * share for i, share in enumerate(by_length)]).astype(np.float32)
        order = [i for i in np.argsort(-probabilities, kind="stable").tolist() if probabilities[i] >= LEAST]
        return Reading(
            start=start,
            plans=tuple(plans[i] for i in order),
            probabilities=probabilities[order],
            hops=hops,
            familiar=familiar[len(plans[order[0]].relations) - 1] if order else -1.0,
            returning=float(reasoner.returning.sigmoid()),
        )

    def _single(self, sight: _Sight, plans: Sequence[Plan], start: Ids, rows: Rows) -> tuple[Floats, float]:
        """Logits of plans of one relation, and last of none of them; and likeness to the best such plan.

        What the question may ask for in vain, a relation that the start or the graph does not have, speaks for none.
        """
        reasoner = self.reasoner
        # what leaves the start is there, though not in the part that is read now
        there = np.union1d(rows.leaving(start), _Known(self.rows, sight.fits.shape[1]).leaving(start))
        own = np.array([plan.relations[0] for plan in plans], np.int64)
        alone = self._alone(sight, own, 0)
        fit = sight.fits[0].copy()
        fit[there] = -np.inf
        absent = np.argsort(-fit, kind="stable")[: min(ABSENT, len(fit) - len(there))]
        likeness = self._alone(sight, absent, 0)
        turned = np.isin(absent ^ 1, there)
        missed = sight.fits[0, absent] + self._trusted(likeness, 0) + float(reasoner.turned) * turned
        in_vain = max(float(missed.max(initial=-1e4)), sight.foreign) + float(reasoner.missed)
        logits = sight.fits[0, own] + self._trusted(alone, 0)
        # of a class, people ask as if it were its members: what it does not have itself is hardly asked in vain
        apart = 3 * APART if self.phrasebook.leads_to_members(there) else APART
        best = max(float(alone.max(initial=-1.0)), float((likeness - apart).max(initial=-1.0)))
        return np.append(logits, np.logaddexp(float(reasoner.none[0]), in_vain)), best

    def _alone(self, sight: _Sight, directed: Ids, step: int) -> Floats:
        """Likeness to single relations, of the best fitting ones; the others are like nothing."""
        alike = np.full(len(directed), COMMON, np.float32)
        near = np.argsort(-sight.fits[step, directed], kind="stable")[:COMPARED]
        alike[near] = self.phrasebook.likeness(sight.encoded, [(one,) for one in directed[near].tolist()])
        return alike

    def _trusted(self, alike: Floats, step: int) -> Floats:
        return SHARPNESS * max(float(self.reasoner.trust[step]), 0.0) * (alike - COMMON)

    def _count(self, sight: _Sight, familiar: Sequence[float]) -> Floats:
        """Probability of each number of relations, shape (steps,)."""
        reasoner = self.reasoner
        alike = np.array([*familiar, *[-1.0] * (reasoner.steps - len(familiar))])
        alike = SHARPNESS * max(float(reasoner.hop_trust), 0.0) * (alike - COMMON)
        return _softmax(float(reasoner.hop_scale) * sight.hops + alike + reasoner.hop_bias.numpy()).astype(np.float32)


class _Known(NamedTuple):
    """Rows without the relations that came after the question was read."""

    rows: Rows
    width: int

    def leaving(self, nodes: Ids) -> Ids:
        there = self.rows.leaving(nodes)
        return there[there < self.width]

    def along(self, nodes: Ids, directed: int | None = None) -> Edges:
        return self.rows.along(nodes, directed)


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def save_reasoner(reasoner: Reasoner, folder: Path) -> None:
    """Writes a reasoner's weights (half precision) and settings into a folder."""
    import json

    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in reasoner.state_dict().items()}
    save_file(weights, folder / "reasoner.safetensors")
    (folder / "reasoner.json").write_text(json.dumps(reasoner.settings, sort_keys=True) + "\n")


def load_reasoner(folder: Path) -> Reasoner:
    """Reads a reasoner back.

    Raises:
        ModelError: A file is missing or does not fit.
    """
    import json

    from safetensors.torch import load_file

    try:
        reasoner = Reasoner(**json.loads((folder / "reasoner.json").read_text()))
        weights = load_file(folder / "reasoner.safetensors")
        reasoner.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"No reasoner can be loaded from {folder}: {error}.", "Build or train it again.") from error
    return reasoner.eval()
