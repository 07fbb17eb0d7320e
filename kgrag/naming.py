"""What a question names, decided by where it leads: of several nodes of one name, and of a name and a longer one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrag.encoding import GraphReader
from kgrag.linking import EntityLinker
from kgrag.types import Link

ALIKE, MOST_ALIKE = 0.9, 4  # share of the best score from which a candidate might as well be meant, and how many
LONGER = 3  # longer names that are read, those nearest to the question
SURE = 0.5  # least belief in what a longer name leads to
ANSWERED = 0.1  # belief from which a longer name is rather the answer
NEAR, DOUBTED = 0.5, 0.25  # least likeness of question and longer name, and how much more if the links lead on surely


class Namer:
    """Links questions, and asks the reader where there is a choice.

    Args:
        linker: Finds names.
        reader: Tells where a question leads.
    """

    def __init__(self, linker: EntityLinker, reader: GraphReader) -> None:
        self.linker, self.reader = linker, reader

    def name(self, question: str) -> list[Link]:
        """What a question names, by position."""
        links = self.linker.link(question)
        masked = self.linker.mask(question, links)
        for place, link in enumerate(links):
            alike = [node for node, score in link.candidates[:MOST_ALIKE] if score >= ALIKE * link.score]
            if link.node is not None and len(alike) > 1:
                beliefs = [round(reading.top, 2) for reading in self.reader.read_each(masked, alike)]
                links[place] = replace(link, node=alike[int(np.argmax(beliefs))])
        return self._with_longer(question, links)

    def _with_longer(self, question: str, links: list[Link]) -> list[Link]:
        """Takes a longer name whose words stand all over the question, where that is like it and leads on more surely."""
        longer = self.linker.longer(question, links)
        if not longer:
            return links
        graph, encode = self.reader.graph, self.reader.encoder.encode
        nodes = [one.link.node for one in longer if one.link.node is not None]
        near = encode([graph.label(node) for node in nodes]) @ encode([question])[0]
        linked = [link.node for link in links if link.node is not None]
        readings = self.reader.read_each(self.linker.mask(question, links), linked) if linked else []
        before = max((reading.top for reading in readings), default=0.0)
        answers = [reading.believed(np.array(nodes)) >= ANSWERED for reading in readings]
        for place in np.argsort(-near, kind="stable")[:LONGER].tolist():
            if near[place] < NEAR + DOUBTED * before:
                break
            if any(is_answer[place] for is_answer in answers):  # "the soil of moss" may be called "soil moss"
                continue
            link, within, rest = longer[place]  # what stands between the words of a name may be what is asked
            ways = [link, replace(link, mention=within)]
            masked = [self.linker.mask(question, [way]) for way in ways]
            led = [reading.top for reading in self.reader.read(masked, [[nodes[place]]] * len(ways))]
            if max(led) >= SURE:
                return sorted([*rest, ways[int(np.argmax(led))]], key=lambda one: one.mention.start)
        return links
