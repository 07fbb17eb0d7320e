"""Words that compare, choose and order by a measure, with their parts marked: "[M longer] than [V 900 km]"."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from kgrag.graph import is_verbal
from kgrag.wordings import Wording
from kgrag.wordings.measures import MEASURES, Measure

COUNTED = 0.3  # share of measures that count statements
NUMBERS = ("two", "three", "four", "five", "six", "ten", "a dozen", "twenty", "2", "3", "5", "10", "15", "100")
MORE = ("greater", "smaller", "at least", "at most")


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


class MeasureWords:
    """Makes such words.

    Args:
        wordings: How relations are asked for, whose statements may be counted.
        rng: Chooses.
    """

    def __init__(self, wordings: Sequence[Wording], rng: random.Random) -> None:
        self.wordings, self.rng = wordings, rng

    def _counted(self) -> tuple[str, str]:
        """What is counted of each member: "has" or a marked verb, and a marked noun."""
        rng = self.rng
        wording = rng.choice(self.wordings)
        noun = rng.choice(wording.object or wording.labels)
        noun = plural(noun)
        verbs = [label for label in wording.labels if is_verbal(label) and not label.startswith(("has ", "is "))]
        verbs += [
            label
            for label in wording.labels
            if label.endswith((" through", " in", " with", " to", " by")) and " " in label
        ]
        verb = f"[M {rng.choice(verbs)}]" if verbs and rng.random() < 0.5 else "has"
        return verb, f"[M {rng.choice(('different ', '', '', ''))}{noun}]"

    def compared(self, pair: bool = False) -> Compared:
        """A measure with the words that compare things by it: of a set, or of a pair."""
        rng = self.rng
        if rng.random() < COUNTED:
            return self._compared_counts()
        measure = rng.choice(MEASURES)
        up = rng.random() < 0.55
        direction = _direction(measure, up)
        words = measure.more if up else measure.less
        noun = rng.choice(measure.names)
        much, higher = _HIGHEST[measure.kind == "date"][up], _HIGHER[measure.kind == "date"][up]
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
            return Compared(
                direction,
                with_noun,
                f"[M {verb}] {first}",
                "",
                "",
                f"a {rng.choice(higher)} [M {noun}]",
                verb,
                when,
                first,
            )
        _, comparative, superlative = rng.choice(words)
        does = rng.choice(
            (
                f"has {with_noun}",
                f"is the [M {superlative}]",
                f"was the [M {superlative}]",
                f"has the [M {superlative}] {noun}",
            )
        )
        if measure.kind == "date" and verb:
            does = f"[M {verb}] {first}"
        elif verb:
            does = f"[M {verb}] [M {superlative}]" if rng.random() < 0.5 else f"[M {verb}] the [M {superlative}]"
        the = rng.choice(
            (
                f"the [M {superlative}]",
                f"the [M {superlative}]",
                f"the [M {superlative}] by [M {noun}]",
                f"the one with {with_noun}",
            )
        )
        return Compared(
            direction,
            the,
            does,
            f"[M {superlative}]",
            f"[M {comparative}]",
            f"a {rng.choice(higher)} [M {noun}]",
            verb if measure.kind == "date" else "",
            when,
            first,
        )

    def _compared_counts(self) -> Compared:
        rng = self.rng
        up = rng.random() < 0.65
        verb, noun = self._counted()
        most = rng.choice(
            ("the most", "most", "the greatest number of", "the largest number of", "the highest number of")
            if up
            else ("the fewest", "the least", "the smallest number of", "the lowest number of")
        )
        more = rng.choice(
            ("more", "a greater number of", "a larger number of") if up else ("fewer", "less", "a smaller number of")
        )
        return Compared(
            "greater" if up else "smaller",
            f"the one with {most} {noun}",
            f"{verb} {most} {noun}",
            more=f"{more} {noun}",
        )

    def condition(self) -> tuple[str, str, str]:
        """A direction, and a condition in it as a clause after "that" and as what may follow a noun."""
        rng = self.rng
        if rng.random() < COUNTED:
            verb, noun = self._counted()
            direction = rng.choice(MORE)
            than = rng.choice(_THAN[direction])
            value = f"[V {rng.choice(NUMBERS)}]"
            has = verb if verb != "has" else rng.choice(("has", "have"))
            return direction, f"{has} {than} {value} {noun}", f"with {than} {value} {noun}"
        measure = rng.choice(MEASURES)
        if measure.kind == "date":
            return self._dated(measure)
        direction = rng.choice((*MORE, "greater", "smaller", "between"))
        noun, unit = rng.choice(measure.names), rng.choice(("", " ", *measure.units)).strip()
        value = _number(rng)
        if direction == "between":
            value = f"[V {value}] and [V {_number(rng)} {unit}]".replace(" ]", "]")
            return (
                direction,
                f"has a [M {noun}] between {value}",
                rng.choice((f"with a [M {noun}] between {value}", f"between {value}")),
            )
        value = f"[V {value} {unit}]".replace(" ]", "]")
        words = measure.more if direction in ("greater", "at least") else measure.less
        than = rng.choice(_THAN[direction])
        if measure.verbs and rng.random() < 0.5:
            verb = rng.choice(measure.verbs)
            return direction, f"[M {verb}] {than} {value}", f"that [M {verb}] {than} {value}"
        if direction in ("greater", "smaller") and words and rng.random() < 0.6:
            adjective, comparative, _ = rng.choice(words)
            if measure.kind == "age":
                direction = _direction(measure, direction == "greater")
            elif direction == "greater" and rng.random() < 0.3:
                shape = f"{rng.choice(('over', 'above', 'more than'))} {value} [M {adjective}]"
                return direction, f"{rng.choice(('is', 'are'))} {shape}", shape
            return (
                direction,
                f"{rng.choice(('is', 'are'))} [M {comparative}] than {value}",
                f"[M {comparative}] than {value}",
            )
        return (
            direction,
            f"{rng.choice(('has', 'have'))} a [M {noun}] of {than} {value}",
            f"with a [M {noun}] {rng.choice((than, 'of ' + than))} {value}",
        )

    def moment(self) -> tuple[str, str, str]:
        """A direction, and a condition in time that does not say what happened then."""
        direction = self.rng.choice(("earlier", "later", "at least", "at most", "between"))
        when = self._when(direction)
        return direction, f"were {when}", when

    def _when(self, direction: str) -> str:
        rng = self.rng
        if direction == "between":
            return f"{rng.choice(('between', 'from'))} [V {_date(rng)}] {rng.choice(('and', 'to', 'until'))} [V {_date(rng)}]"
        return f"{rng.choice(_WHEN[direction])} [V {_date(rng)}]"

    def _dated(self, measure: Measure) -> tuple[str, str, str]:
        rng = self.rng
        direction = rng.choice(("earlier", "later", "earlier", "later", "at least", "at most", "between"))
        verb, when = rng.choice(measure.verbs), self._when(direction)
        plain = verb.removeprefix("was ").removeprefix("were ")
        if (
            direction in ("earlier", "later")
            and (words := measure.more if direction == "later" else measure.less)
            and rng.random() < 0.2
        ):
            than = f"[M {rng.choice(words)[1]}] than [V {_date(rng)}]"
            return direction, f"is {than}", than
        return (
            direction,
            f"[M {verb}] {when}",
            rng.choice(
                (
                    f"[M {plain}] {when}",
                    f"[M {plain}] {when}",
                    f"from {when}",
                    f"with a [M {rng.choice(measure.names)}] {when}",
                )
            ),
        )

    def ordering(self) -> tuple[str, str]:
        """A direction, and words for an order in it."""
        rng = self.rng
        if rng.random() < 0.2:
            up = rng.random() < 0.6
            _, noun = self._counted()
            most = ("most", "fewest") if up else ("fewest", "most")
            return ("greater" if up else "smaller"), rng.choice(
                (
                    f"by number of {noun}, {most[0]} first",
                    f"from the one with the {most[0]} {noun} to the one with the {most[1]}",
                    f"starting with the one that has the {most[0]} {noun}",
                    f"by the number of {noun}, {'descending' if up else 'ascending'}",
                )
            )
        measure = rng.choice([m for m in MEASURES if m.more and m.less or m.kind == "date"])
        up = rng.random() < 0.5
        direction, noun = _direction(measure, up), rng.choice(measure.names)
        sort = ("descending", "decreasing", "falling") if up else ("ascending", "increasing", "rising")
        if measure.kind == "date" and rng.random() < 0.45:
            back = rng.choice(
                ("reverse chronological order", "backwards chronological order", "from the last to the first")
            )
            return direction, rng.choice(
                (f"in {back}",)
                if up
                else (
                    "in [M chronological] order",
                    "[M chronologically]",
                    "in order of [M appearance]",
                    "in the order in which they [M came out]",
                    "in order of [M release]",
                    "from the first to the last",
                    f"in order of [M {noun}]",
                    f"by [M {noun}]",
                )
            )
        if rng.random() < 0.12:
            return "none", rng.choice(
                (f"by [M {noun}]", f"in order of [M {noun}]", f"according to [M {noun}]", f"ordered by [M {noun}]")
            )
        forms = [
            f"in {rng.choice(sort)} order of [M {noun}]",
            f"by [M {noun}] in {rng.choice(sort)} order",
            f"by [M {noun}], {rng.choice(sort)}",
        ]
        if measure.kind != "date":
            high = ("highest", "lowest") if up else ("lowest", "highest")
            forms += [
                f"by [M {noun}], {high[0]} first",
                f"by [M {noun}] from {high[0]} to {high[1]}",
                f"from {high[0]} to {high[1]} [M {noun}]",
            ]
        if measure.more and measure.less:
            a, b = (rng.choice(measure.more), rng.choice(measure.less))[:: 1 if up else -1]
            forms += [
                f"from the [M {a[2]}] to the [M {b[2]}]",
                f"from [M {a[2]}] to [M {b[2]}]",
                f"[M {a[2]}] first",
                f"[M {a[2]}] to [M {b[2]}]",
                f"starting with the [M {a[2]}]",
                f"beginning with the [M {a[2]}] one",
                f"from [M {a[0]}] to [M {b[0]}]",
                f"by [M {noun}], [M {a[2]}] first",
                f"with the [M {a[2]}] first",
                f"[M {a[2]}] ones first",
                f"the [M {a[2]}] at the top",
            ] * 2
        return direction, rng.choice(forms)


_HIGHEST = (  # of a quantity, of a date: least and most
    (("lowest", "smallest", "least", "minimum"), ("highest", "greatest", "largest", "biggest", "maximum", "top")),
    (("earliest", "first", "oldest"), ("latest", "most recent", "last")),
)
_HIGHER = (
    (("lower", "smaller", "lesser", "less"), ("higher", "greater", "larger", "bigger", "more")),
    (("earlier",), ("later", "more recent")),
)
_THAN = {
    "greater": ("more than", "over", "above", "exceeding", "greater than", "larger than"),
    "smaller": ("less than", "under", "below", "fewer than", "smaller than", "lower than"),
    "at least": ("at least", "no less than", "not less than", "a minimum of"),
    "at most": ("at most", "no more than", "up to", "a maximum of"),
}
_WHEN = {
    "earlier": ("before", "earlier than", "prior to", "before the year"),
    "later": ("after", "later than", "after the year", "following"),
    "at least": ("since", "starting from", "in or after", "as of"),
    "at most": ("until", "up to", "in or before", "no later than"),
}


def _direction(measure: Measure, up: bool) -> str:
    """How the direction of a measure is called, by the words for it."""
    table = {"": ("smaller", "greater"), "date": ("earlier", "later"), "age": ("later", "earlier")}
    return table[measure.kind][up]


def plural(noun: str) -> str:
    """A noun in the plural, as far as its ending tells."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun if noun.endswith("s") else noun + "s"


def _number(rng: random.Random) -> str:
    value = rng.choice(
        (rng.randrange(2, 100), rng.randrange(100, 10_000), 10 ** rng.randrange(1, 7), 50 * rng.randrange(1, 60))
    )
    return rng.choice((str(value), f"{value:,}", f"{rng.randrange(1, 90)} million", f"{value / 10:.1f}"))


def _date(rng: random.Random) -> str:
    year = rng.randrange(1500, 2030)
    month = rng.choice(("January", "March", "May", "June", "August", "October", "December"))
    return rng.choice(
        (
            str(year),
            str(year),
            str(year),
            f"{month} {year}",
            f"{rng.randrange(1, 29)} {month} {year}",
            f"{year}-05-01",
            f"{year // 10 * 10}",
            f"the {year // 10 * 10}s",
        )
    )
