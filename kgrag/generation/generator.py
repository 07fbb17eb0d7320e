"""The generator: reads evidence items and a question, writes words and items."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.fusion import Balance, EvidenceEmbedding, ItemBatch, Role, fusion_mode, item_bias
from kgrag.fusion.modes import SoftPrompt
from kgrag.generation import decoding
from kgrag.generation.adapting import adapt, is_kept_outside
from kgrag.generation.constraint import OnlyFrameWords
from kgrag.generation.draft import Draft, Prompt, pieces_of
from kgrag.generation.evidence_lm import EvidenceLM
from kgrag.generation.pretrained import Base, load_pretrained
from kgrag.generation.references import likely
from kgrag.generation.sentences import FRAME

SPECIAL = ("<pad>", "<bos>", "<sep>", "<ask>", "<eos>", "<ans>", "</ans>", "<abstain>")
WEIGHTS, SETTINGS, TOKENIZER = "generator.safetensors", "generator.json", "tokenizer.json"


@dataclass(frozen=True)
class Shares:
    """What the sources of each question count for.

    Attributes:
        gates: Mean gate of graph and text over the items, shape (questions, 2).
        weights: Those of graph, text and the model's own words, shape (questions, 3).
    """

    gates: torch.Tensor
    weights: torch.Tensor


class Generator(nn.Module):
    """A language model that reads and writes evidence items, its tokenizer and its fusion layer.

    Args:
        lm: A Hugging Face causal language model.
        tokenizer: Its tokenizer, of `tokenizers`. The tokens in ``SPECIAL`` are those of its own where it knows them all;
            otherwise they are added beside the language model.
        width: Width of the text encoder.
        hidden: Width of the GNN states.
        frame: Token ids that may be written: the words of answer sentences, none of which names anything.
        mode: How items are read: "evidence_tokens", "soft_prompt" or "cross_attention".
        options: What the mode takes, see `kgrag.fusion.modes`.
        cased: Whether questions are read in upper and lower case.
        lead: What each piece of text is begun with: a space, where the tokenizer knows words within a text by it.

    Attributes:
        base: The pretrained language model, where it is one.
        adaptation: What of it is trained, see `kgrag.generation.adapting.adapt`.
    """

    def __init__(
        self,
        lm: Any,
        tokenizer: Any,
        width: int,
        hidden: int,
        frame: Sequence[int] = (),
        mode: str = "evidence_tokens",
        options: Mapping[str, int] | None = None,
        cased: bool = False,
        lead: str = "",
    ) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"width": width, "hidden": hidden, "frame": sorted(frame), "mode": mode}
        self.settings |= {"options": dict(options or {}), "cased": cased, "lead": lead}
        self.tokenizer = tokenizer
        own = [tokenizer.token_to_id(name) for name in SPECIAL]
        added = len(SPECIAL) if None in own else 0
        self.special = dict(zip(SPECIAL, range(lm.config.vocab_size, lm.config.vocab_size + added) if added else own))
        config = lm.config
        reading = fusion_mode(mode, config.hidden_size, config.num_hidden_layers, self.settings["options"])
        self.model = EvidenceLM(lm, reading, added)
        self.fusion = EvidenceEmbedding(width, hidden, config.hidden_size)
        self.balance = Balance()
        self.base: Base | None = None
        self.adaptation: dict[str, Any] = {}

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        width: int = 384,
        hidden: int = 192,
        *,
        mode: str = "evidence_tokens",
        dtype: str = "auto",
        bits: int | None = None,
        device_map: Any = None,
        download: bool = False,
        seed: int = 0,
        **options: int,
    ) -> Generator:
        """A generator around a pretrained language model. What reads and writes items is new, and has to be trained.

        Args:
            name: Local folder, or name in the cache of the Hugging Face Hub.
            width: Width of the text encoder.
            hidden: Width of the GNN states.
            mode: How items are read.
            dtype: "float32", "bfloat16", "float16", or "auto" for that of the weights.
            bits: 8 or 4 to quantise it, on a CUDA device.
            device_map: Where its parts lie, such as "auto".
            download: Whether it may be fetched from the Hub.
            seed: Same seed, same weights.
            **options: What the mode takes.

        Raises:
            ModelError: It cannot be loaded.
            InputError: There is no such mode, or it takes no such option.
        """
        lm, tokenizer, base = load_pretrained(Base(str(name), dtype, bits), device_map, download)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            lead = max((" ", ""), key=lambda lead: len(frame_of(tokenizer, lead)))
            frame = frame_of(tokenizer, lead)
            generator = cls(lm, tokenizer, width, hidden, frame, mode, options, cased=True, lead=lead)
        generator.base = base
        generator._suit()
        return generator.eval()

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.fusion.role.weight.device

    def put_on(self, device: str | torch.device) -> Generator:
        """Moves it to a device.

        Raises:
            ModelError: There is no such device.
        """
        try:
            return self.to(device)
        except (RuntimeError, AssertionError, ValueError) as error:
            raise ModelError(
                f"The generator cannot be put on {device!r}.", 'Take "cpu", or a device there is.'
            ) from error

    def word_ids(self, text: str) -> list[int]:
        """Token ids of words."""
        lead = self.settings["lead"]
        return self.tokenizer.encode(lead + text.lstrip() if lead else text, add_special_tokens=False).ids

    def token_ids(self, word: str) -> list[int]:
        """Token ids of a word or a special token."""
        return [self.special[word]] if word in self.special else self.word_ids(word)

    def prompt_ids(self, prompt: Prompt) -> list[int]:
        """Token ids of a prompt: what stands for the items, then the question with its mentions as items."""
        first = self.model.vocabulary
        places = self.model.mode.places(len(prompt.items))
        ids = [self.special["<bos>"], *(place if place < 0 else first + place for place in places)]
        ids.append(self.special["<sep>"])
        for piece in prompt.pieces:
            words = piece if self.settings["cased"] or isinstance(piece, int) else piece.lower()
            ids += [first + words] if isinstance(words, int) else self.word_ids(words)
        return [*ids, self.special["<ask>"]]

    def read(
        self, prompts: Sequence[Prompt], config: GenerationConfig | None = None
    ) -> tuple[dict[str, torch.Tensor], Shares]:
        """Item vectors, priors and presence for the language model, and what the sources count for.

        Args:
            prompts: The prompts.
            config: Has the weights that the user gives the sources; none in training.
        """
        config = config or GenerationConfig()
        batch = ItemBatch.collate([prompt.items for prompt in prompts]).to(self.device)
        links = torch.tensor([float(prompt.link_score) for prompt in prompts], device=self.device)
        given = torch.tensor([config.graph_weight, config.text_weight, config.lm_weight], device=self.device)
        weights = self.balance(batch, links) + given.log()
        vectors, gates = self.fusion(batch, weights[:, :2].exp())
        candidates = (batch.roles == Role.ANSWER) | (batch.roles == Role.TEXT)
        reading = {
            "items": vectors,
            "item_prior": (batch.scalars[..., 1] * 10).masked_fill(~candidates, 0.0),
            "item_present": batch.present & (batch.roles != Role.QUESTION),
            "item_bias": item_bias(batch, weights),
            **self.model.mode.read(vectors, batch.present),
        }
        present = batch.present[..., None]
        return reading, Shares((gates * present).sum(1) / present.sum(1), weights.exp())

    def write(self, prompts: Sequence[Prompt], config: GenerationConfig) -> list[Draft]:
        """Writes an answer to each prompt: greedily, by sampling, or by beam search.

        Raises:
            InputError: The settings cannot be used.
        """
        if not prompts:
            return []
        request, shares = self._request(prompts, config)
        if config.beams == 1:
            *_, (written, chances) = self._growing(request, config)
            found = zip(written, map(_mean, chances))
            return [self._draft(ids, chance, shares, row) for row, (ids, chance) in enumerate(found)]
        drafts = []
        for row, (prompt, beams) in enumerate(zip(prompts, decoding.beams(self.model, request, config))):
            several = [(self._draft(ids, math.exp(score), shares, row), score) for ids, score in beams]
            beliefs = [config.reasoner_weight * decoding.belief(prompt.items, draft.answers) for draft, _ in several]
            totals = [score + belief for (_, score), belief in zip(several, beliefs)]
            drafts.append(several[totals.index(max(totals))][0])
        return drafts

    def stream(self, prompt: Prompt, config: GenerationConfig) -> Iterator[Draft]:
        """Writes an answer, and yields what there is of it after each token; beam search has it at the end only.

        Raises:
            InputError: The settings cannot be used.
        """
        if config.beams > 1:
            yield from self.write([prompt], config)
            return
        request, shares = self._request([prompt], config)
        for (written,), (chances,) in self._growing(request, config):
            yield self._draft(written, _mean(chances), shares, 0)

    @torch.inference_mode()
    def _request(self, prompts: Sequence[Prompt], config: GenerationConfig) -> tuple[decoding.Request, Shares]:
        decoding.check(config)
        if self.training:
            self.eval()
        ids, pad = [self.prompt_ids(prompt) for prompt in prompts], self.special["<pad>"]
        longest = max(map(len, ids))
        padded = torch.tensor([[pad] * (longest - len(row)) + row for row in ids], device=self.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids], device=self.device)
        reading, shares = self.read(prompts, config)
        allowed = OnlyFrameWords(self, prompts, longest)
        guess = tuple(self._guess(prompts[0])) if len(prompts) == 1 else ()
        return decoding.Request(padded, mask, reading, allowed, pad, self.special["<eos>"], guess), shares

    def _guess(self, prompt: Prompt) -> Iterator[int]:
        """Token ids of the answer that a prompt most likely gets."""
        for piece in likely(prompt):
            if isinstance(piece, int):
                yield self.model.vocabulary + piece
            else:
                yield from self.token_ids(piece)

    def _growing(
        self, request: decoding.Request, config: GenerationConfig
    ) -> Iterator[tuple[list[list[int]], list[list[float]]]]:
        """What has been written to each question and how probable it was, after each token."""
        written: list[list[int]] = [[] for _ in request.ids]
        chances: list[list[float]] = [[] for _ in request.ids]
        for tokens, chosen in decoding.steps(self.model, request, config):
            for row, token in enumerate(tokens):
                if token != request.pad:
                    written[row].append(token)
                    chances[row].append(chosen[row])
            yield written, chances

    def _draft(self, written: Sequence[int], probability: float, shares: Shares, row: int) -> Draft:
        names = {token: name for name, token in self.special.items()}
        pieces, answers, abstained = pieces_of(written, names, self.model.vocabulary, self.tokenizer.decode)
        graph, text = shares.gates[row].tolist()
        of_graph, of_text, of_words = shares.weights[row].tolist()
        return Draft(pieces, answers, probability, abstained, (graph, text), (of_graph, of_text, of_words))

    def _suit(self) -> None:
        """Puts what is new where the language model ends, and gives it vectors as long as those of words."""
        lm: Any = self.model.lm
        length = float(lm.get_input_embeddings().weight.detach().float().std())
        with torch.no_grad():
            self.fusion.norm.weight.fill_(length)
            self.model.key.weight.div_(length)
            if self.model.added is not None:
                self.model.added.weight.mul_(length)
            if isinstance(self.model.mode, SoftPrompt):
                self.model.mode.norm.weight.fill_(length)
        device = lm.get_output_embeddings().weight.device
        for name, part in [*self.named_children(), *self.model.named_children()]:
            if name not in ("model", "lm"):
                part.to(device)
        self.model.prior_weight.data = self.model.prior_weight.data.to(device)

    def save(self, folder: Path) -> None:
        """Writes weights (half precision), configuration and tokenizer into a folder.

        A pretrained language model that was not trained itself is not copied: the folder says where it lies.
        """
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        base = self.base if self.adaptation.get("how") in ("frozen", "lora") else None
        kept = {name: value for name, value in self.state_dict().items() if not (base and is_kept_outside(name))}
        save_file({name: value.to("cpu", torch.bfloat16, copy=True) for name, value in kept.items()}, folder / WEIGHTS)
        language_model = {"base": asdict(base)} if base else {"lm": self.model.lm.config.to_diff_dict()}
        config = {**language_model, "adaptation": self.adaptation, **self.settings}
        (folder / SETTINGS).write_text(json.dumps(config, indent=1, sort_keys=True, default=str) + "\n")
        self.tokenizer.save(str(folder / TOKENIZER))

    @classmethod
    def load(cls, folder: Path) -> Generator:
        """Reads a generator back.

        Raises:
            ModelError: A file is missing or does not fit, or the language model that it was trained with is not there.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModelForCausalLM

        try:
            settings = json.loads((folder / SETTINGS).read_text())
            adaptation = settings.pop("adaptation", {})
            base, lm_settings = settings.pop("base", None), settings.pop("lm", None)
            if base is not None:
                lm, _, base = load_pretrained(Base(**base))
            else:
                config = AutoConfig.for_model(lm_settings.pop("model_type"), **lm_settings)
                lm = AutoModelForCausalLM.from_config(config)
            generator = cls(lm, Tokenizer.from_file(str(folder / TOKENIZER)), **settings)
            generator.base = base
            if adaptation:
                adapt(generator, **adaptation)
            weights = {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
            missing, unknown = generator.load_state_dict(weights, strict=False)
            lacking = [n for n in missing if not n.startswith("balance.") and not (base and is_kept_outside(n))]
            if lacking or unknown:
                raise ValueError(f"its weights lack {lacking[:3]} and have {unknown[:3]} beside")
        except ModelError:
            raise
        except (OSError, AttributeError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"No generator can be loaded from {folder}: {error}.", "Build or train it again."
            ) from error
        return generator.eval()


def frame_of(tokenizer: Any, lead: str = "") -> list[int]:
    """Token ids of the words of answer sentences that are whole tokens; of parts of words, others could be made."""
    ids = [tokenizer.encode(lead + word, add_special_tokens=False).ids for word in FRAME]
    return sorted({of[0] for of in ids if len(of) == 1})


def _mean(chances: Sequence[float]) -> float:
    return sum(chances) / len(chances) if chances else 1.0
