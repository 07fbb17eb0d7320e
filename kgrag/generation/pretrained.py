"""Pretrained language models from local folders, or by the name that they have on the Hugging Face Hub."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kgrag.errors import ModelError


@dataclass(frozen=True)
class Base:
    """Where a language model lies that is used as it is, and not copied into saved folders.

    Attributes:
        name: Its folder, or its name on the Hub.
        dtype: "float32", "bfloat16", "float16", or "auto" for that of its weights.
        bits: 8 or 4 where its weights are quantised.
        sha256: Of its configuration file.
    """

    name: str
    dtype: str = "auto"
    bits: int | None = None
    sha256: str = ""


def load_pretrained(base: Base, device_map: Any = None, download: bool = False) -> tuple[Any, Any, Base]:
    """Loads a causal language model, of one safetensors file or several, and its tokenizer. None of its code is run.

    Args:
        base: Which one; where it has a digest, the configuration must have the same.
        device_map: As Hugging Face takes it, such as "auto": spreads large models over devices (needs accelerate).
        download: Whether what is not in the Hub's cache may be fetched from there.

    Returns:
        The model, its tokenizer (of `tokenizers`), and ``base`` with the digest.

    Raises:
        ModelError: There is no such model, it has no safetensors or no fast tokenizer, its layout is not known, what it
            shall be loaded with is not installed, or its configuration is another one.
    """
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import cached_file

    where: dict[str, Any] = {"local_files_only": not download, "trust_remote_code": False}
    try:
        config = cached_file(base.name, "config.json", local_files_only=not download)
        digest = hashlib.sha256(Path(str(config)).read_bytes()).hexdigest()
        if base.sha256 not in ("", digest):
            raise ModelError(
                f"The language model {base.name} is not the one that was trained with: its config.json has changed.",
                "Put the same model there again.",
            )
        tokenizer = AutoTokenizer.from_pretrained(base.name, **where)
        options = {"dtype": base.dtype, "device_map": device_map, "quantization_config": _quantised(base.bits)}
        options = {name: value for name, value in options.items() if value is not None}
        lm = AutoModelForCausalLM.from_pretrained(base.name, use_safetensors=True, **where, **options)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        ImportError,
        RuntimeError,
        SafetensorError,
    ) as error:
        raise ModelError(
            f"No language model can be loaded from {base.name}: {_first_line(error)}",
            "Give a folder with config.json, tokenizer.json and safetensors, or the name of a model in the Hub's cache.",
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"The language model {base.name} has no fast tokenizer.", "Add its tokenizer.json.")
    backend.no_truncation()
    backend.no_padding()
    return lm, backend, Base(base.name, base.dtype, base.bits, digest)


def is_there(name: str | Path) -> bool:
    """Whether a language model of this name is in a folder or in the Hub's cache; nothing is fetched."""
    from transformers.utils import cached_file

    try:
        return cached_file(str(name), "config.json", local_files_only=True) is not None
    except (OSError, ValueError):
        return False


def _quantised(bits: int | None) -> Any:
    if bits is None:
        return None
    import torch
    from transformers import BitsAndBytesConfig

    if bits not in (4, 8):
        raise ModelError(f"Weights cannot be quantised to {bits} bits.", "Take 8 or 4.")
    if not torch.cuda.is_available() or find_spec("bitsandbytes") is None:
        raise ModelError(
            f"Weights of {bits} bits need a CUDA device and the package bitsandbytes.",
            "Leave bits out, or take dtype='bfloat16'; else: pip install bitsandbytes.",
        )
    return BitsAndBytesConfig(load_in_8bit=bits == 8, load_in_4bit=bits == 4)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
