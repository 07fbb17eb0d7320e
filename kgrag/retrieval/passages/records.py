"""Passages as lines of JSON: in files, in the index and in its journal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kgrag.errors import PassageError
from kgrag.types import Passage

VALUE_CHARS = 1_000  # of a text in metadata, which is sought as a whole: tantivy leaves out the longest words
_SHAPE = (
    'Write it as {"id": "1", "text": "...", "title": "...", "source": "...", "entities": ["IRI", ...], '
    '"document": "...", "metadata": {"year": 2020}}.'
)
_OTHERS = ("title", "source", "entities", "document", "metadata")  # what a passage need not have
encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = json.JSONDecoder().decode


def full_text(passage: Passage) -> str:
    """What is searched: title and text."""
    return f"{passage.title}\n{passage.text}" if passage.title else passage.text


def checked(passage: Passage) -> Passage:
    """A passage that can be kept, whatever becomes of the metadata that were given.

    Raises:
        PassageError: It has no id or no text, or holds what passages may not.
    """
    fault = _fault(passage)
    if fault:
        raise PassageError(f"A passage {fault}: {passage!r}.", "Give it one as `kgrag.Passage` says.")
    if passage.metadata:
        passage = replace(passage, metadata=dict(passage.metadata))
    try:
        if passage.metadata or passage.entities or not all(map(str.isascii, _texts(passage))):
            line_of(passage)
    except ValueError as error:  # half a surrogate pair, or a number of thousands of digits
        raise PassageError(f"The passage {passage.id!r} cannot be written: {error}.", "Take that out of it.") from error
    return passage


def line_of(passage: Passage) -> bytes:
    """A passage that was checked as a line of JSON, without the line break."""
    others = [(key, value) for key in _OTHERS if (value := getattr(passage, key))]
    # Value by value: for a text that takes a fraction of the time that a whole object does.
    line = f'{{"id":{encode_json(passage.id)},"text":{encode_json(passage.text)}'
    return (line + "".join([f',"{key}":{encode_json(value)}' for key, value in others]) + "}").encode()


def passage_of(line: bytes, where: str) -> Passage:
    """The passage that a line of JSON is.

    Args:
        line: The line.
        where: What it is called in errors.

    Raises:
        PassageError: It is not the JSON of a passage.
    """
    try:
        value = _decode(line.decode())
        if b"\\u" in line:
            encode_json(value).encode()  # half a surrogate pair cannot be written back
    except (ValueError, RecursionError) as error:
        raise PassageError(f"{where}: not JSON in UTF-8 ({error}).", _SHAPE) from error
    if not isinstance(value, dict):
        raise PassageError(f"{where}: not a JSON object.", _SHAPE)
    id, entities = value.get("id"), value.get("entities") or ()
    passage = Passage(
        str(id) if isinstance(id, int) and not isinstance(id, bool) else id,  # type: ignore[arg-type]
        value.get("text"),  # type: ignore[arg-type]
        value.get("title") or "",
        value.get("source") or "",
        tuple(entities) if isinstance(entities, list) else entities,
        value.get("document") or "",
        value.get("metadata") or {},
    )
    fault = _fault(passage)
    if fault:
        raise PassageError(f"{where}: the passage {fault}.", _SHAPE)
    return passage


def read_jsonl(path: Path) -> Iterator[Passage]:
    """The passages of a file with one JSON object a line.

    Raises:
        PassageError: The file cannot be read or holds no passage, or a line is none; says which line.
    """
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                passage = passage_of(line.removeprefix(b"\xef\xbb\xbf"), f"{path}, line {number}")
                if passage.id in seen:
                    raise PassageError(
                        f"{path}, line {number}: the id {passage.id!r} was given in line {seen[passage.id]} already.",
                        "Give each passage its own id.",
                    )
                seen[passage.id] = number
                yield passage
    except OSError as error:
        raise PassageError(
            f"There is no file {path}, or it cannot be read: {error.strerror or error}.",
            "Give a file with one JSON object a line.",
        ) from error
    if not seen:
        raise PassageError(f"{path} holds no passage.", 'Write one a line: {"id": "1", "text": "..."}.')


def is_metadata(values: object) -> bool:
    """Whether these are texts, finite numbers, true or false by their names."""
    return isinstance(values, dict) and all(_is_text(key) and _is_value(value) for key, value in values.items())


def _texts(passage: Passage) -> tuple[str, ...]:
    return passage.id, passage.text, passage.title, passage.source, passage.document


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= VALUE_CHARS


def _is_value(value: object) -> bool:
    return _is_text(value) or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _fault(passage: Passage) -> str:
    """What is wrong with a passage, or ""."""
    for name in ("id", "text"):
        value = getattr(passage, name)
        if not isinstance(value, str) or not value.strip():
            return f"has no {name}"
    for name in ("title", "source", "document"):
        value = getattr(passage, name)
        if not isinstance(value, str):
            return f"has a {name} that is not a text but {value!r}"
    if passage.entities != () and not (
        isinstance(passage.entities, tuple) and all(isinstance(iri, str) for iri in passage.entities)
    ):
        return f"has entities that are not IRIs but {passage.entities!r}"
    if passage.metadata and not (hasattr(passage.metadata, "items") and is_metadata(dict(passage.metadata))):
        return f"has metadata that are not short texts, numbers, true and false by their names but {passage.metadata!r}"
    return ""
