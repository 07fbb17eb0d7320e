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
from kgrag.training.small_talk import chat
from kgrag.wordings import Wording, asked_questions, shipped_wordings
from kgrag.wordings import operators as ways
from kgrag.wordings.grammar import Step, composed

ORDINARY = 0.5  # share of questions with nothing to compute
PLAIN = 0.15  # share of those that sound as if there were
COUNTED = 0.3  # share of measures that count statements
NUMBERS = ("two", "three", "four", "five", "six", "ten", "a dozen", "twenty", "2", "3", "5", "10", "15", "100")
MORE = ("greater", "smaller", "at least", "at most")
_WHICH = re.compile(r"(?:which|what) (?!(?:is|are|was|were|do|does|did|has|have|can|could|would|will|else|if|to)\b)(.+?)[?. ]*$", re.I)
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
    """

    asked: str
    noun: str

    @property
    def bare(self) -> str:
        """The noun phrase without its article."""
        return self.noun.removeprefix("the ").removeprefix("all ")


@dataclass(frozen=True)
class Compared:
    """A measure in words, with the direction in which it is looked at."""

    direction: str
    the: str = ""
    does: str = ""
    adjective: str = ""
    comparative: str = ""
    more: str = ""
    verb: str = ""
    when: str = ""
    first: str = ""


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
        make = self.rng.choice((self._count, self._superlative, self._comparison, self._filter, self._order, self._difference))
        return make()

    def _count(self) -> OperatorQuestion:
        chance, set_ = self.rng.random(), self._set()
        text, clause, direction = self.rng.choice(ways.COUNT), "none", "none"
        if chance < 0.2:
            compared, that, reduced = self._condition()
            set_, clause, direction = self._with(set_, that, reduced), "filter", compared
        elif chance < 0.3:
            set_, clause = Phrases("", f"{set_.noun}] but not [T {self._named()}"), "difference"
        return self._made(text, "count", clause, direction, set_, counting=True)

    def _superlative(self) -> OperatorQuestion:
        compared = self._compared()
        texts = [text for text in ways.SUPERLATIVE if compared.adjective or "{adjective}" not in text]
        slots = {"the": compared.the, "does": compared.does, "adjective": compared.adjective}
        return self._made(self.rng.choice(texts), "superlative", "none", compared.direction, self._set(), slots)

    def _comparison(self) -> OperatorQuestion:
        compared, rng = self._compared(pair=True), self.rng
        names = {"x": NAMED, "y": NAMED, "one": rng.choice(self.classes)}
        more = compared.more or compared.comparative
        had = {"have": f"have {more}", "has": f"has {more}", "more": more}
        if compared.verb and rng.random() < 0.5:
            came = f"[M {compared.verb}]"
            times = {"come": came, "came": came, "done": came, "before": compared.when, "first": compared.first}
            tables, slots = (ways.COMPARISON_TIME, ways.COMPARISON_WHICH_TIME), times
        elif compared.comparative and (not compared.more or rng.random() < 0.6):
            slots = {"than": f"{compared.comparative} than", "comparative": compared.comparative}
            tables = (ways.COMPARISON_YES_NO, ways.COMPARISON)
        else:
            tables, slots = (ways.COMPARISON_HAVE, ways.COMPARISON_WHICH_HAS), had
        return self._made(rng.choice(rng.choice(tables)), "comparison", "none", compared.direction, None, slots | names)

    def _filter(self) -> OperatorQuestion:
        direction, that, reduced = self._condition()
        slots = {"that": that, "reduced": reduced}
        return self._made(self.rng.choice(ways.FILTER), "none", "filter", direction, self._set(), slots)

    def _order(self) -> OperatorQuestion:
        direction, order = self._ordering()
        set_ = self._set()
        return self._made(self.rng.choice(ways.ORDER), "order", "none", direction, set_, {"order": order})

    def _difference(self) -> OperatorQuestion:
        rng = self.rng
        lacks = rng.choice(("X does not", "X does not have", "X lacks", "X doesn't have", "X has not", "X did not {v}", "are not shared by X", "does not belong to X"))
        verbs = [step for step in self.steps if is_verbal(step.labels[0])]
        verb = _plain_verb(rng.choice(rng.choice(verbs).labels))
        slots = {
            "not": f"[T {self._named()}]",
            "lacks": f"[T {lacks.replace('{v}', verb)}]",
            "dont": f"[T {verb} X]",
            "participle": f"[T {rng.choice(('directed by', 'treated with', 'caused by', 'a kind of', 'part of', 'in', 'from', 'by', 'members of', 'shared by'))} X]",
        }
        return self._made(rng.choice(ways.DIFFERENCE), "none", "difference", "none", self._set(), slots)

    def _made(
        self,
        text: str,
        operator: str,
        clause: str,
        direction: str,
        set_: Phrases | None,
        slots: dict[str, str] | None = None,
        counting: bool = False,
    ) -> OperatorQuestion:
        slots = dict(slots or {})
        if set_ is not None:
            if "{set}" in text and not set_.asked:
                text = text.replace("{set}", "{bare}") if counting else text.replace("{set}", "Which {bare}")
            lead = "" if counting else self.rng.choice(("Which", "which", "What", "what"))
            slots |= {
                "set": f"[S {lead} {set_.asked}]".replace("[S  ", "[S "),
                "np": f"[S {set_.noun}]",
                "bare": f"[S {set_.bare}]",
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
            plural = rng.choice((_plural, str))(rng.choice(self.classes))
            return Phrases(plural, rng.choice((f"all {plural}", f"the {plural}", plural)))
        step = rng.choice(self.steps)
        inner = rng.choice(self.steps).phrase(NAMED, rng) if rng.random() < 0.12 else rng.choice((NAMED, NAMED, NAMED, f"the {rng.choice(self.classes)} {NAMED}"))
        step = replace(step, classes=step.classes or (rng.choice(self.classes),))
        asked = [match[1] for text in step.questions if (match := _WHICH.match(text))]
        question = rng.choice(asked).replace("{x}", inner) if asked else ""
        for _ in range(6):
            noun = step.phrase(inner, rng)
            if not noun.lower().startswith(("what", "who", "where", "when", "how")):
                break
        return Phrases(question, noun)

    def _named(self) -> str:
        """What the members of a set must not be: things named, or another set."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.25:
            return NAMED
        if chance < 0.5:
            return rng.choice(("those of X", "those with X", "the ones of X", "those that X has", "the ones by X", "those by X", "X's", "the ones it shares with X", "those in X", "the ones for X"))
        if chance < 0.65:
            return rng.choice(("for", "in", "by", "from", "through", "with", "of", "through", "against", "at")) + " X"
        return self._set().noun

    def _with(self, set_: Phrases, that: str, reduced: str) -> Phrases:
        """A set with a condition, as one set in words."""
        if set_.asked and self.rng.random() < 0.5:
            return Phrases(f"{set_.asked}] and {that}[S ", f"{set_.noun}] {reduced}[S ")
        return Phrases(f"of {set_.noun}] {that}[S ", f"{set_.noun}] {reduced}[S ")

    def _counted(self) -> tuple[str, str]:
        """What is counted of each member: "has" or a marked verb, and a marked noun."""
        rng = self.rng
        wording = rng.choice(self.wordings)
        noun = rng.choice(wording.object or wording.labels)
        noun = _plural(noun)
        verbs = [label for label in wording.labels if is_verbal(label) and not label.startswith(("has ", "is "))]
        verbs += [label for label in wording.labels if label.endswith((" through", " in", " with", " to", " by")) and " " in label]
        verb = f"[M {rng.choice(verbs)}]" if verbs and rng.random() < 0.5 else "has"
        return verb, f"[M {rng.choice(('different ', '', '', ''))}{noun}]"

    def _compared(self, pair: bool = False) -> Compared:
        rng = self.rng
        if rng.random() < COUNTED:
            return self._compared_counts()
        measure = rng.choice(ways.MEASURES)
        up = rng.random() < 0.55
        direction = _direction(measure, up)
        words = measure.more if up else measure.less
        noun = rng.choice(measure.names)
        much = ("highest", "greatest", "largest", "biggest", "maximum", "top") if up else ("lowest", "smallest", "least", "minimum")
        higher = ("higher", "greater", "larger", "bigger", "more") if up else ("lower", "smaller", "lesser", "less")
        if measure.kind == "date":
            much = higher = ("later", "more recent") if up else ("earlier",)
            much = ("latest", "most recent", "last") if up else ("earliest", "first", "oldest")
        with_noun = f"the {rng.choice(much)} [M {noun}]"
        verb = rng.choice(measure.verbs) if measure.verbs and rng.random() < 0.7 else ""
        first = rng.choice(("last", "latest", "most recently", "later") if up else ("first", "earliest", "earlier"))
        if pair:
            first = rng.choice(("later", "last", "more recently") if up else ("first", "earlier", "before the other"))
        when = rng.choice(("after", "later than") if up else ("before", "earlier than"))
        if not words and not verb:
            verb = rng.choice(measure.verbs) if measure.verbs else ""
        if not words:
            superlative = rng.choice(("last", "latest") if up else ("first", "earliest"))
            return Compared(direction, with_noun, f"[M {verb}] {first}", "", "", f"a {rng.choice(higher)} [M {noun}]", verb, when, first)
        _, comparative, superlative = rng.choice(words)
        does = rng.choice((f"has {with_noun}", f"is the [M {superlative}]", f"was the [M {superlative}]", f"has the [M {superlative}] {noun}"))
        if measure.kind == "date" and verb:
            does = f"[M {verb}] {first}"
        elif verb:
            does = f"[M {verb}] [M {superlative}]" if rng.random() < 0.5 else f"[M {verb}] the [M {superlative}]"
        the = rng.choice((f"the [M {superlative}]", f"the [M {superlative}]", f"the [M {superlative}] by [M {noun}]", f"the one with {with_noun}"))
        return Compared(
            direction, the, does, f"[M {superlative}]", f"[M {comparative}]", f"a {rng.choice(higher)} [M {noun}]",
            verb if measure.kind == "date" else "", when, first,
        )

    def _compared_counts(self) -> Compared:
        rng = self.rng
        up = rng.random() < 0.65
        verb, noun = self._counted()
        most = rng.choice(("the most", "most", "the greatest number of", "the largest number of", "the highest number of") if up else ("the fewest", "the least", "the smallest number of", "the lowest number of"))
        more = rng.choice(("more", "a greater number of", "a larger number of") if up else ("fewer", "less", "a smaller number of"))
        return Compared("greater" if up else "smaller", f"the one with {most} {noun}", f"{verb} {most} {noun}", more=f"{more} {noun}")

    def _condition(self) -> tuple[str, str, str]:
        """A direction, and a condition in it as a clause after "that" and as what may follow a noun."""
        rng = self.rng
        if rng.random() < COUNTED:
            verb, noun = self._counted()
            direction = rng.choice(MORE)
            than = rng.choice(_THAN[direction])
            value = f"[V {rng.choice(NUMBERS)}]"
            has = verb if verb != "has" else rng.choice(("has", "have"))
            return direction, f"{has} {than} {value} {noun}", f"with {than} {value} {noun}"
        measure = rng.choice(ways.MEASURES)
        if measure.kind == "date":
            return self._dated(measure)
        direction = rng.choice((*MORE, "greater", "smaller", "between"))
        noun, unit = rng.choice(measure.names), rng.choice(("", " ", *measure.units)).strip()
        value = _number(rng)
        if direction == "between":
            value = f"[V {value}] and [V {_number(rng)} {unit}]".replace(" ]", "]")
            return direction, f"has a [M {noun}] between {value}", rng.choice((f"with a [M {noun}] between {value}", f"between {value}"))
        value = f"[V {value} {unit}]".replace(" ]", "]")
        words = measure.more if direction in ("greater", "at least") else measure.less
        than = rng.choice(_THAN[direction])
        if direction in ("greater", "smaller") and words and rng.random() < 0.6:
            adjective, comparative, _ = rng.choice(words)
            if measure.kind == "age":
                direction = _direction(measure, direction == "greater")
            elif direction == "greater" and rng.random() < 0.3:
                shape = f"{rng.choice(('over', 'above', 'more than'))} {value} [M {adjective}]"
                return direction, f"{rng.choice(('is', 'are'))} {shape}", shape
            return direction, f"{rng.choice(('is', 'are'))} [M {comparative}] than {value}", f"[M {comparative}] than {value}"
        return direction, f"{rng.choice(('has', 'have'))} a [M {noun}] of {than} {value}", f"with a [M {noun}] {rng.choice((than, 'of ' + than))} {value}"

    def _dated(self, measure: ways.Measure) -> tuple[str, str, str]:
        rng = self.rng
        direction = rng.choice(("earlier", "later", "earlier", "later", "at least", "at most", "between"))
        year = _date(rng)
        verb = rng.choice(measure.verbs)
        plain = verb.removeprefix("was ").removeprefix("were ")
        if direction == "between":
            when = f"{rng.choice(('between', 'from'))} [V {year}] {rng.choice(('and', 'to', 'until'))} [V {_date(rng)}]"
        else:
            when = f"{rng.choice(_WHEN[direction])} [V {year}]"
        if direction in ("earlier", "later") and (words := measure.more if direction == "later" else measure.less) and rng.random() < 0.2:
            comparative = rng.choice(words)[1]
            return direction, f"is [M {comparative}] than [V {year}]", f"[M {comparative}] than [V {year}]"
        return direction, f"[M {verb}] {when}", rng.choice((f"[M {plain}] {when}", f"[M {plain}] {when}", f"from {when}", f"with a [M {rng.choice(measure.names)}] {when}"))

    def _ordering(self) -> tuple[str, str]:
        rng = self.rng
        if rng.random() < 0.2:
            up = rng.random() < 0.6
            _, noun = self._counted()
            most = ("most", "fewest") if up else ("fewest", "most")
            return ("greater" if up else "smaller"), rng.choice((
                f"by number of {noun}, {most[0]} first", f"from the one with the {most[0]} {noun} to the one with the {most[1]}",
                f"starting with the one that has the {most[0]} {noun}", f"by the number of {noun}, {'descending' if up else 'ascending'}",
            ))
        measure = rng.choice([m for m in ways.MEASURES if m.more and m.less or m.kind == "date"])
        up = rng.random() < 0.5
        direction, noun = _direction(measure, up), rng.choice(measure.names)
        sort = ("descending", "decreasing", "falling") if up else ("ascending", "increasing", "rising")
        if measure.kind == "date" and rng.random() < 0.45:
            back = rng.choice(("reverse chronological order", "backwards chronological order", "from the last to the first"))
            return direction, rng.choice((f"in {back}",) if up else ("in [M chronological] order", "[M chronologically]", "in order of [M appearance]", "in the order in which they [M came out]", "in order of [M release]", "from the first to the last", f"in order of [M {noun}]", f"by [M {noun}]"))
        if rng.random() < 0.12:
            return "none", rng.choice((f"by [M {noun}]", f"in order of [M {noun}]", f"according to [M {noun}]", f"ordered by [M {noun}]"))
        forms = [f"in {rng.choice(sort)} order of [M {noun}]", f"by [M {noun}] in {rng.choice(sort)} order", f"by [M {noun}], {rng.choice(sort)}"]
        if measure.kind != "date":
            high = ("highest", "lowest") if up else ("lowest", "highest")
            forms += [f"by [M {noun}], {high[0]} first", f"by [M {noun}] from {high[0]} to {high[1]}", f"from {high[0]} to {high[1]} [M {noun}]"]
        if measure.more and measure.less:
            a, b = (rng.choice(measure.more), rng.choice(measure.less))[:: 1 if up else -1]
            forms += [
                f"from the [M {a[2]}] to the [M {b[2]}]", f"from [M {a[2]}] to [M {b[2]}]", f"[M {a[2]}] first", f"[M {a[2]}] to [M {b[2]}]",
                f"starting with the [M {a[2]}]", f"beginning with the [M {a[2]}] one", f"from [M {a[0]}] to [M {b[0]}]", f"by [M {noun}], [M {a[2]}] first",
                f"with the [M {a[2]}] first", f"[M {a[2]}] ones first", f"the [M {a[2]}] at the top",
            ] * 2
        return direction, rng.choice(forms)


