"""G-Retriever's recipe (He et al., NeurIPS 2024) out of kgrag's parts: a Steiner tree that a language model reads as one soft token.

The tree joins what the linker found with the nodes and statements most similar to the question. A graph neural network gives its
nodes states, without knowing the question; one learned query pools what it spans into a token that stands before the question. The
shipped language model is trained with it, as a whole, since it is small, on questions whose answers are known and on others that are
made of the graph. Two things are kgrag's own way: the tree starts from links, and what is written is chosen among the nodes of the
tree, instead of spelled.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence

import numpy as np
import torch

from kgrag import KGRAG, Question, synthesize
from kgrag.config import GenerationConfig, RetrievalConfig
from kgrag.encoding.batch import GraphBatch
from kgrag.encoding.messages import node_states
from kgrag.fusion import ANSWERS
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Generator, Prompt
from kgrag.generation.references import reference
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.retrieval import retrieve
from kgrag.training.generator import Example, train_generator
from kgrag.training.loop import Course
from kgrag.types import Floats, Subgraph
from kgrag.yes_no import asks_yes_no

SEED = 0
TREE = RetrievalConfig(method="steiner")
STEPS = 2  # of the graph neural network, along any relation
NODES, TRIPLES = 48, 14  # of a tree that are read
VERDICTS = ("yes", "no")
WRITTEN = GenerationConfig(tokens=60)
COURSE = Course(epochs=10, seed=SEED, learning_rate=1e-3, batch_size=16, patience=4)
HELD = 0.1  # share of the questions by which the best pass is chosen


class OneTokenReader:
    """Reads trees as one token, and writes which of their nodes answer.

    Args:
        rag: Whose graph, linker, encoder, reasoner and language model.
        taught: Questions whose answers are known.
        made: How many others are made of the graph.
    """

    def __init__(self, rag: KGRAG, taught: Sequence[Question], made: int) -> None:
        self.rag = rag
        base = rag.generator
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            self.generator = Generator(
                copy.deepcopy(base.model.lm),
                base.tokenizer,
                base.settings["width"],
                base.settings["hidden"],
                base.settings["frame"],
                "soft_prompt",
                {"tokens": 1},
            )
            questions = [*taught, *(synthesize(rag.graph, made, SEED) if made else ())]
            examples = [one for q in track(questions, "trees") if (one := self._example(q)) is not None]
            random.Random(SEED).shuffle(examples)
            held = max(1, round(HELD * len(examples)))
            train_generator(self.generator, examples[held:], examples[:held], COURSE)
        self.generator.eval()

    def answer(self, question: str) -> list[str]:
        """Names of what answers; none where nothing is named, or the language model refuses."""
        prompt = self._prompt(question)
        draft = self.generator.write([prompt], WRITTEN)[0] if prompt else None
        return [prompt.items.texts[place] for place in draft.answers] if prompt and draft else []

    def _example(self, question: Question) -> Example | None:
        """A question and the nodes of its tree that answer it; a refusal where none does."""
        prompt = self._prompt(question.question)
        if prompt is None:
            return None
        gold = {
            normalise(self.rag.graph.label(node)) for name in question.answers for node in self.rag.graph.find(name)
        }
        gold |= {normalise(name) for name in question.answers}
        right = [place for place in prompt.items.where(*ANSWERS) if normalise(prompt.items.texts[place]) in gold]
        return Example(prompt, tuple(reference(prompt.items, right)))

    def _prompt(self, question: str) -> Prompt | None:
        rag = self.rag
        links = [link for link in rag.linker.link(question) if link.node is not None]
        topics = np.array(list(dict.fromkeys(link.node for link in links)), np.int64)
        if not len(topics):
            return None
        relevance = rag.labels.relevance(rag.linker.mask(question, links))
        tree = retrieve(rag.graph, topics, TREE, relevance)
        others = [place for place in range(len(tree.nodes)) if place not in set(tree.seeds.tolist())][:NODES]
        nothing = len(tree.nodes)
        called = [(place, rag.graph.label(int(tree.nodes[place]))) for place in others]
        if asks_yes_no(question):
            called = [(nothing, verdict) for verdict in VERDICTS]
        items = collect_items(
            relevance.encoding,
            topics=[Candidate(place, rag.graph.label(int(tree.nodes[place])), 1.0) for place in tree.seeds.tolist()],
            answers=[Candidate(place, label, 1 / len(called)) for place, label in called],
            bridges=[],
            relations=[],
            triples=[
                (place, str(rag.graph.triple(int(statement))), 1.0)
                for place, statement in enumerate(tree.statements[:TRIPLES].tolist())
            ],
            sentences=[],
            states=np.concatenate([self._states(tree), np.zeros((1, self.generator.settings["hidden"]), np.float32)]),
            encode=rag.encoder.encode,
        )
        return Prompt((question,), items, choosing=True)

    @torch.inference_mode()
    def _states(self, tree: Subgraph) -> Floats:
        """What surrounds each node, over any relation alike."""
        reader = self.rag.reader
        batch = GraphBatch.collate([tree])
        columns = 2 * len(batch.relation_ids)
        hidden = reader.reasoner.settings["hidden"]
        relations = reader.relations().view(-1, 2, hidden)[torch.from_numpy(batch.relation_ids)]
        weights, share = torch.ones(STEPS, STEPS, 1, columns), torch.full((1, STEPS), 1 / STEPS)
        return node_states(batch, reader.reasoner.message(relations.flatten(0, 1)), weights, share).numpy()
