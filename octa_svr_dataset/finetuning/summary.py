"""What a finished run tells: the record for its model's card, and the lines that it prints."""

from collections import Counter
from dataclasses import fields
from enum import Enum
from pathlib import Path

from octa_svr_dataset.finetuning.arguments import DataArguments, ModelArguments, TrainingArguments
from octa_svr_dataset.finetuning.record import FROM_SCRATCH, TrainedOn, TrainingRecord
from octa_svr_dataset.finetuning.trainer import VlmTrainer

SHOWN_SETTINGS = (
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "optim", "weight_decay", "max_grad_norm"),
    *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "world_size"),
    *("bf16", "fp16", "assistant_only_loss", "max_length", "seed"),
)
"""Settings of TRL's `SFTConfig` that a card tells."""


def record_of(
    data: DataArguments,
    model: ModelArguments,
    training: TrainingArguments,
    trainer: VlmTrainer,
    step: int,
) -> TrainingRecord:
    """What the model's card tells of the run, whose weights are those of a step."""
    parts = []
    taken = Counter(trainer.train_dataset.with_format(None)["source"])
    for number, source in enumerate(data.sources):
        num_rows, weight = taken[number], source.weight
        if source.is_preset:
            part = TrainedOn.of_preset(
                source.source, source.resolve(), seed=source.seed, num_rows=num_rows, weight=weight
            )
        elif Path(source.source).is_dir():
            part = TrainedOn.of_folder(
                Path(source.source), config_name=source.dataset_config, num_rows=num_rows, weight=weight
            )
        else:
            part = TrainedOn(source=source.source, num_rows=num_rows, weight=weight)
        parts.append(part)
    return TrainingRecord(
        base=model.model_name_or_path if model.scratch is None else FROM_SCRATCH,
        data=tuple(parts),
        settings={name: _shown(getattr(training, name)) for name in SHOWN_SETTINGS} | shown_of_model(model),
        log=[entry for entry in trainer.state.log_history if "train_loss" not in entry],  # of a part, if resumed
        step=step,
        validation={"preset": data.validation.source, "num_rows": data.num_scored} if data.num_scored else {},
    )


def shown_of_model(model: ModelArguments) -> dict[str, str]:
    """What was trained of the model, in which form; settings of adapters only where there are some."""
    names = [entry.name for entry in fields(model) if entry.name.startswith(("freeze_", "lora_", "load_in_"))]
    of_adapters = ("lora_", "load_in_")
    shown = [name for name in names if model.use_peft or not name.startswith(of_adapters)]
    return {name: _shown(getattr(model, name)) for name in ("dtype", "max_pixels", "use_peft", *shown)}


def _shown(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def report(record: TrainingRecord, throughput: dict[str, float], duration_s: float) -> None:
    """Print where the loss began and ended, how fast it went, and what the saved weights score."""
    losses = [entry["loss"] for entry in record.log if "loss" in entry]
    if losses:
        print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} in {duration_s:.0f} s, synthesis included")
    if throughput:
        print(
            f"{throughput['tokens_per_s']:,.0f} tokens/s, {throughput['waiting_for_data']:.1%} of the time of the "
            "steps waiting for data"
        )
    of_saved = [entry for entry in record.log if entry["step"] == record.step]
    scores = {name: entry[name] for entry in of_saved for name in entry if name.endswith("balanced_accuracy")}
    for name, value in scores.items():
        print(f"{name.removeprefix('eval_').replace('_', ' ')} of unseen pictures: {value:.3f}")
