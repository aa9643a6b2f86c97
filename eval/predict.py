"""Ask a model about one picture, or about every picture of a folder, in any order of subfolders.

    python eval/predict.py --image scan.png --model outputs/tiny_cpu
    python eval/predict.py --image scans --model outputs/lora --task locate_faz --overlay outputs/predict/overlays

Writes `predictions.jsonl`: a line a picture as soon as it is answered, with the output, the answer that is read from
it, and boxes and points in thousandths of what the model saw as well as in pixels of the file. What is finished
survives a kill, and the same command goes on.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.checkpoint import require_dtype
from octa_svr_dataset.command import output_folder, run, unfinished_path
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.evaluation.folders.images import LeftOut
from octa_svr_dataset.evaluation.overlay import draw_overlay
from octa_svr_dataset.evaluation.picture_stream import Read, find_pictures, first_picture, read_pictures
from octa_svr_dataset.evaluation.predicted import read_predicted
from octa_svr_dataset.evaluation.prediction_lines import PredictionLines
from octa_svr_dataset.evaluation.predictions import remove_run
from octa_svr_dataset.evaluation.preprocessing import Preprocessing, require_contrast
from octa_svr_dataset.evaluation.questions import Question, choose_question
from octa_svr_dataset.resolve import resolve_config

Answerer = Callable[[Sequence[Image.Image], Sequence[str]], list[str]]
"""Gives the outputs to the question about pictures, which have these hashes."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    image: Annotated[str, typer.Option("--image", help="A picture, or a folder of pictures.")],
    model: Annotated[str, typer.Option("--model", help="Folder or Hub name of a model, folder of an adapter, 'tiny'.")],
    adapter: Annotated[str | None, typer.Option("--adapter", help="Folder of a LoRA adapter of that model.")] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="What to ask, such as describe, classify, locate_faz; see the docs.")
    ] = None,
    question: Annotated[str | None, typer.Option("--question", help="What to ask, in your own words.")] = None,
    read_as: Annotated[
        str | None, typer.Option("--read_as", help="How to read the reply to --question, such as yes_no.")
    ] = None,
    think: Annotated[
        bool | None, typer.Option("--think/--no-think", help="Ask for reasoning first, or for the answer alone.")
    ] = None,
    out: Annotated[str, typer.Option("--out", help="Folder for the predictions.")] = "outputs/predict",
    overlay: Annotated[str | None, typer.Option("--overlay", help="Folder for pictures with the answers on.")] = None,
    batch_size: Annotated[int, typer.Option("--batch_size", help="Pictures at a time.")] = 8,
    max_new_tokens: Annotated[int, typer.Option("--max_new_tokens", help="Longest output.")] = 512,
    sample: Annotated[bool, typer.Option("--sample", help="Draw outputs, instead of taking the likeliest.")] = False,
    temperature: Annotated[float | None, typer.Option("--temperature", help="Of the draws; 0.7 if absent.")] = None,
    top_p: Annotated[
        float | None, typer.Option("--top_p", help="Share of the likeliest tokens to draw from; 0.8 if absent.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of the draws; 0 if absent.")] = None,
    preset: Annotated[
        str, typer.Option("--preset", help="Preset whose field and size the model knows.")
    ] = "dr_staging",
    field_of_view_mm: Annotated[
        float | None, typer.Option("--field_of_view_mm", help="Width of the pictures, mm.")
    ] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Cut wider pictures to the preset's field.")] = False,
    contrast: Annotated[str, typer.Option("--contrast", help="'none', or 'quantiles' as in training.")] = "none",
    device: Annotated[str, typer.Option("--device", help="'auto', 'cpu', 'cuda', 'cuda:1' ...")] = "auto",
    dtype: Annotated[
        str, typer.Option("--dtype", help="Of the weights: float32, bfloat16; 'auto': float32 on the CPU.")
    ] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew where --out holds predictions.")] = False,
) -> None:
    """Ask a model about a picture, or about every picture of a folder."""
    for name, count in (("batch_size", batch_size), ("max_new_tokens", max_new_tokens)):
        if count < 1:
            raise InputError(f"{name}: must be a whole number of at least 1, got {count}")
    decoding = choose_decoding(sample, temperature, top_p, seed)
    require_dtype(dtype)
    asked = choose_question(task, question, read_as, think)
    preprocessing = Preprocessing.for_training(
        resolve_config(preset), field_of_view_mm=field_of_view_mm, crop=crop, contrast=require_contrast(contrast)
    )
    files = find_pictures(image)
    preprocessing.apply(first_picture(files).picture)
    if overlay is not None:
        place, root = Path(overlay).resolve(), files.root.resolve()
        if place == root or (not files.is_single and place.is_relative_to(root)):
            raise InputError(f"overlay: {overlay!r} is or lies in the folder of the pictures; allowed: another folder")
    settings = {
        "script": "eval/predict.py",
        "model": model,
        "adapter": adapter,
        "model_fingerprint": find_model(model, adapter=adapter).fingerprint,
        "image": str(Path(image).resolve()),
        "task": asked.name,
        "question": asked.text,
        "read_as": asked.form,
        "max_new_tokens": max_new_tokens,
        "decoding": decoding or "greedy",
        "dtype": dtype,
        "preprocessing": preprocessing.as_record(),
    }
    with ExitStack() as stack:
        out_folder = stack.enter_context(output_folder(out, field="out"))
        overlays = None if overlay is None else stack.enter_context(output_folder(overlay, field="overlay"))
        answer = serve(model, adapter, asked, decoding, max_new_tokens, device, dtype)
        if overwrite:
            remove_run(out_folder)
        lines = PredictionLines(out_folder, settings)
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        bar = progress.add_task(f"asking about {len(files.paths)} pictures", total=len(files.paths))
        num_left_out = 0

        def leave_out(entry: LeftOut) -> None:
            nonlocal num_left_out
            num_left_out += 1
            progress.console.print(f"left out: {entry.name}: {entry.reason}", markup=False, soft_wrap=True)
            progress.advance(bar)

        keys = []
        unread = read_pictures(files, files.paths, leave_out)
        for batch in iter(lambda: list(islice(unread, batch_size)), []):
            for line, read in zip(ask(answer, asked, preprocessing, lines, batch), batch, strict=True):
                keys.append(read.key)
                if overlays is not None:
                    save_overlay(overlays, read, line)
                progress.advance(bar)
        lines.rewrite(keys)
    show(lines, keys, num_left_out, files.is_single, overlay)


