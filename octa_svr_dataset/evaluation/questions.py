"""Questions that a user may put by a name, in the first of the wordings that models are trained on."""

from dataclasses import dataclass

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.localization.kinds import ANSWER_ONLY, TARGETS
from octa_svr_dataset.text.answers import TASKS as FORMS
from octa_svr_dataset.text.answers import THREE
from octa_svr_dataset.text.dialogue import LONG
from octa_svr_dataset.text.tasks import NEEDS_EYE
from octa_svr_dataset.text.tasks.description import SCHEMES
from octa_svr_dataset.text.tasks.objects import KINDS
from octa_svr_dataset.text.tasks.quantities import QUANTITIES
from octa_svr_dataset.text.wordings import embedded_wordings

DESCRIBE = "describe"

FREE = "question"
"""What a question in the user's own words is called among the tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a picture, and how the reply is read."""

    name: str
    """Task of the user's choice, or `FREE`."""

    text: str

    form: str
    """How the grammar reads the reply: one of its tasks."""

    scheme: str = THREE
    """Of a class: three or two."""


def _wording(statement: str, **words: str) -> str:
    return embedded_wordings()[f"question/{statement}"][0].render(words)


def _questions() -> dict[str, tuple[str, str, str]]:
    """Text, form and scheme of each task that needs no more than the picture."""
    asked = {DESCRIBE: (_wording("describe"), "describe", THREE)}
    asked |= {
        "classify" if scheme == THREE else f"classify_{scheme}": (_wording(f"classify_{scheme}"), "classify", scheme)
        for scheme in SCHEMES
    }
    asked |= {task: (_wording(task), task, THREE) for task in LONG}
    asked |= {
        f"locate_{kind}": (target.question.removesuffix(ANSWER_ONLY).strip(), "locate", THREE)
        for kind, target in TARGETS.items()
    }
    asked |= {
        f"count_{kind}": (_wording("count", kind=said.one, kinds=said.several), "count", THREE)
        for kind, said in KINDS.items()
    }
    asked |= {
        f"has_{kind}": (_wording("yes_no_present", kind=said.one, kinds=said.several), "yes_no", THREE)
        for kind, said in KINDS.items()
    }
    for quantity in QUANTITIES:
        if ("measure", quantity) not in NEEDS_EYE:
            stem, _, quadrant = quantity.rpartition("_")
            stem, words = (stem, {"quadrant": quadrant}) if quadrant in ("superior", "inferior") else (quantity, {})
            asked[f"measure_{quantity}"] = (_wording(f"measure_{stem}", **words), "measure", THREE)
    return asked


QUESTIONS = _questions()
"""By the name of the task: the text of the question, the form of its answer, and the scheme of a class."""


def choose_question(task: str | None, text: str | None, form: str | None, think: bool | None) -> Question:
    """The question to put.

    Parameters
    ----------
    task
        Name in `QUESTIONS`; `DESCRIBE` where there is no text either.
    text
        In the user's own words, instead of a task.
    form
        How the reply to `text` is read; as a description where absent.
    think
        Whether to ask for reasoning first, or for the answer alone; absent, a place is asked for alone, as in
        evaluation, and all else without a word on it.

    Raises
    ------
    InputError
        Both or an unknown one are given, the text is empty, or `form` goes with a task.
    """
    if task is not None and text is not None:
        raise InputError(f"question: got {text!r} and the task {task!r}; allowed: one of --question and --task")
    if text is not None and not text.strip():
        raise InputError("question: is empty; allowed: a question, or --task")
    if form is not None and (text is None or form not in FORMS):
        reason = f"unknown form {form!r}" if text is not None else f"got {form!r}, but no --question to go with it"
        raise InputError(f"read_as: {reason}; allowed with --question: {', '.join(FORMS)}")
    if text is not None:
        said, read, scheme = text.strip(), form or DESCRIBE, THREE
    elif (task or DESCRIBE) in QUESTIONS:
        said, read, scheme = QUESTIONS[task or DESCRIBE]
    else:
        raise InputError(f"task: unknown name {task!r}; allowed: {', '.join(QUESTIONS)}")
    name = FREE if text is not None else task or DESCRIBE
    return Question(name=name, text=_with_form(name, said, read, think), form=read, scheme=scheme)


def _with_form(name: str, said: str, form: str, think: bool | None) -> str:
    """The question and what it says of the form of the answer."""
    if think:
        return f"{said} {_wording('form_think')}"
    if think is None:
        return f"{said} {ANSWER_ONLY}" if form == "locate" and name != FREE else said
    if name == DESCRIBE:
        return _wording("conclude")
    return f"{said} {_wording('form_prose')}" if form in LONG else f"{said} {ANSWER_ONLY}"
