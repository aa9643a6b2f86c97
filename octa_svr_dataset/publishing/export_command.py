"""The command `octa-svr export`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from octa_svr_dataset.command import parse_overrides, whole_number
from octa_svr_dataset.errors import InputError

if TYPE_CHECKING:
    from octa_svr_dataset.publishing.export_rows import ExportRow


def export(
    target: Annotated[str, typer.Argument(help="Folder made by octa-svr build, or the name of a preset.")],
    form: Annotated[str, typer.Option("--format", help="sharegpt, llamafactory, graphs or coco.")],
    out: Annotated[Path, typer.Option(help="Folder to make; it must be new or empty.")],
    preset: Annotated[str | None, typer.Option(help="Configuration of a folder that holds several.")] = None,
    split: Annotated[str | None, typer.Option(help="The only split to write [sharegpt: train].")] = None,
    num: Annotated[
        int | None, typer.Option(parser=whole_number, help="Rows of a preset (100), or at most so many of each split.")
    ] = None,
    seed: Annotated[int | None, typer.Option(parser=whole_number, help="Seed of all chance, with a preset.")] = None,
    config_file: Annotated[Path | None, typer.Option(help="YAML file with settings that differ.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given again.")
    ] = None,
    cutoff_len: Annotated[
        int | None, typer.Option(parser=whole_number, help="llamafactory: tokens that a dialogue may have (2048).")
    ] = None,
    image_max_pixels: Annotated[
        int | None, typer.Option(parser=whole_number, help="llamafactory: larger pictures are scaled down (262144).")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="llamafactory: tokenizer.json, to count exactly and not from above.")
    ] = None,
) -> None:
    """Write rows in the format of another tool: the prior art's, LLaMA-Factory's, graphs, or COCO."""
    from octa_svr_dataset.publishing import export as exports  # compiled kernels come with these
    from octa_svr_dataset.publishing import export_llamafactory as llamafactory
    from octa_svr_dataset.publishing.export_rows import open_source
    from octa_svr_dataset.publishing.export_tokens import token_counter
    from octa_svr_dataset.publishing.folder import say_left_out

    if form not in exports.FORMATS:
        raise InputError(f"format: must be one of {', '.join(exports.FORMATS)}, got {form!r}")
    limits = {"cutoff_len": cutoff_len, "image_max_pixels": image_max_pixels}
    for name, value in (limits | {"tokenizer": tokenizer}).items():
        if value is not None and form != "llamafactory":
            raise InputError(f"{name}: is of use with --format llamafactory only, got {value}")
    for name, value in limits.items():
        if value is not None and value < 1:
            raise InputError(f"{name}: must be a whole number of at least 1, got {value}")
    source = open_source(
        target,
        preset=preset,
        split="train" if split is None and form == "sharegpt" else split,
        num=num,
        seed=seed,
        config_file=config_file,
        overrides=parse_overrides(changes),
        needs=exports.FORMATS[form],
    )
    if source.built:
        say_left_out(source.built)
    num_rows = exports.export(
        source,
        form,
        out,
        progress=_shown,
        counter=token_counter(tokenizer, image_max_pixels or llamafactory.USUAL_IMAGE_MAX_PIXELS),
        cutoff_len=cutoff_len or llamafactory.USUAL_CUTOFF_LEN,
    )
    print(f"{num_rows} row{'s' if num_rows > 1 else ''} of {source.preset} in {out}")
    if form == "llamafactory":
        print(f"cd {out} && llamafactory-cli train {llamafactory.TRAINING_NAME}")


def _shown(rows: "Iterable[ExportRow]", num: int, split: str) -> "Iterable[ExportRow]":
    return track(rows, description=f"Exporting {split}", total=num, console=Console(stderr=True))
