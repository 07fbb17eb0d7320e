"""Trains a reasoner on questions of which the answers are known, and the paths to them, where they are.

A question teaches by its plans: the relations that lead from what it names to its answers. Where several lead there, their
sum counts (maximum marginal likelihood; Guu et al., ACL 2017), so that the one which the words speak for wins in the end. No
message is passed in training, and no sub-graph is needed: which relations there are to choose among is known beforehand.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from kgrag.encoding import GraphReader, Reasoner
from kgrag.encoding.plans import Rows
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.training.loop import Course, Quality, learn
from kgrag.types import Ids, TextEncoder

log = logging.getLogger(__name__)
ANSWERED = 0.5  # least probability at which a node is an answer, where accuracy is measured
SAID = 0.2  # least probability at which an answer counts as given
TRUSTS = (1.0, 0.5, 0.25, 0.0)  # how much likeness to known ways of asking may count once there are labels

Directed = tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """One right relation among those that are there; without one, "none of these" is right.

    Attributes:
        there: Directed relations, ascending.
        right: One of them, or None.
    """

    there: Ids
    right: int | None


@dataclass(frozen=True)
class PreparedQuestion:
    """A question ready to train on.

    Attributes:
        masked: The question, its mentions masked.
        topics: Ids of the nodes that it names.
        answers: Ids of the nodes that answer, ascending; without any, refusing is right.
        plans: For each topic the plans that lead to the answers, each as the choices it takes.
    """

    masked: str
    topics: tuple[int, ...]
    answers: Ids
    plans: tuple[tuple[tuple[Choice, ...], ...], ...]


@dataclass
class TrainingSet:
    """Questions about one graph.

    Attributes:
        reader: Reads them; all sets share its reasoner and its encoder.
        questions: To learn from.
        held: To choose by.
    """

    reader: GraphReader
    questions: Sequence[PreparedQuestion]
    held: Sequence[PreparedQuestion] = field(default_factory=list)


def choices(rows: Rows, start: int, plan: Directed) -> tuple[Choice, ...]:
    """What there is to choose among along a plan; for no plan at all, where it starts."""
    nodes, made = np.array([start], np.int64), []
    for directed in plan:
        made.append(Choice(rows.leaving(nodes), directed))
        nodes = np.unique(rows.along(nodes, directed).targets)
    return tuple(made) or (Choice(rows.leaving(nodes), None),)


class ReasonerTrainer:
    """Trains a reasoner on questions about one graph or several at once.

    Args:
        reasoner: Trained in place.
        encoder: Encodes questions and relation labels.
        epochs: Most passes.
        seed: Same seed, same result.
        learning_rate: Peak of the one-cycle schedule.
        batch_size: Questions a step, of whatever graph.
        patience: Epochs without improvement before it stops.
        checkpoint: Folder that is written after each epoch, and from which training goes on where it was interrupted.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        encoder: TextEncoder,
        epochs: int,
        seed: int = 0,
        learning_rate: float = 1e-3,
        batch_size: int = 32,
        patience: int = 3,
        checkpoint: str | Path | None = None,
    ) -> None:
        self.reasoner, self.encoder, self.checkpoint = reasoner, encoder, checkpoint
        self.course = Course(epochs, seed, learning_rate, batch_size, patience)

    def train(self, sets: Sequence[TrainingSet]) -> list[float]:
        """Trains.

        The reasoner is kept as it was after the epoch that served the held questions best, or as it was before if none
        answered more of them.

        Returns:
            Share of the held questions answered rightly, or rightly refused: before, then after each epoch.

        Raises:
            SavedFolderError: The checkpoint is damaged, or that of another training.
        """
        lessons = _Lessons(self.reasoner, sets, self.encoder)
        return learn(self.reasoner, lessons, self.course, "reasoner", self.checkpoint)


