"""Marginal likelihoods equal those of transformers' RAG models, in value and in gradient."""

from __future__ import annotations

import pytest
import torch
from transformers import BartConfig, BartForConditionalGeneration, DPRConfig, RagConfig, logging
from transformers.models.rag.modeling_rag import RagSequenceForGeneration, RagTokenForGeneration

from kgrag.training.marginals import rag_sequence, rag_token

QUESTIONS, UNITS, LENGTH, PAD = 2, 3, 6, 1


@pytest.fixture(scope="module")
def config() -> RagConfig:
    bart = BartConfig(
        vocab_size=50,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=32,
    )
    dpr = DPRConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        projection_dim=0,
    )
    return RagConfig.from_question_encoder_generator_configs(dpr, bart, n_docs=UNITS)


@pytest.mark.parametrize(
    ("kind", "ours"), [(RagSequenceForGeneration, rag_sequence), (RagTokenForGeneration, rag_token)]
)
def test_they_equal_those_of_transformers(config, kind, ours):
    logging.set_verbosity_error()
    torch.manual_seed(0)
    model = kind(config, generator=BartForConditionalGeneration(config.generator)).eval()
    contexts = torch.randint(4, 50, (QUESTIONS * UNITS, 9))
    scores = torch.randn(QUESTIONS, UNITS, requires_grad=True)
    labels = torch.randint(4, 50, (QUESTIONS, LENGTH))
    labels[1, 4:] = PAD  # the second answer is shorter
    output = model(
        context_input_ids=contexts,
        context_attention_mask=torch.ones_like(contexts),
        doc_scores=scores,
        labels=labels,
        n_docs=UNITS,
    )
    # the log-likelihoods of what follows each token, from the generator alone
    decoded = labels.repeat_interleave(UNITS, 0)
    logits = model.rag.generator(input_ids=contexts, decoder_input_ids=decoded, use_cache=False).logits
    following = torch.cat([decoded[:, 1:], torch.full((len(decoded), 1), PAD)], 1)
    likely = logits.log_softmax(-1).gather(2, following[..., None])[..., 0]
    likely = likely.masked_fill(following == PAD, 0.0).view(QUESTIONS, UNITS, LENGTH)
    mine = -ours(scores.log_softmax(-1), likely)
    torch.testing.assert_close(mine, output.loss, rtol=1e-5, atol=1e-5)
    weight = model.rag.generator.model.shared.weight
    for wanted, had in zip(
        torch.autograd.grad(output.loss.sum(), (scores, weight)), torch.autograd.grad(mine.sum(), (scores, weight))
    ):
        torch.testing.assert_close(had, wanted, rtol=1e-4, atol=1e-5)


def test_a_unit_that_is_none_does_not_count():
    likely = torch.tensor([[[-1.0, -2.0], [-3.0, -1.0]]])
    prior = torch.tensor([[0.25, 0.75]]).log()
    padded = torch.tensor([[0.25, 0.75, 0.0]]).log()
    more = torch.cat([likely, torch.zeros(1, 1, 2)], 1)
    for marginal in (rag_sequence, rag_token):
        torch.testing.assert_close(marginal(prior, likely), marginal(padded, more))
    by_hand = torch.log(0.25 * torch.tensor(-3.0).exp() + 0.75 * torch.tensor(-4.0).exp())
    torch.testing.assert_close(rag_sequence(prior, likely)[0], by_hand)
