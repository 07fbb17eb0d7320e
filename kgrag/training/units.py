"""The units of evidence that an answer may rest on: each path that a question may mean, and each passage found for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from kgrag.composer import compose
from kgrag.encoding import ReaRevReader
from kgrag.encoding.findings import Findings, along, nothing
from kgrag.encoding.reader import Reading
from kgrag.fusion import ANSWERS, Role
from kgrag.generation import Generator, Prompt
from kgrag.generation.references import reference
from kgrag.graph import normalise
from kgrag.progress import track
from kgrag.training.generator import Target, target_of
from kgrag.training.labelled import given_path
from kgrag.types import Ids, Link, Question, ScoredPassage

if TYPE_CHECKING:
    from kgrag.pipeline import KGRAG

PATHS, PASSAGES = 4, 12  # of a question, at most
SENTENCES = 12  # of a passage
NAMES = 12  # of an answer
LIKENESS = 0.1  # by which a cosine must fall short of 1 for a sentence to say an answer e times less well


@dataclass(frozen=True)
class Unit:
    """A path or a passage as a prompt, with where it says the answer.

    Attributes:
        prompt: What the generator reads.
        said: For each name of the answer the items that say it, with the logarithm of how well.
    """

    prompt: Prompt
    said: tuple[dict[int, float], ...]

    def target(self, generator: Generator) -> tuple[Target, list[int]]:
        """The answer as this unit says it, and the name that each place of it belongs to; after the last name, the end.

        Words of the sentence around the names are not part of the answer; a comma belongs to the name after it.
        """
        end, first = len(self.said), generator.model.vocabulary
        if self.prompt.items.where(Role.SENTENCE):
            best = max((weight, i) for items in self.said for i, weight in items.items())[1]
            said = [{first + i: weight for i, weight in items.items()} for items in self.said]
            places = [(0, items) for items in said if items]
            names = [name for name, items in enumerate(said) if items]
            eos = generator.special["<eos>"]
            return Target([first + best, eos], [*places, (1, {eos: 0.0})]), [*names, end]
        name_of = {first + i: name for name, items in enumerate(self.said) for i in items}
        steps = reference(self.prompt.items, sorted({i for items in self.said for i in items}))
        ids, right = target_of(generator, steps)
        opened, closed = ids.index(generator.special["<ans>"]) + 1, ids.index(generator.special["</ans>"])
        owners, name = [end] * (closed + 1 - opened), end
        for place in range(closed - 1, opened - 1, -1):
            name = owners[place - opened] = name_of.get(ids[place], name)
        return Target(ids, right[opened : closed + 1]), owners


@dataclass(frozen=True)
class Asked:
    """A question with its units: those of paths, then those of passages.

    Attributes:
        text: The question.
        masked: The same, its mentions masked.
        plans: Directed relations of each path, -1 after the last, shape (paths, steps).
        log_chances: Logarithm of the probability of each path, then of none of them, as they were read, shape (paths + 1,).
        rows: Of the passages in the index, shape (passages,).
        units: Of all, None where one does not say the answer.
        gold_plan: Place of the path that was meant; -1 where it is not among them, None where it is not known.
        gold_rows: Of the passages that answer, where they are known; nothing is learned from them.
        entities: IRIs of the nodes that it names.
    """

    text: str
    masked: str
    plans: torch.Tensor
    log_chances: torch.Tensor
    rows: Ids
    units: tuple[Unit | None, ...]
    gold_plan: int | None
    gold_rows: Ids
    entities: tuple[str, ...]

    @property
    def names(self) -> int:
        """Of how many names the answer is; none where no unit says it."""
        return max((len(unit.said) for unit in self.units if unit), default=0)


class Forms(NamedTuple):
    """The nodes that an answer names, and all their names."""

    nodes: set[int]
    names: list[str]


def ask_all(rag: KGRAG, questions: Sequence[Question]) -> list[Asked]:
    """Questions that have an answer, with what a system finds for them now."""
    return [one for question in track(questions, "looking for evidence") if (one := _asked(rag, question)) is not None]


def _asked(rag: KGRAG, question: Question) -> Asked | None:
    if not (question.answers or question.answer_text) or len(question.answers) > NAMES:
        return None
    links = [link for link in rag.linker.link(question.question) if link.node is not None]
    topics = [link.node for link in links if link.node is not None]
    masked = rag.linker.mask(question.question, links)
    forms = [_forms(rag, answer) for answer in question.answers]
    followed = topics and not isinstance(rag.reader, ReaRevReader)
    reading = _best(rag.reader.read_each(masked, topics)) if followed else None
    plans = reading.plans[:PATHS] if reading else ()
    ways = [along(rag.reader, reading, [plan], topics) for plan in plans] if reading else []
    units = [_path(rag, question, masked, links, findings, forms) for findings in ways]
    iris = [rag.graph.iri(topic) for topic in topics]
    found = rag.passages.search(question.question, PASSAGES, rag.encoder, iris) if len(rag.passages) else []
    units += [_passage(rag, question, masked, links, passage, forms) for passage in found]
    chances = reading.probabilities[: len(plans)] if reading else np.zeros(0, np.float32)
    none = max(1 - float(reading.probabilities.sum()), 1e-4) if reading else 1.0
    table = torch.full((len(plans), rag.reader.reasoner.steps), -1)
    for place, plan in enumerate(plans):
        table[place, : len(plan.relations)] = torch.tensor(plan.relations)
    rows = rag.passages.contents.rows
    gold = rows.find(list(question.gold_passages))
    return Asked(
        text=question.question,
        masked=masked,
        plans=table,
        log_chances=torch.from_numpy(np.log(np.append(chances, np.float32(none)))),
        rows=rows.find([one.passage.id for one in found]),
        units=tuple(units),
        gold_plan=_gold(rag, question, reading),
        gold_rows=gold[gold >= 0],
        entities=tuple(iris),
    )


def _best(readings: Sequence[Reading]) -> Reading | None:
    """The reading from the node that answers most surely."""
    open_ = [reading for reading in readings if reading.plans]
    return max(open_, key=lambda reading: float(reading.probabilities[0])) if open_ else None


def _forms(rag: KGRAG, answer: str) -> Forms:
    nodes = set(rag.graph.find(answer))
    names = [answer, *(name for node in sorted(nodes) for name in rag.graph.names(node))]
    return Forms(nodes, sorted({normalise(name) for name in names if len(name) > 1}))


def _gold(rag: KGRAG, question: Question, reading: Reading | None) -> int | None:
    """Where the path that was meant stands among all that were read."""
    if reading is None or not question.path:
        return None
    wanted = given_path(rag.graph, rag.reader.rows, question, int(reading.start[0]))
    if not wanted:
        return None
    return next((place for place, plan in enumerate(reading.plans) if plan.relations == wanted), -1)


def _path(
    rag: KGRAG, question: Question, masked: str, links: Sequence[Link], findings: Findings, forms: Sequence[Forms]
) -> Unit | None:
    """What one path says."""
    encoding = rag.encoder.encode([masked])[0]
    prompt = compose(rag.graph, question.question, links, findings, encoding, rag.encoder.encode).prompt
    offered = prompt.items.where(*ANSWERS)
    positions: list[Any] = [prompt.items.references[i] for i in offered]
    reached = findings.subgraph.nodes[positions].tolist()
    said = tuple({i: 0.0 for i, node in zip(offered, reached) if node in nodes} for nodes, _ in forms)
    return Unit(prompt, said) if any(said) else None


def _passage(
    rag: KGRAG,
    question: Question,
    masked: str,
    links: Sequence[Link],
    found: ScoredPassage,
    forms: Sequence[Forms],
) -> Unit | None:
    """What one passage says: sentences that hold a name, or are like an answer in words."""
    texts = rag.passages.sentences(found.passage)[:SENTENCES]
    own, whole = rag.encoder.encode([masked, question.question])
    vectors = rag.encoder.encode(texts)
    sentences = [((0, j), text, float(score)) for j, (text, score) in enumerate(zip(texts, vectors @ whole))]
    topics = [link.node for link in links if link.node is not None]
    findings = nothing(rag.reader, topics)
    prompt = compose(rag.graph, question.question, links, findings, own, rag.encoder.encode, sentences).prompt
    places = prompt.items.where(Role.SENTENCE)
    if forms:
        padded = [f" {normalise(text)} " for text in texts]
        said = tuple(
            {place: 0.0 for place, text in zip(places, padded) if any(_holds(text, name) for name in names)}
            for _, names in forms
        )
    else:
        alike = vectors @ rag.encoder.encode([question.answer_text])[0]
        said = ({place: float(cosine - 1) / LIKENESS for place, cosine in zip(places, alike)},)
    return Unit(prompt, said) if any(said) else None


def _holds(text: str, name: str) -> bool:
    place = text.find(name)
    while place >= 0:
        if not (text[place - 1].isalnum() or text[place + len(name)].isalnum()):
            return True
        place = text.find(name, place + 1)
    return False
