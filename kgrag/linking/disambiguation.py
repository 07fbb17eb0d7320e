"""Which node a given mention means, learned from labelled texts where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kgrag.errors import InputError, ModelError, SavedFolderError
from kgrag.linking import acronyms
from kgrag.linking.dense import DenseNames, Encoder
from kgrag.linking.folding import fold, spaced
from kgrag.linking.memory import MentionMemory, Remembered
from kgrag.linking.pairs import CONSTANT, FEATURES, PairFinder
from kgrag.linking.ranking import Example, Pairs, Ranker, train
from kgrag.linking.spans import SpanNames
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.progress import track

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

_SEED = 0
_HELD_OUT = 5  # one in this many texts calibrates where no others are given
_AT_ONCE = 256  # mentions
_NONE = np.zeros(1, np.int64)
_KIND, _WEIGHTS, _SETTINGS = "linker", "ranker.safetensors", "linker.json"
_ARRAYS, _NUMBERS = ("linear", "inner", "bias", "outer"), ("nothing", "temperature", "threshold")

Mentions = list[tuple[str, tuple[str, ...]]]  # of one text, written out and folded, and what they mean


class LabelledText(NamedTuple):
    """A text and its mentions.

    Attributes:
        text: The text.
        mentions: Start and end of each, and the IRIs of the nodes that it means, any of which is right; none where the
            graph has no such node.
    """

    text: str
    mentions: tuple[tuple[int, int, tuple[str, ...]], ...]


class Disambiguator:
    """Ranks the candidates of given mentions.

    Args:
        graph: Whose nodes are meant.
        lexicon: Its names.
        span_names: Finds names by their letters.
        encoder: Of names and mentions, if any.

    Attributes:
        ranker: Orders candidates; until it was trained, by constant weights.
        memory: What labelled mentions were linked to.
        trained: Whether ranker and memory were learned.
    """

    def __init__(
        self, graph: KnowledgeGraph, lexicon: Lexicon, span_names: SpanNames, encoder: Encoder | None = None
    ) -> None:
        self._graph, self._lexicon = graph, lexicon
        self._dense = None if encoder is None else DenseNames(lexicon, encoder)
        self._finder = PairFinder(graph, lexicon, span_names, self._dense)
        self._encoder_name = None if encoder is None else str(getattr(encoder, "name", type(encoder).__name__))
        self.ranker, self.memory, self.trained = CONSTANT, MentionMemory([]), False

    @property
    def ready(self) -> bool:
        """Whether there is more to rank by than the scores of names."""
        return self.trained or self._dense is not None

    def rank(self, mentions: Sequence[str]) -> list[list[tuple[int, float]]]:
        """For the mentions of one text, written out, nodes and their probabilities, best first."""
        folded = [fold(mention) for mention in mentions]
        return [self.ranker.rank(pairs) for pairs in self._in_text(folded, self._found(folded))]

    def train(self, texts: Sequence[LabelledText], valid: Sequence[LabelledText]) -> None:
        """Learns names, weights and calibration from labelled texts."""
        own, rows = [*map(_mentions, texts)], []
        for number, mentions in enumerate(own):
            rows += [Remembered(mention, iris, number) for mention, iris in mentions]
        if not rows:
            raise InputError("The texts to train on have no mentions.", "Give texts with labelled mentions.")
        before = self.memory
        self._remember(rows)
        try:
            self.ranker = self._learned(own, [*map(_mentions, valid)])
        except InputError:
            self.memory = before
            raise
        self.trained = True

    def save(self, folder: str | Path) -> None:
        """Saves ranker and memory."""
        if not self.trained:
            raise ModelError("The linker has learned nothing that could be saved.", "Train it first.")

        def write(staging: Path) -> None:
            arrays = {name: getattr(self.ranker, name) for name in _ARRAYS}
            numbers = {name: getattr(self.ranker, name) for name in _NUMBERS}
            save_file(arrays, staging / _WEIGHTS)
            settings = {"features": FEATURES, "encoder": self._encoder_name, "memory": self.memory.rows}
            write_json(staging / _SETTINGS, settings | numbers)

        write_folder(folder, write, _KIND)

    def load(self, folder: str | Path) -> None:
        """Takes what was saved.

        Raises:
            SavedFolderError: The folder is none of a linker's, was changed, or is of another version.
        """
        read_folder(folder, _KIND)
        saved = read_json(Path(folder) / _SETTINGS)
        try:
            encoder, features = saved["encoder"], saved["features"]
            rows = [
                Remembered(str(mention), tuple(map(str, iris)), int(text)) for mention, iris, text in saved["memory"]
            ]
            arrays = load_file(Path(folder) / _WEIGHTS)
            linear, inner, bias, outer = (arrays[name] for name in _ARRAYS)
            numbers = {name: float(saved[name]) for name in _NUMBERS}
            ranker = Ranker(linear, inner, bias, outer, **numbers)
            ranker.rank(
                Pairs(_NONE, _NONE, np.zeros((1, len(FEATURES)), np.float32))
            )  # fails where the shapes do not fit
        except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
            raise SavedFolderError(f"{folder} holds no linker: {error!r}.", "Train it, and save it again.") from error
        if features != list(FEATURES):
            raise SavedFolderError(f"{folder} was learned from other features.", "Train the linker again.")
        if encoder != self._encoder_name:
            raise SavedFolderError(
                f"{folder} was learned with the encoder {encoder}, not {self._encoder_name}.",
                "Give the same encoder, or none if it was learned without.",
            )
        self._remember(rows)
        self.ranker, self.trained = ranker, True

    def _remember(self, rows: Sequence[Remembered]) -> None:
        encode = self._dense.encode if self._dense and rows else None
        self.memory = MentionMemory(rows, encode([row.mention for row in rows]) if encode else None)

    def _learned(self, texts: Sequence[Mentions], valid: Sequence[Mentions]) -> Ranker:
        found = self._found([mention for text in (*texts, *valid) for mention, _ in text], "Finding candidates")
        examples = [list(self._examples(text, found, number)) for number, text in enumerate(texts)]
        ranker = train([one for text in examples for one in text], _SEED)
        held_out = [one for text in valid for one in self._examples(text, found, None)]
        if held_out:
            return ranker.calibrated(held_out)
        others = [one for number, text in enumerate(examples) if number % _HELD_OUT for one in text]
        part = train(others, _SEED) if any(one.right.any() for one in others) else ranker
        calibrated = part.calibrated([one for text in examples[::_HELD_OUT] for one in text])
        return replace(ranker, temperature=calibrated.temperature, threshold=calibrated.threshold)

    def _found(self, mentions: Sequence[str], description: str | None = None) -> dict[str, Pairs]:
        unique = list(dict.fromkeys(mentions))
        starts: Sequence[int] = range(0, len(unique), _AT_ONCE)
        found: dict[str, Pairs] = {}
        for start in track(starts, description, len(starts)) if description else starts:
            part = unique[start : start + _AT_ONCE]
            found.update(zip(part, self._finder.find(part, self.memory)))
        return found

    def _in_text(self, mentions: Sequence[str], found: dict[str, Pairs], without: int | None = None) -> list[Pairs]:
        recalled = [self._finder.recalled(mention, found[mention], self.memory, without) for mention in mentions]
        return self._finder.coherent(mentions, recalled)

    def _examples(self, mentions: Mentions, found: dict[str, Pairs], without: int | None) -> Iterator[Example]:
        all_pairs = self._in_text([mention for mention, _ in mentions], found, without)
        for pairs, (_, iris) in zip(all_pairs, mentions):
            nodes = [node for iri in iris for node in self._graph.find(iri)]
            yield Example(pairs, np.isin(pairs.nodes, nodes), bool(nodes))


def _mentions(labelled: LabelledText) -> Mentions:
    """The mentions of a text, written out and folded, and what they mean."""
    long_forms = acronyms.long_forms(labelled.text)
    return [
        (fold(acronyms.expanded(spaced(labelled.text[start:end]), long_forms)), tuple(iris))
        for start, end, iris in labelled.mentions
    ]
