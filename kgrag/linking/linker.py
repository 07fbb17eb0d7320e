"""Mentions in a text to nodes of the graph."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kgrag.config import LinkingConfig
from kgrag.errors import InputError
from kgrag.linking import acronyms
from kgrag.linking.appearance import Appearance
from kgrag.linking.channel import Channel
from kgrag.linking.dense import Encoder
from kgrag.linking.disambiguation import Disambiguator
from kgrag.linking.ellipsis import series
from kgrag.linking.folding import Folded, fold, fold_text, spaced
from kgrag.linking.guesses import Guesses
from kgrag.linking.learning import LabelledText, learn_graph, learn_labels
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.matches import NamesInText
from kgrag.linking.numbered import NumberedNames
from kgrag.linking.pairs import Asked
from kgrag.linking.readings import Reading, best
from kgrag.linking.roots import Roots
from kgrag.linking.spans import SpanNames
from kgrag.linking.spellings import respellings, spellings
from kgrag.linking.tokens import Token, Tokenizer, boundary, parts
from kgrag.linking.topics import Topic, Topics
from kgrag.linking.unmatched import Unmatched
from kgrag.types import Link, Mention

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_MISSPELT = _REWORDED = 0.95  # the most that a misspelt name scores, and one in other words
_TORN = 0.8  # what is left of that for a part of a longer name that the graph does not know
_TORN_SMALL = 0.4  # and where the graph writes it in small letters, and the text does not: "Animals United"
_AT_ONCE = 50_000  # characters: some of what is looked for in a text costs more than it is longer
_BESIDE = re.compile(r" (?:(?:of|in|to|under) )?(?:the )?")  # between a word with a number and the rest of a name
_NAMES = 6  # names of a node that are tried as the rest of one
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRANGE = 5  # letters from which a word that is no English may be a misspelt name that has to be looked up
_MOST_STRANGE = 3  # most such words of one text


class _Found(NamedTuple):
    """A mention that was found.

    Attributes:
        start: Where it begins.
        end: Where it ends, exclusive.
        read: The names that it is, and the logarithm of how likely each is it.
        like: The names that it may be if it is like them; None where they are to be sought.
        certain: How certain it is that it names something.
        exact: Whether it is so written.
    """

    start: int
    end: int
    read: tuple[tuple[int, float], ...]
    like: tuple[int, ...] | None
    certain: float
    exact: bool


class EntityLinker:
    """Links the names in a text to nodes.

    Exact names count most, longer ones before shorter ones; then names whose words stand in another order or form, and
    misspelt ones. Words that questions are made of are taken as names only where nothing better is named. What looks like a
    name and is none of the graph becomes a link without node. The index follows the graph: what is added is found in the
    next text.

    Args:
        graph: Whose nodes are named.
        config: Thresholds.
        encoder: With one, such as `kgrag.encoder.default_encoder()`, `link_spans` also seeks names by meaning and ranks all.
        linkable: Tells the nodes that may be linked; all by default.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        config: LinkingConfig | None = None,
        encoder: Encoder | None = None,
        linkable: Callable[[int], bool] | None = None,
    ) -> None:
        self.graph = graph
        self.config = config or LinkingConfig()
        self._lexicon = Lexicon(graph, linkable, self.config.language)
        self._tokenizer = Tokenizer(self._lexicon.language)
        self._appearance = Appearance(self._lexicon)
        self._names = NamesInText(self._lexicon, self._appearance)
        self._topics = Topics(graph, self._lexicon, self._tokenizer)
        self._unmatched = Unmatched(self._appearance)
        self._numbered = NumberedNames(self._lexicon)
        self._guesses = Guesses(self._lexicon)
        self._span_names = SpanNames(self._lexicon, self._tokenizer)
        self.disambiguator = Disambiguator(graph, self._lexicon, self._span_names, encoder)

    def refresh(self) -> None:
        """Takes in what the graph calls its nodes now; `link` does so itself."""
        self._lexicon.refresh()
        self._aliases, self._words = self._lexicon.aliases, self._lexicon.words

    def link(self, text: str) -> list[Link]:
        """Finds what a text names.

        Args:
            text: The text; a long one is read in parts of 50,000 characters, each by itself. Lone surrogates are no characters.

        Returns:
            Links by position, not overlapping; ``node`` is None for what looks like a name and names nothing.

        Raises:
            InputError: It is no text.
        """
        found = []
        for start, part in parts(_readable(text), _AT_ONCE):
            found += [_moved(link, start) if start else link for link in self._link_part(part)]
        return found

    def _link_part(self, text: str) -> list[Link]:
        tokens = self._tokenizer(text)
        if not tokens:
            return []
        in_full = (name for ways in series(text) for way in ways for name in way.names)
        self.graph.look_up(chain(spellings(text, tokens), in_full))
        links, version = self._link(text, tokens), self.graph.version
        self.graph.look_up(self._respellings(text, tokens, links))
        return links if self.graph.version == version else self._link(text, tokens)

    def _link(self, text: str, tokens: list[Token]) -> list[Link]:
        self.refresh()
        runs = self._appearance.runs(text, tokens)
        folded = fold_text(text)
        matches = self._names.find(text, folded, tokens, runs)
        channel = Channel(text, tokens, runs, self._lexicon, self._appearance.is_cased(text))
        named = [channel.named(match) for match in matches if match.level == self._words.NAME]
        readings = self._guesses.read(folded, tokens, channel, named)
        unknown, torn = self._unmatched.read(text, tokens, runs, matches, readings)
        readings = [one for one in readings if one.match is None or not any(_overlap(one, place) for place in unknown)]
        if not readings and not unknown:
            readings = best(channel.named(match) for match in self._names.weak(matches))
        found = self._with_learned(text, folded, tokens, [self._found(text, one, torn) for one in readings])
        found, half_said = self._with_shared_parts(text, found)
        found, without = self._with_numbered(text, found)
        unknown += [*half_said, *without]
        links = self._resolved(text, found)
        unknown = [place for place in unknown if not any(_overlap(one, place) for one in found)]
        links += [Link(_mention(text, start, end), None, 0.0, exact=False) for start, end in unknown]
        return self._with_short_forms(text, links)

    def topics(self, text: str) -> list[Topic]:
        """What a text may be about beside what `link` finds there; see `kgrag.linking.topics`."""
        self.refresh()
        return self._topics.find(_readable(text)[:_AT_ONCE])

    @property
    def roots(self) -> Roots:
        """The roots of words, and how much each tells in this graph."""
        self.refresh()
        return self.disambiguator.finder.roots

    def link_spans(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Link]:
        """Links given mentions.

        Args:
            text: What the mentions stand in; short forms that it declares are read as their long forms.
            spans: Start and end of each mention; they may overlap.

        Returns:
            A link for each span, in their order; ``candidates`` are there where ``node`` is None for a low score, too. With
            an encoder, and once trained, scores are probabilities.

        Raises:
            InputError: It is no text, or a span is empty, reversed, or not within it.
        """
        text = _readable(text)
        for span in spans:
            _check_span(text, span)
        long_forms = acronyms.long_forms(text)
        written = [spaced(text[start:end]) for start, end in spans]
        meant = [acronyms.expanded(mention, long_forms) for mention in written]
        self.graph.look_up(name for one in (*written, *meant) for name in spellings(one, self._tokenizer(one)))
        self.refresh()
        ranked = self.disambiguator.rank(text, [Asked(full, (span,)) for full, span in zip(meant, spans)])
        return [
            self._linked(text, span, candidates, self._is_named(full, candidates))
            for span, full, candidates in zip(spans, meant, ranked)
        ]

    def train(self, texts: Sequence[LabelledText], valid: Sequence[LabelledText] = (), seed: int = 0) -> None:
        """Learns from labelled mentions how `link_spans` ranks: names, weights, and how sure it may be.

        Args:
            texts: What to learn from.
            valid: What calibrates it; a fifth of the texts where not given.
            seed: The same seed learns the same.

        Raises:
            InputError: A mention is malformed or not within its text, or no mention names a node that was found.
        """
        for labelled in (*texts, *valid):
            _check_labels(labelled)
        self.refresh()
        learn_labels(self.disambiguator, texts, valid, seed)
        memory = self.disambiguator.memory
        self.disambiguator.remember(memory.rows, [name for one in texts for name in self._unlabelled(one)])

    def fit(self, texts: int = 2_000, seed: int = 0) -> None:
        """Learns from the graph alone how nodes are ranked; what was learned from labels is forgotten.

        The texts are questions about the graph's nodes, which they name as people do: by any of their names, misspelt,
        shortened, inflected, with words before and behind; some by names that the graph does not know, and some nodes that
        it does not have.

        Args:
            texts: How many texts are made.
            seed: The same seed makes the same texts.

        Raises:
            InputError: Hardly any node has a name.
        """
        self.refresh()
        learn_graph(self.disambiguator, texts, seed)

    def save(self, folder: str | Path) -> None:
        """Saves what was learned; graph and encoder are not in it.

        Raises:
            ModelError: Nothing was learned yet.
            SavedFolderError: Something else is at ``folder``.
        """
        self.disambiguator.save(folder)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        graph: KnowledgeGraph,
        config: LinkingConfig | None = None,
        encoder: Encoder | None = None,
        linkable: Callable[[int], bool] | None = None,
    ) -> EntityLinker:
        """A linker with what another one learned, over the same graph or one with the same IRIs.

        Args:
            folder: Where it was saved.
            graph: As of the class, like all that follows; the encoder must be the same as in training.
            config: As of the class.
            encoder: As of the class.
            linkable: As of the class.

        Raises:
            SavedFolderError: The folder is none that a linker saved, was changed, or was learned with another encoder.
        """
        linker = cls(graph, config, encoder, linkable)
        linker.disambiguator.load(folder)
        return linker

    def mask(self, text: str, links: Iterable[Link], placeholder: str = "X") -> str:
        """Replaces the linked mentions by a placeholder; mentions without node stay."""
        pieces, at = [], 0
        for link in sorted(links, key=lambda link: link.mention.start):
            if link.node is None or link.mention.start < at:
                continue
            pieces += [text[at : link.mention.start], placeholder]
            at = link.mention.end
        return "".join([*pieces, text[at:]])

    def _with_short_forms(self, text: str, links: list[Link]) -> list[Link]:
        """Links each short form that the text declares as its long form is linked, unless it is part of a longer name."""
        for short, (start, end) in acronyms.declared(text).items():
            of_long = [k for k in links if k.node is not None and k.mention.start <= start and k.mention.end == end]
            if not of_long:
                continue
            for place in acronyms.places(text, short):
                within = [k for k in links if k.mention.start < place[1] and place[0] < k.mention.end]
                if all(place[0] <= k.mention.start and k.mention.end <= place[1] for k in within):
                    links = [k for k in links if k not in within]
                    links.append(replace(of_long[0], mention=_mention(text, *place), exact=False))
        return sorted(links, key=lambda link: link.mention.start)

    def _respellings(self, text: str, tokens: list[Token], links: list[Link]) -> Iterable[str]:
        """Names that the words which are no English, and in no linked name, may be misspelt for."""
        linked = [link.mention for link in links if link.node is not None]
        others = [link.mention for link in links if link.node is None]
        strange = (
            token
            for token in tokens
            if token.text.isalpha()
            and len(token.text) >= _STRANGE
            and self._appearance.is_content(token)
            and token.folded not in self._lexicon.english
            and not any(mention.start < token.end and token.start < mention.end for mention in linked)
        )
        return (name for token in islice(strange, _MOST_STRANGE) for name in respellings(text, token, others))

    def _unlabelled(self, labelled: LabelledText) -> list[str]:
        """What `link` finds in a text where it has no label."""
        mentions = [link.mention for link in self.link(labelled.text) if link.node is not None]
        places = [(start, end) for start, end, _ in labelled.mentions]
        return [one.text for one in mentions if not any(one.start < end and start < one.end for start, end in places)]

    def _found(self, text: str, reading: Reading, torn: list[tuple[int, int]]) -> _Found:
        start, end, match = reading.start, reading.end, reading.match
        if match is None:
            certain = _MISSPELT / (1 + math.exp(-reading.meant[0][1]))
            return _Found(start, end, reading.meant[: self.config.candidates], (), certain, False)
        words = self._words
        certain = {words.NAME: 1.0, words.SCHEMA: 0.6, words.WORDING: 0.55}[match.level] * match.certain
        if any(first <= start and end <= last for first, last in torn):
            small = text[start].isupper() and all(name.text.islower() for name in self._aliases.names[match.key])
            certain *= _TORN_SMALL if small else _TORN
        keys = match.key, *match.others
        if match.loose:
            return _Found(start, end, (), keys, _REWORDED * certain, False)
        return _Found(start, end, tuple((key, 0.0) for key in keys), (), certain, match.certain == 1.0)

    def _with_learned(self, text: str, folded: Folded, tokens: Sequence[Token], found: list[_Found]) -> list[_Found]:
        """Takes in what labels have shown to be a mention, longer before shorter, and doubts what they have not."""
        memory = self.disambiguator.memory
        if not memory.rows:
            return found
        starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
        learned = [
            _Found(start, end, (), (), 1.0, False)
            for start, end in dict.fromkeys(memory.find(text, folded))
            if boundary(text, start, starts) and boundary(text, end, ends)
        ]
        kept: list[_Found] = []
        for one in sorted([*found, *learned], key=lambda one: (one.start - one.end, not one.read, one.start)):
            if not any(_overlap(one, (other.start, other.end)) for other in kept):
                meant = memory.meant(text[one.start : one.end])
                kept.append(one._replace(certain=one.certain * meant))
        return sorted(kept)

    def _with_shared_parts(self, text: str, found: list[_Found]) -> tuple[list[_Found], list[tuple[int, int]]]:
        """Takes in names that share a part which is said once, and gives the places of those among them that are none of the graph."""
        unknown: list[tuple[int, int]] = []
        for ways in series(text):
            for way in ways:
                keys = [self._lexicon.whole(fold(name)) for name in way.names]
                if not all(keys) and not (any(keys) and way.is_shared):
                    continue
                found = [one for one in found if not _overlap(one, (way.start, way.end))]
                for place, several in zip(way.places, keys):
                    if several:
                        found.append(_Found(*place, tuple((key, 0.0) for key in several), (), 1.0, True))
                    else:
                        unknown.append(place)
                break
        return sorted(found), unknown

    def _with_numbered(self, text: str, found: list[_Found]) -> tuple[list[_Found], list[tuple[int, int]]]:
        """Takes in names that a number tells apart, of which the rest stands elsewhere, and gives the places of those that are unknown.

        What follows such a word with its number at once is part of its name: there is an Article 12 of other acts, but of no NIS1.
        """
        unknown: list[tuple[int, int]] = []
        for one in self._numbered.find(text):
            if any(_overlap(other, (one.start, one.end)) for other in found):
                continue
            beside = [other for other in found if _BESIDE.fullmatch(text, one.end, other.start)]
            keys = next((keys for other in [*beside, *found] if (keys := self._in_full(one.name, other))), [])
            if not keys and not beside:
                keys = self._numbered.keys(one.name)
                if len({name.node for key in keys for name in self._aliases.names[key]}) > 1:
                    continue
            if keys:
                found = [*found, _Found(one.start, one.end, tuple((key, 0.0) for key in keys), (), 1.0, True)]
            else:
                unknown.append((one.start, max([one.end, *(other.end for other in beside)])))
                found = [other for other in found if other not in beside]
        return sorted(found), unknown

    def _in_full(self, begun: str, rest: _Found) -> list[int]:
        """Keys of the names that begin so, and go on with what another mention names."""
        keys = [*(key for key, _ in rest.read), *(rest.like or ())][:1]
        nodes = {name.node for key in keys for name in self._aliases.names[key]}
        names = dict.fromkeys(fold(name) for node in nodes for name in self.graph.names(node)[:_NAMES])
        return list(dict.fromkeys(key for name in names for key in self._lexicon.whole(f"{begun} {name}")))

    def _resolved(self, text: str, found: Sequence[_Found]) -> list[Link]:
        """Links what was found; nodes are ranked only where there is a choice."""
        asked = [self._asked(text, one) for one in found]
        sure = [[(one.node, 1.0)] for one in asked if one.node is not None]
        ranked = sure if len(sure) == len(asked) else self.disambiguator.rank(text, asked)
        links = []
        for one, candidates in zip(found, ranked):
            scored = [(node, one.certain * share) for node, share in candidates]
            links.append(self._linked(text, (one.start, one.end), scored, one.exact))
        return links

    def _asked(self, text: str, found: _Found) -> Asked:
        written = spaced(text[found.start : found.end])
        bearers = {name.node for key, _ in found.read for name in self._aliases.names[key]}
        alone = len(bearers) == 1 and not found.like and not self.disambiguator.memory.shares(written)
        return Asked(written, ((found.start, found.end),), found.read, found.like, bearers.pop() if alone else None)

    def _linked(self, text: str, span: tuple[int, int], candidates: Sequence[tuple[int, float]], exact: bool) -> Link:
        """A link to the best of the nodes, unless it is likelier that none is meant."""
        node, score = candidates[0] if candidates else (None, 0.0)
        named = node if sum(score for _, score in candidates) >= self.config.threshold else None
        return Link(_mention(text, *span), named, score, exact, tuple(candidates[: self.config.candidates]))

    def _is_named(self, mention: str, candidates: Sequence[tuple[int, float]]) -> bool:
        """Whether a mention is, up to case, a name of the best node."""
        key = self._aliases.key(fold(mention))
        best = [node for node, _ in candidates[:1]]
        return key is not None and any(name.node in best for name in self._aliases.names[key])


