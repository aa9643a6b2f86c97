"""Settings of the dialogue."""

from typing import Literal

from octa_svr_dataset.setting_types import Settings


class TextConfig(Settings):
    """The dialogue that goes with a picture."""

    form: Literal["stages", "answer_only"] = "stages"
    """Reasoning in stages before the conclusion, or the conclusion alone."""
