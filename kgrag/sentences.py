"""Where sentences begin and end, word for word, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

# What ends with a point and ends no sentence, beyond what spaCy knows of a language.
ABBREVIATIONS = {
    "en": "approx. ca. cf. dept. ed. eds. eq. etc. fig. figs. incl. no. nos. p. pp. ref. refs. resp. sec. spp. subsp. vol. "
    "viz. para. paras. Art. Arts. al.",
    "de": "Abb. Abs. Art. Aufl. Bd. Kap. lit. Nr. Rn. S. Tab. Ziff.",
    "fr": "al. art. chap. éd. fig. n°. p. pp. vol.",
    "es": "art. arts. cap. fig. núm. pág. págs. vol.",
    "it": "art. artt. cap. co. fig. n. pag. vol.",
    "pt": "art. arts. cap. fig. n.º. p. vol.",
    "nl": "art. blz. fig. hfst. nr. vol.",
    "pl": "art. nr. poz. rys. s. str. ust.",
    "ru": "гл. др. п. пп. рис. см. ст. стр. табл.",
    "uk": "гл. ін. п. пп. рис. див. ст. стор. табл.",
}
_SCRIPTS = (  # languages by letters of their own, where nobody says which one it is
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LOOKED_AT = 2_000  # characters from which the language is guessed
_MOST = 100_000  # characters that are taken apart at once
# A blank line ends a sentence, and so does a full stop of Chinese and Japanese with what closes a quotation after it.
_BREAK = re.compile(
    r"\n\s*\n|(?<=[。！？｡])(?![。！？｡”’」』）】》\"'])|(?<=[。！？｡][”’」』）】》])(?![。！？｡”’」』）】》])"
)
_LONG = re.compile(r"\S{200,}")  # a tokenizer takes such a word apart character by character, ever more slowly
_NUMBER = re.compile(r"\W*\d+(?:\.\d+)*\.")  # "3." begins what it numbers


@lru_cache(maxsize=4_096)
def sentences(text: str, language: str = "") -> tuple[str, ...]:
    """The sentences of a text, word for word, in order; those of the last texts are remembered."""
    return tuple(text[start:end] for start, end in sentence_spans(text, language))


def sentence_spans(text: str, language: str = "") -> list[tuple[int, int]]:
    """Start and end of each sentence of a text, without the white space around it.

    Args:
        text: Blank lines end sentences, single line breaks do not.
        language: Its code, such as "de"; where there is none, it is guessed from the script, and English for Latin letters.
            It decides what an abbreviation is.
    """
    splitter = _splitter(language or _guess(text))
    found: list[tuple[int, int]] = []
    for at, part in _parts(text):
        begin = -1  # of a number that waits for what it numbers
        for span in splitter(_LONG.sub(lambda word: "x" * len(word[0]), part)).sents:
            sentence = part[span.start_char : span.end_char]
            start, end = span.end_char - len(sentence.lstrip()), span.start_char + len(sentence.rstrip())
            if start >= end:
                continue
            begin = start if begin < 0 else begin
            if begin == start and end < len(part.rstrip()) and _NUMBER.fullmatch(part, start, end):
                continue
            found.append((at + begin, at + end))
            begin = -1
    return found


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """What lies between breaks that need no grammar, with its place; a bounded piece, for tokens take much memory."""
    at = 0
    for found in (*_BREAK.finditer(text), None):
        end = found.start() if found else len(text)
        while end - at > _MOST:
            space = max(text.rfind(" ", at + 1, at + _MOST), text.rfind("\n", at + 1, at + _MOST))
            cut = space if space > 0 else at + _MOST
            yield at, text[at:cut]
            at = cut
        if text[at:end].strip():
            yield at, text[at:end]
        at = found.end() if found else end


def _guess(text: str) -> str:
    start = text[:_LOOKED_AT]
    latin = len(_LATIN.findall(start))
    return next((language for language, letters in _SCRIPTS if len(letters.findall(start)) > latin), "en")


@lru_cache(maxsize=64)
def _splitter(language: str) -> Any:
    import spacy

    code = language.lower().replace("_", "-").partition("-")[0]
    try:
        # Tokenizers of zh, ja and the like know no English abbreviations, and most are packages of their own.
        nlp: Any = spacy.blank("en" if code in ("zh", "ja", "ko", "th", "vi") else code)
    except (ImportError, ValueError):  # a language that spaCy does not know
        nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for text in ABBREVIATIONS.get(nlp.lang, "").split():
        for form in {text, text[0].upper() + text[1:]}:
            nlp.tokenizer.add_special_case(form, [{"ORTH": form}])
    return nlp
