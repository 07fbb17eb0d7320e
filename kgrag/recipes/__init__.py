"""Recipes: files that people bring, of kinds that are well known, become a graph and passages that are ready to be asked."""

from kgrag.recipes.recipe import Prepared, Recipe
from kgrag.recipes.registry import RECIPES, prepare

__all__ = ["RECIPES", "Prepared", "Recipe", "prepare"]
