"""Which class does an output conclude: one verdict a picture, where the truth is a class alone."""

from dataclasses import dataclass

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import ClassAnswer, UnparsableAnswerError, parse_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A model output as read by the grammar."""

    predicted: Label | None
    """The class that the output concludes; absent where the output is unparsable."""

    problem: str
    """Why the output is unparsable; empty where it is not."""

    def is_right(self, truth: Label) -> bool:
        """Whether the predicted class is the true one; an unparsable output is wrong."""
        return self.predicted is truth


def read_output(output: str) -> Verdict:
    """Read a model's output once, with no second try."""
    try:
        answer = parse_answer("describe", output)
    except UnparsableAnswerError as error:
        return Verdict(predicted=None, problem=str(error))
    assert isinstance(answer, ClassAnswer)
    return Verdict(predicted=answer.label, problem="")
