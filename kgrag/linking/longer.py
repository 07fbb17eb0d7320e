"""Names whose words stand all over a text: "How long must deployers keep their logs?" names a *duty of the deployer to keep logs*.

Graphs of law, of processes and of events have many nodes that are called by what they say. People say it, too, but not in a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kgrag.linking.appearance import Appearance
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.tokens import Token, Tokenizer
from kgrag.linking.words import split_words
from kgrag.types import Link, Mention

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_SAID = 0.6  # least share of a name's words, by how much they tell, that stand for it
_MORE = 0.15  # least share of its words that are not linked already


class Longer(NamedTuple):
    """A longer name than those that were linked.

    Attributes:
        link: From its first to its last word; the score is how much of the name was said.
        within: The longest mention that it holds, or all of it where there is none.
        rest: The links that have nothing to do with it.
    """

    link: Link
    within: Mention
    rest: tuple[Link, ...]


class LongerNames:
    """Finds such names.

    Args:
        graph: Whose nodes are named; literals are not.
        lexicon: The names, current.
        tokenizer: Parts texts into words.
        appearance: Tells the words that questions are not made of.
    """

    def __init__(self, graph: KnowledgeGraph, lexicon: Lexicon, tokenizer: Tokenizer, appearance: Appearance) -> None:
        self._graph, self._lexicon, self._tokenizer, self._appearance = graph, lexicon, tokenizer, appearance

    def find(self, text: str, links: Sequence[Link]) -> list[Longer]:
        """Longer names that a text may mean, one for each node: that of which most was said.

        Args:
            text: The text.
            links: What is linked there. A longer name holds one of them at least, where there is any, and no part of one.
        """
        tokens = self._tokenizer(text)
        linked = {link.node for link in links}
        words = {token.folded for token in tokens}
        found: dict[int, Longer] = {}
        for name in self._lexicon.scattered([token.folded for token in tokens]):
            said = {tokens[at]: share for at, share in name.shares.items()}
            told = sum(said.values())
            letters = {word for word in split_words(self._lexicon.aliases.keys[name.key]) if len(word) == 1}
            held = self._held(links, said, tokens) if told >= _SAID and letters <= words else None  # "Chapter I"
            if held is None:
                continue
            start = min([*(token.start for token in said), *(link.mention.start for link in held)])
            end = max([*(token.end for token in said), *(link.mention.end for link in held)])
            mention = Mention(start, end, text[start:end])
            within = max((link.mention for link in held), key=lambda held: len(held.text), default=mention)
            rest = tuple(k for k in links if k.mention.end <= start or end <= k.mention.start)
            for node in {bearer.node for bearer in self._lexicon.aliases.names[name.key]} - linked:
                if not self._graph.is_literal[node] and (node not in found or found[node].link.score < told):
                    found[node] = Longer(Link(mention, node, told, exact=False), within, rest)
        return list(found.values())

    def _held(self, links: Sequence[Link], said: Mapping[Token, float], tokens: Sequence[Token]) -> list[Link] | None:
        """The links that the words of a name hold; None if they hold a part of one, none of all, or hardly anything besides."""
        held, more = [], dict(said)
        for link in links:
            inside = [token for token in tokens if link.mention.start <= token.start < link.mention.end]
            own = [token for token in inside if token in more]
            if not own:
                continue
            if any(self._appearance.is_content(token) for token in inside if token not in more):
                return None
            held.append(link)
            for token in own:
                del more[token]
        return held if (held or not links) and sum(more.values()) >= _MORE else None
