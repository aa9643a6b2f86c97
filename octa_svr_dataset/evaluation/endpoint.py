"""A model behind an address: any server that speaks OpenAI's chat completions, as vLLM does.

Pictures travel as PNG in the request. What the network breaks is tried again; what the model answers is not.
"""

import base64
import http.client
import io
import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from typing import Any

from PIL import Image

from octa_svr_dataset.command import encodable
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.protocol import CLASS_ANSWERS, CLASS_QUESTION, Response
from octa_svr_dataset.text.dialogue import QUESTION

KEY_VARIABLE = "OPENAI_API_KEY"
"""Variable of the environment that holds the key, where the server wants one."""

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Pauses before a request is sent again, s; a server that names a longer one is heeded."""

LONGEST_WAIT_S = 60.0

TIMEOUT_S = 600.0
"""So long a server may take for one answer, s."""

GREETING_TIMEOUT_S = 10.0

TOP_TOKENS = 20
"""So many first tokens of a reply are asked for with their probabilities; servers allow no more."""


UNLIKELIEST = -9999.0
"""Servers write this, or an infinity that JSON cannot hold, for the logarithm of 0."""


class RefusedError(InputError):
    """A server answers, but not to such a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model on a server."""

    url: str
    """Address up to `/v1`, see `endpoint_url`."""

    model: str
    key: str = ""
    """Sent as bearer token; none where empty."""

    max_new_tokens: int

    def require_model(self) -> None:
        """Refuse an address at which nothing answers, a key that is not accepted, a model that is not served."""
        try:
            with self._open("/models", None, GREETING_TIMEOUT_S) as answer:
                served = [entry["id"] for entry in json.load(answer)["data"]]
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                raise InputError(f"endpoint: {self.url} refuses the key in {KEY_VARIABLE}: {_reason(error)}") from None
            return  # not every server lists its models
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise InputError(f"endpoint: nothing usable answers at {self.url}: {_network_reason(error)}") from None
        except (KeyError, TypeError):
            return
        if self.model not in served:
            raise InputError(f"model: {self.url} does not serve {self.model!r}; allowed: {', '.join(served)}")

    def respond(self, pictures: Sequence[Image.Image]) -> Iterator[Response]:
        """Responses to pictures, which are asked about at the same time, in their order."""
        pool = ThreadPoolExecutor(len(pictures))
        try:
            yield from pool.map(self._respond, pictures)
        finally:
            pool.shutdown(cancel_futures=True)

    def answers(self, pictures: Sequence[Image.Image], question: str) -> Iterator[str]:
        """Replies to one question about each of some pictures, which are asked about at the same time."""
        pool = ThreadPoolExecutor(len(pictures))
        try:
            yield from pool.map(lambda picture: self._answer(picture, question), pictures)
        finally:
            pool.shutdown(cancel_futures=True)

    def _answer(self, picture: Image.Image, question: str) -> str:
        return _content(self._ask(picture, question, max_tokens=self.max_new_tokens))

    def _respond(self, picture: Image.Image) -> Response:
        output = self._answer(picture, QUESTION)
        return Response(output=output, class_log_probabilities=self._class_log_probabilities(picture))

    def _class_log_probabilities(self, picture: Image.Image) -> tuple[float, ...] | None:
        """Of each class, by the first token of the reply; absent where the server tells no probabilities."""
        try:
            asked = self._ask(picture, CLASS_QUESTION, max_tokens=1, logprobs=True, top_logprobs=TOP_TOKENS)
        except RefusedError:
            return None
        return class_log_probabilities(asked)

    def _ask(self, picture: Image.Image, question: str, **settings: Any) -> dict[str, Any]:
        """The one choice of a reply."""
        content = [
            {"type": "image_url", "image_url": {"url": _data_url(picture)}},
            {"type": "text", "text": question},
        ]
        messages = [{"role": "user", "content": content}]
        body = {"model": self.model, "messages": messages, "temperature": 0, "seed": 0} | settings
        reply = self._post(json.dumps(body).encode())
        try:
            return dict(reply["choices"][0])
        except (KeyError, IndexError, TypeError, ValueError):
            raise InputError(f"endpoint: {self.url} answers with no choice; allowed: chat completions") from None

    def _post(self, body: bytes) -> Any:
        kept = "what is finished is kept, and the same command goes on"
        for wait_s in (*WAITS_S, None):
            try:
                with self._open("/chat/completions", body, TIMEOUT_S) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                problem = f"endpoint: {self.url} answers {error.code}: {_reason(error)}"
                if not (error.code == 429 or error.code >= 500):
                    raise RefusedError(problem) from None
                pause_s = _pause_s(error.headers, wait_s or 0.0)
            except (OSError, ValueError, http.client.HTTPException) as error:
                problem = f"endpoint: no usable answer from {self.url}: {_network_reason(error)}"
                pause_s = wait_s or 0.0
            if wait_s is None:
                raise InputError(f"{problem}; {kept}")
            time.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _open(self, path: str, body: bytes | None, timeout_s: float) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url + path, data=body, headers=headers)  # http or https: `endpoint_url`
        return urllib.request.urlopen(request, timeout=timeout_s)


def endpoint_url(given: str) -> str:
    """Address up to `/v1`: of `http://host:8000`, `http://host:8000/v1/` and `.../v1/chat/completions` alike.

    Raises
    ------
    InputError
        It is no address of the web.
    """
    address = given.rstrip("/").removesuffix("/chat/completions")
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"endpoint: must be an address such as http://localhost:8000/v1, got {given!r}")
    return address if parts.path else f"{address}/v1"


def _data_url(picture: Image.Image) -> str:
    png = io.BytesIO()
    picture.save(png, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def class_log_probabilities(choice: Mapping[str, Any]) -> tuple[float, ...] | None:
    """Of each class, that a reply begins with its answer's first token; absent where the server does not tell.

    A token counts for the class whose answer begins with it. A class with no such token among the likeliest ones is
    given the probability of the last of them, which is more than it has; where no class has one, nothing is told.
    Probabilities above 1, which some servers tell, count as 1.
    """
    try:
        likeliest = choice["logprobs"]["content"][0]["top_logprobs"]
        tokens = [(entry["token"].strip(), min(float(entry["logprob"]), 0.0)) for entry in likeliest]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    if not tokens or any(math.isnan(log) for _, log in tokens):
        return None
    least = max(min(log for _, log in tokens), UNLIKELIEST)
    of_answers = [
        min(math.fsum(math.exp(log) for token, log in tokens if token and answer.startswith(token)), 1.0)
        for answer in CLASS_ANSWERS
    ]
    return tuple(math.log(share) if share else least for share in of_answers) if any(of_answers) else None


def _content(choice: Mapping[str, Any]) -> str:
    """What the model says, as files can hold it; empty where it only thought."""
    message = choice.get("message")
    return encodable(str(message.get("content") or "")) if isinstance(message, dict) else ""


def _pause_s(headers: Message, wait_s: float) -> float:
    """How long to wait: as long as the server says, within limits."""
    try:
        return min(max(float(headers.get("Retry-After", "")), wait_s), LONGEST_WAIT_S)
    except ValueError:
        return wait_s


def _reason(error: urllib.error.HTTPError) -> str:
    """What the server says of it, shortened."""
    return " ".join(error.read(500).decode("utf-8", "replace").split()) or str(error.reason)


def _network_reason(error: Exception) -> str:
    return str(getattr(error, "reason", error))
