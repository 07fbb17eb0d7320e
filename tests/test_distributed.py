"""Beyond one process: workers encode to the same vectors, shards find what one index finds, and nobody else can reach them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kgrag.distributed import Workers, encoding
from kgrag.encoder import MiniLM
from kgrag.errors import InputError, ModelError
from kgrag.retrieval import PassageIndex
from kgrag.types import Passage

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs kgrag[ray]")
WIDTH = 16


class Random:
    """Vectors by the hash of a text, of which it reads what stands between bars at once."""

    name, width = "random", WIDTH

    def windows(self, texts: Sequence[str]) -> list[list[str]]:
        return [text.split("|") for text in texts]

    def encode(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        seeds = [int.from_bytes(text.encode()[-6:], "little") for text in texts]
        vectors = [np.random.default_rng(seed).normal(size=WIDTH) for seed in seeds]
        return np.array([vector / np.linalg.norm(vector) for vector in vectors], np.float32).reshape(-1, WIDTH)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(2) as running:
        yield running


def test_a_corpus_is_indexed_by_workers_to_the_same_vectors(
    workers: Workers, tiny: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "BLOCK", 16)
    passages = [Passage(str(i), f"The passage about number {i} " + "and more " * (i % 7)) for i in range(60)]
    index = PassageIndex.from_passages(passages)
    index.save(tmp_path / "index")
    assert workers.build(index, tiny) is index
    alone = PassageIndex.from_passages(passages).build(tiny, progress=False)
    rows = np.arange(60)
    of_both = (one.contents.vectors.windows(rows)[0] for one in (index, alone))
    np.testing.assert_allclose(*of_both, atol=1e-5)  # what is encoded together differs, and so does rounding
    again = PassageIndex.load(tmp_path / "index")  # what came from the workers is on the disk
    assert again.encoder_name == tiny.name
    found, expected = (one.search("number 7", 5, tiny) for one in (again, alone))
    assert [scored.passage for scored in found] == [scored.passage for scored in expected]
    np.testing.assert_allclose([scored.score for scored in found], [scored.score for scored in expected], atol=1e-4)
    again.add([Passage("new", "One more")])
    assert workers.build(again, tiny).contents.encoded == 61


@pytest.mark.parametrize(("kind", "metric"), [("flat", "cosine"), ("sq8", "l2"), ("pq", "dot")])
def test_shards_find_what_one_index_finds(workers: Workers, kind: str, metric: str, tmp_path: Path) -> None:
    texts = [f"word{i % 50} text {i}" + f"|more {i}|much more {i}" * (i % 5 == 0) for i in range(3_000)]
    passages = [Passage(str(i), text, metadata={"part": i % 3}) for i, text in enumerate(texts)]
    PassageIndex.from_passages(passages, metric, kind=kind).build(Random(), progress=False).save(tmp_path / "index")
    one, several = PassageIndex.load(tmp_path / "index"), workers.open(tmp_path / "index", shards=3)
    questions = [*(f"word{i} what {i}" for i in range(20)), "much more 10"]
    assert several.search("much more 10", 1, Random())[0].passage.id == "10"

    def found(index: PassageIndex, **options: object) -> list:
        return index.search_many(questions, 5, Random(), **options)  # type: ignore[arg-type]

    assert found(several) == found(one)
    assert found(several, where={"part": 1}) == found(one, where={"part": 1})
    for index in (one, several):
        index._journal = None  # both live in one folder
        index.remove([str(i) for i in range(0, 3_000, 2)])
        index.add([Passage("new", "word3 what 3")])
    assert found(several) == found(one)
    assert several.search("word3 what 3", 1, Random())[0].passage.id == "new"


def test_a_shard_that_ended_is_told(workers: Workers, tmp_path: Path) -> None:
    PassageIndex.from_texts(["one", "two", "three"]).build(Random(), progress=False).save(tmp_path / "index")
    index = workers.open(tmp_path / "index", shards=9)  # more than there are passages
    assert len(index.search("one", 3, Random())) == 3
    import ray

    ray.kill(index.contents.vectors.first._elsewhere._shards[0])  # type: ignore[union-attr]
    with pytest.raises(ModelError, match="Open the index again"):
        index.search("one", 3, Random())


def test_only_this_machine_can_reach_it(workers: Workers) -> None:
    listening = {address for pid in _family(os.getpid()) for address in _listening(pid)}
    assert listening and all(address.endswith("0100007F") for address in listening), listening


def _family(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in children for one in _family(int(child)))]
    return []


def _listening(pid: int) -> list[str]:
    """Addresses, in hexadecimal, at which a process takes connections."""
    found = []
    with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
        links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in links:
                    found.append(fields[1].partition(":")[0])
    return found


def test_an_index_that_changes_meanwhile_is_refused(tiny: MiniLM) -> None:
    index = PassageIndex.from_texts(["one", "two"])
    given = encoding.Streamed(tiny, ["one"], iter([tiny.encode(["one"])]))
    with pytest.raises(ModelError, match="changed while"):
        index.build(given, progress=False)
    assert not index.contents.encoded


def test_what_cannot_be_done_is_told(workers: Workers, tiny: MiniLM, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="workers can load"):
        workers.build(PassageIndex.from_texts(["one"]), Random())
    with pytest.raises(ModelError, match="encoded by"):
        workers.build(PassageIndex.from_texts(["one"]).build(Random(), progress=False), tiny)
    with pytest.raises(InputError, match="shards"):
        workers.open(tmp_path, shards=0)
    with pytest.raises(InputError, match="workers"):
        Workers(0)
    with pytest.raises(InputError, match="in use"), Workers(2):
        pass
