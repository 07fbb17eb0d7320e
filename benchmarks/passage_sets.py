"""Public sets of passages and of questions whose passages are known, for `benchmarks/passages.py`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reporting import DATASETS

from kgrag import Passage, Question

HELD = 20  # of a hundred questions, those that are not trained on where a set has no part for that


@dataclass(frozen=True)
class PassageSet:
    """A collection with its questions.

    Attributes:
        passages: What is searched.
        train: Questions to learn from.
        asked: Questions to measure by.
    """

    passages: list[Passage]
    train: list[Question]
    asked: list[Question]


def medquad(part: str) -> PassageSet:
    """Answers about diseases and drugs; questions about a fifth of the documents are held back."""
    found: dict[str, Passage] = {}
    for one in lines("medquad/passages.jsonl"):
        name = one["id"] if one["id"] not in found else f"{one['id']} ({len(found)})"  # a few ids are given to several
        found[name] = Passage(name, one["text"], document=one["doc"])
    passages = list(found.values())
    asked = lines(f"medquad/questions_{part}.jsonl") if part != "valid" else None
    made = [(question(one, [one["gold_passage"]]), one["focus_doc"]) for one in lines("medquad/questions_train.jsonl")]
    train, held = split(made, part)
    return PassageSet(passages, train, held if asked is None else [question(o, [o["gold_passage"]]) for o in asked])


def obliqa(part: str) -> PassageSet:
    """Provisions of regulations; a fifth of the questions are held back."""
    passages = [
        Passage(one["id"], one["text"], document=str(one["document"]))
        for one in lines("obliqa/passages.jsonl")
        if one["text"].strip()
    ]
    made = [(question(one, one["gold_passages"]), one["id"]) for one in lines("obliqa/questions_dev.jsonl")]
    train, held = split(made, part)
    return PassageSet(passages, train, held if part == "valid" else asked_in(f"obliqa/questions_{part}.jsonl"))


def bioasq(part: str) -> PassageSet:
    """Snippets of abstracts; the questions of the last of four years are held back."""
    passages = [Passage(one["id"], one["text"], document=one["pmid"]) for one in lines("bioasq/passages.jsonl")]
    given = list(lines("bioasq/questions_7B-10B.jsonl"))
    made = [(question(one, one["gold_passages"]), one["task"]) for one in given]
    if part != "valid":
        return PassageSet(passages, [one for one, _ in made], asked_in(f"bioasq/questions_{part}.jsonl"))
    train = [one for one, task in made if not task.startswith("10B")]
    return PassageSet(passages, train, [one for one, task in made if task.startswith("10B")])


def q4eu(part: str) -> PassageSet:
    """Articles and recitals of European acts, which name themselves, the chapter that they are in and what they cite.

    There are few questions: where those of another part are asked, these are learned from; else they are asked themselves.
    """
    nodes = {one["id"]: one for one in lines("q4eu/nodes.jsonl")}
    kept = [one for one in nodes.values() if one["kind"] in ("article", "recital")]
    names: dict[str, list[str]] = {one["id"]: [one["id"]] for one in kept}
    for line in (DATASETS / "q4eu/edges.tsv").read_text(encoding="utf-8").splitlines():
        subject, relation, target = line.split("\t")
        origin, target = whole(subject, names), whole(target, names)
        if origin in names and (target in names or nodes[target]["kind"] == "chapter") and target not in names[origin]:
            names[origin].append(target)
    passages = [
        Passage(one["id"], one["text"], one["title"], entities=tuple(names[one["id"]]), document=one["doc"])
        for one in kept
    ]
    few, *others = (
        [question(one, one["answer_articles_recitals"]) for one in lines(f"q4eu/questions_{name}.jsonl")]
        for name in ("dev", part)[: 1 + (part != "valid")]
    )
    return PassageSet(passages, few, others[0]) if others else PassageSet(passages, [], few)


SETS: dict[str, Callable[[str], PassageSet]] = {"medquad": medquad, "obliqa": obliqa, "bioasq": bioasq, "q4eu": q4eu}


def lines(file: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, one a line."""
    with (DATASETS / file).open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def question(one: dict[str, Any], gold: list[str]) -> Question:
    """A question with the passages that answer it."""
    return Question(one["question"], id=one["id"], gold_passages=tuple(dict.fromkeys(gold)))


def asked_in(file: str) -> list[Question]:
    """The questions of a file that has ``gold_passages``."""
    return [question(one, one["gold_passages"]) for one in lines(file)]


def split(made: list[tuple[Question, str]], part: str) -> tuple[list[Question], list[Question]]:
    """Questions to learn from and questions held back, by the hash of what stands with each; none is where another part is asked."""
    if part != "valid":
        return [one for one, _ in made], []
    is_held = [int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100 < HELD for _, key in made]
    return [one for (one, _), held in zip(made, is_held) if not held], [
        one for (one, _), held in zip(made, is_held) if held
    ]


def whole(node: str, articles: dict[str, Any]) -> str:
    """The article that a paragraph is of; anything else as it is."""
    article = node.rsplit(".", 1)[0]
    return node if node in articles else article if article in articles else node
