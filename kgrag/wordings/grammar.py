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
from collections.abc import Sequence
from dataclasses import replace

from kgrag.wordings import patterns, templates
from kgrag.wordings.classes import PERSON, PLACE, kind_of
from kgrag.wordings.english import is_plural, plural, possessive, singular
from kgrag.wordings.filling import SLOT, Phrase, Step, Words, capital, fill, fits, shape_of

KNOWN = 0.4  # chance that known wordings are used where there are any
PLAIN = 0.45  # chance that a question is put by labels alone, as one who asks for much at once does
BACK = 0.75  # chance that a relation followed there and back is put as what is shared
KEYWORDS = 0.12  # chance of a question in keywords
CHAINED = 0.3  # chance that all relations are put as possessives, where they are nouns
DIRECT = 0.5  # chance that the last relation is asked for by a question of its own
LONGEST_KNOWN = 70  # characters of a known question that may go around a phrase


def composed(steps: Sequence[Step], name: str, rng: random.Random) -> str:
    """A question for what directed relations lead to, one after the other: a noun phrase within the other.

    Args:
        steps: The relations.
        name: What the question names.
        rng: Chooses the patterns.
    """
    if rng.random() < PLAIN:
        steps = [replace(step, questions=(), phrases=()) for step in steps]
    if len(steps) > 1 and rng.random() < CHAINED:
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
        words = Words(how, inner, step, rng, step.many if step.many is not None else rng.random() < 0.4)
        fitting = [text for text in patterns.questions(how, ahead, step.classes) if fits(text, inner, rng)]
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
    return capital(fill(text, **fields))


def noun_phrase(step: Step, inner: Phrase, rng: random.Random) -> Phrase:
    """A noun phrase for what a directed relation leads to from what a phrase names."""
    if step.phrases and rng.random() < KNOWN:
        known = [text for text in step.phrases if _takes(text, inner)]
        if known:
            text = rng.choice(known)
            return Phrase(_around(text, inner), _speaks_of_many(text), shape_of(text, inner))
    how, ahead = step.said(rng)
    many = rng.random() < (0.35 if step.many is None else 0.75 if step.many else 0.1)
    many = many or (how.form == "noun" and ahead and how.many and step.many is not False)
    words = Words(how, inner, step, rng, many)
    if how.form == "noun" and ahead:
        table: Sequence[str] = templates.NOUN_OF
        if many and rng.random() < 0.3:
            table = templates.NOUNS_OF
        fitting = [text for text in table if fits(text, inner, rng)]
        text = rng.choice(fitting)
    else:
        clauses = patterns.clauses(how, ahead)
        fitting = [text for text in clauses if fits(text, inner, rng)] or [
            text for text in clauses if text.endswith(SLOT)
        ]
        clause = rng.choice(fitting or clauses)
        head = words.head(rng)
        if head in ("what", "whoever"):
            clause = re.sub(r"^(?:that|which) ", "", clause)
            if not re.match(r"\{x\}|\{av\}|\{abe\}|\{ahas\}", clause):
                head += " is"
        text = f"{head} {clause}"
    singular_ = text.startswith(("any {n1}", "every {n1}", "each ", "what "))
    return Phrase(words.fill(text, begins=False), words.many and not singular_, shape_of(text, inner))


def checked(step: Step, one: str, other: str, rng: random.Random) -> str:
    """A question whether a relation, read forward, leads from one name to another."""
    how, _ = step.said(rng)
    subject, target = (other, one) if how.turned else (one, other)
    return Words(how, Phrase(subject), step, rng, False).fill(rng.choice(patterns.checks(how)), y=target)


def in_common(step: Step, one: str, other: str, rng: random.Random) -> str:
    """A question for what a directed relation leads to from both of two names."""
    how, ahead = step.said(rng)
    if how.form == "noun" and ahead:
        return Words(how, Phrase(one), step, rng, True).fill(rng.choice(templates.COMMON_NOUN), y=other)
    both = f"both {one} and {other}" if rng.random() < 0.7 else f"{one} as well as {other}"
    return asked(noun_phrase(replace(step, phrases=()), Phrase(both, True), rng), step, rng)


