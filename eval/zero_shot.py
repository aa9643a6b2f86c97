"""Score a model, zero shot, on a folder of OCTA images in any layout of `docs/evaluation.md`, or without labels.

    python eval/zero_shot.py --real_dir path/to/real_octa --model outputs/tiny_cpu

Asks of every picture the question of the training rows, once, greedily; reads the conclusion by the grammar that wrote
the training texts; sets the result beside baselines; writes `report.html`, `report.json` and `predictions.jsonl`.
What is finished survives a kill, and the same command goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from rich.progress import track as shown

from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.answering import greet, load
from octa_svr_dataset.checkpoint import require_dtype
from octa_svr_dataset.command import output_folder, run
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.assessment import Evaluated, assess
from octa_svr_dataset.evaluation.endpoint import endpoint_url
from octa_svr_dataset.evaluation.explained import Explanation
from octa_svr_dataset.evaluation.folder import USUAL_LAYER, FolderImage, open_image_folder
from octa_svr_dataset.evaluation.localization.cases import Cases, folder_cases, synthetic_cases
from octa_svr_dataset.evaluation.localization.run import Answerer
from octa_svr_dataset.evaluation.localization.run import localize as ask_where
from octa_svr_dataset.evaluation.localization.store import AnswerStore
from octa_svr_dataset.evaluation.localization.table import LocalizationTable
from octa_svr_dataset.evaluation.other_runs import read_probe, read_run
from octa_svr_dataset.evaluation.page import write_page
from octa_svr_dataset.evaluation.pictures import fitted
from octa_svr_dataset.evaluation.predictions import PredictionStore, picture_hash, remove_run
from octa_svr_dataset.evaluation.preprocessing import Preprocessing, require_contrast
from octa_svr_dataset.evaluation.printing import show
from octa_svr_dataset.evaluation.protocol import Protocol, Response
from octa_svr_dataset.evaluation.report import remove_report, write_report
from octa_svr_dataset.evaluation.selection import of_track, spread
from octa_svr_dataset.evaluation.supervised import network_features
from octa_svr_dataset.explanation.explain import Described, explain
from octa_svr_dataset.realism.measures import measure_picture
from octa_svr_dataset.realism.sampling import SIZE_PX
from octa_svr_dataset.resolve import resolve_config

SEED = 0
"""Of bootstrap samples and folds: the same responses always give the same report."""


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    real_dir: Annotated[str, typer.Option("--real_dir", help="Folder of pictures.")],
    model: Annotated[
        str, typer.Option("--model", help="Folder or Hub name of a model, folder of an adapter, or 'tiny'.")
    ],
    out: Annotated[str, typer.Option("--out", help="Folder for the results.")] = "outputs/zero_shot",
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", help="Address of a server with the OpenAI API; --model is its name there."),
    ] = None,
    batch_size: Annotated[int, typer.Option("--batch_size", help="Pictures at a time.")] = 8,
    max_new_tokens: Annotated[int, typer.Option("--max_new_tokens", help="Longest output.")] = 512,
    track: Annotated[
        str | None, typer.Option("--track", help="Width of field to take of a folder with several, such as '3 mm'.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only this many, spread over the folder.")] = None,
    preset: Annotated[
        str, typer.Option("--preset", help="Preset whose field and size the model knows.")
    ] = "dr_staging",
    field_of_view_mm: Annotated[
        float | None, typer.Option("--field_of_view_mm", help="Width of pictures that do not say it themselves.")
    ] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Cut wider pictures to the preset's field.")] = False,
    contrast: Annotated[str, typer.Option("--contrast", help="'none', or 'quantiles' as in training.")] = "none",
    labels: Annotated[Path | None, typer.Option("--labels", help="CSV or XLSX with the class of each picture.")] = None,
    id_column: Annotated[str | None, typer.Option("--id_column", help="Its column of files or identifiers.")] = None,
    label_column: Annotated[str | None, typer.Option("--label_column", help="Column of the classes.")] = None,
    label_map: Annotated[
        Path | None, typer.Option("--label_map", help="YAML file that says what other names of classes mean.")
    ] = None,
    layer: Annotated[
        str, typer.Option("--layer", help="Of a release with several: superficial, deep or full.")
    ] = USUAL_LAYER,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="predictions.jsonl of another run on these pictures.")
    ] = None,
    probe: Annotated[
        Path | None, typer.Option("--probe", help="predictions.jsonl of eval/transfer_probe.py on this folder.")
    ] = None,
    localize: Annotated[
        bool, typer.Option("--localize", help="Also ask where things lie that the folder has masks of.")
    ] = False,
    masks: Annotated[
        str | None, typer.Option("--masks", help="What masks/ outlines where it has no subfolders, such as 'faz'.")
    ] = None,
    localize_preset: Annotated[
        str | None, typer.Option("--localize_preset", help="Also ask it of the synthetic test split of a preset.")
    ] = None,
    localize_num: Annotated[int, typer.Option("--localize_num", help="Pictures of that split.")] = 60,
    device: Annotated[str, typer.Option("--device", help="'auto', 'cpu', 'cuda', 'cuda:1' ...")] = "auto",
    dtype: Annotated[
        str, typer.Option("--dtype", help="Of the weights: float32, bfloat16; 'auto': float32 on the CPU.")
    ] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew where --out holds predictions.")] = False,
) -> None:
    """Score a model, zero shot, on a folder of OCTA images."""
    require_positive(batch_size=batch_size, max_new_tokens=max_new_tokens, limit=limit, localize_num=localize_num)
    require_dtype(dtype)
    if endpoint is not None and (device, dtype) != ("auto", "auto"):
        raise InputError("device, dtype: have no effect with --endpoint; allowed: without it")
    config = resolve_config(preset)
    synthetic = None if localize_preset is None else resolve_config(localize_preset, field="localize_preset")
    folder = open_image_folder(
        real_dir,
        labels=labels,
        id_column=id_column,
        label_column=label_column,
        label_map=label_map,
        layer=layer,
        masks=masks,
    )
    images = spread(of_track(folder.images, track), limit)
    preprocessing = Preprocessing.for_training(
        config, field_of_view_mm=field_of_view_mm, crop=crop, contrast=require_contrast(contrast)
    )
    sources = [folder_cases(folder, images, preprocessing, config)] if localize else []
    if localize_preset is not None and synthetic is not None:
        sources.append(synthetic_cases(localize_preset, synthetic, localize_num))
    digests = []
    for image in images:
        picture = folder.read(image)
        preprocessing.apply(picture, image.field_of_view_mm)
        digests.append(picture_hash(picture))
    other = None if compare is None else (str(compare), read_run(compare, images, digests, field="compare"))
    probed = None if probe is None else read_probe(probe, images, field="probe")
    url = None if endpoint is None else endpoint_url(endpoint)
    files = None if url else find_model(model)
    protocol = Protocol(
        model=model,
        model_fingerprint="" if files is None else files.fingerprint,
        endpoint=url,
        real_dir=str(folder.root.resolve()),
        track=None if track is None else images[0].track,
        limit=limit,
        max_new_tokens=max_new_tokens,
        dtype=dtype,
        preprocessing=preprocessing.as_record(),
    )
    with output_folder(out, field="out") as out_folder:
        if url is None:
            ready = load(model, max_new_tokens=max_new_tokens, device=device, dtype=dtype)
        else:
            ready = greet(url, model, max_new_tokens=max_new_tokens)
        if overwrite:
            remove_run(out_folder)
        store = PredictionStore(out_folder, protocol)
        remove_report(out_folder)
        evaluated = Evaluated(
            protocol=protocol,
            folder=folder,
            preprocessing=preprocessing,
            images=tuple(images),
            responses=ask(ready.respond, store, folder.read, preprocessing, images, digests, batch_size),
        )
        located = locate(ready.answer, model, sources, out_folder, batch_size)
        labeled = shown(evaluated.labeled, "measuring for the baselines", disable=not evaluated.labeled)
        deep = network_features() if evaluated.labeled else None
        measured = [evaluated.measured(image, texture, deep) for image in labeled]
        report = assess(
            evaluated,
            measured,
            np.random.default_rng(SEED),
            probe=probed,
            other=other,
            localization=located,
            explanation=check_claims(evaluated, config.imaging.projection),
        )
        write_page(report, evaluated.picture, out_folder)
        write_report(report, out_folder)
    show(report, out_folder, Console())


def require_positive(**counts: int | None) -> None:
    """Refuse a count below one."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InputError(f"{name}: must be a whole number of at least 1, got {count}")