_THAN = {
    "greater": ("more than", "over", "above", "exceeding", "greater than", "larger than"),
    "smaller": ("less than", "under", "below", "fewer than", "smaller than", "lower than"),
    "at least": ("at least", "no less than", "not less than", "a minimum of"),
    "at most": ("at most", "no more than", "up to", "a maximum of"),
}
_WHEN = {
    "earlier": ("before", "earlier than", "prior to", "before the year"),
    "later": ("after", "later than", "after the year", "following"),
    "at least": ("since", "from", "in or after", "as of"),
    "at most": ("until", "by", "up to", "in or before", "no later than"),
}


def _direction(measure: ways.Measure, up: bool) -> str:
    """How the direction of a measure is called, by the words for it."""
    table = {"": ("smaller", "greater"), "date": ("earlier", "later"), "age": ("later", "earlier")}
    return table[measure.kind][up]


def _plain_verb(label: str) -> str:
    """ "treats" as in "do not treat"."""
    first, *rest = label.split()
    plain = {"has": "have", "is": "be", "does": "do"}.get(first, first.removesuffix("s"))
    return " ".join([plain, *rest])


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun if noun.endswith("s") else noun + "s"


def _number(rng: random.Random) -> str:
    value = rng.choice((rng.randrange(2, 100), rng.randrange(100, 10_000), 10 ** rng.randrange(1, 7), 50 * rng.randrange(1, 60)))
    return rng.choice((str(value), f"{value:,}", f"{rng.randrange(1, 90)} million", f"{value / 10:.1f}"))


def _date(rng: random.Random) -> str:
    year = rng.randrange(1500, 2030)
    month = rng.choice(("January", "March", "May", "June", "August", "October", "December"))
    return rng.choice((str(year), str(year), str(year), f"{month} {year}", f"{rng.randrange(1, 29)} {month} {year}", f"{year}-05-01", f"{year // 10 * 10}", f"the {year // 10 * 10}s"))


def _steps(wording: Wording) -> list[Step]:
    """Both directions of a wording, with what people ask."""
    both = ((False, wording.object), (True, wording.subject))
    return [
        Step(wording.labels, inverse, wording.questions(inverse), wording.phrases(inverse), classes)
        for inverse, classes in both
        if wording.questions(inverse)
    ]