def _readable(text: str) -> str:
    """A text without lone surrogates, which cannot be written; its length stays."""
    if not isinstance(text, str):
        raise InputError(f"{text!r:.80} is no text.", "Give a string.")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _moved(link: Link, by: int) -> Link:
    mention = link.mention
    return replace(link, mention=Mention(mention.start + by, mention.end + by, mention.text))


def _check_span(text: str, span: tuple[int, int]) -> None:
    try:
        start, end = map(index, span)
    except (TypeError, ValueError):
        start = end = -1
    if not 0 <= start < end <= len(text):
        raise InputError(
            f"{span!r} is no span of a text of {len(text)} characters.", "Give (start, end) with 0 <= start < end."
        )


def _check_labels(labelled: LabelledText) -> None:
    for mention in labelled.mentions:
        if len(mention) != 3 or isinstance(mention[2], str) or not all(isinstance(iri, str) for iri in mention[2]):
            raise InputError(f"{mention!r} is no labelled mention.", "Give (start, end, (IRI, ...)).")
        _check_span(labelled.text, mention[:2])


def _mention(text: str, start: int, end: int) -> Mention:
    return Mention(start, end, text[start:end])


def _overlap(one: Reading | _Found, place: tuple[int, int]) -> bool:
    return one.start < place[1] and place[0] < one.end