class _Lessons:
    """Every (question, topic) with its plans; relations of all graphs in one table, by their labels."""

    def __init__(self, reasoner: Reasoner, sets: Sequence[TrainingSet], encoder: TextEncoder) -> None:
        self.reasoner, self.sets = reasoner, sets
        labels: dict[str, int] = {}
        self._items: list[tuple[str, tuple[tuple[Choice, ...], ...], Ids]] = []
        for one in sets:
            graph = one.reader.graph
            table = np.array([labels.setdefault(normalise(x), len(labels)) for x in graph.relation_labels], np.int64)
            both = np.stack([2 * table, 2 * table + 1], axis=1).ravel()
            self._items += [(q.masked, plans, both) for q in one.questions for plans in q.plans if plans]
        self._labels = torch.from_numpy(encoder.encode(list(labels)))
        self._states = _token_states(encoder, {text for text, _, _ in self._items})

    def __len__(self) -> int:
        return len(self._items)

    def quality(self) -> Quality:
        """How the held questions are answered."""
        return _quality(self.sets)

    def loss(self, places: Ids) -> torch.Tensor:
        """Mean of minus the log-likelihood of all right plans together."""
        reasoner = self.reasoner
        items = [self._items[place] for place in places.tolist()]
        queries, hops = reasoner.read(*_padded([self._states[text] for text, _, _ in items]))
        relations = reasoner.encode_relations(self._labels)
        hops = hops.log_softmax(-1)
        rows, steps, owners, there, right = [], [], [], [], []
        plan_rows: list[int] = []
        plan_lengths: list[int] = []
        for row, (_, plans, both) in enumerate(items):
            for plan in plans:
                for step, choice in enumerate(plan):
                    rows.append(row)
                    steps.append(step)
                    owners.append(len(plan_rows))
                    there.append(both[choice.there])
                    right.append(-1 if choice.right is None else int(both[choice.right]))
                plan_rows.append(row)
                plan_lengths.append(-1 if plan[0].right is None else len(plan) - 1)
        open_ = torch.zeros(len(rows), len(relations), dtype=torch.bool)
        counts = [len(one) for one in there]
        open_[
            torch.arange(len(rows)).repeat_interleave(torch.tensor(counts)), torch.from_numpy(np.concatenate(there))
        ] = True
        at = torch.tensor(steps)
        fit = reasoner.fit(queries[at, torch.tensor(rows)], relations).masked_fill(~open_, -1e4)
        chosen = torch.cat([fit, reasoner.none[at][:, None]], dim=1).log_softmax(-1)
        chosen = chosen[torch.arange(len(rows)), torch.tensor(right)]
        plan_row, length = torch.tensor(plan_rows), torch.tensor(plan_lengths)
        likely = torch.zeros(len(plan_rows)).index_add(0, torch.tensor(owners), chosen)
        likely = likely + torch.where(length >= 0, hops[plan_row, length], 0.0)
        most = torch.full((len(items),), -1e9).scatter_reduce(0, plan_row, likely.detach(), "amax")
        total = torch.zeros(len(items)).index_add(0, plan_row, (likely - most[plan_row]).exp())
        return -(most + total.log()).mean()


def _token_states(encoder: TextEncoder, texts: set[str]) -> dict[str, torch.Tensor]:
    ordered = sorted(texts, key=lambda text: (len(text), text))
    states: dict[str, torch.Tensor] = {}
    for start in track(range(0, len(ordered), 256), "reading questions"):
        part = ordered[start : start + 256]
        tokens, mask = encoder.tokens(part)
        states.update((text, row[kept].half()) for text, row, kept in zip(part, tokens, mask))
    return states


def _padded(states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(state) for state in states])
    tokens = torch.nn.utils.rnn.pad_sequence([state.float() for state in states], batch_first=True)
    return tokens, torch.arange(tokens.shape[1])[None] < lengths[:, None]


def settle(reader: GraphReader, held: Sequence[PreparedQuestion]) -> None:
    """Sets, by held questions, how much likeness to known ways of asking counts, and how far a start is believed to answer."""
    reasoner = reader.reasoner
    returned = [float(q.topics[0] in q.answers) for q in held if len(q.answers) and _comes_back(reader, q)]
    trust, hop_trust = reasoner.trust.detach().clone(), reasoner.hop_trust.detach().clone()
    with torch.no_grad():
        if returned:
            share = (sum(returned) + 0.1) / (len(returned) + 1)
            reasoner.returning.fill_(float(np.log(share / max(1 - share, 1e-3))))
        qualities = []
        for factor in TRUSTS:
            reasoner.trust.copy_(factor * trust)
            reasoner.hop_trust.copy_(factor * hop_trust)
            qualities.append(_quality([TrainingSet(reader, [], held)]))
        best = TRUSTS[max(range(len(TRUSTS)), key=lambda i: (qualities[i], -i))]
        reasoner.trust.copy_(best * trust)
        reasoner.hop_trust.copy_(best * hop_trust)
    log.info("known ways of asking count %.2f times as much", best)


def _comes_back(reader: GraphReader, question: PreparedQuestion) -> bool:
    """Whether the best plan of a question, one of several relations, leads to where it starts as well."""
    reading = reader.read([question.masked], [question.topics[:1]])[0]
    return bool(reading.plans) and len(reading.plans[0].relations) > 1 and question.topics[0] in reading.plans[0].ends


def _quality(sets: Sequence[TrainingSet]) -> Quality:
    """Share of held questions answered rightly or rightly refused, and the mean belief in what is right."""
    found = [one for each in sets for one in believed(each.reader, each.held)]
    right = sum(most < ANSWERED if hit is None else hit for most, hit, _ in found)
    return Quality(right / max(len(found), 1), sum(belief for _, _, belief in found) / max(len(found), 1))


def believed(
    reader: GraphReader, questions: Sequence[PreparedQuestion], batch_size: int = 64
) -> list[tuple[float, bool | None, float]]:
    """For each question the greatest belief, whether it is in an answer (None where there is none), and belief in what is right."""
    found: list[tuple[float, bool | None, float]] = []
    for start in range(0, len(questions), batch_size):
        chunk = questions[start : start + batch_size]
        pairs = [(q, topic) for q in chunk for topic in q.topics]
        readings = iter(reader.read([q.masked for q, _ in pairs], [[topic] for _, topic in pairs]))
        for question in chunk:
            own = [next(readings) for _ in question.topics]
            nodes = own[0].beliefs[0]
            together = np.prod([reading.believed(nodes) for reading in own], axis=0) ** (1 / len(own))
            most = float(together.max(initial=0.0))
            if len(question.answers):
                hit = most >= SAID and bool(np.isin(nodes[int(np.argmax(together))], question.answers))
                found.append((most, hit, float(together[np.isin(nodes, question.answers)].max(initial=0.0))))
            else:
                found.append((most, None, 1 - most))
    return found
