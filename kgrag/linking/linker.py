"""Entity linking by the longest exact alias."""

from __future__ import annotations

from collections.abc import Sequence

import spacy

from kgrag.config import LinkingConfig
from kgrag.graph import KnowledgeGraph, normalise
from kgrag.types import Link, Mention


class EntityLinker:
    """Links mentions by the longest exact alias over spaCy's tokens."""

    def __init__(self, graph: KnowledgeGraph, config: LinkingConfig | None = None) -> None:
        self.graph, self.config = graph, config or LinkingConfig()
        self.nlp = spacy.blank("en")
        self.aliases: dict[str, list[int]] = {}
        self.version = -1

    def link(self, text: str) -> list[Link]:
        """Links of a text, by position."""
        if self.version != self.graph.version:
            self.aliases = {}
            for alias, node in self.graph.aliases():
                if len(alias) <= 60:
                    self.aliases.setdefault(normalise(alias), []).append(node)
            self.version = self.graph.version
        tokens = self.nlp.make_doc(text)
        links, at = [], 0
        while at < len(tokens):
            for end in range(min(len(tokens), at + 10), at, -1):
                span = tokens[at:end]
                nodes = self.aliases.get(normalise(span.text))
                if nodes and not (len(span) == 1 and span[0].is_stop):
                    links.append(Link(Mention(span.start_char, span.end_char, span.text), min(nodes), 1.0))
                    at = end
                    break
            else:
                at += 1
        return links

    def mask(self, text: str, links: Sequence[Link], placeholder: str = "X") -> str:
        """The text with each linked mention replaced by the placeholder."""
        for link in sorted(links, key=lambda link: -link.mention.start):
            text = text[: link.mention.start] + placeholder + text[link.mention.end :]
        return text
