"""Reads questions over one graph: which plans they may mean, and how probable each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from kgrag.encoding.expectations import Expectations
from kgrag.encoding.phrasebook import COMMON, NAMED, Phrasebook
from kgrag.encoding.plans import Plan, Rows, followed, seek
from kgrag.encoding.reasoner import Reasoner
from kgrag.encoding.sorts import Sorts
from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import Edges, GraphRows
from kgrag.types import Floats, Ids, TextEncoder
from kgrag.wordings.english import PARTICLES
from kgrag.wordings.labels import saying
from kgrag.wordings.order import end_by_order, preposition
from kgrag.wordings.sides import SUBJECT, UNKNOWN, named_end

SHARPNESS = 20.0  # of likeness, which is a cosine
COMPARED = 24  # relations of one node, the best fitting, that a question is compared with
HEARD = 3  # plans that people were heard to ask for in like words, at most
ABSENT = 12  # relations of the graph that are not there, the best fitting, that speak for "none"
APART = 0.1  # what a relation that does not leave the start must give way by
BEYOND = 0.12  # likeness that what others of its sort have may have more than what is there: it shows what the question is about
WHOLLY = 0.06  # the same of what none of its sort has, and of what the graph has nowhere
ABROAD = 4  # relations that the graph does not have, the best fitting, that speak for "none"
RANKED = 64  # questions whose plans are ranked together
FAR = 0.01  # probability, by what was learned, from which plans of so many relations are sought; of two they always are
SIDED = 10.0  # logits by which a relation read from the wrong side of its verb is less likely than from the right one
ORDERED = 8.0  # the same where the order of the words alone tells
LED = 2.0  # logits by which a relation is likelier that has the preposition of the question
OTHER = 10.0  # logits by which a plan is less likely that is clearly not meant: leads to another sort of thing, or only over others
NEVER = 0.05  # least belief that a start answers: where labels have shown less, no way leads by it either
SEEN = 64  # questions that are not looked at twice
AS_LIKE = 0.03  # likeness that a relation may have less than another one and be meant as well
LEAST = 1e-4  # plans below this probability do not count

Directed = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """What a question means from where it starts.

    Attributes:
        start: Node ids, ascending.
        plans: The plans that it may mean, best first.
        probabilities: Of each plan, shape (plans,); what is missing to 1 is that it means none of them.
        hops: Probability of each number of relations, shape (steps,); none may be meant.
        familiar: Likeness of the question to the best known way of asking for the best plan.
        returning: How far a node is believed in that is both start and end. Where that is hardly ever, and where a plan asks for
            what shares something with the start, those to which it leads only by coming back are believed in as little.
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

    @property
    def top(self) -> float:
        """How far the node is believed in that is believed in most; 0 where there is none."""
        return float(self.beliefs[1].max(initial=0.0))

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
        back = longer[owners] & np.isin(nodes, self.start)
        others = [self.returning < NEVER or plan.is_there_and_back for plan in self.plans]
        if any(others):
            returned = (np.isin(plan.ends, plan.returned) & meant for plan, meant in zip(self.plans, others))
            back |= np.concatenate(list(returned))
        beliefs = np.where(back, self.returning * beliefs, beliefs)
        order = np.lexsort((owners, -beliefs, nodes))
        first = order[np.concatenate([[True], nodes[order][1:] != nodes[order][:-1]])]
        return nodes[first], beliefs[first].astype(np.float32), owners[first]


class _Sight(NamedTuple):
    """What was read of one question, wherever it starts.

    Attributes:
        question: The question.
        tokens: Shape (tokens, width).
        encoded: Shape (width,).
        fits: Logit of each directed relation at each step, shape (steps, 2 * relations).
        foreign: The best fitting relations that the graph does not have, and how alike the question is to those for them.
        hops: Logit of each number of relations, shape (steps,).
    """

    question: str
    tokens: torch.Tensor
    encoded: Floats
    fits: Floats
    foreign: tuple[Ids, Floats]
    hops: Floats


class _Proposal(NamedTuple):
    """What a question may ask for from where it starts.

    Attributes:
        start: Node ids, ascending.
        there: Directed relations that leave it.
        plans: The plans that it may mean, by their number of relations.
        absent: Directed relations that do not leave the start, the best fitting: what may be asked in vain.
        likely: Which of these things of the same sort have.
        lacked: Which of them other members of its classes have.
        of_members: Places of the plans that lead from a class to its members, and on to what it does not have itself. People
            ask as if it had ("side effects of statins").
    """

    start: Ids
    there: Ids
    plans: list[list[Plan]]
    absent: Ids
    likely: NDArray[np.bool_]
    lacked: NDArray[np.bool_]
    of_members: list[int]


