"""The text encoder, changed so that two ways of asking for one thing are alike."""

import copy
import random

import numpy as np
import pytest
import torch

from kgrag import KnowledgeGraph
from kgrag.encoder import default_encoder
from kgrag.encoding import GraphReader, Reasoner
from kgrag.encoding.phrasing import FILE, Phrasing, load_phrasing
from kgrag.encoding.saving import load_reasoner, save_reasoner
from kgrag.errors import ModelError
from kgrag.training.phrasing import PLANS, Askings, contrast, recognised, train_phrasing
from kgrag.training.schema import Schema
from kgrag.training.towers import Tower
from kgrag.wordings import held_out, shipped_wordings
from kgrag.wordings.ways import Ways

ASKED = ["Which drugs does X interact with?", "Who is the mother of X?"]


@pytest.fixture(scope="module")
def encoder():
    return default_encoder()


@pytest.fixture(scope="module")
def layer(encoder):
    names = [name for name, one in encoder.trainable().named_modules() if isinstance(one, torch.nn.Linear)]
    return next(name for name in names if "layer.5" in name and "query" in name)


@pytest.fixture(scope="module")
def products(layer):
    generator = torch.Generator().manual_seed(0)
    return {layer: (torch.randn(384, 2, generator=generator) / 2, torch.randn(2, 384, generator=generator) / 2)}


@pytest.fixture(scope="module")
def schema(encoder):
    return Schema(*held_out(shipped_wordings()), encoder)


def test_the_encoder_itself_stays_as_it_was(encoder, products, layer):
    before = encoder.encode(ASKED)
    changed = encoder.with_products(products)
    assert changed.name != encoder.name
    assert not np.allclose(changed.encode(ASKED), before, atol=1e-3)
    assert np.array_equal(encoder.encode(ASKED), before)
    assert np.allclose(changed.with_products({}).encode(ASKED), changed.encode(ASKED), atol=1e-5)
    nothing = {layer: (torch.zeros(384, 2), torch.ones(2, 384))}
    assert np.allclose(encoder.with_products(nothing).encode(ASKED), before, atol=1e-5)


@pytest.mark.parametrize("wrong", ["nowhere", "0"])
def test_what_does_not_fit_is_refused(encoder, products, wrong):
    with pytest.raises(ModelError, match="does not fit"):
        encoder.with_products({wrong: next(iter(products.values()))})


def test_a_saved_one_comes_back(encoder, products, layer, tmp_path):
    reasoner = Reasoner(encoder.width)
    save_reasoner(reasoner, tmp_path / "plain")
    assert load_reasoner(tmp_path / "plain").phrasing is None
    reasoner.phrasing = Phrasing(encoder.name, products)
    save_reasoner(reasoner, tmp_path / "tuned")
    found = load_reasoner(tmp_path / "tuned").phrasing
    assert found is not None and found.encoder == encoder.name
    assert all(torch.equal(a.half(), b) for a, b in zip(products[layer], found.products[layer]))
    assert copy.deepcopy(reasoner).phrasing is reasoner.phrasing
    (tmp_path / "tuned" / FILE).write_bytes(b"no weights")
    with pytest.raises(ModelError, match=FILE):
        load_phrasing(tmp_path / "tuned")


def test_it_is_for_one_encoder_alone(encoder, products):
    assert Phrasing("another", products).of(encoder) is encoder
    phrasing = Phrasing(encoder.name, products)
    assert phrasing.of(encoder) is phrasing.of(encoder) is not encoder


def test_a_reader_hears_questions_with_it_and_reads_labels_without(encoder, products):
    graph = KnowledgeGraph.from_triples([("ada", "interacts with", "bea")])
    reasoner = Reasoner(encoder.width)
    reasoner.phrasing = Phrasing(encoder.name, products)
    book = GraphReader(graph, reasoner, encoder).phrasebook
    assert np.array_equal(book.relation_labels(), encoder.encode(["interacts with"]))
    changed = reasoner.phrasing.of(encoder)
    known = Ways(["interacts with"]).of((("interacts with", False),))[0].replace("{x}", "X")
    (question,) = changed.encode([known])
    assert book.likeness(question, [(0,)])[0] == pytest.approx(1.0, abs=1e-3)


def test_batches_hold_different_plans_and_pairs_for_each(schema):
    askings, rng = Askings(schema), random.Random(0)
    for _ in range(20):
        paths = askings.draw(rng)
        assert len(set(paths)) == len(paths) == PLANS
    for path in paths:
        heard = askings.heard[path]
        other = askings.pair(path, rng)[1]
        assert other in heard or other in askings.by_label[path]


def test_what_may_mean_the_same_is_not_held_against_it(schema):
    askings = Askings(schema)
    labels = [wording.labels[0] for wording in schema.wordings]
    treats, parent = labels.index("treats"), labels.index("sibling")
    assert not askings.alike(((treats, False),), ((treats, True),))
    assert askings.alike(((parent, False),), ((parent, True),))
    assert not askings.alike(((treats, False),), ((treats, False), (treats, False)))


def test_training_brings_ways_of_asking_together(encoder):
    kept, held = held_out(shipped_wordings())
    few = Schema(kept[:4], held[:4], encoder)
    phrasing, found = train_phrasing(encoder, few, steps=6, learning_rate=5e-4)
    askings = Askings(few)
    with torch.no_grad():
        losses = [
            float(contrast(Tower(one, rank=1), askings, random.Random(1))) for one in (encoder, phrasing.of(encoder))
        ]
    assert losses[1] < 0.9 * losses[0]
    assert found == [recognised(one, askings) for one in (encoder, phrasing.of(encoder))]
    again, _ = train_phrasing(encoder, few, steps=6, learning_rate=5e-4)
    name = next(iter(phrasing.products))
    assert all(torch.equal(a, b) for a, b in zip(again.products[name], phrasing.products[name]))
