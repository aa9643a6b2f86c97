"""TRL's trainer, which also asks a model questions at every evaluation, and measures what it waits for."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from PIL import Image
from transformers import TrainerCallback, TrainerControl, TrainerState
from trl import SFTTrainer

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.evaluation.task_scores import Answered, TaskScores, ask, questions_of_rows, task_scores
from octa_svr_dataset.finetuning.limits import require_metric
from octa_svr_dataset.finetuning.record import TASK_SCORES_NAME
from octa_svr_dataset.vlm import Vlm, generate

ANSWERS_NAME = "task_answers.jsonl"
"""What the model said when it was last asked, at the end the saved one; one line a question."""


class _Stopwatch(TrainerCallback):  # type: ignore[misc]
    """Time that steps take, from asking for their data to their end; evaluations and checkpoints lie outside."""

    def __init__(self) -> None:
        self.tokens = torch.zeros(())
        self.waited_s = self.steps_s = self.started_s = 0.0

    def timed(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The same batches, with the time that they are waited for and their tokens counted."""
        self.started_s = time.perf_counter()
        while True:
            asked_s = time.perf_counter()
            batch = next(batches, None)
            self.waited_s += time.perf_counter() - asked_s
            if batch is None:
                return
            self.tokens = self.tokens.to(batch["attention_mask"].device) + batch["attention_mask"].sum()
            yield batch

    def on_step_end(self, args: Any, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """End of an optimizer's step."""
        del args, state, control
        self.steps_s += time.perf_counter() - self.started_s


class VlmTrainer(SFTTrainer):  # type: ignore[misc]
    """Trains and, at every evaluation, lets the model answer the questions of some unseen rows."""

    def __init__(self, vlm: Vlm, *, scored: Dataset | None, max_new_tokens: int, **keywords: Any) -> None:
        """Train a model with its processor.

        Parameters
        ----------
        vlm
            Model and processor.
        scored
            Rows whose questions are asked, with all columns of the dataset.
        max_new_tokens
            Longest answer.
        keywords
            Of `SFTTrainer`.
        """
        super().__init__(model=vlm.model, processing_class=vlm.processor, **keywords)
        # TRL divides by the answers' tokens of a whole step, all processes and accumulated batches together, but only
        # where the model is said to take their number; else every batch would count alike, however short its answers.
        self.model_accepts_loss_kwargs = True
        self._second_names = frozenset(vlm.model.all_tied_weights_keys)
        self._scored = scored
        if scored is not None:
            require_metric(self.args.metric_for_best_model, figures_of(scored))
        self._max_new_tokens = max_new_tokens
        self._score_lines: dict[int, dict[str, Any]] = {}
        self._asked_step: int | None = None
        self.stopwatch = _Stopwatch()
        self.add_callback(self.stopwatch)

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> Any:
        """Take the batches of one step; none where all steps were made before a run was interrupted."""
        if self.state.global_step >= self.state.max_steps:
            return [], None
        return super().get_batch_samples(self.stopwatch.timed(epoch_iterator), num_batches, device)

    def evaluate(self, *arguments: Any, **keywords: Any) -> dict[str, float]:
        """Measure the loss on the validation rows and score the answers to their questions."""
        metrics = super().evaluate(*arguments, **keywords)
        scores = self.score()
        if scores is not None:
            metrics |= headline(scores)
        return dict(metrics)

    def score(self) -> TaskScores | None:
        """Ask all questions of the scored rows, write the figures to files and to the log; absent where there are none.

        All processes take part, each with its share of the rows, and all return the same.
        """
        if self._scored is None or self._asked_step == self.state.global_step:
            return None
        scores = self._score_at(self._scored, self.state.global_step)
        self.log(headline(scores))
        return scores

    def score_saved(self) -> int:
        """Score the weights that the trainer ends with, unless they were those asked last; the step that they are of.

        With `load_best_model_at_end` they are those of the best evaluation and not of the last step.
        """
        is_best = self.args.load_best_model_at_end and self.state.best_model_checkpoint is not None
        step: int = self.state.best_global_step if is_best else self.state.global_step
        if step == self.state.global_step:
            self.score()
        elif self._scored is not None:  # nothing to log: it was when that step was evaluated
            self._score_at(self._scored, step)
        return step

    def _score_at(self, rows: Dataset, step: int) -> TaskScores:
        """Ask all questions of weights of a step, and write the figures to files."""
        answered = self._ask_all(rows)
        scores = task_scores(answered)
        self._asked_step = step
        self._score_lines[step] = {"step": step} | scores.as_record()
        if self.is_world_process_zero():
            folder = Path(self.args.output_dir)
            lines = self._earlier_lines() | self._score_lines
            write_whole(folder / TASK_SCORES_NAME, _lines([lines[number] for number in sorted(lines)]))
            write_whole(folder / ANSWERS_NAME, _lines([entry.as_record() for entry in answered]))
        return scores

    def _earlier_lines(self) -> dict[int, dict[str, Any]]:
        """Lines of the run that this one goes on with, by step."""
        path = Path(self.args.output_dir) / TASK_SCORES_NAME
        if self.args.resume_from_checkpoint is None or not path.exists():
            return {}
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {line["step"]: line for line in lines}

    def _ask_all(self, rows: Dataset) -> list[Answered]:
        """Answers to all questions, in their order; each process asks as many, as sharded models need it."""
        processes, number = self.accelerator.num_processes, self.accelerator.process_index
        questions = list(questions_of_rows(rows))
        share = -(-len(questions) // processes)
        mine = [(number * share + place) % len(questions) for place in range(share)]
        was_training = self.model.training
        self.model.eval()
        with self.accelerator.autocast():
            answered = ask(
                [questions[place] for place in mine],
                self._generate,
                batch_size=self.args.per_device_eval_batch_size,
            )
        self.model.train(was_training)
        pairs = list(zip(mine, answered, strict=True))
        by_place = dict(gather_object(pairs) if processes > 1 else pairs)
        return [by_place[place] for place in range(len(questions))]

    def _generate(self, images: Sequence[Image.Image], questions: Sequence[str]) -> list[str]:
        vlm = Vlm(model=self.model, processor=self.processing_class)
        return generate(vlm, images, questions, max_new_tokens=self._max_new_tokens)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        """Write the model, with one name a weight and a tokenizer that pads nothing by itself.

        FSDP2 gathers a weight that layers share once for each of them; `save_pretrained` knows shared weights by their
        common storage, which these do not have.
        """
        if state_dict is not None:
            state_dict = {name: state_dict[name] for name in state_dict if name not in self._second_names}
        self.processing_class.tokenizer.backend_tokenizer.no_padding()
        super()._save(output_dir, state_dict)

    def throughput(self) -> dict[str, float]:
        """Tokens a second of all processes together, padding not counted, and share of the time waiting for data."""
        watch = self.stopwatch
        mine = torch.tensor([float(watch.tokens), watch.steps_s, watch.waited_s], device=self.accelerator.device)
        tokens, steps_s, waited_s = self.accelerator.reduce(mine, reduction="sum").tolist()
        if not steps_s:
            return {}
        return {
            "tokens_per_s": tokens / steps_s * self.accelerator.num_processes,
            "waiting_for_data": waited_s / steps_s,
        }


def headline(scores: TaskScores) -> dict[str, float]:
    """Figures for curves; names begin with `eval_` as `metric_for_best_model` wants them."""
    figures = {f"eval_{name}_value": task.value.value for name, task in scores.tasks.items() if " " not in name}
    figures["eval_unparsable"] = scores.unparsable
    for name, accuracy in (("binary", scores.binary), ("three_class", scores.three_class)):
        if accuracy.value is not None:
            figures[f"eval_{name}_balanced_accuracy"] = accuracy.value
    return figures


def figures_of(scored: Dataset) -> list[str]:
    """Names of the figures that the questions of some rows give, whatever is answered."""
    unanswered = ask(questions_of_rows(scored), lambda _, questions: [""] * len(questions), batch_size=1)
    return list(headline(task_scores(unanswered)))


def _lines(records: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)
