"""Whether sources bear out what an answer says: citation precision and recall (ALCE; Gao et al., 2023).

Each sentence with its sources is a claim. Its recall is 1 if its sources together entail it. A source is precise if they do, and
either it entails the claim alone or the others without it do not. Statements are matched with the claim word by word, and
lead by the sources of each thing named to that thing; passages are left to a judge.
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
_ROW = re.compile(r"(.*?)((?:\s*\[\d+\])+)", re.DOTALL)
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
    parts: tuple[
        tuple[str, tuple[Citation, ...]], ...
    ] = ()  # what stands before each row of markers, and what they cite


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
                parts = tuple((words, _cited(row, numbered)) for words, row in _ROW.findall(sentence))
                claims += [*(Claim(text, ()) for text in plain), Claim(_MARKER.sub("", sentence), cited, parts)]
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

    def entailed(claim: Claim, citations: Sequence[Citation]) -> bool:
        rows = [row for _, row in claim.parts if row]
        if not all(any(c in citations for c in row) for row in rows):
            return False  # a part has no source left
        text = claim.text.removeprefix(f"{len(rows)}: ")  # so many parts as it says
        triples, passages = _triples(citations), [c.passage for c in citations if c.passage]
        parts = [(words, _triples([c for c in row if c in citations])) for words, row in claim.parts]
        premise = [*(" ".join(triple.labels) + "." for triple in triples), *(f"{p.title}. {p.text}" for p in passages)]
        return stated(text, triples, topics, parts) or (bool(passages) and judge(" ".join(premise), text))

    recalls, precise = [], []
    for claim in claims:
        recalls.append(entailed(claim, claim.citations))
        for citation in claim.citations:
            others = [other for other in claim.citations if other is not citation]
            precise.append(recalls[-1] and (entailed(claim, [citation]) or not entailed(claim, others)))
    return Support(mean(precise), mean(recalls) or 0.0)


def stated(
    claim: str,
    triples: Sequence[Triple],
    topics: Collection[str],
    parts: Sequence[tuple[str, Sequence[Triple]]] = (),
) -> bool:
    """Whether statements entail a claim: they hold its words, and lead from what the question names to all that it names.

    Of several things that the question names, those count that the claim names as well, where it names any. Which way round a
    relation is said is not seen.

    Args:
        claim: A sentence.
        triples: The statements.
        topics: IRIs of the nodes that the question names.
        parts: Parts of the claim with statements of their own, which must lead to what the part names.
    """
    if not triples or not _content(claim) <= _content(" ".join(label for triple in triples for label in triple.labels)):
        return False
    labels = {end: label for t in triples for end, label in ((t.subject, t.labels[0]), (t.object, t.labels[2]))}
    start = _named(claim, labels) & set(topics) or set(topics)
    if not start & set(labels):
        return False
    return all(_named(words, labels) <= _reached(start, own) for words, own in [(claim, triples), *parts])


def _named(text: str, labels: Mapping[str, str]) -> set[str]:
    """The nodes whose labels stand in a text, and not only within longer ones: a representative of the keeper is no keeper."""
    words, found = f" {' '.join(words_of(text))} ", set()
    said = {end: f" {' '.join(words_of(label))} " for end, label in labels.items()}
    for name in sorted(set(said.values()), key=lambda name: (-len(name), name)):
        if name in words:
            found.add(name)
            while name in words:
                words = words.replace(name, " | ")
    return {end for end, name in said.items() if name in found}


def _reached(start: Collection[str], triples: Sequence[Triple]) -> set[str]:
    """The nodes that statements join to others, directly or by way of others."""
    reached = set(start)
    while new := {end for t in triples for end in (t.subject, t.object) if {t.subject, t.object} & reached} - reached:
        reached |= new
    return reached


def _triples(citations: Sequence[Citation]) -> list[Triple]:
    return [citation.triple for citation in citations if citation.triple]


def _cited(text: str, numbered: Mapping[int, Citation]) -> tuple[Citation, ...]:
    numbers = dict.fromkeys(int(number) for number in _MARKER.findall(text))
    return tuple(numbered[number] for number in numbers if number in numbered)


def _content(text: str) -> set[str]:
    words = words_of(text)
    return {_PLURAL.sub("", word) for word in words if word not in _FRAME} - _FRAME
