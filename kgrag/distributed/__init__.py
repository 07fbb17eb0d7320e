"""Beyond one process: passages encoded by Ray Data, vectors searched by Ray actors."""

from kgrag.distributed.workers import Workers

__all__ = ["Workers"]
