"""The linker as a component of a spaCy pipeline: ``nlp.add_pipe("kgrag_linker")``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from kgrag.errors import ModelError
from kgrag.linking.linker import EntityLinker

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph

NAME = "kgrag_linker"


class LinkerComponent:
    """Sets ``doc.ents`` to what the linker finds; ``ent.kb_id_`` is the node's IRI, empty for an unknown name.

    The whole links, candidates included, are in ``doc._.kgrag_links``.
    """

    def __init__(self, linker: EntityLinker | None = None) -> None:
        self.linker = linker
        if not Doc.has_extension("kgrag_links"):
            Doc.set_extension("kgrag_links", default=())

    def __call__(self, doc: Doc) -> Doc:
        if self.linker is None:
            raise ModelError(
                "The kgrag_linker component has no graph.", "Add it by kgrag.linking.component.add_linker(nlp, graph)."
            )
        links = self.linker.link(doc.text)
        spans: list[Span] = []
        for link in links:
            iri = "" if link.node is None else self.linker.graph.iri(link.node)
            span = doc.char_span(link.mention.start, link.mention.end, "ENTITY", kb_id=iri, alignment_mode="expand")
            if span is not None:
                spans.append(span)
        doc.set_ents(_apart(spans))
        doc._.kgrag_links = tuple(links)
        return doc


def add_linker(nlp: Language, graph: KnowledgeGraph, **where: Any) -> LinkerComponent:
    """Adds a linker over a graph to a spaCy pipeline.

    Args:
        nlp: The pipeline, for instance ``spacy.blank("en")``.
        graph: Whose nodes are named.
        **where: As for ``nlp.add_pipe``: before, after, first, last, name.
    """
    component: Any = nlp.add_pipe(NAME, **where)
    component.linker = EntityLinker(graph)
    return component


@Language.factory(NAME)
def _create(nlp: Language, name: str) -> LinkerComponent:
    return LinkerComponent()


def _apart(spans: list[Span]) -> list[Span]:
    """Leaves out a span that shares a token with the one before: a link may begin or end within a token."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
