"""Reads hostile RDF in a process of its own, so that a crash and a hang of it are seen and outlived.

`Reader` starts this file as the other process, which takes requests from standard input and answers each with a line of
JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

HANG = 60.0  # seconds until a process is given up; far more than anything may take, for the machine may be busy


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        kind: "read", "refused" (a KgragError), "fault" (another exception), "crash" or "hang".
        message: How many statements were read, or what was raised.
        seconds: How long it took.
        megabytes: The most memory that the process has held.
    """

    kind: str
    message: str
    seconds: float
    megabytes: float


class Reader:
    """A process that reads; another takes its place when it is dead."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Which process it is; None where none has been needed yet, or the last one is dead."""
        return self._process.pid if self._process else None

    def read(self, data: bytes, format: str | None, base_iri: str | None = None) -> Outcome:
        """Lets `kgrag.graph.parse` read the data to its end."""
        return self._ask({"bytes": len(data), "format": format, "base_iri": base_iri}, data)

    def detonate(self, bomb: str) -> Outcome:
        """Lets one of `bombs.BOMBS` be read."""
        return self._ask({"bomb": bomb})

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, request: dict[str, Any], body: bytes = b"") -> Outcome:
        if self._process is None:
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
            )
        process, line = self._process, b""
        assert process.stdin is not None and process.stdout is not None
        timer = threading.Timer(HANG, process.kill)
        started = time.perf_counter()
        timer.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n" + body)
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            pass  # it died while it was spoken to
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            return Outcome(**json.loads(line))
        seconds = time.perf_counter() - started
        self.stop()
        return Outcome("hang" if seconds >= HANG else "crash", f"it ended with {process.returncode}", seconds, 0.0)


def answer(act: Callable[[], str]) -> Outcome:
    """Does something that may fail, and says what became of it."""
    import resource

    from kgrag.errors import KgragError

    started = time.perf_counter()
    try:
        kind, message = "read", act()
    except KgragError as error:
        kind, message = "refused", str(error)
    except BaseException as error:  # whatever it is, it should not have come
        kind, message = "fault", f"{type(error).__name__}: {error}"[:500]
    seconds = time.perf_counter() - started
    return Outcome(kind, message, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def read(data: bytes, format: str | None, base_iri: str | None) -> str:
    """Reads RDF to its end."""
    from kgrag.graph import parse

    return f"{sum(1 for _ in parse(data, format, base_iri))} statements"


def main() -> None:
    """Answers requests until standard input ends."""
    from bombs import BOMBS

    for line in iter(sys.stdin.buffer.readline, b""):
        request = json.loads(line)
        with tempfile.TemporaryDirectory() as folder:
            if "bomb" in request:
                bomb = BOMBS[request["bomb"]]
                act = partial(bomb.read, bomb.make(Path(folder)))
            else:
                act = partial(read, sys.stdin.buffer.read(request["bytes"]), request["format"], request["base_iri"])
            outcome = answer(act)
        sys.stdout.buffer.write(json.dumps(outcome._asdict()).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
