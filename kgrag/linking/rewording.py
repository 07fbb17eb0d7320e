"""Names in other words' order or form: "turned my urine orange" is orange urine, "the MMR jab" the MMR vaccine."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import count, groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kgrag.linking.folding import unaccented
from kgrag.linking.languages import snowball
from kgrag.linking.name_words import ROMAN_ONE, NameWords, words_of
from kgrag.linking.words import QuestionWords
from kgrag.types import Ids

_INFLECTIONS = ("ings", "ing", "ied", "ies", "ed", "es", "s", "e", "y")
_SHORT = ("iness", "ness", "ity", "ety", "ure")
_DERIVATIONS = [
    "iousness",
    "ousness",
    "ically",
    "ously",
    "ation",
    "ating",
    "ative",
    "atory",
    "ated",
    "ates",
    "ition",
    "ious",
    "ical",
    "ally",
    "ancy",
    "ency",
    "ions",
    "ence",
    "ance",
    "ants",
    "ents",
    "ish",
    "ion",
    "ous",
    "ive",
    "ure",
    "ium",
    "ant",
    "ent",
    "atic",
    "ial",
    "al",
    "ic",
    "er",
    "ly",
    "a",
]
_ENDINGS = sorted((*_INFLECTIONS, *_SHORT, *_DERIVATIONS), key=len, reverse=True)
_PREPOSITIONS = frozenset(["of", "in", "on", "at", "for", "with", "from", "by", "to"])
_ARTICLES = frozenset(["a", "an"])
_SINGLE = 5  # least letters of a name of one word in another form
_SHORTEST_STEM = 3  # letters of what such names share in languages other than English
_GAP = 3  # stop words that may stand between those of a name
_MOST_ROOTS, _MOST_OF_A_ROOT = 40, 4_000  # rarest roots of a text that are looked at, and names that may share one
_LOOKED_AT = 8  # times as many names that share words are looked at as are wanted


class Reworded(NamedTuple):
    """Tokens ``first`` to ``last``, exclusive, that name ``key``, a name of words with these roots."""

    first: int
    last: int
    key: int
    roots: tuple[str, ...]


class Sharing(NamedTuple):
    """A name that has words of a text, wherever they stand.

    Attributes:
        key: Of the name.
        told: How much these words tell, for the square root of what all words of the name do: a cosine, but for the length of
            the text.
        shares: Which share of the name the token at each place tells.
    """

    key: int
    told: float
    shares: dict[int, float]


def _parted(word: str) -> tuple[str, str]:
    """A word's root and ending."""
    for ending in _ENDINGS:
        shortest = 5 if ending in _DERIVATIONS else 4
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            if ending == "s" and word.endswith(("is", "us", "ss")):
                break
            return word[: -len(ending)], ending
    return word, ""


@lru_cache(maxsize=50_000)
def root(word: str, language: str = "en") -> str:
    """What the forms of a word share: "dizzy" and "dizziness", "drool" and "drooling"; only compared with other roots.

    Args:
        word: A folded word without accents.
        language: That it is read in.
    """
    if language != "en":
        return snowball(word, language)
    bare, ending = _parted(word)
    if ending in _INFLECTIONS:  # "deployers" is deployer, which is of "deploy"
        further, derived = _parted(bare)
        bare = further if derived in _DERIVATIONS else bare
    return bare[:-1] if len(bare) > 4 and bare[-1] == bare[-2] else bare


_DROPPED = frozenset(root(word) for word in ("syndrome", "disease", "disorder"))  # people leave them out


