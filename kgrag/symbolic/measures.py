"""Finds which relation of things words speak of when they say "longest", "born after" or "the most symptoms"."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

from kgrag.encoding import GraphReader
from kgrag.graph import KnowledgeGraph
from kgrag.symbolic.calculation import Measurement, measure
from kgrag.symbolic.sets import SetReader
from kgrag.symbolic.values import Value, of_literal, unit_of
from kgrag.types import Floats, Ids
from kgrag.wordings.measures import MEASURES, Measure

SPOKEN_OF = 0.55  # least likeness of words and a measure
NAMED_SO = 0.5  # least cosine of a relation's label with a known name of a measure
COUNTED = 0.4  # least belief in a relation whose statements are to be counted
MOST = 2_000  # things of which one is looked at to see what relations there are
DATED = ("earlier", "later")
_UNIT = re.compile(r"\s*(?:\(.*\)|\bin [\w ]+)$")


class MeasureReader:
    """Reads measures over one graph.

    Args:
        reader: Applies the reasoner.
        sets: Reads sets over the same graph.
    """

    def __init__(self, reader: GraphReader, sets: SetReader) -> None:
        self.reader, self.sets, self.graph = reader, sets, reader.graph

    def read(self, words: str, nodes: Ids, direction: str, around: str = "") -> tuple[Measurement, str] | None:
        """The measure that words speak of.

        Args:
            words: Such as "longest", "came out", "side effects".
            nodes: What is measured.
            direction: In which direction it is compared.
            around: Words for the things, ``X`` for their class: a verb may be among them.

        Returns:
            The measure, and the direction in which its values are compared; None where there is no such measure.
        """
        stated = self._stated(words, nodes[:MOST], direction)
        if stated is not None:
            return stated
        if direction in DATED or not words:
            return None
        return self._counted(words, nodes[:MOST], direction, around)

    def value_of(self, directed: int, node: int) -> Value | None:
        """See `value_in`."""
        return value_in(self.graph, directed, node)

    def _stated(self, words: str, nodes: Ids, direction: str) -> tuple[Measurement, str] | None:
        """A relation to numbers or dates."""
        edges = self.reader.rows.along(nodes)
        to_values = (edges.directed & 1 == 0) & self.graph.is_literal[edges.targets]
        found: list[tuple[float, int, str]] = []
        candidates = []
        for directed in np.unique(edges.directed[to_values]).tolist():
            values, _ = measure(Measurement((directed,), False, ""), nodes, self.reader.rows, self.value_of)
            if values:
                candidates.append((directed, next(iter(values.values())).kind))
        if not words:  # "in chronological order": the only date there is, or the only number
            wanted = "date" if direction in DATED else "number"
            fitting = [directed for directed, kind in candidates if kind == wanted]
            if len(fitting) != 1:
                return None
            return Measurement((fitting[0],), False, self.graph.relation_label(fitting[0] >> 1)), direction
        for directed, kind in candidates:
            score, time = self._likeness(words, self.graph.relation_label(directed >> 1))
            if direction in DATED and kind == "number" and not time:
                continue  # "older" of what is neither a date nor an age
            found.append((score, directed, time))
        if not found or max(found)[0] < SPOKEN_OF:
            return None
        _, directed, time = max(found, key=lambda one: (one[0], -one[1]))
        turned = {"earlier": "greater", "later": "smaller"} if time == "age" else {}
        label = self.graph.relation_label(directed >> 1)
        return Measurement((directed,), False, label), turned.get(direction, direction)

    def _likeness(self, words: str, label: str) -> tuple[float, str]:
        """How far words speak of what a label names, directly or by a known measure; and whether that is a date or an age."""
        plain = _UNIT.sub("", label) or label
        (said,), (named,) = self.reader.encoder.encode([words]), self.reader.phrasebook.labels([plain])
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
