"""Language models behind an OpenAI-compatible endpoint. The network is used only for the address that the user gave."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from kgrag.config import GenerationConfig
from kgrag.errors import ModelError
from kgrag.generation.automaton import Grammar
from kgrag.posting import BUSY, Poster, Terms

SCHEMES = {"openai": "http", "openai+https": "https"}
KEY = "OPENAI_API_KEY"
SECONDS = 60.0  # that a request may take, where the address does not say
ATTEMPTS = 4
ANSWER_BYTES = 1 << 20
LETTERS = 3  # bytes that are taken for a token: there are seldom less, and the server's tokenizer is not known
_HINT = "Give one as openai://host:port/v1?model=NAME, or openai+https:// for TLS."


class ServedModel:
    """A chat model at ``openai://host:port/v1?model=NAME``.

    The key is read from the environment variable OPENAI_API_KEY, and sent over TLS or to this machine alone. A server that
    is busy or fails (429, 5xx) is asked again after a wait; ``&timeout=SECONDS`` bounds it all.

    Args:
        address: The address.

    Raises:
        ModelError: It is none, or names no model.
    """

    room: int | None = None

    def __init__(self, address: str) -> None:
        self.name = address
        try:
            parts = urlsplit(address)
            asked = parse_qs(parts.query)
            host, (model,) = parts.hostname, asked.pop("model", [""])
            (self.seconds,) = map(float, asked.pop("timeout", [str(SECONDS)]))
            port = f":{parts.port}" if parts.port else ""
        except ValueError as error:
            raise ModelError(f"{address!r} is no address of a language model: {error}.", _HINT) from error
        if parts.scheme not in SCHEMES or not host or not model or parts.username or asked or not self.seconds > 0:
            raise ModelError(f"{address!r} is no address of a language model.", _HINT)
        scheme = SCHEMES[parts.scheme]
        url = f"{scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path.rstrip('/')}/chat/completions"
        key = os.environ.get(KEY, "") if scheme == "https" or _is_here(host) else ""
        self._model = model
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            if not key.isascii() or not key.isprintable():
                raise ModelError(f"{KEY} holds characters that no key has.", "Check it.")
            self._headers["Authorization"] = f"Bearer {key}"
        terms = Terms(
            attempts=ATTEMPTS,
            answer_bytes=ANSWER_BYTES,
            error=ModelError,
            settings="the address, ?model=NAME&timeout=SECONDS",
            request="request",
            access=f"Set {KEY}; it is sent over TLS or to this machine alone.",
            address="Check the address, often openai://host:port/v1?model=NAME.",
            busy=BUSY | {500},
        )
        self._poster = Poster(f"{scheme}://{parts.netloc}{parts.path}", url, terms, [key] if key else [])

    def count(self, text: str) -> int:
        """About how many tokens a text has; rather too many than too few."""
        return -(-len(text.encode()) // LETTERS)

    def write(self, prompts: Sequence[str], grammars: Sequence[Grammar], config: GenerationConfig) -> list[str]:
        """One text a prompt, of any words: no server is held to a grammar.

        Raises:
            ModelError: The server cannot be reached, refuses, takes too long, or does not answer as such servers do.
        """
        return [self._complete(prompt, config) for prompt in prompts]

    def _complete(self, prompt: str, config: GenerationConfig) -> str:
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": config.tokens,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "seed": config.seed,
        }
        data = self._poster.post(json.dumps(body).encode(), self._headers, self.seconds)
        try:
            text = json.loads(data)["choices"][0]["message"]["content"]
        except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
            start = self._poster.shown(data[:200].decode("utf-8", "replace"))
            raise ModelError(
                f"{self._poster.name} does not answer with a chat completion, but with «{start}».", "Check the address."
            ) from error
        return text if isinstance(text, str) else ""  # null, where a model refuses


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
