"""Every known way of asking for a plan: a sequence of relations that leads from what is named to the answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

from kgrag.graph import is_verbal
from kgrag.wordings import Asked, Wording, asked_questions, generic_wording, shipped_wordings, wordings_for
from kgrag.wordings.grammar import Step

Plan = tuple[tuple[str, bool], ...]

COMPOSED = 12, 3  # most questions that are put together for one plan of two relations, and of more
MEMBERSHIP = ("belongs to drug class", "is a kind of", "subclass of", "instance of")
INVERSES = (  # relations that say the same, the other way round
    ("treats", "treated by"),
    ("parents", "children"),
    ("broader", "narrower"),
    ("part of", "has part"),
    ("parent company", "subsidiary"),
)
NEAR = (  # where a graph has only some of these, people ask for one of them and mean another
    ("caused by", "has material basis in", "disease has basis in", "has disease driver", "has allergic trigger"),
    ("has material basis in", "has inheritance mode"),
    ("transmitted by", "has vector"),
    ("has symptom", "has phenotype", "disease has feature"),
    ("has risk factor", "has major susceptibility factor", "has disease driver"),
    ("is a kind of", "subclass of", "broader", "instance of", "belongs to drug class"),
    ("treats", "procedure for"),
    ("definition", "note"),
    ("cross-reference", "ICD code", "MeSH ID", "Disease Ontology ID", "ATC code", "identifier"),
    ("has complication", "comorbidity"),
    ("created by", "author", "written by", "painter", "composer", "developer", "inventor", "directed by"),
    ("publication year", "release year", "date created", "date"),
    ("residence", "location"),
    ("employer", "affiliation", "plays for"),
    ("profession", "position held", "field of work"),
    ("part of", "part of act", "located in region", "country"),
    ("headquarters", "country", "venue"),
    ("owned by", "parent company", "has shareholder"),
    ("enforced by", "regulated by"),
    ("refers to", "cites paper", "related"),
    ("prerequisite", "has condition", "depends on"),
    ("assigned to", "responsible person"),
    ("has deadline", "due date"),
)


class Ways:
    """Ways of asking for the relations of one graph.

    Args:
        labels: Labels of the graph's relations. Wordings of a relation that is near one of them, and that no other of them
            has, count as its own.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        own = {label: _places(label) for label in labels}
        taken = {place for places in own.values() for place in places}
        self._wordings: dict[str, list[Wording]] = {}
        for label, places in own.items():
            near = {place for group in _groups() if group & set(places) for place in sorted(group - taken)}
            self._wordings[label] = [shipped_wordings()[place] for place in [*places, *sorted(near)]]

    def foreign(self) -> list[Wording]:
        """Wordings of relations that the graph does not have."""
        own = {id(wording) for wordings in self._wordings.values() for wording in wordings}
        own |= {id(wording) for label in self._wordings for wording in _turned(label)}
        return [w for w in shipped_wordings() if id(w) not in own and w.forward and w.inverse]

    def of(self, plan: Plan) -> list[str]:
        """Questions and noun phrases for a plan, with ``{x}`` for what is named.

        People's own questions come first. For a single relation, its wordings and generic ones follow. For more, they are
        put together: what is asked of the noun phrases for the relations before the last. Members of a class are often
        asked for by the class's name alone ("side effects of statins"), so that a plan which begins with membership is also
        asked for as if it did not.

        Args:
            plan: ``(label, inverse)`` a step.
        """
        texts = self._asked(plan)
        label, inverse = plan[-1]
        questions, phrases = self._texts(label, inverse)
        if len(plan) == 1:
            generic = generic_wording(label)
            texts += [*questions, *phrases, *generic.questions(inverse), *generic.phrases(inverse)]
            texts += [t.replace("{s}", "{x}").replace("{o}", "{x}") for t in self.yes_no(label)]
            return list(dict.fromkeys(texts))
        if plan[:-1] == ((label, not inverse),):  # there and back, which is seldom meant unless said
            return texts or ["Which other things share their " + label + " with {x}?"]
        outer = [*questions, *phrases, *self._asked(plan[-1:])] or list(generic_wording(label).questions(inverse))
        texts += _put_together(outer, self._phrases(plan[:-1]), COMPOSED[len(plan) > 2], random.Random(repr(plan)))
        if plan[0][1] and is_membership(plan[0][0]):
            texts += outer if len(plan) == 2 else self.of(plan[1:])
        return list(dict.fromkeys(texts))

    def step(self, label: str, inverse: bool) -> Step:
        """A directed relation with all that is known of how people speak of it."""
        questions, phrases = self._texts(label, inverse)
        classes = [
            word
            for wordings, turned in self._both(label)
            for wording in wordings
            for word in (wording.subject if inverse != turned else wording.object)
        ]
        labels = [label, *(other for wording in self._own(label) for other in wording.labels)]
        return Step(tuple(dict.fromkeys(labels)), inverse, questions, phrases, tuple(dict.fromkeys(classes)))

    def of_both(self, plan: Plan) -> list[str]:
        """Questions for what ``{x}`` and ``{y}`` both lead to over a plan."""
        label, inverse = plan[-1]
        texts = self._asked(plan, "&")
        if len(plan) == 1:
            plain = label.lower() if label[:1].isupper() and label[1:].islower() else label
            if not is_verbal(label):
                plain = f"is the {plain} of" if inverse else f"is the {plain} shared by"
            elif not inverse:
                return texts + [f"What do both {{x}} and {{y}} {plain}?"]
            texts.append(f"What {plain} {{x}} and {{y}}?")
        return texts

    def yes_no(self, label: str) -> list[str]:
        """Questions whether ``{s}`` leads to ``{o}`` over a relation."""
        texts = [text for wording in (*self._own(label), generic_wording(label)) for text in wording.yesno]
        swap = {"{s}": "{o}", "{o}": "{s}"}
        return texts + [
            re.sub(r"\{[so]\}", lambda found: swap[found[0]], text) for w in _turned(label) for text in w.yesno
        ]

    def _phrases(self, plan: Plan) -> list[str]:
        """Noun phrases for what a plan leads to."""
        _, phrases = self._texts(*plan[-1])
        phrases = phrases or list(generic_wording(plan[-1][0]).phrases(plan[-1][1]))
        if len(plan) == 1:
            return phrases
        return _put_together(phrases, self._phrases(plan[:-1]), COMPOSED[0], random.Random(repr(plan)))

    def _texts(self, label: str, inverse: bool) -> tuple[list[str], list[str]]:
        """Questions and noun phrases of every wording for a directed relation."""
        questions: list[str] = []
        phrases: list[str] = []
        for wordings, turned in self._both(label):
            for wording in wordings:
                questions += wording.questions(inverse != turned)
                phrases += wording.phrases(inverse != turned)
        return questions, phrases

    def _own(self, label: str) -> list[Wording]:
        return self._wordings[label] if label in self._wordings else wordings_for(label)

    def _both(self, label: str) -> list[tuple[list[Wording], bool]]:
        """Wordings of a relation, and those that say the same the other way round."""
        return [(self._own(label), False), (_turned(label), True)]

    def _asked(self, plan: Plan, kind: str = "") -> list[str]:
        """What people asked for a plan; of one kind only, where given."""
        steps = [
            [(_place_of(w), inverse != turned) for wordings, turned in self._both(label) for w in wordings]
            for label, inverse in plan
        ]
        asked = [question for key in product(*steps) for question in _asked_by_plan().get(key, ())]
        if kind:
            return list(dict.fromkeys(question.text for question in asked if question.kind == kind))
        return list(dict.fromkeys(question.text.replace("{y}", "{x}") for question in asked))


