import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage

from octa_svr_dataset.example import make_example
from octa_svr_dataset.tiny_filters import (
    CURVATURE_GAIN,
    CURVATURES,
    LEAST_VARIANCE,
    STEADY,
    Layout,
    Textures,
    begin_with_filters,
    usual_textures,
)
from octa_svr_dataset.vlm import Vlm, load_vlm

SIZE_PX = 192
DOTS, LINES, DARK = "smaller curvature at 2 px", "larger curvature at 2 px", "brightness at 50 px"


@pytest.fixture(scope="module")
def tiny() -> Vlm:
    torch.set_num_threads(1)
    return load_vlm("tiny", seed=3)


@pytest.fixture(scope="module")
def layout(tiny: Vlm) -> Layout:
    return Layout.of(tiny.model.config.vision_config.patch_size, len(usual_textures().mean))


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
def features(vlm: Vlm, picture: Image.Image, block: int = -1) -> torch.Tensor:
    """(P, F). What a block of the eye gives of each patch."""
    seen: list[torch.Tensor] = []
    hook = vlm.model.model.visual.blocks[block].register_forward_hook(lambda *call: seen.append(call[2]))
    inputs = vlm.processor(images=[[picture]], text=["<|image_pad|>"], return_tensors="pt")
    vlm.model.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"])
    hook.remove()
    return seen[0]


def above_last_edge(vlm: Vlm, picture: Image.Image, layout: Layout, kind: str) -> float:
    """The count of the last class of a kind, averaged over the picture."""
    edges = usual_textures().edges
    last = np.cumsum([len(of_kind) for of_kind in edges.values()])[list(edges).index(kind)] - 1
    return float(features(vlm, picture)[:, layout.counts[last]].mean())


def test_the_eye_has_room_for_its_filters(tiny: Vlm, layout: Layout) -> None:
    vision, textures = tiny.model.config.vision_config, usual_textures()
    assert int(layout.steady[-1]) < vision.hidden_size
    assert len(layout.pooled) == len(layout.counts) == len(textures.mean)
    units = sum(len(parts[0][0]) * len(textures.edges[kind]) for kind, parts in layout.responses().items())
    assert max(units, 4 * sum(map(len, layout.trace))) <= vision.intermediate_size


def test_no_two_filters_share_a_feature(layout: Layout) -> None:
    parts = (*layout.trace, *layout.axes, *layout.averages, layout.counts, layout.pooled, layout.steady)
    every = torch.cat(parts).tolist()
    assert len(set(every)) == len(every)


def test_the_table_has_the_kinds_of_the_filters_and_rising_edges(layout: Layout) -> None:
    textures = usual_textures()
    assert list(textures.edges) == list(layout.responses())
    assert all((np.diff(edges) > 0).all() for edges in textures.edges.values())
    assert (textures.spread > 0).all()
    assert textures.correlation.shape == (len(textures.mean), len(textures.mean))


@pytest.mark.parametrize("seed", range(4))
def test_dots_are_told_from_lines_and_gaps_before_any_training(tiny: Vlm, layout: Layout, seed: int) -> None:
    plain = mesh(seed)
    dots, gap = with_dots(plain), with_gap(plain)
    of_plain, of_dots, of_gap = (above_last_edge(tiny, picture, layout, DOTS) for picture in (plain, dots, gap))
    assert of_dots - of_plain > 1.0
    assert of_gap - of_plain < 0.5 * (of_dots - of_plain)
    flat = Image.new("L", (SIZE_PX, SIZE_PX), 70)
    by_lines = above_last_edge(tiny, plain, layout, LINES) - above_last_edge(tiny, flat, layout, LINES)
    by_dots = above_last_edge(tiny, dots, layout, LINES) - above_last_edge(tiny, plain, layout, LINES)
    assert by_lines > 5 * abs(by_dots)
    assert above_last_edge(tiny, gap, layout, DARK) > above_last_edge(tiny, plain, layout, DARK), "the rest is brighter"


def test_a_dot_counts_wherever_it_lies_in_a_patch(tiny: Vlm, layout: Layout) -> None:
    empty = above_last_edge(tiny, Image.new("L", (SIZE_PX, SIZE_PX), 70), layout, DOTS)
    counts = []
    for offset in range(16):
        picture = Image.new("L", (SIZE_PX, SIZE_PX), 70)
        x, y = 80 + offset, 96 + (7 * offset) % 16
        ImageDraw.Draw(picture).ellipse([x - 3, y - 3, x + 3, y + 3], fill=230)
        counts.append(above_last_edge(tiny, picture, layout, DOTS) - empty)
    assert np.median(counts) > 0.3
    assert np.mean(np.array(counts) > 0.3 * np.median(counts)) > 0.8, "dots on the border of two patches are seen less"


