"""Tables of a model card, in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

MOST_ROWS = 12
"""A table of losses has so many rows at most, spread over the run; the last one is always there."""

NOT_SCORED = "No scores by generation were taken in this run."


def data_table(parts: Sequence[Mapping[str, Any]]) -> str:
    """What was trained on: one row a source."""
    rows = [
        (
            f"`{part['source']}`",
            _number(part["num_rows"]),
            _or_dash(part["seed"]),
            f"{part['weight']:g}",
            _or_dash(part["version"]),
            f"`{part['config_hash']}`" if part["config_hash"] else "-",
        )
        for part in parts
    ]
    return _table(("source", "rows", "seed", "weight", "version of the data", "hash of the settings"), rows)


def settings_table(settings: Mapping[str, Any]) -> str:
    """Settings of the training by name."""
    return _table(("setting", "value"), [(f"`{name}`", f"{value}") for name, value in settings.items()])


def loss_table(log: Sequence[Mapping[str, Any]]) -> str:
    """Losses by step, thinned; steps at which the validation was measured stay as long as there is room."""
    steps: dict[int, dict[str, float]] = {}
    for entry in log:
        if "step" in entry and ("loss" in entry or "eval_loss" in entry):
            figures = {name: entry[name] for name in ("loss", "eval_loss") if name in entry}
            steps.setdefault(entry["step"], {}).update(figures)
    if not steps:
        return "The run logged no losses."
    columns = [name for name in ("loss", "eval_loss") if any(name in figures for figures in steps.values())]
    names = {"loss": "training loss", "eval_loss": "validation loss"}
    rows = [
        (str(step), *(f"{steps[step][name]:.4f}" if name in steps[step] else "" for name in columns))
        for step in _thinned(sorted(steps), [step for step, figures in steps.items() if "eval_loss" in figures])
    ]
    return _table(("step", *(names[name] for name in columns)), rows)


def score_tables(lines: Sequence[Mapping[str, Any]], validation: Mapping[str, Any]) -> str:
    """Scores of the last line, by task, with their intervals."""
    if not lines:
        return NOT_SCORED
    last = lines[-1]
    of = f" of the preset `{validation['preset']}`" if "preset" in validation else ""
    said = (
        f"At step {last['step']}, by generation, on {last['num_questions']} questions about {last['num_pictures']} "
        f"synthetic pictures{of} that were not trained on; 95 % intervals in brackets. An unparsable answer is wrong."
    )
    tasks = [
        (name, _share(task["value"]), f"{task['exact']:.3f}", f"{task['unparsable']:.3f}", str(task["value"]["number"]))
        for name, task in last["tasks"].items()
    ]
    classes = [
        (title, _share(last[name]) if last[name]["value"] is not None else "a class has no picture")
        for name, title in (("binary", "healthy or diabetic"), ("three_class", "healthy, NPDR or PDR"))
    ]
    return "\n\n".join(
        (
            said,
            _table(("task", "score, 0 to 1", "exactly right", "unparsable", "questions"), tasks),
            _table(("class told", "balanced accuracy"), classes),
        )
    )


def _thinned(steps: Sequence[int], evaluated: Sequence[int]) -> list[int]:
    """At most `MOST_ROWS` steps: first and last, those evaluated where they fit, else spread evenly."""
    wanted = sorted({steps[0], *evaluated, steps[-1]})
    if len(wanted) > MOST_ROWS:
        return [wanted[place * (len(wanted) - 1) // (MOST_ROWS - 1)] for place in range(MOST_ROWS)]
    others = [step for step in steps if step not in wanted]
    room = min(MOST_ROWS - len(wanted), len(others))
    return sorted({*wanted, *(others[place * len(others) // room] for place in range(room))})


def _share(share: Mapping[str, Any]) -> str:
    return f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
