"""Score a model, zero shot, on a folder of OCTA images: one subfolder a class, or no labels.

    python eval/zero_shot.py --real_dir path/to/real_octa --model outputs/tiny_cpu

Asks of every picture the question of the training rows, once, greedily; reads the conclusion by the
grammar that wrote the training texts; writes `report.json` and `predictions.jsonl`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from octa_svr_dataset.checkpoint import TINY, find_checkpoint
from octa_svr_dataset.command import output_folder, run
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder, open_image_folder
from octa_svr_dataset.evaluation.metrics import UNPARSABLE, ClassMetrics, Scored
from octa_svr_dataset.evaluation.report import (
    PREDICTIONS_NAME,
    REPORT_NAME,
    Protocol,
    Report,
    make_report,
    remove_report,
    write_report,
)
from octa_svr_dataset.scoring import read_output
from octa_svr_dataset.text.dialogue import QUESTION

if TYPE_CHECKING:
    from octa_svr_dataset.vlm import Vlm

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    real_dir: Annotated[str, typer.Option("--real_dir", help="Folder of pictures.")],
    model: Annotated[str, typer.Option("--model", help="Folder or Hub name of a model, or 'tiny'.")],
    out: Annotated[str, typer.Option("--out", help="Folder for the results.")] = "outputs/zero_shot",
    batch_size: Annotated[int, typer.Option("--batch_size", help="Pictures at a time.")] = 8,
    max_new_tokens: Annotated[int, typer.Option("--max_new_tokens", help="Longest output.")] = 512,
    limit: Annotated[int | None, typer.Option("--limit", help="Only this many, spread over the folder.")] = None,
) -> None:
    """Score a model, zero shot, on a folder of OCTA images."""
    require_positive(batch_size=batch_size, max_new_tokens=max_new_tokens, limit=limit)
    folder = open_image_folder(real_dir)
    images = spread(folder.images, limit)
    for image in images:
        folder.read(image)
    checkpoint = model if model == TINY else str(find_checkpoint(model))
    with output_folder(out, field="out") as out_folder:
        vlm = load(checkpoint)
        remove_report(out_folder)
        outputs = answer(vlm, folder, images, batch_size=batch_size, max_new_tokens=max_new_tokens)
        scored = [
            Scored(image=image, output=output, verdict=read_output(output))
            for image, output in zip(images, outputs, strict=True)
        ]
        protocol = Protocol(model=model, question=QUESTION, max_new_tokens=max_new_tokens)
        report = make_report(protocol, folder, scored)
        write_report(report, out_folder)
    show(report, out_folder, Console())


def require_positive(**counts: int | None) -> None:
    """Refuse a count below one."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InputError(f"{name}: must be a whole number of at least 1, got {count}")


def spread(images: tuple[FolderImage, ...], limit: int | None) -> list[FolderImage]:
    """All pictures, or `limit` of them at even distances, so that no class is left out for its name."""
    if limit is None or limit >= len(images):
        return list(images)
    return [images[position * len(images) // limit] for position in range(limit)]


def load(model: str) -> "Vlm":
    """The model, ready to answer."""
    from octa_svr_dataset.vlm import limit_threads, load_vlm  # takes seconds; the checks before it do not

    vlm = load_vlm(model)
    limit_threads(vlm.model)
    return vlm


def answer(
    vlm: "Vlm", folder: ImageFolder, images: list[FolderImage], *, batch_size: int, max_new_tokens: int
) -> list[str]:
    """What a model says of each picture."""
    from octa_svr_dataset.vlm import generate

    outputs: list[str] = []
    for start in track(range(0, len(images), batch_size), description=f"asking about {len(images)} pictures"):
        pixels = [folder.read(image) for image in images[start : start + batch_size]]
        outputs += generate(vlm, pixels, QUESTION, max_new_tokens=max_new_tokens)
    return outputs


def show(report: Report, out: Path, console: Console) -> None:
    """Print the result and where its files are."""
    if report.folder.is_synthetic:
        console.print("These pictures are synthetic: the result says nothing about real eyes.")
    tables = {"healthy or diabetic": report.binary}
    if report.three_class.balanced_accuracy is not None:
        tables["three classes"] = report.three_class
    for title, metrics in tables.items():
        if metrics.recalls:
            console.print(confusion_table(title, metrics))
        console.print(f"balanced accuracy, {title}: {balanced_accuracy_words(metrics)}")
    counts = ", ".join(f"{name} {count}" for name, count in report.answers.items() if name != UNPARSABLE)
    console.print(f"answers: {counts}; unparsable {report.answers[UNPARSABLE]} ({report.unparsable_rate:.0%})")
    for name in (REPORT_NAME, PREDICTIONS_NAME):
        console.print(f"{out / name}", soft_wrap=True, highlight=False)


def confusion_table(title: str, metrics: ClassMetrics) -> Table:
    """Pictures by true and predicted class."""
    table = Table("true class", *(f"read as {name}" for name in metrics.classes), UNPARSABLE, "recall", title=title)
    for name, row in zip(metrics.classes, metrics.confusion, strict=True):
        if name in metrics.recalls:
            table.add_row(name, *(str(count) for count in row), f"{metrics.recalls[name].value:.0%}")
    return table


def balanced_accuracy_words(metrics: ClassMetrics) -> str:
    """The value with its interval, or why there is none."""
    if metrics.balanced_accuracy is None or metrics.interval is None:
        return f"undefined, as {metrics.reason}"
    return f"{metrics.balanced_accuracy:.1%} (95 % interval {metrics.interval[0]:.1%} to {metrics.interval[1]:.1%})"


if __name__ == "__main__":
    run(app, "eval/zero_shot.py")
