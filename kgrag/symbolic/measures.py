"""Finds which relation of things words speak of when they say "longest", "born after" or "the most symptoms"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from kgrag.encoding import GraphReader
from kgrag.graph import KnowledgeGraph
from kgrag.symbolic.calculation import Measurement, measure
from kgrag.symbolic.sets import SetReader
from kgrag.symbolic.values import Value, is_moment, of_literal, unit_of
from kgrag.types import Floats, Ids
from kgrag.wordings.measures import MEASURES, Measure

SPOKEN_OF = 0.55  # least likeness of words and a measure
NAMED_SO = 0.5  # least cosine of a relation's label with a known name of a measure
COUNTED = 0.4  # least belief in a relation whose statements are to be counted
MOST = 2_000  # things of which one is looked at to see what relations there are
ALIKE = 0.8  # cosine of words with an adjective from which they are a form of it
DATED = ("earlier", "later")
_ADJECTIVES = [form for one in MEASURES for three in (*one.more, *one.less) for form in three[1:]]
_UNIT = re.compile(r"\s*(?:\(.*\)|\bin [\w ]+)$")


class MeasureReader:
    """Reads measures over one graph.

    Args:
        reader: Applies the reasoner.
        sets: Reads sets over the same graph.
    """

    def __init__(self, reader: GraphReader, sets: SetReader) -> None:
        self.reader, self.sets, self.graph = reader, sets, reader.graph

    def read(
        self, words: str, nodes: Ids, direction: str, bounds: Sequence[Value] = (), around: str = ""
    ) -> tuple[Measurement, str] | None:
        """The measure that words speak of.

        Args:
            words: Such as "longest", "came out", "side effects".
            nodes: What is measured.
            direction: In which direction it is compared.
            bounds: What it is compared with.
            around: Words for the things, ``X`` for their class: a verb may be among them.

        Returns:
            The measure, and the direction in which its values are compared; None where there is no such measure.
        """
        stated = self._stated(words, nodes[:MOST], direction, bounds)
        if stated is not None:
            return stated
        if direction in DATED or not words or any(bound.unit or bound.kind == "date" for bound in bounds):
            return None
        return None if self._compares(words) else self._counted(words, nodes[:MOST], direction, around)

    def value_of(self, directed: int, node: int) -> Value | None:
        """See `value_in`."""
        return value_in(self.graph, directed, node)

    def _stated(
        self, words: str, nodes: Ids, direction: str, bounds: Sequence[Value]
    ) -> tuple[Measurement, str] | None:
        """A relation to numbers or dates."""
        units = {bound.unit for bound in bounds if bound.unit}
        found = []
        for directed, value in self._candidates(nodes):
            score, time = self._likeness(words, self.graph.relation_label(directed >> 1))
            is_dated = value.kind == "date" or time == "date"
            if (units and value.unit not in units) or (direction in DATED and not (is_dated or time == "age")):
                continue
            found.append((score, -directed, time, is_dated))
        in_time = direction in DATED or (direction == "between" and all(map(is_moment, bounds)))
        fitting = [one for one in found if one[3] == in_time] or found
        if words:
            fitting = [max(fitting)] if fitting and max(fitting)[0] >= SPOKEN_OF else []
        if (
            len(fitting) != 1
        ):  # without words, "in chronological order", it is the only date there is, or the only number
            return None
        _, negative, time, _ = fitting[0]
        turned = {"earlier": "greater", "later": "smaller"} if time == "age" else {}
        label = self.graph.relation_label(-negative >> 1)
        return Measurement((-negative,), False, label), turned.get(direction, direction)

    def _candidates(self, nodes: Ids) -> list[tuple[int, Value]]:
        """Relations of some nodes to numbers or dates, with one of these."""
        edges = self.reader.rows.along(nodes)
        to_values = (edges.directed & 1 == 0) & self.graph.is_literal[edges.targets]
        found = []
        for directed in np.unique(edges.directed[to_values]).tolist():
            values, _ = measure(Measurement((directed,), False, ""), nodes, self.reader.rows, self.value_of)
            found += [(directed, value) for value in list(values.values())[:1]]
        return found

    def _compares(self, words: str) -> bool:
        """Whether words are forms of an adjective, "deepest", which counts nothing."""
        (said,) = self.reader.encoder.encode([words])
        return float((self.reader.phrasebook.labels(_ADJECTIVES) @ said).max()) >= ALIKE

    def _likeness(self, words: str, label: str) -> tuple[float, str]:
        """How far words speak of what a label names, directly or by a known measure; and whether that is a date or an age."""
        plain = _UNIT.sub("", label) or label
        (said,), (named,) = self.reader.encoder.encode([words or plain]), self.reader.phrasebook.labels([plain])
        best, time, nearest = float(said @ named), "", NAMED_SO
        for one, names, ways in self._known:
            near = float((names @ named).max())
            if near < NAMED_SO:
                continue
            if near > nearest:
                nearest, time = near, one.kind
            best = max(best, near**0.5 * float((ways @ said).max()))
        return best, time

    def _counted(self, words: str, nodes: Ids, direction: str, around: str) -> tuple[Measurement, str] | None:
        """Relations whose statements are counted."""
        if not len(nodes):
            return None
        forms = [f"{words} of X", f"Which {words} does X have?", f"what X {words}"]
        if around:
            forms.append(f"{around.rstrip('?')} {words}")
        found = self.sets.relation(forms, words, nodes)
        if found is None or found[1] < COUNTED:
            return None
        relations, _ = found
        return Measurement(relations, True, self.graph.relation_label(relations[0] >> 1)), direction

    @cached_property
    def _known(self) -> list[tuple[Measure, Floats, Floats]]:
        """Known measures with their encoded names, and the encoded words for them."""
        labels = self.reader.phrasebook.labels
        return [(one, labels(one.names), labels(_ways(one))) for one in MEASURES]


def value_in(graph: KnowledgeGraph, directed: int, node: int) -> Value | None:
    """The value of a literal under a relation of a graph, in the unit that the relation's label says."""
    return of_literal(graph.iri(node), unit_of(graph.relation_label(directed >> 1)))


def _ways(one: Measure) -> list[str]:
    """Words for a measure."""
    forms = [form for three in (*one.more, *one.less) for form in three]
    return list(dict.fromkeys([*one.names, *forms, *one.verbs]))
