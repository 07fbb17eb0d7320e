"""Two processes with a share of the weights and of each batch (FSDP2) learn what one learns with all of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).parent / "sharded_training.py"


def trained(folder: Path, *launcher: str) -> dict[str, torch.Tensor]:
    folder.mkdir()
    command = [sys.executable, *launcher, str(SCRIPT), str(folder), "2"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPT.parent.parent), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=600)
    assert done.returncode == 0, done.stderr
    return load_file(folder / "weights.safetensors")


def test_sharded_training_learns_the_same(tmp_path: Path) -> None:
    one = trained(tmp_path / "one")
    two = trained(tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert one.keys() == two.keys()
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-2, atol=2e-4)
    checkpoint = load_file(tmp_path / "two" / "run" / "run.safetensors")
    assert checkpoint["now/gpt_neox.embed_in.weight"].shape == one["gpt_neox.embed_in.weight"].shape
    log = [json.loads(line) for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in log] == [1, 1, 1, 1, 2, 2, 2, 2]  # three steps and a summary each
    assert log[-2]["loss"] < log[0]["loss"]
