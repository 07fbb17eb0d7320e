"""From the words that a language model wrote back to the items of the evidence. What cannot be mapped is not said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kgrag.fusion import ANSWERS, EvidenceItems, Role
from kgrag.generation.draft import Draft, Prompt
from kgrag.generation.printer import verb_phrase
from kgrag.generation.sentences import FRAME, RELATIONS
from kgrag.generation.verbalising import BACK, FORTH, UNKNOWN, Source, one_line

MOST_TOLD = 2  # sentences that are quoted at most
NOTHING_FOUND = "the language model finds no answer in the evidence"
NOTHING_NAMED = "the language model named nothing that the evidence holds"
_NUMBERS = re.compile(r"\[\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*\]")
_FRAME = frozenset(FRAME) - {"yes", "no"}
_PATH = re.compile(rf"({re.escape(FORTH)}|{re.escape(BACK)})")
_WORDS = re.compile(r"\w+|[^\w\s]")
_REFUSAL = re.compile(rf"\W*(?:{UNKNOWN}|i (?:do not|don't|cannot|can't) (?:know|answer|say))\b", re.IGNORECASE)


def draft_of(text: str, prompt: Prompt, sources: Sequence[Source]) -> Draft:
    """What a text says, in items and words.

    Answers are the items whose names stand in the text, and those that a source whose number stands in it leads to. Its own
    wording is kept only where it is made of items and of the words of answer sentences, so that it names nothing else.

    Args:
        text: What was written.
        prompt: What it answers.
        sources: What the numbers stand for, from 1 on.
    """
    gates = _gates(prompt, sources)
    text = one_line_each(text)
    cited = [n for found in _NUMBERS.finditer(text) for n in map(int, re.split(r"[,;]", found[1]))]
    numbered = [item for n in cited if 0 < n <= len(sources) for item in sources[n - 1].items]
    plain = "\n".join(_PATH.split(line)[-1] for line in _NUMBERS.sub(" ", text).splitlines())
    pieces = list(_mapped(plain, prompt.items))
    named = [piece for piece in pieces if isinstance(piece, int)]
    roles = prompt.items.roles
    answers = tuple(dict.fromkeys(item for item in [*named, *numbered] if roles[item] in ANSWERS))
    told = tuple(dict.fromkeys(item for item in [*named, *numbered] if roles[item] is Role.SENTENCE))
    if answers:
        is_sentence = pieces[-1:] == ["."] and all(isinstance(piece, int) or piece in _FRAME for piece in pieces)
        worded = is_sentence and set(answers) <= set(named)
        return Draft(tuple(pieces) if worded else (), answers, 1.0, False, gates)
    if told:
        return Draft(told[:MOST_TOLD], (), 1.0, False, gates)
    return Draft((), (), 1.0, True, gates, reason=NOTHING_FOUND if _REFUSAL.match(text) else NOTHING_NAMED)


def draft_of_verdict(prompt: Prompt) -> Draft:
    """Yes or no as the reasoner found it, with the statement that says so; no language model is asked."""
    items = prompt.items
    if prompt.verdict < 0:
        return Draft(("no .",), (), 1.0, False, (1.0, 0.0))
    said = [*items.where(Role.TRIPLE), *items.where(*ANSWERS)][:1]
    return Draft(("yes :", *said, "."), (), 1.0, not said, (1.0, 0.0))


def one_line_each(text: str) -> str:
    """The lines of a text that hold anything, with single spaces."""
    return "\n".join(filter(None, map(one_line, text.splitlines())))


def _mapped(text: str, items: EvidenceItems) -> Iterator[str | int]:
    """Items where their names stand, the longest first, and the words between them."""
    names: dict[str, int] = {}
    for role in (*ANSWERS, Role.TOPIC, Role.BRIDGE, Role.SENTENCE, *RELATIONS):  # of equal names, the first counts
        for item in items.where(role):
            label = one_line(items.texts[item])
            forms = (label, verb_phrase(label, False), verb_phrase(label, True)) if role in RELATIONS else (label,)
            for form in forms:
                names.setdefault(form.casefold(), item)
    names.pop("", None)
    longest = sorted(names, key=lambda name: -len(name))
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest)
    at, folded = 0, one_line(text).casefold()
    for found in re.finditer(pattern, folded) if pattern else ():
        yield from _WORDS.findall(folded[at : found.start()])
        yield names[found[0]]
        at = found.end()
    yield from _WORDS.findall(folded[at:])


def _gates(prompt: Prompt, sources: Sequence[Source]) -> tuple[float, float]:
    """Share of statements and of sentences among the sources that were read."""
    told = sum(any(prompt.items.roles[item] is Role.SENTENCE for item in source.items) for source in sources)
    share = told / max(len(sources), 1)
    return 1 - share, share
