"""Every known way of asking for a plan: a sequence of relations that leads from what is named to the answer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from kgrag.graph import is_verbal
from kgrag.wordings import Asked, Wording, asked_questions, generic_wording, shipped_wordings, wordings_for

Plan = tuple[tuple[str, bool], ...]

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

    def keep(self, wordings: Mapping[str, Sequence[Wording]]) -> None:
        """Leaves out all wordings of some labels but those given: the others speak of other things."""
        self._wordings.update({label: list(kept) for label, kept in wordings.items()})

    def foreign(self) -> list[Wording]:
        """Wordings of relations that the graph does not have."""
        own = {id(wording) for wordings in self._wordings.values() for wording in wordings}
        own |= {id(wording) for label in self._wordings for wording in turned_wordings(label)}
        return [w for w in shipped_wordings() if id(w) not in own and w.forward and w.inverse]

    def of(self, plan: Plan) -> list[str]:
        """Questions and noun phrases by which people ask for a plan, with ``{x}`` for what is named.

        For a single relation those are its wordings and generic ones; for more, what people were heard to ask, if anything.
        Members of a class are often asked for by the class's name alone ("side effects of statins"), so that a plan which
        begins with membership is also asked for as if it did not.

        Args:
            plan: ``(label, inverse)`` a step.
        """
        texts = self.asked(plan)
        label, inverse = plan[-1]
        if len(plan) == 1:
            generic = generic_wording(label)
            texts += [
                *itertools.chain(*self._texts(label, inverse)),
                *generic.questions(inverse),
                *generic.phrases(inverse),
            ]
            texts += [t.replace("{s}", "{x}").replace("{o}", "{x}") for t in self.yes_no(label)]
        elif plan[0][1] and is_membership(plan[0][0]) and plan[:-1] != ((label, not inverse),):
            texts += self.of(plan[1:])
        return list(dict.fromkeys(texts))

    def wordings(self, label: str) -> list[Wording]:
        """The known wordings of a relation, and of what is near it."""
        return self._own(label)

    def of_both(self, plan: Plan) -> list[str]:
        """Questions for what ``{x}`` and ``{y}`` both lead to over a plan."""
        label, inverse = plan[-1]
        texts = self.asked(plan, "&")
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
            re.sub(r"\{[so]\}", lambda found: swap[found[0]], text) for w in turned_wordings(label) for text in w.yesno
        ]

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
        return [(self._own(label), False), (turned_wordings(label), True)]

    def asked(self, plan: Plan, kind: str = "") -> list[str]:
        """What people asked for a plan; of one kind only, where given."""
        steps = [
            [(_place_of(w), inverse != turned) for wordings, turned in self._both(label) for w in wordings]
            for label, inverse in plan
        ]
        asked = [question for key in itertools.product(*steps) for question in _asked_by_plan().get(key, ())]
        if kind:
            return list(dict.fromkeys(question.text for question in asked if question.kind == kind))
        return list(dict.fromkeys(question.text.replace("{y}", "{x}") for question in asked))

    def heard(self, labels: Sequence[str]) -> list[Plan]:
        """The plans of several relations, of some labels, that people were heard to ask for."""
        relations: dict[int, list[tuple[str, bool]]] = {}
        for label in dict.fromkeys(labels):
            for wordings, turned in self._both(label):
                for place in map(_place_of, wordings):
                    relations.setdefault(place, []).append((label, turned))
        found: dict[Plan, None] = {}
        for key in _asked_by_plan():
            if len(key) > 1:
                steps = [[(label, inverse != turned) for label, turned in relations.get(p, ())] for p, inverse in key]
                found |= dict.fromkeys(itertools.product(*steps))
        return list(found)


@lru_cache(maxsize=1)
def _asked_by_plan() -> dict[tuple[tuple[int, bool], ...], list[Asked]]:
    table: dict[tuple[tuple[int, bool], ...], list[Asked]] = {}
    for question in asked_questions():
        for plan in _readings(question):
            for key in itertools.product(*([(place, inverse) for place in _places(label)] for label, inverse in plan)):
                table.setdefault(key, []).append(question)
    return table


def _readings(question: Asked) -> list[Plan]:
    """A yes/no question may be read from either end."""
    if question.kind == "?":
        return [question.plan, tuple((label, not inverse) for label, inverse in reversed(question.plan))]
    return [question.plan]


def turned_wordings(label: str) -> list[Wording]:
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
