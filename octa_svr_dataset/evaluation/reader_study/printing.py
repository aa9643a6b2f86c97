"""Results of a reader study on the screen."""

from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from octa_svr_dataset.evaluation.narrow import narrow_table, stacked
from octa_svr_dataset.evaluation.reader_study.agreement import Estimate
from octa_svr_dataset.evaluation.reader_study.results import Results


def show_results(results: Results, console: Console) -> None:
    """Print agreement first, as nothing else is worth more than it."""
    console.print(
        f"{results.num_items} outputs on pictures of {results.num_clusters} patients (pictures, where patients are not "
        f"known), {len(results.readers)} readers, {len(results.models)} models"
    )
    if results.left_out:
        console.print(f"left out: {results.left_out[0]}; {len(results.left_out)} such items in all", markup=False)
    if any(results.ungradable.values()):
        counts = ", ".join(f"{reader} {count}" for reader, count in results.ungradable.items())
        console.print(f"called ungradable, so that no class of a model is compared with it: {counts} of "
                      f"{results.num_items} outputs", markup=False)  # fmt: skip
    console.print(_agreement(results))
    for title, standings in (("mean of readers", results.means), ("difference, same pictures", results.differences)):
        if standings:
            table = narrow_table("scale, model", "value", "method", title=f"{title}; 95 % intervals in brackets")
            for scale, of_scale in groupby(standings, lambda standing: standing.scale):
                table.add_row(f"[bold]{scale}[/bold]")
                for standing in of_scale:
                    table.add_row(f"  {escape(standing.name)}", words(standing.estimate), standing.method)
            console.print(table)


def words(estimate: Estimate | None) -> str:
    """A value above its interval."""
    return "undefined" if estimate is None else stacked(estimate.value, estimate.low, estimate.high)


def _agreement(results: Results) -> Table:
    columns = ("kappa", "ICC(2,1)", "ICC(2,k)")
    table = narrow_table("scale, readers", *columns, title="agreement; 95 % intervals in brackets")
    for agreement in results.agreements:
        is_rating = agreement.icc_single is not None
        correlations = (words(agreement.icc_single), words(agreement.icc_mean)) if is_rating else ("", "")
        table.add_row(f"[bold]{agreement.scale}[/bold], all", "", *correlations)
        for pair, estimate in agreement.kappas.items():
            table.add_row(f"  {pair}", words(estimate))
        for reader, (value, same) in agreement.within.items():
            told = "undefined" if value is None else f"{value:.2f}"
            table.add_row(f"  {reader}, shown twice: the same value {same:.0%}", told)
    return table
