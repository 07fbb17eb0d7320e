"""KGRAG: the journey from a question to an answer with its sources. Read `ask` first."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.composer import Composition, compose
from kgrag.config import Config
from kgrag.encoding import GraphReader, NodeBeliefs, Reasoner
from kgrag.encoding.reader import load_reasoner, save_reasoner
from kgrag.errors import ModelError, QuestionError
from kgrag.fusion import Role
from kgrag.fusion.items import best_sentences
from kgrag.generation import Draft, Generator, print_answer
from kgrag.graph import KnowledgeGraph
from kgrag.linking import EntityLinker
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.resources import data_folder
from kgrag.retrieval import PassageIndex, retrieve
from kgrag.types import Answer, AnswerEntity, Citation, Evidence, Ids, Link, Passage, Question, TextEncoder, Triple

if TYPE_CHECKING:
    from kgrag.evaluation import Report

_YES_NO = re.compile(
    r"^\W*(is|are|was|were|do|does|did|can|could|may|might|has|have|had|will|would|should|must)\b", re.IGNORECASE
)
DISCLAIMER = {"medical": "For information only: not medical advice, and no substitute for a clinician."}


@dataclass
class _Thought:
    """What is known about a question on its way to an answer."""

    evidence: Evidence
    beliefs: NodeBeliefs
    starts: tuple[int, ...]
    composition: Composition
    verdict: int
    target: int | None


class KGRAG:
    """Answers questions from a graph and, where there are any, passages.

    Args:
        graph: The knowledge graph.
        passages: Documents to read beside it.
        linker: Maps mentions to nodes; `EntityLinker` over the graph where not given.
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
        reasoner: Reasoner | None = None,
        generator: Generator | str | Path | None = None,
        encoder: TextEncoder | None = None,
        config: Config | None = None,
    ) -> None:
        from kgrag.encoder import default_encoder

        self.config = config or Config()
        self.graph = graph
        self.encoder: TextEncoder = encoder or default_encoder()
        self.linker = linker or EntityLinker(graph, self.config.linking)
        self.passages = passages if passages is not None else PassageIndex.from_passages([])
        self.passages.build(self.encoder)
        shipped = data_folder() / "models" / "default"
        self.reader = GraphReader(graph, reasoner or load_reasoner(shipped), self.encoder)
        if isinstance(generator, (str, Path)) and not (Path(generator) / "generator.json").is_file():
            raise ModelError(
                f"There is no generator at {generator}.", "Give a folder that holds generator.json, or leave it out."
            )
        self.generator = generator if isinstance(generator, Generator) else Generator.load(Path(generator or shipped))
        self.disclaimer = ""

    @classmethod
    def build(cls, graph: KnowledgeGraph, passages: PassageIndex | None = None, **parts: Any) -> KGRAG:
        """A working system from an unlabelled graph: indexes built, shipped models, threshold set on synthetic questions.

        Args:
            graph: The knowledge graph.
            passages: Documents to read beside it.
            **parts: As for `KGRAG`.
        """
        return cls(graph, passages, **parts)

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
        rag = cls.build(graph, PassageIndex.from_jsonl(folder / "passages.jsonl"))
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
        answers: list[Answer | None] = [None] * len(questions)
        thoughts: dict[int, _Thought] = {}
        for i, question in enumerate(questions):
            links = self.linker.link(question)
            linked = [link for link in links if link.node is not None]
            if linked:
                thoughts[i] = self._think(question, links)
            else:
                answers[i] = self._refuse(question, links, "nothing in the question names anything in the graph")
        drafts = self.generator.write([t.composition.prompt for t in thoughts.values()], self.config.generation)
        for (i, thought), draft in zip(thoughts.items(), drafts):
            answers[i] = self._verify(thought, draft)
        seconds = (time.perf_counter() - started) / max(len(questions), 1)
        return [replace(answer, seconds=seconds) for answer in answers if answer is not None]

    def retrieve(self, question: str) -> Evidence:
        """The evidence for a question, without an answer."""
        self._check(question)
        return self._gather(question, self.linker.link(question))

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
            settings = {"config": _as_json(self.config), "disclaimer": self.disclaimer, "encoder": self.encoder.name}
            write_json(target / "kgrag.json", settings)

        write_folder(Path(folder), write, kind="kgrag")

    @classmethod
    def load(cls, folder: str | Path, encoder: TextEncoder | None = None) -> KGRAG:
        """Reads a saved system back.

        Raises:
            SavedFolderError: The folder is incomplete, was changed, or holds what may not be loaded.
        """
        folder = Path(folder)
        read_folder(folder, kind="kgrag")
        settings = read_json(folder / "kgrag.json")
        rag = cls(
            KnowledgeGraph.load(folder / "graph"),
            PassageIndex.load(folder / "passages"),
            reasoner=load_reasoner(folder / "models"),
            generator=folder / "models",
            encoder=encoder,
            config=_from_json(settings["config"]),
        )
        rag.disclaimer = settings["disclaimer"]
        return rag

    # the stages, in the order of the journey

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionError("The question is empty.", "Ask about something that the graph names.")
        limit = self.config.limits.question_chars
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters; at most {limit:,} are read.", "Shorten it."
            )

    def _gather(self, question: str, links: Sequence[Link], wider: int = 0) -> Evidence:
        config = replace(self.config.retrieval, hops=self.config.retrieval.hops + wider)
        nodes = np.array([link.node for link in links if link.node is not None], np.int64)
        subgraph = retrieve(self.graph, nodes, config)
        iris = [self.graph.iri(int(node)) for node in nodes]
        passages = self.passages.search(question, config.passages, self.encoder, entities=iris)
        return Evidence(question, tuple(links), subgraph, tuple(passages))

    def _think(self, question: str, links: Sequence[Link]) -> _Thought:
        linked = [link for link in links if link.node is not None]
        evidence = self._gather(question, links)
        masked = self.linker.mask(question, linked)
        seeds = [int(s) for s in evidence.subgraph.seeds]
        asks_yes_no = bool(_YES_NO.match(question)) and len(set(seeds)) > 1
        beliefs, starts, verdict, target = self.believe(masked, evidence.subgraph, seeds, asks_yes_no)
        encode = self.encoder.encode
        encoding = encode([masked])[0]
        texts = [self.passages.sentences(p.passage) for p in evidence.passages]
        named = {self.graph.iri(link.node) for link in linked if link.node is not None}
        about = [t if named & set(p.passage.entities) else [] for t, p in zip(texts, evidence.passages)]
        sentences = best_sentences(evidence.passages, about, encode([question])[0], encode)
        composition = compose(
            self.graph,
            question,
            linked,
            evidence.subgraph,
            beliefs,
            starts,
            encoding,
            encode,
            sentences,
            verdict,
            target,
            self.config.generation.items,
        )
        return _Thought(evidence, beliefs, starts, composition, verdict, target)

    def believe(
        self, masked: str, subgraph: Any, seeds: Sequence[int], asks_yes_no: bool
    ) -> tuple[NodeBeliefs, tuple[int, ...], int, int | None]:
        """Reasons from each linked node and joins the findings.

        Returns:
            Beliefs, where they start, the verdict (1, 0, -1) and for a yes/no question the node that was asked for.
        """
        distinct = list(dict.fromkeys(seeds))
        runs = self.reader.read(
            [masked] * len(distinct), [subgraph] * len(distinct), [np.array([s], np.int64) for s in distinct]
        )
        if asks_yes_no:
            pairs = [(float(run.scores[t]), i, t) for i, run in enumerate(runs) for t in distinct if t != distinct[i]]
            score, first, target = max(pairs, key=lambda p: (p[0], -p[1], -p[2]))
            if score >= 0.4:
                return runs[first], (distinct[first],), 1, target
            best = max(range(len(runs)), key=lambda i: (float(runs[i].scores.max()), -i))
            return runs[best], (distinct[best],), -1, None
        if len(runs) == 1:
            return runs[0], (distinct[0],), 0, None
        together = np.prod([run.scores for run in runs], axis=0)
        best = max(range(len(runs)), key=lambda i: (float(runs[i].scores.max()), -i))
        if together.max() >= 0.25:
            return replace(runs[best], scores=np.sqrt(together)), tuple(distinct), 0, None
        return runs[best], (distinct[best],), 0, None

    def _refuse(self, question: str, links: Sequence[Link], reason: str, confidence: float = 0.0) -> Answer:
        return Answer(
            question,
            f"I cannot answer that from this graph: {reason}.",
            links=tuple(links),
            confidence=confidence,
            abstained=True,
            reason=reason,
        )

    def _verify(self, thought: _Thought, draft: Draft) -> Answer:
        """Checks a draft against the evidence and turns it into an answer, or into a refusal with its reason."""
        evidence, items = thought.evidence, thought.composition.prompt.items
        named = [p for p in draft.pieces if isinstance(p, int)]
        sentences = [p for p in named if items.roles[p] is Role.SENTENCE]
        answers = [p for p in draft.answers if items.roles[p] in (Role.ANSWER, Role.TEXT)]
        link_score = min((link.score for link in evidence.links if link.node is not None), default=0.0)
        if answers or thought.verdict:
            belief = min(1.0, float(thought.beliefs.scores.max()))
            if thought.target is not None:
                belief = min(1.0, float(thought.beliefs.scores[thought.target]))
            confidence = belief * min(1.0, 0.5 + link_score / 2)
        elif sentences:
            confidence = float(max(items.scalars[p, 2] for p in sentences))
        else:
            confidence = 0.0
        if draft.abstained or not named or confidence < self.config.generation.threshold:
            return self._refuse(evidence.question, evidence.links, self._why_not(thought, confidence), confidence)
        book = _Citations(self.graph, thought, self.passages)
        text = print_answer(draft.pieces, items, book.cite)
        if not book.citations or not all(self.graph.contains(c.triple) for c in book.citations if c.triple):
            return self._refuse(
                evidence.question, evidence.links, "no statement or passage supports the draft", confidence
            )
        entities, paths = [], []
        for p in answers:
            position = int(items.references[p])  # type: ignore[call-overload]
            node = int(evidence.subgraph.nodes[position])
            path = tuple(
                self.graph.triple(int(evidence.subgraph.statements[s])) for s in thought.composition.paths[position]
            )
            entities.append(AnswerEntity(self.graph.label(node), self.graph.iri(node), float(items.scalars[p, 0])))
            paths.append(path)
        verdict = {1: "yes", -1: "no", 0: ""}[thought.verdict]
        return Answer(
            evidence.question,
            text,
            tuple(entities),
            verdict,
            tuple(book.citations),
            tuple(paths),
            evidence.links,
            round(confidence, 4),
            gates={"graph": round(draft.gates[0], 3), "text": round(draft.gates[1], 3)},
        )

    def _why_not(self, thought: _Thought, confidence: float) -> str:
        names = ", ".join(self.graph.label(link.node) for link in thought.evidence.links if link.node is not None)
        if confidence <= 0.05:
            return f"no statement or passage about {names} answers this"
        return f"the evidence about {names} is too weak (confidence {confidence:.2f})"


