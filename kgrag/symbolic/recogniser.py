"""Recognises what a question wants computed, and which of its words say what.

A small recurrent network over the text encoder's token states: it marks each word (the set asked about, what is measured, the number
to compare with) and, from all of them, tells the operator, its clause and its direction. It is trained on synthesised questions
alone (`kgrag.training.operators`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from kgrag.encoding.phrasebook import NAMED
from kgrag.errors import ModelError
from kgrag.types import TextEncoder
from kgrag.wordings.operators import CLAUSES, DIRECTIONS, MARKS, OPERATORS

SURE = 0.8  # least probability that something is to be computed at all
_WORD = re.compile(r"\d[\d.,]*\d|\w+(?:['\u2019]\w*)?|[^\w\s]")
_NAME = re.compile(rf"{NAMED}(?:['\u2019]\w*)?")
_TAGS = ("O", *MARKS)


@dataclass(frozen=True)
class Task:
    """What a question wants computed.

    Attributes:
        operator: One of `kgrag.wordings.operators.OPERATORS`.
        clause: One of `CLAUSES` there.
        direction: One of `DIRECTIONS` there.
        probability: How sure that is.
        set: What the set is asked for by, as a question of its own.
        measure: The words for what is measured or counted of each member.
        value: The words that hold the number or date to compare with.
        other: The words for what the members must not be.
        rest: The words that say none of these.
        places: Mark of each ``X`` in the question, in their order; "S" where it has none.
    """

    operator: str
    clause: str
    direction: str
    probability: float
    set: str = ""
    measure: str = ""
    value: str = ""
    other: str = ""
    rest: str = ""
    places: tuple[str, ...] = ()


class Recogniser(nn.Module):
    """The network.

    Args:
        width: Width of the text encoder.
        hidden: Width of its own states.
        encoder: Name of the text encoder that it was trained with.
    """

    def __init__(self, width: int = 384, hidden: int = 48, encoder: str = "") -> None:
        super().__init__()
        self.settings = {"width": width, "hidden": hidden, "encoder": encoder}
        self.narrow = nn.Linear(width, hidden)
        self.reader = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * hidden, len(_TAGS))
        self.heads = nn.ModuleList(nn.Linear(4 * hidden, len(names)) for names in (OPERATORS, CLAUSES, DIRECTIONS))
        self.dropout = nn.Dropout(0.2)

    def knows(self, encoder: TextEncoder) -> bool:
        """Whether it was trained with a text encoder."""
        return encoder.name == self.settings["encoder"]

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits of the mark of each word, and of operator, clause and direction of each question.

        Args:
            words: States of the words, shape (questions, words, width).
            lengths: Words of each question, shape (questions,).

        Returns:
            Shape (questions, words, marks), and three of shape (questions, names).
        """
        narrow = self.dropout(torch.tanh(self.narrow(words)))
        packed = nn.utils.rnn.pack_padded_sequence(narrow, lengths, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.reader(packed)[0], batch_first=True, total_length=words.shape[1]
        )
        there = torch.arange(words.shape[1])[None] < lengths[:, None]
        mean = states.masked_fill(~there[..., None], 0).sum(1) / lengths[:, None]
        most = states.masked_fill(~there[..., None], -1e4).amax(1)
        pooled = self.dropout(torch.cat([mean, most], dim=1))
        return self.tag(self.dropout(states)), [head(pooled) for head in self.heads]

    @torch.inference_mode()
    def recognise(self, questions: Sequence[str], encoder: TextEncoder) -> list[Task | None]:
        """What each question wants computed; None for one that is answered by what is stated.

        Args:
            questions: Their names of things masked by ``X``.
            encoder: The text encoder that it was trained with.
        """
        self.eval()
        spans, states = word_states(questions, encoder)
        tasks: list[Task | None] = []
        for question, places, words in zip(questions, spans, states):
            if not places:
                tasks.append(None)
                continue
            marks, logits = self(words[None], torch.tensor([len(places)]))
            operator, clause, direction = (row[0].softmax(-1) for row in logits)
            something = 1 - float(operator[0] * clause[0])
            if something < SURE:
                tasks.append(None)
                continue
            names = [_TAGS[i] for i in marks[0].argmax(-1).tolist()]
            tasks.append(_task(question, places, names, operator, clause, direction, something))
        return tasks

    def save(self, folder: Path) -> None:
        """Writes weights (half precision) and settings into a folder."""
        from safetensors.torch import save_file

        weights = {name: value.half().contiguous() for name, value in self.state_dict().items()}
        save_file(weights, folder / "operators.safetensors")
        (folder / "operators.json").write_text(json.dumps(self.settings, sort_keys=True) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Recogniser:
        """Reads a recogniser back.

        Raises:
            ModelError: A file is missing or does not fit.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            recogniser = cls(**json.loads((folder / "operators.json").read_text()))
            weights = load_file(folder / "operators.safetensors")
            recogniser.load_state_dict({name: value.float() for name, value in weights.items()})
        except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"No recogniser can be loaded from {folder}: {error}.", "Train it again: make model."
            ) from error
        return recogniser.eval()


def word_states(
    questions: Sequence[str], encoder: TextEncoder
) -> tuple[list[list[tuple[int, int]]], list[torch.Tensor]]:
    """The words of questions and their states, each the mean of its tokens'; words beyond what the encoder reads are left out.

    Returns:
        ``(start, end)`` of the words of each question, and for each a tensor of shape (words, width).
    """
    tokens, _ = encoder.tokens(questions)
    places, states = [], []
    for row, (question, spans) in enumerate(zip(questions, encoder.spans(questions))):
        words = [match.span() for match in _WORD.finditer(question)]
        member = torch.tensor([[a < d and c < b and c < d for c, d in spans] for a, b in words], dtype=torch.float32)
        member = member.reshape(len(words), len(spans))
        read = member.sum(1) > 0
        member = member[read] / member[read].sum(1, keepdim=True)
        places.append([word for word, there in zip(words, read.tolist()) if there])
        states.append(member @ tokens[row, : len(spans)])
    return places, states


def tags_of(spans: Sequence[tuple[int, int]], parts: Sequence[tuple[int, int, str]]) -> list[int]:
    """The mark of each word as its place among the marks, 0 for none."""
    return [next((_TAGS.index(mark) for a, b, mark in parts if a <= start < b), 0) for start, _ in spans]


def _task(
    question: str,
    spans: Sequence[tuple[int, int]],
    marks: list[str],
    operator: torch.Tensor,
    clause: torch.Tensor,
    direction: torch.Tensor,
    something: float,
) -> Task:
    is_name = [_NAME.fullmatch(question[a:b]) is not None for a, b in spans]
    marks = ["S" if named and mark not in ("T", "M", "V") else mark for named, mark in zip(is_name, marks)]
    pair = torch.outer(operator, clause)
    pair[0, 0] = 0
    best = int(pair.argmax())
    return Task(
        OPERATORS[best // len(CLAUSES)],
        CLAUSES[best % len(CLAUSES)],
        DIRECTIONS[int(direction.argmax())],
        something,
        _asked(question, spans, marks),
        _words(question, spans, marks, "M"),
        _words(question, spans, marks, "V"),
        _words(question, spans, marks, "T"),
        _words(question, spans, marks, "O"),
        tuple(mark for named, mark in zip(is_name, marks) if named),
    )


def _words(question: str, spans: Sequence[tuple[int, int]], marks: Sequence[str], mark: str) -> str:
    """The words of a mark, apart where they are apart in the question."""
    pieces: list[str] = []
    for place, ((start, end), name) in enumerate(zip(spans, marks)):
        if name == mark:
            follows = place and marks[place - 1] == mark and spans[place - 1][1] == start
            pieces += [question[start:end]] if follows or not pieces else [" ", question[start:end]]
    return "".join(pieces).strip(" ,:;.-")


def _asked(question: str, spans: Sequence[tuple[int, int]], marks: Sequence[str]) -> str:
    """The words for the set, as a question: what asks to count gives way to "which"."""
    pieces: list[str] = []
    for place, ((start, end), name) in enumerate(zip(spans, marks)):
        if name == "C" and "which" not in pieces:
            pieces += [" ", "which"] if pieces else ["which"]
        elif name == "S":
            follows = place and marks[place - 1] == "S" and spans[place - 1][1] == start
            pieces += [question[start:end]] if follows or not pieces else [" ", question[start:end]]
    text = "".join(pieces).strip(" ,:;.-?")
    return f"{text}?" if text else NAMED
