"""All recipes by name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from kgrag.errors import InputError
from kgrag.recipes.akoma_ntoso import akoma_ntoso
from kgrag.recipes.dpv import dpv
from kgrag.recipes.gdprtext import gdprtext
from kgrag.recipes.ontology import ontology
from kgrag.recipes.recipe import Prepared, Recipe

RECIPES: dict[str, Recipe] = {
    "akoma-ntoso": akoma_ntoso,
    "dpv": dpv,
    "gdprtext": gdprtext,
    "ontology": ontology,
}


def prepare(recipe: str, files: Iterable[str | os.PathLike[str]]) -> Prepared:
    """Makes a graph and passages of files.

    Args:
        recipe: One of `RECIPES`.
        files: Files of its kind, or folders of such.

    Raises:
        InputError: There is no such recipe or file, or one cannot be read.
    """
    if recipe not in RECIPES:
        raise InputError(f"There is no recipe {recipe!r}.", f"There are: {', '.join(RECIPES)}.")
    return RECIPES[recipe]([Path(file) for file in files])
