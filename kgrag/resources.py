"""Where the shipped graphs and models are: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path


def data_folder() -> Path:
    """The folder of shipped data."""
    package = Path(__file__).parent
    inside = package / "_data"
    return inside if inside.is_dir() else package.parent / "data"
