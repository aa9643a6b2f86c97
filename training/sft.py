"""Fine-tune a vision-language model on synthesized pictures and their texts (TRL's SFTTrainer).

    python training/sft.py --config training/configs/tiny_cpu.yaml
    python training/sft.py --config training/configs/tiny_cpu.yaml --learning_rate 1e-3 --num_train 64
    accelerate launch --config_file training/accelerate/fsdp2.yaml training/sft.py --config CONFIG

The settings of a run are those of `DataArguments`, `ModelArguments` and `TrainingArguments` in
`octa_svr_dataset.finetuning.arguments`, with all of TRL's `SFTConfig`; a YAML file holds them by name, and the command
line goes before it. `docs/training.md` says the rest. The output folder gets the model with its processor, or its
adapters, `training_settings.json`, `loss_curve.json` with a picture, `task_scores.jsonl` and `task_answers.jsonl`.
"""

import os
import re
import shutil
import sys
import time
from pathlib import Path

from datasets import Dataset
from trl import get_quantization_config
from trl.chat_template_utils import get_training_chat_template

from octa_svr_dataset.command import exit_on_input_error, output_folder
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.finetuning.adapting import adapter_settings, counts, widen
from octa_svr_dataset.finetuning.arguments import DTYPES, DataArguments, ModelArguments, TrainingArguments
from octa_svr_dataset.finetuning.curves import LOSS_CURVE_NAME, PICTURE_NAME, write_curves
from octa_svr_dataset.finetuning.lengths import LengthCheck, require_lengths
from octa_svr_dataset.finetuning.record import TASK_SCORES_NAME
from octa_svr_dataset.finetuning.resuming import find_start, holds_model, run_settings, write_settings
from octa_svr_dataset.finetuning.rows import make_table
from octa_svr_dataset.finetuning.saving import UNFINISHED, disk_errors, finish_folder, put_in_place, remove_model
from octa_svr_dataset.finetuning.scratch import make_from_scratch, parse_scratch
from octa_svr_dataset.finetuning.settings import read_settings
from octa_svr_dataset.finetuning.sources import Rows, open_sources, open_validation
from octa_svr_dataset.finetuning.summary import record_of, report
from octa_svr_dataset.finetuning.trainer import ANSWERS_NAME, VlmTrainer
from octa_svr_dataset.vlm import Vlm, freeze, limit_threads, load_vlm


def main() -> None:
    """Read the settings, open or synthesize the rows, train, save."""
    started = time.monotonic()
    data, model, training = read_settings(sys.argv[1:])
    settings = run_settings(data, model, training, num_processes=training.world_size)
    start = find_start(Path(training.output_dir), training, settings)
    if training.resume_from_checkpoint and holds_model(Path(training.output_dir)):
        shutil.rmtree(
            Path(training.output_dir) / UNFINISHED, ignore_errors=True
        )  # empty: killed as the model was there
        print(f"nothing to do: {training.output_dir!r} holds the model of a completed run with these settings")
        return
    training.resume_from_checkpoint = start
    with output_folder(training.output_dir, field="output_dir") as folder:
        with training.main_process_first(desc="synthesis"):
            sources = open_sources(data.sources, streaming=data.streaming, num_proc=data.num_proc)
            validation = None
            if data.num_validation:
                validation = open_validation(data.validation, data.num_validation, num_proc=data.num_proc)
        vlm = load_trainable(model, seed=training.seed)
        require_template(vlm, training)
        trainer = make_trainer(vlm, data, model, training, sources, validation)
        if trainer.is_world_process_zero():
            if start is None:
                remove_results(folder)
            write_settings(folder, settings)
            show_parts(trainer)
        with disk_errors():
            trainer.train(resume_from_checkpoint=start)
        step = trainer.score_saved()
        throughput = trainer.throughput()
        unfinished = save_unfinished(trainer, folder)
        if trainer.is_world_process_zero():
            record = record_of(data, model, training, trainer, step)
            finish_folder(unfinished, record, base=model.model_name_or_path, seed=training.seed)
            curves = write_curves(record.log, folder)
            put_in_place(unfinished, folder)
            report(record, throughput, time.monotonic() - started)
            print(f"model: {folder}", *curves, sep="\n")


