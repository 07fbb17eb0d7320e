"""Whether sources bear out what an answer says: citation precision and recall (ALCE; Gao et al., 2023).

Each sentence with its sources is a claim. Its recall is 1 if its sources together entail it. A source is precise if they do, and
either it entails the claim alone or the others without it do not. Statements are matched with the claim word by word; passages
are left to a judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from kgrag.evaluation.metrics import mean
from kgrag.evaluation.texts import words_of
from kgrag.sentences import sentence_spans
from kgrag.types import Answer, Citation, Triple

Judge = Callable[[str, str], bool]  # whether the first text, of the sources, entails the second, the claim
ENOUGH = 0.75  # share of the words of a claim that a passage must hold for `holds_the_words`
_MARKER = re.compile(r"\s*\[(\d+)\]")
_BEHIND = re.compile(
    r"(.+?)(?:(?<=[.!?])((?:\s*\[\d+\])+)|\n$)", re.DOTALL
)  # a part, and the markers behind its last sentence
_PLURAL = re.compile(r"(?:(?<=sh)|(?<=ch)|(?<=x))es$|(?<=[^s])s$")
_SAYS_NOTHING = (  # that a source would have to hold
    "a an the is are was were be been has have had do does did and or of in on at to by with for from as through than that "
    "this these which it its not no yes only say graph statement so there"
)
_FRAME = frozenset(_SAYS_NOTHING.split())


class Claim(NamedTuple):
    """A sentence of an answer, without its markers, and the sources that it gives."""

    text: str
    citations: tuple[Citation, ...]


class Support(NamedTuple):
    """Citation precision, None where nothing is cited, and recall of an answer."""

    precision: float | None
    recall: float


def claims_of(answer: Answer) -> list[Claim]:
    """The sentences that say something.

    Markers inside a sentence are its own; those behind its full stop are also of the sentences before it that have none.
    """
    numbered = {citation.number: citation for citation in answer.citations}
    claims: list[Claim] = []
    for part, behind in _BEHIND.findall(answer.text + "\n"):
        plain: list[str] = []  # sentences without a marker
        for sentence in (part[start:end] for start, end in sentence_spans(part)):
            if cited := _cited(sentence, numbered):
                claims += [*(Claim(text, ()) for text in plain), Claim(_MARKER.sub("", sentence), cited)]
                plain = []
            else:
                plain.append(sentence)
        together = _cited(behind, numbered)
        claims += [Claim(" ".join(plain), together)] if together else [Claim(text, ()) for text in plain]
    return [claim for claim in claims if _content(claim.text)]


def holds_the_words(premise: str, claim: str) -> bool:
    """Whether most words of a claim are in the sources: a cheap judge, which knows neither negation nor paraphrase."""
    wanted = _content(claim)
    return len(wanted & _content(premise)) >= ENOUGH * len(wanted)


def support(answer: Answer, topics: Collection[str], judge: Judge = holds_the_words) -> Support | None:
    """Citation precision and recall of an answer, each a mean over its sources and its claims.

    Args:
        answer: The answer.
        topics: IRIs of the nodes that the question names.
        judge: Decides for claims that cite passages; a model of natural language inference can stand here.

    Returns:
        None where nothing is claimed: for a refusal, and for a "no" because the graph has no such statement.
    """
    claims = claims_of(answer)
    if answer.abstained or not claims or (answer.verdict == "no" and not answer.citations):
        return None

    def entailed(text: str, citations: Sequence[Citation]) -> bool:
        triples = [c.triple for c in citations if c.triple]
        passages = [c.passage for c in citations if c.passage]
        premise = [*(" ".join(triple.labels) + "." for triple in triples), *(f"{p.title}. {p.text}" for p in passages)]
        return stated(text, triples, topics) or (bool(passages) and judge(" ".join(premise), text))

    recalls, precise = [], []
    for text, citations in claims:
        recalls.append(entailed(text, citations))
        for at, citation in enumerate(citations):
            others = citations[:at] + citations[at + 1 :]
            precise.append(recalls[-1] and (entailed(text, [citation]) or not entailed(text, others)))
    return Support(mean(precise), mean(recalls) or 0.0)


def stated(claim: str, triples: Sequence[Triple], topics: Collection[str]) -> bool:
    """Whether statements entail a claim: they hold its words, and lead from what the question names to all that it names.

    Of several things that the question names, those count that the claim names as well, where it names any. Which way round a
    relation is said is not seen.

    Args:
        claim: A sentence.
        triples: The statements.
        topics: IRIs of the nodes that the question names.
    """
    if not triples or not _content(claim) <= _content(" ".join(label for triple in triples for label in triple.labels)):
        return False
    text = " ".join(words_of(claim))
    labels = {end: label for t in triples for end, label in ((t.subject, t.labels[0]), (t.object, t.labels[2]))}
    said = {end for end, label in labels.items() if f" {' '.join(words_of(label))} " in f" {text} "}
    reached = said & set(topics) or set(topics)
    while new := {end for t in triples for end in (t.subject, t.object) if {t.subject, t.object} & reached} - reached:
        reached |= new
    return said <= reached and any({t.subject, t.object} & reached for t in triples)


def _cited(text: str, numbered: Mapping[int, Citation]) -> tuple[Citation, ...]:
    numbers = dict.fromkeys(int(number) for number in _MARKER.findall(text))
    return tuple(numbered[number] for number in numbers if number in numbered)


def _content(text: str) -> set[str]:
    words = words_of(text)
    return {_PLURAL.sub("", word) for word in words if word not in _FRAME} - _FRAME
