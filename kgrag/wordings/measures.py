"""Quantities that things have, and the words in which people compare them: long, longer, longest."""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """A quantity that things have, and the words for having more or less of it.

    Attributes:
        names: Labels that graphs give it.
        more: "long", "longer", "longest", and other such threes.
        less: "short", "shorter", "shortest".
        verbs: "was born": what something did at the time.
        kind: "date" for points in time, "age" for a time that has passed, else empty.
        units: Units that people give.
    """

    names: tuple[str, ...]
    more: tuple[tuple[str, str, str], ...] = ()
    less: tuple[tuple[str, str, str], ...] = ()
    verbs: tuple[str, ...] = ()
    kind: str = ""
    units: tuple[str, ...] = ()


_BIG = ("big", "bigger", "biggest"), ("large", "larger", "largest"), ("great", "greater", "greatest")
_SMALL = ("small", "smaller", "smallest"), ("little", "littler", "littlest"), ("tiny", "tinier", "tiniest")
_OLD = (("old", "older", "oldest"),)
_YOUNG = (("young", "younger", "youngest"),)
_NEW = ("new", "newer", "newest"), ("recent", "more recent", "most recent"), ("late", "later", "latest")
_EARLY = (("early", "earlier", "earliest"),)

MEASURES = (
    Measure(
        ("length", "total length", "length in kilometres", "extent"),
        (("long", "longer", "longest"), ("extended", "more extended", "most extended")),
        (("short", "shorter", "shortest"),),
        verbs=("measures", "measure", "stretches over"),
        units=("km", "kilometres", "miles", "m", "metres"),
    ),
    Measure(
        ("height", "elevation", "altitude", "elevation above sea level", "body height"),
        (("high", "higher", "highest"), ("tall", "taller", "tallest"), ("lofty", "loftier", "loftiest")),
        (("low", "lower", "lowest"), ("short", "shorter", "shortest")),
        units=("m", "metres", "feet", "ft"),
    ),
    Measure(
        ("depth", "maximum depth", "average depth"),
        (("deep", "deeper", "deepest"),),
        (("shallow", "shallower", "shallowest"),),
        units=("m", "metres"),
    ),
    Measure(
        ("width", "breadth", "span", "diameter"),
        (("wide", "wider", "widest"), ("broad", "broader", "broadest")),
        (("narrow", "narrower", "narrowest"),),
        units=("m", "metres", "cm"),
    ),
    Measure(
        ("area", "surface area", "size", "land area", "area in square kilometres"),
        (*_BIG, ("extensive", "more extensive", "most extensive")),
        _SMALL,
        verbs=("covers", "cover"),
        units=("square kilometres", "km2", "hectares", "square miles"),
    ),
    Measure(
        ("population", "number of inhabitants", "inhabitants", "residents", "people living there"),
        (("populous", "more populous", "most populous"), ("crowded", "more crowded", "most crowded")),
        (("sparsely populated", "more sparsely populated", "most sparsely populated"),),
        units=("people", "inhabitants"),
    ),
    Measure(
        ("weight", "mass", "body weight"),
        (("heavy", "heavier", "heaviest"), ("massive", "more massive", "most massive")),
        (("light", "lighter", "lightest"),),
        verbs=("weighs", "weigh"),
        units=("kg", "grams", "tonnes", "pounds"),
    ),
    Measure(
        ("price", "cost", "list price", "fee", "fare", "amount"),
        (("expensive", "more expensive", "most expensive"), ("costly", "costlier", "costliest")),
        (("cheap", "cheaper", "cheapest"), ("inexpensive", "less expensive", "least expensive")),
        verbs=("costs", "cost"),
        units=("euros", "dollars", "USD", "pounds"),
    ),
    Measure(
        ("speed", "top speed", "maximum speed", "velocity"),
        (("fast", "faster", "fastest"), ("quick", "quicker", "quickest")),
        (("slow", "slower", "slowest"),),
        verbs=("goes", "reaches"),
        units=("km/h", "mph"),
    ),
    Measure(
        ("temperature", "melting point", "boiling point", "average temperature"),
        (("hot", "hotter", "hottest"), ("warm", "warmer", "warmest")),
        (("cold", "colder", "coldest"), ("cool", "cooler", "coolest")),
        units=("degrees", "°C"),
    ),
    Measure(
        ("duration", "running time", "runtime", "running time in minutes", "playing time", "half-life"),
        (("long", "longer", "longest"), ("lengthy", "lengthier", "lengthiest")),
        (("short", "shorter", "shortest"), ("brief", "briefer", "briefest")),
        ("runs", "lasts", "takes"),
        units=("minutes", "hours", "min", "days"),
    ),
    Measure(
        ("distance", "distance from earth", "distance to the centre"),
        (
            ("far", "farther", "farthest"),
            ("distant", "more distant", "most distant"),
            ("remote", "remoter", "remotest"),
        ),
        (("near", "nearer", "nearest"), ("close", "closer", "closest")),
        units=("km", "miles"),
    ),
    Measure(
        (
            "revenue",
            "turnover",
            "box office",
            "budget",
            "market capitalisation",
            "profit",
            "income",
            "salary",
            "net worth",
        ),
        (
            ("rich", "richer", "richest"),
            ("profitable", "more profitable", "most profitable"),
            ("lucrative", "more lucrative", "most lucrative"),
        ),
        (("poor", "poorer", "poorest"),),
        ("earned", "grossed", "made"),
        units=("million", "euros", "dollars"),
    ),
    Measure(
        (
            "number of employees",
            "employees",
            "staff",
            "headcount",
            "number of members",
            "members",
            "students",
            "enrolment",
        ),
        _BIG,
        _SMALL,
        units=("people", "employees"),
    ),
    Measure(
        ("rating", "score", "points", "grade", "rank", "votes"),
        (("highly rated", "higher rated", "highest rated"), ("successful", "more successful", "most successful")),
        (("poorly rated", "lower rated", "lowest rated"),),
        units=("points", "stars", "percent"),
    ),
    Measure(
        ("dose", "dosage", "daily dose", "strength", "concentration", "potency"),
        (("strong", "stronger", "strongest"), ("potent", "more potent", "most potent")),
        (("weak", "weaker", "weakest"),),
        units=("mg", "milligrams"),
    ),
    Measure(
        ("capacity", "volume", "power", "storage", "seats"),
        (
            ("powerful", "more powerful", "most powerful"),
            ("spacious", "roomier", "roomiest"),
            ("bright", "brighter", "brightest"),
        ),
        (("weak", "weaker", "weakest"), ("dim", "dimmer", "dimmest")),
        units=("litres", "kW", "seats"),
    ),
    Measure(
        ("prevalence", "incidence", "frequency", "number of cases", "deaths"),
        (("deadly", "deadlier", "deadliest"), ("widespread", "more widespread", "most widespread")),
        (("rare", "rarer", "rarest"),),
        units=("per cent", "cases"),
    ),
    Measure(("age", "age in years"), _OLD, _YOUNG, kind="age", units=("years",)),
    Measure(
        ("date of birth", "birth date", "born", "year of birth", "birthday"),
        _YOUNG,
        _OLD,
        ("was born", "were born", "came into the world", "saw the light of day"),
        "date",
    ),
    Measure(
        ("date of death", "death date", "died", "year of death"), (), (), ("died", "passed away", "was buried"), "date"
    ),
    Measure(
        (
            "release year",
            "release date",
            "publication date",
            "year",
            "date",
            "first published",
            "premiere",
            "publication year",
        ),
        _NEW,
        (*_OLD, *_EARLY),
        (
            "came out",
            "was released",
            "appeared",
            "was published",
            "premiered",
            "was made",
            "was written",
            "hit the screens",
            "chronological",
        ),
        "date",
    ),
    Measure(
        ("inception", "founded", "date of foundation", "established", "founding year", "built", "opening date"),
        (*_NEW, *_YOUNG),
        (*_OLD, *_EARLY, ("ancient", "more ancient", "most ancient")),
        ("was founded", "was established", "was built", "opened", "came into being", "was set up", "started"),
        "date",
    ),
    Measure(
        (
            "approval date",
            "approved",
            "joined on",
            "date of accession",
            "start date",
            "entry into force",
            "discovery date",
            "date",
            "deadline",
            "due date",
        ),
        _NEW,
        _EARLY,
        (
            "was approved",
            "joined",
            "joined the union",
            "became a member",
            "entered into force",
            "was discovered",
            "took office",
            "is due",
            "was signed",
        ),
        "date",
    ),
)