class GraphReader:
    """Applies a reasoner to the questions over one graph.

    Args:
        graph: What is asked.
        reasoner: The neural network.
        encoder: Encodes questions and relation labels.

    Attributes:
        asking: Encodes questions, to be held against known ways of asking.
        rows: The whole graph, to follow relations in.
        expectations: What sort of thing questions ask for.
        sorts: Which relations a thing may have.
    """

    def __init__(self, graph: KnowledgeGraph, reasoner: Reasoner, encoder: TextEncoder) -> None:
        self.graph, self.reasoner, self.encoder = graph, reasoner, encoder
        self.asking = reasoner.phrasing.of(encoder) if reasoner.phrasing else encoder
        self.phrasebook = Phrasebook(graph, encoder, self.asking)
        self.rows: Rows = GraphRows(graph)
        self.expectations = Expectations(graph)
        self.sorts = Sorts(graph)
        self._represented: dict[str, tuple[object, torch.Tensor]] = {}
        self._seen: tuple[object, dict[str, _Sight]] = (), {}

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
        if self.reasoner.training:
            self.reasoner.eval()
        nodes = [np.unique(np.asarray(start, np.int64)) for start in starts]
        while True:
            known = self.graph.num_relations
            self.phrasebook.refresh()
            seen = self._see(list(dict.fromkeys(questions)))
            sights = [seen[question] for question in questions]
            proposals = [self._propose(sight, start, rows or self.rows) for sight, start in zip(sights, nodes)]
            ranks = self._rank(sights, proposals)
            if self.graph.num_relations == known:  # more may be met where a graph is elsewhere
                return [self._weigh(*one) for one in zip(sights, proposals, ranks)]

    def read_each(self, question: str, starts: Sequence[int], rows: Rows | None = None) -> list[Reading]:
        """Reads a question whose mentions are masked, once from each node where it starts."""
        return self.read([question] * len(starts), [[start] for start in starts], rows)

    def read_all(self, asked: Sequence[tuple[str, Sequence[int]]]) -> list[list[Reading]]:
        """Reads questions whose mentions are masked, each from every node where it starts."""
        sizes = [len(starts) for _, starts in asked]
        read = iter(
            self.read([q for q, starts in asked for _ in starts], [[node] for _, starts in asked for node in starts])
        )
        return [[next(read) for _ in range(size)] for size in sizes]

    @torch.inference_mode()
    def asked(self, question: str, plan: Sequence[int], most: int) -> tuple[list[str], float]:
        """How people ask for a plan, or for one of its relations alone.

        Args:
            question: A question whose mentions are masked.
            plan: Directed relations.
            most: Ways of asking for each that are given.

        Returns:
            The ways that are nearest to the question, with ``{x}`` for what is named; and how alike it is to the nearest of all.
        """
        self.phrasebook.refresh()
        encoded = self._see([question])[question].encoded
        parts = list(dict.fromkeys([tuple(plan), *((directed,) for directed in plan)]))
        ways = [way for part in parts for way in self.phrasebook.nearest(encoded, part, most)]
        return ways, float(self.phrasebook.likeness(encoded, parts).max())

    @torch.inference_mode()
    def understood(self, masked: str, least: float) -> list[int]:
        """The relations of the graph that a text speaks of: it is at least so much like a way of asking for them, and for no
        others clearly more."""
        self.phrasebook.refresh()
        plans = [(directed,) for directed in range(2 * self.graph.num_relations)]
        alike = self.phrasebook.likeness(self._see([masked])[masked].encoded, plans).reshape(-1, 2).max(1)
        return np.flatnonzero(alike >= max(least, float(alike.max(initial=0.0)) - AS_LIKE)).tolist()

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
        """What the reasoner makes of questions; of the last ones it is known."""
        reasoner = self.reasoner
        state = self.graph.num_relations, self.phrasebook.unfamiliar, reasoner
        version = (*state, *(value._version for value in reasoner.parameters()))
        if self._seen[0] != version or len(self._seen[1]) + len(questions) > SEEN:
            self._seen = version, {}
        known = self._seen[1]
        new = [question for question in questions if question not in known]
        if new:
            known.update(self._look(new))
        return {question: known[question] for question in questions}

    def _look(self, questions: list[str]) -> dict[str, _Sight]:
        reasoner = self.reasoner
        tokens, mask = self.encoder.tokens(questions)
        queries, hops = reasoner.read(tokens, mask)
        encoded = self.asking.encode(questions)
        fits = reasoner.fit(queries, self.relations()).numpy()
        sights = {}
        for i, question in enumerate(questions):
            likeness = self.phrasebook.foreign(encoded[i]) - np.float32(APART / 2)
            near = np.zeros(0, np.int64)
            if len(likeness):
                abroad = self._represent("foreign", self.phrasebook.foreign_labels)
                fit = reasoner.fit(queries[0, i], abroad).numpy() + self._trusted(likeness, 0)
                near = np.argsort(-fit, kind="stable")[:ABROAD]
            own = tokens[i][mask[i].bool()]
            sights[question] = _Sight(question, own, encoded[i], fits[:, i], (near, likeness[near]), hops[i].numpy())
        return sights

    def _propose(self, sight: _Sight, start: Ids, rows: Rows) -> _Proposal:
        """What may be meant: found relation by relation, and what might be asked for in vain."""
        none = self.reasoner.none.tolist()

        def learned(step: int, there: Ids) -> tuple[Floats, float]:
            return sight.fits[step, there], none[step]

        def hinted(step: int, there: Ids) -> tuple[Floats, float]:
            return sight.fits[step, there] + self._trusted(self._alone(sight, there, step), 0), none[step]

        far = np.flatnonzero(_softmax(sight.hops) >= FAR)
        steps = max(int(far[-1]) + 1, 2)
        known = _Known(rows, sight.fits.shape[1])
        plans = seek(known, start, steps, learned, hinted, lambda reached: self.graph.is_literal[reached])
        # what leaves the start is there, though not in the part that is read now
        there = np.union1d(known.leaving(start), _Known(self.rows, sight.fits.shape[1]).leaving(start))
        plans = self._with_heard(sight, known, start, plans)
        met = [plan.relations for several in plans for plan in several]
        members = set(self.phrasebook.to_members(there).tolist())
        own = set(there.tolist())
        of_members = [p for p, one in enumerate(met) if len(one) > 1 and one[0] in members and one[1] not in own]
        had = np.union1d(there, [met[place][1] for place in of_members]).astype(np.int64)
        fit = sight.fits[0].copy()
        fit[had] = -np.inf
        absent = np.argsort(-fit, kind="stable")[: min(ABSENT, len(fit) - len(had))]
        likely = np.isin(absent, self.sorts.may_have(start, there))
        lacked = np.isin(absent, self.sorts.of_class(start))
        return _Proposal(start, there, plans, absent, likely, lacked, of_members)

    def _with_heard(self, sight: _Sight, rows: Rows, start: Ids, plans: list[list[Plan]]) -> list[list[Plan]]:
        """Plans, and those that people were heard to ask for in such words, whose first relations alone are not like the question."""
        met = {plan.relations for several in plans for plan in several}
        found = self.phrasebook.heard(sight.encoded, rows.leaving(start), HEARD)
        heard = [relations for relations in found if relations not in met]
        plans = [*plans, *([] for _ in range(len(plans), max(map(len, heard), default=0)))]
        for relations in heard:
            plan = Plan((), (start,), 0.0)
            for directed in relations:
                plan = followed(rows, plan, directed, 0.0, lambda reached: self.graph.is_literal[reached])
            if len(plan.ends):
                plans[len(relations) - 1].append(plan)
        return plans

    def _rank(self, sights: Sequence[_Sight], proposals: Sequence[_Proposal]) -> list[Floats]:
        """Logits of each proposal's plans, of what may be asked in vain, of relations that are not the graph's, and of none."""
        own, abroad = self.phrasebook.relation_labels(), self.phrasebook.foreign_labels()
        labels = torch.from_numpy(np.concatenate([own, abroad]))
        ranks: list[Floats] = []
        for first in range(0, len(sights), RANKED):
            part = sights[first : first + RANKED]
            written: list[list[Directed]] = []
            for sight, proposal in zip(part, proposals[first : first + RANKED]):
                every: list[Directed] = [plan.relations for several in proposal.plans for plan in several]
                singles = [*proposal.absent.tolist(), *(sight.foreign[0] + 2 * len(own)).tolist()]
                beyond = [every[place][1:] for place in proposal.of_members]
                written.append([*every, *((one,) for one in singles), *beyond])
            sizes = [len(several) for several in written]
            plans = [plan for several in written for plan in several]
            table = torch.full((len(plans), self.reasoner.steps), -1)
            for place, plan in enumerate(plans):
                table[place, : len(plan)] = torch.tensor(plan)
            tokens = torch.nn.utils.rnn.pad_sequence([sight.tokens for sight in part], batch_first=True)
            lengths = torch.tensor([len(sight.tokens) for sight in part])
            mask = torch.arange(tokens.shape[1]) < lengths[:, None]
            owner = torch.arange(len(part)).repeat_interleave(torch.tensor(sizes))
            scores, none = self.reasoner.ranker(tokens, mask, labels, table, owner)
            split = np.split(scores.numpy(), np.cumsum(sizes)[:-1])
            for scored, nothing, proposal in zip(split, none.numpy(), proposals[first : first + RANKED]):
                places = proposal.of_members
                rest, members = np.split(scored, [len(scored) - len(places)])
                rest[places] = np.maximum(rest[places], members)
                ranks.append(np.append(rest, nothing))
        return ranks

    def _weigh(self, sight: _Sight, proposal: _Proposal, ranks: Floats) -> Reading:
        """How probable each plan is; what the question may ask for in vain speaks for none."""
        reasoner, plans = self.reasoner, [plan for several in proposal.plans for plan in several]
        ends = np.cumsum([len(plans), len(proposal.absent), len(sight.foreign[0])])
        own, missed, foreign, none = np.split(ranks, ends)
        is_roundabout = _roundabout(plans, own, dict(zip(proposal.absent[proposal.lacked], missed[proposal.lacked])))
        alike = np.concatenate([self._likeness(sight, several) for several in proposal.plans] or [own])
        length = np.array([len(plan.relations) for plan in plans], np.int64)
        away = self._alone(sight, proposal.absent, 0)
        most_of_own = alike[length == 1].max(initial=COMMON)
        beyond = most_of_own + np.where(proposal.likely, np.float32(BEYOND), np.float32(WHOLLY))
        absent, abroad = np.minimum(away, beyond), np.minimum(sight.foreign[1], most_of_own + np.float32(WHOLLY))
        # likeness speaks against none of them, and among plans of one relation; how many are meant is for the ranker to say,
        # but that people were heard to ask so for several
        most = max(most_of_own, absent.max(initial=COMMON), abroad.max(initial=COMMON))
        most -= float(reasoner.longer)
        further = self._trusted(np.full(len(own), most), 0) + self._trusted(COMMON + (alike - most).clip(0), 1)
        own = own + np.where(length == 1, self._trusted(alike, 0), further)
        own = own - self._wrong_way(sight.question, plans) + self._led(sight.question, plans)
        plans, is_other = self._of_sort(sight.question, plans)
        own = own - OTHER * (is_other | is_roundabout)
        missed = missed + self._trusted(absent, 0)
        foreign = foreign + self._trusted(abroad, 0)
        in_vain = max(float(missed.max(initial=-1e4)), float(foreign.max(initial=-1e4))) + float(reasoner.missed)
        probabilities = _softmax(np.append(own, np.logaddexp(none[0], in_vain))).astype(np.float32)[:-1]
        by_length = np.zeros(reasoner.steps, np.float32)
        np.add.at(by_length, length - 1, probabilities)
        order = [i for i in np.argsort(-probabilities, kind="stable").tolist() if probabilities[i] >= LEAST]
        familiar = -1.0
        if order:
            best = plans[order[0]]
            familiar = float(self.phrasebook.likeness(sight.encoded, [best.relations])[0])
            if len(best.relations) == 1:
                # what a class does not have itself is hardly asked in vain: its members may have it
                apart = 3 * APART if len(self.phrasebook.to_members(proposal.there)) else APART
                familiar = max(familiar, float((away - apart).max(initial=-1.0)))
        return Reading(
            start=proposal.start,
            plans=tuple(plans[i] for i in order),
            probabilities=probabilities[order],
            hops=by_length,
            familiar=familiar,
            returning=float(reasoner.returning.sigmoid()),
        )

    def _of_sort(self, question: str, plans: Sequence[Plan]) -> tuple[list[Plan], NDArray[np.bool_]]:
        """Plans without those ends that clearly are of another sort than asked for, and whether nothing else is left of each.

        This is asked only of plans beside ends of that sort, of theirs or of another plan: without any, nothing is as clear. Sentences
        are no one who does something.
        """
        ends = [plan.ends for plan in plans]
        sorts, no_actors = self.expectations.sorted(question, ends), self.expectations.are_no_actors(question, ends)
        has_some = [bool((one > 0).any()) for one in sorts]
        is_other = [
            no_actor or (any(has_some) and len(one) > 0 and bool((one < 0).all()))
            for one, no_actor in zip(sorts, no_actors)
        ]
        kept = [
            replace(plan, reach=(*plan.reach[:-1], plan.ends[one >= 0])) if some and (one < 0).any() else plan
            for plan, one, some in zip(plans, sorts, has_some)
        ]
        return kept, np.array(is_other, bool)

    def _wrong_way(self, question: str, plans: Sequence[Plan]) -> Floats:
        """By how much plans are less likely that begin by a relation read backwards or forward where the question means it the other way.

        Its grammar says so where it has the relation's own word. By other words the order hints at it, where both ways are open.
        """
        firsts = {plan.relations[0] for plan in plans}
        less: dict[int, float] = {}
        for relation in {first >> 1 for first in firsts}:
            label, both = self.graph.relation_label(relation), {2 * relation, 2 * relation + 1} <= firsts
            end, by = named_end(question, label, NAMED), SIDED
            if end == UNKNOWN and both:
                end, by = end_by_order(question, label, NAMED), ORDERED
            if end != UNKNOWN:
                less[2 * relation + (end == SUBJECT)] = by
        return np.array([less.get(plan.relations[0], 0.0) for plan in plans], np.float32)

    def _led(self, question: str, plans: Sequence[Plan]) -> Floats:
        """By how much plans are likelier whose last relation has the preposition by which what is asked for is joined: "to whom".

        Beside one of these, none is meant that takes its object without any: who is told is no answer to whom something is told to.
        """
        by, likelier = preposition(question), np.zeros(len(plans), np.float32)
        if not by:
            return likelier
        forward = [(place, plan.relations[-1] >> 1) for place, plan in enumerate(plans) if not plan.relations[-1] & 1]
        for place, relation in forward:
            label = self.graph.relation_label(relation).lower()
            if label.split()[-1:] == [by]:
                likelier[place] = LED
            elif saying(label).form == "verb" and label.split()[-1] not in PARTICLES:
                likelier[place] = -SIDED
        return likelier if (likelier > 0).any() else np.zeros_like(likelier)

    def _likeness(self, sight: _Sight, plans: Sequence[Plan]) -> Floats:
        """How alike a question is to those for each of some plans of one length.

        Ways of asking for three relations are put together from others, and little like what people say: such a plan is as alike
        as its first two relations or its last two, whichever are more. Questions made from the phrasebook are put together just
        so; who learned from them by that would learn nothing of three relations, and they are compared with the whole.
        """
        if not plans:
            return np.zeros(0, np.float32)
        if len(plans[0].relations) == 1:
            return self._alone(sight, np.array([plan.relations[0] for plan in plans], np.int64), 0)
        if self.phrasebook.unfamiliar:
            return self.phrasebook.likeness(sight.encoded, [plan.relations for plan in plans])
        parts = [(plan.relations[:2], plan.relations[-2:]) for plan in plans]
        return self.phrasebook.likeness(sight.encoded, [part for both in parts for part in both]).reshape(-1, 2).max(1)

    def _alone(self, sight: _Sight, directed: Ids, step: int) -> Floats:
        """Likeness to single relations, of the best fitting ones; the others are like nothing."""
        alike = np.full(len(directed), COMMON, np.float32)
        near = np.argsort(-sight.fits[step, directed], kind="stable")[:COMPARED]
        alike[near] = self.phrasebook.likeness(sight.encoded, [(one,) for one in directed[near].tolist()])
        return alike

    def _trusted(self, alike: Floats, step: int) -> Floats:
        return SHARPNESS * max(float(self.reasoner.trust[step]), 0.0) * (alike - np.float32(COMMON))


def _roundabout(plans: Sequence[Plan], ranks: Floats, lacked: Mapping[int, float]) -> NDArray[np.bool_]:
    """Which plans end with a relation that by itself fits better than they do, but that the start lacks, unlike others of its class.

    A question for X's code asks in vain where X has none, and not for the code of something that has to do with X.

    Args:
        plans: What may be meant.
        ranks: How each fits, shape (plans,).
        lacked: How those relations fit.
    """
    alone = [lacked.get(plan.relations[-1], -np.inf) if len(plan.relations) > 1 else -np.inf for plan in plans]
    return np.array(alone, np.float32) > ranks


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
