"""Language models of Hugging Face that read evidence as words, from a local folder: causal ones, and encoder-decoders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.generation.automaton import Grammar, OnlyPaths, PathAutomaton

CONTEXTS = ("max_position_embeddings", "n_positions")


class LocalModel:
    """A causal language model, or a reader with an encoder for the evidence, such as BART and T5.

    What it writes is held to the grammar, token by token.

    Args:
        model: The model.
        tokenizer: Its tokenizer, with a token that ends texts.
        name: By which it is found again.

    Raises:
        ModelError: The tokenizer has no token that ends a text.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str = "") -> None:
        if tokenizer.eos_token_id is None:
            raise ModelError(f"The tokenizer of {name or 'the model'} has no token that ends a text.", "Set eos_token.")
        self.model, self.tokenizer, self.name = model.eval(), tokenizer, name
        self._reads_apart = bool(model.config.is_encoder_decoder)
        sizes = [getattr(model.config, size, None) for size in CONTEXTS]
        relative = model.config.model_type.endswith("t5")  # positions relative to one another, of any number
        self.room = None if relative else next((size for size in sizes if isinstance(size, int)), None)

    @classmethod
    def load(cls, folder: Path) -> LocalModel:
        """Reads a model and its tokenizer from a folder. Weights are read from safetensors, and no code from the folder is run.

        Raises:
            ModelError: There is no such model there.
        """
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            model = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ModelError(
                f"No language model can be loaded from {folder}: {first}",
                "Give a folder with config.json, model.safetensors and a tokenizer, as save_pretrained writes it.",
            ) from error
        return cls(model, tokenizer, f"text:{folder}")

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self.tokenizer.encode(text, add_special_tokens=False))

    def write(self, prompts: Sequence[str], grammars: Sequence[Grammar], config: GenerationConfig) -> list[str]:
        """One text a prompt: lines of its grammar, by greedy or beam search, or drawn where there is a temperature."""
        import torch
        from transformers import GenerationConfig as Settings
        from transformers import LogitsProcessorList

        tokenizer, model = self.tokenizer, self.model
        end = tokenizer.eos_token_id
        pad = end if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        rows = [self._ids(prompt) for prompt in prompts]
        longest = max(map(len, rows))
        blanks = [longest - len(row) for row in rows]
        left = not self._reads_apart  # a causal model goes on where the prompt ends
        ids = [[pad] * blank + row if left else row + [pad] * blank for row, blank in zip(rows, blanks)]
        mask = [
            [0] * blank + [1] * len(row) if left else [1] * len(row) + [0] * blank for row, blank in zip(rows, blanks)
        ]
        automata = [PathAutomaton(grammar, self._encode, end) for grammar in grammars]
        begun = 1 if self._reads_apart else longest
        drawn = config.temperature > 0
        settings = Settings(  # nothing of the model's own, which may forbid words to be repeated and the like
            max_new_tokens=config.tokens,
            num_beams=1 if drawn else config.beams,
            do_sample=drawn,
            temperature=config.temperature if drawn else None,
            top_p=config.top_p if drawn else None,
            top_k=0 if drawn else None,
            pad_token_id=pad,
            eos_token_id=end,
            bos_token_id=tokenizer.bos_token_id,
            decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
        )
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            written = model.generate(
                input_ids=torch.tensor(ids, device=model.device),
                attention_mask=torch.tensor(mask, device=model.device),
                generation_config=settings,
                logits_processor=LogitsProcessorList([OnlyPaths(automata, begun, pad)]),
            )
        return [automaton.text(row) for automaton, row in zip(automata, written[:, begun:].tolist())]

    def _ids(self, prompt: str) -> list[int]:
        if self.tokenizer.chat_template:
            turn = [{"role": "user", "content": prompt}]
            text = self.tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
            return self.tokenizer.encode(text, add_special_tokens=False)
        return self.tokenizer.encode(prompt, add_special_tokens=self._reads_apart)

    def _encode(self, part: str) -> list[int]:
        return self.tokenizer.encode(f" {part.strip()}", add_special_tokens=False)
