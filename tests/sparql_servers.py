"""SPARQL servers for tests: oxigraph, and one in this process that can be told to fail."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph

Fault = Callable[["Handler"], None]


@contextmanager
def oxigraph(file: Path, folder: Path) -> Iterator[str]:
    """Serves an RDF file by ``oxigraph serve-read-only``; yields the address for queries."""
    program = str(Path(sys.executable).with_name("oxigraph"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([program, "load", "--location", str(folder), "--file", str(file)], check=True, **quiet)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "serve-read-only", "--location", str(folder), "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, **quiet)
    try:
        for _ in range(600):
            assert process.poll() is None, "oxigraph ended"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.kill()
        process.wait()


class Handler(BaseHTTPRequestHandler):
    """Answers queries from a store; before, it does what the server's list of faults says."""

    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def do_POST(self) -> None:  # noqa: N802
        self.query = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.queries.append(self.query)
        self.server.headers.append(dict(self.headers))
        self.server.connections.add(self.client_address)
        fault = self.server.faults.pop(0) if self.server.faults else Handler.evaluate
        try:
            fault(self)
        except OSError:  # the client has gone, as it may
            self.close_connection = True

    def evaluate(self) -> None:
        results = self.server.store.query(self.query)
        self.reply(results.serialize(format=pyoxigraph.QueryResultsFormat.JSON))

    def reply(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class FaultyServer(ThreadingHTTPServer):
    """A SPARQL server over a store, on a free port of loopback.

    Attributes:
        faults: What it does instead of answering, one a request, in their order.
        queries, headers, connections: What it was asked, and over what.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = pyoxigraph.Store()
        self.faults: list[Fault] = []
        self.queries: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[tuple[str, int]] = set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/sparql"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Says nothing: a fault may leave a connection broken."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """A fault: a reply with this status."""
    return lambda handler: handler.reply(body, code, **headers)
