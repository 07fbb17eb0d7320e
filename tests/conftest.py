"""What several tests share."""

from __future__ import annotations

import pytest

from kgrag.encoder import MiniLM, default_encoder


@pytest.fixture(scope="session")
def encoder() -> MiniLM:
    """The packaged text encoder, loaded once."""
    return default_encoder()
