"""Settings of the dialogue."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from octa_svr_dataset.setting_types import CountRange, Settings, Within


class Weights(Settings):
    """Weights of a mixture; they need not add up to 1."""

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if not any(weight for _, weight in self):
            raise ValueError(f"at least one of {', '.join(type(self).model_fields)} must be above 0, got 0 for each")
        return self


class FormWeights(Weights):
    """How often an answer has each form, where `text.form` is mixed."""

    think: float = Field(0.35, ge=0)
    """Weight of reasoning inside `<think>...</think>`, then the answer."""

    prose: float = Field(0.35, ge=0)
    """Weight of reasoning in plain prose, then the answer on a line of its own."""

    stages: float = Field(0.1, ge=0)
    """Weight of reasoning in lines that begin with the name of a stage; of tasks without stages, in prose."""

    answer_only: float = Field(0.2, ge=0)
    """Weight of the answer alone; of a report and of a grade that is explained, in prose."""


class TaskWeights(Weights):
    """How often each task is asked."""

    describe: float = Field(3.0, ge=0)
    """Weight of an open question for all that is seen, with the class as the end."""

    classify: float = Field(1.0, ge=0)
    """Weight of a question for the class, of three or of two."""

    locate: float = Field(1.0, ge=0)
    """Weight of a question for boxes or points in thousandths of the picture, as JSON."""

    count: float = Field(1.0, ge=0)
    """Weight of a question for the number of lesions of a kind."""

    yes_no: float = Field(1.0, ge=0)
    """Weight of a question that has yes or no as its answer, each as often."""

    multiple_choice: float = Field(1.0, ge=0)
    """Weight of a question with lettered options."""

    compare_regions: float = Field(1.0, ge=0)
    """Weight of a question for the quadrant that has lost most."""

    measure: float = Field(1.0, ge=0)
    """Weight of a question for an area, a length or a share, with its unit."""

    report: float = Field(1.0, ge=0)
    """Weight of a report with headings."""

    explain_grade: float = Field(1.0, ge=0)
    """Weight of a question for what the grade rests on, and what would change it."""


class TextConfig(Settings):
    """The dialogue that goes with a picture."""

    form: Literal["think", "prose", "stages", "answer_only", "mixed"] = "prose"
    """Form of each answer: reasoning inside `<think>...</think>`, in prose, or in lines that begin with the name of a
    stage, before the answer; the answer alone; or one of these drawn for each by `text.forms`."""

    forms: FormWeights = Field(default_factory=FormWeights)
    """How often an answer has each form, where `form` is mixed."""

    opening: Literal["prior_art", "drawn"] = "prior_art"
    """First question: "What do you see in this OCTA image?", that of the prior art's dataset, or any of the tasks."""

    turns: Annotated[CountRange, Within(1, 20)] = (1, 1)
    """Number of questions of a dialogue; none is asked twice."""

    tasks: TaskWeights = Field(default_factory=TaskWeights)
    """How often each task is asked; the first question is drawn from them where `opening` is drawn."""

    eye_named: float = Field(0.3, ge=0, le=1)
    """Share of dialogues whose first question, that of the prior art apart, says which eye it is: only then, and where
    a comparison needs it, answers speak of nasal and temporal."""

    templates: str = "default"
    """What gives the wordings: `default`, the embedded ones, or the path of a folder with files that replace them or
    add to them. It is read once: in settings that are resolved its files are in `wordings`, and this is `default`."""

    wordings: dict[str, str] = Field(default_factory=dict)
    """Wordings of the user, one a line, by the statement that they replace, as in `dropout/one`, or add to, as in
    `dropout/one+`."""
