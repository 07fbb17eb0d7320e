"""What looks like a name in a text, whatever the graph holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from kgrag.linking.folding import is_unspaced
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.rewording import root
from kgrag.linking.tokens import Token
from kgrag.resources import common_words
from kgrag.wordings import asking_words

_CONNECTORS = frozenset(
    ["of", "the", "de", "la", "le", "von", "van", "der", "den", "di", "da", "del", "-", "'s", "\u2019s", "&", "/"]
)
_FOREIGN = 8  # letters from which a lower-cased word may be a name that the graph lacks


class Appearance:
    """Tells the words of a text that look like names from the wording around them.

    Args:
        lexicon: Whose graph says how questions over it are worded.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def runs(self, text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
        """Token spans that look like names: capitalised words with what joins them, and what stands in quotes."""
        cased = self.is_cased(text)
        runs: list[tuple[int, int]] = []
        at = 0
        while at < len(tokens):
            if not self._name_like(tokens[at], cased):
                at += 1
                continue
            last = at + 1
            ahead = last
            while ahead < len(tokens) and ahead - last < 3:
                if self._name_like(tokens[ahead], cased):
                    last = ahead + 1
                elif tokens[ahead].folded not in _CONNECTORS:
                    break
                ahead += 1
            runs.append((at, last))
            at = last
        return runs

    def is_cased(self, text: str) -> bool:
        """Whether a capital in a text tells a name: not in one without small letters, nor where all nouns have one."""
        return self._lexicon.words.languages.capitals_tell and (not text.isupper() or is_unspaced(text))

    def is_content(self, token: Token) -> bool:
        """Whether a token is a word that questions are not made of."""
        return not token.is_mark and self._lexicon.words.level(token.folded) == self._lexicon.words.NAME

    def is_foreign(self, token: Token) -> bool:
        """Whether a lower-cased word is long, no English and none of the graph's: hence a name that the graph lacks.

        Of words that are read in another language this cannot be told.
        """
        word = token.folded
        if self._lexicon.words.languages.of(word) != "en":
            return False
        if len(word) < _FOREIGN or not token.text.islower() or not word.isalpha() or not self.is_content(token):
            return False
        forms = (word, word[:-1], word[:-2], word[:-3], word[:-1] + "e", word.removeprefix("un"))
        return root(word) not in _english_roots() and not any(form in self._lexicon.english for form in forms)

    def _name_like(self, token: Token, cased: bool) -> bool:
        if token.is_mark or token.folded in ("'s", "\u2019s"):
            return False
        if token.quoted or "_" in token.text.strip("_"):
            return self._lexicon.words.level(token.folded) == self._lexicon.words.NAME
        if not cased or not any(map(str.isupper, token.text)):
            return False
        return not self._lexicon.words.is_stop(token.folded) and not (token.first and not self.is_content(token))


def is_capital(token: Token, cased: bool) -> bool:
    """Whether a token has a capital that no sentence asks for."""
    return cased and any(map(str.isupper, token.text[1:] if token.first else token.text))


def segments(tokens: Sequence[Token], covered: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Token spans between matches and marks."""
    first = None
    for at, token in enumerate(tokens):
        inside = not covered[at] and (not token.is_mark or token.text in _CONNECTORS)
        if inside and first is None:
            first = at
        elif not inside and first is not None:
            yield first, at
            first = None
    if first is not None:
        yield first, len(tokens)


@lru_cache(maxsize=1)
def _english_roots() -> frozenset[str]:
    return frozenset(root(word) for word in common_words() | asking_words())
