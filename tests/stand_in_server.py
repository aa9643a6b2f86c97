"""A server that speaks OpenAI's chat completions, in place of a model: for tests of what asks it."""

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

MODEL = "stand-in"


@dataclass(kw_only=True)
class StandIn:
    """What the server says, and what it was asked."""

    answer: Callable[[str, str], str]
    """Gives the reply to the hash of a picture and a question."""

    log_probabilities: Callable[[str], dict[str, float]] | None = None
    """Gives those of the first tokens, to the hash of a picture; the server tells none where absent."""

    delay_s: float = 0.0
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the next requests, before any is answered."""

    key: str | None = None
    """The only key that is accepted; any where absent."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def pictures(self) -> list[str]:
        """Hashes of the pictures that were asked about in free words, in order."""
        return [picture_of(request) for request in self.requests if not request.get("logprobs")]


def hash_of(picture: Image.Image) -> str:
    """Tells pictures apart by their pixels."""
    return hashlib.sha256(picture.convert("L").tobytes()).hexdigest()


def picture_of(request: dict[str, Any]) -> str:
    """Hash of the picture in a request."""
    url = request["messages"][0]["content"][0]["image_url"]["url"]
    header, data = url.split(",", 1)
    assert header == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        return hash_of(picture)


@contextmanager
def serve(stand_in: StandIn) -> Iterator[StandIn]:
    """Run the server on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def reply(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def is_refused(self) -> bool:
            if stand_in.key is None or self.headers.get("Authorization") == f"Bearer {stand_in.key}":
                return False
            self.reply(401, {"error": {"message": "wrong key"}})
            return True

        def do_GET(self) -> None:
            if not self.is_refused():
                self.reply(200, {"data": [{"id": MODEL}]})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.is_refused():
                return
            if self.path != "/v1/chat/completions":
                self.reply(404, {"error": {"message": f"no {self.path}"}})
                return
            if stand_in.failures:
                status, headers = stand_in.failures.pop(0)
                self.reply(status, {"error": {"message": "busy"}}, headers)
                return
            if request.get("logprobs") and stand_in.log_probabilities is None:
                self.reply(400, {"error": {"message": "logprobs are not supported"}})
                return
            time.sleep(stand_in.delay_s)
            stand_in.requests.append(request)
            self.reply(200, {"choices": [self.choice(request)]})

        def choice(self, request: dict[str, Any]) -> dict[str, Any]:
            picture = picture_of(request)
            question = request["messages"][0]["content"][1]["text"]
            if not request.get("logprobs"):
                return {"message": {"role": "assistant", "content": stand_in.answer(picture, question)}}
            assert stand_in.log_probabilities is not None
            told = stand_in.log_probabilities(picture)
            top = [{"token": token, "logprob": log} for token, log in told.items()]
            return {"message": {"content": "x"}, "logprobs": {"content": [{"token": "x", "top_logprobs": top}]}}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
