"""What a question names, decided by where it leads: of several nodes of one name, and of all that it may be about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from kgrag.choosing import WHOLE, Interpretation, compared
from kgrag.encoding import Found, GraphReader, Reading, joined
from kgrag.encoding.kinds import asked_kind, kind_called, said_kind, said_thing
from kgrag.graph import normalise
from kgrag.judgement import Judgement
from kgrag.linking import EntityLinker
from kgrag.linking.apposition import widened
from kgrag.linking.topics import Topic
from kgrag.measures import LIKELY, Measures
from kgrag.types import Link, Mention
from kgrag.wordings.english import PARTICLES, singular
from kgrag.wordings.labels import is_name

ALIKE, MOST_ALIKE = 0.9, 4  # share of the best score from which a candidate might as well be meant, and how many
MOST_LINKS = 8  # links of a question that may be about something else: each is read anew with each topic
MORE = 0.01  # least share of a topic's name that no name said in full holds already
BESIDE = 0.5  # least share of the name of what is meant beside what is said in full: "for club Arsenal FC" names no Club America
IN_SHORT = 0.9  # certainty of a kind of which only the noun is said
SURE = 0.95  # belief from which the links lead on so surely that hardly anything else is looked at


class Namer:
    """Links questions, and asks the reader where there is a choice.

    Args:
        linker: Finds names.
        reader: Tells where a question leads.
        judgement: Chooses among interpretations.
    """

    def __init__(self, linker: EntityLinker, reader: GraphReader, judgement: Judgement) -> None:
        self.linker, self.reader, self.judgement = linker, reader, judgement

    def name(self, question: str, asks_yes_no: bool = False) -> list[Link]:
        """What a question names, by position."""
        links = self.linked(question)
        if asks_yes_no:  # a no is as sure as the links are, and leads nowhere
            return self._with_kind(question, links)
        links = self._in_other_words(question, links)
        interpretations = self.interpretations(question, links)
        if len(interpretations) < 2:
            return links
        rows = compared(question, interpretations, Measures(self.reader, self.linker.roots))
        return list(interpretations[self.judgement.choose(rows)].links)

    def interpretations(self, question: str, links: Sequence[Link]) -> list[Interpretation]:
        """The links as they are, and other things that the question may be about.

        Where the links lead on surely, those are only things whose whole name is said.
        """
        (as_linked,) = self._led(question, [Interpretation(tuple(links))])
        least = WHOLE if as_linked.belief >= SURE else 0.0
        topics = (
            [topic for topic in self.linker.topics(question) if topic.said >= least] if len(links) <= MOST_LINKS else []
        )
        others = self._led(question, [way for topic in topics for way in _ways(question, links, topic)])
        same = as_linked.believed(LIKELY).tobytes()  # what comes to the same is not worth the name of half a thing
        return [
            as_linked,
            *(
                one
                for one in others
                if one.topic and (one.topic.said >= WHOLE or one.believed(LIKELY).tobytes() != same)
            ),
        ]

    def linked(self, question: str) -> list[Link]:
        """What is named; of several nodes of one name, and of what a text names, that from which the question leads on most surely."""
        links = self.linker.link(question)
        masked = self.linker.mask(question, links)
        for place, link in enumerate(links):
            alike = [node for node, score in link.candidates[:MOST_ALIKE] if score >= ALIKE * link.score]
            alike += [node for one in alike for node in self._named_by(one) if node not in alike]
            if link.node is not None and len(alike) > 1:
                beliefs = [round(reading.top, 2) for reading in self.reader.read_each(masked, alike)]
                links[place] = replace(link, node=alike[int(np.argmax(beliefs))])
        return links

    def _named_by(self, node: int) -> list[int]:
        """What a graph names by a text, in statements like any other: "GDPR" is the abbreviation of something."""
        graph = self.reader.graph
        if not graph.is_literal[node]:
            return []
        edges = self.reader.rows.along(np.array([node]))
        naming = [d for d in np.unique(edges.directed).tolist() if is_name(graph.relation_label(d >> 1))]
        named = np.unique(edges.targets[np.isin(edges.directed, naming)]).tolist()
        return named if len(named) <= MOST_ALIKE else []

    def _with_kind(self, question: str, links: list[Link]) -> list[Link]:
        """The links, and of which kind one thing would be, where that is asked: "Is an AI deployer an operator?", which may be called in short.

        A word that questions are made of, as "child", is a name there as well.
        """
        if len(links) != 1 or links[0].node is None:
            return links
        masked, reader, graph = self.linker.mask(question, links), self.reader, self.reader.graph
        if place := said_thing(masked):
            nodes = [node for node in graph.find(masked[place]) if not graph.is_literal[node]]
            mention = Mention(place.start, place.stop, masked[place])
            return [Link(mention, nodes[0], 1.0, exact=True), *links] if nodes else links
        if said := said_kind(masked):
            (place, is_noun), behind = said, len(question) - len(masked)  # what is masked stands before it
            mention = Mention(place.start + behind, place.stop + behind, masked[place])
            kind = kind_called(graph, reader.phrasebook, reader.rows, links[0].node, mention.text)
            if kind is None:
                kind = min(reader.expectations.classes.full().get(normalise(singular(mention.text)), ()), default=None)
            if kind is not None or is_noun:  # not of "Is X contagious?"
                return [*links, Link(mention, kind, 0.0 if kind is None else IN_SHORT, exact=False)]
        return links

    def _in_other_words(self, question: str, links: list[Link]) -> list[Link]:
        """The links, those that stand for the words before them with as many of these as make most of the question."""
        ways = [Interpretation(tuple(way)) for way in (links, *widened(question, links))]
        if len(ways) < 2:
            return links
        measures, ways = Measures(self.reader, self.linker.roots), self._led(question, ways)
        trust = [self.judgement.logit(measures.of(question, way.links, way.masked, way.found).row) for way in ways]
        return list(ways[int(np.argmax(trust))].links)

    def _led(self, question: str, ways: Iterable[Interpretation]) -> list[Interpretation]:
        """Interpretations, and where each leads; of those that come to the same question the first."""
        reader = self.reader
        distinct: dict[tuple[str, tuple[int, ...]], Interpretation] = {}
        for way in ways:
            starts = tuple(dict.fromkeys(link.node for link in way.links if link.node is not None))
            masked = reader.expectations.plainly(self.linker.mask(question, way.links))
            distinct.setdefault((masked, starts), way)
        readings = reader.read_all(list(distinct))

        def led(masked: str, starts: tuple[int, ...], way: Interpretation, read: Sequence[Reading]) -> Found | None:
            topics = [link.node for link in way.links if link.node is not None]
            return (
                joined(reader, read, starts, reader.rows, kind=asked_kind(reader.graph, masked, topics))
                if starts
                else None
            )

        return [
            way._replace(masked=masked, found=led(masked, starts, way, read))
            for ((masked, starts), way), read in zip(distinct.items(), readings)
        ]


def _ways(question: str, links: Sequence[Link], topic: Topic) -> Iterator[Interpretation]:
    """Ways to link a question that is about a topic: by all of its words or the most telling, with and without what else may be named.

    What is named in full stays, and so does what looks like a name and is none of the graph's, unless the topic's name holds it
    all; and who names one sickness in full does not mean another one, nor what shares a few words with a long name.
    """
    full = [link.mention for link in links if link.node is not None and link.exact]
    if any(link.exact and link.node == topic.node for link in links):
        return
    if any(_is_torn(mention, topic) for mention in full):
        return
    new = sum(share for at, _, share in topic.words if not any(one.start <= at < one.end for one in full))
    if new < MORE or (full and new == topic.said < BESIDE):
        return
    for start, end in topic.places:
        held = [link for link in links if link.mention.start < end and start < link.mention.end]
        if any(link.node is None and (link.mention.start < start or end < link.mention.end) for link in held):
            continue
        if topic.said < WHOLE and any(link.exact and " " in link.mention.text for link in held):
            continue
        start = min([start, *(link.mention.start for link in held)])
        end = max([end, *(link.mention.end for link in held)])
        mention = Mention(start, end, question[start:end])
        own = Link(mention, topic.node, topic.said, exact=False)
        rest = [link for link in links if link.mention.end <= start or end <= link.mention.start]
        sure = [link for link in rest if link.node is None or link.exact]
        for others in (rest, sure) if len(sure) < len(rest) else (rest,):
            named = tuple(sorted([*others, own], key=lambda link: link.mention.start))
            yield Interpretation(named, topic=topic)


def _is_torn(mention: Mention, topic: Topic) -> bool:
    """Whether a topic shares some of the words of a long mention, but no more than half: of "European Data Protection Board"."""
    words = [word for word in mention.text.split() if word.lower() not in PARTICLES]
    shared = sum(mention.start <= start < mention.end for start, _, _ in topic.words)
    return len(words) > 2 and 0 < shared <= len(words) / 2
