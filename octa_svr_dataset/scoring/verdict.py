"""Which class does an output conclude: one verdict a picture, where the truth is a class alone."""

from dataclasses import dataclass

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import BINARY, ClassAnswer, UnparsableAnswerError, parse_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A model output as read by the grammar."""

    predicted: Label | None
    """The class that the output concludes; absent where the output is unparsable."""

    problem: str
    """Why the output is unparsable; empty where it is not."""

    is_retinopathy_of_any_kind: bool = False
    """Whether an output without a class still says that the eye has diabetic retinopathy, of a kind left open."""

    @property
    def is_diseased(self) -> bool | None:
        """Whether the output says that the eye has diabetic retinopathy; absent where it does not tell."""
        if self.predicted is None:
            return True if self.is_retinopathy_of_any_kind else None
        return self.predicted.is_diseased

    def is_right(self, truth: Label) -> bool:
        """Whether the predicted class is the true one; an unparsable output is wrong."""
        return self.predicted is truth


def read_output(output: str) -> Verdict:
    """Read a model's output once, with no second try."""
    try:
        answer = parse_answer("describe", output)
    except UnparsableAnswerError as error:
        return Verdict(predicted=None, problem=str(error), is_retinopathy_of_any_kind=_says_retinopathy(output))
    assert isinstance(answer, ClassAnswer)
    return Verdict(predicted=answer.label, problem="")


def _says_retinopathy(output: str) -> bool:
    """Whether an output from which none of the three classes is read says that there is diabetic retinopathy."""
    try:
        answer = parse_answer("classify", output, scheme=BINARY)
    except UnparsableAnswerError:
        return False
    assert isinstance(answer, ClassAnswer)
    return answer.label.is_diseased
