import math

import numpy as np
import pytest
from PIL import Image
from stand_in_server import MODEL, StandIn, hash_of, serve

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation import endpoint
from octa_svr_dataset.evaluation.endpoint import Endpoint, class_log_probabilities, endpoint_url
from octa_svr_dataset.evaluation.protocol import CLASS_QUESTION
from octa_svr_dataset.text.dialogue import QUESTION


@pytest.fixture
def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (24, 24), dtype=np.uint8)) for _ in range(5)]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(endpoint.time, "sleep", pauses.append)
    return pauses


def client(stand_in: StandIn, **settings) -> Endpoint:
    return Endpoint(**{"url": endpoint_url(stand_in.url), "model": MODEL, "max_new_tokens": 7} | settings)


def test_each_picture_is_asked_both_questions_greedily_and_answers_keep_their_order(pictures):
    with serve(
        StandIn(answer=lambda picture, _: f"I saw {picture}", log_probabilities=lambda _: {"H": -0.1})
    ) as server:
        responses = list(client(server).respond(pictures))
    assert [response.output for response in responses] == [f"I saw {hash_of(picture)}" for picture in pictures]
    assert len(server.requests) == 10
    for request in server.requests:
        assert (request["model"], request["temperature"], request["seed"]) == (MODEL, 0, 0)
    questions = {request["messages"][0]["content"][1]["text"]: request for request in server.requests}
    assert questions.keys() == {QUESTION, CLASS_QUESTION}
    assert questions[QUESTION]["max_tokens"] == 7
    assert (questions[CLASS_QUESTION]["max_tokens"], questions[CLASS_QUESTION]["logprobs"]) == (1, True)


def test_a_busy_server_is_asked_again_after_longer_and_longer_pauses(pictures, no_pauses):
    failures = [(503, {}), (429, {"Retry-After": "9"}), (500, {}), (500, {})]
    with serve(StandIn(answer=lambda *_: "Healthy", failures=failures)) as server:
        (response,) = client(server).respond(pictures[:1])
    assert response.output == "Healthy"
    assert no_pauses[:4] == [0.5, 9.0, 2.0, 4.0]


def test_a_server_that_stays_busy_ends_the_run_with_a_way_on(pictures, no_pauses):
    failures = [(503, {})] * 20
    with (
        serve(StandIn(answer=lambda *_: "Healthy", failures=failures)) as server,
        pytest.raises(InputError, match=r"endpoint: .* answers 503: .*busy.*; what is finished is kept"),
    ):
        list(client(server).respond(pictures[:1]))
    assert len(no_pauses) == len(endpoint.WAITS_S)


def test_what_a_server_refuses_is_not_asked_again(pictures, no_pauses):
    with (
        serve(StandIn(answer=lambda *_: "", failures=[(404, {})])) as server,
        pytest.raises(InputError, match=r"endpoint: .* answers 404: .*busy"),
    ):
        list(client(server).respond(pictures[:1]))
    assert not no_pauses


def test_half_a_character_does_not_keep_an_answer_from_being_written(pictures):
    with serve(StandIn(answer=lambda *_: "NPDR \ud83d, \U0001f600")) as server:
        (response,) = client(server).respond(pictures[:1])
        assert list(client(server).answers(pictures[:1], "Where?")) == ["NPDR \ufffd, \U0001f600"]
    assert response.output == "NPDR \ufffd, \U0001f600"


def test_a_server_without_probabilities_leaves_only_the_words(pictures):
    with serve(StandIn(answer=lambda *_: "NPDR")) as server:
        (response,) = client(server).respond(pictures[:1])
    assert (response.output, response.class_log_probabilities) == ("NPDR", None)
    assert response.disease_probability is response.label_mass is None


def test_key_address_and_model_are_checked_before_anything_is_asked():
    with serve(StandIn(answer=lambda *_: "", key="secret")) as server:
        client(server, key="secret").require_model()
        with pytest.raises(InputError, match=r"refuses the key in OPENAI_API_KEY: .*wrong key"):
            client(server, key="guess").require_model()
        with pytest.raises(InputError, match=r"model: .* does not serve 'other'; allowed: stand-in"):
            client(server, key="secret", model="other").require_model()
        closed = client(server)
    with pytest.raises(InputError, match="endpoint: nothing usable answers at"):
        closed.require_model()


@pytest.mark.parametrize("given", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/chat/completions"])
def test_addresses_are_understood_as_people_give_them(given):
    assert endpoint_url(given) == "http://h:1/v1"


@pytest.mark.parametrize("given", ["localhost:8000", "file:///etc/passwd", "http://", "ftp://h/v1"])
def test_what_is_no_address_of_the_web_is_refused(given):
    with pytest.raises(InputError, match="endpoint: must be an address"):
        endpoint_url(given)


def told(**log_probabilities: float) -> dict:
    top = [{"token": token, "logprob": log} for token, log in log_probabilities.items()]
    return {"logprobs": {"content": [{"top_logprobs": top}]}}


def test_a_first_token_counts_for_the_class_whose_answer_begins_with_it():
    tokens = {" Healthy": 0.5, "H": 0.1, "N": 0.2, "P": 0.1, "The": 0.1}
    logs = class_log_probabilities(told(**{token: math.log(share) for token, share in tokens.items()}))
    assert np.exp(logs) == pytest.approx([0.6, 0.2, 0.1])


def test_a_class_that_is_not_among_the_likeliest_tokens_has_the_least_of_them():
    logs = class_log_probabilities(told(Healthy=math.log(0.9), The=math.log(0.01)))
    assert np.exp(logs) == pytest.approx([0.9, 0.01, 0.01])


def test_an_infinity_is_as_unlikely_as_servers_write_it():
    for log in (-math.inf, -9999.0):
        assert class_log_probabilities(told(Healthy=log, N=0.0)) == (-9999.0, 0.0, -9999.0)


@pytest.mark.parametrize("log", [1e-6, 3.0, 800.0, math.inf])
def test_what_is_told_as_more_than_certain_is_certain(log):
    assert class_log_probabilities(told(Healthy=log, H=-0.5, N=-4.0)) == (0.0, -4.0, -4.0)


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"logprobs": None},
        {"logprobs": {"content": []}},
        told(),
        told(The=-0.1, I=-3.0),
        told(Healthy=-9999.0, N=-9999.0, P=-9999.0),
        told(Healthy=math.nan, N=-0.1),
        told(Healthy=10**400, N=-0.1),
    ],
)
def test_where_no_probability_is_told_there_is_none(choice):
    assert class_log_probabilities(choice) is None