def joined(first: Step, second: Step, one: str, other: str, rng: random.Random) -> str:
    """A question for what two directed relations both lead to, each from a name of its own."""
    class_ = rng.choice(first.classes or second.classes or ("thing",))
    said = [(*step.said(rng), step, name) for step, name in ((first, one), (second, other))]
    tables = [patterns.predicates(how, ahead) for how, ahead, _, _ in said]
    whole = all(tables) and rng.random() < 0.5
    if not whole:
        tables = [patterns.clauses(how, ahead) for how, ahead, _, _ in said]
    parts = [
        Words(how, Phrase(name), replace(step, classes=(class_,)), rng, True).fill(rng.choice(table), begins=False)
        for (how, _, step, name), table in zip(said, tables)
    ]
    text = rng.choice(templates.TOGETHER if whole else templates.TOGETHER_WITH)
    return capital(fill(text, one=parts[0], two=parts[1], c=plural(class_)))


def _keywords(step: Step, inner: Phrase, rng: random.Random) -> str:
    """A question in keywords, as one who types it into a search box does."""
    how, ahead = step.said(rng)
    fitting = [text for text in patterns.keywords(how, ahead) if step.classes or "{c}" not in text]
    return Words(how, inner, step, rng, bool(step.many)).fill(rng.choice(fitting), begins=False)


def _possessives(steps: Sequence[Step], name: str, rng: random.Random) -> str | None:
    """All relations as nouns in a row: "{x}'s spouse's parents", "the parents of {x}'s spouse", "parents of spouse of {x}"."""
    nouns = []
    for step in steps:
        for _ in range(4):
            how, ahead = step.said(rng)
            if how.form == "noun" and ahead:
                break
        else:
            return None
        many = bool(step.many) and rng.random() < 0.4 or how.many and step.many is not False and rng.random() < 0.5
        nouns.append((plural(how.noun) if many else how.noun, many))
    if rng.random() < KEYWORDS:
        words = [noun for noun, _ in nouns]
        if rng.random() < 0.5:
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
    noun = how.noun if how.form == "noun" and ahead else rng.choice(there.nouns or there.classes or ("",))
    if not noun:
        return noun_phrase(back, noun_phrase(there, inner, rng), rng)
    words = Words(replace(how, noun=noun), inner, back, rng, True)
    if not words.class_:
        words.class_ = "one"
    if last and inner.shape == "name" and rng.random() < 0.25:
        return words.fill(rng.choice(templates.SHARED_QUESTIONS))
    table: Sequence[str] = templates.SHARING
    if how.passive and not ahead and rng.random() < 0.6:
        table = templates.SHARING_DEED
    fitting = [text for text in table if fits(text, inner, rng)] or [text for text in table if text.endswith(SLOT)]
    text = f"{rng.choice(templates.OTHERS)} {rng.choice(fitting)}"
    return Phrase(words.fill(text, begins=False), True, shape_of(text, inner))


_SEVERAL = {"is": "are", "was": "were", "does": "do", "has": "have"}
_SEVERAL |= {capital(one): capital(several) for one, several in _SEVERAL.items()}


def _around(text: str, inner: Phrase) -> str:
    """A known wording around a phrase."""
    if inner.many:
        text = re.sub(r"\b(is|was|does|has|Is|Was|Does|Has) \{x\}", lambda found: f"{_SEVERAL[found[1]]} {{x}}", text)
        if inner.text.endswith("s"):
            text = re.sub(r"\{x\} ?'s", "{x}'", text)
    return text.replace(SLOT, inner.text)


def _takes(text: str, inner: Phrase) -> bool:
    """Whether a known wording stays readable around a phrase."""
    if inner.shape == "name":
        return True
    if "{x}'s" in text or "{x} 's" in text:
        return inner.shape == "possessive"
    return len(text) <= LONGEST_KNOWN and text.count(SLOT) == 1 and text.rstrip("?.").endswith(SLOT)


def _speaks_of_many(text: str) -> bool:
    """Whether a known noun phrase is in the plural."""
    words = re.sub(r"^(?:the|all|any|\{x\}'s) ", "", text)
    words = re.split(r" (?:of|that|who|which|not|to) ", words)[0]
    return bool(words) and not words.startswith(("what", "where", "when", "who")) and is_plural(words.split(" {")[0])


def noun_of(phrase: str) -> str:
    """The noun of a known noun phrase that is nothing but a noun "of {x}": "the symptoms of {x}"; else empty."""
    found = _NOUN_OF.fullmatch(phrase)
    noun = singular(found[1] or found[2]) if found else ""
    return "" if set(noun.split()) & {"and", "who", "what", "that", "as"} else noun


_NOUN_OF = re.compile(r"(?:the |all |every )?((?:[\w-]+ ){0,2}[\w-]+) of \{x\}|\{x\} ?'s ((?:[\w-]+ ){0,2}[\w-]+)")
