"""How textures of healthy eyes respond to the tiny model's filters: writes tiny_filters.yaml.

    python benchmarks/tiny_filters.py [--num 400] [--out octa_svr_dataset/tiny_filters.yaml]

The eyes are the healthy twins of the preset dr_staging, of the split "validation", seed 0.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import track

from octa_svr_dataset.example import make_example
from octa_svr_dataset.tiny_filters import FILE, Layout, Textures, begin_with_filters, usual_textures
from octa_svr_dataset.vlm import Vlm, limit_threads, load_vlm

OUT = Path(__file__).parents[1] / "octa_svr_dataset" / FILE

QUANTILES = {
    "smaller": (0.2, 0.6, 0.98, 0.995, 0.999, 0.9997),
    "larger": (0.2, 0.4, 0.6, 0.8, 0.95, 0.99),
    "brightness": (0.01, 0.05, 0.25, 0.5, 0.75, 0.95),
}
"""Where the edges of classes lie among the responses, by the first word of their kind."""

BATCH_SIZE = 10

HEAD = """\
# Classes of the responses to the filters of the tiny model's eye, and their counts in pictures of {num} healthy eyes.
# Made by: python benchmarks/tiny_filters.py --num {num}
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=400, help="eyes")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    pictures = [healthy_picture(index) for index in track(range(options.num), "eyes")]
    vlm = load_vlm("tiny")
    limit_threads(vlm.model)
    edges = measured_edges(vlm, pictures)
    counts = averaged_counts(vlm, pictures, Textures.neutral(edges))
    spread = counts.std(axis=0)
    write(
        options.out,
        options.num,
        Textures(edges=edges, mean=counts.mean(axis=0), spread=spread, correlation=np.corrcoef(counts.T)),
    )


def healthy_picture(index: int) -> Image.Image:
    """A picture of a healthy eye."""
    example = make_example("dr_staging", split="validation", index=index, lesions=False)
    return Image.fromarray(example.rendering.image)


def measured_edges(vlm: Vlm, pictures: Sequence[Image.Image]) -> dict[str, np.ndarray]:
    """(E,) By kind of response, the lower edges of classes."""
    layout = Layout.of(vlm.model.config.vision_config.patch_size, len(usual_textures().mean))
    features = seen(vlm, pictures, block=0)
    return {
        kind: np.quantile(
            sum(factor * features[..., places] for places, factor in parts), QUANTILES[kind.split()[0]]
        ).round(2)
        for kind, parts in layout.responses().items()
    }


def averaged_counts(vlm: Vlm, pictures: Sequence[Image.Image], textures: Textures) -> np.ndarray:
    """(N, K) Counts of each picture."""
    begin_with_filters(vlm.model.model.visual, textures)
    layout = Layout.of(vlm.model.config.vision_config.patch_size, len(textures.mean))
    return np.asarray(seen(vlm, pictures, block=1)[..., layout.counts].mean(axis=1), dtype=np.float64)


@torch.inference_mode()
def seen(vlm: Vlm, pictures: Sequence[Image.Image], *, block: int) -> np.ndarray:
    """(N, P, F) What a block of the eye gives of each patch of each picture."""
    outputs: list[torch.Tensor] = []
    visual = vlm.model.model.visual
    hook = visual.blocks[block].register_forward_hook(lambda *call: outputs.append(call[2]))
    for start in range(0, len(pictures), BATCH_SIZE):
        batch = [[picture] for picture in pictures[start : start + BATCH_SIZE]]
        inputs = vlm.processor(images=batch, text=["<|image_pad|>"] * len(batch), return_tensors="pt")
        visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"])
    hook.remove()
    features = torch.cat(outputs)
    return features.reshape(len(pictures), -1, features.shape[-1]).numpy()


def write(path: Path, num: int, textures: Textures) -> None:
    """Write all numbers, four digits each."""
    lines = ["edges:"]
    lines += [f"  {kind}: [{', '.join(f'{edge:g}' for edge in edges)}]" for kind, edges in textures.edges.items()]
    for name in ("mean", "spread"):
        lines.append(f"{name}: [{', '.join(f'{value:.4g}' for value in getattr(textures, name))}]")
    lines.append("correlation:")
    lines += [f"  - [{', '.join(f'{value:.4f}' for value in row)}]" for row in textures.correlation]
    path.write_text(HEAD.format(num=num) + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
