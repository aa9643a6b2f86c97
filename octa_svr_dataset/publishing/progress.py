"""Count, rate and time left on a terminal; nothing elsewhere."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class RowProgress:
    """How many rows are done, of tasks that are finished or under way."""

    def __init__(self, title: str, what: str) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._what = what
        self._finished = 0
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task(title, total=None, rate="")

    def __enter__(self) -> "RowProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, total: int) -> None:
        """So many rows are to be done."""
        self._bar.update(self._task, total=total)

    def finish(self, num_rows: int) -> None:
        """Another task is finished, which had so many rows."""
        self._finished += num_rows
        self.under_way(0)

    def under_way(self, num_rows: int) -> None:
        """The running tasks have done so many rows."""
        done, elapsed_s = self._finished + num_rows, self._bar.tasks[0].elapsed or 0.0
        rate = f"{done / elapsed_s:.1f} {self._what}/s" if elapsed_s > 1.0 else ""
        self._bar.update(self._task, completed=done, rate=rate)


def counted(num: int, what: str) -> str:
    """A number and its noun."""
    return f"{num} {what}" if num == 1 else f"{num} {what}s"
