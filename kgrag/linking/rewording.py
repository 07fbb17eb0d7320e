"""Names in other words' order or form: "turned my urine orange" is orange urine, "the MMR jab" the MMR vaccine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from kgrag.linking.folding import unaccented
from kgrag.linking.languages import snowball
from kgrag.linking.words import QuestionWords, split_words

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
_SINGLE = 5  # least letters of a name of one word in another form
_SHORTEST_STEM = 3  # letters of what such names share in languages other than English
_GAP = 3  # stop words that may stand between those of a name


class Reworded(NamedTuple):
    """Tokens ``first`` to ``last``, exclusive, that name ``key``, a name of words with these roots."""

    first: int
    last: int
    key: int
    roots: tuple[str, ...]


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
    bare = _parted(word)[0]
    return bare[:-1] if len(bare) > 4 and bare[-1] == bare[-2] else bare


_DROPPED = frozenset(root(word) for word in ("syndrome", "disease", "disorder"))  # people leave them out


class RewordedNames:
    """Finds names by the roots of their words, in any order.

    All words of a name must be there, with nothing but stop words between. Two exceptions: people leave out "syndrome" and the
    like; and a word that is not English and in the names of one node alone stands for that name.

    Args:
        keys: Folded names.
        nodes: The nodes that bear each.
        words: Tells names from the wording of questions.
        english: Common words.
    """

    def __init__(
        self, keys: Sequence[str], nodes: Sequence[Sequence[int]], words: QuestionWords, english: frozenset[str]
    ) -> None:
        self._words, self._language = words, words.languages.of
        self._names: dict[int, tuple[str, ...]] = {}
        self._plain: dict[int, bool] = {}  # whether no word of it is one that questions are made of
        self._endings: dict[int, str] = {}  # of names of one word
        bearers: defaultdict[str, set[int]] = defaultdict(set)
        telling: defaultdict[str, list[int]] = defaultdict(list)
        count: Counter[str] = Counter()
        for key, name in enumerate(keys):
            parts = split_words(unaccented(name))
            kept = [word for word in parts if word not in words.stop_words]
            if not kept or len(kept) < len(parts) == 2 or words.level(name) != words.NAME or name.isnumeric():
                continue  # "passing out" is more than passing
            self._names[key] = tuple(dict.fromkeys(self._root(word) for word in kept))
            self._plain[key] = not any(words.is_ordinary(word) for word in kept)
            count.update(self._names[key])
            if len(kept) == 1:
                self._endings[key] = _parted(kept[0])[1]
            for word in kept:
                if word not in english and not word.isnumeric() and len(word) > 1 and self._language(word) == "en":
                    bearers[word].update(nodes[key])
                    telling[word].append(key)
        self._alone = {word: keys for word, keys in telling.items() if len(bearers[word]) == 1}
        self._by_root: defaultdict[str, list[int]] = defaultdict(list)
        for key, roots in self._names.items():
            needed = roots[:-1] if _may_miss(roots) else roots
            self._by_root[min(needed, key=lambda r: (count[r], r))].append(key)

    def find(self, words: Sequence[str], capital: Sequence[bool]) -> Iterator[Reworded]:
        """Yields names whose words stand in a text, each once for each place.

        Args:
            words: The folded words of a text.
            capital: Whether each is written with a capital.
        """
        words = [unaccented(word) for word in words]
        roots = ["" if word in self._words.stop_words else self._root(word) for word in words]
        for at, one in enumerate(roots):
            for key in self._by_root.get(one, ()) if one else ():
                if key in self._endings:
                    if self._is_form(words[at], one, key):
                        yield Reworded(at, at + 1, key, self._names[key])
                    continue
                span = self._span(words, roots, at, key)
                if span is not None:
                    yield Reworded(*span, key, self._names[key])
            for key in self._alone.get(words[at], ()):
                roots_of = self._names[key]
                if capital[at] or (len(roots_of) == 2 and roots_of[0] == one and roots_of[1] in _DROPPED):
                    yield Reworded(at, at + 1, key, self._names[key])

    def _root(self, word: str) -> str:
        return root(word, self._language(word))

    def _is_form(self, word: str, stem: str, key: int) -> bool:
        """Whether a word with the root of a name of one word may mean it."""
        if self._language(word) != "en":
            return len(stem) >= _SHORTEST_STEM
        return len(word) >= _SINGLE and _same_thing(_parted(word)[1], self._endings[key])

    def _span(self, words: Sequence[str], roots: Sequence[str], at: int, key: int) -> tuple[int, int] | None:
        """Where the words of a name stand around a position, if all that must be there are."""
        name = self._names[key]
        reach = len(name) + _GAP
        near = range(max(0, at - reach + 1), min(len(roots), at + reach))
        places = []
        for number, part in enumerate(name):
            found = [i for i in near if roots[i] == part]
            if found:
                places.append(min(found, key=lambda i: abs(i - at)))
            elif number < len(name) - 1 or not _may_miss(name):
                return None
        first, last = min(places), max(places) + 1
        between = [i for i in range(first, last) if i not in places]
        if any(words[i] not in self._words.stop_words and words[i] != "-" for i in between) or (
            between and not self._plain[key]
        ):
            return None
        if places == sorted(places) and any(words[i] in _PREPOSITIONS for i in between):
            return None  # "failure of the heart" is heart failure, "heart of a failure" is not
        return first, last


def _may_miss(roots: Sequence[str]) -> bool:
    return len(roots) > 2 and roots[-1] in _DROPPED


def _same_thing(ending: str, named: str) -> bool:
    """Whether a word with one ending may mean the name with the other: not where they differ by inflection alone."""
    if ending in ("", "e") and named == "ing":
        return True  # "vomit" and "vomiting", "wheeze" and "wheezing"
    return not {ending, named} <= {"", *_INFLECTIONS} - {"y"}
