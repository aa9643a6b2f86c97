"""How likely a model finds each of a few answers: their probability, read off instead of sampled.

It has no sampling noise and no grammar between model and number, so it ranks pictures (AUC) and can be calibrated.
"""

from collections.abc import Sequence

import torch
from PIL import Image

from octa_svr_dataset.vlm import Vlm, prompt_inputs


@torch.inference_mode()
def answer_log_probabilities(
    vlm: Vlm, images: Sequence[Image.Image], question: str, answers: Sequence[str], begun: Sequence[str] = ()
) -> list[tuple[float, ...]]:
    """Log-probability that a model's reply to a question about a picture begins, or goes on, with each of some answers.

    Each answer is given to the model, token by token, and what it finds likely of each is summed. The sum is not
    divided by the number of tokens: of answers none of which begins with another it is the log of a probability, and
    those of all together are at most 1. Divided, "NPDR" would gain from its second token, which the first makes
    certain.

    Parameters
    ----------
    vlm
        Model and processor.
    images
        N pictures.
    question
        What is asked of each.
    answers
        A texts, none of which begins with another.
    begun
        (N,) How each reply has begun already, as with a model's own reasons; nothing of any where empty.

    Returns
    -------
    list of N tuples of A floats
        Natural logarithms.
    """
    tokens = [vlm.processor.tokenizer(answer, add_special_tokens=False)["input_ids"] for answer in answers]
    longest = max(map(len, tokens))
    padding = vlm.processor.tokenizer.pad_token_id
    appended = torch.tensor([ids + [padding] * (longest - len(ids)) for ids in tokens] * len(images))
    is_said = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in tokens] * len(images))
    starts = [start for start in begun for _ in answers]
    inputs = prompt_inputs(vlm, [image for image in images for _ in answers], question, starts)
    inputs["input_ids"] = torch.cat([inputs["input_ids"], appended.to(vlm.model.device)], dim=1)
    inputs["attention_mask"] = torch.cat([inputs["attention_mask"], is_said.to(vlm.model.device)], dim=1)
    if "mm_token_type_ids" in inputs:
        types = inputs["mm_token_type_ids"]
        inputs["mm_token_type_ids"] = torch.cat([types, torch.zeros_like(appended, dtype=types.dtype).to(types)], dim=1)
    logits = vlm.model(**inputs, logits_to_keep=longest + 1).logits[:, :-1].float()
    of_tokens = torch.log_softmax(logits, dim=-1).gather(-1, appended.to(logits.device)[..., None])[..., 0]
    sums = (of_tokens * is_said.to(logits.device)).sum(dim=-1, dtype=torch.float64)
    return [tuple(row) for row in sums.reshape(len(images), len(answers)).tolist()]


def continued_log_probabilities(
    vlm: Vlm, images: Sequence[Image.Image], question: str, answers: Sequence[str], begun: Sequence[str | None]
) -> list[tuple[float, ...] | None]:
    """The same of replies that have begun; absent for those that are absent from (N,) `begun`."""
    known = [(image, start) for image, start in zip(images, begun, strict=True) if start is not None]
    if not known:
        return [None] * len(images)
    some, starts = zip(*known, strict=True)
    found = iter(answer_log_probabilities(vlm, some, question, answers, starts))
    return [None if start is None else next(found) for start in begun]
