"""Models that read evidence as words: what they are shown, what they can write, and what is made of it."""

import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from byte_models import tiny_model, tiny_tokenizer

from kgrag import KGRAG, KnowledgeGraph, Question, posting
from kgrag.config import Config, GenerationConfig
from kgrag.errors import ModelError
from kgrag.fusion import Role
from kgrag.fusion.items import Candidate, collect_items
from kgrag.generation import Prompt, TextGenerator, generator_named
from kgrag.generation.answers import NOTHING_FOUND, NOTHING_NAMED, draft_of
from kgrag.generation.automaton import Lines, PathAutomaton
from kgrag.generation.draft import Shot, Step
from kgrag.generation.local import LocalModel
from kgrag.generation.served import KEY, ServedModel
from kgrag.generation.text import grammar_of
from kgrag.generation.verbalising import in_words, sources

FACTS = [
    ("brivane", "has symptom", "fever"),
    ("brivane", "has symptom", "joint pain"),
    ("nortisol", "treats", "brivane"),
    ("kelamin", "treats", "brivane"),
]


def encode(texts):
    return np.ones((len(texts), 4), np.float32) / 2


def prompt(answerable=True, **more):
    items = collect_items(
        encode(["q"])[0],
        topics=[Candidate(0, "brivane", 1.0)],
        answers=[Candidate(1, "fever", 0.9), Candidate(2, "fever blister", 0.8)],
        bridges=[],
        relations=[(5, "has symptom", False, True)],
        triples=[],
        sentences=[((0, 0), "Brivane also makes\npeople sweat.", 0.85)],
        states=np.zeros((3, 2), np.float32),
        encode=encode,
    )
    fever, blister = items.where(Role.ANSWER)
    paths = {
        fever: [(Step("brivane", "has symptom", "fever", False, 0),)],
        blister: [(Step("brivane", "has symptom", "fever blister", False, 1),)],
    }
    return Prompt(("What are the symptoms of ", 1, "?"), items, answerable, paths=paths, **more)


def test_evidence_in_words_is_numbered_by_probability_and_cut_between_items():
    asked = prompt(shots=(Shot("near?", "a"), Shot("far?", "b")))
    text, found = in_words(asked, lambda part: len(part.split()), 100)
    assert [source.text for source in found] == [
        "brivane has symptom fever.",
        "Brivane also makes people sweat.",
        "brivane has symptom fever blister.",
    ]
    assert text.index("far?") < text.index("near?") < text.index("[1] brivane") < text.index("symptoms of brivane?")
    for budget in range(40):
        text, found = in_words(prompt(), lambda part: len(part.split()), budget)
        whole = [f"[{n}] {source.text}" for n, source in enumerate(sources(prompt()), start=1)]
        assert text.split("Sources:\n")[1].split("\n\n")[0].splitlines() == [*whole[: len(found)]] or not found
        assert sum(len(line.split()) for line in whole[: len(found)]) <= budget


@pytest.mark.parametrize(
    ("text", "named", "worded"),
    [
        ("Brivane has symptom fever [1] and fever blister [3].", ["fever", "fever blister"], True),
        ("It might well be FEVER, I think.", ["fever"], False),
        ("[3], [1]", ["fever blister", "fever"], False),
        ("[3, 1]", ["fever blister", "fever"], False),
        ("brivane -> has symptom -> fever blister", ["fever blister"], False),
        ("no fever", ["fever"], False),
        ("Aspirin [9] and paracetamol", [], False),
        ("feverish", [], False),
    ],
)
def test_what_was_written_is_mapped_to_items_and_nothing_else(text, named, worded):
    asked = prompt()
    draft = draft_of(text, asked, sources(asked))
    assert [asked.items.texts[item] for item in draft.answers] == named
    assert bool(draft.pieces) is worded
    assert draft.abstained is not bool(named)
    assert draft.reason == ("" if named else NOTHING_NAMED)


def test_a_sentence_is_quoted_and_a_refusal_is_one():
    asked = prompt()
    draft = draft_of("[2]", asked, sources(asked))
    assert [asked.items.roles[piece] for piece in draft.pieces] == [Role.SENTENCE] and not draft.answers
    assert draft_of("Unknown.", asked, sources(asked)).reason == NOTHING_FOUND


