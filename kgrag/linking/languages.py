"""Languages: which one each word is read in, and what is known of each, its stop words, question words and stems."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from kgrag.linking.folding import fold

# Languages by script; words of a script are read in the first one, unless another one of them is preferred.
_SCRIPTS = {
    "Latin": ("en",),
    "Cyrillic": ("ru", "be", "bg", "kk", "ky", "mk", "mn", "sr", "tt", "uk"),
    "Arabic": ("ar", "fa", "ps", "ur"),
    "Han": ("zh", "ja", "yue"),
    "other": ("", "el", "am", "bn", "gu", "he", "hi", "hy", "ka", "kn", "ko", "ml", "mr", "ne", "si", "ta", "te", "th"),
}
UNSPACED = _SCRIPTS["Han"]  # languages that put no spaces between words
_RANGES = (  # first and last character
    ("\u0000", "\u024f", "Latin"),
    ("\u0400", "\u052f", "Cyrillic"),
    ("\u0600", "\u077f", "Arabic"),
    ("\u1e00", "\u1eff", "Latin"),
    ("\u3005", "\u30ff", "Han"),
    ("\u3400", "\u9fff", "Han"),
    ("\U00020000", "\U0003ffff", "Han"),
)
_STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_TIMES = 3  # most times that a word is stemmed: "Lungenkrebses" gives "Lungenkrebs", which has a stem of its own
# "and" before an article is part of the word; Snowball leaves it there.
_CONJUNCTION = re.compile("^[\u0648\u0641](?=\u0628?\u0627\u0644|\u0643\u0627\u0644|\u0644\u0644)")
_CAPITALISED = ("de", "lb")  # languages that write every noun with a capital


class Languages:
    """Reads each word in a language: the one of its script, or the preferred one where that has the same script.

    So the words of a text that mixes scripts are each read in their own.

    Args:
        preferred: Language tag, such as "en" or "pt-BR".

    Attributes:
        capitals_tell: Whether a capital within a sentence makes a word of the preferred language look like a name.
        all: The languages that words are read in.
    """

    def __init__(self, preferred: str = "en") -> None:
        language = base(preferred)
        script = next((script for script, languages in _SCRIPTS.items() if language in languages), "Latin")
        self._of_script = {name: languages[0] for name, languages in _SCRIPTS.items()} | {script: language}
        self.capitals_tell = language not in _CAPITALISED
        self.all = tuple(dict.fromkeys(self._of_script.values()))

    def of(self, word: str) -> str:
        """The language that a word is read in."""
        return self._of_script["Latin" if word.isascii() else _script(word)]


class Known(NamedTuple):
    """Folded words of a language.

    Attributes:
        stop_words: spaCy's, the parts of those with an apostrophe, and a few abbreviations.
        generic: What questions ask for and ask with, whatever the graph is about.
    """

    stop_words: frozenset[str]
    generic: frozenset[str]


_ABBREVIATIONS = frozenset(["etc", "ie", "eg", "viz", "cf"])  # of words that tell nothing; spaCy does not list them


@lru_cache(maxsize=64)
def known_words(language: str) -> Known:
    """What is known of a language; nothing of most."""
    import spacy

    try:
        listed = spacy.util.get_lang_class(language).Defaults.stop_words if language else ()
    except ImportError:
        listed = ()
    languages = Languages(language)
    stop_words = {fold(word) for word in listed if languages.of(word) == language}
    stop_words |= _ABBREVIATIONS if language == "en" else set()
    parts = {part for word in stop_words if "'" in word for part in word.split("'") if part}
    file = resources.files("kgrag.linking") / "question_words" / f"{language}.txt"
    generic = file.read_text(encoding="utf-8").split() if file.is_file() else ()
    return Known(frozenset(stop_words | parts), frozenset(map(fold, generic)))


@lru_cache(maxsize=100_000)
def snowball(word: str, language: str) -> str:
    """What the forms of a folded word share: its stem by Snowball, or itself where there is no stemmer of a language."""
    stemmer = _stemmer(language)
    if language == "ar":
        word = _CONJUNCTION.sub("", word)
    for _ in range(_TIMES if stemmer else 0):
        (stem,) = stemmer.analyze(word) or [word]
        if stem == word:
            break
        word = stem
    return word


def base(tag: str) -> str:
    """The language of a tag, without region or script; empty where it is no such tag."""
    code = tag.lower().replace("_", "-").split("-")[0]
    return code if code.isascii() and code.isalpha() and len(code) <= 3 else ""


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    import tantivy

    if language not in _STEMMERS:
        return None
    stemming = tantivy.Filter.stemmer(_STEMMERS[language])
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(stemming).build()


@lru_cache(maxsize=50_000)
def _script(word: str) -> str:
    """The script of the last letter that is of one of those known."""
    scripts = [
        next((script for first, last, script in _RANGES if first <= c <= last), "other") for c in word if c.isalpha()
    ]
    return next((script for script in reversed(scripts) if script != "other"), "other" if scripts else "Latin")
