"""Requests to one server over HTTP, repeated where that may help, with answers read within bounds."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import urllib3

from kgrag.errors import KgragError
from kgrag.faults import one_line

BUSY = frozenset([429, 502, 503, 504])
_CHUNK = 1 << 16
_SHOWN = 2_000  # bytes of an error page that are read
_BACK_OFF = 0.5  # seconds before the first repetition; twice as many before each further one

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """On which terms a server is asked, and how its refusals are told.

    Attributes:
        attempts: How often a request is sent before it counts as failed.
        answer_bytes: Size of an answer, unpacked.
        error: The kind of error that is raised.
        settings: Where the user may allow more.
        request: What is sent, by name.
        access: What to do where access is refused.
        address: What to do where the address seems wrong.
        busy: HTTP statuses after which the same request is sent again.
    """

    attempts: int
    answer_bytes: int
    error: type[KgragError]
    settings: str
    request: str
    access: str
    address: str
    busy: Collection[int] = BUSY


class Poster:
    """Posts to one address. Redirects are not followed, proxies not used.

    A request that meets a busy server or a broken connection is repeated after a wait that doubles each time, or that the
    server asks for by Retry-After.

    Args:
        name: What the server is called in messages.
        url: The address.
        terms: Bounds, and the words of errors.
        secrets: What messages never show, should the server repeat it.

    Attributes:
        requests: How many requests were sent.
    """

    def __init__(self, name: str, url: str, terms: Terms, secrets: Collection[str] = ()) -> None:
        self.name, self.terms, self.requests = name, terms, 0
        self._url, self._secrets = url, tuple(secrets)
        self._pool = urllib3.PoolManager(maxsize=1, retries=False)

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float) -> bytes:
        """The body of the answer.

        Args:
            body: Of the request.
            headers: Of the request.
            timeout: Seconds, repetitions and the waits before them included.

        Raises:
            KgragError: Of the kind that the terms name: the server cannot be reached, refuses, takes too long, or its
                answer is too large.
        """
        deadline, terms = time.monotonic() + timeout, self.terms
        for attempt in range(1, terms.attempts + 1):
            try:
                return self._send(body, headers, timeout, deadline)
            except _BusyError as busy:
                wait = _BACK_OFF * 2 ** (attempt - 1) if busy.wait is None else busy.wait
                if attempt == terms.attempts or time.monotonic() + wait >= deadline:
                    asked = f", and asks to wait {busy.wait:.0f} seconds" if busy.wait else ""
                    raise terms.error(
                        f"{self.name} {busy.reason}{asked}.", "Check the address and the server, or try again later."
                    ) from busy
                _log.info("%s %s; asked again in %.1f s", self.name, busy.reason, wait)
                time.sleep(wait)
        raise terms.error(f"{terms.attempts} attempts leave no request to send.", "Allow at least one.")

    def shown(self, text: str) -> str:
        """What a server says, on one line and without our credentials, should it repeat them."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return one_line(text)

    def _send(self, body: bytes, headers: Mapping[str, str], timeout: float, deadline: float) -> bytes:
        self.requests += 1
        left = max(deadline - time.monotonic(), 0.001)
        error = self.terms.error
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=body,
                headers={"Accept-Encoding": "gzip", "User-Agent": "kgrag", **headers},
                timeout=urllib3.Timeout(total=left),
                redirect=False,
                preload_content=False,
            )
            try:
                if response.status != 200:
                    raise self._refusal(response, deadline)
                return self._body(response, self.terms.answer_bytes, deadline)
            finally:
                response.close()  # an answer that was read to its end has given its connection back before
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ProtocolError) as broken:
            raise _BusyError(f"cannot be reached: {one_line(str(broken))}") from broken
        except (TimeoutError, urllib3.exceptions.TimeoutError) as late:
            raise error(
                f"{self.name} did not answer within {timeout:g} seconds.",
                f"Ask for less, or allow more: {self.terms.settings}.timeout.",
            ) from late
        except urllib3.exceptions.HTTPError as failed:
            raise error(
                f"{self.name} cannot be asked: {one_line(str(failed))}.", "Check the address and its certificate."
            ) from failed

    def _body(self, response: urllib3.BaseHTTPResponse, most: int, deadline: float, cut: bool = False) -> bytes:
        """What the response holds; at most ``most`` bytes, beyond which it is ``cut`` or refused."""
        data = bytearray()
        while chunk := response.read1(_CHUNK):
            data += chunk
            if len(data) > most and not cut:
                raise self.terms.error(
                    f"The answer of {self.name} has more than {most:,} bytes.",
                    f"Ask for less, or allow more: {self.terms.settings}.answer_bytes.",
                )
            if len(data) > most:
                break
            if time.monotonic() > deadline:
                raise TimeoutError
        return bytes(data[:most])

    def _refusal(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Exception:
        """The error that stands for a response other than 200."""
        status, terms = response.status, self.terms
        if status in terms.busy:
            return _BusyError(f"is busy or not available (HTTP {status})", _wait(response))
        if status in (301, 302, 303, 307, 308):
            target = self.shown(response.headers.get("Location", "nowhere"))
            return terms.error(
                f"{self.name} redirects to {target}, which is not followed.", "Give that address if you trust it."
            )
        if status in (401, 403):
            return terms.error(f"{self.name} refuses access (HTTP {status}).", terms.access)
        reason = self.shown(self._body(response, _SHOWN, deadline, cut=True).decode("utf-8", "replace"))
        told = f": {reason}." if reason else "."
        if status == 400:
            return terms.error(f"{self.name} refuses the {terms.request}{told}", f"Mend the {terms.request}.")
        return terms.error(f"{self.name} cannot answer (HTTP {status}){told}", terms.address)


class _BusyError(Exception):
    """The same request may succeed later; ``wait`` are the seconds that the server asks for."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


def _wait(response: urllib3.BaseHTTPResponse) -> float | None:
    try:
        return urllib3.Retry().get_retry_after(response)
    except (urllib3.exceptions.HTTPError, ValueError, OverflowError):  # neither seconds nor a date
        return None
