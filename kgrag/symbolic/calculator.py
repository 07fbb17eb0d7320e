"""From a question to what it wants computed, and what comes out."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from kgrag.encoding import GraphReader
from kgrag.encoding.plans import Rows
from kgrag.graph import normalise
from kgrag.symbolic.calculation import Calculation, Members, Result, run
from kgrag.symbolic.measures import MeasureReader
from kgrag.symbolic.recogniser import Recogniser, Task
from kgrag.symbolic.sets import SetReader
from kgrag.symbolic.values import Value, in_text
from kgrag.types import Ids
from kgrag.wordings.depth import at_any_depth
from kgrag.wordings.english import PARTICLES, is_plural, listed, singular
from kgrag.yes_no import asks_yes_no

ASKED = 10  # nearest ways of asking that say what things are called
READ = 20  # things whose classes say it
_ENDING = PARTICLES | listed("being") | listed("helping") | {"x", "there"}  # words that end what is to be counted
_ANYTHING = frozenset(
    ["thing", "item", "way", "kind", "type", "sort", "one", "other", "example"]
)  # call nothing by its name

log = logging.getLogger(__name__)
LEAST = 0.3  # belief from which a set, or what is left out of it, is taken as meant


@dataclass(frozen=True)
class Computed:
    """What was computed for a question.

    Attributes:
        calculation: What.
        result: What came out; None where nothing could be computed.
        belief: How far it is believed to be what was asked.
        reason: Why nothing could be computed; empty where something was.
    """

    calculation: Calculation | None
    result: Result | None
    belief: float
    reason: str = ""


class Calculator:
    """Computes what questions over one graph want computed.

    Args:
        reader: Applies the reasoner.
        recogniser: Tells what is to be computed; nothing is, where it does not know the reader's text encoder.
    """

    def __init__(self, reader: GraphReader, recogniser: Recogniser) -> None:
        self.reader, self.recogniser = reader, recogniser
        if not recogniser.knows(reader.encoder):
            log.warning(
                "with the text encoder %s nothing is computed: train the recogniser with it", reader.encoder.name
            )
        self.sets = SetReader(reader)
        self.measures = MeasureReader(reader, self.sets)

    def is_thing(self, node: int) -> bool:
        """Whether a node is neither a literal nor a class that has members, whose name speaks of these."""
        return not self.reader.graph.is_literal[node] and node not in self.reader.expectations.classes.nodes()

    def is_known(self, text: str, topics: Sequence[int]) -> bool:
        """Whether what looks like a name is part of one that was found, or of a relation: "joined the European Union on"."""
        graph = self.reader.graph
        labels = [*graph.relation_labels, *(name for topic in topics for name in graph.names(topic))]
        return any(normalise(text) in normalise(label) for label in labels)

    def compute(self, masked: str, topics: Sequence[int]) -> Computed | None:
        """Computes what a question wants computed.

        Args:
            masked: The question, ``X`` for each of the topics.
            topics: The nodes that it names, in its order.

        Returns:
            None where the question is answered by what is stated.
        """
        if not self.recogniser.knows(self.reader.encoder):
            return None
        masked, deep = at_any_depth(masked)
        (task,) = self.recogniser.recognise([masked], self.reader.encoder)
        if deep and task is None and not asks_yes_no(masked):
            task = Task("none", "none", "none", 1.0, masked, places=("S",) * len(topics))
        if task is None or len(task.places) != len(topics):
            return None
        if task.operator == "comparison":
            return self._comparison(task, topics)
        if self.reader.graph.is_partial:
            return _in_vain("what is computed needs the whole graph, and this one is elsewhere")
        if task.clause == "filter" and task.operator not in ("none", "count"):
            return _in_vain("it asks for two computations at once")
        return self._over_set(task, topics, deep)

    def run(self, calculation: Calculation, rows: Rows | None = None) -> Result:
        """Runs a calculation; over the whole graph where no rows are given."""
        return run(calculation, rows or self.reader.rows, self.measures.value_of)

    def _comparison(self, task: Task, topics: Sequence[int]) -> Computed | None:
        nodes = np.unique(np.array(topics, np.int64))
        if len(nodes) < 2:
            return None
        found = self.measures.read(task.measure or task.rest, nodes, task.direction)
        if found is None:
            return _in_vain(f"it does not say for these how they compare ({task.measure or 'no measure'})")
        measurement, direction = found
        members = Members((nodes,), (((),),))
        calculation = Calculation("comparison", "none", direction, members, measurement)
        result = self.run(calculation)
        lacking = [node for node in nodes.tolist() if node not in result.values]
        if lacking:
            label = self.reader.graph.label(lacking[0])
            return _in_vain(f"it has no {measurement.label} of {label} that could be compared")
        return Computed(calculation, result, task.probability)

    def _is_stated(self, text: str, topics: Sequence[int], members: Members) -> bool:
        """Whether what is to be counted is more like a number that is stated of the topics than like what leads to a set."""
        graph, reader = self.reader.graph, self.reader
        edges = reader.rows.along(np.array(topics))
        forward = (edges.directed & 1 == 0) & graph.is_literal[edges.targets]
        stated = np.unique(edges.directed[forward] >> 1).tolist()
        stated = [
            r for r in stated if all(in_text(graph.label(t)) for t in edges.targets[edges.directed == 2 * r].tolist())
        ]
        if not stated:
            return False
        own = [plan[-1] >> 1 for plans in members.plans for plan in plans]
        labels = reader.phrasebook.labels([graph.relation_label(relation) for relation in (*stated, *own)])
        cosines = labels @ reader.encoder.encode([text])[0]
        return float(cosines[: len(stated)].max()) > float(cosines[len(stated) :].max(initial=LEAST))

    def _is_called_so(self, text: str, members: Members, nodes: Ids) -> bool:
        """Whether what is to be counted is called what was found: by its classes, the relations that lead to it, or as people ask for it.

        "How many staff work at ENISA?" does not ask how many tasks it has.
        """
        words = [normalise(word) for word in re.findall(r"[\w'-]+", text)[1:]]
        words = list(takewhile(lambda word: word not in _ENDING, words))
        called = {singular(word) for word in words if is_plural(word)} or set(words[:1])  # "staff work", "side effects"
        if not called or called & _ANYTHING:
            return True
        graph, plans = self.reader.graph, [plan for several in members.plans for plan in several]
        told = [graph.relation_label(directed >> 1) for plan in plans for directed in plan]
        told += [graph.label(one) for node in nodes[:READ].tolist() for one in graph.types(node)]
        told += [way for plan in plans for way in self.reader.asked(text, plan, ASKED)[0]]
        return bool(called & {singular(word) for one in told for word in normalise(one).split()})

    def _over_set(self, task: Task, topics: Sequence[int], deep: bool = False) -> Computed | None:
        own = list(dict.fromkeys(topic for topic, place in zip(topics, task.places) if place != "T"))
        others = [topic for topic, place in zip(topics, task.places) if place == "T"]
        if task.clause == "difference" and not (own and others):
            return None
        read = self.sets.read(task.set, own)
        if read is None or read.belief < LEAST:
            return _in_vain("no statement says what the question is about", 0.0 if read is None else read.belief)
        members, belief = read.members, task.probability * read.belief
        if deep:
            members = members.deepened(self.reader.rows)
        nodes = self.run(Calculation("none", "none", "none", members)).members
        if not len(nodes):
            return _in_vain("no statement says what the question is about")
        if self.reader.graph.is_literal[nodes].all():
            return None  # "how many inhabitants": the number is stated, and counts nothing
        if asked := self.reader.expectations.contradiction(task.set, nodes.tolist()):
            return _in_vain(f"the question asks for {asked}, and what was found is something else")
        counts_others = task.operator == "count" and members.kind is None
        if counts_others and (
            self._is_stated(task.set, own, members) or not self._is_called_so(task.set, members, nodes)
        ):
            return None
        without, measurement, direction = None, None, task.direction
        bounds: tuple[Value, ...] = ()
        if task.clause == "difference":
            left_out = self.sets.without(task.other, others, members, nodes)
            if left_out is None or left_out.belief < LEAST:
                return _in_vain("it does not say what is to be left out")
            without, belief = left_out.members, belief * left_out.belief
        if task.clause == "filter" or task.operator in ("superlative", "order"):
            bounds = tuple(in_text(task.value)) if task.clause == "filter" else ()
            found = self.measures.read(task.measure, nodes, direction, bounds, read.about)
            is_bounded = bounds and direction != "none"
            if (found is None and not task.measure) or (task.clause == "filter" and not is_bounded):
                return None  # nothing in it says what to compare by, or with what
            if found is None:
                return _in_vain(f"it has nothing to compare the {len(nodes)} found by ({task.measure})")
            measurement, direction = found
        calculation = Calculation(task.operator, task.clause, direction, members, measurement, bounds, without)
        result = self.run(calculation)
        if not result.comparable:
            return _in_vain(f"it has no {measurement.label if measurement else 'value'} that could be compared")
        return Computed(calculation, result, belief)


def _in_vain(reason: str, belief: float = 0.0) -> Computed:
    return Computed(None, None, belief, reason)
