"""Tables for screens of 80 columns."""

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table


def narrow_table(first: str, *columns: str, title: str) -> Table:
    """An empty table of which only the first column breaks its lines; headings of two words are stacked."""
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column.replace(" ", "\n", 1), no_wrap=True)
    return table


def stacked(value: float, low: float, high: float, *, is_signed: bool = False) -> str:
    """A value above its interval."""
    form = "+.2f" if is_signed else ".2f"
    return escape(f"{value:{form}}\n[{low:{form}}, {high:{form}}]")


def tight(value: float, low: float, high: float) -> str:
    """The same of a value that is never negative, where many stand beside each other."""
    return f"{value:.2f}\n{low:.2f}-{high:.2f}"
