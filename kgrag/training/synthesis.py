"""Questions about a graph, made from the graph alone.

Paths of one to three relations are walked and put into words: those in which people ask for such relations where the
shipped wordings know them, and those of a grammar, to which labels and classes are enough (`kgrag.wordings.grammar`). Relations and
the paths that they make come up alike often, whether the graph holds few or many statements of them. Some questions name two
nodes, and some ask for what the graph does not hold.

Each kind of question has a maker, see `kgrag.training.makers`.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from kgrag.graph import KnowledgeGraph
from kgrag.graph.directed import GraphRows
from kgrag.progress import track
from kgrag.training.makers import KINDS, MAKERS, Maker
from kgrag.types import Floats, Ids
from kgrag.wordings import templates
from kgrag.wordings.english import singular
from kgrag.wordings.filling import Step
from kgrag.wordings.speech import Speech

Path = tuple[tuple[int, bool], ...]

MOST_ATTEMPTS = 300  # at one question
LONGEST_LABEL = 60
BACKWARD = 0.45  # weight of a step backwards
MIRRORED = 0.05  # the same where another relation states it
OF_CLASS = 0.2  # weight of a step to a class
THERE_AND_BACK = 0.6  # weight of a step back along the same relation
COMMON = 0.1  # share of what a step leads to, from which on a further step is no exception
LEAST = 1e-6
ALIAS = 0.2  # chance that a node is called by another of its names
LOWER = 0.1  # chance of a question in lower case
BARE, SPACED = 0.12, 0.12  # chance of no mark at the end, and of a space before it
CHATTY = 0.05  # chance of a word more, at the beginning or at the end
_SENTENCE = re.compile(r"[.!?。]\s*$|(?:\S+\s+){6}")


@dataclass(frozen=True)
class SyntheticQuestion:
    """A question made from a graph.

    Attributes:
        text: The question, with the names of the nodes it is about.
        masked: The same with ``X`` for those names.
        topics: The nodes it names; a yes/no question asks whether the first leads to the second.
        paths: For each topic ``(relation, inverse)`` a step, as far as it is one to start from; none for what is not there.
        answers: The nodes that answer, ascending; for a yes/no question, the second topic if it is true.
        kind: ``one-hop``, ``two-hop``, ``three-hop``, ``both``, ``yes/no``, ``unanswerable``, or that of a further maker.
        mentions: The names of the topics as they stand in the text.
    """

    text: str
    masked: str
    topics: tuple[int, ...]
    paths: tuple[Path, ...]
    answers: tuple[int, ...]
    kind: str
    mentions: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The path from the first topic; empty where there is none."""
        return self.paths[0] if self.paths else ()


