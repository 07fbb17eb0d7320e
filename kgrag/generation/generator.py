"""The generator: reads evidence items and a question, writes words and items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.fusion import EvidenceEmbedding, ItemBatch, Role
from kgrag.generation.draft import Draft, Prompt

SPECIAL = ("<pad>", "<bos>", "<sep>", "<ask>", "<eos>", "<ans>", "</ans>", "<abstain>")
WRITABLE = (*(role for role in Role if role is not Role.QUESTION),)


class Generator(nn.Module):
    """A language model with evidence tokens, its tokenizer and its fusion layer.

    Args:
        lm: A Hugging Face causal language model.
        tokenizer: Its tokenizer, a `tokenizers.Tokenizer` that knows the tokens in ``SPECIAL``.
        width: Width of the text encoder.
        hidden: Width of the GNN states.
        frame: Token ids that may be written: the words of answer sentences, none of which names anything.
    """

    def __init__(self, lm: Any, tokenizer: Any, width: int, hidden: int, frame: Sequence[int] = ()) -> None:
        from kgrag.generation.evidence_lm import EvidenceLM

        super().__init__()
        self.settings: dict[str, Any] = {"width": width, "hidden": hidden, "frame": sorted(frame)}
        self.tokenizer = tokenizer
        self.model = EvidenceLM(lm)
        self.fusion = EvidenceEmbedding(width, hidden, lm.config.hidden_size)
        self.special = {name: tokenizer.token_to_id(name) for name in SPECIAL}

    def prompt_ids(self, prompt: Prompt) -> list[int]:
        """Token ids of a prompt: the items, then the question with its mentions as items."""
        first = self.model.vocabulary
        ids = [self.special["<bos>"], *(first + i for i in range(len(prompt.items))), self.special["<sep>"]]
        for piece in prompt.pieces:
            ids += [first + piece] if isinstance(piece, int) else self.tokenizer.encode(piece.lower()).ids
        return [*ids, self.special["<ask>"]]

    def read(self, prompts: Sequence[Prompt]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Item vectors, priors and presence for the language model, and the gates."""
        batch = ItemBatch.collate([prompt.items for prompt in prompts])
        vectors, gates = self.fusion(batch)
        prior = torch.where(
            (batch.roles == Role.ANSWER) | (batch.roles == Role.TEXT), batch.scalars[..., 1] * 10, torch.zeros(())
        )
        writable = batch.present & (batch.roles != Role.QUESTION)
        return {"items": vectors, "item_prior": prior, "item_present": writable}, gates

    @torch.inference_mode()
    def write(self, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
        """Writes an answer to each prompt, greedily or by beam search through Hugging Face ``generate``."""
        self.eval()
        if not prompts:
            return []
        from transformers import LogitsProcessorList

        ids = [self.prompt_ids(prompt) for prompt in prompts]
        longest = max(map(len, ids))
        pad = self.special["<pad>"]
        inputs = torch.tensor([[pad] * (longest - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])
        reading, gates = self.read(prompts)
        allowed = OnlyFrameWords(self, prompts, longest)
        model: Any = self.model  # `generate` is typed for models whose arguments are all known to transformers
        output = model.generate(
            input_ids=inputs,
            attention_mask=mask,
            max_new_tokens=config.tokens,
            num_beams=config.beams,
            do_sample=False,
            pad_token_id=pad,
            eos_token_id=self.special["<eos>"],
            logits_processor=LogitsProcessorList([allowed]),
            return_dict_in_generate=True,
            output_scores=config.beams == 1,
            **reading,
        )
        sequences = output.sequences[:, longest:]
        drafts = []
        for row, prompt in enumerate(prompts):
            written = sequences[row].tolist()
            chances = []
            if config.beams == 1:
                for step, token in enumerate(written):
                    if token == pad:
                        break
                    chances.append(float(output.scores[step][row].softmax(-1)[token]))
            drafts.append(self._draft(written, chances, prompt, gates[row, : len(prompt.items)].mean(0).tolist()))
        return drafts

    def _draft(self, written: list[int], chances: list[float], prompt: Prompt, gates: list[float]) -> Draft:
        first = self.model.vocabulary
        names = {value: name for name, value in self.special.items()}
        pieces: list[str | int] = []
        answers: list[int] = []
        inside = abstained = False
        words: list[int] = []

        def flush() -> None:
            if words:
                pieces.append(self.tokenizer.decode(words).strip())
                words.clear()

        for token in written:
            name = names.get(token)
            if name in ("<eos>", "<pad>"):
                break
            if name is not None:
                inside = name == "<ans>" if name in ("<ans>", "</ans>") else inside
                abstained = abstained or name == "<abstain>"
            elif token >= first:
                flush()
                pieces.append(token - first)
                if inside:
                    answers.append(token - first)
            else:
                words.append(token)
        flush()
        probability = sum(chances) / len(chances) if chances else 1.0
        return Draft(tuple(pieces), tuple(answers), probability, abstained, (gates[0], gates[1]))

    def save(self, folder: Path) -> None:
        """Writes weights (half precision), configuration and tokenizer into a folder."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.to(torch.bfloat16).contiguous() for name, value in self.state_dict().items()}
        save_file(weights, folder / "generator.safetensors")
        config = {"lm": self.model.lm.config.to_diff_dict(), **self.settings}
        (folder / "generator.json").write_text(json.dumps(config, indent=1, sort_keys=True, default=str) + "\n")
        self.tokenizer.save(str(folder / "tokenizer.json"))

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Reads a generator back.

        Raises:
            ModelError: A file is missing or does not fit.
        """
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModelForCausalLM

        try:
            settings = json.loads((folder / "generator.json").read_text())
            lm_settings = settings.pop("lm")
            config = AutoConfig.for_model(lm_settings.pop("model_type"), **lm_settings)
            lm = AutoModelForCausalLM.from_config(config)
            generator = cls(lm, Tokenizer.from_file(str(folder / "tokenizer.json")), **settings)
            weights = load_file(folder / "generator.safetensors")
            generator.load_state_dict({name: value.float() for name, value in weights.items()})
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"No generator can be loaded from {folder}: {error}.", "Build or train it again."
            ) from error
        return generator.eval()


class OnlyFrameWords:
    """Allows, beside the items, only the words of answer sentences, and each item once within an answer.

    Whatever the language model prefers, it then cannot spell out a name that is not in the evidence, refuse what is sure,
    or say yes or no against the reasoner.

    Args:
        generator: Whose words and special tokens.
        prompts: One a question.
        length: Of the padded prompts, which is not counted as written.
    """

    def __init__(self, generator: Generator, prompts: Sequence[Prompt], length: int) -> None:
        self.vocabulary, self.length = generator.model.vocabulary, length
        special = generator.special
        closed = torch.ones(self.vocabulary, dtype=torch.bool)
        closed[generator.settings["frame"]] = False
        closed[[special[name] for name in ("<eos>", "<ans>", "</ans>", "<abstain>")]] = False
        self.closed = closed.repeat(len(prompts), 1)
        self.first = self.closed.clone()  # what may not come first,
        self.bare = torch.zeros(len(prompts), dtype=torch.bool)  # and where no item may
        yes, no = (generator.tokenizer.encode(word).ids[0] for word in ("yes", "no"))
        for row, prompt in enumerate(prompts):
            verdict = float(prompt.items.scalars[0, 3])
            self.closed[row, [yes, no]] = True
            if prompt.answerable:
                self.closed[row, special["<abstain>"]] = True
            self.first[row] = self.closed[row]
            if verdict:
                self.first[row] = self.bare[row] = True
                self.first[row, yes if verdict > 0 else no] = False

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores = scores.clone()
        written = input_ids[:, self.length :]
        rule = self.closed if written.shape[1] else self.first
        beams = len(scores) // len(rule)  # a row a beam
        scores[:, : self.vocabulary].masked_fill_(rule.repeat_interleave(beams, dim=0), float("-inf"))
        if not written.shape[1]:
            scores[self.bare.repeat_interleave(beams), self.vocabulary :] = float("-inf")
        rows, columns = (written >= self.vocabulary).nonzero(as_tuple=True)
        scores[rows, written[rows, columns]] = float("-inf")
        return scores
