"""Writing token by token: greedily, by sampling or by beams, within what may be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

from kgrag.config import GenerationConfig
from kgrag.errors import InputError
from kgrag.fusion import ANSWERS, EvidenceItems
from kgrag.generation.constraint import OnlyFrameWords

LEAST = 1e-4  # probabilities of the reasoner are held off 0 and 1 by so much


@dataclass(frozen=True)
class Request:
    """Prompts in the form that a language model takes.

    Attributes:
        ids: Token ids, padded on the left, shape (questions, length).
        mask: 1 where there is a token, shape (questions, length).
        reading: What else it reads.
        allowed: What may be written.
        pad: Fills up.
        end: Ends an answer.
        guess: What may be written to a question that is asked alone.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    reading: dict[str, torch.Tensor]
    allowed: OnlyFrameWords
    pad: int
    end: int
    guess: tuple[int, ...] = ()


class _Scorer:
    """What a language model scores next in each question.

    A guess at what will be written is read with the prompt: as long as just that is written, the scores are there (speculative
    decoding: Leviathan et al., ICML 2023, with a guess that costs nothing). They are those that it gives token after token.
    """

    def __init__(self, model: Any, request: Request) -> None:
        self.model, self.request = model, request
        guess = request.ids.new_tensor([request.guess] * len(request.ids))
        self.guessed = torch.cat([request.ids, guess], dim=1) if request.guess else request.ids
        self.read = request.ids[:, :0]
        self.scored = torch.zeros(0)  # of the last tokens that were read, shape (questions, tokens, scores)
        self.cache: Any = None

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of the token after so many, shape (questions, vocabulary + items)."""
        length = ids.shape[1]
        same = min(length, self.read.shape[1])
        agreed = (ids[:, :same] == self.read[:, :same]).all(0).long().cumprod(0).sum().item()
        if agreed < length:
            self._go_on(ids, mask, int(agreed))
        return self.scored[:, length - 1 - self.read.shape[1]]

    def _go_on(self, ids: torch.Tensor, mask: torch.Tensor, known: int) -> None:
        """Reads what follows the first tokens, which are known, and a guess at what follows that."""
        length = ids.shape[1]
        if known < self.read.shape[1]:
            self.cache.crop(known - self.read.shape[1])
        guessed = self.guessed if torch.equal(self.guessed[:, :length], ids) else ids
        mask = torch.cat([mask, mask.new_ones(len(mask), guessed.shape[1] - length)], dim=1)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        output = self.model(
            guessed[:, known:],
            attention_mask=mask,
            position_ids=positions[:, known:],
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=guessed.shape[1] - length + 1,
            **self.request.reading,
        )
        self.cache, self.read, self.scored = output.past_key_values, guessed, output.logits


def check(config: GenerationConfig) -> None:
    """Refuses settings by which nothing can be written.

    Raises:
        InputError: One of them is out of its bounds.
    """
    weights = (config.graph_weight, config.text_weight, config.lm_weight)
    drawn, beams = config.temperature, config.beams
    bounds = {
        "tokens and beams are whole numbers above 0": min(config.tokens, beams) >= 1,
        "the temperature is 0 or more, and 0 with beams": 0 <= drawn < np.inf and not (drawn and beams > 1),
        "top_p lies above 0, and at most at 1": 0 < config.top_p <= 1,
        "the weights of graph, text and language model are above 0": all(0 < weight < np.inf for weight in weights),
        "the weight of the reasoner is 0 or more": 0 <= config.reasoner_weight < np.inf,
    }
    for rule, kept in bounds.items():
        if not kept:
            raise InputError(f"By the settings of generation nothing can be written: {config}.", f"In them, {rule}.")


@torch.inference_mode()
def steps(model: Any, request: Request, config: GenerationConfig) -> Iterator[tuple[list[int], list[float]]]:
    """Yields, token after token, what each question is given next and how probable it was; ``pad`` where it has ended.

    Each question draws from a random generator of its own, so that it makes no difference what else is asked with it. Where
    one token alone may come next, the model is not asked, and reads it with what it is asked for next.
    """
    ids, mask, scored = request.ids, request.mask, _Scorer(model, request)
    draws = [torch.Generator().manual_seed(config.seed) for _ in range(len(ids))]
    warped: Any = LogitsProcessorList([request.allowed])
    if config.temperature > 0:
        warped += [TemperatureLogitsWarper(config.temperature), TopPLogitsWarper(config.top_p)]
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(config.tokens):
        if config.temperature > 0:  # for forced tokens too: what is drawn next does not depend on what else is asked
            drawn = torch.stack([torch.rand(1, generator=draw, dtype=torch.float64) for draw in draws])
        only = [request.pad if over else token for over, token in zip(ended.tolist(), request.allowed.only(ids))]
        if all(token is not None for token in only):
            tokens, chosen = torch.tensor(only, device=ids.device), torch.ones(len(ids))
        else:
            scores = warped(ids, scored(ids, mask))
            chances = scores.softmax(-1)
            if config.temperature > 0:
                sums = chances.cpu().double().cumsum(-1)
                tokens = torch.searchsorted(sums, drawn * sums[:, -1:], right=True)[:, 0].to(ids.device)
            else:
                tokens = scores.argmax(-1)
            chosen = chances.gather(1, tokens[:, None])[:, 0]
            tokens = tokens.masked_fill(ended, request.pad)
        yield tokens.tolist(), chosen.tolist()
        ended |= tokens == request.end
        if ended.all():
            return
        ids = torch.cat([ids, tokens[:, None]], dim=1)
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)


@torch.inference_mode()
def beams(model: Any, request: Request, config: GenerationConfig) -> list[list[tuple[list[int], float]]]:
    """The best sequences of each question by the beam search of Hugging Face, each with its mean log-probability."""
    output = model.generate(
        input_ids=request.ids,
        attention_mask=request.mask,
        max_new_tokens=config.tokens,
        num_beams=config.beams,
        num_return_sequences=config.beams,
        do_sample=False,
        pad_token_id=request.pad,
        eos_token_id=request.end,
        logits_processor=LogitsProcessorList([request.allowed]),
        return_dict_in_generate=True,
        output_scores=True,
        **request.reading,
    )
    written = output.sequences[:, request.ids.shape[1] :].tolist()
    found = list(zip(written, output.sequences_scores.tolist()))
    return [found[start : start + config.beams] for start in range(0, len(found), config.beams)]


def belief(items: EvidenceItems, answers: Sequence[int]) -> float:
    """Mean log-probability, by the reasoner, that of the candidate answers just these are right."""
    offered = items.where(*ANSWERS)
    if not offered:
        return 0.0
    chances = items.scalars[offered, 0].clip(LEAST, 1 - LEAST)
    return float(np.log(np.where(np.isin(offered, answers), chances, 1 - chances)).mean())
