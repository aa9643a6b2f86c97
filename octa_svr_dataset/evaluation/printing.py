"""The result of an evaluation on the screen."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from octa_svr_dataset.evaluation.explained import Explanation
from octa_svr_dataset.evaluation.folders.images import said_of
from octa_svr_dataset.evaluation.localization.table import LocalizationTable
from octa_svr_dataset.evaluation.metrics import CONSTANT_REASON, UNPARSABLE, ClassMetrics
from octa_svr_dataset.evaluation.narrow import narrow_table, stacked, tight
from octa_svr_dataset.evaluation.patients import said_of_patients
from octa_svr_dataset.evaluation.predictions import PREDICTIONS_NAME
from octa_svr_dataset.evaluation.report import PAGE_NAME, REPORT_NAME, SYNTHETIC_WARNING, Report, words


def show(report: Report, out: Path, console: Console) -> None:
    """Print the result and where its files are."""
    if report.folder.is_synthetic:
        console.print(SYNTHETIC_WARNING)
    console.print(said_of_patients([entry.image.patient for entry in report.scored]), highlight=False)
    if report.table:
        console.print(_readers(report))
    tables = {"healthy or diabetic": report.binary}
    if report.three_class.balanced_accuracy is not None:
        tables["three classes"] = report.three_class
    for title, metrics in tables.items():
        if metrics.recalls:
            console.print(_confusion(title, metrics))
        console.print(f"balanced accuracy, {title}: {_accuracy(metrics)}")
    if report.comparison is not None and report.comparison.difference is not None:
        difference, test = report.comparison.difference, report.comparison.mcnemar
        console.print(
            f"difference to {report.comparison.other}: {words(difference.value, (difference.low, difference.high))}; "
            f"exact McNemar test on {test.unit}: {test.only_first} against {test.only_second}, p = {test.p_value:.3g}",
            markup=False,
        )
    counts = ", ".join(f"{name} {count}" for name, count in report.answers.items() if name != UNPARSABLE)
    console.print(f"answers: {counts}; unparsable {report.answers[UNPARSABLE]} ({report.unparsable_rate:.0%})")
    for table in report.localization:
        for of_kind in _localization(table):
            console.print(of_kind)
    if report.explanation is not None:
        for line in explained(report.explanation):
            console.print(line, highlight=False)
    for line in said_of(report.folder.left_out):
        console.print(line, markup=False, highlight=False)
    for name in (PAGE_NAME, REPORT_NAME, PREDICTIONS_NAME):
        console.print(f"{out / name}", soft_wrap=True, highlight=False)


def _readers(report: Report) -> Table:
    """The model and the baselines."""
    table = narrow_table("reader", "balanced accuracy", "AUC", "the model's lead", title="95 % intervals in brackets")
    for row in report.table:
        if row.metrics is None:
            table.add_row(f"{escape(row.name)}\n[dim]{escape(row.missing)}[/dim]")
            continue
        accuracy = words(row.metrics.balanced_accuracy, row.metrics.interval).replace(" ", "\n", 1)
        auc = "" if row.auc is None else stacked(row.auc.value, row.auc.low, row.auc.high)
        lead = "" if row.lead is None else stacked(row.lead.value, row.lead.low, row.lead.high, is_signed=True)
        table.add_row(escape(row.name), escape(accuracy), auc, lead)
    return table


def _localization(located: LocalizationTable) -> Iterator[Table]:
    """Readers of each kind of object, a table a kind."""
    for kind in dict.fromkeys(row.target for row in located.rows):
        rows = [row for row in located.rows if row.target == kind]
        title = f"{kind}, {located.source}: {rows[0].num_with} pictures with, {rows[0].num_without} without"
        table = narrow_table("reader", "found", "mean IoU", "precision", "pointing", "false alarms", title=title)
        for row in rows:
            figures = (row.found, row.overlap, row.precision, row.pointing, row.false_alarms)
            unread = f"\n[dim]{row.unparsable_rate:.0%} unparsable[/dim]" if row.unparsable_rate else ""
            cells = ("" if figure is None else tight(figure.value, figure.low, figure.high) for figure in figures)
            table.add_row(f"{escape(row.reader)}{unread}", *cells)
        yield table


def explained(explanation: Explanation) -> list[str]:
    """What became of the claims of the free answers, in a few lines."""
    counts = ", ".join(f"{outcome} {count}" for outcome, count in explanation.counts.items())
    lines = [
        f"claims of the free answers, against octa-svr measure: {counts} "
        f"({explanation.num_understood} of {explanation.num_sentences} sentences understood)"
    ]
    for name, share in (("its own picture", explanation.supported), ("the next picture", explanation.elsewhere)):
        if share is not None:
            lines.append(
                f"supported by {name}: {words(share.value, (share.low, share.high))} of those that can be checked"
            )
    lead = explanation.lead
    if lead is not None:
        is_clear = lead.low > 0.0
        lines.append(
            f"lead over the next picture, of those that both can check: {lead.value:+.1%} [{lead.low:+.1%}, "
            f"{lead.high:+.1%}], {'' if is_clear else 'not clearly '}more than what holds of any picture"
        )
    return lines


def _confusion(title: str, metrics: ClassMetrics) -> Table:
    """Pictures by true and predicted class."""
    table = narrow_table(
        "true class", *(f"read as {name}" for name in metrics.classes), metrics.unread, "recall", title=title
    )
    for name, row in zip(metrics.classes, metrics.confusion, strict=True):
        if name in metrics.recalls:
            table.add_row(name, *(str(count) for count in row), f"{metrics.recalls[name].value:.0%}")
    return table


def _accuracy(metrics: ClassMetrics) -> str:
    """The value with its interval, or why there is none."""
    if metrics.balanced_accuracy is None:
        return f"undefined, as {metrics.reason}"
    if metrics.interval is None:
        return f"{metrics.balanced_accuracy:.1%} (no 95 % interval: {CONSTANT_REASON})"
    return f"{metrics.balanced_accuracy:.1%} (95 % interval {metrics.interval[0]:.1%} to {metrics.interval[1]:.1%})"
