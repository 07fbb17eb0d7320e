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
from kgrag.linking.coherence import TIES, Coherence
from kgrag.linking.defaults import default_ranker
from kgrag.linking.dense import DenseNames, Encoder
from kgrag.linking.folding import fold, spaced
from kgrag.linking.memory import MentionMemory, Remembered
from kgrag.linking.pairs import FEATURES, NOTHING, Asked, PairFinder
from kgrag.linking.ranking import Example, Pairs, Ranker, Weighed, train
from kgrag.linking.spans import SpanNames
from kgrag.linking.synthesis import Synthesiser
from kgrag.persistence import read_folder, read_json, write_folder, write_json
from kgrag.progress import track
from kgrag.types import Floats, Ids

if TYPE_CHECKING:
    from kgrag.graph import KnowledgeGraph
    from kgrag.linking.lexicon import Lexicon

_HELD_OUT = 5  # one in this many texts calibrates where no others are given
_AT_ONCE = 256  # mentions
_KIND, _WEIGHTS, _SETTINGS = "linker", "ranker.safetensors", "linker.json"
_ARRAYS, _NUMBERS = ("linear", "inner", "bias", "outer", "nothing", "ties"), ("temperature", "threshold")
_ALL = (*FEATURES, *NOTHING, *TIES)

Ranked = list[tuple[int, float]]


class LabelledText(NamedTuple):
    """A text and its mentions.

    Attributes:
        text: The text.
        mentions: Start and end of each, and the IRIs of the nodes that it means, any of which is right; none where the
            graph has no such node.
    """

    text: str
    mentions: tuple[tuple[int, int, tuple[str, ...]], ...]


class _Lesson(NamedTuple):
    """A text to learn from: its mentions, and for each its candidates and the nodes that it means.

    Attributes:
        number: Of the text, where its own mentions are remembered, and do not count for it.
    """

    text: str
    mentions: Sequence[Asked]
    pairs: Sequence[Pairs]
    right: Sequence[Sequence[int]]
    number: int | None


