"""The linker as a component of a spaCy pipeline: ``nlp.add_pipe("kgrag_linker", config={"graph": "my.ttl"})``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span

from kgrag.config import LinkingConfig
from kgrag.errors import ModelError, SavedFolderError
from kgrag.graph import KnowledgeGraph
from kgrag.graph.remote import RemoteGraph
from kgrag.linking.linker import EntityLinker
from kgrag.persistence import MANIFEST
from kgrag.types import Link

NAME = "kgrag_linker"
LABEL = "ENTITY"  # of what no earlier component has labelled
_GRAPH = "graph"
_FILE = re.compile(r"[a-z][a-z.]{0,60}")
_MANY = "xx"  # what spaCy calls a pipeline for any language

for _name, _default in {"kgrag_score": 0.0, "kgrag_candidates": ()}.items():
    if not Span.has_extension(_name):
        Span.set_extension(_name, default=_default)


class LinkerComponent:
    """Sets ``doc.ents`` to what the linker finds; ``ent.kb_id_`` is the node's IRI, empty for what names nothing.

    ``ent._.kgrag_score`` is the score of the node, ``ent._.kgrag_candidates`` are pairs of IRI and score, best first. An
    entity of an earlier component keeps its label where a link is the same span, gives way to one that overlaps, and else
    stays. Pipelines are saved with the graph, and loaded with it.

    Args:
        graph: Path of the graph: an RDF file, a folder of them, or a saved graph. It is read when the first text comes,
            unless another graph is there by then.
        config: Of the linker.
    """

    def __init__(self, graph: str | None = None, config: LinkingConfig | None = None) -> None:
        self._path, self._config = graph, config or LinkingConfig()
        self._linker: EntityLinker | None = None

    @property
    def linker(self) -> EntityLinker:
        """Finds the names.

        Raises:
            KgragError: There is no graph, or it cannot be read.
        """
        if self._linker is None:
            if self._path is None:
                raise ModelError(
                    f"The component {NAME} has no graph.",
                    f'Give it one: nlp.add_pipe("{NAME}", config={{"graph": PATH}}).',
                )
            self.set_graph(_open(self._path, self._config.language))
        assert self._linker is not None
        return self._linker

    def set_graph(self, graph: KnowledgeGraph) -> None:
        """Links to the nodes of a graph from now on."""
        self._linker = EntityLinker(graph, self._config)

    def __call__(self, doc: Doc) -> Doc:
        """Links a text.

        Raises:
            KgragError: There is no graph, or it cannot be read.
        """
        earlier = {(entity.start, entity.end): entity for entity in doc.ents}
        held = {token for place in earlier for token in range(*place)}
        spans: list[Span] = []
        taken: set[int] = set()  # tokens
        for link in self.linker.link(doc.text):
            place = doc.char_span(link.mention.start, link.mention.end, alignment_mode="expand")
            if place is None:
                continue
            tokens = range(place.start, place.end)
            if not taken.isdisjoint(tokens) or (link.node is None and not held.isdisjoint(tokens)):
                continue  # part of a token that holds another link, or an unknown name where something is known
            taken.update(tokens)
            spans.append(self._span(link, place, earlier.get((place.start, place.end))))
        kept = [entity for place, entity in earlier.items() if taken.isdisjoint(range(*place))]
        doc.set_ents([*kept, *spans])
        return doc

    def _span(self, link: Link, place: Span, same: Span | None) -> Span:
        """A link as spaCy has it, with the label and id of an earlier entity that is the same span."""
        iris = {node: self.linker.graph.iri(node) for node, _ in link.candidates}
        span = Span(
            place.doc,
            place.start,
            place.end,
            label=LABEL if same is None else same.label,
            kb_id="" if link.node is None else iris[link.node],
            span_id=0 if same is None else same.id,
        )
        span._.kgrag_score = float(link.score)
        span._.kgrag_candidates = tuple((iris[node], float(score)) for node, score in link.candidates)
        return span

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Saves the graph; it does not live there from then on.

        Raises:
            KgragError: There is no graph, or it is one that cannot be saved.
        """
        graph = self.linker.graph
        if not isinstance(graph, RemoteGraph):  # of which only a part is here: its own method says so
            graph = graph.copy()
        graph.save(Path(path) / _GRAPH)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> LinkerComponent:
        """Takes the graph that was saved.

        Raises:
            SavedFolderError: It is missing, or was changed.
        """
        self.set_graph(KnowledgeGraph.load(Path(path) / _GRAPH).copy())
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """What `to_disk` saves, as bytes."""
        with TemporaryDirectory() as folder:
            self.to_disk(folder)
            return srsly.msgpack_dumps({file.name: file.read_bytes() for file in (Path(folder) / _GRAPH).iterdir()})

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> LinkerComponent:
        """Takes the graph that `to_bytes` gave.

        Raises:
            SavedFolderError: It is something else, or was changed.
        """
        with TemporaryDirectory() as folder:
            graph = Path(folder) / _GRAPH
            graph.mkdir()
            for name, content in _files(data).items():
                (graph / name).write_bytes(content)
            return self.from_disk(folder)


def add_linker(nlp: Language, graph: KnowledgeGraph, **where: Any) -> LinkerComponent:
    """Adds a linker over a graph that is there already to a spaCy pipeline.

    Args:
        nlp: The pipeline, for instance ``spacy.blank("en")``.
        graph: Whose nodes are named.
        **where: As for ``nlp.add_pipe``: before, after, first, last, name, config.
    """
    component: Any = nlp.add_pipe(NAME, **where)
    component.set_graph(graph)
    return component


@Language.factory(
    NAME,
    default_config={"graph": None, "threshold": LinkingConfig.threshold},
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "token.ent_kb_id"],
)
def create(nlp: Language, name: str, graph: str | None, threshold: float) -> LinkerComponent:
    """Makes the component; texts are of the language of the pipeline.

    Args:
        nlp: The pipeline.
        name: Of the component.
        graph: As of `LinkerComponent`.
        threshold: As of `LinkingConfig`.
    """
    return LinkerComponent(graph, LinkingConfig(threshold, language=None if nlp.lang == _MANY else nlp.lang))


def _open(path: str, language: str | None) -> KnowledgeGraph:
    if (Path(path) / MANIFEST).is_file():
        return KnowledgeGraph.load(path)
    return KnowledgeGraph.from_rdf(path) if language is None else KnowledgeGraph.from_rdf(path, language=language)


def _files(data: bytes) -> dict[str, bytes]:
    """What `to_bytes` packed: files by name."""
    try:
        files = srsly.msgpack_loads(data)
    except (ValueError, TypeError) as error:
        raise SavedFolderError(f"The bytes hold no {NAME}: {error}.", "Give what to_bytes gave.") from error
    if not isinstance(files, dict) or not all(
        isinstance(name, str) and _FILE.fullmatch(name) and isinstance(content, bytes)
        for name, content in files.items()
    ):
        raise SavedFolderError(f"The bytes hold no {NAME}.", "Give what to_bytes gave.")
    return files
