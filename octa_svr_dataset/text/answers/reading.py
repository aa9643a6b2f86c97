"""Which answer a model's free output gives, read once."""

from collections.abc import Mapping

from octa_svr_dataset.text.answers.choices import read_choice, read_region, read_yes_no
from octa_svr_dataset.text.answers.classes import read_class
from octa_svr_dataset.text.answers.forms import THREE, Answer
from octa_svr_dataset.text.answers.measures import read_measure
from octa_svr_dataset.text.answers.numbers import read_count, read_grade
from octa_svr_dataset.text.answers.objects import read_objects
from octa_svr_dataset.text.answers.output import final_text

TASKS = (
    *("describe", "classify", "locate", "count", "yes_no"),
    *("multiple_choice", "compare_regions", "measure", "report", "explain_grade"),
)
"""What a question can ask for."""


def parse_answer(task: str, text: str, *, scheme: str = THREE, options: Mapping[str, str] | None = None) -> Answer:
    """Read the answer in a text.

    Thoughts in `<think>...</think>`, Markdown, code fences, case and spacing do not matter. What is accepted beside
    the grammar's own forms is said in the module of each form.

    Parameters
    ----------
    task
        What was asked, one of `TASKS`.
    text
        A model's output, or a text of the dataset.
    scheme
        Of a class: "three" or "binary".
    options
        Of a multiple-choice question: its options by letter, so that one is also known by its words.

    Raises
    ------
    UnparsableAnswerError
        The text gives no answer, or more than one.
    """
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {task!r}")
    final = final_text(text)
    match task:
        case "locate":
            return read_objects(final)
        case "count":
            return read_count(final)
        case "yes_no":
            return read_yes_no(final)
        case "multiple_choice":
            return read_choice(final, options)
        case "compare_regions":
            return read_region(final)
        case "measure":
            return read_measure(final)
        case "explain_grade":
            return read_grade(final)
        case _:
            return read_class(final, scheme)