class Disambiguator:
    """Ranks the candidates of mentions.

    Args:
        graph: Whose nodes are meant.
        lexicon: Its names.
        span_names: Finds names by their letters.
        encoder: Of names and mentions, if any.

    Attributes:
        ranker: Orders candidates; until it was trained, as learned from other graphs.
        memory: What labelled mentions were linked to.
        trained: Whether ranker and memory were learned.
    """

    def __init__(
        self, graph: KnowledgeGraph, lexicon: Lexicon, span_names: SpanNames, encoder: Encoder | None = None
    ) -> None:
        self._graph, self._lexicon = graph, lexicon
        self._dense = None if encoder is None else DenseNames(lexicon, encoder)
        self._finder = PairFinder(graph, lexicon, span_names, self._dense)
        self._coherence = Coherence(graph, lexicon)
        self._encoder_name = None if encoder is None else str(getattr(encoder, "name", type(encoder).__name__))
        self.ranker = default_ranker(encoder is not None)
        self.memory, self.trained = MentionMemory([]), False

    def rank(self, text: str, mentions: Sequence[Asked]) -> list[Ranked]:
        """For the mentions of one text, nodes and their probabilities, best first; what is missing to 1 is that of none.

        A mention that the text repeats means the same each time (Gale, Church and Yarowsky 1992).
        """
        together = _together(mentions)
        distinct = list(together.values())
        found = self._finder.find(distinct, self.memory)
        weighed = [self.ranker.weigh(pairs) for pairs in self._in_text(text, distinct, found)]
        ties = self._ties(self.ranker, weighed, [one.nodes for one in weighed])
        ranked = {}
        for folded, one, tie in zip(together, weighed, ties):
            shares = self.ranker.shares(one, tie).tolist()
            ranked[folded] = sorted(zip(one.nodes.tolist(), shares), key=lambda item: (-item[1], item[0]))
        return [ranked[fold(mention.written)] for mention in mentions]

    def train(self, texts: Sequence[LabelledText], valid: Sequence[LabelledText], seed: int) -> None:
        """Learns names, weights and calibration from labelled texts."""
        own = [*map(_mentions, texts)]
        rows = [
            Remembered(fold(mention.written), iris, number)
            for number, mentions in enumerate(own)
            for mention, iris in mentions
        ]
        if not rows:
            raise InputError("The texts to train on have no mentions.", "Give texts with labelled mentions.")
        before = self.memory
        self._remember(rows)
        try:
            lessons = self._lessons([*texts, *valid], [*own, *map(_mentions, valid)], len(texts))
            self.ranker = self._learned(lessons[: len(texts)], lessons[len(texts) :], seed)
        except InputError:
            self.memory = before
            raise
        self.trained = True

    def fit(self, count: int, seed: int) -> None:
        """Learns weights and calibration from texts made from the graph."""
        self.memory = MentionMemory([])
        synthesiser = Synthesiser(self._graph, self._lexicon, seed)
        texts = synthesiser.sample(count)
        found = self._found([made.asked for text in texts for made in text.mentions])
        lessons = [
            _Lesson(
                text.text,
                [made.asked for made in text.mentions],
                [synthesiser.changed(made, found[made.asked.written]) for made in text.mentions],
                [[] if made.missing else [made.node] for made in text.mentions],
                None,
            )
            for text in texts
        ]
        self.ranker = self._learned(lessons, [], seed)
        self.trained = True

    def save(self, folder: str | Path) -> None:
        """Saves ranker and memory."""
        if not self.trained:
            raise ModelError("The linker has learned nothing that could be saved.", "Train it first.")

        def write(staging: Path) -> None:
            arrays = {name: getattr(self.ranker, name) for name in _ARRAYS}
            numbers = {name: getattr(self.ranker, name) for name in _NUMBERS}
            save_file(arrays, staging / _WEIGHTS)
            settings = {"features": _ALL, "encoder": self._encoder_name, "memory": self.memory.rows}
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
            ranker = Ranker(*(arrays[name] for name in _ARRAYS), *(float(saved[name]) for name in _NUMBERS))
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
        self._remember(rows)
        self.ranker, self.trained = ranker, True

    def _remember(self, rows: Sequence[Remembered]) -> None:
        encode = self._dense.encode if self._dense and rows else None
        self.memory = MentionMemory(rows, encode([row.mention for row in rows]) if encode else None)

    def _lessons(
        self, texts: Sequence[LabelledText], mentions: Sequence[Sequence[tuple[Asked, tuple[str, ...]]]], remembered: int
    ) -> list[_Lesson]:
        found = self._found([asked for of_text in mentions for asked, _ in of_text])
        return [
            _Lesson(
                text.text,
                [asked for asked, _ in of_text],
                [found[asked.written] for asked, _ in of_text],
                [[node for iri in iris for node in self._graph.find(iri)] for _, iris in of_text],
                number if number < remembered else None,
            )
            for number, (text, of_text) in enumerate(zip(texts, mentions))
        ]

    def _learned(self, lessons: Sequence[_Lesson], valid: Sequence[_Lesson], seed: int) -> Ranker:
        """A ranker that was trained twice: what goes with the other mentions can be told when these are ranked."""
        lessons, valid = ([self._prepared(one) for one in part] for part in (lessons, valid))
        ranker = train([example for one in lessons for example in self._examples(one, None)], seed)
        examples = [list(self._examples(one, ranker)) for one in lessons]
        held_out = [example for one in valid for example in self._examples(one, ranker)]
        ranker = train([example for one in examples for example in one], seed)
        if held_out:
            return ranker.calibrated(held_out)
        others = [example for number, one in enumerate(examples) if number % _HELD_OUT for example in one]
        part = train(others, seed) if any(one.right.any() for one in others) else ranker
        calibrated = part.calibrated([example for one in examples[::_HELD_OUT] for example in one])
        return replace(ranker, temperature=calibrated.temperature, threshold=calibrated.threshold)

    def _found(self, mentions: Sequence[Asked]) -> dict[str, Pairs]:
        unique = list({mention.written: mention for mention in mentions}.values())
        starts = range(0, len(unique), _AT_ONCE)
        found: dict[str, Pairs] = {}
        for start in track(starts, "Finding candidates", len(starts)):
            part = unique[start : start + _AT_ONCE]
            found.update(zip([one.written for one in part], self._finder.find(part, self.memory)))
        return found

    def _in_text(
        self, text: str, mentions: Sequence[Asked], pairs: Sequence[Pairs], without: int | None = None
    ) -> list[Pairs]:
        found = []
        for mention, one in zip(mentions, pairs):
            recalled = self._finder.recalled(fold(mention.written), one, self.memory, without)
            found.append(self._finder.placed(text, mention.places, recalled))
        return found

    def _prepared(self, lesson: _Lesson) -> _Lesson:
        return lesson._replace(pairs=self._in_text(lesson.text, lesson.mentions, lesson.pairs, lesson.number))

    def _examples(self, lesson: _Lesson, ranker: Ranker | None) -> Iterator[Example]:
        """What a prepared lesson teaches; with a ranker, also how its nodes go together."""
        candidates = [pairs.nodes for pairs in lesson.pairs]
        if ranker is None:
            ties = [np.zeros((len(nodes), len(TIES)), np.float32) for nodes in candidates]
        else:
            ties = self._ties(ranker, [ranker.weigh(pairs) for pairs in lesson.pairs], candidates)
        for pairs, tie, right in zip(lesson.pairs, ties, lesson.right):
            yield Example(pairs, tie, np.isin(pairs.nodes, right), bool(right))

    def _ties(self, ranker: Ranker, mentions: Sequence[Weighed], candidates: Sequence[Ids]) -> list[Floats]:
        """How nodes of each mention go with what the others mean, shape (nodes, ties) each."""
        if len(mentions) < 2:
            return [np.zeros((len(nodes), len(TIES)), np.float32) for nodes in candidates]
        chosen = self._coherence.chosen(ranker, mentions)
        found = []
        for at, nodes in enumerate(candidates):
            others = [node for other, node in enumerate(chosen) if other != at and node is not None]
            found.append(self._coherence.ties(nodes, np.array(others, np.int64)).max(axis=1, initial=0))
        return found