def choose_decoding(
    sample: bool, temperature: float | None, top_p: float | None, seed: int | None
) -> dict[str, float | int] | None:
    """Settings of the draws; absent where the likeliest output is taken."""
    given = {"temperature": temperature, "top_p": top_p, "seed": seed}
    if not sample:
        for name, value in given.items():
            if value is not None:
                raise InputError(f"{name}: got {value:g}, but outputs are not drawn; allowed: with --sample")
        return None
    usual: dict[str, float | int] = {"temperature": 0.7, "top_p": 0.8, "seed": 0}
    decoding = usual | {name: value for name, value in given.items() if value is not None}
    for name, most in (("temperature", 10.0), ("top_p", 1.0)):
        if not 0 < decoding[name] <= most:
            raise InputError(f"{name}: must be a number above 0 and at most {most:g}, got {decoding[name]:g}")
    require_whole_number("seed", decoding["seed"])
    return decoding


def serve(
    model: str,
    adapter: str | None,
    asked: Question,
    decoding: Mapping[str, Any] | None,
    max_new_tokens: int,
    device: str,
    dtype: str,
) -> Answerer:
    """Load a model, ready to answer the question."""
    from transformers import LogitsProcessorList  # takes seconds; the checks before do not

    from octa_svr_dataset.token_sampling import DrawnTokens
    from octa_svr_dataset.vlm import generate, load_ready

    vlm = load_ready(model, adapter=adapter, device=device, dtype=dtype)

    def answer(pictures: Sequence[Image.Image], digests: Sequence[str]) -> list[str]:
        options: dict[str, Any] = {}
        if decoding is not None:
            chances = [chance_of(decoding["seed"], digest) for digest in digests]
            draw = DrawnTokens(chances, temperature=decoding["temperature"], top_p=decoding["top_p"])
            options["logits_processor"] = LogitsProcessorList([draw])
        return generate(vlm, pictures, asked.text, max_new_tokens=max_new_tokens, **options)

    return answer


def chance_of(seed: int, digest: str) -> np.random.Generator:
    """The stream of one picture: the same whatever stands beside it, and in a run that goes on."""
    words = np.frombuffer(hashlib.sha256(digest.encode()).digest(), np.uint32)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(map(int, words))))


def ask(
    answer: Answerer, asked: Question, preprocessing: Preprocessing, lines: PredictionLines, batch: Sequence[Read]
) -> Iterator[Mapping[str, Any]]:
    """The line on each picture of a batch; what an earlier run answered is not asked again."""
    fresh = [read for read in batch if read.key not in lines]
    pictures = [preprocessing.apply(read.picture) for read in fresh]
    outputs = answer(pictures, [read.digest for read in fresh]) if fresh else []
    for read, output in zip(fresh, outputs, strict=True):
        region_px = preprocessing.region_px(read.picture.size)
        line = {
            "path": read.path,
            "picture": read.digest,
            "width_px": read.picture.width,
            "height_px": read.picture.height,
            "region_px": list(region_px),
            "task": asked.name,
            "question": asked.text,
        }
        lines.append(line | read_predicted(asked, output).as_record(region_px))
    for read in batch:
        yield lines.get(read.key)


def save_overlay(folder: Path, read: Read, line: Mapping[str, Any]) -> None:
    """Write a picture with its answer on, as PNG under the picture's own path."""
    path = folder / (read.path if read.path.lower().endswith(".png") else f"{read.path}.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = unfinished_path(path)
    draw_overlay(read.picture, line).save(unfinished, format="PNG")
    unfinished.replace(path)


def show(
    lines: PredictionLines, keys: Sequence[tuple[str, str]], num_left_out: int, is_single: bool, overlay: str | None
) -> None:
    """Print what was said of a single picture, or how many were asked about; and where to look."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if is_single:
        line = lines.get(keys[0])
        console.print(line["output"])
        console.print(f"read as: {line['answer_text']}" if not line["problem"] else f"unparsable: {line['problem']}")
        for place in line["places"]:
            console.print(f"{place['label'] or 'object'}: {place.get('bbox_px') or place.get('point_px')} px")
    else:
        num_unparsable = sum(bool(lines.get(key)["problem"]) for key in keys)
        console.print(f"{len(keys)} pictures, {num_unparsable} unparsable answers, {num_left_out} left out")
    console.print(f"predictions: {lines.path}" + (f"\noverlays: {overlay}" if overlay else ""))


if __name__ == "__main__":
    run(app, "eval/predict.py")
