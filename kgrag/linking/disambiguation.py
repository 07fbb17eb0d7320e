"""Which node a mention means, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kgrag.errors import ModelError, SavedFolderError
from kgrag.linking.coherence import TIES, Coherence
from kgrag.linking.defaults import default_ranker
from kgrag.linking.dense import DenseNames, Encoder
from kgrag.linking.folding import fold
from kgrag.linking.memory import MentionMemory, Remembered
from kgrag.linking.pairs import FEATURES, NOTHING, Asked, PairFinder
from kgrag.linking.ranking import Pairs, Ranker, Weighed
from kgrag.linking.spans import SpanNames
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

_KIND, _WEIGHTS, _SETTINGS = "linker", "ranker.safetensors", "linker.json"
_ARRAYS, _TEMPERATURE = ("linear", "inner", "bias", "outer", "nothing", "ties"), "temperature"
_ALL = (*FEATURES, *NOTHING, *TIES)

Ranked = list[tuple[int, float]]


class Disambiguator:
    """Ranks the candidates of mentions.

    Args:
        graph: Whose nodes are meant.
        lexicon: Its names.
        span_names: Finds names by their letters.
        encoder: Of names and mentions, if any.

    Attributes:
        graph: As given.
        lexicon: As given.
        finder: Of candidates.
        ranker: Orders candidates; until another one was learned, the shipped one.
        memory: What labelled mentions were linked to.
    """

    def __init__(
        self, graph: KnowledgeGraph, lexicon: Lexicon, span_names: SpanNames, encoder: Encoder | None = None
    ) -> None:
        self.graph, self.lexicon = graph, lexicon
        self._dense = None if encoder is None else DenseNames(graph, lexicon, encoder)
        self.finder = PairFinder(graph, lexicon, span_names, self._dense)
        self._coherence = Coherence(graph, lexicon)
        self._encoder_name = None if encoder is None else str(getattr(encoder, "name", type(encoder).__name__))
        self._shipped = self.ranker = default_ranker(encoder is not None)
        self.memory = MentionMemory([])

    def rank(self, text: str, mentions: Sequence[Asked]) -> list[Ranked]:
        """For the mentions of one text, nodes and their probabilities, best first; what is missing to 1 is that of none.

        A mention that the text repeats means the same each time (Gale, Church and Yarowsky 1992).
        """
        distinct = together(mentions)
        asked = [mention for mention in distinct.values() if mention.node is None]
        found = iter(self.in_text(text, asked, self.finder.find(asked, self.memory)))
        weighed = [
            self.ranker.weigh(next(found)) if mention.node is None else _certain(mention.node)
            for mention in distinct.values()
        ]
        ties = self.ties(self.ranker, weighed, [one.nodes for one in weighed])
        ranked = {}
        for folded, one, tie in zip(distinct, weighed, ties):
            shares = self.ranker.shares(one, tie).tolist()
            ranked[folded] = sorted(zip(one.nodes.tolist(), shares), key=lambda item: (-item[1], item[0]))
        return [ranked[fold(mention.written)] for mention in mentions]

    def remember(self, rows: Sequence[Remembered], passed: Sequence[str] = ()) -> None:
        """Takes labelled mentions, and names without a label, as the memory."""
        encode = self._dense.encode if self._dense and rows else None
        vectors = encode([fold(row.mention) for row in rows]) if encode else None
        self.memory = MentionMemory(rows, vectors, passed)

    def in_text(
        self, text: str, mentions: Sequence[Asked], pairs: Sequence[Pairs], without: int | None = None
    ) -> list[Pairs]:
        """The candidates of mentions with what the memory and the text say of them.

        Args:
            text: What the mentions stand in.
            mentions: The mentions.
            pairs: Their candidates, as `PairFinder.find` has them.
            without: As of `MentionMemory`.
        """
        found = []
        for mention, one in zip(mentions, pairs):
            recalled = self.finder.recalled(fold(mention.written), one, self.memory, without)
            found.append(self.finder.placed(text, mention.places, recalled))
        return found

    def ties(self, ranker: Ranker, mentions: Sequence[Weighed], candidates: Sequence[Ids]) -> list[Floats]:
        """How nodes go with what the other mentions of a text mean.

        Args:
            ranker: Decides what they mean.
            mentions: The mentions.
            candidates: Nodes for each.

        Returns:
            For each, shape (nodes, ties).
        """
        if len(mentions) < 2:
            return [np.zeros((len(nodes), len(TIES)), np.float32) for nodes in candidates]
        chosen = self._coherence.chosen(ranker, mentions)
        found = []
        for at, nodes in enumerate(candidates):
            others = [node for other, node in enumerate(chosen) if other != at and node is not None]
            found.append(self._coherence.ties(nodes, np.array(others, np.int64)).max(axis=1, initial=0))
        return found

    def save(self, folder: str | Path) -> None:
        """Saves ranker and memory."""
        if self.ranker is self._shipped:
            raise ModelError("The linker has learned nothing that could be saved.", "Train it first.")

        def write(staging: Path) -> None:
            arrays = {name: getattr(self.ranker, name) for name in _ARRAYS}
            save_file(arrays, staging / _WEIGHTS)
            memory = {"memory": self.memory.rows, "passed": self.memory.passed}
            settings = {"features": _ALL, "encoder": self._encoder_name, _TEMPERATURE: self.ranker.temperature}
            write_json(staging / _SETTINGS, settings | memory)

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
            passed = [str(mention) for mention in saved["passed"]]
            arrays = load_file(Path(folder) / _WEIGHTS)
            ranker = Ranker(**{name: arrays[name] for name in _ARRAYS}, temperature=float(saved[_TEMPERATURE]))
            _try(ranker)
        except (KeyError, TypeError, ValueError, OSError, SafetensorError) as error:
            raise SavedFolderError(f"{folder} holds no linker: {error!r}.", "Train it, and save it again.") from error
        if features != list(_ALL):
            raise SavedFolderError(f"{folder} was learned from other features.", "Train the linker again.")
        if encoder != self._encoder_name:
            raise SavedFolderError(
                f"{folder} was learned with the encoder {encoder}, not {self._encoder_name}.",
                "Give the same encoder, or none if it was learned without.",
            )
        self.remember(rows, passed)
        self.ranker = ranker


def _certain(node: int) -> Weighed:
    return Weighed(np.array([node]), np.zeros(1, np.float32), -np.inf)


def _try(ranker: Ranker) -> None:
    """Raises ValueError where its shapes do not fit."""
    none, zero = np.zeros(1, np.int64), np.zeros(1, np.float32)
    pairs = Pairs(none, none, np.zeros((1, len(FEATURES)), np.float32), np.zeros(len(NOTHING), np.float32), zero)
    ranker.shares(ranker.weigh(pairs), np.zeros((1, len(TIES)), np.float32))


def together(mentions: Sequence[Asked]) -> dict[str, Asked]:
    """Mentions by what is written, each with all its places."""
    found: dict[str, Asked] = {}
    for mention in mentions:
        folded = fold(mention.written)
        before = found.setdefault(folded, mention)
        if before is not mention:
            found[folded] = before._replace(places=before.places + mention.places)
    return found