class Walks:
    """A grammar of the walks of a graph, of at most two statements."""

    def __init__(self, edges, start):
        self.edges, self.start = edges, start

    def follow(self, line, written):
        if not line:
            return [self.start]
        if len(line) % 2 == 0:
            at, relation = line[-2].split(" ")[-1], line[-1].split(" ")[-1]
            return sorted({f" -> {o}" for s, r, o in self.edges if (s, r) == (at, relation)})
        at = line[-1].split(" ")[-1]
        return sorted({f" -> {r}" for s, r, _ in self.edges if s == at}) if len(line) < 5 else []

    def is_whole(self, line):
        return len(line) in (3, 5)


def test_every_path_that_an_untrained_model_writes_is_in_the_graph():
    draw = random.Random(0)
    graphs, model = [], LocalModel(tiny_model("neox"), tiny_tokenizer())
    for _ in range(1_000):
        nodes = ["a", "ab", "abc", "b", "ba"][: draw.randint(2, 5)]
        graphs.append([(draw.choice(nodes), draw.choice("rst"), draw.choice(nodes)) for _ in range(draw.randint(1, 6))])
    written = 0
    for first in range(0, len(graphs), 250):
        part = graphs[first : first + 250]
        grammars = [Walks(edges, draw.choice(edges)[0]) for edges in part]
        config = GenerationConfig(tokens=24, temperature=1.0, seed=first)
        for edges, grammar, text in zip(part, grammars, model.write(["?"] * len(part), grammars, config)):
            for line in text.splitlines():
                node, *steps = line.split(" -> ")
                assert node == grammar.start and steps and len(steps) % 2 == 0
                for relation, end in zip(steps[::2], steps[1::2]):
                    assert (node, relation, end) in edges
                    node = end
                written += 1
    assert written > 900


def test_an_empty_allowed_set_ends_the_text():
    dead = PathAutomaton(Lines([]), lambda text: list(text.encode()), end=2)
    assert dead.allowed([]) == [2]
    one = PathAutomaton(Lines([("a", "b"), ("a", "bc")]), lambda text: list(text.encode()), end=2)
    assert one.allowed([]) == [ord("a")] and one.allowed([*b"ab"]) == sorted([2, ord("c"), ord(" ")])
    assert one.allowed([*b"abx"]) == [2] and one.text([*b"abc", 2, 7]) == "abc" and one.text([*b"a"]) == ""
    assert one.allowed([*b"ab ; ab"]) == [ord("c")]  # each line once


@pytest.mark.parametrize("kind", ["neox", "bart", "t5"])
@pytest.mark.parametrize("beams", [1, 3])
def test_readers_of_every_kind_keep_to_the_grammar(kind, beams):
    generator = TextGenerator(LocalModel(tiny_model(kind), tiny_tokenizer()))
    drafts = generator.write([prompt(), prompt(False)], GenerationConfig(beams=beams, tokens=60))
    assert len(drafts) == 2 and not drafts[0].abstained
    asked, model = prompt(), generator.model
    lines = {"".join(line) for line in grammar_of(asked, sources(asked)).lines}
    for text in model.write(
        ["x", "a longer one"], [grammar_of(asked, sources(asked))] * 2, GenerationConfig(beams=beams)
    ):
        assert text and set(text.splitlines()) <= lines


def test_a_saved_model_answers_by_name(tmp_path):
    tiny_model("neox").save_pretrained(tmp_path / "lm")
    tiny_tokenizer().save_pretrained(tmp_path / "lm")
    known = [Question("What makes brivane better?", ("nortisol",))]
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS), generator=f"text:{tmp_path / 'lm'}", examples=known)
    answer = rag.ask("What treats brivane?")
    assert set(answer.answers) == {"kelamin", "nortisol"} and "treat brivane" in answer.text
    assert len(answer.citations) == 2 and not answer.abstained
    assert rag.ask("Is brivane treated with nortisol?").answers == ["yes"]
    assert rag.ask("How much does nortisol cost?").abstained
    rag.save(tmp_path / "rag")
    with pytest.raises(ModelError, match="Give generator='text:"):
        KGRAG.load(tmp_path / "rag")
    again = KGRAG.load(tmp_path / "rag", generator=rag.generator)
    assert again.ask("What treats brivane?").text == answer.text and again.examples.shots == rag.examples.shots


