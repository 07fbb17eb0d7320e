"""Which weights of a generator are trained: the heads alone, low-rank additions to the language model, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kgrag.errors import InputError, ModelError

if TYPE_CHECKING:
    from kgrag.generation.generator import Generator

WAYS = ("frozen", "lora", "full")


def adapt(generator: Generator, how: str, rank: int = 8) -> Generator:
    """Sets what training changes; all of what reads and writes items is trained in any case.

    Args:
        generator: The generator, which is changed and returned.
        how: "frozen" leaves the language model as it is, "lora" adds matrices of low rank to its attention (Hu et al.,
            ICLR 2022; needs peft), "full" trains it as well.
        rank: That of the matrices.

    Raises:
        InputError: There is no such way, or the generator has such matrices and shall lose them.
        ModelError: peft is missing, or the language model is quantised and shall be trained.
    """
    if how not in WAYS or rank < 1:
        raise InputError(f"A generator cannot be adapted by {how!r} of rank {rank}.", f"Take one of {', '.join(WAYS)}.")
    added, quantised = generator.adaptation.get("how") == "lora", generator.base is not None and generator.base.bits
    if added:
        raise InputError("The generator has low-rank matrices already.", "Load it anew without them, or train these.")
    if how == "full" and quantised:
        raise ModelError("A quantised language model cannot be trained as a whole.", "Take 'lora' or 'frozen'.")
    generator.requires_grad_(True)
    lm: Any = generator.model.lm
    if how != "full":
        lm.requires_grad_(False)
    if how == "lora":
        _add_matrices(lm, rank)
    generator.adaptation = {"how": how} | ({"rank": rank} if how == "lora" else {})
    return generator


def is_kept_outside(name: str) -> bool:
    """Whether a weight of this name is the language model's own, which frozen and low-rank training leave as it is."""
    return name.startswith("model.lm.") and "lora_" not in name


def _add_matrices(lm: Any, rank: int) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
        from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as TARGETS
    except ImportError as error:
        raise ModelError("Low-rank training needs peft.", "pip install 'kgrag[lm]'") from error
    targets: Any = TARGETS.get(lm.config.model_type, "all-linear")
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets), lm)