class RewordedNames:
    """Finds names by the roots of their words, in any order.

    All words of a name must be there, with nothing but stop words between. Two exceptions: people leave out "syndrome" and the
    like; and a word that is not English and in the names of one node alone stands for that name.

    Names that are said are sought by their two rarest roots, so that what a text costs does not grow with the names that share one.

    Args:
        names: Folded names.
        bearers: The only node that bears each; -1 where none does, -2 where several do; shape (names,).
        words: Tells names from the wording of questions.
        english: Common words.
        first: Key of the first name.
    """

    def __init__(
        self, names: Sequence[str], bearers: Ids, words: QuestionWords, english: frozenset[str], first: int = 0
    ) -> None:
        self._words, self._language = words, words.languages.of
        self._names, self._first = names, first
        found = words_of(names, words)
        self._keys = _quick(found.names + first)  # of each row, as what follows by row
        self._endings = _endings_of_single_words(found)
        ordinary = np.array([words.is_ordinary(word) for word in found.distinct], np.bool_)
        self._plain = _quick(np.bincount(found.rows, ordinary[found.words]) == 0)  # no word is one of questions
        telling = [self._is_telling(word) and word not in english for word in found.distinct]
        self._alone = _words_alone(found, np.array(telling, np.bool_), bearers)
        self._texts, ranks, rows = _by_rarity([self._root(word) for word in found.distinct], found)
        self._ranks = {text: rank for rank, text in enumerate(self._texts)}
        sizes = np.bincount(rows)
        starts = np.append(0, np.cumsum(sizes))
        self._roots, self._starts = _quick(ranks), _quick(starts)
        # of each root; the names before the first one count, lest the words of a few later names tell nothing
        self._tells = np.log((len(sizes) + first + 1) / (np.bincount(ranks, minlength=1) + 1)).tolist()
        self._reach = int(sizes.max(initial=0)) + _GAP - 1  # furthest from one root of a name to another
        rarest, second = self._rarest_needed(ranks, rows, starts)
        is_single = second < 0
        order = np.argsort(rarest[is_single], kind="stable")
        self._singles = _quick(np.flatnonzero(is_single)[order])
        self._single_starts = _quick(np.searchsorted(rarest[is_single][order], np.arange(len(self._texts) + 1)))
        codes = rarest[~is_single] * len(self._texts) + second[~is_single]
        order = np.argsort(codes, kind="stable")
        self._pairs, self._paired = memoryview(codes[order]), _quick(np.flatnonzero(~is_single)[order])

    def find(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """Yields names whose words stand in a text, each once for each place.

        Args:
            words: The folded words of a text.
            capital: Whether each is written with a capital.
        """
        words = [unaccented(word) for word in words]
        ranks = [
            -1
            if word in self._words.stop_words and not (word == ROMAN_ONE and capital[at])
            else self._ranks.get(self._root(word), -1)
            for at, word in enumerate(words)
        ]
        known = [(at, rank) for at, rank in enumerate(ranks) if rank >= 0]
        places: defaultdict[int, list[int]] = defaultdict(list)
        for at, rank in known:
            places[rank].append(at)
        for at, rank in known:
            for row in self._singles[self._single_starts[rank] : self._single_starts[rank + 1]]:
                if self._is_form(words[at], rank, row):
                    yield self._reworded(at, at + 1, row)
            for row in self._alone.get(words[at], ()):
                roots = self._roots_of(row)
                if capital[at] or (len(roots) == 2 and roots[0] == rank and self._texts[roots[1]] in _DROPPED):
                    yield self._reworded(at, at + 1, row)
        for at, row in self._near(known):
            span = self._span(words, places, at, row)
            if span is not None:
                yield self._reworded(*span, row)

    def sharing(self, words: Sequence[str], most: int) -> Iterator[Sharing]:
        """Yields the names of which the words of a text tell most, however far apart these stand.

        A word that is in very many names finds none by itself.

        Args:
            words: The folded words of a text.
            most: How many names.
        """
        places: dict[int, int] = {}
        for at, word in enumerate(map(unaccented, words)):
            rank = -1 if word in self._words.stop_words else self._ranks.get(self._root(word), -1)
            if rank >= 0:
                places.setdefault(rank, at)
        if not places:
            return
        bounds, rows, totals = self._having
        rarest = [rank for rank in sorted(places)[:_MOST_ROOTS] if bounds[rank + 1] - bounds[rank] <= _MOST_OF_A_ROOT]
        if not rarest:
            return
        having = [rows[bounds[rank] : bounds[rank + 1]] for rank in rarest]
        tells = np.repeat([self._tells[rank] for rank in rarest], [len(some) for some in having])
        found, which = np.unique(np.concatenate(having), return_inverse=True)
        told = np.bincount(which, tells) / np.sqrt(np.maximum(totals[found], 1e-9))
        shares = []
        for row in found[np.argsort(-told, kind="stable")[: _LOOKED_AT * most]].tolist():
            name = self._roots_of(row)
            total = max(sum(self._tells[rank] for rank in name), 1e-9)
            said = {places[rank]: self._tells[rank] / total for rank in name if rank in places}
            shares.append((sum(said.values()) * total**0.5, row, said))
        for much, row, said in sorted(shares, key=lambda one: (-one[0], one[1]))[:most]:
            yield Sharing(self._keys[row], much, said)

    @cached_property
    def _having(self) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """Where the rows with each root begin, these rows by root, and how much all roots of each row tell."""
        ranks = np.asarray(self._roots)
        rows = np.repeat(np.arange(len(self._starts) - 1), np.diff(np.asarray(self._starts)))
        bounds: Ids = np.searchsorted(np.sort(ranks), np.arange(len(self._texts) + 1))
        totals = np.bincount(rows, np.asarray(self._tells)[ranks], minlength=1).astype(np.float64)
        by_root: Ids = rows[np.argsort(ranks, kind="stable")]
        return bounds, by_root, totals

    def _rarest_needed(self, ranks: Ids, rows: Ids, starts: Ids) -> tuple[Ids, Ids]:
        """The rarest and the second rarest root of each name that must be there, the second -1 where there is but one."""
        needed, last, none = ranks.copy(), starts[1:] - 1, len(self._texts)
        dropped = np.array([text in _DROPPED for text in self._texts], np.bool_)
        needed[last[(np.diff(starts) > 2) & dropped[ranks[last]]]] = none
        rarest = np.minimum.reduceat(needed, starts[:-1])
        needed[needed == rarest[rows]] = none
        second = np.minimum.reduceat(needed, starts[:-1])
        return rarest, np.where(second < none, second, -1)

    def _near(self, known: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
        """Names whose two rarest roots stand near one another, each with the place of the rarest."""
        size = len(self._texts)
        found: dict[tuple[int, int], None] = {}
        for number, (at, rank) in enumerate(known, 1):
            for other_at, other in known[number : number + self._reach]:
                if rank != other and other_at - at <= self._reach:
                    code = min(rank, other) * size + max(rank, other)
                    first = bisect_left(self._pairs, code)
                    last = bisect_right(self._pairs, code, first)
                    place = at if rank < other else other_at
                    found |= {(place, row): None for row in self._paired[first:last]}
        return found

    def _root(self, word: str) -> str:
        return root(word, self._language(word))

    def _is_telling(self, word: str) -> bool:
        """Whether a word may stand for a name of several."""
        return not word.isnumeric() and len(word) > 1 and self._language(word) == "en"

    def _is_form(self, word: str, rank: int, row: int) -> bool:
        """Whether a word may mean a name of a single root, which it shares."""
        ending = self._endings[row]
        if ending is None:
            return True
        if self._language(word) != "en":
            return len(self._texts[rank]) >= _SHORTEST_STEM
        return len(word) >= _SINGLE and _same_thing(_parted(word)[1], ending)

    def _roots_of(self, row: int) -> list[int]:
        return self._roots[self._starts[row] : self._starts[row + 1]].tolist()

    def _reworded(self, first: int, last: int, row: int) -> Reworded:
        return Reworded(first, last, self._keys[row], tuple(self._texts[rank] for rank in self._roots_of(row)))

    def _span(
        self, words: Sequence[str], places_of: Mapping[int, Sequence[int]], at: int, row: int
    ) -> tuple[int, int] | None:
        """Where the words of a name stand around a position, if all that must be there are."""
        name = self._roots_of(row)
        reach = len(name) + _GAP
        places = []
        for number, part in enumerate(name):
            nearest = min(places_of.get(part, ()), key=lambda i: abs(i - at), default=at + reach)
            if abs(nearest - at) < reach:
                places.append(nearest)
            elif number < len(name) - 1 or not (len(name) > 2 and self._texts[part] in _DROPPED):
                return None
        first, last = min(places), max(places) + 1
        between = [i for i in range(first, last) if i not in places]
        if any(words[i] not in self._words.stop_words and words[i] != "-" for i in between) or (
            between and not self._plain[row]
        ):
            return None
        if places == sorted(places) and self._is_apart(words, row, between):
            return None  # "failure of the heart" is heart failure, "heart of a failure" and "is the heart a failure" are not
        return first, last

    def _is_apart(self, words: Sequence[str], row: int, between: Sequence[int]) -> bool:
        """Whether prepositions or articles part the words of a name that stand in its order, but its own, and an article after one."""
        articles = _ARTICLES if self._words.languages.of("a") == "en" else ()
        said = self._names[self._keys[row] - self._first].split()
        foreign = [i for i in between if words[i] in _PREPOSITIONS and words[i] not in said]
        return bool(foreign) or any(words[i] in articles and words[i - 1] not in _PREPOSITIONS for i in between)


def _quick(values: np.ndarray) -> memoryview:
    """Integers that are read one by one, which takes a memoryview half of the time."""
    return memoryview(values.astype(np.int32))


def _by_rarity(roots_of: Sequence[str], found: NameWords) -> tuple[list[str], Ids, Ids]:
    """All roots, those of fewest names first; the ranks of the roots of each name, without repetition, and their names.

    Args:
        roots_of: Root of each distinct word.
        found: The words.
    """
    ids: defaultdict[str, int] = defaultdict(count().__next__)
    roots = np.array([ids[text] for text in roots_of], np.int64)[found.words]
    _, first = np.unique(found.rows * len(ids) + roots, return_index=True)
    first.sort()
    roots, rows = roots[first], found.rows[first]
    counts = np.bincount(roots).tolist()
    texts = [text for _, text in sorted(zip(counts, ids))]
    ranks = np.zeros(len(ids), np.int64)
    ranks[[ids[text] for text in texts]] = np.arange(len(ids))
    return texts, ranks[roots], rows


def _endings_of_single_words(found: NameWords) -> list[str | None]:
    """The ending of each name that is one word, None where it is more."""
    firsts = found.words[np.cumsum(found.sizes) - found.sizes]
    endings = np.array([_parted(word)[1] for word in found.distinct], object)[firsts]
    endings[found.sizes > 1] = None
    return endings.tolist()


def _words_alone(found: NameWords, telling: NDArray[np.bool_], bearers: Ids) -> dict[str, tuple[int, ...]]:
    """Those of the telling words that are in the names of one node alone, and these names."""
    distinct, kept = found.distinct, telling[found.words]
    words, rows = found.words[kept], found.rows[kept]
    nodes = bearers[found.names[rows]]
    words, rows, nodes = words[nodes != -1], rows[nodes != -1], nodes[nodes != -1]
    least, most = np.full(len(distinct), np.iinfo(np.int64).max), np.full(len(distinct), -1)
    np.minimum.at(least, words, nodes)
    np.maximum.at(most, words, nodes)
    is_alone = (least == most)[words]
    pairs = sorted(zip(words[is_alone].tolist(), rows[is_alone].tolist()))
    return {distinct[word]: tuple(row for _, row in of_word) for word, of_word in groupby(pairs, itemgetter(0))}


def _same_thing(ending: str, named: str) -> bool:
    """Whether a word with one ending may mean the name with the other: not where they differ by inflection alone."""
    if ending in ("", "e") and named == "ing":
        return True  # "vomit" and "vomiting", "wheeze" and "wheezing"
    return not {ending, named} <= {"", *_INFLECTIONS} - {"y"}
