"""What a text may be about: nodes whose names have telling words in common with it, wherever these stand.

"How long must deployers keep their logs?" is about the *duty of the deployer to keep logs*, and "handed on by fleas" about *flea
borne transmission*. Graphs of law, of processes and of events have many nodes that are called by what they say. People say it,
too, but not in a row, and not all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from kgrag.linking.lexicon import Lexicon
from kgrag.linking.tokens import Token, Tokenizer

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_MOST = 8  # topics of a text
_NAMES = 24  # names that are looked at for them: a node may have several
_BEARERS = 3  # most nodes of one name
_BETWEEN = 3  # most stop words between the words of one stretch


class Topic(NamedTuple):
    """A node that a text may be about.

    Attributes:
        node: The node.
        told: How much the words tell that the text shares with its name; see `kgrag.linking.rewording.Sharing`.
        words: Where each of these words stands, and which share of the name it is.
        places: From the first of these words to the last one, and the stretch of them that tells most, where that is shorter.
    """

    node: int
    told: float
    words: tuple[tuple[int, int, float], ...]
    places: tuple[tuple[int, int], ...]

    @property
    def said(self) -> float:
        """Which share of the name is said."""
        return sum(share for _, _, share in self.words)


class Topics:
    """Finds topics.

    Args:
        graph: Whose nodes they are; literals are none.
        lexicon: The names, current.
        tokenizer: Parts texts into words.
    """

    def __init__(self, graph: KnowledgeGraph, lexicon: Lexicon, tokenizer: Tokenizer) -> None:
        self._graph, self._lexicon, self._tokenizer = graph, lexicon, tokenizer

    def find(self, text: str) -> list[Topic]:
        """The nodes that a text may be about, those of which it tells most first."""
        tokens = self._tokenizer(text)
        found: dict[int, Topic] = {}
        for name in self._lexicon.sharing([token.folded for token in tokens], _NAMES):
            bearers = {bearer.node for bearer in self._lexicon.aliases.names[name.key]}
            nodes = [node for node in bearers if not self._graph.is_literal[node] and node not in found]
            if nodes and len(bearers) <= _BEARERS:
                words = tuple((tokens[at].start, tokens[at].end, share) for at, share in sorted(name.shares.items()))
                places = self._places(tokens, name.shares)
                found |= {node: Topic(node, name.told, words, places) for node in sorted(nodes)}
        return list(found.values())[:_MOST]

    def _places(self, tokens: Sequence[Token], shares: dict[int, float]) -> tuple[tuple[int, int], ...]:
        """Where the words of a name stand, all of them and the most telling stretch."""
        said = sorted(shares)
        stretches = [[said[0]]]
        for before, at in pairwise(said):
            between = [token for token in tokens[before + 1 : at] if not token.is_mark]
            near = len(between) <= _BETWEEN and all(self._lexicon.words.is_stop(token.folded) for token in between)
            stretches[-1:] = [[*stretches[-1], at]] if near else [stretches[-1], [at]]
        main = max(stretches, key=lambda stretch: sum(shares[at] for at in stretch))
        return tuple(dict.fromkeys((tokens[some[0]].start, tokens[some[-1]].end) for some in (said, main)))