def _try(ranker: Ranker) -> None:
    """Raises ValueError where its shapes do not fit."""
    none = np.zeros(1, np.int64)
    pairs = Pairs(none, none, np.zeros((1, len(FEATURES)), np.float32), np.zeros(len(NOTHING), np.float32))
    ranker.shares(ranker.weigh(pairs), np.zeros((1, len(TIES)), np.float32))


def _together(mentions: Sequence[Asked]) -> dict[str, Asked]:
    """Mentions by what is written, each with all its places."""
    found: dict[str, Asked] = {}
    for mention in mentions:
        folded = fold(mention.written)
        before = found.setdefault(folded, mention)
        if before is not mention:
            found[folded] = before._replace(places=before.places + mention.places)
    return found


def _mentions(labelled: LabelledText) -> list[tuple[Asked, tuple[str, ...]]]:
    """The mentions of a text and what they mean; what is written the same is one."""
    long_forms = acronyms.long_forms(labelled.text)
    meant: dict[str, dict[str, None]] = {}
    mentions = []
    for start, end, iris in labelled.mentions:
        written = acronyms.expanded(spaced(labelled.text[start:end]), long_forms)
        mentions.append(Asked(written, ((start, end),)))
        meant.setdefault(fold(written), {}).update(dict.fromkeys(iris))
    return [(mention, tuple(meant[folded])) for folded, mention in _together(mentions).items()]
