"""Articles, chapters and the like where nothing but their numbers marks them, as in plain text and many PDFs."""

from __future__ import annotations

import re
from typing import NamedTuple

_WORDS = (  # of English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and Russian, the outermost first
    "part|book|annex|schedule|appendix|teil|buch|anhang|anlage|partie|livre|annexe|parte|libro|anexo|allegato|bijlage|"
    "deel|część|załącznik|часть|приложение",
    "title|titel|titre|título|titolo|tytuł|раздел",
    "chapter|kapitel|chapitre|capítulo|capo|hoofdstuk|rozdział|глава",
    "section|abschnitt|sección|sezione|secção|afdeling|oddział",
    "article|artikel|artículo|articolo|artigo|artykuł|статья|art\\.|§",
)
_NUMBER = r"(?:\d+[a-z]?|[IVXLCDM]+)(?:[.-]\d+)*"
_UNITS = [re.compile(rf"(?i:{words})\s*(?P<number>{_NUMBER})[.:]?(?:\s*[—–:-]?\s+(?P<name>\S.*))?") for words in _WORDS]
_CHINESE = re.compile(r"第[〇零一二三四五六七八九十百千\d]{1,9}(?P<word>[编編章节節条條])(?P<rest>\s*)")
_CHINESE_LEVELS = {"编": 0, "編": 0, "章": 2, "节": 3, "節": 3, "条": 4, "條": 4}
_LONGEST = 120  # characters of a heading
_SENTENCE_END = (".", ";", ",", ":", "。", "；", "，")


class Unit(NamedTuple):
    """A paragraph that begins a unit.

    Attributes:
        level: From 0, the outermost.
        heading: Its number, and its name where that stands with it.
        rest: What is text.
        is_bare: Whether it is a number only, so that its name may follow.
    """

    level: int
    heading: str
    rest: str
    is_bare: bool = False


def unit(paragraph: str) -> Unit | None:
    """The unit that a paragraph begins; None for nearly all."""
    chinese = _CHINESE.match(paragraph)
    if chinese:
        level = _CHINESE_LEVELS[chinese["word"]]
        if level < 4 and len(paragraph) <= _LONGEST and not paragraph.endswith(_SENTENCE_END):
            return Unit(level, paragraph, "")
        is_article = level == 4 and (chinese["rest"] or chinese.end() == len(paragraph))
        return Unit(level, chinese[0].strip(), paragraph[chinese.end() :]) if is_article else None
    if len(paragraph) > _LONGEST or paragraph.rstrip("0123456789IVXLCDM.:").endswith(_SENTENCE_END):
        return None
    for level, pattern in enumerate(_UNITS):
        found = pattern.fullmatch(paragraph)
        if found:
            name = found["name"]
            is_heading = not name or (name[0].isupper() and not name.endswith(_SENTENCE_END))
            return Unit(level, paragraph, "", not name) if is_heading else None
    return None


def is_name(paragraph: str) -> bool:
    """Whether a paragraph after the number of a unit is its name."""
    return len(paragraph) <= _LONGEST and paragraph[:1].isupper() and not paragraph.endswith((".", *_SENTENCE_END))
