"""The one place that imports dgl, and the reason why that takes two steps.

The newest dgl wheel of the package registry (2.1.0) predates current torch and setuptools. Two of its imports fail:
``setuptools.extern`` (gone from setuptools 71 on; it was a vendored ``packaging``) and ``dgl.graphbolt`` (its compiled
part exists for torch 2.0 to 2.2 only; kgrag does not use it). Both get a stand-in before the first ``import dgl``;
what kgrag uses of dgl (graphs, batches, message passing with built-in functions) then computes and differentiates
correctly, which ``tests/test_reasoner.py`` checks against plain torch.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from typing import Any


class _EmptyModule(types.ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def import_dgl() -> Any:
    """Returns the ``dgl`` module, importing it on the first call."""
    if "dgl" in sys.modules:
        return sys.modules["dgl"]
    os.environ.setdefault("DGLBACKEND", "pytorch")
    packaging = importlib.import_module("packaging")
    version = importlib.import_module("packaging.version")
    importlib.import_module("setuptools")
    sys.modules.setdefault("setuptools.extern", types.ModuleType("setuptools.extern"))
    extern: Any = sys.modules["setuptools.extern"]
    extern.packaging = packaging
    sys.modules.setdefault("setuptools.extern.packaging", packaging)
    sys.modules.setdefault("setuptools.extern.packaging.version", version)
    sys.modules.setdefault("dgl.graphbolt", _EmptyModule("dgl.graphbolt"))
    return importlib.import_module("dgl")