class _Citations:
    """Numbers the sources of an answer in the order in which they are used."""

    def __init__(self, graph: KnowledgeGraph, thought: _Thought, passages: PassageIndex) -> None:
        self.graph, self.thought, self.passages = graph, thought, passages
        self.citations: list[Citation] = []
        self.numbers: dict[object, int] = {}

    def cite(self, item: int) -> list[int]:
        """Source numbers of an item; none for what needs no source."""
        items = self.thought.composition.prompt.items
        role, reference = items.roles[item], items.references[item]
        evidence = self.thought.evidence
        if role in (Role.ANSWER, Role.TEXT):
            statements = self.thought.composition.paths[int(reference)]  # type: ignore[call-overload]
            return [self._statement(int(evidence.subgraph.statements[s])) for s in statements]
        if role is Role.TRIPLE:
            return [self._statement(int(evidence.subgraph.statements[int(reference)]))]  # type: ignore[call-overload]
        if role is Role.SENTENCE:
            place: Any = reference
            return [self._passage(evidence.passages[place[0]].passage, items.texts[item])]
        return []

    def _statement(self, statement: int) -> int:
        triple: Triple = self.graph.triple(statement)
        return self._number(("statement", statement), Citation(0, triple=triple))

    def _passage(self, passage: Passage, sentence: str) -> int:
        return self._number((passage.id, sentence), Citation(0, passage=passage, sentence=sentence))

    def _number(self, key: object, citation: Citation) -> int:
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            self.citations.append(replace(citation, number=self.numbers[key]))
        return self.numbers[key]


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


__all__ = ["KGRAG", "Ids"]
