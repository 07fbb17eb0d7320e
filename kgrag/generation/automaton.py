"""Which tokens a language model may write next, so that all it can write are lines of known parts.

A line is a path through the evidence: a node, a relation that leaves it, a node that this leads to, and so on; or the
number of a source. The parts that may come next are asked for only where writing gets to, and only then is a trie of their
tokens made (graph-constrained decoding, Luo et al., 2025, with the trie made on the way). Where nothing may come next the
text ends; the vocabulary is never opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

BETWEEN = " ; "  # lines: tokenizers of some models know no line break

Line = tuple[str, ...]


class Grammar(Protocol):
    """The lines that may be written."""

    def follow(self, line: Line, written: frozenset[Line]) -> Sequence[str]:
        """The parts that may come next in a line that was begun, after other lines."""

    def is_whole(self, line: Line) -> bool:
        """Whether a line may end."""


class Lines:
    """A grammar of known lines, each of which may be written once.

    Args:
        lines: Their parts.
        alone: Lines that may only be the first, and the last.
    """

    def __init__(self, lines: Sequence[Line], alone: Sequence[Line] = ()) -> None:
        self.lines, self.alone = tuple(dict.fromkeys(lines)), frozenset(alone)

    def follow(self, line: Line, written: frozenset[Line]) -> list[str]:
        """The next parts of the lines that begin so and were not written."""
        if written & self.alone:
            return []
        left = [one for one in self.lines if one not in written] + ([] if written else sorted(self.alone))
        return list(dict.fromkeys(one[len(line)] for one in left if len(one) > len(line) and one[: len(line)] == line))

    def is_whole(self, line: Line) -> bool:
        """Whether it is one of them."""
        return line in self.lines or line in self.alone


@dataclass
class _Trie:
    """Tokens of several parts, and which parts end at a node."""

    children: dict[int, _Trie] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)


class _Place(NamedTuple):
    """A way to read what was written: whole lines, the line that was begun, and a node in the trie of what follows it."""

    written: tuple[Line, ...]
    line: Line
    trie: _Trie


class PathAutomaton:
    """Reads tokens one by one, and says which may come next.

    Args:
        grammar: The lines that may be written.
        encode: Token ids of a text, without special tokens.
        end: Token id that ends a text.
        most: Most lines.
    """

    def __init__(self, grammar: Grammar, encode: Callable[[str], list[int]], end: int, most: int = 40) -> None:
        self.grammar, self.encode, self.end, self.most = grammar, encode, end, most
        self._tries: dict[tuple[frozenset[Line], Line], _Trie] = {}
        self._places: dict[tuple[int, ...], list[_Place]] = {(): [_Place((), (), self._trie((), ()))]}

    def allowed(self, tokens: Sequence[int]) -> list[int]:
        """Token ids that may come after some; the end where nothing else may.

        The end may come where a line may.
        """
        places = self._read(tuple(tokens))
        found = {token for place in places for token in place.trie.children}
        if not found or any(self._ends(place) for place in places):
            found.add(self.end)
        return sorted(found)

    def text(self, tokens: Sequence[int]) -> str:
        """The whole lines among what was written; a last one that was begun is left out."""
        kept = list(tokens)
        kept = kept[: kept.index(self.end)] if self.end in kept else kept
        places = self._read(tuple(kept))
        finished = [(*place.written, place.line) for place in places if self._ends(place)]
        lines = finished[0] if finished else max((place.written for place in places), key=len, default=())
        return "\n".join("".join(line) for line in lines)

    def _read(self, tokens: tuple[int, ...]) -> list[_Place]:
        if tokens not in self._places:
            found: list[_Place] = []
            for place in self._read(tokens[:-1]):
                trie = place.trie.children.get(tokens[-1])
                if trie is None:
                    continue
                if trie.children:
                    found.append(place._replace(trie=trie))
                for part in trie.parts:
                    found += self._after(place, part)
            self._places[tokens] = found
        return self._places[tokens]

    def _after(self, place: _Place, part: str) -> list[_Place]:
        """Where one is after a part: within the line, or at the beginning of the next."""
        if part == BETWEEN:
            written = (*place.written, place.line)
            return [_Place(written, (), self._trie(written, ()))]
        line = (*place.line, part)
        return [_Place(place.written, line, self._trie(place.written, line))]

    def _ends(self, place: _Place) -> bool:
        """Whether the text may end here: no part was begun, and the line is whole."""
        at_part = place.trie is self._trie(place.written, place.line)
        return at_part and self.grammar.is_whole(place.line)

    def _trie(self, written: tuple[Line, ...], line: Line) -> _Trie:
        key = frozenset(written), line
        if key not in self._tries:
            parts = list(self.grammar.follow(line, key[0])) if len(written) < self.most else []
            goes_on = line and self.grammar.is_whole(line) and len(written) + 1 < self.most
            if goes_on and self.grammar.follow((), key[0] | {line}):
                parts.append(BETWEEN)
            root = _Trie()
            for part in parts:
                at = root
                for token in self.encode(part):
                    at = at.children.setdefault(token, _Trie())
                if at is not root:
                    at.parts.append(part)
            self._tries[key] = root
        return self._tries[key]


class OnlyPaths:
    """A logits processor of transformers that closes every token but those that an automaton allows.

    Args:
        automata: One a text.
        length: Tokens at the beginning of each text that are not counted as written.
        pad: What comes after the end.
    """

    def __init__(self, automata: Sequence[PathAutomaton], length: int, pad: int) -> None:
        self.automata, self.length, self.pad = automata, length, pad

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        closed = scores.new_full(scores.shape, float("-inf"))
        beams = len(scores) // len(self.automata)  # a row a beam
        for row, tokens in enumerate(input_ids[:, self.length :].tolist()):
            automaton = self.automata[row // beams]
            allowed = [self.pad] if automaton.end in tokens else automaton.allowed(tokens)
            closed[row, allowed] = scores[row, allowed]
        return closed
