"""Numbers and dates, as literals state them and as questions write them, in one form that can be compared.

A value is a span from its least to its greatest meaning: the year 1990 runs from its first day to its last, so that 3 May 1990 is
neither before nor after it. A number is a span of length nothing.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, DecimalException
from typing import NamedTuple

from rdflib.xsd_datetime import Duration, parse_xsd_duration

from kgrag.graph.terms import literal_parts
from kgrag.linking.literals import find

XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = frozenset(
    f"{XSD}{name}"
    for name in [
        "decimal",
        "integer",
        "float",
        "double",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "nonPositiveInteger",
        "negativeInteger",
        "unsignedInt",
        "unsignedLong",
        "unsignedShort",
        "unsignedByte",
    ]
)
_DATES = frozenset(f"{XSD}{name}" for name in ["date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth"])
_DURATIONS = frozenset(f"{XSD}{name}" for name in ["duration", "dayTimeDuration", "yearMonthDuration"])
_LONGEST = 60  # characters of a text that is read as a value
_LARGEST = 300  # digits of a number that is turned into another unit
_DATE = re.compile(r"(-?\d{4,9})(?:-(\d\d)(?:-(\d\d)(?:T[\d:.]+)?)?)?(?:Z|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:[,'\u202f\u00a0 ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\d])")
_UNIT = re.compile(r"\s*([^\W\d][\w/]*\.?(?: [^\W\d]\w*)?|[\u00b0%\u20ac$\u00a3][^\W\d]*)?")
_YEAR = re.compile(r"(?<![\w.,])(\d{4})(s)?(?![\w]|[.,]\d)")
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "dozen": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "mio": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
}
_SCALED = "|".join(_SCALES)
_WORDED = re.compile(rf"\b(?:({'|'.join(_WORDS)})\b)?(?:[ -]?({_SCALED})\b)?", re.IGNORECASE)
_UNITS: dict[str, dict[str, int | str]] = {  # by what they measure: names, and how many of the first one each is
    "length": {"m": 1, "metre": 1, "meter": 1, "km": 1000, "kilometre": 1000, "kilometer": 1000, "cm": "0.01", "centimetre": "0.01",
               "centimeter": "0.01", "mm": "0.001", "millimetre": "0.001", "millimeter": "0.001", "mile": "1609.344", "mi": "1609.344",
               "ft": "0.3048", "foot": "0.3048", "feet": "0.3048", "yard": "0.9144", "inch": "0.0254", "inches": "0.0254"},
    "area": {"m2": 1, "m\u00b2": 1, "square metre": 1, "square meter": 1, "ha": 10**4, "hectare": 10**4, "km2": 10**6, "km\u00b2": 10**6,
             "square kilometre": 10**6, "square kilometer": 10**6, "square mile": "2589988.110336", "acre": "4046.8564224"},
    "mass": {"g": 1, "gram": 1, "mg": "0.001", "milligram": "0.001", "kg": 1000, "kilogram": 1000, "tonne": 10**6, "ton": 10**6,
             "pound": "453.59237", "lb": "453.59237"},
    "time": {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "hr": 3600, "day": 86400, "week": 604800,
             "month": 2629746, "year": 31556952},
}  # fmt: skip
_FACTORS = {name: (what, Decimal(str(factor))) for what, units in _UNITS.items() for name, factor in units.items()}


class Value(NamedTuple):
    """A number or a date.

    Attributes:
        kind: "number" or "date"; only values of one kind are compared.
        low: The least that it may mean: a number, or a date as ``year * 10000 + month * 100 + day``.
        high: The greatest.
        unit: What it is a number of; empty where that is not said. Lengths, areas, masses and times are in one unit each.
        scale: How many of that unit one of those was that it was written in.
    """

    kind: str
    low: Decimal
    high: Decimal
    unit: str = ""
    scale: Decimal = Decimal(1)


def of_literal(term: str, unit: str = "") -> Value | None:
    """The value of a literal in N-Triples form, typed or plain; None where it is no number and no date.

    Args:
        term: The literal.
        unit: That of a bare number, such as the label of its relation says.
    """
    parts = literal_parts(term)
    if parts is None or len(parts.value) > _LONGEST:
        return None
    text = parts.value.strip()
    if parts.datatype in _DATES:
        return _date(text)
    if parts.datatype in _DURATIONS:
        return _duration(text)
    if parts.datatype in _NUMBERS:
        return _number(text, unit)
    if parts.datatype and parts.datatype != f"{XSD}string":
        return None
    if "-" in text[1:] and (date := _date(text)):
        return date
    written = _of_text(text, unit, whole=True)
    return written[0] if written else None


def in_text(text: str) -> list[Value]:
    """The numbers and dates that a question writes, in its order."""
    return _of_text(text, "", whole=False)


def unit_of(label: str) -> str:
    """The unit that the label of a relation names: "km" of "length in km" or "length (km)"."""
    match = re.search(r"(?:\bin |\()([\w\u00b2 /]+)\)?$", label.lower())
    return match[1].strip() if match and _factor(match[1]) else ""


def is_time(value: Value) -> bool:
    """Whether a number may be a year."""
    return not value.unit and value.low == value.high and 1000 <= value.low <= 2100 and value.low == int(value.low)


def is_moment(value: Value) -> bool:
    """Whether a value is a date, or a number that may be a year."""
    return value.kind == "date" or is_time(value)


def year(value: Value) -> Value:
    """A number as the year that it counts."""
    return Value("date", value.low * 10_000, value.high * 10_000 + 9_999)


def _of_text(text: str, unit: str, whole: bool) -> list[Value]:
    folded = text.lower()
    dated = [one for one in find(folded) if one.form.startswith("date ")]
    longest = max((one.end - one.start for one in dated), default=0)
    found: list[tuple[int, int, Value]] = []
    for one in sorted(dated, key=lambda one: (one.start - one.end, one.start)):
        date = _date(one.form.removeprefix("date "))
        if date and not any(a < one.end and one.start < b for a, b, _ in found):
            found.append((one.start, one.end, date))
    if whole and longest == len(folded) and found:
        return [found[0][2]]
    for match in _NUMBER.finditer(folded):
        if any(a < match.end() and match.start() < b for a, b, _ in found):
            continue
        if match.start() and (folded[match.start() - 1].isalnum() or folded[match.start() - 1] in "-."):
            continue
        value, end = Decimal(re.sub(r"[,'\s]", "", match[0])), match.end()
        if scale := re.compile(rf"\s*({_SCALED})\b").match(folded, end):
            value, end = value * _SCALES[scale[1]], scale.end()
        if not scale and folded[end : end + 1] == "s" and is_time(Value("number", value, value)):
            found.append((match.start(), end + 1, Value("date", value * 10_000, (value + 9) * 10_000 + 9_999)))
            continue
        after = _UNIT.match(folded, end)
        said = _named_unit(after[1] or "") if after else ""
        if whole and not said:  # a currency, perhaps: whatever it is, it is compared with its like alone
            said = after[1] or "" if after else ""
        found.append((match.start(), end + (len(after[0]) if after and said else 0), _in_unit(value, said or unit)))
    if not whole:
        for match in _WORDED.finditer(folded):
            if (match[1] or match[2]) and not any(a < match.end() and match.start() < b for a, b, _ in found):
                value = Decimal(_WORDS.get(match[1] or "", 1) * _SCALES.get(match[2] or "", 1))
                after = _UNIT.match(folded, match.end())
                found.append(
                    (match.start(), match.end(), _in_unit(value, _named_unit(after[1] or "") if after else ""))
                )
    found.sort(key=lambda one: one[0])
    if whole and (not found or found[0][:2] != (0, len(folded))):
        return []
    return [value for _, _, value in found]


def _date(text: str) -> Value | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    start = Decimal(match[1]) * 10_000
    if match[2] is None:
        return Value("date", start, start + 9_999)
    start += int(match[2]) * 100
    return (
        Value("date", start, start + 99)
        if match[3] is None
        else Value("date", start + int(match[3]), start + int(match[3]))
    )


def _number(text: str, unit: str) -> Value | None:
    try:
        value = Decimal(text)
    except DecimalException:
        return None
    return _in_unit(value, unit) if value.is_finite() else None


def _duration(text: str) -> Value | None:
    try:
        length = parse_xsd_duration(text)
    except (ValueError, OverflowError):
        return None
    months = Decimal(0)
    if isinstance(length, Duration):
        months, length = Decimal(length.years) * 12 + Decimal(length.months), length.tdelta
    seconds = Decimal(length // timedelta(microseconds=1)) / 10**6 + months * _FACTORS["month"][1]
    return Value("number", seconds, seconds, "time")


def _in_unit(value: Decimal, unit: str) -> Value:
    factor = _factor(unit)
    if factor is None or abs(value.adjusted()) > _LARGEST:
        return Value("number", value, value, unit)
    value *= factor[1]
    return Value("number", value, value, *factor)


def _factor(unit: str) -> tuple[str, Decimal] | None:
    unit = unit.strip().rstrip(".")
    return _FACTORS.get(unit) or _FACTORS.get(unit.removesuffix("s"))


def _named_unit(words: str) -> str:
    """The longest known unit that words begin with; what is not known is no unit."""
    parts = words.split()
    return next((unit for n in (2, 1) if _factor(unit := " ".join(parts[:n]))), "")
