"""What a question and its answer are made of, before they are put in a form."""

from dataclasses import dataclass

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

    answer: Said
    """The answer alone, as the grammar writes it."""

    answer_data: dict[str, object]
    """The answer for machines."""

    summary: tuple[Said, ...] = ()
    """Said outside of `<think>`, before the answer."""

    prefix: str = ""
    """Stands before an answer that follows reasoning on a line of its own: "Answer: "."""

    is_answer_first: bool = False
    """Whether the answer stands before its reasons where these are not thought first."""

    has_headings: bool = False
    """Whether the answer itself is made of headed stages."""


def stage(*said: Said, title: str = "") -> Stage:
    """A step of the reasoning from what is said."""
    return Stage(said=said, title=title)
