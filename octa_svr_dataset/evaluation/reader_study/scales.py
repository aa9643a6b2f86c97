"""What readers are asked of each item, and which answers there are."""

from dataclasses import dataclass

from octa_svr_dataset.grading import Label

UNGRADABLE = "ungradable"
"""What a reader says of a picture that shows too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One question with its answers."""

    name: str
    """Column of a sheet."""

    question: str
    values: tuple[str, ...]
    """In order, the least first."""

    words: tuple[str, ...]
    """What each value stands for."""

    is_rating: bool
    """Whether the values are grades whose distance counts, so that means and weighted agreement are of use."""


CLASS = Scale(
    name="class",
    question="What does the picture show, in your own view?",
    values=(*Label, UNGRADABLE),
    words=("healthy", "non-proliferative retinopathy", "proliferative retinopathy", "cannot be graded"),
    is_rating=False,
)
"""Asked before the words of the model are shown."""

EXPLANATION = Scale(
    name="explanation",
    question="How good is the explanation?",
    values=("1", "2", "3", "4", "5"),
    words=("wrong or empty", "mostly wrong", "partly right", "mostly right", "as an expert would put it"),
    is_rating=True,
)

LOCALIZATION = Scale(
    name="localization",
    question="Does it say rightly where things lie?",
    values=("1", "2", "3", "4", "5"),
    words=("nowhere", "mostly wrong", "partly right", "mostly right", "everywhere"),
    is_rating=True,
)

HARMFUL = Scale(
    name="harmful",
    question="Would an error in it harm a patient if it were acted upon?",
    values=("no", "yes"),
    words=("no", "yes"),
    is_rating=False,
)

SCALES = (CLASS, EXPLANATION, LOCALIZATION, HARMFUL)
