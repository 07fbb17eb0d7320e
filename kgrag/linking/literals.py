"""Dates, numbers, citations and codes, each in one form however it is written.

"3 May 2016" and "2016-05-03" are the same date, "1,200" and "1200.0" the same number, "Art. 6 para 1 lit f" and
"Article 6(1)(f)" the same place in a law, "ICD-10 E11.9" and "ICD10CM:E119" the same code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from kgrag.linking.folding import unaccented

_TELLING = 3  # digits of a whole number, and characters of a code, that is more than a count
_LONGEST = 60  # characters of a name that is one of these
_DIGIT, _LETTER = re.compile(r"\d"), re.compile("[a-z]")
_UNMARKED = str.maketrans("", "", ".-/")
_EXACT = Context(prec=64)  # more digits than any number has that is read
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar fevrier febrero",
            "march mar marz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug aout agosto",
            "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez decembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_KINDS = {
    name: kind
    for kind, names in {
        "article": "article art artikel articulo",
        "section": "section sec sect \u00a7",
        "recital": "recital rec",
        "chapter": "chapter chap kapitel chapitre",
        "annex": "annex",
        "clause": "clause",
    }.items()
    for name in names.split()
}


class Written(NamedTuple):
    """A date, number, citation or code in a folded text, and a form of it; what can be read in several ways has several."""

    start: int
    end: int
    form: str


def forms(name: str) -> list[str]:
    """The forms of a folded name that is a date, a number, a citation or a code as a whole; none of any other."""
    if len(name) > _LONGEST or not _DIGIT.search(name):
        return []
    readers = _FROM_WORD if name[0].isalpha() or name[0] == "\u00a7" else _FROM_DIGIT
    found = [form for pattern, read in readers if (match := pattern.fullmatch(name)) for form in read(match)]
    return list(dict.fromkeys([*found, *_named_code(name)]))


def find(text: str) -> Iterator[Written]:
    """All that a folded text may write in another way than a name does, overlapping ones as well."""
    if not _DIGIT.search(text):
        return
    for pattern, read in _FROM_DIGIT + _FROM_WORD:
        for match in pattern.finditer(text):
            yield from (Written(*match.span(), form) for form in read(match))
    for match in _CITED.finditer(text):  # "Art. 6 applies": what follows need not be the law
        yield from (Written(match.start(), match.end("parts"), form) for form in _citation(match, ""))
    yield from _codes(text)


# Dates


def _date(year: str, month: int | str, day: str) -> list[str]:
    try:
        return [f"date {date(int(year), int(month), int(day)).isoformat()}"]
    except ValueError:  # no such day
        return []


def _worded_date(match: re.Match[str]) -> list[str]:
    month = _MONTHS.get(unaccented(match["month"]))
    if month is None:
        return []
    day = match.groupdict().get("day")
    return [f"date {match['year']}-{month:02}"] if day is None else _date(match["year"], month, day)


def _ordered_date(match: re.Match[str]) -> list[str]:
    """Day first, and where no dots say so, month first as well."""
    first, second, year = match["first"], match["second"], match["year"]
    found = _date(year, second, first)
    return found if match["mark"] == "." else list(dict.fromkeys([*found, *_date(year, first, second)]))


# Numbers


def _number(match: re.Match[str]) -> list[str]:
    """A comma groups digits where three follow each, and else stands for the point; a small number is but a count."""
    written = match[0].replace(" ", "").replace("'", "")
    if len(written) < _TELLING and written.isdecimal():
        return []
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", written):
        written = written.replace(",", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}", written):
        written = written.replace(".", "")
    value = Decimal(written.replace(",", "."))
    return [f"number {value.normalize(_EXACT) if value else 0}"]


# Citations


def _citation(match: re.Match[str], law: str | None = None) -> list[str]:
    kind = _KINDS.get(unaccented(match["kind"]))
    if kind is None:
        return []
    law = match["law"] or "" if law is None else law
    return [" ".join([kind, match["number"], *_PARTS.findall(match["parts"]), *law.split()])]


# Codes


def _code(written: str) -> str:
    """A code without marks; one of digits alone keeps them, for they are all that parts its levels."""
    return written.translate(_UNMARKED) if _LETTER.search(written) else written


def _is_telling(code: str) -> bool:
    """Whether a code is one without its scheme: "E11.9", but neither "250.0" nor "T2"."""
    return len(code) >= _TELLING and _LETTER.search(code) is not None


@lru_cache(maxsize=1_000)
def _schemes(written: str) -> list[str]:
    """What a text may call a scheme: "umls cui" as "umlscui" or "umls"."""
    return sorted({_scheme(written), _scheme(re.split(r"[^a-z\d]", written)[0])} - {""})


def _scheme(written: str) -> str:
    """The scheme of codes: "ICD-10-CM" as "icd10"."""
    found = re.match(r"[a-z]{2,}\d*", re.sub(r"[^a-z\d]", "", written))
    return found[0] if found else ""


def _named_code(name: str) -> list[str]:
    match = _NAMED_CODE.fullmatch(name)
    if match is None or not _DIGIT.search(match["code"]):
        return []
    code, scheme = _code(match["code"]), match["scheme"] or ""
    if match["mark"] == " " and not code[0].isdigit():
        return []  # a "vitamin B12" is called so
    found = [f"code {one}:{code}" for one in _schemes(scheme)] if len(code) >= _TELLING else []
    return [f"code {code}", *found] if _is_telling(code) and match["mark"] != " " else found


def _codes(text: str) -> Iterator[Written]:
    """Codes in a text, by themselves and with the words before them as their scheme."""
    for match in _CODE.finditer(text):
        code, start = _code(match[0]), match.start()
        if not _TELLING <= len(code) <= _LONGEST:
            continue
        if _is_telling(code) and text[start - 1 : start] != ":":
            yield Written(start, match.end(), f"code {code}")
        if before := _BEFORE.search(text, max(0, start - _LONGEST), start):
            words = [word.start() for word in re.finditer(r"[a-z\d]+", before[0])]
            for at in words[-3:]:
                if scheme := _scheme(before[0][at:]):
                    yield Written(before.start() + at, match.end(), f"code {scheme}:{code}")


_OPEN, _CLOSE = r"(?<![\w.,])", r"(?!\w|[.,]\d)"
_PLACE = r"(?:[a-z]|[ivx]{1,5}|\d{1,3}[a-z]?)"
_LEVEL = r"(?:sub-?)?(?:paragraph|para|absatz|abs|section|point|litera|lit|letter|number|no|nr|item)"
_PART = rf"(?:,? ?{_LEVEL}\.? ?\(?{_PLACE}\)?(?!\w)|,? ?\({_PLACE}\)|\.\d{{1,3}}(?!\w))"
_PARTS = re.compile(rf"(?<![a-z\d]){_PLACE}(?![a-z\d])")
_CITED = re.compile(
    rf"(?<!\w)(?P<kind>\u00a7|[^\W\d]{{3,9}})\.? ?(?P<number>\d{{1,4}}[a-z]?)(?!\w)(?P<parts>{_PART}{{0,6}})"
    rf"(?:,? (?:of |in )?(?:the )?(?P<law>\w{{2,15}}))?"
)
_CODE = re.compile(r"(?<![\w.\-/])(?=[a-z.\-/]{0,30}\d)[a-z\d]+(?:[.\-/][a-z\d]+)*(?!\w)")
_NAMED_CODE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z\d .\-]{1,24}?)(?P<mark>: ?| ))?(?P<code>[a-z\d]+(?:[.\-/][a-z\d]+)*)"
)
_BEFORE = re.compile(r"(?:(?<![a-z\d])[a-z\d]{1,15}(?:[ \-.]|: ?)){1,3}$")
_YEAR = r"(?P<year>\d{4})"
_FROM_DIGIT = (
    (
        re.compile(
            rf"{_OPEN}{_YEAR}(?P<mark>[-/])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)"
            rf"(?:t[\d:.]{{5,20}})?(?:z|[+-]\d\d:\d\d)?{_CLOSE}"
        ),
        lambda match: _date(match["year"], match["month"], match["day"]),
    ),
    (
        re.compile(rf"(?<!\d){_YEAR}\u5e74(?P<month>\d\d?)\u6708(?P<day>\d\d?)\u65e5"),
        lambda match: _date(match["year"], match["month"], match["day"]),
    ),
    (
        re.compile(rf"{_OPEN}{_YEAR}-(?P<month>0[1-9]|1[0-2])(?:z|[+-]\d\d:\d\d)?(?![\w-]|[.,]\d)"),
        lambda match: [f"date {match['year']}-{match['month']}"],
    ),
    (
        re.compile(
            rf"{_OPEN}(?P<day>\d\d?)(?:st|nd|rd|th|er|\.)? (?:of |de )?(?P<month>[^\W\d]{{3,10}})\.?,?(?: of| de)? {_YEAR}{_CLOSE}"
        ),
        _worded_date,
    ),
    (
        re.compile(rf"{_OPEN}(?P<first>\d\d?)(?P<mark>[./-])(?P<second>\d\d?)(?P=mark){_YEAR}{_CLOSE}"),
        _ordered_date,
    ),
    (
        re.compile(
            rf"{_OPEN}[+-]?(?:\d{{1,3}}(?:,\d{{3}}){{1,7}}(?:\.\d{{1,20}})?|\d{{1,3}}(?:\.\d{{3}}){{1,7}},\d{{1,20}}"
            rf"|\d{{1,3}}(?:\.\d{{3}}){{2,5}}|\d{{1,3}}(?:[ ']\d{{3}}){{1,7}}(?:[.,]\d{{1,20}})?"
            rf"|\d{{0,20}}[.,]?\d{{1,20}}(?:e[+-]?\d{{1,3}})?){_CLOSE}"
        ),
        _number,
    ),
)
_FROM_WORD = (
    (
        re.compile(rf"(?<!\w)(?P<month>[^\W\d]{{3,10}})\.? (?P<day>\d\d?)(?:st|nd|rd|th)?,? {_YEAR}{_CLOSE}"),
        _worded_date,
    ),
    (re.compile(rf"(?<!\w)(?P<month>[^\W\d]{{3,10}})\.?,?(?: of| de)? {_YEAR}{_CLOSE}"), _worded_date),
    (_CITED, _citation),
)