class Synthesiser:
    """Makes questions about one graph.

    Args:
        graph: The graph.
        seed: The same seed gives the same questions.
        makers: Those of each kind, with the share of questions that they make.

    Attributes:
        graph: The graph.
        rng: Where all chance comes from.
        rows: To follow relations in.
        speech: How one speaks of the relations.
        usable: Relations that have a statement.
        foreign: Questions for relations that the graph does not have, by the class of what they name; all of them under "".
    """

    def __init__(
        self, graph: KnowledgeGraph, seed: int = 0, makers: Sequence[tuple[float, Maker]] | None = None
    ) -> None:
        self.graph = graph
        self.rng = random.Random(seed)
        self.rows = GraphRows(graph)
        self.speech = Speech(graph)
        self._makers = tuple(MAKERS if makers is None else makers)
        self.foreign = _by_class(self.speech)
        self._asked: Counter[Path] = Counter()
        self._steps, self._beyond = _weights(self.speech)
        order = graph.statements[np.argsort(graph.relations[graph.statements], kind="stable")]
        bounds = np.searchsorted(graph.relations[order], np.arange(graph.num_relations + 1))
        self._statements = [order[bounds[r] : bounds[r + 1]] for r in range(graph.num_relations)]
        self.usable = [r for r in range(graph.num_relations) if len(self._statements[r])]
        self._both = [2 * relation + inverse for relation in self.usable for inverse in (0, 1)]

    def sample(self, count: int) -> list[SyntheticQuestion]:
        """Samples questions, no two of the same text: as many as asked for, fewer where the graph does not have them."""
        questions: dict[str, SyntheticQuestion] = {}
        shares = [share for share, _ in self._makers]
        for _ in track(range(count), "making questions"):
            for _ in range(MOST_ATTEMPTS if self.usable else 0):
                _, maker = self.rng.choices(self._makers, shares)[0]
                question = maker(self)
                if question is not None and question.text not in questions:
                    questions[question.text] = question
                    break
            else:
                break
        return list(questions.values())

    def follow(self, nodes: Ids, relation: int, inverse: bool) -> Ids:
        """The nodes that a relation leads to, ascending."""
        return np.unique(self.rows.along(nodes, 2 * relation + inverse).targets)

    def leaving(self, nodes: Ids) -> list[int]:
        """Directed relations, as numbers, that leave any of some nodes."""
        return self.rows.leaving(nodes).tolist()

    def statement(self, relation: int) -> tuple[int, int]:
        """Subject and object of any statement of a relation."""
        statement = int(self.rng.choice(self._statements[relation]))
        return int(self.graph.heads[statement]), int(self.graph.tails[statement])

    def step(self, known: Path, there: Sequence[int], further: int = 0) -> tuple[int, bool]:
        """One of some directed relations, so that all paths come up alike often.

        Args:
            known: The steps before it.
            there: The directed relations, as numbers.
            further: How many steps are to come after it.
        """
        weights = self._beyond[further][there]
        if known:
            relation, inverse = known[-1]
            weights = weights * self._steps[2 * relation + inverse, there].toarray().ravel()
        path = [(*known, (directed >> 1, bool(directed & 1))) for directed in there]
        chances = [float(weight) / (1 + self._asked[one]) + LEAST for weight, one in zip(weights, path)]
        chosen = self.rng.choices(path, chances)[0]
        self._asked[chosen] += 1
        return chosen[-1]

    def start(self, further: int = 0) -> tuple[int, tuple[int, bool]]:
        """A node, and a directed relation that leaves it."""
        relation, inverse = self.step((), self._both, further)
        subject, target = self.statement(relation)
        return (target if inverse else subject), (relation, inverse)

    def steps(self, topic: int, path: Path) -> list[Step]:
        """How one speaks of the relations of a path from a node."""
        nodes, steps = np.array([topic]), []
        for relation, inverse in path:
            nodes = self.follow(nodes, relation, inverse)
            steps.append(self.speech.step(relation, inverse, many=len(nodes) > 1))
        return steps

    def make(
        self, text: str, topics: Sequence[int], paths: Sequence[Path], answers: Ids | Sequence[int], kind: str
    ) -> SyntheticQuestion | None:
        """A question from its text, with ``{x}`` and ``{y}`` for what it names; None where that has no fit name.

        Args:
            text: The text.
            topics: What it names.
            paths: See `SyntheticQuestion`.
            answers: The nodes that answer.
            kind: What sort of question it is.
        """
        names = [self.name(topic) for topic in topics]
        if not text or len({*topics}) < len(topics) or not all(names):
            return None
        text = _mannered(text, self.rng)
        lower = self.rng.random() < LOWER
        if lower:
            text, names = text.lower(), [name.lower() for name in names]
        masked = text
        for slot, name in zip(("{x}", "{y}"), names):
            text, masked = text.replace(slot, name), masked.replace(slot, "X")
        ids = tuple(int(node) for node in np.unique(np.asarray(answers, np.int64)))
        return SyntheticQuestion(text, masked, tuple(topics), tuple(paths), ids, kind, tuple(names))

    def name(self, node: int) -> str:
        """What a node may be called; empty where it has no fit name."""
        label = self.graph.label(node)
        if self.graph.is_literal[node] and _SENTENCE.search(label):
            return ""
        if not 0 < len(label) <= LONGEST_LABEL or label.startswith("_:"):
            return ""
        if self.rng.random() < ALIAS:
            others = [name for name in self.graph.names(node) if name != label and 2 < len(name) <= LONGEST_LABEL]
            return self.rng.choice(others) if others else label
        return label


def _mannered(text: str, rng: random.Random) -> str:
    """A question with or without a mark at its end, and now and then a word more."""
    chance = rng.random()
    if chance < BARE:
        return text.rstrip("?.")
    if chance < BARE + SPACED:
        return re.sub(r" ?\?$", " ?", text)
    if chance < BARE + SPACED + CHATTY:
        return text if re.search(r"please\W*$", text) else text + rng.choice(templates.TAILS)
    if chance < BARE + SPACED + 2 * CHATTY:
        return rng.choice(templates.HEADERS) + (
            text if text.startswith(("{", "I ", "I'")) else text[:1].lower() + text[1:]
        )
    return text


def _weights(speech: Speech) -> tuple[csr_matrix, list[Floats]]:
    """The weight of each directed relation after each other one, and of each with all that may follow in 0, 1 and 2 steps."""
    graph, ends = speech.graph, speech.ends
    alone = np.ones(2 * graph.num_relations, np.float32)
    alone[1::2] = np.where(ends.mirrored >= 0, MIRRORED, BACKWARD)
    alone.reshape(-1, 2)[graph.type_relations()] *= OF_CLASS
    after = ends.follows.minimum(COMMON) / COMMON
    after = after.tocoo()
    back = np.where(after.row == (after.col ^ 1), THERE_AND_BACK, 1.0)
    after = csr_matrix((after.data * back, (after.row, after.col)), after.shape)
    beyond = [alone]
    for _ in range(len(KINDS) - 1):
        beyond.append(alone * (after @ beyond[-1]))
    return after, beyond


def _by_class(speech: Speech) -> dict[str, list[list[str]]]:
    """Questions for relations that the graph does not have, by the class of what they name; all of them under "".

    A relation that shares a word with one of the graph's may well be the same.
    """
    own = {word for label in speech.graph.relation_labels for word in _stems(label)}
    found: dict[str, list[list[str]]] = {}
    for wording in speech.ways.foreign():
        if own & {word for label in wording.labels for word in _stems(label)}:
            continue
        for inverse, names in ((False, wording.subject), (True, wording.object)):
            questions = list(wording.questions(inverse))
            for name in ("", *names):
                found.setdefault(name, []).append(questions)
    return found


def _stems(label: str) -> set[str]:
    return {singular(word.lower()) for word in label.split() if len(word) > 3}