def load_trainable(arguments: ModelArguments, *, seed: int) -> Vlm:
    """The model; with adapters to come, all of it stays as it is, else the parts that are to."""
    if arguments.scratch is not None:
        vlm = make_from_scratch(parse_scratch(arguments.scratch), seed=seed)
    else:
        vlm = load_model(arguments, seed=seed)
    if not arguments.use_peft:
        freeze(
            vlm.model,
            vision_tower=arguments.freeze_vision_tower,
            projector=arguments.freeze_multi_modal_projector,
            language_model=arguments.freeze_language_model,
        )
        widen(vlm.model)
    limit_threads(vlm.model)
    return vlm


def load_model(arguments: ModelArguments, *, seed: int) -> Vlm:
    """The model as it is in its files."""
    options = {"attn_implementation": arguments.attn_implementation}
    options["quantization_config"] = get_quantization_config(arguments)
    return load_vlm(
        arguments.model_name_or_path,
        seed=seed,
        dtype=DTYPES[arguments.dtype],
        max_pixels=arguments.max_pixels,
        field="model_name_or_path",
        **{name: value for name, value in options.items() if value is not None},
    )


def require_template(vlm: Vlm, training: TrainingArguments) -> None:
    """Refuse a chat template in which the answers cannot be told from the rest, before rows are looked at."""
    if not training.assistant_only_loss:
        return
    try:
        get_training_chat_template(vlm.processor)
    except ValueError:
        raise InputError(
            "assistant_only_loss: the model's chat template does not mark answers, and TRL knows no version of it that "
            "does; allowed: a chat_template_path with {% generation %}, or assistant_only_loss: false"
        ) from None


def make_trainer(
    vlm: Vlm,
    data: DataArguments,
    model: ModelArguments,
    training: TrainingArguments,
    sources: list[Rows],
    validation: Dataset | None,
) -> VlmTrainer:
    """The trainer, with rows none of which would be cut."""
    check = (
        None if training.max_length is None else LengthCheck(processor=vlm.processor, max_length=training.max_length)
    )
    weights = [source.weight for source in data.sources]
    as_it_comes = check if data.streaming else None
    train = make_table(sources, weights, seed=data.dataset_seed, check=as_it_comes)
    require_lengths([] if data.streaming else train, check)
    unseen = None if validation is None else make_table([validation], [1.0], seed=data.dataset_seed)
    require_lengths(unseen or [], check)
    try:
        return VlmTrainer(
            vlm,
            scored=validation.select(range(data.num_scored)) if data.num_scored else None,
            max_new_tokens=data.max_new_tokens,
            args=training,
            train_dataset=train,
            eval_dataset=unseen,
            peft_config=adapter_settings(vlm.model, model),
        )
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"settings: {error}") from None


def show_parts(trainer: VlmTrainer) -> None:
    """Print how much of the model trains."""
    numbers = counts(trainer.model)
    total = sum(weight.numel() for weight in trainer.model.parameters())
    parts = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in numbers.items())
    print(f"weights that train: {sum(numbers.values()):,} of {total:,} ({parts})")


def remove_results(folder: Path) -> None:
    """Make a folder hold no model, checkpoint or curve, so that an earlier run's are not taken for this one's."""
    remove_model(folder)
    for name in (LOSS_CURVE_NAME, PICTURE_NAME, TASK_SCORES_NAME, ANSWERS_NAME):
        (folder / name).unlink(missing_ok=True)
    for checkpoint in folder.glob("checkpoint-*"):
        if re.fullmatch(r"checkpoint-\d+", checkpoint.name):
            shutil.rmtree(checkpoint)


def save_unfinished(trainer: VlmTrainer, folder: Path) -> Path:
    """Write the model with its processor and scores to a folder within another one, where nobody takes it for whole."""
    unfinished = folder / UNFINISHED
    if trainer.is_world_process_zero():
        shutil.rmtree(unfinished, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    with disk_errors():
        trainer.save_model(str(unfinished))
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero() and (folder / TASK_SCORES_NAME).exists():
        shutil.copy(folder / TASK_SCORES_NAME, unfinished)
    return unfinished


if __name__ == "__main__":
    with exit_on_input_error():
        try:
            main()
        except InputError as error:
            text = str(error)
            if "InputError: " not in text and int(os.environ.get("RANK", "0")) > 0:
                time.sleep(5)  # the first process refuses the same in a line; the launcher ends all when one ends
                sys.exit(2)
            # one that a data loader's worker met comes with its traceback as text, to one process alone
            raise InputError(text.rsplit("InputError: ", 1)[-1]) from None