def test_curvatures_are_those_of_the_picture_where_its_borders_are_far(tiny: Vlm, layout: Layout) -> None:
    """In the middle of patches, against derivatives of Gaussians over the whole picture."""
    picture = mesh(7)
    sigma_px, spacing_px = CURVATURES[0]
    inputs = tiny.processor(images=[[picture]], text=["<|image_pad|>"], return_tensors="pt")
    patch_px = tiny.model.config.vision_config.patch_size
    pixels = inputs["pixel_values"].reshape(-1, 3, patch_px, patch_px)[:, 0].numpy().astype(np.float64)
    seen = features(tiny, picture, block=0).numpy()
    side = (patch_px - 1) // spacing_px
    middle = side * (side // 2) + side // 2
    around_px = 8
    center = [[around_px + (patch_px - 1) / 2]] * 2
    smaller, larger = [], []
    for patch in pixels:
        padded = np.pad(patch, around_px, mode="constant", constant_values=patch.mean())
        xx, yy, xy = (
            CURVATURE_GAIN
            * sigma_px**2
            * float(ndimage.map_coordinates(ndimage.gaussian_filter(padded, sigma_px, order=order), center)[0])
            for order in ((0, 2), (2, 0), (1, 1))
        )
        difference = abs(xx - yy) / 2 + abs(xy)
        smaller.append(-(xx + yy) / 2 - difference)
        larger.append(-(xx + yy) / 2 + difference)
    trace, axes = seen[:, layout.trace[0][middle]], seen[:, layout.axes[0][middle]]
    assert np.corrcoef(trace, smaller)[0, 1] > 0.98
    assert np.corrcoef(trace + 2 * axes, larger)[0, 1] > 0.98
    assert abs(seen[:, layout.mixed[0].tolist()]).max() < 0.15, "room for the counts"


def test_counts_are_shares_of_responses_above_an_edge() -> None:
    vlm = load_vlm("tiny", seed=0)
    edges = {kind: np.array([-0.5, 0.0, 0.5]) for kind in usual_textures().edges}
    begin_with_filters(vlm.model.model.visual, Textures.neutral(edges))
    layout = Layout.of(vlm.model.config.vision_config.patch_size, 3 * len(edges))
    picture = mesh(1)
    visual = vlm.model.model.visual
    with torch.inference_mode():  # as the second block sees them
        responses = visual.blocks[1].norm2(features(vlm, picture, block=0))
    responses = responses * (2 / visual.config.hidden_size) ** 0.5 * STEADY
    counts = features(vlm, picture, block=1)[:, layout.counts].mean(dim=0)
    expected = []
    for parts in layout.responses().values():
        response = sum(factor * responses[:, places] for places, factor in parts)
        ramps = [torch.clamp((response - edge) / 0.5, 0, 1).mean() for edge in (-0.5, 0.0)]
        expected += [*ramps, torch.relu(response - 0.5).mean()]
    assert torch.allclose(counts, torch.tensor(expected), atol=0.01)


def test_every_patch_gets_the_average_of_all(tiny: Vlm, layout: Layout) -> None:
    seen = features(tiny, with_dots(mesh(2)))
    decorrelation = torch.from_numpy(usual_textures().decorrelation()).float()
    expected = decorrelation @ seen[:, layout.counts].mean(dim=0)
    pooled = seen[:, layout.pooled]
    assert float((pooled - expected).norm(dim=1).max()) < 0.06 * float(expected.norm())


def test_decorrelation_leaves_no_correlation() -> None:
    textures = usual_textures()
    made = textures.decorrelation() @ textures.correlation @ textures.decorrelation()
    variances = np.linalg.eigvalsh(textures.correlation)
    assert np.allclose(np.sort(np.linalg.eigvalsh(made)), np.sort(variances / (variances + LEAST_VARIANCE)), atol=1e-3)


def test_counts_of_healthy_eyes_are_standardized(tiny: Vlm, layout: Layout) -> None:
    pictures = [make_example("dr_staging", seed=1, index=index, lesions=False).rendering.image for index in range(8)]
    pooled = torch.stack([features(tiny, Image.fromarray(image))[:, layout.pooled].mean(dim=0) for image in pictures])
    assert float(pooled.mean(dim=0).abs().max()) < 1.5
    assert 0.3 < float(pooled.std(dim=0).mean()) < 1.2
