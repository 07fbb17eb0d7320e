"""Mentions in a text to nodes of the graph."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kgrag.config import LinkingConfig
from kgrag.errors import InputError
from kgrag.linking import acronyms
from kgrag.linking.aliases import Name
from kgrag.linking.candidates import Similar
from kgrag.linking.dense import Encoder
from kgrag.linking.disambiguation import Disambiguator, LabelledText
from kgrag.linking.folding import fold, fold_text, spaced, unaccented
from kgrag.linking.lexicon import Lexicon
from kgrag.linking.rewording import root
from kgrag.linking.spans import SpanNames
from kgrag.linking.spellings import respellings, spellings
from kgrag.linking.tokens import QUOTES, Token, Tokenizer, boundary
from kgrag.resources import common_words
from kgrag.types import Link, Mention
from kgrag.wordings import asking_words

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

_CONNECTORS = frozenset(
    ["of", "the", "de", "la", "le", "von", "van", "der", "den", "di", "da", "del", "-", "'s", "\u2019s", "&", "/"]
)
_FOREIGN = 8  # letters from which a lower-cased word may be a name that the graph lacks
_ACRONYM = 3  # letters of a name that is written in capitals to be told from a word
_WORDS = 6  # most words of a misspelt name
_SPANS = 64  # most spans of one text that are looked up as misspelt names, so that a long text costs what it should
_STRANGE = 5  # letters from which a word that is no English may be a misspelt name that has to be looked up
_MOST_STRANGE = 3  # most such words of one text
_BREAKS = frozenset(["and", "or", "but", "nor", "&", "/", "than", "from"])  # never within a name in other words
_REWORDED = 0.8  # how certain a name in other words is
_SHORT_FORM = 0.6  # what is left of the score of a name that equals a short form which the text declares as another
_SURE_RATIO = 88.0  # edit ratio of a lower-cased word in a text that names something else already


class _Match(NamedTuple):
    start: int
    end: int
    key: int
    level: int
    proper: bool
    quoted: bool
    certain: float = 1.0

    @property
    def value(self) -> float:
        return (self.end - self.start) * (1.0 if self.proper else 0.9) * self.certain


class _Guess(NamedTuple):
    start: int
    end: int
    found: list[Similar]


class EntityLinker:
    """Links the names in a text to nodes.

    Exact names count most, longer ones before shorter ones; then names whose words stand in another order or form, and
    misspelt ones. Words that questions are made of are taken as names only where nothing better is named. What looks like a
    name and is none of the graph becomes a link without node. The index follows the graph: what is added is found in the
    next text.

    Args:
        graph: Whose nodes are named.
        config: Thresholds; a ``fuzzy_ratio`` above 100 turns misspelt names off.
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
        self._tokenizer = Tokenizer()
        self._lexicon = Lexicon(graph, linkable)
        self._span_names = SpanNames(self._lexicon, self._tokenizer)
        self._ranking = Disambiguator(graph, self._lexicon, self._span_names, encoder)

    def refresh(self) -> None:
        """Takes in what the graph calls its nodes now; `link` does so itself."""
        self._lexicon.refresh()
        self._aliases, self._words = self._lexicon.aliases, self._lexicon.words

    def link(self, text: str) -> list[Link]:
        """Finds what a text names.

        Returns:
            Links by position, not overlapping; ``node`` is None for what looks like a name and names nothing.
        """
        tokens = self._tokenizer(text)
        if not tokens:
            return []
        self.graph.look_up(spellings(text, tokens))
        links, version = self._link(text, tokens), self.graph.version
        self.graph.look_up(self._respellings(text, tokens, links))
        return links if self.graph.version == version else self._link(text, tokens)

    def _link(self, text: str, tokens: list[Token]) -> list[Link]:
        self.refresh()
        runs = self._name_runs(text, tokens)
        matches = self._select(self._matches(text, tokens) + list(self._rewordings(tokens, runs)))
        strong = [match for match in matches if match.level == self._words.NAME]
        guesses, unknown, torn = self._unmatched(text, tokens, runs, strong, matches)
        taken = [(guess.start, guess.end) for guess in guesses] + unknown
        strong = [match for match in strong if not _overlaps(match, taken)]
        if not strong and not guesses and not unknown:
            strong = self._weak(matches)
        links = [self._exact_link(text, match, torn) for match in strong]
        links += [self._fuzzy_link(text, guess) for guess in guesses]
        links += [Link(_mention(text, start, end), None, 0.0, exact=False) for start, end in unknown]
        return self._with_short_forms(text, links)

    @property
    def threshold(self) -> float:
        """The score below which `link_spans` takes a mention for NIL: the configured one, or what was learned."""
        return self._ranking.ranker.threshold if self._ranking.ready else self.config.threshold

    def link_spans(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Link]:
        """Links given mentions.

        Args:
            text: What the mentions stand in; short forms that it declares are read as their long forms.
            spans: Start and end of each mention; they may overlap.

        Returns:
            A link for each span, in their order; ``candidates`` are there where ``node`` is None for a low score, too. With
            an encoder, and once trained, scores are probabilities.

        Raises:
            InputError: A span is empty, reversed, or not within the text.
        """
        for span in spans:
            _check_span(text, span)
        long_forms = acronyms.long_forms(text)
        written = [spaced(text[start:end]) for start, end in spans]
        meant = [acronyms.expanded(mention, long_forms) for mention in written]
        self.graph.look_up(name for one in (*written, *meant) for name in spellings(one, self._tokenizer(one)))
        self.refresh()
        if self._ranking.ready:
            return self._ranked_spans(text, spans, meant)
        names = iter(self._span_names([*written, *(full for full, own in zip(meant, written) if full != own)]))
        own_names = [next(names) for _ in written]
        links = []
        for span, mention, full, own in zip(spans, written, meant, own_names):
            rated = own if full == mention else [*next(names), *((key, _SHORT_FORM * score) for key, score in own)]
            candidates = self._ranked(sorted(rated, key=lambda one: -one[1]), mention)
            links.append(self._resolved(text, *span, candidates, exact=bool(rated) and rated[0][1] == 1.0))
        return links

    def train(self, texts: Sequence[LabelledText], valid: Sequence[LabelledText] = ()) -> None:
        """Learns from labelled mentions how `link_spans` ranks: names, weights, and how sure it may be.

        Args:
            texts: What to learn from.
            valid: What calibrates it; a fifth of the texts where not given.

        Raises:
            InputError: A mention is malformed or not within its text, or no mention names a node that was found.
        """
        for labelled in (*texts, *valid):
            _check_labels(labelled)
        self.refresh()
        self._ranking.train(texts, valid)

    def save(self, folder: str | Path) -> None:
        """Saves what was learned; graph and encoder are not in it.

        Raises:
            ModelError: Nothing was learned yet.
            SavedFolderError: Something else is at ``folder``.
        """
        self._ranking.save(folder)

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
        linker._ranking.load(folder)
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

    def _ranked_spans(self, text: str, spans: Sequence[tuple[int, int]], meant: Sequence[str]) -> list[Link]:
        links = []
        for (start, end), full, ranked in zip(spans, meant, self._ranking.rank(meant)):
            node, score = ranked[0] if ranked else (None, 0.0)
            key = self._aliases.key(fold(full))
            exact = key is not None and any(name.node == node for name in self._aliases.names[key])
            named = node if score >= self.threshold else None
            links.append(Link(_mention(text, start, end), named, score, exact, tuple(ranked[: self.config.candidates])))
        return links

    # From text to matches

    def _matches(self, text: str, tokens: Sequence[Token]) -> list[_Match]:
        """Every name of the graph that stands in the text between word boundaries and may be meant."""
        starts = {token.start: token for token in tokens}
        ends = {token.end for token in tokens}
        cased = not text.isupper()
        whole = fold(text.strip(" \t\n?!.\"'"))
        found = []
        for start, end, key, short in self._lexicon.exact(fold_text(text)):
            names = self._aliases.names[key]
            if not (boundary(text, start, starts) and boundary(text, end, ends)):
                continue
            folded = self._aliases.keys[key]
            token = starts.get(start)
            written = spaced(text[start:end])
            tail = written[1:] if token is None or token.first else written
            capital = cased and any(c.isupper() for c in tail)
            proper = capital and any(written[1:] == name.text[1:] for name in names)
            case_exact = capital and any(written == name.text for name in names)
            quoted = start > 0 and end < len(text) and QUOTES.get(text[start - 1]) == text[end]
            if len(folded) <= _ACRONYM and not (text.islower() or written.rstrip("s").isupper() or not _acronym(names)):
                continue  # "mg" is no MG
            if short and not (cased and written[0].isupper() and not self._words.is_stop(fold(written))):
                continue
            level = self._level(folded, key, case_exact, quoted, whole)
            form = fold(text[start:end])
            if form != folded:
                level = min(level, self._level(form, key, False, quoted, whole))
            if level >= 0:
                found.append(_Match(start, end, key, level, proper, quoted))
        return found

    def _rewordings(self, tokens: list[Token], runs: list[tuple[int, int]]) -> Iterable[_Match]:
        """Names whose words stand in the text in another order or form."""
        words = [token.folded for token in tokens]
        capital = [any(c.isupper() for c in token.text) for token in tokens]
        for first, last in _segments(tokens, [token.folded in _BREAKS for token in tokens]):
            for found in self._lexicon.reworded(words[first:last], capital[first:last]):
                start, end = first + found.first, first + found.last
                if not any(self._content(token) for token in tokens[start:end]):
                    continue
                around = [i for run in runs if run[0] < end and start < run[1] for i in range(*run)]
                if all(root(unaccented(words[i])) in found.roots for i in around if self._content(tokens[i])):
                    # of an unknown name no part is known
                    place = tokens[start].start, tokens[end - 1].end
                    yield _Match(*place, found.key, self._words.NAME, False, False, _REWORDED)

    def _level(self, folded: str, key: int, case_exact: bool, quoted: bool, whole: str) -> int:
        """How likely a match is meant: -1 is not at all."""
        words = self._words
        if folded == whole or (quoted and len(folded) > 1):
            return words.NAME
        level = words.level(folded)
        if folded.isnumeric():
            literal = all(self._aliases.literal[name.node] for name in self._aliases.names[key])
            return words.SCHEMA if literal and len(folded) < 3 else words.NAME
        if len(folded) == 1:
            symbol = unicodedata.category(folded)[0] == "S"
            return words.SCHEMA if (case_exact and not words.is_stop(folded)) or symbol else -1
        if not any(c.isalnum() for c in folded):
            return -1
        if case_exact and not words.is_schema_phrase(folded):
            return words.NAME
        return -1 if words.is_stop(folded) else level

    def _select(self, matches: list[_Match]) -> list[_Match]:
        """The best matches that do not overlap, by position: names first, then longer before shorter."""
        degree = self._lexicon.degree
        best = sorted(matches, key=lambda m: (-m.level, -m.value, -degree(m.key), m.start, m.key))
        return _apart(best)

    def _weak(self, matches: list[_Match]) -> list[_Match]:
        """What is left of wording where nothing is named: all words of the graph's schema, or else one of the rest."""
        schema = [match for match in matches if match.level == self._words.SCHEMA]
        if schema or not matches:
            return schema
        return [max(matches, key=lambda m: (m.end - m.start, self._lexicon.degree(m.key), m.start))]

    # What no name of the graph covers

    def _unmatched(
        self,
        text: str,
        tokens: list[Token],
        runs: list[tuple[int, int]],
        strong: list[_Match],
        matches: list[_Match],
    ) -> tuple[list[_Guess], list[tuple[int, int]], list[tuple[int, int]]]:
        """Misspelt names, spans that look like names and are none, and those that a match covers only in part."""
        covered = _covered(tokens, strong)
        touched = _covered(tokens, matches)
        free = list(covered)  # what lower-cased misspelt names cannot hold
        spans: dict[tuple[int, int], float] = {}  # token span -> least ratio
        for first, last in runs:
            free[first:last] = [True] * (last - first)
            content = [i for i in range(first, last) if self._content(tokens[i])]
            if all(covered[i] for i in content):
                continue
            if any(covered[i] for i in content):
                spans[first, last] = max(_SURE_RATIO, self.config.fuzzy_ratio)
                continue
            for start, end in self._spans(tokens, first, last):
                if start <= content[0] and content[-1] < end:  # one word of an unknown name is not its misspelling
                    spans[start, end] = self.config.fuzzy_ratio
        named = bool(strong) or bool(runs)
        least = max(_SURE_RATIO, self.config.fuzzy_ratio) if named else self.config.fuzzy_ratio
        for first, last in _segments(tokens, free):
            if len(spans) >= _SPANS:
                break
            for start, end in self._spans(tokens, first, last):
                if not all(
                    token.folded in self._lexicon.english for token in tokens[start:end] if self._content(token)
                ):
                    spans.setdefault((start, end), least)
        guesses = self._guesses(text, tokens, dict(list(spans.items())[:_SPANS]))
        unknown, torn = [], []
        for first, last in runs:
            start, end = tokens[first].start, tokens[last - 1].end
            if any(guess.start < end and start < guess.end for guess in guesses):
                continue
            content = [i for i in range(first, last) if self._content(tokens[i])]
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
                and self._is_foreign(token)
                and not any(a < token.end and token.start < b for a, b in held)
            ):
                unknown.append((token.start, self._head_noun(text, token.end, strong)))
        return guesses, sorted(unknown), torn

    def _is_foreign(self, token: Token) -> bool:
        """Whether a lower-cased word is long, no English and none of the graph's: hence a name that the graph lacks."""
        word = token.folded
        if len(word) < _FOREIGN or not token.text.islower() or not word.isalpha() or not self._content(token):
            return False
        forms = (word, word[:-1], word[:-2], word[:-3], word[:-1] + "e", word.removeprefix("un"))
        return root(word) not in _english_roots() and not any(form in self._lexicon.english for form in forms)

    def _head_noun(self, text: str, end: int, strong: list[_Match]) -> int:
        """Where an unknown name ends if a known word follows it: "Larkwell syndrome" is no syndrome of the graph's."""
        after = [m.end for m in strong if m.start > end and text[end : m.start].strip(" ") in ("", "'s", "\u2019s")]
        return after[0] if after and text[after[0] - 1].islower() else end

    def _content(self, token: Token) -> bool:
        """Whether a token is a word that questions are not made of."""
        return any(c.isalnum() for c in token.text) and self._words.level(token.folded) == self._words.NAME

    def _name_runs(self, text: str, tokens: list[Token]) -> list[tuple[int, int]]:
        """Token spans that look like names: capitalised words with what joins them, and what stands in quotes."""
        cased = not text.isupper()
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

    def _name_like(self, token: Token, cased: bool) -> bool:
        if not any(c.isalnum() for c in token.text) or token.folded in ("'s", "\u2019s"):
            return False
        if token.quoted or "_" in token.text.strip("_"):
            return self._words.level(token.folded) == self._words.NAME
        if not cased or not any(c.isupper() for c in token.text):
            return False
        return not self._words.is_stop(token.folded) and not (token.first and not self._content(token))

    def _spans(self, tokens: list[Token], first: int, last: int) -> list[tuple[int, int]]:
        """Sub-spans of a token span that a misspelt name may fill."""
        found = []
        for at in range(first, last):
            if self._words.is_stop(tokens[at].folded):
                continue
            content, words = 0, 0
            for end in range(at + 1, min(last, at + 2 * _WORDS) + 1):
                token = tokens[end - 1]
                words += any(c.isalnum() for c in token.text)
                content += len(token.text) if self._content(token) else 0
                if words > _WORDS:
                    break
                if content >= 4 and not self._words.is_stop(token.folded):
                    found.append((at, end))
        return found

    def _guesses(self, text: str, tokens: list[Token], spans: dict[tuple[int, int], float]) -> list[_Guess]:
        if not spans or self.config.fuzzy_ratio > 100:
            return []
        places = [(tokens[first].start, tokens[last - 1].end) for first, last in spans]
        texts = [fold(text[start:end]) for start, end in places]
        nearest = self._lexicon.nearest(texts, self.config.candidates, self.config.fuzzy_ratio)
        guesses = [
            _Guess(*place, found)
            for place, found, least in zip(places, nearest, spans.values())
            if found and found[0][1] >= least
        ]
        guesses.sort(key=lambda g: (-(g.found[0][1] - 70) * (g.end - g.start), g.start))
        return _apart(guesses)

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
            and self._content(token)
            and token.folded not in self._lexicon.english
            and not any(mention.start < token.end and token.start < mention.end for mention in linked)
        )
        return (name for token in islice(strange, _MOST_STRANGE) for name in respellings(text, token, others))

    # From matches to links

    def _exact_link(self, text: str, match: _Match, torn: list[tuple[int, int]]) -> Link:
        words = self._words
        score = {words.NAME: 1.0, words.SCHEMA: 0.6, words.WORDING: 0.55}[match.level] * match.certain
        if any(start <= match.start and match.end <= end for start, end in torn):
            score *= 0.8  # part of a longer name that the graph does not know
        written = spaced(text[match.start : match.end])
        candidates = self._ranked([(match.key, score)], written)
        return self._resolved(text, match.start, match.end, candidates, exact=match.certain == 1.0)

    def _fuzzy_link(self, text: str, guess: _Guess) -> Link:
        written = spaced(text[guess.start : guess.end])
        candidates = self._ranked([(key, 0.95 * ratio / 100) for key, ratio in guess.found], written)
        return self._resolved(text, guess.start, guess.end, candidates, exact=False)

    def _ranked(self, keys: Iterable[tuple[int, float]], written: str) -> list[tuple[int, float]]:
        """The nodes that bear the names, best first by the score of the name, then as `Lexicon.bearers` has them."""
        ranked: dict[int, float] = {}
        for key, score in keys:
            for node, share in self._lexicon.bearers(key, written):
                ranked.setdefault(node, score * share)
        return sorted(ranked.items(), key=lambda item: -item[1])[: self.config.candidates]

    def _resolved(self, text: str, start: int, end: int, candidates: list[tuple[int, float]], exact: bool) -> Link:
        node, score = candidates[0] if candidates else (None, 0.0)
        named = node if score >= self.config.threshold else None
        return Link(_mention(text, start, end), named, score, exact, tuple(candidates))


