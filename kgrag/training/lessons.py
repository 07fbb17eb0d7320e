"""What a reasoner learns from a question: which relation comes next, and which plan is the right one as a whole.

The second is learned against rivals: plans that the question does not mean. They are drawn anew each time, from the right ones
by leaving relations out, adding, changing and swapping them; what is put in their place is what the reasoner itself takes for
likely as often as anything else that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from kgrag.encoding import Reasoner
from kgrag.encoding.plans import Rows
from kgrag.progress import track
from kgrag.types import Ids, TextEncoder

RIVALS = 14  # for each question
KEPT = 0.6  # chance that a rival takes a relation of a right plan
TURNED_ROUND = 0.25  # chance that it takes them in another order
SAME_LENGTH = 0.5  # chance that it has as many as a right plan
THERE_AND_BACK = 0.12  # chance that it goes back by a relation it has come by
MOST_ENDS = 1_000  # nodes of which it is looked up how they are left
PARTS = 4  # of a batch, by length
ABSENT = 0.15  # chance that a rival begins with what is not there, which a question with an answer does not mean
MILD = 2.0  # how much less sure than it is the reasoner draws rivals


class Choice(NamedTuple):
    """One right relation among those that are there; without one, "none of these" is right.

    Attributes:
        there: Directed relations, ascending.
        right: One of them, or None.
    """

    there: Ids
    right: int | None

    def by(self, numbers: Ids) -> Choice:
        """The same, its directed relations under other numbers."""
        return Choice(numbers[self.there], None if self.right is None else int(numbers[self.right]))


class Trail(NamedTuple):
    """A right plan with what there is beside it.

    Attributes:
        choices: What it chooses; "none of these" at the start, where no plan is right.
        beyond: Directed relations by which it might go on.
    """

    choices: tuple[Choice, ...]
    beyond: Ids

    def by(self, numbers: Ids) -> Trail:
        """The same, its directed relations under other numbers."""
        return Trail(tuple(choice.by(numbers) for choice in self.choices), numbers[self.beyond])


class Lesson(NamedTuple):
    """A question from where it starts.

    Attributes:
        text: The question, its mentions masked.
        plans: The plans that it may mean, their relations as the table of labels has them.
    """

    text: str
    plans: tuple[Trail, ...]


def trail(rows: Rows, start: int, plan: Sequence[int]) -> Trail:
    """What there is to choose among along a plan; without a plan, where it would start."""
    nodes, made = np.array([start], np.int64), []
    for directed in plan:
        made.append(Choice(rows.leaving(nodes), directed))
        nodes = np.unique(rows.along(nodes, directed).targets)
    if not made:
        made = [Choice(rows.leaving(nodes), None)]
        nodes = np.unique(rows.along(nodes).targets)
    return Trail(tuple(made), rows.leaving(nodes[:MOST_ENDS]))


class _Steps(NamedTuple):
    """The choices of a batch of lessons, one row each, those beyond its end after those of a plan.

    Attributes:
        lesson: Whose it is, shape (choices,).
        plan: Its plan, of all plans in the batch; -1 beyond its end, shape (choices,).
        step: Its place in the plan, shape (choices,).
        there: What there is to choose among, shape (choices, 2 * relations).
        right: The right one; past the last for none of them, shape (choices,).
        first: Where the choices of each lesson begin, shape (lessons,).
        owner: The lesson of each plan, shape (plans,).
        plans: The right plans, -1 after their last relation, shape (plans, steps).
    """

    lesson: torch.Tensor
    plan: torch.Tensor
    step: torch.Tensor
    there: torch.Tensor
    right: torch.Tensor
    first: torch.Tensor
    owner: torch.Tensor
    plans: torch.Tensor


class PlanLessons:
    """Lessons about the plans of questions.

    Args:
        reasoner: What learns.
        encoder: Encodes questions and relation labels.
        labels: Of the relations of all graphs.
        lessons: Questions with the plans that are right.
    """

    def __init__(
        self, reasoner: Reasoner, encoder: TextEncoder, labels: Sequence[str], lessons: Sequence[Lesson]
    ) -> None:
        self.reasoner, self.lessons = reasoner, lessons
        self._labels = torch.from_numpy(encoder.encode(list(labels)))
        self._states = token_states(encoder, {lesson.text for lesson in lessons})

    def __len__(self) -> int:
        return len(self.lessons)

    def log_likelihoods(self, places: Ids) -> tuple[torch.Tensor, torch.Tensor]:
        """Of all right plans of some lessons together: relation by relation, and as a whole.

        Returns:
            Twice the shape (lessons,).
        """
        lessons = [self.lessons[place] for place in places.tolist()]
        tokens, mask = padded([self._states[lesson.text] for lesson in lessons])
        steps = _laid_out(lessons, 2 * len(self._labels), self.reasoner.steps)
        by_step, fit = self._by_step(tokens, mask, steps)
        rivals = _rivals(steps, fit.detach())
        return by_step, self._as_whole(tokens, mask, steps, rivals)

    def _by_step(self, tokens: torch.Tensor, mask: torch.Tensor, steps: _Steps) -> tuple[torch.Tensor, torch.Tensor]:
        """The log-likelihoods, and how well each relation that is there fits, shape (choices, 2 * relations)."""
        reasoner = self.reasoner
        queries, hops = reasoner.read(tokens, mask)
        fit = reasoner.fit(queries[steps.step, steps.lesson], reasoner.encode_relations(self._labels))
        fit = fit.masked_fill(~steps.there, -1e4)
        chosen = torch.cat([fit, reasoner.none[steps.step][:, None]], dim=1).log_softmax(-1)
        chosen = chosen.gather(1, steps.right[:, None])[:, 0]
        length = (steps.plans >= 0).sum(1)
        counted = hops.log_softmax(-1)[steps.owner, (length - 1).clamp(min=0)]
        within = steps.plan >= 0
        likely = torch.where(length > 0, counted, 0.0).index_add(0, steps.plan[within], chosen[within])
        return _log_sum(likely, steps.owner, len(tokens)), fit

    def _as_whole(self, tokens: torch.Tensor, mask: torch.Tensor, steps: _Steps, rivals: torch.Tensor) -> torch.Tensor:
        """The log-likelihoods; short questions are read apart from long ones, without padding."""
        count, meant = len(tokens), steps.plans[:, 0] >= 0
        plans = torch.cat([steps.plans[meant], rivals.flatten(0, 1)])
        owner = torch.cat([steps.owner[meant], torch.arange(count).repeat_interleave(rivals.shape[1])])
        right = torch.arange(len(plans)) < meant.sum()
        refused = torch.zeros(count, dtype=torch.bool)
        refused[steps.owner[~meant]] = True
        lengths = mask.sum(1)
        likely = torch.zeros(count)
        for part in lengths.argsort(stable=True).chunk(PARTS):
            own = torch.full((count,), -1)
            own[part] = torch.arange(len(part))
            among = own[owner] >= 0
            most = int(lengths[part].max())
            of = own[owner[among]]
            scores, none = self.reasoner.ranker(tokens[part, :most], mask[part, :most], self._labels, plans[among], of)
            said = _log_sum(scores[right[among]], of[right[among]], len(part))
            everything = torch.logaddexp(none, _log_sum(scores, of, len(part)))
            likely = likely.index_add(0, part, torch.where(refused[part], none, said) - everything)
        return likely


def _laid_out(lessons: Sequence[Lesson], width: int, most: int) -> _Steps:
    lesson: list[int] = []
    plan: list[int] = []
    step: list[int] = []
    right: list[int] = []
    first: list[int] = []
    owner: list[int] = []
    there: list[Ids] = []
    table: list[list[int]] = []
    for place, (_, trails) in enumerate(lessons):
        first.append(len(lesson))
        for choices, beyond in trails:
            for at, choice in enumerate([*choices, Choice(beyond, None)]):
                lesson.append(place)
                plan.append(len(owner) if at < len(choices) else -1)
                step.append(min(at, most - 1))
                there.append(choice.there)
                right.append(width if choice.right is None else choice.right)
            relations = [choice.right for choice in choices if choice.right is not None]
            table.append([*relations, *[-1] * (most - len(relations))])
            owner.append(place)
    opened = torch.zeros(len(lesson), width, dtype=torch.bool)
    rows = np.repeat(np.arange(len(there)), [len(one) for one in there])
    opened[torch.from_numpy(rows), torch.from_numpy(np.concatenate(there))] = True
    return _Steps(
        lesson=torch.tensor(lesson),
        plan=torch.tensor(plan),
        step=torch.tensor(step),
        there=opened,
        right=torch.tensor(right),
        first=torch.tensor(first),
        owner=torch.tensor(owner),
        plans=torch.tensor(table),
    )


def _rivals(steps: _Steps, fit: torch.Tensor) -> torch.Tensor:
    """Plans that the lessons do not mean, shape (lessons, rivals, steps)."""
    count, most = len(steps.first), steps.plans.shape[1]
    base = torch.stack([torch.nonzero(steps.owner == place)[0, 0] for place in range(count)])
    length = (steps.plans[base] >= 0).sum(1)
    weights = 0.5 * (fit / MILD).softmax(1) + 0.5 * steps.there / steps.there.sum(1, keepdim=True).clamp(min=1)
    weights[~steps.there.any(1)] = 1.0
    begun = steps.first[length > 0]
    absent = ~steps.there[begun]
    mixed = torch.where(absent, ABSENT / absent.sum(1, keepdim=True).clamp(min=1), (1 - ABSENT) * weights[begun])
    weights[begun] = torch.where(absent.any(1, keepdim=True), mixed, weights[begun])
    at = steps.first[:, None] + torch.minimum(torch.arange(most), length.clamp(min=1)[:, None])
    drawn = torch.multinomial(weights[at.flatten()], RIVALS, replacement=True).view(count, most, RIVALS).transpose(1, 2)
    places = torch.arange(most).expand(count, RIVALS, most)
    around = (places + torch.randint(1, most, (count, RIVALS, 1))) % length.clamp(min=1)[:, None, None]
    places = torch.where(torch.rand(count, RIVALS, 1) < TURNED_ROUND, around, places)
    taken = steps.plans[base][:, None].expand(-1, RIVALS, -1).gather(2, places)
    kept = (torch.rand(count, RIVALS, most) < KEPT) & (taken >= 0)
    other = torch.randint(1, most + 1, (count, RIVALS))
    same = (torch.rand(count, RIVALS) < SAME_LENGTH) & (length > 0)[:, None]
    lengths = torch.where(same, length[:, None], other)
    plans = torch.where(kept, taken, drawn)
    back = torch.rand(count, RIVALS, most) < THERE_AND_BACK
    for step in range(1, most):
        plans[..., step] = torch.where(back[..., step], plans[..., step - 1] ^ 1, plans[..., step])
    plans = torch.where(torch.arange(most) < lengths[..., None], plans, -1)
    meant = (plans[:, :, None] == steps.plans).all(-1) & (steps.owner == torch.arange(count)[:, None, None])
    # what is right after all gives way to another wrong one of the same lesson
    wrong = ~meant.any(-1)
    stand_in = wrong.float().argmax(1)
    return torch.where(wrong[..., None], plans, plans[torch.arange(count), stand_in][:, None])


def _log_sum(values: torch.Tensor, owner: torch.Tensor, count: int) -> torch.Tensor:
    """Logarithm of the sum of exponentials by owner, shape (count,)."""
    most = torch.full((count,), -1e9).scatter_reduce(0, owner, values.detach(), "amax")
    total = torch.zeros(count).index_add(0, owner, (values - most[owner]).exp())
    return most + total.clamp(min=1e-30).log()


def token_states(encoder: TextEncoder, texts: set[str]) -> dict[str, torch.Tensor]:
    """Token states of texts, in half precision, each of shape (tokens, width)."""
    ordered = sorted(texts, key=lambda text: (len(text), text))
    states: dict[str, torch.Tensor] = {}
    for start in track(range(0, len(ordered), 256), "reading questions"):
        part = ordered[start : start + 256]
        tokens, mask = encoder.tokens(part)
        states.update((text, row[kept.bool()].half()) for text, row, kept in zip(part, tokens, mask))
    return states


def padded(states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token states of a batch in one tensor, and which of them are tokens."""
    lengths = torch.tensor([len(state) for state in states])
    tokens = torch.nn.utils.rnn.pad_sequence([state.float() for state in states], batch_first=True)
    return tokens, torch.arange(tokens.shape[1])[None] < lengths[:, None]
