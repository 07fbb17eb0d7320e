"""How rankers are learned: from labelled texts, or from texts made from the graph alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from kgrag.errors import InputError
from kgrag.linking import acronyms
from kgrag.linking.coherence import TIES
from kgrag.linking.disambiguation import Disambiguator, together
from kgrag.linking.folding import fold, spaced
from kgrag.linking.memory import Remembered
from kgrag.linking.pairs import Asked
from kgrag.linking.ranking import HIDDEN, Example, Pairs, Ranker, train
from kgrag.linking.synthesis import Synthesiser
from kgrag.progress import track

_HELD_OUT = 5  # one in this many texts calibrates where no others are given
_AT_ONCE = 256  # mentions


class LabelledText(NamedTuple):
    """A text and its mentions.

    Attributes:
        text: The text.
        mentions: Start and end of each, and the IRIs of the nodes that it means, any of which is right; none where the
            graph has no such node.
    """

    text: str
    mentions: tuple[tuple[int, int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Lesson:
    """A text to learn from.

    Attributes:
        reader: Tells how nodes go together.
        pairs: The candidates of each mention, with all that is known of them.
        right: The nodes that each means; none where the graph lacks what is meant.
    """

    reader: Disambiguator
    pairs: Sequence[Pairs]
    right: Sequence[Sequence[int]]

    def examples(self, ranker: Ranker | None = None) -> list[Example]:
        """One a mention; with a ranker, which reads the other mentions, also with how the nodes go together."""
        nodes = [pairs.nodes for pairs in self.pairs]
        if ranker is None:
            ties = [np.zeros((len(one), len(TIES)), np.float32) for one in nodes]
        else:
            ties = self.reader.ties(ranker, [ranker.weigh(pairs) for pairs in self.pairs], nodes)
        return [
            Example(pairs, tie, np.isin(pairs.nodes, right), bool(right))
            for pairs, tie, right in zip(self.pairs, ties, self.right)
        ]


def learn_labels(
    reader: Disambiguator, texts: Sequence[LabelledText], valid: Sequence[LabelledText], seed: int
) -> None:
    """Has it learn names, weights and calibration from labelled texts.

    Args:
        reader: Learns.
        texts: What to learn from.
        valid: What calibrates it; a fifth of the texts where not given.
        seed: Of the first weights.

    Raises:
        InputError: There is no mention, or none of a node that was found; it stays as it was then.
    """
    own = [*map(_mentions, texts)]
    rows = [Remembered(one.written, iris, number) for number, of in enumerate(own) for one, iris in of]
    if not rows:
        raise InputError("The texts to train on have no mentions.", "Give texts with labelled mentions.")
    before = reader.memory.rows
    reader.remember(rows)
    try:
        lessons = _lessons_of_labels(reader, [*texts, *valid], [*own, *map(_mentions, valid)], len(texts))
        reader.ranker = learned(lessons[: len(texts)], lessons[len(texts) :], seed, HIDDEN)
    except InputError:
        reader.remember(before)
        raise


def learn_graph(reader: Disambiguator, count: int, seed: int) -> None:
    """Has it learn weights and calibration from so many texts made from its graph; forgets what labels taught."""
    reader.remember([])
    reader.ranker = learned(lessons_of_graph(reader, count, seed), [], seed)


def lessons_of_graph(reader: Disambiguator, count: int, seed: int) -> list[Lesson]:
    """Texts made from a graph."""
    synthesiser = Synthesiser(reader.graph, reader.lexicon, reader.finder, seed)
    texts = synthesiser.sample(count)
    found = _found(reader, [made.asked for text in texts for made in text.mentions])
    lessons = []
    for text in texts:
        pairs = [synthesiser.changed(made, found[made.asked.written]) for made in text.mentions]
        in_text = reader.in_text(text.text, [made.asked for made in text.mentions], pairs)
        lessons.append(Lesson(reader, in_text, [[] if made.missing else [made.node] for made in text.mentions]))
    return lessons


def learned(lessons: Sequence[Lesson], valid: Sequence[Lesson], seed: int, hidden: int = 0) -> Ranker:
    """A ranker.

    It is trained twice, for what goes with the other mentions can be told only when these are ranked.

    Args:
        lessons: What to learn from.
        valid: What calibrates it; a fifth of the lessons where not given.
        seed: Of the first weights.
        hidden: Width of the hidden layer; none where the texts are made, for it would learn how they are made.

    Raises:
        InputError: No mention is of a node that was found.
    """
    first = train([example for one in lessons for example in one.examples()], seed, hidden)
    examples = [one.examples(first) for one in lessons]
    ranker = train([example for one in examples for example in one], seed, hidden)
    held_out = [example for one in valid for example in one.examples(first)]
    if held_out:
        return ranker.calibrated(held_out)
    others = [example for number, one in enumerate(examples) if number % _HELD_OUT for example in one]
    part = train(others, seed, hidden) if any(one.right.any() for one in others) else ranker
    calibrated = part.calibrated([example for one in examples[::_HELD_OUT] for example in one])
    more = calibrated.nothing - part.nothing
    return replace(ranker, temperature=calibrated.temperature, nothing=ranker.nothing + more)


def _lessons_of_labels(
    reader: Disambiguator,
    texts: Sequence[LabelledText],
    mentions: Sequence[Sequence[tuple[Asked, tuple[str, ...]]]],
    remembered: int,
) -> list[Lesson]:
    """Labelled texts; the mentions of the first ones are remembered, and do not count for themselves."""
    found = _found(reader, [asked for of_text in mentions for asked, _ in of_text])
    lessons = []
    for number, (text, of_text) in enumerate(zip(texts, mentions)):
        asked = [one for one, _ in of_text]
        without = number if number < remembered else None
        pairs = reader.in_text(text.text, asked, [found[one.written] for one in asked], without)
        right = [[node for iri in iris for node in reader.graph.find(iri)] for _, iris in of_text]
        lessons.append(Lesson(reader, pairs, right))
    return lessons


def _found(reader: Disambiguator, mentions: Sequence[Asked]) -> dict[str, Pairs]:
    """The candidates of mentions by what is written."""
    unique = list({mention.written: mention for mention in mentions}.values())
    starts = range(0, len(unique), _AT_ONCE)
    found: dict[str, Pairs] = {}
    for start in track(starts, "Finding candidates", len(starts)):
        part = unique[start : start + _AT_ONCE]
        found.update(zip([one.written for one in part], reader.finder.find(part, reader.memory)))
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
    return [(mention, tuple(meant[folded])) for folded, mention in together(mentions).items()]
