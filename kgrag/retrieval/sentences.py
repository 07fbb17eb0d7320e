"""Sentences of a text: split by spaCy's rules, with abbreviations that end none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

ABBREVIATIONS = ("approx.", "ca.", "cf.", "dept.", "ed.", "eds.", "eq.", "et al.", "etc.", "fig.", "figs.", "incl.", "no.",
                 "nos.", "p.", "pp.", "ref.", "refs.", "resp.", "sec.", "spp.", "subsp.", "vol.", "viz.")  # fmt: skip
_BREAK = re.compile(r"\n\s*\n|(?<=[。！？])")


@lru_cache(maxsize=4_096)
def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, word for word, in order."""
    parts = [part for part in _BREAK.split(text) if part.strip()]
    spans = (span.text.strip() for document in _splitter().pipe(parts) for span in document.sents)
    return tuple(span for span in spans if span)


@lru_cache(maxsize=1)
def _splitter() -> Any:
    import spacy

    nlp: Any = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    for text in ABBREVIATIONS:
        for form in {text, text.capitalize()} if " " not in text else ():
            nlp.tokenizer.add_special_case(form, [{"ORTH": form}])
    nlp.tokenizer.add_special_case("al.", [{"ORTH": "al."}])
    return nlp
