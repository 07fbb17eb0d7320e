"""Processes of their own for what must not disturb, or wait for, this one."""

from __future__ import annotations

import sys

# Modules are sought where this process seeks them, and the module that was started here is not run again there.
_START = """
import sys
from importlib import import_module
module, count, *rest = sys.argv[1:]
sys.path[:] = rest[int(count):]
import_module(module).main(*rest[:int(count)])
"""


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a process that calls the ``main`` of a module with some arguments."""
    paths = filter(None, sys.path)
    return [sys.executable, "-I", "-c", _START, module, str(len(arguments)), *arguments, *paths]
