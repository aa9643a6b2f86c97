"""A tiny Qwen2.5-VL in a folder, as its makers' files are laid out: another model than the embedded one."""

from importlib import resources
from pathlib import Path

import torch
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessorPil

from octa_svr_dataset.tiny_vlm import make_tokenizer
from octa_svr_dataset.vlm_processors import Qwen2_5_VLProcessor

SIZES = {"hidden_size": 64, "intermediate_size": 128}
TEXT = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 2048}
ROPE = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]}
VISION = {"depth": 2, "num_heads": 4, "patch_size": 14, "out_hidden_size": 64, "fullatt_block_indexes": [1]}


def save_tiny_qwen2_5(folder: Path) -> None:
    """Write model and processor; weights are those of seed 0."""
    tokenizer = make_tokenizer()
    ids = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{name.replace('image', 'image_pad')}|>")
        for name in ("image", "vision_start", "vision_end")
    }
    config = Qwen2_5_VLConfig(
        text_config=SIZES | TEXT | {"vocab_size": len(tokenizer), "rope_parameters": ROPE},
        vision_config=SIZES | VISION,
        video_token_id=tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        **ids,
    )
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(config)
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    model.generation_config.update(**ends)
    image_processor = Qwen2VLImageProcessorPil(
        patch_size=14, merge_size=2, temporal_patch_size=2, size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
    )
    template = (resources.files("trl") / "chat_templates" / "qwen2_5_vl.jinja").read_text(encoding="utf-8")
    model.save_pretrained(folder)
    Qwen2_5_VLProcessor(image_processor, tokenizer, chat_template=template).save_pretrained(folder)
