"""Words of a text as BM25 counts them, by language."""

from __future__ import annotations

import re

import tantivy

from kgrag.errors import PassageError

_STEMMED = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_WITHOUT_STOP_WORDS = ("ar", "el", "ro", "ta", "tr")  # of these tantivy has no list
_AS_WRITTEN = ("", "ja", "ko", "th", "zh")
_LONGEST = 80  # characters of a word

# Scripts that put no spaces between words, or none where it helps: Thai, Lao, Burmese, Khmer, kana, Chinese characters, Hangul.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]+"
)


def analyzer(language: str) -> tantivy.TextAnalyzer:
    """What takes a text, as `spaced` gives it, apart: into stems without stop words, or words as they are written.

    Raises:
        PassageError: The language is unknown.
    """
    if language not in _STEMMED and language not in _AS_WRITTEN:
        raise PassageError(
            f"There is no language {language!r}.",
            f'Choose one of {", ".join(sorted([*_STEMMED, *_AS_WRITTEN[1:]]))}, or "" for words as they are written.',
        )
    filters = [tantivy.Filter.remove_long(_LONGEST), tantivy.Filter.lowercase()]
    if name := _STEMMED.get(language):
        stop_words = [] if language in _WITHOUT_STOP_WORDS else [tantivy.Filter.stopword(name)]
        filters += [*stop_words, tantivy.Filter.stemmer(name)]
    # English has accents in loan words alone; elsewhere stop words and endings have them.
    filters.insert(2 if language == "en" else len(filters), tantivy.Filter.ascii_fold())
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in filters:
        builder = builder.filter(step)
    return builder.build()


def spaced(text: str) -> str:
    """A text with spaces between words: where a script has none, each character and each two that follow are a word."""
    return text if text.isascii() else _UNSPACED.sub(_words, text)


def _words(match: re.Match[str]) -> str:
    run = match[0]
    return f" {' '.join(run)} {' '.join(map(''.join, zip(run, run[1:])))} "