@lru_cache(maxsize=1)
def _english_roots() -> frozenset[str]:
    return frozenset(root(word) for word in common_words() | asking_words())


def _acronym(names: Sequence[Name]) -> bool:
    return all(name.text.isupper() for name in names)


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


def _apart(spans: list[Any]) -> list[Any]:
    """Takes spans in the order given, leaves out what overlaps one taken, and sorts them by position."""
    taken: list[Any] = []
    used: set[int] = set()
    for span in spans:
        # the first and the last character suffice where longer spans come first; a shorter one may lie before them
        places = range(span.start, span.end)
        if used.isdisjoint(places):
            used.update(places)
            taken.append(span)
    return sorted(taken, key=lambda span: span.start)


def _overlaps(match: _Match, spans: list[tuple[int, int]]) -> bool:
    return any(start < match.end and match.start < end for start, end in spans)


def _covered(tokens: list[Token], matches: list[_Match]) -> list[bool]:
    """Whether each token lies in a match; both are sorted by position."""
    flags, at = [], 0
    for token in tokens:
        while at < len(matches) and matches[at].end <= token.start:
            at += 1
        flags.append(at < len(matches) and matches[at].start < token.end)
    return flags


def _segments(tokens: list[Token], covered: list[bool]) -> Iterable[tuple[int, int]]:
    """Token spans between matches and marks."""
    first = None
    for at, token in enumerate(tokens):
        inside = not covered[at] and (any(c.isalnum() for c in token.text) or token.text in _CONNECTORS)
        if inside and first is None:
            first = at
        elif not inside and first is not None:
            yield first, at
            first = None
    if first is not None:
        yield first, len(tokens)
