"""Settings, one frozen dataclass a stage. Defaults suit a laptop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Limits:
    """Bounds on what is read from files, asked in queries and inferred, that strangers may have written.

    Attributes:
        file_bytes: Size of a file, unpacked.
        unpacked_ratio: How many times its size a file may grow beyond 16 MiB: a packed one unpacked, any with its IRIs
            written out.
        entity_bytes: Size that the entities of an RDF/XML file may write out; 0 refuses every file with a DOCTYPE.
        context_bytes: Size of the context files that a JSON-LD document refers to, counted at each reference, 2 KiB at least.
        context_terms: Terms of JSON-LD contexts, counted at each node where one begins to hold.
        statements: Statements of a file.
        literal_chars: Length of a literal; of IRIs, labels of blank nodes and the like as well.
        nesting_depth: Brackets within brackets, elements within elements, and what defines what defines a term.
        question_chars: Length of a question.
        query_rows: Results of a query.
        query_bytes: Memory that a query may take, beyond that of the graph.
        derived: Statements that may be inferred from those of a graph.
    """

    file_bytes: int = 4 << 30
    unpacked_ratio: int = 200
    entity_bytes: int = 0
    context_bytes: int = 16 << 20
    context_terms: int = 50_000_000
    statements: int = 50_000_000
    literal_chars: int = 1 << 20
    nesting_depth: int = 500
    question_chars: int = 4_000
    query_rows: int = 100_000
    query_bytes: int = 2 << 30
    derived: int = 10_000_000


@dataclass(frozen=True)
class DocumentLimits:
    """Bounds on what is read from documents, that strangers may have written.

    Attributes:
        file_bytes: Size of a file, and of all that is packed in it; of JSON lines and tables, of each line.
        unpacked_ratio: How many times its size what is packed in a file may have beyond 16 MiB.
        characters: Text of a document.
        pages: Pages of a PDF.
        seconds: Time that a file may take to be parsed.
        memory_bytes: Memory that a file may take to be parsed.
    """

    file_bytes: int = 256 << 20
    unpacked_ratio: int = 200
    characters: int = 20_000_000
    pages: int = 10_000
    seconds: float = 120.0
    memory_bytes: int = 2 << 30


@dataclass(frozen=True)
class EndpointConfig:
    """How a SPARQL endpoint is asked, and how much is taken from it.

    Attributes:
        timeout: Seconds that a request may take, its repetitions and the waits before them included.
        attempts: How often a request is sent before it counts as failed.
        answer_bytes: Size of an answer, unpacked.
        rows: Most results of one request; no more than the endpoint itself gives.
        batch: Most nodes that one request asks about, and a quarter of the names.
        hub_rows: Statements that are taken of a node that too many lead to for one request, spread over their relations.
        relations: Most relations, and most classes, that are known before a question is asked.
        statements: Statements that are held; a question that comes when there are more begins with none of them.
    """

    timeout: float = 30.0
    attempts: int = 4
    answer_bytes: int = 64 << 20
    rows: int = 10_000
    batch: int = 500
    hub_rows: int = 1_000
    relations: int = 1_000
    statements: int = 300_000


@dataclass(frozen=True)
class LinkingConfig:
    """Entity linking.

    Attributes:
        threshold: A mention whose best candidate scores lower is NIL.
        candidates: How many candidates a mention keeps.
        language: Tag of the language of texts, such as "de"; the one whose labels the graph prefers where not given. Words of
            another script than that language has are read by their script: Latin as English, Cyrillic as Russian,
            Arabic as Arabic, Han as Chinese.
    """

    threshold: float = 0.5
    candidates: int = 30
    language: str | None = None


@dataclass(frozen=True)
class RetrievalConfig:
    """Sub-graph and passages.

    Attributes:
        method: How `kgrag.retrieval.retrieve` takes sub-graphs: "hops", "pagerank", "paths" or "steiner".
        hops: How far from a linked node statements are taken, by hops and by paths.
        nodes: Node budget of a sub-graph.
        fanout: Most statements followed from one node in one direction beyond the first hop (hub control).
        passages: How many passages are read.
        diversity: From 0 to 1, how much passages count that are unlike those before them.
        reranker: Local folder of a sentence-transformers cross-encoder that ranks the best passages anew; none where empty.
    """

    method: str = "hops"
    hops: int = 2
    nodes: int = 2_000
    fanout: int = 200
    passages: int = 5
    diversity: float = 0.0
    reranker: str = ""

    def wider(self) -> RetrievalConfig:
        """The same for another look: a hop further, or at twice the nodes where hops do not count."""
        if self.method in ("hops", "paths"):
            return replace(self, hops=self.hops + 1)
        return replace(self, nodes=2 * self.nodes)


@dataclass(frozen=True)
class GenerationConfig:
    """Answer generation.

    Attributes:
        items: Most evidence tokens the language model reads.
        tokens: Most tokens it writes.
        beams: 1 is greedy.
        temperature: Above 0, drafts are sampled; 0 takes what is most probable.
        top_p: Share of probability that is sampled from.
        seed: Of sampling.
        evidence_tokens: Most tokens of evidence and examples, for a language model that reads them as words.
        examples: How many of the known questions, the nearest, such a model is shown with their answers.
        defence: Against evidence that somebody planted: "isolate_then_vote" has each source answered from alone, and names
            what most of them say; "self_consistency" draws several drafts and takes what most of them say.
        samples: Drafts that are drawn for "self_consistency".
        reasoner_weight: How much the reasoner's belief in what a beam names counts beside what the language model thinks of
            it, when the best beam is taken.
        graph_weight: By how much the graph's share in what is read and written is multiplied, beside what was learned; above 0.
        text_weight: The same for sentences of passages.
        lm_weight: The same for the language model's own words.
        threshold: Answers below this confidence are refused; what was learned of confidence says which, where None.
    """

    items: int = 64
    tokens: int = 160
    beams: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    evidence_tokens: int = 1_000
    examples: int = 4
    defence: str = ""
    samples: int = 5
    reasoner_weight: float = 0.0
    graph_weight: float = 1.0
    text_weight: float = 1.0
    lm_weight: float = 1.0
    threshold: float | None = None


@dataclass(frozen=True)
class Config:
    """All settings of a system."""

    linking: LinkingConfig = field(default_factory=LinkingConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    generation: GenerationConfig = field(default_factory=GenerationConfig)
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
