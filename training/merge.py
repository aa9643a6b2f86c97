"""Make a LoRA adapter and its model one model, which `transformers` and vLLM load as they load any other.

    python training/merge.py --model outputs/lora --out outputs/merged
    python training/merge.py --model Qwen/Qwen3-VL-2B-Instruct --adapter outputs/lora --out outputs/merged

The sum is formed in 32 bits and rounded once, to the type of the model's own weights unless `--dtype` says otherwise;
all of it has to fit into memory in 32 bits.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octa_svr_dataset.adapter_files import find_model
from octa_svr_dataset.checkpoint import read_json
from octa_svr_dataset.command import output_folder, run
from octa_svr_dataset.errors import InputError

if TYPE_CHECKING:
    from octa_svr_dataset.vlm import Vlm

DTYPES = ("auto", "float32", "bfloat16", "float16")

KEPT = ("task_scores.jsonl", "loss_curve.json", "loss_curve.png")
"""Files of a training that stay with its weights."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    model: Annotated[str, typer.Option("--model", help="Folder of an adapter; or of its model, with --adapter.")],
    out: Annotated[str, typer.Option("--out", help="Folder for the merged model.")],
    adapter: Annotated[str | None, typer.Option("--adapter", help="Folder of the adapter.")] = None,
    dtype: Annotated[
        str, typer.Option("--dtype", help="Of the saved weights: float32, bfloat16, float16; 'auto': the model's own.")
    ] = "auto",
    max_shard_size: Annotated[
        str, typer.Option("--max_shard_size", help="Larger weights go to several files.")
    ] = "5GB",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model that is in --out.")] = False,
) -> None:
    """Make a LoRA adapter and its model one model."""
    if dtype not in DTYPES:
        raise InputError(f"dtype: unknown value {dtype!r}; allowed: {', '.join(DTYPES)}")
    files = find_model(model, adapter=adapter)
    if files.adapter is None:
        raise InputError(f"model: {model!r} is no adapter, and none is given; allowed: --adapter with its folder")
    place = Path(out)
    sources = [folder.resolve() for folder in (files.base, files.adapter) if folder is not None]
    if place.resolve() in sources:
        raise InputError(f"out: {out!r} is the folder of the model or of the adapter; allowed: another folder")
    if not overwrite and any((place / name).exists() for name in ("config.json", "adapter_config.json")):
        raise InputError(f"out: {out!r} already holds a model; allowed: another folder, or --overwrite")
    from octa_svr_dataset.finetuning.model_card import write_model_card
    from octa_svr_dataset.finetuning.record import TrainingRecord
    from octa_svr_dataset.finetuning.saving import put_in_place, require_shard_size, write_unfinished

    require_shard_size(max_shard_size)
    record = TrainingRecord.read(files.adapter)
    with output_folder(out, field="out") as folder:
        vlm = load_merged(model, adapter, files.base, dtype)
        unfinished = write_unfinished(vlm, folder, base=files.base, max_shard_size=max_shard_size)
        for name in KEPT:
            if (files.adapter / name).exists():
                shutil.copyfile(files.adapter / name, unfinished / name)
        if record is not None:
            write_model_card(unfinished, record)
        put_in_place(unfinished, folder, results=KEPT)
    size_mb = sum(file.stat().st_size for file in folder.glob("model*.safetensors")) / 1e6
    print(f"merged model: {folder}, {size_mb:,.1f} MB of weights in {vlm.model.dtype}".replace("torch.", ""))


def load_merged(model: str, adapter: str | None, base: Path | None, dtype: str) -> "Vlm":
    """The model with the adapter's changes in its own weights."""
    import torch  # takes seconds; the checks before do not

    from octa_svr_dataset.vlm import load_vlm

    vlm = load_vlm(model, adapter=adapter, merged=True)
    own = {} if base is None else read_json(base / "config.json", "model")
    name = str(own.get("dtype") or own.get("torch_dtype") or "float32") if dtype == "auto" else dtype
    vlm.model.to(getattr(torch, name))
    for config in (vlm.model.config, vlm.model.config.text_config, vlm.model.config.vision_config):
        config.dtype = vlm.model.dtype  # loading noted the type of the sum in each
    return vlm


if __name__ == "__main__":
    run(app, "training/merge.py")
