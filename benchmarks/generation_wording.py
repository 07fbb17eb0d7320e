"""How the shipped generator words answers: against references, over made graphs that it was not trained on."""

from __future__ import annotations

from typing import Any

from reporting import Goal, say

from kgrag.encoder import default_encoder
from kgrag.encoding.saving import load_reasoner
from kgrag.generation import Generator
from kgrag.resources import data_folder
from kgrag.training.default_model import HELD, unseen_prompts
from kgrag.training.generator import agreement

WORLDS, QUICK = 10, 2
GOALS = (Goal("worded exactly as the reference", lambda found: found["exact"], least=0.9),)


def measured(quick: bool, seed: int) -> dict[str, Any]:
    """The share of answers that are the reference word for word, names in any order."""
    folder = data_folder() / "models" / "default"
    worlds = QUICK if quick else WORLDS
    say(f"wording: {worlds} graphs, {HELD} questions each")
    prompts = unseen_prompts(load_reasoner(folder), default_encoder(), worlds, seed)
    return {"unseen graphs": {"n": len(prompts), "exact": agreement(Generator.load(folder), prompts)}}


def tables(figures: dict[str, Any]) -> list[list[list[str]]]:
    """The rows of the table, with its head."""
    rows = [[name, str(one["n"]), f"{100 * one['exact']:.1f}"] for name, one in figures.items()]
    return [[["set", "prompts", "worded exactly as the reference, %"], *rows]]
