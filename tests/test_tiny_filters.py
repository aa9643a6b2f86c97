import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from octa_svr_dataset.tiny_filters import num_features
from octa_svr_dataset.vlm import Vlm, load_vlm

SIZE_PX = 192
DOT_COUNT, GAP_COUNT = (205, 206), (207, 208)
"""Features that count dots and gaps."""


@pytest.fixture(scope="module")
def tiny() -> Vlm:
    torch.set_num_threads(1)
    return load_vlm("tiny", seed=3)


def mesh(seed: int) -> Image.Image:
    """Noise with bright lines that do not cross: no dot, no gap."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.normal(70, 12, (SIZE_PX, SIZE_PX)).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    slope = rng.uniform(-SIZE_PX, SIZE_PX)
    for start in range(-SIZE_PX, 2 * SIZE_PX, 40):
        draw.line([0, start, SIZE_PX, start + slope], fill=200, width=4)
    return picture


def with_dots(picture: Image.Image) -> Image.Image:
    changed = picture.copy()
    draw = ImageDraw.Draw(changed)
    for x, y in ((37, 55), (90, 120), (150, 30), (66, 170)):
        draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=230)
    return changed


def with_gap(picture: Image.Image) -> Image.Image:
    changed = picture.copy()
    ImageDraw.Draw(changed).ellipse([50, 60, 110, 130], fill=12)
    return changed


@torch.inference_mode()
def features(vlm: Vlm, picture: Image.Image) -> torch.Tensor:
    """(N, F). What the last block of the eye gives of each patch."""
    seen: list[torch.Tensor] = []
    hook = vlm.model.model.visual.blocks[-1].register_forward_hook(lambda *call: seen.append(call[2]))
    inputs = vlm.processor(images=[[picture]], text=["<|image_pad|>"], return_tensors="pt")
    vlm.model.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"])
    hook.remove()
    return seen[0]


def count(vlm: Vlm, picture: Image.Image, which: tuple[int, int]) -> float:
    return float(features(vlm, picture)[:, list(which)].sum())


def test_the_eye_has_room_for_its_filters(tiny: Vlm) -> None:
    vision = tiny.model.config.vision_config
    assert num_features(vision.patch_size) <= vision.hidden_size
    assert num_features(vision.patch_size) - 6 == DOT_COUNT[0]


@pytest.mark.parametrize("seed", range(4))
def test_dots_are_told_from_lines_and_gaps_before_any_training(tiny: Vlm, seed: int) -> None:
    plain = mesh(seed)
    dots, gap = with_dots(plain), with_gap(plain)
    by_dots = count(tiny, dots, DOT_COUNT) - count(tiny, plain, DOT_COUNT)
    assert by_dots > max(count(tiny, plain, DOT_COUNT), 1.0)
    assert count(tiny, gap, DOT_COUNT) - count(tiny, plain, DOT_COUNT) < by_dots
    assert count(tiny, gap, GAP_COUNT) > 2 * max(count(tiny, plain, GAP_COUNT), 1.0)


def test_a_dot_counts_wherever_it_lies_in_a_patch(tiny: Vlm) -> None:
    counts = []
    for offset in range(16):
        picture = Image.new("L", (SIZE_PX, SIZE_PX), 70)
        x, y = 80 + offset, 96 + (7 * offset) % 16
        ImageDraw.Draw(picture).ellipse([x - 3, y - 3, x + 3, y + 3], fill=230)
        counts.append(count(tiny, picture, DOT_COUNT))
    assert np.median(counts) > 1.0
    assert np.mean(np.array(counts) > 0.3 * np.median(counts)) > 0.8, "dots on the border of two patches are seen less"
