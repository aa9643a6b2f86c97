"""`octa-svr preview`: a look at examples, as one page."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from octa_svr_dataset.command import output_folder, parse_overrides, whole_number, write_whole
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.seeding import LARGEST_SEED

MOST_SHOWN = 500
"""A larger page would take browsers more memory than a look is worth: about 0.2 MB an example of 304 px."""


def preview(
    target: Annotated[str, typer.Argument(help="Name of a preset, or a folder made by octa-svr build.")],
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    num: Annotated[int, typer.Option(parser=whole_number, help="Number of examples, of all presets together.")] = 24,
    seed: Annotated[
        int | None, typer.Option(parser=whole_number, help="Seed of all chance, with a preset (0).")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="train, validation or test (train; of a folder, the first that holds rows).")
    ] = None,
    config_file: Annotated[Path | None, typer.Option(help="YAML file with settings that differ.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given again.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")] = False,
) -> None:
    """Write examples as one page to look at: pictures, layers, healthy twins, dialogues, distributions."""
    from octa_svr_dataset.publishing.gallery import gallery_html  # compiled kernels come with these
    from octa_svr_dataset.publishing.preview import preview_of

    if not 1 <= num <= MOST_SHOWN:
        raise InputError(f"num: must be a whole number from 1 to {MOST_SHOWN}, got {num}")
    if seed is not None:
        require_whole_number("seed", seed, largest=LARGEST_SEED)
    if out.is_dir():
        raise InputError(f"out: {str(out)!r} is a folder; allowed: the name of a file to write")
    if out.exists() and not overwrite:
        raise InputError(f"out: {str(out)!r} already exists; allowed: another name, or --overwrite")
    shown = preview_of(
        target, num=num, seed=seed, split=split, config_file=config_file, overrides=parse_overrides(changes)
    )
    with output_folder(out.resolve().parent, field="out"):
        items = list(track(shown.items, description="Preparing", total=shown.num, console=Console(stderr=True)))
        write_whole(out, gallery_html(items, title=shown.title, subtitle=shown.subtitle))
    size_mb = out.stat().st_size / 1e6
    print(f"{len(items)} example{'s' if len(items) > 1 else ''} in {out} ({size_mb:.1f} MB); open it in a browser")
