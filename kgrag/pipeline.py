"""KGRAG: the journey from a question to an answer with its sources. Read `ask` first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.composer import by_source, compose
from kgrag.config import Config
from kgrag.encoding import Findings, GraphReader, ReaRev, ReaRevReader, Reasoner, reason
from kgrag.encoding.phrasing import load_phrasing
from kgrag.encoding.saving import load_rearev, load_reasoner, save_reasoner
from kgrag.errors import InputError, ModelError, QuestionError
from kgrag.fusion.items import best_sentences
from kgrag.generation import Generator, TextGenerator, fitting, generator_named, print_answer
from kgrag.generation.draft import Shot
from kgrag.generation.examples import Examples
from kgrag.generation.voting import ISOLATED, drafted
from kgrag.graph import KnowledgeGraph, readable
from kgrag.graph.directed import DirectedRows
from kgrag.judgement import FILE as JUDGEMENT
from kgrag.judgement import Judgement
from kgrag.linking import EntityLinker
from kgrag.linking.folding import fold
from kgrag.measures import Measures
from kgrag.naming import Namer
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.premises import is_said, premise_of
from kgrag.resources import data_folder
from kgrag.retrieval import (
    EncodedLabels,
    PassageIndex,
    Reranker,
    SubgraphRetriever,
    TripleScorer,
    expand,
    retriever_named,
)
from kgrag.symbolic import Calculator, Recogniser
from kgrag.telling import Teller
from kgrag.types import Answer, Evidence, Ids, Link, Question, ScoredPassage, Subgraph, TextEncoder
from kgrag.verification import Thought, Verifier, refusal
from kgrag.yes_no import asks_yes_no

if TYPE_CHECKING:
    from kgrag.evaluation import Guarantee, Isotonic, Report
    from kgrag.training.joint import Curve

HALF_A_DIGIT = 5e-5  # by which a confidence may have been rounded up
NEARBY = 100  # nodes of a sub-graph that is reasoned over as a whole, where no retriever is given
LEARNED = "learned.jsonl"  # file of questions in a saved folder
DISCLAIMER = {
    "medical": "For information only: not medical advice, and no substitute for a clinician.",
    "legal": "For information only: not legal advice, and not the authentic text of the law.",
}


class KGRAG:
    """Answers questions from a graph and, where there are any, passages.

    Args:
        graph: The knowledge graph.
        passages: Documents to read beside it.
        linker: Maps mentions to nodes; `EntityLinker` over the graph where not given.
        retriever: Takes sub-graphs for questions to be followed in, or the name of a way to do so; questions are followed in the
            whole graph where not given.
        reasoner: Graph neural network; the shipped one, which follows relations, where not given. "rearev" is a ReaRev-like
            one that knows nothing before it is trained; it reasons over sub-graphs, by PageRank where no retriever is given.
        generator: A `Generator` or a `kgrag.generation.TextGenerator`, or the name of one, see
            `kgrag.generation.generator_named`; the shipped one where not given.
        examples: Known questions with their answers; the nearest are shown to a generator that reads evidence as words.
        encoder: Text encoder; the packaged MiniLM where not given.
        config: Settings of all stages.

    Attributes:
        judgement: Which understanding of a question is chosen, and how far its answer is trusted.
        learned: Labelled questions that it was trained on, or some of them; `learn` comes back to them.
    """

    def __init__(
        self,
        graph: KnowledgeGraph,
        passages: PassageIndex | None = None,
        *,
        linker: EntityLinker | None = None,
        retriever: SubgraphRetriever | str | None = None,
        reasoner: Reasoner | ReaRev | str | None = None,
        generator: Generator | TextGenerator | str | Path | None = None,
        examples: Iterable[Question] = (),
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
        self._reranker = Reranker(self.config.retrieval.reranker) if self.config.retrieval.reranker else None
        shipped = data_folder() / "models" / "default"
        if isinstance(reasoner, str) and reasoner != "rearev":
            raise InputError(f"There is no reasoner called {reasoner!r}.", 'There is "rearev", or leave it out.')
        follower = reasoner if isinstance(reasoner, Reasoner) else load_reasoner(shipped)
        self.reader = GraphReader(self.graph, follower, self.encoder)
        self.judgement = Judgement.load(shipped)
        self.calculator = Calculator(self.reader, Recogniser.load(shipped))
        if isinstance(reasoner, str):
            reasoner = ReaRev.new(self.encoder.width, seed=self.config.seed)
        if isinstance(reasoner, ReaRev):
            self._reason_by(reasoner)
        sizes = self.encoder.width, follower.settings["hidden"]
        if generator is None or isinstance(generator, (str, Path)):
            generator = generator_named(generator or shipped, *sizes)
        if isinstance(generator, Generator):
            generator = fitting(generator, *sizes)
        self.generator: Generator | TextGenerator = generator
        self.examples = Examples.of(list(examples), self.encoder)
        self.calibration: Isotonic | None = None
        self.learned: list[Question] = []
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
            raise ModelError(f"There is no demo called {name!r}.", f"There are: {', '.join(DISCLAIMER)}.")
        graph = KnowledgeGraph.from_rdf(folder / "graph.ttl")
        own = data_folder() / "models" / name  # trained on the domain's train questions
        reasoner = load_reasoner(own)
        reasoner.phrasing = load_phrasing(data_folder() / "models" / "default")
        rag = cls(graph, PassageIndex.from_jsonl(folder / "passages.jsonl"), reasoner=reasoner)
        rag.judgement = Judgement.load(own)
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
        heard = [self._heard(question) for question in questions]
        texts = [text for text, _ in heard]
        links = [[] if refused else self._link(text) for text, refused in heard]
        found = [refused or self._without_writing(text, named) for (text, refused), named in zip(heard, links)]
        answers = {i: answer for i, answer in enumerate(found) if answer is not None}
        open_ = [i for i, answer in enumerate(found) if answer is None]
        verifier = self._verifier()
        for wider in (False, True):
            thoughts = [self._think(texts[i], links[i], wider) for i in open_]
            prompts = [one.composition.prompt for one, _ in thoughts]
            drafts = drafted(self.generator, prompts, self.config.generation)
            for i, (thought, _), draft in zip(open_, thoughts, drafts):
                answers[i] = verifier.verify(thought, draft)
            open_ = [i for i, (_, more) in zip(open_, thoughts) if more and answers[i].abstained]
        seconds = (time.perf_counter() - started) / max(len(questions), 1)
        return [self._given(answers[i], question, seconds) for i, question in enumerate(questions)]

    def stream(self, question: str) -> Iterator[str | Answer]:
        """Answers a question, and shows the draft while it is written.

        Yields:
            The text of the draft so far, anew each time that it grows; last of all the `Answer`. It alone is verified, and
            may differ from the draft or refuse what that says. After a draft that does not hold, another may begin, from a
            wider look. What is not written by the language model comes as an answer at once.

        Raises:
            QuestionError: The question is empty or longer than the limit.
        """
        started = time.perf_counter()
        self._check(question)
        text, answer = self._heard(question)
        links = [] if answer else self._link(text)
        answer = answer or self._without_writing(text, links)
        for wider in () if answer else (False, True):
            thought, more = self._think(text, links, wider)
            prompt, settings = thought.composition.prompt, self.config.generation
            voted = bool(settings.defence)  # there is nothing to be shown before the vote
            drafts = drafted(self.generator, [prompt], settings) if voted else self.generator.stream(prompt, settings)
            for draft in drafts:
                yield print_answer(draft.pieces, prompt.items, lambda _: ())
            answer = self._verifier().verify(thought, draft)
            if not (more and answer.abstained):
                break
        assert answer is not None
        yield self._given(answer, question, time.perf_counter() - started)

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

    def calibrate(self, questions: Iterable[Question], risk: float | None = None) -> Guarantee | None:
        """Makes the confidence of answers the share of such answers that are right.

        What is promised is of answers at the first look; a retriever that looks again, and wider, may add others.

        Args:
            questions: With gold answers, none of them trained on.
            risk: The share of wrong answers that is acceptable, such as 0.05: from now on answers are refused below the
                confidence above which no more are wrong, with 95 % probability, on questions of this kind.

        Returns:
            What is promised of the answers; None without a risk.

        Raises:
            InputError: None of the questions is answered, or they are too few to promise the risk of any answer.
        """
        from kgrag.evaluation import Isotonic, guaranteed, judged

        before, self.config = self.config, _refusing_below(self.config, 0.0)  # so that each question has its answer
        calibration, self.calibration = self.calibration, None
        try:
            confidence, right = judged(self, list(questions))
        finally:
            self.config, self.calibration = before, calibration
        given, guarantee = np.isfinite(confidence), None
        calibration = Isotonic.fit(confidence[given], right[given])
        if risk is not None:
            guarantee = guaranteed(confidence, right, risk)
            if not guarantee.coverage:
                raise InputError(
                    f"{given.sum()} answers do not show that at most {100 * risk:g} % of any of them would be wrong.",
                    "Give more questions, or accept a greater risk.",
                )
            self.config = _refusing_below(before, guarantee.threshold - HALF_A_DIGIT)
        self.calibration = calibration
        return guarantee

    def train(self, questions: Sequence[Question], valid: Sequence[Question] = (), **options: Any) -> KGRAG:
        """Trains on labelled questions; returns this system, improved."""
        from kgrag.training.labelled import train

        train(self, list(questions), list(valid), **options)
        self._keep(questions)
        return self

    def learn(self, questions: Sequence[Question], valid: Sequence[Question] = (), **options: Any) -> KGRAG:
        """Trains on labelled questions that came later, and on earlier ones again so that these are not forgotten.

        ``options`` are those of `train`, and how many earlier ones there are for each new one: ``replay=1.0``.
        """
        from kgrag.training.continual import learn

        learn(self, list(questions), list(valid), **options)
        self._keep(questions)
        return self

    def train_retriever(self, questions: Sequence[Question], valid: Sequence[Question] = (), **options: Any) -> KGRAG:
        """Trains how passages are found, on questions with ``gold_passages``; returns this system, improved.

        What is learned is saved with the passages. ``options`` are those of `kgrag.training.passages.train_retriever`.
        """
        from kgrag.training.passages import train_retriever

        train_retriever(self, list(questions), list(valid), **options)
        return self

    def train_jointly(self, questions: Sequence[Question], valid: Sequence[Question] = (), **options: Any) -> Curve:
        """Trains how passages are found, how paths are ranked and how answers are written together, from answers alone.

        Args:
            questions: With answers; which passages or paths lead to them need not be known.
            valid: To choose the best epoch by, and to measure.
            **options: Those of `kgrag.training.joint.train_jointly`.

        Returns:
            How likely the answers of held questions became, and how well what leads to them is found, epoch by epoch.
        """
        from kgrag.training.joint import train_jointly

        curve = train_jointly(self, list(questions), list(valid), **options)
        self.calibration = None  # was of another reasoner
        return curve

    @property
    def threshold(self) -> float:
        """Confidence below which an answer is refused."""
        threshold = self.config.generation.threshold
        return self.judgement.least if threshold is None else threshold

    def named(self, question: str) -> list[str]:
        """IRIs of the nodes that a question is linked to."""
        return [self.graph.iri(link.node) for link in self._link(question) if link.node is not None]

    def compute(self, question: str, links: Sequence[Link]) -> Answer | None:
        """Answers what is to be computed: how many, the longest, older than ...; None for what is stated."""
        calculator = self.calculator
        named = [link for link in links if link.node is not None and calculator.is_thing(link.node)]
        topics = [link.node for link in named if link.node is not None]
        computed = calculator.compute(self.linker.mask(question, named), topics)
        if computed is None:
            return None
        unknown = [link.mention.text for link in links if link.node is None]
        unknown = [text for text in unknown if not calculator.is_known(text, topics)]
        if unknown:
            return refusal(question, links, f"it does not know {unknown[0]!r}")
        teller = Teller(self.graph, self.passages, calculator, self.threshold)
        return teller.tell(question, links, computed, asks_yes_no(question))

    def find_passages(self, question: str, k: int, iris: Sequence[str]) -> list[ScoredPassage]:
        """The passages for a question that names nodes, best first."""
        return self.passages.search(
            question,
            k,
            self.encoder,
            iris,
            expansion=expand(self.graph, iris) if self.passages.ranker.fusion.expands else None,
            diversity=self.config.retrieval.diversity,
            reranker=self._reranker,
        )

    def save(self, folder: str | Path) -> None:
        """Writes the system into a folder, all or nothing."""
        from kgrag.evaluation import write_questions

        def write(target: Path) -> None:
            self.graph.save(target / "graph")
            self.passages.save(target / "passages")
            save_reasoner(self.reader.reasoner, target / "models")
            self.judgement.save(target / "models")
            if isinstance(self.reader, ReaRevReader):
                save_reasoner(self.reader.rearev, target / "models")
            if isinstance(self.generator, Generator):
                self.generator.save(target / "models")
            if isinstance(self.retriever, TripleScorer):
                self.retriever.save(target / "models")
            settings = {
                "config": asdict(self.config),
                "calibration": self.calibration and asdict(self.calibration),
                "disclaimer": self.disclaimer,
                "encoder": self.encoder.name,
                "retriever": self._retriever_name,
                "generator": self.generator.name if isinstance(self.generator, TextGenerator) else "",
                "examples": self.examples.shots,
            }
            write_json(target / "kgrag.json", settings)
            if self.learned:
                write_questions(self.learned, target / LEARNED)

        write_folder(Path(folder), write, kind="kgrag")

    @classmethod
    def load(
        cls,
        folder: str | Path,
        encoder: TextEncoder | None = None,
        generator: Generator | TextGenerator | str | Path | None = None,
    ) -> KGRAG:
        """Reads a saved system back.

        Args:
            folder: The folder.
            encoder: The text encoder that it was saved with, where that is not the packaged one.
            generator: What answers; the saved one where not given. One that reads evidence as words lies elsewhere, and has to
                be given: no folder decides where questions are sent to.

        Raises:
            SavedFolderError: The folder is incomplete, was changed, or holds what may not be loaded.
            ModelError: It was saved with a generator that lies elsewhere, and none is given.
        """
        folder = Path(folder)
        models = folder / "models"
        read_folder(folder, kind="kgrag")
        settings = read_json(folder / "kgrag.json")
        if generator is None and settings.get("generator"):
            named = settings["generator"]
            raise ModelError(f"{folder} answers by {named!r}, which is not in it.", f"Give generator={named!r}.")
        rag = cls(
            KnowledgeGraph.load(folder / "graph"),
            PassageIndex.load(folder / "passages"),
            retriever=TripleScorer.load(models) if TripleScorer.is_in(models) else settings["retriever"],
            reasoner=load_reasoner(models),
            generator=generator or models,
            encoder=encoder,
            config=_from_json(settings["config"]),
        )
        rag.examples = Examples((Shot(*shot) for shot in settings.get("examples", ())), rag.encoder)
        if rearev := load_rearev(models):
            rag._reason_by(rearev)
        is_judged = (models / JUDGEMENT).is_file()  # not in folders of earlier versions, whose confidence was another
        if is_judged:
            rag.judgement = Judgement.load(models)
        rag.disclaimer = settings["disclaimer"]
        if (folder / LEARNED).is_file():
            from kgrag.evaluation import read_questions

            rag.learned = read_questions(folder / LEARNED)
        if settings.get("calibration") and is_judged:
            from kgrag.evaluation import calibration_from

            rag.calibration = calibration_from(settings["calibration"])
        return rag

    def _keep(self, questions: Sequence[Question]) -> None:
        """Remembers what was learned from."""
        from kgrag.training.continual import remembered

        self.learned = remembered(self.learned, questions)
        if isinstance(self.generator, TextGenerator):
            self.examples = Examples.of(self.learned, self.encoder)
        self.calibration = None  # was of another reasoner

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

    def _heard(self, question: str) -> tuple[str, Answer | None]:
        """What is asked, without what is rightly taken for granted before it; and a refusal where that is not so."""
        premise = premise_of(question, self.linker)
        said = is_said(premise, self.reader) if premise else None
        if premise is None or said is None:
            return question, None
        if not said:
            why = f"it takes for granted that {premise.text}, and no statement says so"
            return question, refusal(question, self._link(question), why)
        rest = question[premise.rest :]
        return (rest if any(link.node is not None for link in self.linker.link(rest)) else question), None

    def _link(self, question: str) -> list[Link]:
        return Namer(self.linker, self.reader, self.judgement).name(question, asks_yes_no(question))

    def _without_writing(self, question: str, links: Sequence[Link]) -> Answer | None:
        """An answer or a refusal for which no language model is asked; None where one is."""
        computed = self.compute(question, links)
        if computed is not None:
            return computed
        if all(link.node is None for link in links):
            return refusal(question, links, "nothing in it names anything in the graph")
        unknown = [link.mention.text for link in links if link.node is None]
        if unknown and asks_yes_no(question):  # nothing can be said for or against what is not known
            return refusal(question, links, f"it does not know {unknown[0]!r}")
        return None

    def _reason(self, question: str, links: Sequence[Link], wider: bool = False) -> tuple[Findings, bool]:
        """Follows what the question asks for from what it names; and whether a wider look might find more."""
        linked = [link for link in links if link.node is not None]
        topics = [link.node for link in linked if link.node is not None]
        masked, rows, more = self._masked(question, linked), None, False
        if self.retriever is not None:
            config = self.config.retrieval.wider() if wider else self.config.retrieval
            taken = self.retriever(self.graph, np.array(topics, np.int64), config, self.labels.relevance(masked))
            rows, more = DirectedRows.of(taken), taken.truncated or taken.hops is not None
        budget = self.config.retrieval.nodes
        return reason(self.reader, masked, topics, asks_yes_no(question), rows, budget), more

    def _masked(self, question: str, links: Sequence[Link]) -> str:
        """The question as it is read: what it names is masked."""
        return self.reader.expectations.plainly(self.linker.mask(question, links))

    def _reason_by(self, rearev: ReaRev) -> None:
        """Reasons over sub-graphs as a whole from now on; what nodes were reached over is told as the generator knows it."""
        self.reader = ReaRevReader(self.graph, rearev, self.encoder, self._nearby, self.reader.reasoner)
        self.calculator = Calculator(self.reader, self.calculator.recogniser)

    def _nearby(self, masked: str, topics: Ids) -> Subgraph:
        """The part of the graph to reason over as a whole."""
        retriever, config = self.retriever, self.config.retrieval
        if retriever is None:
            retriever, config = retriever_named("pagerank"), replace(config, nodes=min(config.nodes, NEARBY))
        return retriever(self.graph, topics, config, self.labels.relevance(masked))

    def _gather(self, question: str, links: Sequence[Link], subgraph: Subgraph, seconds: float) -> Evidence:
        iris = [self.graph.iri(link.node) for link in links if link.node is not None]
        passages = self.find_passages(question, self.config.retrieval.passages, iris)
        return Evidence(question, tuple(links), subgraph, tuple(passages), seconds)

    def _verifier(self) -> Verifier:
        return Verifier(self.graph, self.passages, self.reader, self.threshold)

    def _given(self, answer: Answer, question: str, seconds: float) -> Answer:
        """An answer as it is given out, to the whole question."""
        before = len(question) - len(answer.question)  # of what it takes for granted
        links = tuple(replace(link, mention=link.mention.after(before)) for link in answer.links)
        return replace(answer, question=question, links=links, seconds=seconds, confidence=self._calibrated(answer))

    def _calibrated(self, answer: Answer) -> float:
        """Confidence as calibrated on answers that were given; refusals keep that below which they were refused."""
        if self.calibration is None or answer.abstained:
            return answer.confidence
        return round(float(self.calibration.transform(answer.confidence)), 4)

    def _think(self, question: str, links: Sequence[Link], wider: bool = False) -> tuple[Thought, bool]:
        """Reasons, retrieves, and lays out the prompt; and whether a wider look might find more."""
        linked = [link for link in links if link.node is not None]
        started = time.perf_counter()
        findings, more = self._reason(question, linked, wider)
        evidence = self._gather(question, links, findings.subgraph, time.perf_counter() - started)
        masked = self._masked(question, linked)
        encoding, whole = self.encoder.encode([masked, question])
        named = {self.graph.iri(link.node) for link in linked if link.node is not None}
        sentences = best_sentences(
            [self.passages.sentences(p.passage) if named & set(p.passage.entities) else [] for p in evidence.passages],
            question,
            whole,
            self.encoder.encode,
            lambda text: self.linker.roots.of(fold(text)),
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
        prompt = composition.prompt
        if self.config.generation.defence == ISOLATED:
            prompt = replace(prompt, units=by_source(self.graph, prompt))
        if isinstance(self.generator, TextGenerator):
            prompt = replace(prompt, shots=self.examples.nearest(whole, self.config.generation.examples))
        measured = Measures(self.reader, self.linker.roots).of(question, links, masked, findings.found)
        trust = self.judgement.trusted(measured.row) * prompt.link_score
        return Thought(masked, evidence, findings, replace(composition, prompt=prompt), measured, trust), more


def generate_with_knowledge(input_text: str, knowledge_graph: KnowledgeGraph | str | Path, device: str = "cpu") -> str:
    """Answers one question from a graph, with the shipped models. For several questions, make a `KGRAG` once.

    Args:
        input_text: The question.
        knowledge_graph: The graph, or an RDF file or folder.
        device: Where the language model computes, such as "cuda".

    Returns:
        The answer with its numbered sources beneath it, or why there is none.

    Raises:
        GraphError: The graph cannot be read.
        QuestionError: The question is empty or longer than the limit.
        ModelError: There is no such device.
    """
    if isinstance(knowledge_graph, (str, Path)):
        knowledge_graph = KnowledgeGraph.from_rdf(knowledge_graph)
    rag = KGRAG(knowledge_graph)
    assert isinstance(rag.generator, Generator)
    rag.generator.put_on(device)
    return str(rag.ask(input_text))


def _refusing_below(config: Config, threshold: float) -> Config:
    return replace(config, generation=replace(config.generation, threshold=threshold))


def _from_json(settings: dict[str, Any]) -> Config:
    from kgrag import config as kinds

    return Config(
        linking=kinds.LinkingConfig(**settings["linking"]),
        retrieval=kinds.RetrievalConfig(**settings["retrieval"]),
        generation=kinds.GenerationConfig(**settings["generation"]),
        limits=kinds.Limits(**settings["limits"]),
        seed=settings["seed"],
    )
