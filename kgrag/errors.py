"""The errors that kgrag raises on purpose.

    KgragError
    ├── InputError          a question, a file or an option that cannot be used
    │   ├── GraphError      RDF that cannot be read, or a graph that cannot be used
    │   ├── PassageError    a passage collection that cannot be read
    │   ├── DocumentError   a document that cannot be read
    │   └── QuestionError   a question, or a file of questions, that cannot be read
    ├── ModelError          a model that cannot be found, loaded or used
    └── SavedFolderError    a saved folder that is incomplete, changed or unsafe

Each says what was given, what would be valid and what to do next; the command line prints it as one line.
"""

from __future__ import annotations


class KgragError(Exception):
    """Root of every error that kgrag raises on purpose.

    Args:
        message: What was given and why it cannot be used.
        hint: What to do next; appended to the message.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.hint = hint


class InputError(KgragError):
    """Something the user handed in cannot be used."""


class GraphError(InputError):
    """RDF that cannot be read, or a graph that cannot be used."""


class PassageError(InputError):
    """A passage collection that cannot be read."""


class DocumentError(InputError):
    """A document that cannot be read."""


class QuestionError(InputError):
    """A question, or a file of questions, that cannot be read."""


class ModelError(KgragError):
    """A model that cannot be found, loaded or used."""


class SavedFolderError(KgragError):
    """A saved folder that is incomplete, was changed, or holds what may not be loaded."""
