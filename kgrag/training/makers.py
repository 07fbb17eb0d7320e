"""Makers of questions: one for each kind.

A maker takes a `Synthesiser` and gives a question, or None where chance led nowhere: it is then asked again. A further kind joins
by its maker, with the share of questions that it is to make, in `MAKERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from kgrag.wordings import generic_wording
from kgrag.wordings.grammar import checked, composed, in_common, joined
from kgrag.wordings.labels import saying

if TYPE_CHECKING:
    from kgrag.training.synthesis import Path, Synthesiser, SyntheticQuestion

Maker = Callable[["Synthesiser"], "SyntheticQuestion | None"]

KINDS = ("one-hop", "two-hop", "three-hop")
LENGTHS = (0.34, 0.33, 0.33)  # share of questions that take one step, two, three
MOST_ANSWERS = 40
MOST_BETWEEN = 3000  # nodes that are left for the next step
RETURNED = 0.15  # chance that a path which leads back to its start is asked for
ASKED = 0.25  # share of questions in the words of people who asked for the very same relations, where there are such
GENERIC = 0.05  # chance that a question is put as for a label of which nothing is known
NAMED_CLASS = 0.08  # chance that its class stands before a name: "the film Alien"
TRUE = 0.6  # share of yes/no questions that are true


def along_a_path(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question for what a path leads to."""
    rng, graph = synthesiser.rng, synthesiser.graph
    length = rng.choices((1, 2, 3), LENGTHS)[0]
    topic, step = synthesiser.start(length - 1)
    path: Path = (step,)
    reached = synthesiser.follow(np.array([topic]), *step)
    while len(path) < length:
        nodes = reached[~graph.is_literal[reached]]
        if not 0 < len(nodes) <= MOST_BETWEEN:
            return None
        there = synthesiser.leaving(nodes)
        if not there:
            return None
        path = (*path, synthesiser.step(path, there, length - len(path) - 1))
        reached = synthesiser.follow(nodes, *path[-1])
        if len(path) > 1 and path[-1] == (path[-2][0], not path[-2][1]):  # who shares it, one asks, not oneself
            reached = reached[reached != topic]
    if not 0 < len(reached) <= MOST_ANSWERS or (reached.tolist() == [topic] and rng.random() > RETURNED):
        return None
    text = _words(synthesiser, topic, path)
    return synthesiser.make(text, (topic,), (path,), reached, KINDS[length - 1])


def in_vain(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question for what the graph does not hold.

    Of three sorts: for a relation that no node has, for one that others of the node's sort have, and for one of another sort.
    """
    rng = synthesiser.rng
    topic, step = synthesiser.start()
    sort = rng.random()
    if sort < 0.45:
        classes = synthesiser.speech.topic_classes(*step)
        fitting = [entry for name in classes for entry in synthesiser.foreign.get(name, ())]
        entries = fitting if fitting and rng.random() < 0.8 else synthesiser.foreign.get("", ())
        if not entries:
            return None
        questions = rng.choice(entries)
        return synthesiser.make(rng.choice(questions), (topic,), (), (), "unanswerable")
    if sort < 0.85:
        like = synthesiser.statement(step[0])[step[1]]
        step = directed(rng.choice(synthesiser.leaving(np.array([like]))))
    else:
        step = rng.choice(synthesiser.usable), rng.random() < 0.3
    there = synthesiser.leaving(np.array([topic]))
    mirror = int(synthesiser.speech.ends.mirrored[step[0]])
    if number(step) in there or (mirror >= 0 and number((mirror, not step[1])) in there):
        return None
    text = composed([synthesiser.speech.step(*step)], "{x}", rng)
    return synthesiser.make(text, (topic,), (), (), "unanswerable")


def whether(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question whether a statement holds."""
    rng = synthesiser.rng
    relation, _ = synthesiser.step((), [2 * relation for relation in synthesiser.usable])
    subject, target = synthesiser.statement(relation)
    if rng.random() > TRUE:
        _, target = synthesiser.statement(relation)
    reached = synthesiser.follow(np.array([subject]), relation, False)
    known = synthesiser.speech.checks(relation)
    if known and rng.random() < 0.4:
        text = rng.choice(known)
    else:
        text = checked(synthesiser.speech.step(relation, False), "{x}", "{y}", rng)
    answers = reached[reached == target]
    return synthesiser.make(text, (subject, target), (((relation, False),),), answers, "yes/no")


def of_both(synthesiser: Synthesiser) -> SyntheticQuestion | None:
    """A question for what two nodes both lead to: over the same relation, or each over its own."""
    rng = synthesiser.rng
    topic, step = synthesiser.start()
    reached = synthesiser.follow(np.array([topic]), *step)
    answer = int(rng.choice(reached.tolist()))
    back = synthesiser.leaving(np.array([answer]))
    if not back or synthesiser.graph.is_literal[answer]:
        return None
    second = (step[0], not step[1]) if rng.random() < 0.35 else directed(rng.choice(back))
    other = int(rng.choice(synthesiser.follow(np.array([answer]), *second).tolist()))
    paths = ((step,), ((second[0], not second[1]),))
    also = synthesiser.follow(np.array([other]), *paths[1][0])
    answers = np.intersect1d(reached, also)
    if not 0 < len(answers) <= MOST_ANSWERS or other == topic:
        return None
    one, two = (synthesiser.speech.step(*path[0], many=len(answers) > 1) for path in paths)
    if paths[0] == paths[1]:
        known = synthesiser.speech.of_both(*step)
        text = rng.choice(known) if known and rng.random() < 0.3 else in_common(one, "{x}", "{y}", rng)
    else:
        text = joined(one, two, "{x}", "{y}", rng)
    return synthesiser.make(text, (topic, other), paths, answers, "both")


MAKERS: tuple[tuple[float, Maker], ...] = ((0.66, along_a_path), (0.14, in_vain), (0.1, whether), (0.1, of_both))


def _words(synthesiser: Synthesiser, topic: int, path: Path) -> str:
    """A question for a path that names one node."""
    rng, speech = synthesiser.rng, synthesiser.speech
    if rng.random() < ASKED:
        asked = [text for text in speech.asked(path) if text.count("{x}") == 1]
        if asked:
            return rng.choice(asked)
    if len(path) == 1 and rng.random() < GENERIC:
        return rng.choice(generic_wording(synthesiser.graph.relation_label(path[0][0])).questions(path[0][1]))
    name = "{x}"
    (relation, inverse), *_ = path
    classes = speech.topic_classes(relation, inverse)
    twice = inverse and saying(synthesiser.graph.relation_label(relation)).form != "verb"  # "the genre drama as genre"
    if classes and not twice and rng.random() < NAMED_CLASS:
        name = f"the {rng.choice(classes)} {{x}}"
    return composed(synthesiser.steps(topic, path), name, rng)


def directed(number: int) -> tuple[int, bool]:
    """A directed relation of which the number is given."""
    return number >> 1, bool(number & 1)


def number(step: tuple[int, bool]) -> int:
    """The number of a directed relation."""
    return 2 * step[0] + step[1]
