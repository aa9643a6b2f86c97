"""Do a preset's pictures carry over? Train a small classifier on them alone, score it on a folder.

    python eval/transfer_probe.py --preset dropout_ma --real_dir path/to/real_octa

Takes minutes on a CPU and no vision-language model. Thresholds are chosen on synthetic validation
pictures; writes `report.json`, `report.md` and, one line a picture and reader, `predictions.jsonl`.
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from octa_svr_dataset.cli import Changes, parse_overrides
from octa_svr_dataset.command import output_folder, run
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.baselines import BASELINES, baseline_scores
from octa_svr_dataset.evaluation.folder import USUAL_LAYER, ImageFolder, open_image_folder
from octa_svr_dataset.evaluation.folders.images import said_of
from octa_svr_dataset.evaluation.pictures import Pictures, fitted, synthesize_pictures
from octa_svr_dataset.evaluation.probe_report import (
    COLUMNS,
    PREDICTIONS_NAME,
    REPORT_NAME,
    SYNTHETIC_WARNING,
    TABLE_NAME,
    Reader,
    remove_probe_report,
    write_probe_report,
)
from octa_svr_dataset.resolve import config_hash, resolve_config
from octa_svr_dataset.seeding import SceneKey, Split

CORES = os.cpu_count() or 1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    preset: Annotated[str, typer.Option("--preset", help="Name of the preset to train on.")],
    real_dir: Annotated[str, typer.Option("--real_dir", help="Folder of pictures (docs/evaluation.md).")],
    out: Annotated[str, typer.Option("--out", help="Folder for the results.")] = "outputs/transfer_probe",
    num_train: Annotated[int, typer.Option("--num_train", help="Synthetic pictures to learn from.")] = 1000,
    num_val: Annotated[int, typer.Option("--num_val", help="Synthetic pictures to choose thresholds on.")] = 200,
    seeds: Annotated[int, typer.Option("--seeds", help="Probes to train, each from a seed of its own.")] = 3,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", help="How often a probe sees each picture; 12, or 4 of a published network."),
    ] = None,
    backbone: Annotated[
        str, typer.Option("--backbone", help="'compact', 'efficientnet-lite0', or an image classifier's folder.")
    ] = "compact",
    input_px: Annotated[int, typer.Option("--input_px", help="Pictures are resized to this width and height.")] = 192,
    field_of_view_mm: Annotated[
        float | None, typer.Option("--field_of_view_mm", help="That of the folder's pictures; else the preset's.")
    ] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="Table of labels: CSV or XLSX.")] = None,
    id_column: Annotated[str | None, typer.Option("--id_column", help="Its column of files or identifiers.")] = None,
    label_column: Annotated[str | None, typer.Option("--label_column", help="Its column of classes.")] = None,
    label_map: Annotated[Path | None, typer.Option("--label_map", help="YAML file: what its classes mean.")] = None,
    layer: Annotated[str, typer.Option("--layer", help="Of OCTA-500: superficial, deep or full.")] = USUAL_LAYER,
    config_file: Annotated[Path | None, typer.Option("--config_file", help="YAML file with settings.")] = None,
    changes: Changes = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes; no result depends on it.")] = CORES,
) -> None:
    """Train small classifiers on a preset's pictures alone and score them on a folder."""
    require_at_least(1, num_train=num_train, num_val=num_val, seeds=seeds, epochs=epochs, workers=workers)
    require_at_least(64, input_px=input_px)
    config = resolve_config(preset, config_file=config_file, overrides=overrides(changes, field_of_view_mm))
    folder = open_image_folder(
        real_dir, labels=labels, id_column=id_column, label_column=label_column, label_map=label_map, layer=layer
    )
    real = np.stack([fitted(folder.read(image), input_px) for image in folder.images])
    from octa_svr_dataset.evaluation.probe import ProbeSettings, require_backbone, train_probes, usual_epochs  # seconds

    settings = ProbeSettings(backbone=backbone, epochs=epochs or usual_epochs(backbone))
    require_backbone(settings, input_px)
    with output_folder(out, field="out") as out_folder:
        remove_probe_report(out_folder)
        training = synthesize(config, Split.TRAIN, num_train, input_px, workers, field="num_train")
        validation = synthesize(config, Split.VALIDATION, num_val, input_px, workers, field="num_val")
        probes = train_probes(training, [validation.gray, real], settings, seeds=range(seeds), workers=workers)
        probabilities = list(track(probes, description=f"training {seeds} probes", total=seeds))
        readers = read(probabilities, validation, real, folder, config)
        given = {"preset": preset, "config_file": str(config_file or ""), "set": changes or []}
        resolved = {"config_hash": config_hash(config), "field_of_view_mm": config.field_of_view_mm}
        sizes = {"num_train": num_train, "num_val": num_val, "seeds": seeds, "input_px": input_px}
        protocol = {**given, **resolved, **sizes, **asdict(settings)}
        write_probe_report(readers, folder, protocol, out_folder)
    show(readers, folder, out_folder, Console())


