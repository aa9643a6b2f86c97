"""A model, here or on a server, ready to be asked about pictures: what `eval/zero_shot.py` evaluates."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from octa_svr_dataset.evaluation.endpoint import KEY_VARIABLE, Endpoint
from octa_svr_dataset.evaluation.localization.run import Answerer
from octa_svr_dataset.evaluation.protocol import (
    CLASS_ANSWERS,
    CLASS_QUESTION,
    CONCLUSION_ANSWERS,
    Response,
    reasons,
)
from octa_svr_dataset.text.dialogue import QUESTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model, here or on a server, ready to answer."""

    respond: Callable[[Sequence[Image.Image]], Iterator[Response]]
    """Gives the responses to pictures, in their order."""

    answer: Answerer
    """Gives the outputs to any one question about pictures, in their order."""


def greet(url: str, model: str, *, max_new_tokens: int) -> Model:
    """A model on a server with the OpenAI API.

    Raises
    ------
    InputError
        The server cannot be reached, or does not have the model.
    """
    server = Endpoint(url=url, model=model, key=os.environ.get(KEY_VARIABLE, ""), max_new_tokens=max_new_tokens)
    server.require_model()
    return Model(respond=server.respond, answer=server.answers)


def load(model: str, *, max_new_tokens: int, device: str = "auto", dtype: str = "auto") -> Model:
    """A model from files, on a device here; arguments as of `vlm.load_ready`.

    Raises
    ------
    InputError
        There is no such model or no such device.
    """
    from octa_svr_dataset.label_likelihood import (  # torch: seconds
        answer_log_probabilities,
        continued_log_probabilities,
    )
    from octa_svr_dataset.vlm import generate, load_ready

    vlm = load_ready(model, device=device, dtype=dtype)

    def respond(pictures: Sequence[Image.Image]) -> Iterator[Response]:
        outputs = generate(vlm, pictures, QUESTION, max_new_tokens=max_new_tokens)
        likelihoods = answer_log_probabilities(vlm, pictures, CLASS_QUESTION, CLASS_ANSWERS)
        begun = [reasons(output) for output in outputs]
        concluded = continued_log_probabilities(vlm, pictures, QUESTION, CONCLUSION_ANSWERS, begun)
        for output, logs, of_conclusion in zip(outputs, likelihoods, concluded, strict=True):
            yield Response(output=output, class_log_probabilities=logs, conclusion_log_probabilities=of_conclusion)

    def answer(pictures: Sequence[Image.Image], question: str) -> list[str]:
        return generate(vlm, pictures, question, max_new_tokens=max_new_tokens)

    return Model(respond=respond, answer=answer)
