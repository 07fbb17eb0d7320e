"""What a given mention may name: the same name, its other forms, and names that resemble it."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from kgrag.linking.candidates import NUMBER, Similar
from kgrag.linking.folding import fold
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.literals import forms
from kgrag.linking.tokens import Tokenizer

# What a name scores that a mention is, is another form of, or has the words of; one that resembles it scores less.
_SAME, _FORM, _WORDS, _RESEMBLES = 1.0, 0.95, 0.9, 0.7
_REFORMED = 0.9  # what a date, number, citation or code scores that the graph writes in another way
_OTHER_NUMBER = 0.8  # what is left of the resemblance of "type 1" to "type 2"

Rated = list[tuple[int, float]]


class SpanNames:
    """Finds the names that mentions may stand for.

    Args:
        lexicon: The names, current.
        tokenizer: Parts mentions into words.
    """

    def __init__(self, lexicon: Lexicon, tokenizer: Tokenizer) -> None:
        self._lexicon, self._tokenizer = lexicon, tokenizer

    def __call__(self, mentions: Sequence[str]) -> list[Rated]:
        """Names for each mention.

        Args:
            mentions: As they stand in the text, or written out.

        Returns:
            For each mention (key, score in 0..1), best first.
        """
        folded = [fold(mention) for mention in mentions]
        found = []
        for mention, text, similar in zip(mentions, folded, self._lexicon.similar(folded)):
            rated = {one.key: self._resemblance(text, one) for one in similar}
            rated |= dict.fromkeys(self._in_other_words(mention), _WORDS)
            rated |= {key: _REFORMED for form in forms(text) for key in self._lexicon.of_form(form)}
            rated |= dict.fromkeys(self._lexicon.whole(text), _FORM)
            same = {key: _SAME for key in self._lexicon.whole(text)[:1] if self._lexicon.aliases.keys[key] == text}
            found.append(sorted((rated | same).items(), key=lambda item: (-item[1], item[0])))
        return found

    def _resemblance(self, text: str, similar: Similar) -> float:
        """The mean of 3-gram cosine and edit ratio with the words in order, for one knows turned words, the other typos."""
        name = self._lexicon.aliases.keys[similar.key]
        mean = (similar.score + fuzz.token_sort_ratio(text, name) / 100) / 2
        return _RESEMBLES * mean * (1.0 if NUMBER.findall(text) == NUMBER.findall(name) else _OTHER_NUMBER)

    def _in_other_words(self, mention: str) -> list[int]:
        """Names that have all words of the mention in another order or form."""
        tokens = self._tokenizer(mention)
        words = [token.folded for token in tokens]
        capital = [any(map(str.isupper, token.text)) for token in tokens]
        content = [at for at, word in enumerate(words) if not self._lexicon.words.is_stop(word)]
        if not content:
            return []
        found = self._lexicon.reworded(words, capital)
        return [one.key for one in found if one.first <= content[0] and content[-1] < one.last]
