"""Let experts rate what models say, blinded, and measure how far they agree.

    python eval/reader_study.py make --predictions outputs/zero_shot/predictions.jsonl --readers anna,ben --out study
    python eval/reader_study.py score --key study/key.json --sheets returned --out study/results.json

`make` writes a folder for each reader, with a form that works without network (`form.html`) and a table (`sheet.csv`),
and `key.json`, which no reader may see. `score` reads the files that come back.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from octa_svr_dataset.command import output_folder, run, write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.reader_study.items import KEY_NAME, draw_study, read_key
from octa_svr_dataset.evaluation.reader_study.loading import load_runs, picture_reader
from octa_svr_dataset.evaluation.reader_study.printing import show_results
from octa_svr_dataset.evaluation.reader_study.results import score_study
from octa_svr_dataset.evaluation.reader_study.returned import find_sheets, read_sheets
from octa_svr_dataset.evaluation.reader_study.sheets import FORM_NAME, TABLE_NAME, require_readers, write_study
from octa_svr_dataset.version import VERSION

USUAL_NUM = 40
"""Pictures of a study, unless more or fewer are asked for."""

SCORE_SEED = 0
"""Of bootstrap samples: the same sheets always give the same results."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def make(
    predictions: Annotated[
        list[Path], typer.Option("--predictions", help="predictions.jsonl of eval/zero_shot.py; one a model.")
    ],
    readers: Annotated[str, typer.Option("--readers", help="Names of the readers, separated by commas.")],
    out: Annotated[str, typer.Option("--out", help="New or empty folder for sheets and key.")],
    num: Annotated[
        int | None, typer.Option("--num", help="Pictures, drawn from those of the predictions; 40, or all of fewer.")
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", help="Items that every reader is shown twice.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn, and of the order.")] = 0,
) -> None:
    """Write blinded sheets for readers, and the key."""
    for field, value, least in (("num", num, 1), ("seed", seed, 0)):
        if value is not None and value < least:
            raise InputError(f"{field}: must be a whole number of at least {least}, got {value}")
    names = require_readers(readers)
    runs = load_runs(predictions)
    drawn = min(USUAL_NUM, len(runs[0].outputs)) if num is None else num
    study = draw_study([run.outputs for run in runs], names, drawn, repeats, np.random.default_rng(seed))
    with output_folder(out, field="out") as folder:
        if any(folder.iterdir()):
            raise InputError(f"out: {out!r} is not empty; allowed: a new folder, as sheets of two studies must not mix")
        write_study(study, picture_reader(runs), folder)
    for name, items in study.sheets.items():
        print(f"{folder / name}: {len(items)} items; send {FORM_NAME}, or {TABLE_NAME} with its pictures, and no more")
    print(f"{folder / KEY_NAME}: keep it sealed until all sheets are back")


@app.command()
def score(
    key: Annotated[Path, typer.Option("--key", help="key.json of the study.")],
    sheets: Annotated[Path, typer.Option("--sheets", help="Folder of the sheets that came back, CSV or JSON.")],
    out: Annotated[Path, typer.Option("--out", help="JSON file for the results.")],
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Leave out items that are not rated in full, instead of refusing.")
    ] = False,
) -> None:
    """Measure agreement, and how the models fare."""
    study = read_key(key)
    ratings = read_sheets(find_sheets(sheets), study)
    results = score_study(study, ratings, np.random.default_rng(SCORE_SEED), is_incomplete_allowed=incomplete)
    with output_folder(out.parent, field="out"):
        write_whole(out, json.dumps(results.as_record() | {"version": VERSION}, indent=2, ensure_ascii=False) + "\n")
    show_results(results, Console())
    print(out)


if __name__ == "__main__":
    run(app, "eval/reader_study.py")
