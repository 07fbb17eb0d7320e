"""Reasons over a sub-graph as a whole, with instructions that are revised by what was found (ReaRev).

Mavromatis and Karypis: ReaRev: Adaptive Reasoning for Question Answering over Knowledge Graphs, Findings of EMNLP 2022.
Several instructions are read from the question. In each step, a node gets from each neighbour what the relation between them
means in the light of each instruction, as far as the neighbour is believed in. After some steps the instructions are
revised by what the nodes at the start have learned, and reasoning begins anew. Relations are known by their labels, and
each direction of one is a relation of its own. Beside the nodes stands "none": a node answers as far as it is more likely
than that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.edges import OverEdges, over_edges
from kgrag.encoding.instructions import GRUWords, Instructions, TokenStates, WordStates

DOUBT = 3.0  # logit of "none" before anything is learned: what knows nothing believes nothing


class Conclusions(NamedTuple):
    """What is concluded for the nodes of a batch.

    Attributes:
        logits: Of each node to answer, shape (nodes,); minus infinity where no walk of so many steps leads.
        none: Of no node to answer, shape (questions,).
        carried: How far what each edge carried was believed in, at each step of the last stage, each shape (edges,).
    """

    logits: torch.Tensor
    none: torch.Tensor
    carried: tuple[torch.Tensor, ...]

    def probabilities(self, batch: GraphBatch) -> torch.Tensor:
        """The probability that each node answers, shape (nodes,)."""
        return (self.logits - self.none[batch.node_question]).sigmoid()

    def support(self, beliefs: torch.Tensor) -> torch.Tensor:
        """How much what each edge carried speaks for what is believed: gradient times input, where that is positive.

        Args:
            beliefs: How far it counts that each node answers, shape (nodes,).

        Returns:
            Shape (steps, edges).
        """
        said = (self.logits * beliefs)[beliefs > 0].sum()
        gradients = torch.autograd.grad(said, self.carried, retain_graph=True, materialize_grads=True)
        return torch.stack([(one * gradient).relu() for one, gradient in zip(self.carried, gradients)]).detach()


class ReaRev(nn.Module):
    """ReaRev-like reasoner.

    Args:
        width: Width of the text encoder.
        hidden: Width of instructions, relations and node states.
        instructions: How many are read from a question.
        steps: Most relations between a start and an answer.
        stages: How often reasoning begins anew.
        vocabulary: Words, for questions to be read by a GRU that is learned from scratch; they are read by the text encoder
            where not given.
    """

    def __init__(
        self,
        width: int = 384,
        hidden: int = 96,
        instructions: int = 3,
        steps: int = 3,
        stages: int = 2,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.settings = {
            "width": width,
            "hidden": hidden,
            "instructions": instructions,
            "steps": steps,
            "stages": stages,
            "vocabulary": None if vocabulary is None else list(vocabulary),
        }
        self.steps, self.stages = steps, stages
        self.words: WordStates = TokenStates(width, hidden) if vocabulary is None else GRUWords(vocabulary, hidden)
        self.scale = nn.LayerNorm(hidden)
        self.instructions = Instructions(hidden, instructions)
        self.relation = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.LayerNorm(hidden))
            for _ in range(2)
        )
        self.around = nn.Linear(hidden, hidden)
        self.read_relation = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(steps))
        self.update = nn.ModuleList(nn.Linear((instructions + 1) * hidden, hidden) for _ in range(steps))
        self.revise = nn.Linear(4 * hidden, 2 * hidden)
        self.believe = nn.Linear(hidden, 1)
        doubt = nn.Linear(hidden, 1)
        nn.init.constant_(doubt.bias, DOUBT)
        self.doubt = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), doubt)
        self.dropout = nn.Dropout(0.2)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.believe.weight.device

    @classmethod
    def new(cls, width: int, seed: int = 0) -> ReaRev:
        """One that knows nothing yet; the same one for the same seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(width)

    def encode_relations(self, labels: torch.Tensor) -> torch.Tensor:
        """Represents relations.

        Args:
            labels: Encoded labels, shape (relations, width).

        Returns:
            Shape (2 * relations, hidden): each relation as it is stated, then read backwards.
        """
        return torch.stack([direction(labels) for direction in self.relation], dim=1).flatten(0, 1)

    def forward(self, questions: Sequence[torch.Tensor], batch: GraphBatch, labels: torch.Tensor) -> Conclusions:
        """Reasons.

        Args:
            questions: As `words` prepared them.
            batch: A sub-graph for each question.
            labels: Encoded labels of the relations of the batch, shape (relations, width).
        """
        walk = _Walk(batch)
        relations = self.dropout(self.encode_relations(labels))[walk.kind_column]
        states, mask = self.words(questions)
        states = self.dropout(self.scale(states))
        overview = states.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1, keepdim=True)
        instructions = self.instructions(states, mask, overview)
        nodes = torch.relu(self.around(walk.edges.weighted(relations, walk.even)))
        for stage in range(self.stages):
            belief = walk.start
            carried: list[torch.Tensor] = []
            for step in range(self.steps):
                read = self.read_relation[step](relations)
                messages = torch.relu(read[:, None] * instructions[walk.kind_question])
                moved = belief[batch.heads]
                if torch.is_grad_enabled() and not moved.requires_grad:
                    moved.requires_grad_()  # the first step is asked for its support as well
                come = walk.edges.weighted(messages.flatten(1), moved)
                nodes = torch.relu(self.update[step](torch.cat([self.dropout(nodes), come], dim=1)))
                logits = walk.within(self.believe(self.dropout(nodes)).squeeze(1), step + 1)
                belief = walk.softmax(logits)
                carried.append(moved)
            learned = walk.at_start(nodes)
            if stage < self.stages - 1:
                instructions = self._revised(instructions, learned)
        none = self.doubt(torch.cat([overview, learned], dim=1)).squeeze(1)
        return Conclusions(logits, none, tuple(carried))

    def _revised(self, instructions: torch.Tensor, learned: torch.Tensor) -> torch.Tensor:
        """Instructions in the light of what the starts have learned, as far as a gate lets it in."""
        news = learned[:, None].expand_as(instructions)
        seen = torch.cat([instructions, news, instructions * news, instructions - news], dim=2)
        gate, revised = self.revise(seen).chunk(2, dim=2)
        return torch.lerp(instructions, revised, gate.sigmoid())


