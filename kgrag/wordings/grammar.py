"""A grammar of questions: relations as noun phrases, noun phrases within one another, and what asks for them.

Of a relation, its label is enough (see `labels`). "director" makes "the director of {x}", "{x}'s director" and, read backwards,
"the films whose director is {x}"; "treats" makes "the diseases {x} treats" and "the drugs that treat {x}"; "directed by" makes
"the person who directed {x}". Where there are further names, classes or known wordings, these are used as well.

A phrase within a phrase must stay readable: a possessive follows a name or another possessive only, and a clause that goes
on after what it names takes nothing longer than that.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgrag.wordings import templates
from kgrag.wordings.classes import DATE, PERSON, PLACE, kind_of
from kgrag.wordings.english import is_counted, is_plural, plural, possessive, singular, verb, with_article
from kgrag.wordings.labels import Saying, saying

SLOT = "{x}"
KNOWN = 0.4  # chance that known wordings are used where there are any
PLAIN = 0.45  # chance that a question is put by labels alone, as one who asks for much at once does
SYNONYM = 0.4  # chance that a relation is called by another name than its label
BACK = 0.75  # chance that a relation followed there and back is put as what is shared
KEYWORDS = 0.08  # chance of a question in keywords
CHAINED = 0.3  # chance that all relations are put as possessives, where they are nouns
NESTED = 0.12  # chance that a clause goes around what is no name
DIRECT = 0.5  # chance that the last relation is asked for by a question of its own
LONGEST_KNOWN = 70  # characters of a known question that may go around a phrase
ATTRIBUTES = frozenset(
    [
        "gender",
        "sex",
        "nationality",
        "religion",
        "faith",
        "genre",
        "ethnicity",
        "race",
        "profession",
        "occupation",
        "job",
        "language",
        "type",
        "kind",
        "sort",
        "colour",
        "color",
        "size",
        "age",
        "rank",
        "shape",
        "category",
        "denomination",
        "group",
        "class",
        "format",
        "period",
        "style",
        "species",
    ]
)


@dataclass(frozen=True)
class Step:
    """A directed relation, with what is known of how people speak of it.

    Attributes:
        labels: What it is called, its own label first.
        inverse: Whether it is read backwards.
        questions: Questions for what it leads to, with ``{x}`` for what is named.
        phrases: Noun phrases for it.
        classes: What sort of things it leads to.
        nouns: Nouns for it in this direction, in the singular: "film" of "directed by" read backwards.
        many: Whether it leads to several things; None where that is not known.
    """

    labels: Sequence[str]
    inverse: bool
    questions: Sequence[str] = ()
    phrases: Sequence[str] = ()
    classes: Sequence[str] = ()
    nouns: Sequence[str] = ()
    many: bool | None = None

    def said(self, rng: random.Random) -> tuple[Saying, bool]:
        """How it is said, and whether what is asked for is the object of what is said."""
        if self.nouns and rng.random() < SYNONYM:
            return Saying("noun", noun=rng.choice(self.nouns)), True
        label = rng.choice(self.labels) if rng.random() < SYNONYM else self.labels[0]
        how = saying(label)
        return how, self.inverse == how.turned


@dataclass(frozen=True)
class Phrase:
    """A noun phrase.

    Attributes:
        text: In words.
        many: Whether it is in the plural.
        shape: ``name``, ``possessive``, ``tail`` (it ends with what it names) or ``clause`` (it goes on).
    """

    text: str
    many: bool = False
    shape: str = "name"


def composed(steps: Sequence[Step], name: str, rng: random.Random) -> str:
    """A question for what directed relations lead to, one after the other: a noun phrase within the other.

    Args:
        steps: The relations.
        name: What the question names.
        rng: Chooses the patterns.
    """
    if rng.random() < PLAIN:
        steps = [replace(step, questions=(), phrases=()) for step in steps]
    if rng.random() < CHAINED:
        chain = _possessives(steps, name, rng)
        if chain is not None:
            return chain
    inner, at = Phrase(name), 0
    while at < len(steps) - 1:
        step, following = steps[at], steps[at + 1]
        if step.labels[0] == following.labels[0] and step.inverse != following.inverse and rng.random() < BACK:
            shared = _sharing(step, following, inner, rng, last=at + 2 == len(steps))
            if isinstance(shared, str):
                return shared
            inner = shared
            at += 2
        else:
            inner = noun_phrase(step, inner, rng)
            at += 1
    if at == len(steps):
        return asked(inner, steps[-1], rng)
    return question(steps[-1], inner, rng)


def question(step: Step, inner: Phrase, rng: random.Random) -> str:
    """A question for what a directed relation leads to from what a phrase names."""
    if step.questions and rng.random() < KNOWN:
        known = [text for text in step.questions if inner.shape == "name" or _takes(text, inner)]
        if known:
            return _around(rng.choice(known), inner)
    if inner.shape == "name" and rng.random() < KEYWORDS:
        return _keywords(step, inner, rng)
    if rng.random() < DIRECT:
        how, ahead = step.said(rng)
        tables = _questions(how, ahead, step)
        words = _Words(how, inner, step, rng, step.many if step.many is not None else rng.random() < 0.4)
        fitting = [text for text in tables if _fits(text, inner, rng)]
        if fitting:
            return words.fill(rng.choice(fitting))
    return asked(noun_phrase(step, inner, rng), step, rng)


def asked(phrase: Phrase, step: Step, rng: random.Random) -> str:
    """A question, or a request, for what a noun phrase names."""
    class_ = rng.choice(step.classes) if step.classes else ""
    bare = re.match(r"what\b|who(ever)?\b|that\b|those\b", phrase.text)
    named = kind_of(class_) in (PERSON, PLACE)
    if class_ and not bare and rng.random() < 0.12:
        text = rng.choice(templates.ASKING_CLASS)
    elif named and not bare and rng.random() < 0.1:
        text = rng.choice(templates.ASKING_NAMES)
    else:
        text = rng.choice(templates.ASKING)
        while bare and "{np}" in text and ("{w}" in text or "Which" in text):
            text = rng.choice(templates.ASKING)
    person = kind_of(class_) == PERSON
    fields = {
        "np": phrase.text,
        "w": rng.choice(("who", "who", "what") if person else ("what",)),
        "is": "are" if phrase.many else "is",
        "was": "were" if phrase.many else "was",
        "c": plural(class_) if phrase.many and class_ else class_,
        "names": "names" if phrase.many else "name",
    }
    return _capital(_FORMATTER.format(text, **fields))


def noun_phrase(step: Step, inner: Phrase, rng: random.Random) -> Phrase:
    """A noun phrase for what a directed relation leads to from what a phrase names."""
    if step.phrases and rng.random() < KNOWN:
        known = [text for text in step.phrases if _takes(text, inner)]
        if known:
            text = rng.choice(known)
            return Phrase(_around(text, inner), _speaks_of_many(text), _shape(text, inner))
    how, ahead = step.said(rng)
    many = rng.random() < (0.35 if step.many is None else 0.75 if step.many else 0.1)
    many = many or (how.form == "noun" and ahead and how.many and step.many is not False)
    words = _Words(how, inner, step, rng, many)
    if how.form == "noun" and ahead:
        table: Sequence[str] = templates.NOUN_OF
        if many and rng.random() < 0.3:
            table = templates.NOUNS_OF
        fitting = [text for text in table if _fits(text, inner, rng)]
        text = rng.choice(fitting)
    else:
        clauses = _clauses(how, ahead)
        fitting = [text for text in clauses if _fits(text, inner, rng)] or [
            text for text in clauses if text.endswith(SLOT)
        ]
        clause = rng.choice(fitting or clauses)
        head = words.head(rng)
        if head == "what":
            clause = re.sub(r"^(?:that|which) ", "", clause)
            if not re.match(r"\{x\}|\{av\}|\{abe\}|\{ahas\}", clause):
                head = "what is"
        text = f"{head} {clause}"
    singular_ = text.startswith(("any {n1}", "every {n1}", "each ", "what "))
    return Phrase(words.fill(text, capital=False), words.many and not singular_, _shape(text, inner))


def checked(step: Step, one: str, other: str, rng: random.Random) -> str:
    """A question whether a relation, read forward, leads from one name to another."""
    how, ahead = step.said(rng)
    subject, target = (
        (one, other) if how.form == "noun" and ahead or how.form != "noun" and not how.turned else (other, one)
    )
    table: Sequence[str]
    if how.form == "noun":
        table = templates.NOUN_CHECKS
    elif how.form == "verb":
        table = (*templates.DEED_CHECKS, *(templates.DEED_PASSIVE_CHECKS if how.passive else ()))
    else:
        table = templates.STATE_CHECKS
    return _Words(how, Phrase(subject), step, rng, False).fill(rng.choice(table), y=target)


def in_common(step: Step, one: str, other: str, rng: random.Random) -> str:
    """A question for what a directed relation leads to from both of two names."""
    how, ahead = step.said(rng)
    if how.form == "noun" and ahead:
        return _Words(how, Phrase(one), step, rng, True).fill(rng.choice(templates.COMMON_NOUN), y=other)
    both = f"both {one} and {other}" if rng.random() < 0.7 else f"{one} as well as {other}"
    return asked(noun_phrase(replace(step, phrases=()), Phrase(both, True), rng), step, rng)


def joined(first: Step, second: Step, one: str, other: str, rng: random.Random) -> str:
    """A question for what two directed relations both lead to, each from a name of its own."""
    full, short = [], []
    class_ = rng.choice(first.classes or second.classes or ("thing",))
    for step, name in ((first, one), (second, other)):
        how, ahead = step.said(rng)
        words = _Words(how, Phrase(name), replace(step, classes=(class_,)), rng, True)
        predicate = _predicates(how, ahead)
        full.append(words.fill(rng.choice(predicate), capital=False) if predicate else "")
        clauses = [text for text in _clauses(how, ahead) if ahead is False or how.form != "noun" or "{n}" not in text]
        if how.form == "noun" and ahead:
            clauses = list(templates.NOUN_OF_THAT)
        short.append(words.fill(rng.choice(clauses), capital=False))
    use_full = all(full) and rng.random() < 0.5
    parts = full if use_full else [short[0], f"and {short[1]}"]
    text = rng.choice(templates.TOGETHER if use_full else templates.TOGETHER_WITH)
    return _capital(_FORMATTER.format(text, one=parts[0], two=parts[1], c=plural(class_)))


def _predicates(how: Saying, ahead: bool) -> Sequence[str]:
    """What is said of that which a relation leads to, as a verb phrase."""
    if how.form == "noun":
        return templates.NOUN_PREDICATES if ahead else templates.WHOSE_PREDICATES
    if how.form == "verb" and ahead:
        return templates.DONE_PREDICATES if how.passive else ()
    if how.form == "verb":
        return templates.DOING_PREDICATES
    return () if ahead else templates.BEING_PREDICATES


def _clauses(how: Saying, ahead: bool) -> Sequence[str]:
    """Patterns that go on after what they speak of."""
    if how.form == "noun":
        return templates.WHOSE
    if how.form == "verb" and ahead:
        return (
            *templates.DONE,
            *(templates.DONE_PASSIVE if how.passive else ()),
            *(templates.DONE_PARTICLE if how.particle else ()),
        )
    if how.form == "verb":
        return (*templates.DOING, *(templates.DOING_PASSIVE if how.passive else ()))
    if ahead:
        return (*templates.BEEN, *(templates.BEEN_PARTICLE if how.particle else ()))
    return templates.BEING


def _questions(how: Saying, ahead: bool, step: Step) -> Sequence[str]:
    """Patterns that ask for what a relation leads to."""
    if how.form == "noun" and ahead:
        attribute = bool(how.noun) and how.noun.split()[-1] in ATTRIBUTES
        if how.noun in ("type", "kind", "sort", "class", "category"):
            return [text for text in templates.NOUN_QUESTIONS if "kind of" not in text]
        if any(kind_of(name) == PERSON for name in step.classes):
            return [text for text in templates.NOUN_QUESTIONS if "kind of" not in text]
        return (*templates.NOUN_QUESTIONS, *(templates.ATTRIBUTE_QUESTIONS * 2 if attribute else ()))
    if how.form == "noun":
        return templates.WHOSE_QUESTIONS
    if how.form == "verb" and ahead:
        return (
            *templates.DONE_QUESTIONS,
            *(templates.DONE_PASSIVE_QUESTIONS if how.passive else ()),
            *(templates.DONE_PARTICLE_QUESTIONS if how.particle else ()),
        )
    if how.form == "verb":
        return (*templates.DOING_QUESTIONS, *(templates.DOING_PASSIVE_QUESTIONS if how.passive else ()))
    if ahead:
        place = how.particle in ("in", "at", "on", "near") and any(kind_of(name) == PLACE for name in step.classes)
        return (
            *templates.BEEN_QUESTIONS,
            *(templates.BEEN_PARTICLE_QUESTIONS if how.particle else ()),
            *(templates.BEEN_PLACE_QUESTIONS if place else ()),
        )
    return templates.BEING_QUESTIONS


def _keywords(step: Step, inner: Phrase, rng: random.Random) -> str:
    """A question in keywords, as one who types it into a search box does."""
    how, ahead = step.said(rng)
    table: Sequence[str]
    if how.form == "noun":
        table = templates.NOUN_KEYWORDS if ahead else templates.WHOSE_KEYWORDS
    elif how.form == "verb":
        table = templates.DONE_KEYWORDS if ahead else templates.DOING_KEYWORDS
        if how.passive:
            table = (*table, *(templates.DONE_PASSIVE_KEYWORDS if ahead else templates.DOING_PASSIVE_KEYWORDS))
    else:
        table = templates.BEEN_KEYWORDS if ahead else templates.BEING_KEYWORDS
    table = [text for text in table if step.classes or "{c}" not in text]
    return _Words(how, inner, step, rng, bool(step.many)).fill(rng.choice(table), capital=False)


def _possessives(steps: Sequence[Step], name: str, rng: random.Random) -> str | None:
    """All relations as nouns in a row: "{x}'s spouse's parents", "the parents of {x}'s spouse", "parents of spouse of {x}"."""
    nouns = []
    for step in steps:
        for _ in range(4):
            how, ahead = step.said(rng)
            if how.form == "noun" and ahead and "{" not in how.noun:
                break
        else:
            return None
        many = bool(step.many) and rng.random() < 0.4 or how.many and step.many is not False and rng.random() < 0.5
        nouns.append((plural(how.noun) if many else how.noun, many))
    if len(steps) == 1 or rng.random() < 0.12:
        words = [noun for noun, _ in nouns]
        if len(steps) == 1 or rng.random() < 0.5:
            return " ".join([name, *words])
        return " of ".join([*words[::-1], name])
    shape = rng.random()
    cut = len(steps) if shape < 0.4 else 0 if shape < 0.6 else rng.randrange(1, len(steps))
    text, several = name, False
    for noun, many in nouns[:cut]:
        text, several = f"{possessive(text, several)} {noun}", many
    article = "the " if rng.random() < 0.75 else ""
    for noun, _ in nouns[cut:]:
        text = f"{article}{noun} of {text}"
    if article and cut < len(steps):
        text = re.sub(r"^(?!the )", "the ", text)
    return asked(Phrase(text, nouns[-1][1], "tail"), steps[-1], rng)


def _sharing(there: Step, back: Step, inner: Phrase, rng: random.Random, last: bool) -> Phrase | str:
    """What has the same at the other end of a relation as what a phrase names: a noun phrase, or a question."""
    how, ahead = there.said(rng)
    deed = how.form == "verb" and not how.turned and not ahead or how.form == "verb" and how.turned and ahead
    noun = how.noun if how.form == "noun" and ahead else rng.choice(there.nouns or there.classes or ("",))
    if not noun:
        return noun_phrase(back, noun_phrase(there, inner, rng), rng)
    words = _Words(replace(how, noun=noun), inner, back, rng, True)
    if not words.class_:
        words.class_ = "one"
    if last and inner.shape == "name" and rng.random() < 0.25:
        return words.fill(rng.choice(templates.SHARED_QUESTIONS))
    table: Sequence[str] = templates.SHARING
    if deed and how.passive and rng.random() < 0.6:
        table = templates.SHARING_DEED
    fitting = [text for text in table if _fits(text, inner, rng)] or [text for text in table if text.endswith(SLOT)]
    text = f"{rng.choice(templates.OTHERS)} {rng.choice(fitting)}"
    return Phrase(words.fill(text, capital=False), True, _shape(text, inner))


class _Words:
    """What is put into patterns about one relation.

    Attributes:
        class_: What sort of thing is asked for, in the singular; empty where that is not known.
        many: Whether several things are asked for.
    """

    def __init__(self, how: Saying, inner: Phrase, step: Step, rng: random.Random, many: bool) -> None:
        self.how, self.inner, self.many, self.rng = how, inner, many, rng
        classes = list(step.classes)
        self.class_ = rng.choice(classes) if classes and rng.random() < 0.85 else ""
        if not self.class_ and how.noun and how.form != "noun" and step.inverse == how.turned:
            self.class_ = how.noun
        if how.form == "noun" and step.inverse == how.turned and not is_counted(how.noun):
            self.many = False
        self.person = bool(classes) and kind_of(classes[0]) == PERSON

    def head(self, rng: random.Random) -> str:
        """What stands before a clause."""
        if self.class_:
            return rng.choice(templates.HEADS_MANY if self.many else templates.HEADS_ONE)
        if self.person:
            return rng.choice(templates.HEADS_PERSON_MANY if self.many else templates.HEADS_PERSON_ONE)
        return rng.choice(templates.HEADS_UNKNOWN_MANY if self.many else templates.HEADS_UNKNOWN_ONE)

    def fill(self, text: str, capital: bool = True, **more: str) -> str:
        """Puts the words into a pattern."""
        if self.person and self.rng.random() < 0.7:
            text = re.sub(r"(\}|one|thing|people|those|person) (?:that|which) (?=\{a)", r"\1 who ", text)
            text = re.sub(r"\b(for|of|by|to|in|with|\{P\}) which (?!\{)", r"\1 whom ", text)
            text = re.sub(r"\b(for|of|by|to|in|with|\{P\}) which (?=\{x\})", r"\1 whom ", text)
        filled = _FORMATTER.format(text, **self._fields(), **more)
        return _capital(filled) if capital else filled

    def _fields(self) -> dict[str, str]:
        how, inner, many = self.how, self.inner, self.many
        past, several = how.past, inner.many
        forms = verb(how.verb) if how.verb else verb("be")
        being = ("were" if past else "are", "was" if past else "is")
        particle = f" {how.particle}" if how.particle else ""
        class_ = (plural(self.class_) if many else self.class_) or ("ones" if many else "one")
        asks_who = self.person and self.rng.random() < 0.7
        if asks_who or not self.class_:
            who = "who" if self.person else "what"
            which, subject_many = who, False
        else:
            which, subject_many = f"{self.rng.choice(('which', 'what'))} {class_}", many
        noun = how.noun or "one"
        return {
            "x": inner.text,
            "xs": possessive(inner.text, inner.many),
            "be": being[0] if several else being[1],
            "do": "did" if past else "do" if several else "does",
            "has": "have" if several else "has",
            "xv": forms.past if past else forms.base if several else forms.third,
            "n": plural(noun) if many else noun,
            "n1": noun,
            "ns": plural(noun),
            "an": with_article(noun),
            "c": class_,
            "cs": plural(self.class_) if self.class_ else "ones",
            "c1": self.class_ or "one",
            "av": forms.past if past else forms.base if many else forms.third,
            "v": forms.past if past else forms.third,
            "abe": being[0] if many else being[1],
            "ahas": "have" if many else "has",
            "its": "their" if many or self.person else "its",
            "vb": forms.base,
            "vd": forms.past,
            "vp": forms.participle,
            "vg": forms.gerund,
            "p": particle,
            "P": how.particle,
            "s": f"{how.state}{particle}".strip(),
            "a": f" {how.state}" if how.state else "",
            "w": "who" if self.person else "what",
            "any": "anybody" if self.person else "anything",
            "what": "who" if self.person else "what",
            "whose": f"which {class_}'s" if self.class_ and not many else "whose",
            "which": f"{which}" if not (which == "who" and subject_many) else "who",
            "whichx": which,
        }


class _Formatter(string.Formatter):
    """Formats with ``c`` as the conversion to a capital at the beginning."""

    def format_field(self, value: object, format_spec: str) -> str:
        return _capital(str(value)) if format_spec == "c" else str(value)


_FORMATTER = _Formatter()


def _capital(text: str) -> str:
    """A text with a capital at its beginning, but for names."""
    return text if text.startswith(("{", "X")) else text[:1].upper() + text[1:]


def _fits(text: str, inner: Phrase, rng: random.Random) -> bool:
    """Whether a pattern stays readable around a phrase."""
    if "{xs}" in text:
        return inner.shape in ("name", "possessive")
    if inner.shape == "name" or text.rstrip("?.").endswith(SLOT):
        return True
    return inner.shape != "clause" and rng.random() < (NESTED if inner.shape == "tail" else 3 * NESTED)


def _around(text: str, inner: Phrase) -> str:
    """A known wording around a phrase."""
    if inner.many and inner.text.endswith("s"):
        text = re.sub(r"\{x\} ?'s", "{x}'", text)
    return text.replace(SLOT, inner.text)


def _takes(text: str, inner: Phrase) -> bool:
    """Whether a known wording stays readable around a phrase."""
    if inner.shape == "name":
        return True
    if "{x}'s" in text or "{x} 's" in text:
        return inner.shape == "possessive"
    return len(text) <= LONGEST_KNOWN and text.count(SLOT) == 1 and text.rstrip("?.").endswith(SLOT)


def _shape(text: str, inner: Phrase) -> str:
    if text.startswith(("{xs}", "{x}'s")):
        return "possessive"
    if text.endswith(SLOT):
        return inner.shape if inner.shape == "clause" else "tail"
    return "clause"


def _speaks_of_many(text: str) -> bool:
    """Whether a known noun phrase is in the plural."""
    words = re.sub(r"^(?:the|all|any|\{x\}'s) ", "", text).split(" of ")[0].split(" that ")[0].split(" who ")[0]
    return bool(words) and not words.startswith(("what", "where", "when", "who")) and is_plural(words.split(" {")[0])


def noun_of(phrase: str) -> str:
    """The noun of a known noun phrase that is nothing but a noun "of {x}": "the symptoms of {x}"; else empty."""
    found = _NOUN_OF.fullmatch(phrase)
    noun = singular(found[1] or found[2]) if found else ""
    return "" if set(noun.split()) & {"and", "who", "what", "that", "as"} else noun


_NOUN_OF = re.compile(r"(?:the |all |every )?((?:[\w-]+ ){0,2}[\w-]+) of \{x\}|\{x\} ?'s ((?:[\w-]+ ){0,2}[\w-]+)")
__all__ = ["DATE", "Phrase", "Step", "composed", "noun_of", "noun_phrase", "question"]
