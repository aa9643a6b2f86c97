"""A closed outline around a center, one radius a ray; and the circle through a part of it."""

import math
from dataclasses import dataclass

import numpy as np
from skimage.draw import polygon

NUM_RAYS = 96

RAY_COS = np.array([math.cos(2 * math.pi * ray / NUM_RAYS) for ray in range(NUM_RAYS)])
RAY_SIN = np.array([math.sin(2 * math.pi * ray / NUM_RAYS) for ray in range(NUM_RAYS)])
"""(A,) float64 each. Directions of the rays; from `math`, as NumPy's depend on the processor in the last bit."""

_NEXT = (np.arange(NUM_RAYS) + 1) % NUM_RAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A star-shaped outline, in px."""

    center_px: tuple[float, float]
    """(row, column) from which the rays start."""

    radius_px: np.ndarray
    """(A,) float64. Distance of the outline along each ray."""

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """(A,) rows and (A,) columns of the outline."""
        return self.center_px[0] + RAY_SIN * self.radius_px, self.center_px[1] + RAY_COS * self.radius_px

    def area_px(self) -> float:
        """Area of the polygon (shoelace formula)."""
        return float(self._cross().sum()) / 2

    def perimeter_px(self) -> float:
        """Length of the polygon."""
        row, column = self.points()
        return float(np.sqrt((row[_NEXT] - row) ** 2 + (column[_NEXT] - column) ** 2).sum())

    def centroid_px(self) -> tuple[float, float]:
        """Centroid (row, column) of the polygon."""
        cross, (row, column) = self._cross(), self.points()
        weight = 3 * float(cross.sum())
        return (
            float(((row + row[_NEXT]) * cross).sum()) / weight,
            float(((column + column[_NEXT]) * cross).sum()) / weight,
        )

    def mask(self, size_px: int) -> np.ndarray:
        """(S, S) bool. Pixels whose centers lie within the outline; pixel (0, 0) has its center at 0.5."""
        row, column = self.points()
        mask = np.zeros((size_px, size_px), bool)
        mask[polygon(row - 0.5, column - 0.5, shape=mask.shape)] = True
        return mask

    def scaled(self, factor: float) -> "Outline":
        """The outline in px of another sampling."""
        return Outline(
            center_px=(self.center_px[0] * factor, self.center_px[1] * factor), radius_px=self.radius_px * factor
        )

    def _cross(self) -> np.ndarray:
        row, column = self.points()
        return np.asarray(column * row[_NEXT] - column[_NEXT] * row)


def circle_through(row: np.ndarray, column: np.ndarray) -> tuple[float, float, float]:
    """Circle with the least algebraic distance from points (Kasa, IEEE Trans. Instrum. Meas. 25, 1976).

    Parameters
    ----------
    row, column
        (P,) coordinates of at least three points px; points on a straight line give a very large circle.

    Returns
    -------
    (row, column, radius)
        px.
    """
    mean_row, mean_column = float(row.mean()), float(column.mean())
    u, v = column - mean_column, row - mean_row
    uu, vv, uv = float((u * u).sum()), float((v * v).sum()), float((u * v).sum())
    square = u * u + v * v
    at_u, at_v = float((u * square).sum()) / 2, float((v * square).sum()) / 2
    determinant = max(uu * vv - uv * uv, 1e-9)
    center_u, center_v = (at_u * vv - at_v * uv) / determinant, (at_v * uu - at_u * uv) / determinant
    radius = math.sqrt(center_u**2 + center_v**2 + (uu + vv) / len(row))
    return mean_row + center_v, mean_column + center_u, radius


def radius_to_circle(center_px: tuple[float, float], circle: tuple[float, float, float]) -> np.ndarray:
    """(A,) distance along each ray to the far side of a circle (row, column, radius), px; 0 where the ray misses it."""
    row, column = center_px[0] - circle[0], center_px[1] - circle[1]
    along = row * RAY_SIN + column * RAY_COS
    discriminant = along * along - (row * row + column * column - circle[2] ** 2)
    return np.where(discriminant > 0, np.maximum(np.sqrt(np.maximum(discriminant, 0.0)) - along, 0.0), 0.0)
