"""KGRAG: the journey from a question to an answer with its sources. Read `ask` first."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.composer import compose
from kgrag.config import Config
from kgrag.encoding import Findings, GraphReader, Reasoner, reason
from kgrag.encoding.reader import load_reasoner, save_reasoner
from kgrag.errors import ModelError, QuestionError
from kgrag.fusion.items import best_sentences
from kgrag.generation import Generator
from kgrag.graph import KnowledgeGraph, readable
from kgrag.graph.directed import DirectedRows
from kgrag.linking import EntityLinker
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.resources import data_folder
from kgrag.retrieval import EncodedLabels, PassageIndex, SubgraphRetriever, TripleScorer, retriever_named
from kgrag.types import Answer, Evidence, Link, Question, Subgraph, TextEncoder
from kgrag.verification import Thought, Verifier, refusal

if TYPE_CHECKING:
    from kgrag.evaluation import Report

_YES_NO = re.compile(  # a clause that begins with an auxiliary, and asks for nothing
    r"(?:^|[.!?:;,]\s+|\s[-\u2013\u2014]\s+|\band\s+)\W*"
    r"(?:is|are|was|were|do|does|did|can|could|may|might|has|have|had|will|would|should|must)\b"
    r"(?!\s+(?:you|we|anyone|someone|somebody)\s+(?:please\s+)?"
    r"(?:list|tell|name|give|show|explain|describe|say|identify|enumerate|provide|summari[sz]e|recommend)\b)"
    r"(?!.*\b(?:what|which|who|whom|whose|where|when|how)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ASKS = re.compile(r"^\W*(?:what|which|who|whom|whose|where|when|why|how)\b", re.IGNORECASE)
ALIKE, MOST_ALIKE = 0.9, 4  # share of the best score from which a candidate might as well be meant, and how many
DISCLAIMER = {"medical": "For information only: not medical advice, and no substitute for a clinician."}


class KGRAG:
    """Answers questions from a graph and, where there are any, passages.

    Args:
        graph: The knowledge graph.
        passages: Documents to read beside it.
        linker: Maps mentions to nodes; `EntityLinker` over the graph where not given.
        retriever: Takes sub-graphs for questions to be followed in, or the name of a way to do so; questions are followed in the
            whole graph where not given.
        reasoner: Graph neural network; the shipped one where not given.
        generator: A `Generator`, or a folder that holds one; the shipped one where not given.
        encoder: Text encoder; the packaged MiniLM where not given.
        config: Settings of all stages.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        passages: PassageIndex | None = None,
        *,
        linker: EntityLinker | None = None,
        retriever: SubgraphRetriever | str | None = None,
        reasoner: Reasoner | None = None,
        generator: Generator | str | Path | None = None,
        encoder: TextEncoder | None = None,
        config: Config | None = None,
    ) -> None:
        from kgrag.encoder import default_encoder

        self.config = config or Config()
        self.graph = readable(graph)
        self.encoder: TextEncoder = encoder or default_encoder()
        self.linker = linker or EntityLinker(self.graph, self.config.linking)
        self.retriever = retriever_named(retriever) if isinstance(retriever, str) else retriever
        self._retriever_name = retriever if isinstance(retriever, str) else None
        self.labels = EncodedLabels(self.graph, self.encoder)
        self.passages = passages if passages is not None else PassageIndex.from_passages([])
        self.passages.build(self.encoder)
        shipped = data_folder() / "models" / "default"
        self.reader = GraphReader(self.graph, reasoner or load_reasoner(shipped), self.encoder)
        if isinstance(generator, (str, Path)) and not (Path(generator) / "generator.json").is_file():
            raise ModelError(
                f"There is no generator at {generator}.", "Give a folder that holds generator.json, or leave it out."
            )
        self.generator = generator if isinstance(generator, Generator) else Generator.load(Path(generator or shipped))
        self.disclaimer = ""

    @classmethod
    def build(cls, graph: KnowledgeGraph, passages: PassageIndex | None = None, **parts: Any) -> KGRAG:
        """A working system from an unlabelled graph: the reasoner is trained on questions made from the graph.

        Args:
            graph: The knowledge graph.
            passages: Documents to read beside it.
            **parts: As for `KGRAG`; a reasoner is trained in place.
        """
        from kgrag.training.zero_label import fit_to_graph

        rag = cls(graph, passages, **parts)
        fit_to_graph(rag, seed=rag.config.seed)
        return rag

    @classmethod
    def demo(cls, name: str = "medical") -> KGRAG:
        """The shipped graph, passages and model of a domain.

        Raises:
            ModelError: There is no such domain.
        """
        folder = data_folder() / name
        if not (folder / "graph.ttl").is_file():
            raise ModelError(f"There is no demo called {name!r}.", "There is: medical.")
        graph = KnowledgeGraph.from_rdf(folder / "graph.ttl")
        rag = cls(graph, PassageIndex.from_jsonl(folder / "passages.jsonl"))  # the shipped models know this graph
        rag.disclaimer = DISCLAIMER.get(name, "")
        return rag

    def ask(self, question: str) -> Answer:
        """Answers a question.

        Raises:
            QuestionError: The question is empty or longer than the limit.
        """
        return self.ask_many([question])[0]

    def ask_many(self, questions: Sequence[str]) -> list[Answer]:
        """Answers several questions; each as `ask` would."""
        started = time.perf_counter()
        for question in questions:
            self._check(question)
        links = [self._link(question) for question in questions]
        answers = [refusal(q, found, "nothing in it names anything in the graph") for q, found in zip(questions, links)]
        open_ = [i for i, found in enumerate(links) if any(link.node is not None for link in found)]
        for i in list(open_):
            unknown = [link.mention.text for link in links[i] if link.node is None]
            if unknown and asks_yes_no(questions[i]):  # nothing can be said for or against what is not known
                answers[i] = refusal(questions[i], links[i], f"it does not know {unknown[0]!r}")
                open_.remove(i)
        verifier = Verifier(self.graph, self.passages, self.reader, self.config.generation.threshold)
        for wider in (False, True):
            thoughts = [self._think(questions[i], links[i], wider) for i in open_]
            drafts = self.generator.write([one.composition.prompt for one, _ in thoughts], self.config.generation)
            for i, (thought, _), draft in zip(open_, thoughts, drafts):
                answers[i] = verifier.verify(thought, draft)
            open_ = [i for i, (_, more) in zip(open_, thoughts) if more and answers[i].abstained]
        seconds = (time.perf_counter() - started) / max(len(questions), 1)
        return [replace(answer, seconds=seconds) for answer in answers]

    def retrieve(self, question: str) -> Evidence:
        """The evidence for a question, without an answer."""
        self._check(question)
        links, started = self._link(question), time.perf_counter()
        subgraph = self._reason(question, links)[0].subgraph
        return self._gather(question, links, subgraph, time.perf_counter() - started)

    def evaluate(self, questions: Iterable[Question]) -> Report:
        """Measures every stage and the whole on questions with gold answers."""
        from kgrag.evaluation import evaluate

        return evaluate(self, list(questions))

    def train(self, questions: Sequence[Question], valid: Sequence[Question] = (), **options: Any) -> KGRAG:
        """Trains on labelled questions; returns this system, improved."""
        from kgrag.training.labelled import train

        train(self, list(questions), list(valid), **options)
        return self

    def save(self, folder: str | Path) -> None:
        """Writes the system into a folder, all or nothing."""

        def write(target: Path) -> None:
            self.graph.save(target / "graph")
            self.passages.save(target / "passages")
            save_reasoner(self.reader.reasoner, target / "models")
            self.generator.save(target / "models")
            if isinstance(self.retriever, TripleScorer):
                self.retriever.save(target / "models")
            settings = {
                "config": _as_json(self.config),
                "disclaimer": self.disclaimer,
                "encoder": self.encoder.name,
                "retriever": self._retriever_name,
            }
            write_json(target / "kgrag.json", settings)

        write_folder(Path(folder), write, kind="kgrag")

    @classmethod
    def load(cls, folder: str | Path, encoder: TextEncoder | None = None) -> KGRAG:
        """Reads a saved system back.

        Raises:
            SavedFolderError: The folder is incomplete, was changed, or holds what may not be loaded.
        """
        folder = Path(folder)
        models = folder / "models"
        read_folder(folder, kind="kgrag")
        settings = read_json(folder / "kgrag.json")
        rag = cls(
            KnowledgeGraph.load(folder / "graph"),
            PassageIndex.load(folder / "passages"),
            retriever=TripleScorer.load(models) if TripleScorer.is_in(models) else settings["retriever"],
            reasoner=load_reasoner(models),
            generator=models,
            encoder=encoder,
            config=_from_json(settings["config"]),
        )
        rag.disclaimer = settings["disclaimer"]
        return rag

    # the stages, in the order of the journey

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionError("The question is empty.", "Ask about something that the graph names.")
        try:
            question.encode()
        except UnicodeEncodeError as error:
            raise QuestionError(
                "The question is not valid Unicode text.", "Remove the lone surrogates from it."
            ) from error
        limit = self.config.limits.question_chars
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters; at most {limit:,} are read.", "Shorten it."
            )

    def _link(self, question: str) -> list[Link]:
        """Links the question; of several nodes with the same name, takes the one from which the question leads on."""
        links = self.linker.link(question)
        masked = self.linker.mask(question, links)
        for place, link in enumerate(links):
            alike = [node for node, score in link.candidates[:MOST_ALIKE] if score >= ALIKE * link.score]
            if link.node is None or len(alike) < 2:
                continue
            readings = self.reader.read([masked] * len(alike), [[node] for node in alike])
            beliefs = [round(float(reading.beliefs[1].max(initial=0.0)), 2) for reading in readings]
            links[place] = replace(link, node=alike[int(np.argmax(beliefs))])
        return links

    def _reason(self, question: str, links: Sequence[Link], wider: bool = False) -> tuple[Findings, bool]:
        """Follows what the question asks for from what it names; and whether a wider look might find more."""
        linked = [link for link in links if link.node is not None]
        topics = [link.node for link in linked if link.node is not None]
        masked, rows, more = self.linker.mask(question, linked), None, False
        if self.retriever is not None:
            config = self.config.retrieval.wider() if wider else self.config.retrieval
            taken = self.retriever(self.graph, np.array(topics, np.int64), config, self.labels.relevance(masked))
            rows, more = DirectedRows.of(taken), taken.truncated or taken.hops is not None
        budget = self.config.retrieval.nodes
        return reason(self.reader, masked, topics, asks_yes_no(question), rows, budget), more

    def _gather(self, question: str, links: Sequence[Link], subgraph: Subgraph, seconds: float) -> Evidence:
        iris = [self.graph.iri(link.node) for link in links if link.node is not None]
        passages = self.passages.search(question, self.config.retrieval.passages, self.encoder, entities=iris)
        return Evidence(question, tuple(links), subgraph, tuple(passages), seconds)

    def _think(self, question: str, links: Sequence[Link], wider: bool = False) -> tuple[Thought, bool]:
        """Reasons, retrieves, and lays out the prompt; and whether a wider look might find more."""
        linked = [link for link in links if link.node is not None]
        started = time.perf_counter()
        findings, more = self._reason(question, linked, wider)
        evidence = self._gather(question, links, findings.subgraph, time.perf_counter() - started)
        masked = self.linker.mask(question, linked)
        encoding, whole = self.encoder.encode([masked, question])
        named = {self.graph.iri(link.node) for link in linked if link.node is not None}
        sentences = best_sentences(
            [self.passages.sentences(p.passage) if named & set(p.passage.entities) else [] for p in evidence.passages],
            whole,
            self.encoder.encode,
        )
        composition = compose(
            self.graph,
            question,
            linked,
            findings,
            encoding,
            self.encoder.encode,
            sentences,
            self.config.generation.items,
        )
        return Thought(masked, evidence, findings, composition), more


def asks_yes_no(question: str) -> bool:
    """Whether a question asks for yes or no."""
    return bool(_YES_NO.search(question)) and not _ASKS.match(question)


def _as_json(config: Config) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(config)


def _from_json(settings: dict[str, Any]) -> Config:
    from kgrag import config as kinds

    return Config(
        linking=kinds.LinkingConfig(**settings["linking"]),
        retrieval=kinds.RetrievalConfig(**settings["retrieval"]),
        generation=kinds.GenerationConfig(**settings["generation"]),
        limits=kinds.Limits(**settings["limits"]),
        seed=settings["seed"],
    )