class _Walk:
    """A batch made ready to walk on: every kind of edge once a question, and how far the nodes are from the start."""

    def __init__(self, batch: GraphBatch) -> None:
        self.batch = batch
        count, columns = len(batch.node_question), max(2 * len(batch.relation_ids), 1)
        kinds, self.kind = (batch.edge_question * columns + batch.columns).unique(return_inverse=True)
        self.kind_question, self.kind_column = kinds // columns, kinds % columns
        self.edges: OverEdges = over_edges(self.kind, batch.tails, (len(kinds), count))
        ones = torch.ones(len(batch.tails), device=batch.tails.device)
        self.even = 1 / self.edges.sum(ones[:, None]).squeeze(1).clamp(min=1)[batch.tails]
        seeds = batch.node_question[batch.seeds]
        many = ones.new_zeros(batch.questions).index_add(0, seeds, ones.new_ones(len(seeds)))
        self.start = ones.new_zeros(count).index_add(0, batch.seeds, 1 / many[seeds])
        self._reached = [self.start > 0]

    def within(self, logits: torch.Tensor, steps: int) -> torch.Tensor:
        """Logits of the nodes to which a walk of so many steps, or fewer, leads; the others are out of the question."""
        while len(self._reached) <= steps:
            before = self._reached[-1]
            come = torch.zeros_like(self.start).index_add(0, self.batch.tails, before[self.batch.heads].to(self.start))
            self._reached.append(before | (come > 0))
        return logits.masked_fill(~self._reached[steps], float("-inf"))

    def softmax(self, logits: torch.Tensor) -> torch.Tensor:
        """Shares of the nodes in each question."""
        question = self.batch.node_question
        none = logits.new_full((self.batch.questions,), float("-inf"))
        most = none.scatter_reduce(0, question, logits.detach(), "amax")
        shares = (logits - most[question].clamp(min=-1e9)).exp()
        total = logits.new_zeros(self.batch.questions).index_add(0, question, shares)
        return shares / total[question].clamp(min=1e-9)

    def at_start(self, nodes: torch.Tensor) -> torch.Tensor:
        """Mean state of the nodes at the start of each question, shape (questions, hidden)."""
        weighted = nodes * self.start[:, None]
        return nodes.new_zeros(self.batch.questions, nodes.shape[1]).index_add(0, self.batch.node_question, weighted)