def ask(
    respond: Callable[[Sequence[Image.Image]], Iterator[Response]],
    store: PredictionStore,
    read: Callable[[FolderImage], Image.Image],
    preprocessing: Preprocessing,
    images: Sequence[FolderImage],
    digests: Sequence[str],
    batch_size: int,
) -> tuple[Response, ...]:
    """What a model says of each picture; what it said in an earlier run is not asked again."""
    pairs = list(zip(images, digests, strict=True))
    open_pairs = [pair for pair in pairs if store.find(*pair) is None]
    with Progress() as progress:
        bar = progress.add_task(f"asking about {len(images)} pictures", total=len(images))
        progress.advance(bar, len(pairs) - len(open_pairs))
        for start in range(0, len(open_pairs), batch_size):
            batch = open_pairs[start : start + batch_size]
            pictures = [preprocessing.apply(read(image), image.field_of_view_mm) for image, _ in batch]
            for (image, digest), response in zip(batch, respond(pictures), strict=True):
                store.append(image, digest, response)
                progress.advance(bar)
    return store.rewrite(images, digests)


def locate(
    answer: Answerer, model: str, sources: Sequence[Cases], out: Path, batch_size: int
) -> tuple[LocalizationTable, ...]:
    """How well a model says where things lie, in pictures of every source; what it said earlier is not asked again."""
    if not sources:
        return ()
    number = sum(source.number for source in sources)
    with Progress() as progress:
        bar = progress.add_task(f"asking where things lie in {number} pictures", total=number)
        return ask_where(
            sources,
            model,
            answer,
            AnswerStore(out),
            np.random.default_rng(SEED),
            batch_size=batch_size,
            advance=lambda: progress.advance(bar),
        )


def check_claims(evaluated: Evaluated, projection: str) -> Explanation:
    """Set what the free answers claim against what their pictures measure."""
    images = shown(evaluated.images, "measuring for the claims")
    described = [
        Described(
            path=image.path.as_posix(),
            patient=image.patient,
            eye=image.eye,
            output=response.output,
            measures=evaluated.measures(image, projection),
        )
        for image, response in zip(images, evaluated.responses, strict=True)
    ]
    return explain(described, projection, np.random.default_rng(SEED))


def texture(gray: np.ndarray) -> np.ndarray:
    """(K,) float64. Measures of spectrum, gray levels, contrast and texture, for the supervised baseline."""
    picture = fitted(Image.fromarray(gray), SIZE_PX)
    return np.array(list(measure_picture(picture).by_name().values()))


if __name__ == "__main__":
    run(app, "eval/zero_shot.py")
