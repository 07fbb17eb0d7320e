"""Relations put into words: labels taken apart, inflection, classes at the ends of relations, questions of several steps."""

import random
import re
import string

import pytest

from kgrag import KnowledgeGraph
from kgrag.wordings import filling, templates
from kgrag.wordings.classes import kind_of
from kgrag.wordings.english import base_of_participle, plural, possessive, singular, verb, with_article
from kgrag.wordings.filling import Phrase, Step, Words
from kgrag.wordings.grammar import checked, composed, in_common, joined
from kgrag.wordings.labels import Saying, saying
from kgrag.wordings.speech import Speech
from kgrag.wordings.ways import Ways

LABELS = {
    "has symptom": Saying("noun", noun="symptom"),
    "children": Saying("noun", noun="child", many=True),
    "place of birth": Saying("noun", noun="place of birth"),
    "starred actors": Saying("noun", noun="starred actor", many=True),
    "disease has location": Saying("noun", noun="location"),
    "parent of": Saying("noun", turned=True, noun="parent"),
    "is part of": Saying("noun", turned=True, noun="part"),
    "is a kind of": Saying("noun", turned=True, noun="kind"),
    "hasShirtNumber": Saying("noun", noun="shirt number"),
    "is aged": Saying("noun", noun="age"),
    "treats": Saying("verb", verb="treat"),
    "interacts with": Saying("verb", verb="interact", particle="with"),
    "plays for country": Saying("verb", verb="play", particle="for", noun="country"),
    "plays in club inverse": Saying("verb", turned=True, verb="play", particle="in", noun="club"),
    "wears number": Saying("verb", verb="wear", noun="number"),
    "caused by": Saying("verb", turned=True, verb="cause"),
    "written by": Saying("verb", turned=True, verb="write", past=True),
    "located in": Saying("state", state="located", particle="in"),
    "in language": Saying("state", particle="in", noun="language"),
    "adjacent to": Saying("state", state="adjacent", particle="to"),
}


@pytest.mark.parametrize("label", LABELS)
def test_labels_are_taken_apart(label):
    assert saying(label) == LABELS[label]


def test_any_label_is_taken_apart():
    rng = random.Random(0)
    words = ["is", "has", "of", "by", "in", "the", "treated", "treats", "Name", "a", "inverse", "X1", "été", "here", ""]
    for _ in range(3000):
        label = " ".join(rng.choices(words, k=rng.randint(1, 4)))
        step = Step((label,), rng.random() < 0.5, many=rng.choice((None, True, False)))
        text = composed([step] * rng.randint(1, 3), "{x}", rng)
        assert text.count("{x}") == 1, (label, text)


def test_inflection():
    assert [plural(noun) for noun in ("cause of death", "city", "person", "movie", "species", "ATC code", "class")] == [
        *("causes of death", "cities", "people", "movies", "species", "ATC codes", "classes")
    ]
    for noun in ("cause of death", "city", "child", "movie", "disease", "side effect", "diagnosis", "topic"):
        assert singular(plural(noun)) == noun
    participles = {"written": "write", "treated": "treat", "caused": "cause", "transmitted": "transmit", "owned": "own"}
    assert {word: base_of_participle(word) for word in participles} == participles
    assert (verb("carry").third, verb("run").gerund, verb("plan").past) == ("carries", "running", "planned")
    assert (with_article("actor"), with_article("university")) == ("an actor", "a university")
    assert (possessive("Anna"), possessive("the parents", True)) == ("Anna's", "the parents'")
    assert [kind_of(name) for name in ("film director", "native cities", "release year", "film")] == [
        *("person", "place", "date", "text")
    ]


def test_there_are_more_than_three_hundred_patterns_and_all_can_be_filled():
    assert templates.count() > 300
    known = set(
        Words(saying("treats"), Phrase("{x}"), Step(("treats",), False), random.Random(0), True).words("{which}")
    )
    known |= {"y", "np", "is", "was", "names", "one", "two"}
    for name, table in vars(templates).items():
        if name.isupper() and isinstance(table, tuple):
            fields = {field for text in table for _, field, _, _ in string.Formatter().parse(text) if field}
            assert fields <= known, (name, fields - known)


