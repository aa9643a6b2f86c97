"""What is measured of the foveal avascular zone: how dark and grainy it is, and how its border rises."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

PROFILE_INSIDE_PX = 12
"""How far inside its outline the border's profile starts; nearer where the zone is narrower."""

PROFILE_OUTSIDE_PX = 16
"""How far outside its outline the profile ends: 0.16 mm in a field of 3 mm."""

PLATEAU_PX = 4
"""Length of the profile's ends over which the darkness inside and the brightness outside are averaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvascularMeasures:
    """The foveal avascular zone of one picture in numbers."""

    floor_gray: float
    """Mean gray level inside: the noise floor."""

    floor_spread: float
    """Standard deviation of the gray level inside."""

    floor_correlation: float
    """Correlation of neighboring pixels inside, left to right: how coarse the grain is."""

    edge_width_px: float
    """Distance over which the border rises from 10 to 90 %, px; outlines drawn by hand add to it."""

    edge_contrast: float
    """Mean gray level outside its border, relative to that inside."""

    def by_name(self) -> dict[str, float]:
        """All measures with their names in tables."""
        return {
            "FAZ floor, gray": self.floor_gray,
            "FAZ floor, spread": self.floor_spread,
            "FAZ floor, correlation": self.floor_correlation,
            "FAZ edge width, px": self.edge_width_px,
            "FAZ edge contrast": self.edge_contrast,
        }


def measure_avascular_zone(picture: np.ndarray, zone: np.ndarray) -> AvascularMeasures:
    """Measure the avascular zone of a picture.

    Parameters
    ----------
    picture
        (S, S) float32. Gray levels, at the sampling of `realism.sampling`.
    zone
        (S, S) bool. The zone; it holds at least one pixel.
    """
    distance_px = ndimage.distance_transform_edt(~zone) - ndimage.distance_transform_edt(zone)
    depth_px = min(PLATEAU_PX, -float(distance_px.min()) / 2)
    core = distance_px <= -depth_px
    profile = _profile(picture, distance_px)
    outside = float(profile[-PLATEAU_PX:].mean())
    floor_gray = float(picture[core].mean())
    return AvascularMeasures(
        floor_gray=floor_gray,
        floor_spread=float(picture[core].std()),
        floor_correlation=_neighbor_correlation(picture, core),
        edge_width_px=_rise_px(profile),
        edge_contrast=outside / max(floor_gray, 1.0),
    )


def _profile(picture: np.ndarray, distance_px: np.ndarray) -> np.ndarray:
    """(P,) mean gray level by the distance from the outline, in steps of 1 px from inside to outside."""
    step = np.floor(distance_px).astype(int)
    first = max(-PROFILE_INSIDE_PX, int(step.min()))
    is_near = (step >= first) & (step < PROFILE_OUTSIDE_PX)
    counts = np.bincount(step[is_near] - first)
    return np.asarray(np.bincount(step[is_near] - first, picture[is_near])[counts > 0] / counts[counts > 0])


def _rise_px(profile: np.ndarray) -> float:
    """Distance between 10 and 90 % of the rise from the plateau inside to that outside, px."""
    inside, outside = profile[:PLATEAU_PX].mean(), profile[-PLATEAU_PX:].mean()
    levels = np.maximum.accumulate(profile)
    crossings = np.interp([inside + share * (outside - inside) for share in (0.1, 0.9)], levels, np.arange(len(levels)))
    return float(crossings[1] - crossings[0])


def _neighbor_correlation(picture: np.ndarray, core: np.ndarray) -> float:
    is_pair = core[:, 1:] & core[:, :-1]
    left, right = picture[:, :-1][is_pair], picture[:, 1:][is_pair]
    if len(left) < 2 or left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])
