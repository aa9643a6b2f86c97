"""What a question and its answer are made of, before they are put in a form."""

from dataclasses import dataclass

from octa_svr_dataset.text.answers import Answer
from octa_svr_dataset.text.writer import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of the reasoning."""

    said: tuple[Said, ...]

    title: str = ""
    """Its heading, where a form shows one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A question, the reasoning, and the answer that it leads to."""

    question: str
    stages: tuple[Stage, ...]
    answer: Answer

    answer_data: dict[str, object]
    """The answer for machines."""

    rests_on: tuple[str, ...]
    """Names of the findings that the answer rests on."""

    thoughts: tuple[Stage, ...] = ()
    """What is thought before an answer that is itself made of headed stages."""

    summary: tuple[Said, ...] = ()
    """Said before the answer, also where the stages are inside `<think>`."""

    is_answer_first: bool = False
    """Whether the answer stands before its reasons where these are not thought first."""

    is_line: bool = False
    """Whether the answer stands in a line of its own even without reasons: "Conclusion: ..."."""

    has_headings: bool = False
    """Whether the answer itself is made of headed stages."""


def stage(*said: Said, title: str = "") -> Stage:
    """A step of the reasoning from what is said."""
    return Stage(said=said, title=title)
