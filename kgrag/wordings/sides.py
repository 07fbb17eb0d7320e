"""Which end of a relation a question names, as its grammar tells: what X amends, and what amends X.

Only the plainest sentences are read; of all others nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kgrag.wordings import wordings_for
from kgrag.wordings.english import PARTICLES, listed, singular, verb
from kgrag.wordings.labels import Saying, saying

SUBJECT, UNKNOWN, OBJECT = 1, 0, -1

_BEING = listed("being")
_HELPING = _BEING | listed("helping")
_ASKING = listed("asking")
_JOINING = _ASKING | listed("joining")
_BEFORE_NOUNS = listed("before_nouns")
_BESIDE = listed("beside_verbs")
_FAR = 4  # words between a verb and a name that it takes
EMPTY = ("have", "be", "do")  # verbs that say too little
_ARTICLES = ("a", "an", "the", "one", "any", "known")
_OTHER = "\u2026"  # for another thing that is named
_WORDS = {  # of the shapes below
    "BE": "is|are|was|were|be|been|being",
    "DO": "|".join(sorted(_HELPING)),
    "HAVE": "has|have|had|having",
    "WHICH": "|".join(sorted(_ASKING - {"whose"})),
    "STATED": "given as|stated as|listed as|named|called",
}


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub("[A-Z]{2,}", lambda found: f"(?:{_WORDS[found[0]]})", rf"(?<!\S){pattern}(?!\S)"))


_SHAPES = [  # X is what is named, n the noun, N after an article; articles are left out
    (_shape("X's [nN]"), SUBJECT),
    (_shape("HAVE [nN] (?:of|for) X"), UNKNOWN),  # "acts that have the form of X"
    (_shape("[nN] (?:of|for) X"), SUBJECT),
    (_shape("[nN] DO X HAVE"), SUBJECT),  # "which risk factors does X have"
    (_shape("X HAVE WHICH [nN]"), SUBJECT),
    (_shape("X as [nN](?! of)"), OBJECT),  # "what has X as a risk factor"
    (_shape("(?:BE X|X BE) [nN] (?:of|for)"), OBJECT),  # "what is X a risk factor for"
    (_shape("(?:of|for) WHICH .*(?:BE X|X BE) [nN]"), OBJECT),
    (_shape("X BE WHICH .*'s [nN]"), OBJECT),  # "X is which disease's risk factor"
    (
        _shape("(?:with|whose|HAVE|which|for) N(?: BE(?: STATED)?)? X"),
        OBJECT,
    ),  # "for which the risk factor is given as X"
    (_shape("(?:with|whose|HAVE) n(?: BE(?: STATED)?)? X"), OBJECT),  # "whose risk factor is X"
]


def named_end(question: str, label: str, name: str) -> int:
    """Which end of a relation is named: `SUBJECT`, `OBJECT`, or `UNKNOWN` where the words do not tell.

    Args:
        question: The question.
        label: Of the relation. One that says a deed tells its ends apart: "amends", "amended by".
        name: The word that stands for what is named; where it does several times, one of these has to tell.
    """
    said = saying(label)
    if any(wording.symmetric for wording in wordings_for(label)):
        return UNKNOWN
    return one_by_one(question, name, lambda words, _: _end(words, name, said))


def one_by_one(question: str, name: str, end_of: Callable[[list[str], int], int]) -> int:
    """Which end is named where one name stands for several things: what it is of one of them, and of none the other one.

    Whether one of two things is joined to the other asks for neither end.

    Args:
        question: The question.
        name: The word that stands for what is named.
        end_of: Tells the end from words and the place of the name that counts; other names are not told from other words.
    """
    words = re.findall(r"[\w'-]+|[^\w\s]", question)
    places = [place for place, word in enumerate(words) if word.removesuffix("'s") == name]
    if len(places) > 1 and not _ASKING & {word.lower() for word in words}:
        return UNKNOWN
    ends = {
        end_of([_OTHER if at in places and at != place else word for at, word in enumerate(words)], place)
        for place in places
    } - {UNKNOWN}
    return ends.pop() if len(ends) == 1 else UNKNOWN


def _end(words: list[str], name: str, said: Saying) -> int:
    if said.form == "noun":
        end = _by_noun([word if word.startswith(name) else word.lower() for word in words], said.noun.lower(), name)
        return -end if said.turned else end
    if said.form != "verb" or said.verb in EMPTY:
        return UNKNOWN
    forms = verb(said.verb)
    known = {forms.base, forms.third, forms.past, forms.participle, forms.gerund}
    places = [place for place, word in enumerate(words) if word.lower() in known and not _is_noun(words, place)]
    if words.count(name) != 1 or len(places) != 1:
        return UNKNOWN
    words = [word if word == name else word.lower() for word in words]
    (done,), named = places, words.index(name)
    particle = said.particle.split()
    further = words[done + 1 :]
    may_be_passive = words[done] == forms.participle and further[: len(particle)] == particle
    by = further[len(particle) : len(particle) + 1] == ["by"]
    if named < done:
        end = _before(words, named, done, may_be_passive, by)
    else:
        end = _after(words, done, named, particle, may_be_passive and by)
    return -end if said.turned else end


def _before(words: list[str], named: int, done: int, may_be_passive: bool, by: bool) -> int:
    """The name stands before the verb: it does it, or it is done to it."""
    between, earlier = words[named + 1 : done], words[:named]
    if any(word not in _HELPING | _BESIDE and not word.endswith("ly") for word in between):
        return UNKNOWN
    if earlier[-1:] and earlier[-1] in PARTICLES or earlier[-2:-1] and earlier[-2] in PARTICLES - {"by"}:
        return UNKNOWN  # "which parts of X control"
    if may_be_passive and (by or _BEING & {*earlier[-_FAR:], *between}):
        return OBJECT
    asks = _ASKING & {*earlier, *words[done + 1 :]} or _HELPING & {*earlier, *between}
    return SUBJECT if asks else UNKNOWN  # "X controls" may ask for the controls of X


def _after(words: list[str], done: int, named: int, particle: list[str], passive: bool) -> int:
    """The name stands after the verb: it is done to it, or it does it after "by"."""
    between, following = words[done + 1 : named], words[named + 1 : named + 2]
    taken = [*particle, "by"] if passive else particle
    apart = _HELPING | _JOINING | PARTICLES
    rest = between[len(taken) :] if between[: len(taken)] == taken else between
    if particle and rest == between or len(rest) > _FAR or any(w in apart or not w[0].isalnum() for w in rest):
        return UNKNOWN
    if following and following[0] in _HELPING:  # "which controls X has"
        return UNKNOWN
    if passive:
        return SUBJECT
    return UNKNOWN if _BEING & {*words[max(done - 2, 0) : done]} and not words[done].endswith("ing") else OBJECT


def _by_noun(words: list[str], noun: str, name: str) -> int:
    """Whether the name has what the noun says (`SUBJECT`), or is that (`OBJECT`): the risk factors of X, what X is a risk factor for."""
    length, shape, at = len(noun.split()), list[str](), 0
    while at < len(words):
        if singular(" ".join(words[at : at + length])) == noun:
            shape.append("N" if words[at - 1 : at] and words[at - 1] in _ARTICLES else "n")
            at += length
            continue
        if words[at] not in _ARTICLES:
            shape.append({name: "X", f"{name}'s": "X's"}.get(words[at], words[at].lower()))
        at += 1
    if sum(word in ("N", "n") for word in shape) != 1 or sum(word in ("X", "X's") for word in shape) != 1:
        return UNKNOWN
    told = " ".join(shape)
    return next((end for pattern, end in _SHAPES if pattern.search(told)), UNKNOWN)


def _is_noun(words: list[str], place: int) -> bool:
    """Whether what may be a verb is a noun where it stands: "the causes", "causes of"."""
    before = words[place - 1].lower() if place else ""
    return words[place + 1 : place + 2] == ["of"] or before in _BEFORE_NOUNS or before.endswith("'s")
