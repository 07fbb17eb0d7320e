"""A server of others, with an OpenAI-compatible endpoint, is asked as the stand-in of the other tests is."""

import socket
import time

import pytest
from byte_models import tiny_model, tiny_tokenizer

from kgrag.config import GenerationConfig
from kgrag.generation.served import ServedModel

ASKED = "What treats brivane? Sources: [1] nortisol treats brivane"
TOKENS = 12
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Where ``transformers serve`` serves a tiny model, and that model."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    serve = pytest.importorskip("transformers.cli.serve")
    folder = tmp_path_factory.mktemp("model")
    model, tokenizer = tiny_model("neox"), tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serve.Serve(str(folder), host="127.0.0.1", port=port, device="cpu", non_blocking=True)
    try:
        for _ in range(200):
            if server.server.started:
                break
            time.sleep(0.1)
        yield port, folder, model, tokenizer
    finally:
        server.kill_server()


def test_the_text_is_what_the_served_model_writes(served):
    port, folder, model, tokenizer = served
    asked = tokenizer(ASKED, return_tensors="pt", add_special_tokens=False)
    written = model.generate(**asked, max_new_tokens=TOKENS, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    expected = tokenizer.decode(written[0, asked.input_ids.shape[1] :], skip_special_tokens=True)
    there = ServedModel(f"openai://127.0.0.1:{port}/v1?model={folder}")
    assert expected and there.write([ASKED], [None], GenerationConfig(tokens=TOKENS)) == [expected]
