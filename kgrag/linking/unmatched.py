"""What looks like a name, or is no word, where no name of the graph stands: misspelt names, and those of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kgrag.config import LinkingConfig
from kgrag.linking.appearance import Appearance, segments
from kgrag.linking.candidates import Similar
from kgrag.linking.folding import fold
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.matches import Match, apart
from kgrag.linking.tokens import Token

_WORDS = 6  # most words of a misspelt name
_SPANS = 64  # most spans of one text that are looked up as misspelt names, so that a long text costs what it should
_SURE_RATIO = 88.0  # edit ratio of a lower-cased word in a text that names something else already


class Guess(NamedTuple):
    """A stretch of the text that may be misspelt, and the names that it may be, best first."""

    start: int
    end: int
    found: list[Similar]


class Rest(NamedTuple):
    """What exact names leave of a text.

    Attributes:
        guesses: Misspelt names.
        unknown: Stretches that look like names and are none.
        torn: Stretches that look like names, of which names cover only a part.
    """

    guesses: list[Guess]
    unknown: list[tuple[int, int]]
    torn: list[tuple[int, int]]


class Unmatched:
    """Reads what exact names leave of a text.

    Args:
        lexicon: The names, current.
        appearance: Tells names from wording.
        config: How much a misspelt name must resemble one of the graph.
    """

    def __init__(self, lexicon: Lexicon, appearance: Appearance, config: LinkingConfig) -> None:
        self._lexicon, self._appearance, self._config = lexicon, appearance, config

    def read(
        self,
        text: str,
        tokens: Sequence[Token],
        runs: Sequence[tuple[int, int]],
        strong: Sequence[Match],
        matches: Sequence[Match],
    ) -> Rest:
        """Reads a text.

        Args:
            text: The text.
            tokens: Its tokens.
            runs: Spans of tokens that look like names.
            strong: The names in it that are meant.
            matches: All names in it.
        """
        covered = _covered(tokens, strong)
        touched = _covered(tokens, matches)
        free = list(covered)  # what lower-cased misspelt names cannot hold
        spans: dict[tuple[int, int], float] = {}  # token span -> least ratio
        for first, last in runs:
            free[first:last] = [True] * (last - first)
            content = [i for i in range(first, last) if self._appearance.is_content(tokens[i])]
            if all(covered[i] for i in content):
                continue
            if any(covered[i] for i in content):
                spans[first, last] = max(_SURE_RATIO, self._config.fuzzy_ratio)
                continue
            for start, end in self._spans(tokens, first, last):
                if start <= content[0] and content[-1] < end:  # one word of an unknown name is not its misspelling
                    spans[start, end] = self._config.fuzzy_ratio
        named = bool(strong) or bool(runs)
        least = max(_SURE_RATIO, self._config.fuzzy_ratio) if named else self._config.fuzzy_ratio
        for first, last in segments(tokens, free):
            if len(spans) >= _SPANS:
                break
            for start, end in self._spans(tokens, first, last):
                if not all(
                    token.folded in self._lexicon.english
                    for token in tokens[start:end]
                    if self._appearance.is_content(token)
                ):
                    spans.setdefault((start, end), least)
        guesses = self._guesses(text, tokens, dict(list(spans.items())[:_SPANS]))
        unknown, torn = [], []
        for first, last in runs:
            start, end = tokens[first].start, tokens[last - 1].end
            if any(guess.start < end and start < guess.end for guess in guesses):
                continue
            content = [i for i in range(first, last) if self._appearance.is_content(tokens[i])]
            total = sum(len(tokens[i].text) for i in content)
            known = sum(len(tokens[i].text) for i in content if touched[i])
            if known == total or (tokens[first].first and (last == first + 1) and strong):
                continue
            if 2 * known < total:
                unknown.append((start, self._head_noun(text, end, strong)))
            else:
                torn.append((start, end))
        held = [(guess.start, guess.end) for guess in guesses] + unknown
        for at, token in enumerate(tokens):
            if (
                not touched[at]
                and self._appearance.is_foreign(token)
                and not any(a < token.end and token.start < b for a, b in held)
            ):
                unknown.append((token.start, self._head_noun(text, token.end, strong)))
        return Rest(guesses, sorted(unknown), torn)

    def _head_noun(self, text: str, end: int, strong: Sequence[Match]) -> int:
        """Where an unknown name ends if a known word follows it: "Larkwell syndrome" is no syndrome of the graph's."""
        after = [m.end for m in strong if m.start > end and text[end : m.start].strip(" ") in ("", "'s", "\u2019s")]
        return after[0] if after and text[after[0] - 1].islower() else end

    def _spans(self, tokens: Sequence[Token], first: int, last: int) -> list[tuple[int, int]]:
        """Sub-spans of a token span that a misspelt name may fill."""
        found = []
        for at in range(first, last):
            if self._lexicon.words.is_stop(tokens[at].folded):
                continue
            content, words = 0, 0
            for end in range(at + 1, min(last, at + 2 * _WORDS) + 1):
                token = tokens[end - 1]
                words += any(c.isalnum() for c in token.text)
                content += len(token.text) if self._appearance.is_content(token) else 0
                if words > _WORDS:
                    break
                if content >= 4 and not self._lexicon.words.is_stop(token.folded):
                    found.append((at, end))
        return found

    def _guesses(self, text: str, tokens: Sequence[Token], spans: dict[tuple[int, int], float]) -> list[Guess]:
        if not spans or self._config.fuzzy_ratio > 100:
            return []
        places = [(tokens[first].start, tokens[last - 1].end) for first, last in spans]
        texts = [fold(text[start:end]) for start, end in places]
        nearest = self._lexicon.nearest(texts, self._config.candidates, self._config.fuzzy_ratio)
        guesses = [
            Guess(*place, found)
            for place, found, least in zip(places, nearest, spans.values())
            if found and found[0][1] >= least
        ]
        guesses.sort(key=lambda g: (-(g.found[0][1] - 70) * (g.end - g.start), g.start))
        return apart(guesses)


def _covered(tokens: Sequence[Token], matches: Sequence[Match]) -> list[bool]:
    """Whether each token lies in a match; both are sorted by position."""
    flags, at = [], 0
    for token in tokens:
        while at < len(matches) and matches[at].end <= token.start:
            at += 1
        flags.append(at < len(matches) and matches[at].start < token.end)
    return flags
