"""Processors of vision-language models: pictures and words in, patches and tokens out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import transformers
from PIL import Image

from octa_svr_dataset.brightness import equalized


class Qwen3VLProcessor(transformers.Qwen3VLProcessor):  # type: ignore[misc]
    """The processor of Qwen3-VL without its video part, which cannot be made where torchvision is missing.

    Named as its base so that what it saves names the published class. With `mean_gray`, which is saved too, every
    picture is given that mean brightness before the model sees it (`brightness.equalized`).
    """

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        chat_template: str | None = None,
        mean_gray: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template, **kwargs)
        self.mean_gray = mean_gray

    def __call__(self, images: Any = None, text: Any = None, **kwargs: Any) -> Any:
        """Tokens and patches, as the base gives them."""
        if self.mean_gray is not None and images is not None:
            images = [[equalized(picture, self.mean_gray) for picture in of_text] for of_text in images]
        return super().__call__(images=images, text=text, **kwargs)


class Qwen2_5_VLProcessor(transformers.Qwen2_5_VLProcessor):  # type: ignore[misc]  # noqa: N801
    """The processor of Qwen2.5-VL, likewise without its video part and named as its base."""

    def __init__(
        self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template, **kwargs)


Processor = Qwen3VLProcessor | Qwen2_5_VLProcessor


def read_processor(folder: Path, kind: str) -> Processor:
    """The processor in the folder of a model of a kind, as its `config.json` names that."""
    maker = Qwen2_5_VLProcessor if kind == "qwen2_5_vl" else Qwen3VLProcessor
    processor: Processor = maker.from_pretrained(folder, backend="pil")
    # The backend of the pictures has gone to the tokenizer too, which would then not pass for a fast one.
    processor.tokenizer.backend = processor.tokenizer.init_kwargs["backend"] = "tokenizers"
    if processor.chat_template is None:
        processor.chat_template = processor.tokenizer.chat_template
    return processor


def token_count(processor: Processor, image: Image.Image, messages: Sequence[dict[str, str]]) -> int:
    """Length of a training row in tokens, those of its picture included, without reading its pixels."""
    text = processor.apply_chat_template(list(messages), tokenize=False)
    merged = int(processor.image_processor.merge_size) ** 2
    patches = int(processor.image_processor.get_number_of_image_patches(image.height, image.width))
    around_image = 2  # vision_start and vision_end
    words = len(processor.tokenizer(text)["input_ids"])
    return words + patches // merged + around_image
