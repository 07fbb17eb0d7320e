"""Question files: JSON lines with ``question``, ``answers`` and what else is known."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kgrag.errors import QuestionError
from kgrag.types import Question


def read_questions(path: str | Path) -> list[Question]:
    """Reads a question file.

    Raises:
        QuestionError: The file is missing or empty, or a line cannot be read; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise QuestionError(f"There is no question file {path}.", "Give a file of JSON lines.")
    questions = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                questions.append(_read(line, f"{path}, line {number}", number))
    if not questions:
        raise QuestionError(f"The question file {path} is empty.", "Write one JSON object a line.")
    return questions


def write_questions(questions: Iterable[Question], path: str | Path) -> None:
    """Writes a question file, of which `read_questions` reads the same questions; an older one is replaced when all is ready.

    Raises:
        QuestionError: The file cannot be written.
    """
    path = Path(path)
    staging = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with staging.open("w", encoding="utf-8", newline="\n") as lines:
            for question in questions:
                fields = {name: value for name, value in asdict(question).items() if value not in ((), "", None)}
                lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        staging.replace(path)
    except OSError as error:
        raise QuestionError(
            f"{path} cannot be written: {error.strerror}.", "Give a file in a folder that exists."
        ) from error
    finally:
        staging.unlink(missing_ok=True)


def _read(line: str, where: str, number: int) -> Question:
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise QuestionError(f"{where}: not JSON ({error}).", "Write one JSON object a line.") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("question"), str):
        raise QuestionError(f"{where}: no 'question' in it.", 'Write {"question": "...", "answers": ["..."]}.')
    answers = fields.get("answers", [])
    if isinstance(answers, str) or not all(isinstance(a, str) for a in answers):
        raise QuestionError(f"{where}: 'answers' must be a list of labels or IRIs.", 'Write "answers": ["..."].')
    topics = fields.get("topics") or ([fields["topic"]] if fields.get("topic") else [])
    return Question(
        question=fields["question"],
        answers=tuple(answers),
        id=str(fields.get("id", number)),
        topics=tuple(topics),
        path=tuple(fields.get("path") or ()),
        hops=fields.get("hops"),
        answer_text=fields.get("answer_text") or "",
        gold_passages=tuple(fields.get("gold_passages") or ()),
        kind=fields.get("kind", ""),
    )
