"""Mentions to learn from, made from the graph alone: its names as people write them, in questions about their nodes."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kgrag.linking.folding import fold, spaced, unaccented
from kgrag.linking.inflection import inflections
from kgrag.linking.pairs import FEATURES, NOTHING, Asked, PairFinder
from kgrag.linking.ranking import Pairs
from kgrag.wordings.ways import Ways

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

_INVERSE, _YES_NO, _BOTH, _OTHER, _ALONE, _LOWER = 0.5, 0.15, 0.15, 0.15, 0.15, 0.2  # shares of the texts
_MISSING, _UNKNOWN, _NAMESAKES, _AS_IT_IS = 0.15, 0.6, 0.2, 0.35  # and of the mentions
_QUALIFIED = 0.3  # of those not written as in the graph, share that another word is put before or behind
_GOES_ON = 0.1  # share of the texts that name a node twice, if it has several names
_FIRST = 0.5  # share of mentions by the preferred name; the others are by any
_MOST_NAMESAKES = 3
_TRIES = 20  # a text, for not all nodes have names
_POPULAR = 1.0  # a node is spoken of in proportion to this power of the number of its statements
_SLOT = re.compile(r"(\{[xyso]\})")
_DETERMINERS = ("the", "a", "this", "my", "some", "any")
_PREFERRED, _WRITTEN, _FOREIGN, _LITERAL, _POPULARITY = map(
    FEATURES.index, ("preferred", "written the same", "foreign", "literal", "popularity")
)
_UNKNOWN_WORDS = NOTHING.index("unknown words")


class Made(NamedTuple):
    """A mention that was made from a name.

    Attributes:
        asked: The mention.
        node: What it means.
        key: The name.
        missing: Whether the graph is to lack the node.
        unknown: Whether the graph is not to know that it bears the name.
        namesakes: Nodes that are to bear the name as well.
    """

    asked: Asked
    node: int
    key: int
    missing: bool
    unknown: bool
    namesakes: tuple[int, ...]


class MadeText(NamedTuple):
    """A text, and the mentions that were made for it."""

    text: str
    mentions: list[Made]


class Synthesiser:
    """Makes texts about a graph.

    Args:
        graph: The graph.
        lexicon: Its names, current.
        finder: Of candidates.
        seed: The same seed makes the same texts.
    """

    def __init__(self, graph: KnowledgeGraph, lexicon: Lexicon, finder: PairFinder, seed: int) -> None:
        self._graph, self._lexicon, self._finder, self._draw = graph, lexicon, finder, random.Random(seed)
        self._ways = Ways(graph.relation_labels)
        self._nodes = np.flatnonzero(lexicon.aliases.degrees).tolist()
        self._often = np.cumsum(lexicon.aliases.degrees[self._nodes].astype(np.float64) ** _POPULAR).tolist()

    def sample(self, count: int) -> list[MadeText]:
        """So many texts, fewer where hardly any node has a name."""
        tried = (self._told(self._text()) for _ in range(_TRIES * count) if self._nodes)
        texts: list[MadeText] = []
        for text in tried:
            if text is not None:
                texts.append(text)
            if len(texts) == count:
                break
        return texts

    def changed(self, made: Made, pairs: Pairs) -> Pairs:
        """The candidates of a mention in a graph that is as it asks for."""
        own = pairs.nodes == made.node
        named = own & (pairs.keys == made.key)
        if made.missing or made.unknown:
            gone = [key for key, _ in self._names(made.node)] if made.missing else [made.key]
            nothing = pairs.nothing.copy()
            nothing[_UNKNOWN_WORDS] = self._finder.unknown(fold(made.asked.written), gone)
            return pairs.only(~(own if made.missing else named))._replace(nothing=nothing)
        rows = np.repeat(np.flatnonzero(named), len(made.namesakes))
        nodes = np.array(made.namesakes * int(named.sum()), np.int64)
        features, aliases = pairs.features[rows], self._lexicon.aliases
        for row in features:
            for column, chance in ((_PREFERRED, 0.3), (_FOREIGN, 0.3)):
                row[column] = self._draw.random() < chance
            row[_WRITTEN] *= self._draw.random() < 0.5
        features[:, _LITERAL] = aliases.literal[nodes]
        features[:, _POPULARITY] = aliases.popularity[nodes] / 10
        return Pairs(
            np.concatenate([pairs.keys, pairs.keys[rows]]),
            np.concatenate([pairs.nodes, nodes]),
            np.concatenate([pairs.features, features]),
            pairs.nothing,
            np.concatenate([pairs.prior, pairs.prior[rows]]),
        )

    def _told(self, text: MadeText | None) -> MadeText | None:
        """A text as it is, or one that goes on about a node of it under another name."""
        if text is None or self._draw.random() >= _GOES_ON:
            return text
        before = self._draw.choice(text.mentions)
        label = self._graph.relation_label(self._draw.randrange(self._graph.num_relations))
        more = self._filled(self._draw.choice(self._ways.of(((label, False),))), {"{x}": before.node})
        if more is None or before.missing or more.mentions[0].missing:
            return text
        (again,), by = more.mentions, len(text.text) + 1
        if any(fold(again.asked.written) == fold(made.asked.written) for made in text.mentions):
            return text
        places = tuple((start + by, end + by) for start, end in again.asked.places)
        again = again._replace(asked=again.asked._replace(places=places))
        return MadeText(f"{text.text} {more.text}", [*text.mentions, again])

    def _text(self) -> MadeText | None:
        draw, graph = self._draw, self._graph
        topic = draw.choices(self._nodes, cum_weights=self._often)[0]
        found = [graph.statements_from([topic])[0], graph.statements_to([topic])[0]]
        inverse = not len(found[0]) or (len(found[1]) > 0 and draw.random() < _INVERSE)
        if not len(found[inverse]):
            return None
        relation = draw.choice(np.unique(graph.relations[found[inverse]]).tolist())
        label = graph.relation_label(relation)
        chance = draw.random()
        if chance < _YES_NO + _BOTH:
            statements = found[inverse][graph.relations[found[inverse]] == relation]
            other = int((graph.heads if inverse else graph.tails)[draw.choice(statements.tolist())])
            if chance > _YES_NO:
                return self._both(topic, other, relation, inverse)
            slots = ("{o}", "{s}") if inverse else ("{s}", "{o}")
            return self._filled(draw.choice(self._ways.yes_no(label)), dict(zip(slots, (topic, other))))
        if chance < _YES_NO + _BOTH + _OTHER:
            label, inverse = graph.relation_label(draw.randrange(graph.num_relations)), draw.random() < _INVERSE
        alone = chance > 1 - _ALONE
        return self._filled("{x}" if alone else draw.choice(self._ways.of(((label, inverse),))), {"{x}": topic})

    def _both(self, topic: int, answer: int, relation: int, inverse: bool) -> MadeText | None:
        """A question for what two nodes both lead to."""
        graph = self._graph
        found = (graph.statements_from if inverse else graph.statements_to)([answer])[0]
        others = (graph.tails if inverse else graph.heads)[found[graph.relations[found] == relation]].tolist()
        texts = self._ways.of_both(((graph.relation_label(relation), inverse),))
        return self._filled(self._draw.choice(texts), {"{x}": topic, "{y}": self._draw.choice(others)})

    def _filled(self, wording: str, nodes: dict[str, int]) -> MadeText | None:
        """A wording with names in its slots; None where a slot is not there once, or a node has no name."""
        if any(wording.count(slot) != 1 for slot in nodes) or len({*nodes.values()}) < len(nodes):
            return None
        lower = self._draw.random() < _LOWER
        text, mentions = "", []
        for piece in _SLOT.split(wording):
            made = self._made(nodes[piece], lower) if piece in nodes else None
            if made is not None:
                piece = made.asked.written
                mentions.append(made._replace(asked=Asked(piece, ((len(text), len(text) + len(piece)),))))
            elif piece in nodes:
                return None
            text += piece.lower() if lower else piece
        return MadeText(text, mentions)

    def _made(self, node: int, lower: bool) -> Made | None:
        draw, names = self._draw, self._names(node)
        if not names:
            return None
        key, name = draw.choice(names[:1] if draw.random() < _FIRST else names)
        alone = all(bearer.node == node for bearer in self._lexicon.aliases.names[key])
        missing = alone and draw.random() < _MISSING
        unknown = alone and not missing and len(names) > 1 and draw.random() < _UNKNOWN
        namesakes: tuple[int, ...] = ()
        if not missing and not unknown and draw.random() < _NAMESAKES:
            others = draw.choices(self._nodes, k=draw.randint(1, _MOST_NAMESAKES))
            namesakes = tuple(dict.fromkeys(other for other in others if other != node and self._names(other)))
        written = name if unknown or draw.random() < _AS_IT_IS else self._rewritten(name)
        return Made(Asked(written.lower() if lower else written), node, key, missing, unknown, namesakes)

    def _rewritten(self, name: str) -> str:
        if self._draw.random() < _QUALIFIED:
            words = self._draw.choice(self._lexicon.aliases.keys).split(" ")
            return f"{words[0]} {name}" if self._draw.random() < 0.7 else f"{name} {words[-1]}"
        return self._draw.choice(_WAYS)(name, self._draw)

    def _names(self, node: int) -> list[tuple[int, str]]:
        """The names of a node, each with its key; best first, and only those in the language of texts if there are any."""
        aliases = self._lexicon.aliases
        keys = ((aliases.key(fold(name)), spaced(name)) for name in self._graph.names(node))
        found = [(key, name) for key, name in keys if key is not None and node in (n.node for n in aliases.names[key])]
        return [one for one in found if not self._lexicon.is_foreign(node, one[1])] or found


def _mistyped(name: str, draw: random.Random) -> str:
    """A name with one letter dropped, doubled, replaced, or swapped with the next, never the first."""
    places = [at for at, c in enumerate(name) if at and c.isalpha()]
    if not places:
        return name
    at, letter = draw.choice(places), draw.choice(string.ascii_lowercase)
    ways = ("", name[at] * 2, letter, name[at + 1 : at + 2] + name[at])
    way = draw.randrange(len(ways))
    return name[:at] + ways[way] + name[at + (2 if way == 3 else 1) :]


def _shortened(name: str, draw: random.Random) -> str:
    """A name without its first word or its last."""
    words = name.split(" ")
    return " ".join(words[1:] if draw.random() < 0.3 else words[:-1]) if len(words) > 1 else name


def _turned(name: str, draw: random.Random) -> str:
    """ "heart failure" as "failure of the heart"."""
    words = name.split(" ")
    return f"{words[-1]} of the {' '.join(words[:-1])}" if 1 < len(words) < 4 else name


def _inflected(name: str, draw: random.Random) -> str:
    forms = inflections(fold(name))
    return draw.choice(forms) if forms else name


def _with_determiner(name: str, draw: random.Random) -> str:
    return f"{draw.choice(_DETERMINERS)} {name}"


def _cased(name: str, draw: random.Random) -> str:
    return draw.choice((str.lower, str.upper, str.title, str.capitalize))(name)


def _plain(name: str, draw: random.Random) -> str:
    return unaccented(name).replace("-", " ") if draw.random() < 0.5 else name.replace(" ", "-")


_WAYS: Sequence[Callable[[str, random.Random], str]] = (
    *(_mistyped, _mistyped, _mistyped, _shortened, _turned, _inflected, _inflected, _with_determiner, _cased, _plain),
)