def require_at_least(least: int, **counts: int | None) -> None:
    """Refuse a smaller number."""
    for name, count in counts.items():
        if count is not None and count < least:
            raise InputError(f"{name}: must be a whole number of at least {least}, got {count}")


def overrides(changes: list[str] | None, field_of_view_mm: float | None) -> dict[str, Any]:
    """Settings of `--set`, and the field of view."""
    settings = parse_overrides(changes)
    if field_of_view_mm is None:
        return settings
    if "field_of_view_mm" in settings:
        raise InputError("field_of_view_mm: given twice, by its own option and by --set; allowed: once")
    return settings | {"field_of_view_mm": field_of_view_mm}


def synthesize(config: SceneConfig, split: Split, num: int, size_px: int, workers: int, *, field: str) -> Pictures:
    """The first pictures of a split, of both classes."""
    keys = [SceneKey(seed=0, split=split, scene_index=index) for index in range(num)]
    made = synthesize_pictures(config, keys, size_px=size_px, workers=workers)
    pictures = Pictures.of(track(made, description=f"synthesizing {split.label} pictures", total=num))
    if not pictures.has_both_classes:
        raise InputError(
            f"{field}: {num} pictures of these settings are all of one class; allowed: enough for both, from settings "
            "whose first share in pathology.severity_shares is neither 0 nor 1"
        )
    return pictures


def read(
    probabilities: list[list[np.ndarray]],
    validation: Pictures,
    real: np.ndarray,
    folder: ImageFolder,
    config: SceneConfig,
) -> list[Reader]:
    """Each probe, the mean of their probabilities, and the baselines."""
    eyes = [f"eye {index // config.imaging.views}" for index in range(len(validation.gray))]
    scores = {f"probe, seed {seed}": scored for seed, scored in enumerate(probabilities)}
    scores["probes, mean"] = [np.mean(scored, axis=0) for scored in zip(*probabilities, strict=True)]
    for name in BASELINES:
        scores[name] = [baseline_scores(name, gray, config.field_of_view_mm) for gray in (validation.gray, real)]
    return [
        Reader.of(
            name,
            on_folder,
            folder.images,
            validation_scores=on_validation,
            validation_truths=validation.is_diseased,
            validation_patients=eyes,
        )
        for name, (on_validation, on_folder) in scores.items()
    ]


def show(readers: list[Reader], folder: ImageFolder, out: Path, console: Console) -> None:
    """Print the result and where its files are."""
    if folder.is_synthetic:
        console.print(SYNTHETIC_WARNING)
    for line in said_of(folder.left_out):
        console.print(line, markup=False, highlight=False)
    table = Table(*COLUMNS, title=f"{len(folder.images)} pictures, healthy or diabetic; 95 % intervals")
    for reader in readers:
        table.add_row(*reader.row)
    console.print(table)
    if readers[0].binary.reason:
        console.print(f"balanced accuracy is undefined, as {readers[0].binary.reason}")
    for name in (REPORT_NAME, TABLE_NAME, PREDICTIONS_NAME):
        console.print(f"{out / name}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    run(app, "eval/transfer_probe.py")