def _put_together(outer: Sequence[str], inner: Sequence[str], most: int, rng: random.Random) -> list[str]:
    """Texts with a noun phrase in the place of what they name."""
    if not outer or not inner:
        return []
    return sorted({rng.choice(outer).replace("{x}", rng.choice(inner)) for _ in range(2 * most)})[:most]


@lru_cache(maxsize=1)
def _asked_by_plan() -> dict[tuple[tuple[int, bool], ...], list[Asked]]:
    table: dict[tuple[tuple[int, bool], ...], list[Asked]] = {}
    for question in asked_questions():
        for plan in _readings(question):
            for key in product(*([(place, inverse) for place in _places(label)] for label, inverse in plan)):
                table.setdefault(key, []).append(question)
    return table


def _readings(question: Asked) -> list[Plan]:
    """A yes/no question may be read from either end."""
    if question.kind == "?":
        return [question.plan, tuple((label, not inverse) for label, inverse in reversed(question.plan))]
    return [question.plan]


def _turned(label: str) -> list[Wording]:
    """Wordings of relations that say the same, the other way round."""
    own = set(_places(label))
    pairs = [turned for pair in INVERSES for turned in (pair, pair[::-1])]
    return [wording for one, other in pairs if own & set(_places(one)) for wording in wordings_for(other)]


def is_membership(label: str) -> bool:
    """Whether a relation says of what class or kind something is."""
    own = set(_places(label))
    return any(own & set(_places(name)) for name in MEMBERSHIP)


@lru_cache(maxsize=10_000)
def _places(label: str) -> tuple[int, ...]:
    """Places of a label's wordings among the shipped ones."""
    return tuple(_place_of(wording) for wording in wordings_for(label))


@lru_cache(maxsize=1)
def _by_identity() -> dict[int, int]:
    return {id(wording): place for place, wording in enumerate(shipped_wordings())}


def _place_of(wording: Wording) -> int:
    return _by_identity()[id(wording)]


@lru_cache(maxsize=1)
def _groups() -> list[frozenset[int]]:
    return [frozenset(place for label in group for place in _places(label)) for group in NEAR]
