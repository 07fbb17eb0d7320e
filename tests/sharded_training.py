"""Trains a tiny GPT-NeoX on texts, sharded where there are several processes; run by ``tests/test_sharded.py``."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import distributed
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from kgrag.training.default_model import new_generator
from kgrag.training.loop import Course
from kgrag.training.pretraining import pretrain_generator

TEXTS = [f"{a} {verb} {b} ." for a in ("one", "two", "three") for verb in ("is", "has") for b in ("no", "yes", "only")]


def main(folder: Path, epochs: int) -> None:
    torch.manual_seed(0)
    generator = new_generator(8, 8, model_width=32, layers=2)
    lm = generator.model.lm
    if distributed.is_torchelastic_launched():
        distributed.init_process_group("gloo")
        for layer in lm.gpt_neox.layers:
            fully_shard(layer)
        fully_shard(lm)
        assert all(isinstance(weight, DTensor) for weight in lm.parameters())
    course = Course(epochs, learning_rate=2e-3, batch_size=8, parts=2, patience=9)
    pretrain_generator(generator, TEXTS, TEXTS[:4], course, folder / "run", folder / "log.jsonl")
    weights = get_model_state_dict(lm, options=StateDictOptions(full_state_dict=True))
    if not distributed.is_initialized() or not distributed.get_rank():
        save_file(weights, folder / "weights.safetensors")
    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
