"""Questions for what is computed, made from the shipped wordings: to train on, and over a graph to ask.

A question is a wording of an operator with noun phrases for relations in it, whose parts are known: which words say the set, which
what is measured, which the number to compare with. As many ordinary questions stand beside them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgrag.encoding.phrasebook import NAMED
from kgrag.graph import is_verbal
from kgrag.training.measure_words import MeasureWords, plural
from kgrag.training.small_talk import chat
from kgrag.wordings import Wording, asked_questions, shipped_wordings
from kgrag.wordings import operators as ways
from kgrag.wordings.filling import Phrase, Step
from kgrag.wordings.grammar import composed, noun_phrase

ORDINARY = 0.5  # share of questions with nothing to compute
PLAIN = 0.2  # share of those that sound as if there were
_WHICH = re.compile(
    r"(?:which|what) (?!(?:is|are|was|were|do|does|did|has|have|can|could|would|will|else|if|to)\b)(.+?)[?. ]*$", re.I
)
_MARKED = re.compile(r"\[(\w) ([^\[\]]*)\]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class OperatorQuestion:
    """A question, what it wants computed, and which of its words say what.

    Attributes:
        text: The question, ``X`` for what it names.
        operator: One of `kgrag.wordings.operators.OPERATORS`.
        clause: One of `CLAUSES` there.
        direction: One of `DIRECTIONS` there.
        parts: ``(start, end, mark)`` of its marked stretches.
    """

    text: str
    operator: str = "none"
    clause: str = "none"
    direction: str = "none"
    parts: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Phrases:
    """Wordings of one set.

    Attributes:
        asked: A question for it after "which": "drugs treat X". Empty where none is known.
        noun: A noun phrase: "the drugs that treat X".
        question: Any question for it: "What helps against X". Empty where none is known.
    """

    asked: str
    noun: str
    question: str = ""

    @property
    def bare(self) -> str:
        """The noun phrase without its article."""
        return self.noun.removeprefix("the ").removeprefix("all ")


def marked(text: str) -> tuple[str, tuple[tuple[int, int, str], ...]]:
    """Takes the marks out of a wording; returns the text and the marked stretches."""
    parts, plain, at = [], "", 0
    for match in _MARKED.finditer(text):
        plain += text[at : match.start()]
        parts.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        at = match.end()
    return plain + text[at:], tuple(parts)


class OperatorQuestions:
    """Makes questions.

    Args:
        seed: The same seed gives the same questions.
        wordings: How relations are asked for; the shipped ones where not given.
    """

    def __init__(self, seed: int = 0, wordings: Sequence[Wording] | None = None) -> None:
        self.rng = random.Random(seed)
        self.wordings = list(shipped_wordings() if wordings is None else wordings)
        self.measures = MeasureWords(self.wordings, self.rng)
        self.steps = [step for wording in self.wordings for step in _steps(wording)]
        self.classes = sorted({c for wording in self.wordings for c in (*wording.subject, *wording.object)})
        self.asked = [question.text.replace("{x}", NAMED).replace("{y}", NAMED) for question in asked_questions()]

    def sample(self, count: int) -> list[OperatorQuestion]:
        """Questions, about half of them ordinary."""
        return [self.ordinary() if self.rng.random() < ORDINARY else self.one() for _ in range(count)]

    def ordinary(self) -> OperatorQuestion:
        """A question of which nothing is to be computed."""
        rng = self.rng
        chance = rng.random()
        if chance < PLAIN:
            return OperatorQuestion(chat(rng.choice(rng.choice((ways.PLAIN, ways.PLAIN, ways.EVERYDAY))), rng))
        if chance < 0.6:
            return OperatorQuestion(chat(rng.choice(self.asked), rng))
        steps = [rng.choice(self.steps) for _ in range(rng.choices((1, 2, 3), (0.6, 0.3, 0.1))[0])]
        return OperatorQuestion(_SPACE.sub(" ", chat(composed(steps, NAMED, rng), rng)))

    def one(self) -> OperatorQuestion:
        """A question for something computed."""
        make = self.rng.choice(
            (self._count, self._superlative, self._comparison, self._filter, self._order, self._difference)
        )
        return make()

    def _count(self) -> OperatorQuestion:
        chance, set_ = self.rng.random(), self._set()
        text, clause, direction = self.rng.choice(ways.COUNT), "none", "none"
        if chance < 0.2:
            compared, that, reduced = self.measures.condition()
            set_, clause, direction = self._with(set_, that, reduced), "filter", compared
        elif chance < 0.3:
            set_, clause = Phrases("", f"{set_.noun}] but not [T {self._named()}"), "difference"
        return self.put(text, "count", clause, direction, set_, counting=True)

    def _superlative(self) -> OperatorQuestion:
        compared = self.measures.compared()
        texts = [text for text in ways.SUPERLATIVE if compared.adjective or "{adjective}" not in text]
        slots = {"the": compared.the, "does": compared.does, "adjective": compared.adjective}
        return self.put(self.rng.choice(texts), "superlative", "none", compared.direction, self._set(), slots)

    def _comparison(self) -> OperatorQuestion:
        compared, rng = self.measures.compared(pair=True), self.rng
        names = {"x": NAMED, "y": NAMED, "one": rng.choice(self.classes)}
        more = compared.more or compared.comparative
        had = {"have": f"have {more}", "has": f"has {more}", "more": more}
        tables: tuple[Sequence[str], Sequence[str]]
        if compared.verb and rng.random() < 0.5:
            came = f"[M {compared.verb}]"
            times = {"come": came, "came": came, "done": came, "before": compared.when, "first": compared.first}
            tables, slots = (ways.COMPARISON_TIME, ways.COMPARISON_WHICH_TIME), times
        elif compared.comparative and (not compared.more or rng.random() < 0.6):
            slots = {"than": f"{compared.comparative} than", "comparative": compared.comparative}
            tables = (ways.COMPARISON_YES_NO, ways.COMPARISON)
        else:
            tables, slots = (ways.COMPARISON_HAVE, ways.COMPARISON_WHICH_HAS), had
        return self.put(rng.choice(rng.choice(tables)), "comparison", "none", compared.direction, None, slots | names)

    def _filter(self) -> OperatorQuestion:
        text = self.rng.choice(ways.FILTER)
        direction, that, reduced = self.measures.moment() if "{when}" in text else self.measures.condition()
        slots = {"that": that, "reduced": reduced, "when": reduced}
        return self.put(text, "none", "filter", direction, self._set(), slots)

    def _order(self) -> OperatorQuestion:
        direction, order = self.measures.ordering()
        set_ = self._set()
        return self.put(self.rng.choice(ways.ORDER), "order", "none", direction, set_, {"order": order})

    def _difference(self) -> OperatorQuestion:
        rng = self.rng
        lacks = rng.choice(
            (
                "X does not",
                "X does not have",
                "X lacks",
                "X doesn't have",
                "X has not",
                "X did not {v}",
                "are not shared by X",
                "does not belong to X",
            )
        )
        verbs = [step for step in self.steps if is_verbal(step.labels[0])]
        verb = _plain_verb(rng.choice(rng.choice(verbs).labels))
        slots = {
            "not": f"[T {self._named()}]",
            "lacks": f"[T {lacks.replace('{v}', verb)}]",
            "dont": f"[T {verb} X]",
            "participle": f"[T {rng.choice(('directed by', 'treated with', 'caused by', 'a kind of', 'part of', 'in', 'from', 'by', 'members of', 'shared by'))} X]",
        }
        return self.put(rng.choice(ways.DIFFERENCE), "none", "difference", "none", self._set(), slots)

    def put(
        self,
        text: str,
        operator: str,
        clause: str,
        direction: str,
        set_: Phrases | None,
        slots: dict[str, str] | None = None,
        counting: bool = False,
    ) -> OperatorQuestion:
        """A question in one wording.

        Args:
            text: The wording, of `kgrag.wordings.operators`.
            operator: What it asks to compute.
            clause: The same of its clause.
            direction: In which direction.
            set_: What goes into its slots for the set; None where it has none.
            slots: What goes into the others.
            counting: Whether the wording says "which" itself.
        """
        slots = dict(slots or {})
        if set_ is not None:
            if "{set}" in text and not set_.asked:
                text = text.replace("{set}", "{bare}") if counting else text.replace("{set}", "Which {bare}")
            if "{question}" in text and not set_.question:
                text = text.replace("{question}", "What are {np}")
            lead = "" if counting else self.rng.choice(("Which", "which", "What", "what"))
            slots |= {
                "set": f"[S {lead} {set_.asked}]".replace("[S  ", "[S "),
                "np": f"[S {set_.noun}]",
                "bare": f"[S {set_.bare}]",
                "question": f"[S {set_.question}]",
            }
        for slot, words in slots.items():
            text = text.replace("{" + slot + "}", words)
        text = _SPACE.sub(" ", chat(text, self.rng))
        if self.rng.random() < 0.2:
            text = text.rstrip("?. ")
        plain, parts = marked(text)
        return OperatorQuestion(plain, operator, clause, direction, parts)

    def _set(self) -> Phrases:
        """A set: of one relation or two, or a class as a whole."""
        rng = self.rng
        if rng.random() < 0.12:
            every = rng.choice((plural, str))(rng.choice(self.classes))
            return Phrases(every, rng.choice((f"all {every}", f"the {every}", every)))
        step = rng.choice(self.steps)
        if rng.random() < 0.12:
            inner = noun_phrase(rng.choice(self.steps), Phrase(NAMED), rng)
        else:
            inner = Phrase(rng.choice((NAMED, NAMED, NAMED, f"the {rng.choice(self.classes)} {NAMED}")))
        step = replace(step, classes=step.classes or (rng.choice(self.classes),))
        return self.phrases(step, inner)

    def phrases(self, step: Step, inner: Phrase) -> Phrases:
        """Wordings of what a relation leads to from what a phrase names."""
        rng = self.rng
        asked = [match[1] for text in step.questions if (match := _WHICH.match(text))]
        question = rng.choice(asked).replace("{x}", inner.text) if asked else ""
        for _ in range(6):
            noun = noun_phrase(step, inner, rng).text
            if not noun.lower().startswith(("what", "who", "where", "when", "how")):
                break
        whole = rng.choice(step.questions).replace("{x}", inner.text).rstrip("?. ") if step.questions else ""
        return Phrases(question, noun, whole)

    def _named(self) -> str:
        """What the members of a set must not be: things named, or another set."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.25:
            return NAMED
        if chance < 0.5:
            return rng.choice(
                (
                    "those of X",
                    "those with X",
                    "the ones of X",
                    "those that X has",
                    "the ones by X",
                    "those by X",
                    "X's",
                    "the ones it shares with X",
                    "those in X",
                    "the ones for X",
                )
            )
        if chance < 0.65:
            return rng.choice(("for", "in", "by", "from", "through", "with", "of", "through", "against", "at")) + " X"
        return self._set().noun

    def _with(self, set_: Phrases, that: str, reduced: str) -> Phrases:
        """A set with a condition, as one set in words."""
        if set_.asked and self.rng.random() < 0.5:
            return Phrases(f"{set_.asked}] and {that}[S ", f"{set_.noun}] {reduced}[S ")
        return Phrases(f"of {set_.noun}] {that}[S ", f"{set_.noun}] {reduced}[S ")


def _plain_verb(label: str) -> str:
    """ "treats" as in "do not treat"."""
    first, *rest = label.split()
    plain = {"has": "have", "is": "be", "does": "do"}.get(first, first.removesuffix("s"))
    return " ".join([plain, *rest])


def _steps(wording: Wording) -> list[Step]:
    """Both directions of a wording, with what people ask."""
    both = ((False, wording.object), (True, wording.subject))
    return [
        Step(wording.labels, inverse, wording.questions(inverse), wording.phrases(inverse), classes)
        for inverse, classes in both
        if wording.questions(inverse)
    ]