def test_questions_name_what_they_are_about_once_and_say_their_relations():
    rng = random.Random(1)
    steps = [
        Step(("spouse",), False, classes=("person",), many=False),
        Step(("written by",), True, classes=("book",), many=True),
        Step(("has genre",), False, classes=("genre",), many=True),
    ]
    texts = {composed(steps[:length], "{x}", rng) for length in (1, 2, 3) for _ in range(700)}
    assert len(texts) > 1000
    for text in texts:
        assert text.count("{x}") == 1 and not re.search(r"\{(?!x\})|\s\s", text), text
    for _ in range(300):
        text = composed(steps, "{x}", rng)
        assert re.search("spouse", text, re.I) and re.search("genre", text, re.I) and re.search("wr[io]t", text), text


def test_the_order_of_relations_can_be_told(monkeypatch):
    monkeypatch.setattr(filling, "NESTED", 0)  # what goes on after a phrase is in order, too, but harder to take apart
    rng = random.Random(2)
    steps = [Step((name,), False, many=False) for name in ("spouse", "mother", "religion")]
    for _ in range(500):
        text = composed(steps, "{x}", rng).lower()
        start = text.index("{x}")
        spouse, mother, religion = (text.index(name) - start for name in ("spouse", "mother", "religion"))
        assert abs(spouse) < abs(mother), text
        assert (mother < 0) != (religion < 0) or abs(mother) < abs(religion), text


def test_there_and_back_is_put_as_what_is_shared():
    rng = random.Random(4)
    there = Step(("directed by",), False, classes=("person",), nouns=("director",))
    back = Step(("directed by",), True, classes=("film",))
    texts = [composed([there, back], "{x}", rng) for _ in range(300)]
    assert sum("same director as {x}" in text or "director of {x}" in text for text in texts) > 50
    assert any("directed by the same director as {x}" in text for text in texts)


def test_two_names_and_checks():
    rng = random.Random(3)
    directed = Step(("directed by",), True, classes=("film",))
    language = Step(("in language",), True, classes=("film",))
    for _ in range(300):
        for text in (
            joined(directed, language, "{x}", "{y}", rng),
            in_common(directed, "{x}", "{y}", rng),
            checked(Step(("has genre",), False), "{x}", "{y}", rng),
        ):
            assert text.count("{x}") == text.count("{y}") == 1, text


def test_what_stands_at_the_ends_is_stated_or_voted_for():
    films = [(f"film {i}", "directed by", f"person {i % 3}") for i in range(9)]
    films += [(f"film {i}", "starred actors", f"person {i % 4}") for i in range(9)]
    films += [(f"film {i}", "written by", f"person {i % 5}") for i in range(9)]
    speech = Speech(KnowledgeGraph.from_triples(films))
    assert speech.ends.classes[1][0] == "film" and speech.ends.classes[5][0] == "film"
    (wording,) = speech.ends.fitting(2)
    assert wording.subject[0] == "film"  # not the books, papers and songs that are written, too
    typed = [("a", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "SteamEngine"), ("a", "owned by", "b")]
    graph = KnowledgeGraph.from_triples(typed)
    owned = graph.relation_labels.index("owned by")
    assert Speech(graph).ends.classes[2 * owned + 1] == ("steam engine",)


def test_what_another_relation_states_the_other_way_round_is_known():
    pairs = [(f"a{i}", f"b{i}") for i in range(5)]
    triples = [(a, "plays in club", b) for a, b in pairs] + [(b, "has player", a) for a, b in pairs]
    triples += [(a, "likes", b) for a, b in pairs]
    ends = Speech(KnowledgeGraph.from_triples(triples)).ends
    assert ends.mirrored.tolist() == [1, 0, 1]


def test_wordings_of_other_things_can_be_left_out():
    ways = Ways(["written by"])
    kept = [wording for wording in ways.wordings("written by") if "film" in wording.subject]
    ways.keep({"written by": kept})
    assert ways.wordings("written by") == kept
