"""Processes of their own for what must not disturb, or wait for, this one: they may hang, crash or fill their memory.

`Child` is the parent's end of one that answers requests, `requests` and `reply` are its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, BinaryIO

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

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


class Child:
    """A process that answers one request at a time; killed when this object goes.

    Args:
        module: Its ``main`` is called there.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, module: str) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command(module), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end, self._process, self._owner)

    def is_usable(self) -> bool:
        """Whether it runs, and for this process: a fork must not talk into the conversation of its parent."""
        return self._end.alive and self._owner == os.getpid() and self._process.poll() is None

    def ask(self, request: dict[str, Any], body: bytes = b"", timeout: float | None = None) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Args:
            request: What JSON can say.
            body: Bytes that go with it.
            timeout: Seconds.

        Raises:
            TimeoutError: The time is over; it is dead now.
            ChildProcessError: It died.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        expired = threading.Event()

        def stop() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, stop) if timeout is not None else None
        line = b""
        try:
            if timer:
                timer.daemon = True
                timer.start()
            stdin.write(json.dumps({**request, "bytes": len(body)}).encode() + b"\n" + body)
            stdin.flush()
            line = stdout.readline()
        except OSError:
            pass  # it died while it was spoken to, which an unfinished line says as well
        finally:
            if timer:
                timer.cancel()
                timer.join()
            if expired.is_set() or not line.endswith(b"\n"):
                self._end()
        if not line.endswith(b"\n"):
            raise TimeoutError if expired.is_set() else ChildProcessError
        return json.loads(line)

    def stop(self) -> None:
        """Ends it now."""
        self._end()


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be written has nowhere to go
                pipe.close()


# within the child


def requests() -> Iterator[tuple[dict[str, Any], bytes]]:
    """What a child is asked, with the bytes that go with it, until its parent ends, be it in the midst of an answer."""
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    waiting: SimpleQueue[tuple[dict[str, Any], bytes]] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, waiting), daemon=True).start()
    while True:
        yield waiting.get()


def reply(answer: dict[str, Any]) -> None:
    """Answers a request."""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


def memory_meter() -> Callable[[], int]:
    """Tells how many bytes this process holds, as `bound_memory` counts them, even when it may open no file any more.

    The peak that the system reports will not do: on Linux, that of the parent is in it.
    """
    try:
        meter = open("/proc/self/statm", "rb", buffering=0)  # noqa: SIM115
    except OSError:  # there is no bound there, either
        return lambda: 0
    return lambda: int(os.pread(meter.fileno(), 200, 0).split()[5]) * os.sysconf("SC_PAGE_SIZE")


def bound_memory(most: int | None) -> None:
    """Lets this process end, or meet a MemoryError, when it needs more bytes than that."""
    if resource and sys.platform == "linux":  # elsewhere this bound has no effect, or another unit
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        most = hard if most is None else most
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def open_no_files() -> None:
    """From here on this process opens no further file or connection, whatever it is asked for."""
    if resource:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _receive(stream: BinaryIO, waiting: SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Takes requests in; ends the process with its parent, even a killed one, for nobody waits for the answer then."""
    while line := stream.readline():
        request = json.loads(line)
        waiting.put((request, stream.read(request["bytes"])))
    os._exit(0)