@pytest.mark.parametrize(
    "name", ["text:nowhere", "nowhere", "openai://host/v1", "openai://:80/v1?model=m", "openai://h/v1?model=m&x=1"]
)
def test_names_that_name_no_generator(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        generator_named(name, 384, 192)


class Server(ThreadingHTTPServer):
    """Speaks as an OpenAI-compatible server does; ``replies`` are what it answers, one a request, the last one for ever."""

    def __init__(self, *replies):
        self.replies, self.asked, self.keys = list(replies), [], []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def name(self):
        return f"openai://127.0.0.1:{self.server_port}/v1?model=tiny"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        self.server.keys.append(self.headers.get("Authorization"))
        reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        if callable(reply):
            reply(self)
            return
        status, data = (200, completion(reply)) if isinstance(reply, str) else reply
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def completion(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@pytest.fixture
def served(monkeypatch):
    """Makes servers, which are closed at the end; waits take no time."""
    made = []
    monkeypatch.setattr(posting.time, "sleep", lambda _: None)
    monkeypatch.delenv(KEY, raising=False)

    def make(*replies):
        made.append(Server(*replies))
        return made[-1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


def test_an_endpoint_answers_by_numbers_and_names(served, monkeypatch):
    monkeypatch.setenv(KEY, "sesame")
    server = served("nortisol [1]")
    rag = KGRAG(KnowledgeGraph.from_triples(FACTS), generator=server.name)
    answer = rag.ask("What treats brivane?")
    assert set(answer.answers) == {"kelamin", "nortisol"} and len(answer.citations) == 2
    ((path, body),) = server.asked
    assert path == "/v1/chat/completions" and body["model"] == "tiny" and body["temperature"] == 0
    assert "[1] " in body["messages"][0]["content"] and server.keys == ["Bearer sesame"]
    server.replies[:] = ["Aspirin cures everything."]
    refused = rag.ask("What treats brivane?")
    assert refused.abstained and refused.reason == NOTHING_NAMED and "spirin" not in refused.text


def test_busy_and_failing_endpoints_are_asked_again(served):
    server = served((429, b""), (500, b"oops"), (503, b""), "[1]")
    assert ServedModel(server.name).write(["q"], [Lines([])], GenerationConfig()) == ["[1]"]
    assert len(server.asked) == 4
    broken = served((500, b"oops"))
    with pytest.raises(ModelError, match="HTTP 500"):
        ServedModel(broken.name).write(["q"], [Lines([])], GenerationConfig())
    assert len(broken.asked) == 4


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, b"<html>"), "chat completion"),
        ((200, b'{"choices": []}'), "chat completion"),
        ((200, b" " * (2 << 20)), "more than 1,048,576 bytes"),
        ((401, b""), KEY),
        ((404, b"no such model"), "no such model"),
        ((302, b""), "redirects"),
    ],
)
def test_endpoints_that_do_not_answer_as_they_should(served, reply, said):
    with pytest.raises(ModelError, match=said):
        ServedModel(served(reply).name).write(["q"], [Lines([])], GenerationConfig())


def test_an_endpoint_that_hangs(served):
    done = threading.Event()
    server = served(lambda handler: done.wait(20))
    with pytest.raises(ModelError, match=r"within 0\.2 seconds"):
        ServedModel(server.name + "&timeout=0.2").write(["q"], [Lines([])], GenerationConfig())
    done.set()


def test_the_key_is_not_sent_in_the_clear_to_other_machines(monkeypatch):
    monkeypatch.setenv(KEY, "sesame")
    for name, sent in (
        ("openai://example.org", False),
        ("openai+https://example.org", True),
        ("openai://localhost:1", True),
    ):
        assert ("Authorization" in ServedModel(f"{name}/v1?model=m")._headers) is sent


def test_training_keeps_its_questions_as_examples(served):
    server = served("[1]")
    graph = KnowledgeGraph.from_triples(FACTS)
    rag = KGRAG(graph, generator=server.name, config=Config(generation=GenerationConfig(examples=1)))
    rag.train([Question("What makes brivane better?", ("nortisol", "kelamin"), topics=("brivane",))] * 4, epochs=1)
    rag.ask("What treats brivane?")
    content = server.asked[-1][1]["messages"][0]["content"]
    assert content.count("Question:") == 2 and "Answer: nortisol, kelamin" in content
