"""What is written, and what is not: ``python benchmarks/generation.py [--quick] [--only SUBJECT ...]``.

Prints a table a subject, and the goals beside what was reached; ``--json FILE`` writes a record. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import generation_ablation
import generation_poison
import generation_verification
import generation_wording
from reporting import Goal, goal_table, machine, made_on, say, table, versions

from kgrag.evaluation.runner import current_commit

SEED = 0


class Subject(NamedTuple):
    """One part of the benchmark.

    Attributes:
        measured: Figures by set; takes whether it is to be quick, and the seed.
        tables: The rows of the tables of these figures, with their heads.
        goals: What is to be reached.
    """

    measured: Callable[[bool, int], dict[str, Any]]
    tables: Callable[[dict[str, Any]], list[list[list[str]]]]
    goals: tuple[Goal, ...]


SUBJECTS = {
    "ablation": Subject(generation_ablation.measured, generation_ablation.tables, generation_ablation.GOALS),
    "verification": Subject(
        generation_verification.measured, generation_verification.tables, generation_verification.GOALS
    ),
    "wording": Subject(generation_wording.measured, generation_wording.tables, generation_wording.GOALS),
    "poison": Subject(generation_poison.measured, generation_poison.tables, generation_poison.GOALS),
}


def main() -> None:
    """Measures the subjects asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), metavar="SUBJECT")
    parser.add_argument("--quick", action="store_true", help="a part of the questions; figures are not for quoting")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the record")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.only:
        say(name)
        figures[name] = SUBJECTS[name].measured(arguments.quick, SEED)
    record = {
        "seed": SEED,
        "quick": arguments.quick,
        "commit": current_commit(),
        "machine": machine(),
        "versions": versions("kgrag", "torch", "transformers"),
        "figures": figures,
    }
    for line in report(record):
        print(line)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def report(record: dict[str, Any]) -> Iterator[str]:
    """Lines of the tables."""
    for name, figures in record["figures"].items():
        yield f"{name}:"
        yield ""
        for rows in SUBJECTS[name].tables(figures):
            yield from table(rows)
            yield ""
        lines = [goal.line(where, found) for where, found in figures.items() for goal in SUBJECTS[name].goals]
        yield from goal_table("set", lines)
        yield ""
    yield f"Seed {record['seed']}, commit {record['commit']}" + (
        ", quick: not for quoting." if record["quick"] else "."
    )
    yield made_on(record)


if __name__ == "__main__":
    main()
