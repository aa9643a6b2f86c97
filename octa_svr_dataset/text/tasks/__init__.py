"""The tasks: what each may ask for, and how it is asked, reasoned and answered."""

from collections.abc import Callable

from octa_svr_dataset.text.reply import Reply
from octa_svr_dataset.text.tasks.choice import OPTIONS, multiple_choice
from octa_svr_dataset.text.tasks.description import SCHEMES, classify, describe, explain_grade, report
from octa_svr_dataset.text.tasks.objects import KINDS, count, locate
from octa_svr_dataset.text.tasks.quantities import COMPARISONS, QUANTITIES, compare_regions, measure
from octa_svr_dataset.text.tasks.yes_no import TOPICS, yes_no
from octa_svr_dataset.text.writer import Writer

WHOLE = ("picture",)
"""What tasks about the picture as a whole ask for."""

TASKS: dict[str, tuple[tuple[str, ...], Callable[[Writer, str], Reply]]] = {
    "describe": (WHOLE, lambda writer, _: describe(writer)),
    "classify": (SCHEMES, classify),
    "locate": (("faz", *KINDS), locate),
    "count": (tuple(KINDS), count),
    "yes_no": (TOPICS, yes_no),
    "multiple_choice": (tuple(OPTIONS), multiple_choice),
    "compare_regions": (tuple(COMPARISONS), compare_regions),
    "measure": (QUANTITIES, measure),
    "report": (WHOLE, lambda writer, _: report(writer)),
    "explain_grade": (WHOLE, lambda writer, _: explain_grade(writer)),
}
"""Of each task: what it may ask for, whatever the picture shows, and the function that asks and answers."""

NEEDS_EYE = {
    *(("compare_regions", comparison) for comparison, quadrants in COMPARISONS.items() if "nasal" in quadrants),
    *(("measure", quantity) for quantity in QUANTITIES if quantity.endswith(("nasal", "temporal"))),
}
"""Questions that can only be answered by who knows which eye it is."""
