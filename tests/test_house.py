"""The house rules: layering, public names, commands in the README, a quick ``kgrag --help``."""

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kgrag

ROOT = Path(__file__).parent.parent
# higher may import lower, never the other way round; stages share a floor and do not import one another
FLOORS = {
    "children": 0,
    "errors": 0,
    "faults": 0,
    "posting": 1,
    "config": 0,
    "types": 0,
    "progress": 0,
    "sentences": 0,
    "resources": 0,
    "persistence": 1,
    "journal": 1,
    "mapped": 1,
    "graph": 2,
    "fused": 1,
    "yes_no": 0,
    "encoder": 2,
    "wordings": 3,
    "linking": 4,
    "retrieval": 4,
    "documents": 4,
    "distributed": 5,
    "encoding": 4,
    "fusion": 4,
    "symbolic": 5,
    "generation": 5,
    "sources": 5,
    "recipes": 5,
    "measures": 5,
    "choosing": 6,
    "judgement": 7,
    "naming": 8,
    "premises": 5,
    "composer": 6,
    "verification": 7,
    "telling": 8,
    "pipeline": 9,
    "evaluation": 10,
    "training": 11,
    "cli": 12,
}
# the journey calls these when asked to train or to evaluate, and they call the journey: imported inside functions
LAZY = {("pipeline", "evaluation"), ("pipeline", "training")}


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(file: Path) -> set[tuple[str, bool]]:
    tree = ast.parse(file.read_text())
    found = set()
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kgrag."):
            found.add((part(node.module), id(node) in top))
    return found


@pytest.mark.parametrize("file", sorted((ROOT / "kgrag").rglob("*.py")), ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_down(file):
    here = file.relative_to(ROOT / "kgrag").parts[0].removesuffix(".py")
    if here == "__init__":
        return
    assert here in FLOORS, f"{here} has no floor: give it one in this test"
    for other, at_top in imports(file):
        if other == here or ((here, other) in LAZY and not at_top):
            continue
        if other == "pipeline" and here in ("evaluation", "training") and not at_top:
            continue
        assert FLOORS[other] < FLOORS[here], f"{file} imports kgrag.{other}"


def test_only_one_file_imports_dgl():
    users = [
        f.name
        for f in (ROOT / "kgrag").rglob("*.py")
        if re.search(r'import_module\("dgl"\)|^import dgl', f.read_text(), re.M)
    ]
    assert users == ["dgl_import.py"]


def test_public_names_are_pinned():
    assert sorted(kgrag.__all__) == sorted(
        [
            "Answer",
            "Config",
            "EntityLinker",
            "Generator",
            "KGRAG",
            "KgragError",
            "KnowledgeGraph",
            "Passage",
            "PassageIndex",
            "Question",
            "Report",
            "generate_with_knowledge",
            "read_questions",
            "synthesize",
        ]
    )
    assert all(getattr(kgrag, name) is not None for name in kgrag.__all__)


def test_nothing_is_unpickled_or_run_from_data():
    for file in (ROOT / "kgrag").rglob("*.py"):
        source = file.read_text()
        assert not re.search(
            r"import pickle|torch\.load\(|trust_remote_code=True|allow_pickle=True|\beval\(\"", source
        ), file


def test_help_is_quick_and_names_every_command():
    started = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-m", "kgrag.cli", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "100"},
    )
    assert shown.returncode == 0, shown.stderr
    for command in ("demo", "ask", "build", "index", "train", "evaluate", "compare", "synthesize"):
        assert command in shown.stdout
    heavy = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kgrag.cli", "--help"], capture_output=True, text=True
    )
    for module in ("torch", "spacy", "faiss", "dgl", "transformers"):
        assert not re.search(rf"\| +{module}$", heavy.stderr, re.M), f"--help imports {module}"
    assert time.perf_counter() - started < 60


def test_readme_commands_exist():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    used = set(re.findall(r"^\s*make (\w+)", readme, re.M))
    assert {"demo", "test"} <= used <= targets
    commands = set(re.findall(r"^\s*kgrag (\w+)", readme, re.M))
    assert commands <= {"demo", "ask", "build", "index", "train", "evaluate", "compare", "synthesize"}
