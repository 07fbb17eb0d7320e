"""What a question may be about, and what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kgrag.encoding import Found
from kgrag.linking.topics import Topic
from kgrag.measures import MEASURES, Measures
from kgrag.types import Floats, Ids, Link

WHOLE = 0.99  # share of a name from which it is said

CHOSEN_BY = (
    *MEASURES,
    "as linked",
    "belief as linked",
    "certain as linked",
    "told",
    "whole",
    "same start",
    "one stretch",
)


class Interpretation(NamedTuple):
    """What a question may be about, and where that leads.

    Attributes:
        links: What it names.
        masked: The question, what it names masked.
        found: What is believed to answer; None where nothing is named, and before it was read.
        topic: What it is about instead of what was linked; None for the links as they were.
    """

    links: tuple[Link, ...]
    masked: str = ""
    found: Found | None = None
    topic: Topic | None = None

    @property
    def belief(self) -> float:
        """How far the node is believed in that is believed in most."""
        return 0.0 if self.found is None else float(self.found.scores.max(initial=0.0))

    def believed(self, share: float = 1.0) -> Ids:
        """Nodes that are believed in as much as such a share of the best one, ascending."""
        if self.found is None or not self.belief:
            return np.zeros(0, np.int64)
        return np.sort(self.found.nodes[self.found.scores >= share * self.belief])


def compared(question: str, interpretations: Sequence[Interpretation], measures: Measures) -> Floats:
    """What interpretations are chosen by.

    Args:
        question: The question.
        interpretations: Of it; the links as they were come first.
        measures: Measures them.

    Returns:
        By `CHOSEN_BY`, shape (interpretations, measures): beside what every understanding is measured by, whether it is
        the links as they were, with their belief and certainty; the cosine of the question with the topic's name, by what words
        tell; whether all of this is said, whether it starts where the links do, and whether its words stand together.
    """
    linked = {link.node for link in interpretations[0].links}
    certain = min((link.score for link in interpretations[0].links if link.node is not None), default=0.0)
    all_told = measures.told(question) ** 0.5
    rows = []
    for one in interpretations:
        topic = one.topic
        row = measures.of(question, one.links, one.masked, one.found).row
        row |= dict.fromkeys(CHOSEN_BY[len(MEASURES) :], 0.0)
        row["same start"] = one.found is not None and one.found.starts[0] in linked
        if topic is None:
            row |= {"as linked": 1.0, "belief as linked": row["belief"], "certain as linked": certain}
        else:
            row["told"], row["whole"] = topic.told / all_told, topic.said >= WHOLE
            row["one stretch"] = len(topic.places) == 1
        rows.append([float(row[name]) for name in CHOSEN_BY])
    return np.array(rows, np.float32)
