import numpy as np
import pytest

from octa_svr_dataset.verification.rows import Row

SIZE_PX = 304
MM_PER_PX = 3.0 / SIZE_PX


def disk(row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((SIZE_PX, SIZE_PX)) + 0.5
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


@pytest.fixture(scope="session")
def picture_row() -> Row:
    """A right eye: a zone at the center, two dark areas (lower right, upper), three dots (left, left, upper right)."""
    rng = np.random.default_rng(0)
    image = 120.0 + 6.0 * rng.standard_normal((SIZE_PX, SIZE_PX))
    layers = {
        name: np.zeros((SIZE_PX, SIZE_PX), np.uint16)
        for name in ("faz", "dropout", "diffuse_loss", "microaneurysms", "irma", "neovascularization")
    }
    layers["faz"][disk(152, 152, 30)] = 1
    layers["dropout"][disk(232, 232, 40)] = 1
    layers["dropout"][disk(60, 152, 20)] = 2
    for number, (row, column) in enumerate(((140, 60), (165, 45), (80, 225)), start=1):
        layers["microaneurysms"][disk(row, column, 3.5)] = number
    image[(layers["faz"] > 0) | (layers["dropout"] > 0)] -= 90.0
    image[layers["microaneurysms"] > 0] += 120.0
    return Row(
        row_id="hand-made",
        image=np.clip(image, 0, 255).astype(np.uint8),
        layers=layers,
        laterality="od",
        field_of_view_mm=3.0,
        projection="full",
        messages=(),
        label="npdr",
        severity=2,
        tasks=(),
        findings={"vessel_shape": {"is_beaded": False}},
    )
