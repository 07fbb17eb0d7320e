"""How well what a question is taken to mean explains it: by belief, by how people ask, and by the words that stay unexplained."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from kgrag.encoding import Found, GraphReader, passed
from kgrag.encoding.joining import apart
from kgrag.linking.folding import fold
from kgrag.linking.roots import Roots
from kgrag.resources import everyday_words
from kgrag.types import Link

LIKELY = 0.5  # share of the best belief from which a node would be answered
ASKED = 10  # nearest ways of asking whose words a plan explains
READ = 5  # answers whose names are read
MOST_UNKNOWN = 3  # more mentions of what is unknown are no worse
_NAMES = 6  # names of a topic that are read
_LETTERS = 200  # of a name that are read
_SURE = 7.0  # logits of belief beyond which it is all the same
_UNLED = -1.0  # the logit, scaled, where nothing is believed in

MEASURES = (
    "belief",
    "familiar",
    "explained",
    "explained by answers",
    "answers",
    "relations",
    "contradicted",
    "apart",
    "unknown",
)


class Measured(NamedTuple):
    """What an understanding of a question is judged by.

    Attributes:
        row: By `MEASURES`.
        left: Words of the question that it does not explain, those that tell most first.
        asked: What the question asks for, where all answers clearly are something else.
        apart: Labels of what it names that has nothing to do with the answers, nor with the way to them.
    """

    row: dict[str, float]
    left: tuple[str, ...] = ()
    asked: str = ""
    apart: tuple[str, ...] = ()


class Measures:
    """Measures what questions are taken to mean.

    Args:
        reader: What has read them.
        roots: Of words, and how much each tells.
    """

    def __init__(self, reader: GraphReader, roots: Roots) -> None:
        self._reader, self._graph, self._roots = reader, reader.graph, roots

    def of(self, question: str, links: Sequence[Link], masked: str, found: Found | None) -> Measured:
        """Measures one understanding of a question.

        Args:
            question: The question.
            links: What it is taken to name.
            masked: The question, these masked.
            found: Where that leads; None where nothing is named. Of its readings that counts which leads on most surely.

        Returns:
            The logit of the best belief, scaled; likeness to the nearest way of asking for the plan or a part of it; the share of
            the question's words, by how much they tell, that names, relations and ways of asking explain, and that answers and
            their classes explain besides; how many answers and relations; whether the answers are no such thing as is asked for;
            whether something else that is named has nothing to do with them; and how many mentions of what is unknown, to the answers, too.
        """
        words = self._roots.of(fold(question))
        row = dict.fromkeys(MEASURES, 0.0) | {
            "belief": _UNLED,
            "unknown": min(sum(link.node is None for link in links), MOST_UNKNOWN),
        }
        named = [link for link in links if link.node is not None]
        surest = max(found.readings, key=lambda reading: reading.top, default=None) if found else None
        if found is None or surest is None or not surest.plans:
            return Measured(row)
        graph, nodes, scores = self._graph, found.nodes, found.scores
        best = float(scores.max(initial=0.0))
        answers = nodes[scores >= LIKELY * best] if best else nodes[:0]
        plan = ((surest.plan_to(int(nodes[np.argmax(scores)])) if best else None) or surest.plans[0]).relations
        names = {name for link in named for name in graph.names(link.node or 0)[:_NAMES]}
        names |= {link.mention.text for link in named}
        ways, alike = self._reader.asked(found.kind.question if found.kind else masked, plan, ASKED)
        labels = [graph.relation_label(directed >> 1) for directed in plan]
        about = {node for answer in answers[:READ].tolist() for node in (answer, *graph.types(answer))}
        said = self._words([*names, *(way.replace("{x}", " ") for way in ways), *labels])
        told = self._words(map(graph.label, about))
        belief = min(max(best, 1e-3), 1 - 1e-3)
        left = self._in_full(question, words - said - told)
        asked = self._reader.expectations.contradiction(question, answers.tolist())
        aside = self._apart(named, found)
        unknown = sum(link.node is None and not self._words([link.mention.text]) <= told for link in links)
        row |= {
            "belief": math.log(belief / (1 - belief)) / _SURE,
            "familiar": alike,
            "explained": self._share(words, said),
            "explained by answers": self._share(words, told - said),
            "answers": math.log1p(len(answers)) / 3,
            "relations": len(plan) - 1,
            "contradicted": bool(asked),
            "apart": bool(aside),
            "unknown": min(unknown, MOST_UNKNOWN),
        }
        return Measured(row, left, asked, aside)

    def _words(self, texts: Iterable[str]) -> frozenset[str]:
        """The roots of the words of some texts."""
        return frozenset().union(*(self._roots.of(fold(text[:_LETTERS])) for text in texts))

    def told(self, text: str) -> float:
        """How much the words of a text tell, all together; above 0."""
        return max(self._roots.weight(self._roots.of(fold(text))), 1e-9)

    def _apart(self, named: Sequence[Link], found: Found) -> tuple[str, ...]:
        """Labels of what is named and has nothing to do with the answers.

        An everyday word need not be meant as a name: "keep an eye on", "hand out".
        """
        sure = [link.node for link in named if link.exact and link.mention.text not in everyday_words()]
        leading = (*found.starts, *([found.kind.topic] if found.kind else ()))
        others = [node for node in sure if node is not None and node not in leading]
        aside = apart(self._graph, self._reader.rows, passed(self._graph, found), others) if others else ()
        return tuple(map(self._graph.label, aside))

    def _in_full(self, question: str, roots: frozenset[str]) -> tuple[str, ...]:
        """The words of a question that have some roots, those that tell most first."""
        words = {word: self._words([word]) & roots for word in re.findall(r"\w[\w'\u2019-]*", question)}
        telling = [(self._roots.weight(own), word) for word, own in words.items() if own]
        return tuple(word for _, word in sorted(telling, key=lambda one: -one[0]))

    def _share(self, words: frozenset[str], explained: frozenset[str]) -> float:
        """Which share of some words, by how much they tell, is among others."""
        return self._roots.weight(words & explained) / max(self._roots.weight(words), 1e-9)
