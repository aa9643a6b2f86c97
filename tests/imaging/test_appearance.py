from dataclasses import replace

import numpy as np
import pytest

from octa_svr_dataset.config import ImagingConfig
from octa_svr_dataset.growth.fovea import Fovea
from octa_svr_dataset.imaging.appearance import Acquisition, mixed_lines, shouldered
from octa_svr_dataset.imaging.mesh import Mesh
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.setting_types import Within
from octa_svr_dataset.vessel_graph import VesselGraph

STILL = EyeMotion(start=np.empty(0), shift_mm=np.zeros(1))
LINES = 128
CENTER_MM = (1.5, 1.5)
NO_VESSELS = VesselGraph(position_mm=np.zeros((1, 3)), parent=[-1], radius_mm=[0.0], kind=[0], layer=[0])


def draw(seed: int, field_width_mm: float = 3.0, fovea_mm: tuple[float, float] = CENTER_MM, **changes) -> Acquisition:
    config = ImagingConfig(**({"scan_lines": (LINES, LINES)} | changes))
    fovea = Fovea(position_mm=np.array(fovea_mm), suppression_radius_mm=0.44)
    return Acquisition.draw(config, field_width_mm, fovea, NO_VESSELS, np.random.default_rng(seed))


def expose(seed: int = 0, above: float = 0.0, motion: EyeMotion = STILL, size_px: int = LINES, **changes) -> np.ndarray:
    """Picture of a bar of flow over an evenly perfused left half."""
    flow, perfusion = np.zeros((LINES, LINES), np.float32), np.zeros((LINES, LINES), np.float32)
    flow[:, 60:68] = 0.9
    perfusion[:, :64] = 1.0
    covered = np.full((LINES, LINES), above, np.float32)
    return draw(seed, **changes).expose(flow, perfusion, 0 * covered, covered, covered, motion, size_px)


def test_lines_and_points_show_a_share_of_their_neighbors():
    picture = np.zeros((5, 2), np.float32)
    picture[2] = 1.0
    np.testing.assert_allclose(mixed_lines(picture, 0.2)[:, 0], [0.0, 0.2, 0.6, 0.2, 0.0], atol=1e-6)
    np.testing.assert_array_equal(mixed_lines(picture, 0.0), picture)
    upright, plain, flat = (
        np.log(np.abs(np.diff(image, axis=0)).mean() / np.abs(np.diff(image, axis=1)).mean())
        for image in (
            expose(1, line_mixing=(lines, lines), point_mixing=(points, points))[:, 80:].astype(float)
            for lines, points in ((0.25, 0.0), (0.0, 0.0), (0.0, 0.25))
        )
    )
    assert upright < plain - 0.2
    assert flat > plain + 0.2


def test_beyond_the_shoulder_gray_levels_rise_ever_more_slowly_to_white():
    brightness = np.linspace(0.0, 2.0, 201)
    soft, hard = (shouldered(brightness, shoulder) for shoulder in (0.7, 1.0))
    np.testing.assert_allclose(hard, np.minimum(brightness, 1.0), atol=1e-6)
    np.testing.assert_allclose(soft[:71], brightness[:71])
    rise = np.diff(soft[70:]) / 0.01
    assert 0.95 < rise[0] < 1.0
    assert rise[-1] > 0.0
    assert (np.diff(rise) < 0.0).all()
    assert 0.98 < soft[-1] < 1.0


def test_few_pixels_are_white_beyond_a_soft_shoulder():
    white = [np.mean(expose(1, shoulder=(end, end), gain=(1.4, 1.4))[:, 62:66] > 250) for end in (0.6, 1.0)]
    assert white[0] < 0.1 < 0.5 < white[1]


def test_the_same_stream_takes_the_same_picture():
    np.testing.assert_array_equal(expose(3), expose(3))
    assert not np.array_equal(expose(3), expose(4))


def test_vessels_outshine_the_mesh_and_the_mesh_outshines_the_void():
    for seed in range(10):
        image = expose(seed).astype(float)
        assert image[:, 62:66].mean() > image[:, :50].mean() + 40
        assert image[:, :50].mean() > image[:, 78:].mean()


def test_the_void_is_grainy_dark_gray_not_black():
    for seed in range(10):
        void = expose(seed)[:, 80:].astype(float)
        assert void.mean() > 3
        assert void.std() > 1


def test_the_signal_of_vessels_follows_calibre_depth_and_settings():
    acquisition = draw(
        0,
        capillary_signal=(0.5, 0.5),
        deep_signal=(0.2, 0.2),
        optical_width_mm=(0.02, 0.02),
        bright_radius_mm=(0.02,) * 2,
    )
    capillary = np.full(2, 0.0025)
    np.testing.assert_allclose(acquisition.vessel_signal(capillary, np.array([0.0, 1.0])), [0.5, 0.1])
    assert acquisition.vessel_signal(np.array([0.03]), np.array([1.0]))[0] == pytest.approx(0.95)
    assert acquisition.shown_radius_mm(np.zeros(1))[0] == pytest.approx(0.01)


def test_what_is_drawn_does_not_depend_on_what_is_seen():
    """An exposure is drawn before anything is looked at: it takes no scene."""
    first = draw(5)
    first.expose(*np.ones((5, LINES, LINES), np.float32), STILL, LINES)
    second = draw(5)
    for name in ("grain", "unevenness", "floor", "illumination", "line_offset", "line_shift_px", "strip_gain"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for name in ("brightness", "need"):
        np.testing.assert_array_equal(getattr(first.mesh, name), getattr(second.mesh, name))


def test_vessels_above_a_layer_darken_it_or_shine_through():
    plain = expose(shadow=(0.8, 0.8), residue=(0.0, 0.0)).astype(float)
    dark = expose(above=1.0, shadow=(0.8, 0.8), residue=(0.0, 0.0)).astype(float)
    bright = expose(above=1.0, shadow=(0.0, 0.0), residue=(0.4, 0.4)).astype(float)
    assert dark[:, :50].mean() < plain[:, :50].mean() < bright[:, :50].mean()


def test_the_mesh_fades_toward_a_void_over_the_width_of_the_halo():
    plain = {"halo": (1, 1), "mesh_signal": (0.15, 0.15), "noise_floor": (0.05, 0.05)}
    narrow = np.mean([expose(seed, halo_mm=(0.05, 0.05), **plain) for seed in range(5)], axis=0)
    wide = np.mean([expose(seed, halo_mm=(0.5, 0.5), **plain) for seed in range(5)], axis=0)
    ratio = wide.mean(axis=0) / narrow.mean(axis=0)
    assert ratio[55:60].mean() < 0.9
    np.testing.assert_allclose(ratio[:30], 1.0, atol=0.01)


def test_a_wider_field_is_scanned_with_more_lines_that_are_farther_apart():
    three, six = draw(0, 3.0, scan_lines=(304, 304)).grid, draw(0, 6.0, scan_lines=(304, 304)).grid
    assert (three.size_px, six.size_px) == (304, 401)
    assert six.mm_per_px > 1.4 * three.mm_per_px


def test_the_scanner_keeps_its_grain_at_any_size_of_the_picture():
    small, large = (expose(2, size_px=size_px, noise_grain_mm=(0.03, 0.03)).astype(float) for size_px in (128, 256))
    halved = large.reshape(128, 2, 128, 2).mean(axis=(1, 3))
    assert np.corrcoef(small[:, 80:].ravel(), halved[:, 80:].ravel())[0, 1] > 0.95


def test_streaks_run_along_the_scan_lines():
    quiet = dict.fromkeys(("row_noise", "speckle", "mesh_contrast", "shading", "noise_floor"), (0, 0))
    image = expose(streak_noise=(0.3, 0.3), streak_length_mm=(0.5, 0.5), motion_lines=(0, 0), **quiet)[:, :50]
    across, down = (np.abs(np.diff(image.astype(float), axis=axis)).mean() for axis in (1, 0))
    assert down > 2 * across


def test_strips_between_movements_differ_in_brightness():
    motion = EyeMotion(start=np.array([0.5]), shift_mm=np.zeros(2))
    steps = []
    for seed in range(20):
        image = expose(seed, motion=motion, strip_noise=(0.2, 0.2), shading=(0, 0), gamma=(1, 1))[:, :50].astype(float)
        steps.append(abs(image[:64].mean() - image[64:].mean()) / image.mean())
    assert 0.15 < np.mean(steps) < 0.3  # the mean of |difference| of two normal numbers of 0.2 is 0.23


def test_sharp_strands_are_thin_and_bright():
    """Positive skewness: little is bright and much is dark."""
    shapes = []
    for sharpness in (0.0, 0.5, 1.0):
        mesh = np.stack([draw(seed, mesh_sharpness=(sharpness,) * 2).mesh.brightness for seed in range(5)])
        shapes.append((((mesh - mesh.mean()) / mesh.std()) ** 3).mean())
    assert shapes[0] < shapes[1] < shapes[2]
    assert shapes[2] > 0.3


def test_the_floor_is_lower_in_the_foveal_pit():
    nothing = np.zeros((LINES, LINES), np.float32)
    levels = []
    for seed in range(5):
        acquisition = draw(seed, fovea_mm=(1.0, 2.0), pit_floor=(0.3, 0.3), noise_floor=(0.2, 0.2))
        image = acquisition.expose(nothing, nothing, nothing, nothing, nothing, STILL, LINES)
        levels.append([image[75:95, 33:53].mean(), image[33:53, 75:95].mean()])
    at_fovea, elsewhere = np.mean(levels, axis=0)
    assert at_fovea < 0.6 * elsewhere


def test_the_variance_of_shot_noise_grows_with_the_brightness():
    quiet = dict.fromkeys(("row_noise", "streak_noise", "shading", "vignetting", "tremor_mm", "flow_noise"), (0, 0))
    quiet |= dict.fromkeys(("speckle", "noise_floor", "line_mixing", "point_mixing", "mesh_signal"), (0, 0))
    quiet |= {"gain": (1, 1), "gamma": (1, 1), "shoulder": (1, 1), "black_level": (0, 0), "vessel_speckle": (1, 1)}
    nothing = np.zeros((LINES, LINES), np.float32)
    spreads = [
        draw(1, **quiet, shot_noise=(0.1, 0.1), foveal_clarity=(0, 0), floater_probability=0.0)
        .expose(nothing + np.float32(flow), nothing, nothing, nothing, nothing, STILL, LINES)
        .astype(float)
        .std()
        for flow in (0.1, 0.4)
    ]
    assert spreads[0] == pytest.approx(255 * 0.1 * np.sqrt(0.1), rel=0.1)
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=0.05)


def test_large_vessels_are_as_speckled_as_the_setting_says():
    quiet = dict.fromkeys(("row_noise", "streak_noise", "shading", "vignetting", "tremor_mm", "flow_noise"), (0, 0))
    bright = np.full((LINES, LINES), 0.95, np.float32)
    nothing = np.zeros_like(bright)
    spreads = []
    for share in (0.0, 0.5, 1.0):
        settings = quiet | {"vessel_speckle": (share, share), "speckle": (0.2, 0.2), "gain": (0.5, 0.5)}
        image = draw(1, **settings, floater_probability=0.0).expose(
            bright, nothing, nothing, nothing, nothing, STILL, LINES
        )
        spreads.append(image.astype(float).std())
    assert spreads[0] < 0.2 * spreads[2]
    assert spreads[1] == pytest.approx(0.5 * spreads[2], rel=0.15)


def test_the_halo_spares_drawn_capillaries():
    quiet = dict.fromkeys(("mesh_signal", "noise_floor", "flow_noise"), (0, 0))
    dim = np.full((LINES, LINES), 0.3, np.float32)
    nothing = np.zeros_like(dim)
    pictures = [
        draw(1, **quiet, halo=(halo, halo)).expose(dim, nothing, nothing, nothing, nothing, STILL, LINES)
        for halo in (0.0, 1.0)
    ]
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize(
    ("flow", "foveal", "least", "most"),
    [
        (0.0, {"foveal_dimming": (0.0, 0.0)}, 0.93, 1.07),
        (0.0, {"foveal_dimming": (0.5, 0.5)}, 0.5, 0.75),
        (0.4, {"foveal_clarity": (-0.5, -0.5)}, 0.55, 0.85),
        (0.4, {"foveal_clarity": (0.8, 0.8)}, 1.15, 1.6),
        (1.0, {"foveal_clarity": (-0.5, -0.5)}, 0.97, 1.03),
    ],
)
def test_mesh_dims_toward_the_fovea_and_capillaries_stand_out_and_large_vessels_stay(flow, foveal, least, most):
    drawn, perfused = (np.full((LINES, LINES), level, np.float32) for level in (flow, 1.0))
    nothing = np.zeros_like(drawn)
    levels = []
    for seed in range(5):
        even = {"foveal_dimming": (0, 0), "foveal_clarity": (0, 0), "foveal_dimming_mm": (0.3, 0.3), "gain": (0.8, 0.8)}
        even |= {"noise_floor": (0, 0), "vignetting": (0, 0), "shading": (0, 0), "gamma": (1, 1), "black_level": (0, 0)}
        even |= {"floater_probability": 0.0, "mesh_contrast": (0, 0), "mesh_signal": (0, 0) if flow else (0.2, 0.2)}
        acquisition = draw(seed, fovea_mm=(1.0, 2.0), **(even | foveal))
        image = acquisition.expose(drawn, perfused, nothing, nothing, nothing, STILL, LINES)
        levels.append([image[75:95, 33:53].mean(), image[33:53, 75:95].mean()])
    at_fovea, elsewhere = np.mean(levels, axis=0)
    assert least < at_fovea / elsewhere < most


def test_faint_strands_vanish_first_toward_the_fovea():
    """What is left of a bright mesh and of a faint one where it dims by a half."""
    nothing = np.zeros((LINES, LINES), np.float32)
    dimmed = replace(draw(1), mesh_dimming=nothing + np.float32(0.5), noise_floor=0.0)
    bright, faint = (
        replace(dimmed, mesh=Mesh(brightness=nothing + np.float32(level), need=nothing))
        .expose(nothing, nothing + np.float32(1.0), nothing, nothing, nothing, STILL, LINES)
        .mean()
        for level in (2.0, 0.4)
    )
    assert bright > 20
    assert faint < 0.1 * bright


def test_blood_flows_unevenly_along_vessels_but_no_less():
    quiet = dict.fromkeys(("row_noise", "speckle", "streak_noise", "shading", "noise_floor", "mesh_contrast"), (0, 0))
    quiet |= {"gain": (0.8, 0.8), "vignetting": (0, 0), "strip_noise": (0, 0), "motion_lines": (0, 0)}
    quiet |= {"floater_probability": 0.0, "foveal_dimming": (0, 0)}
    even, uneven = (
        np.stack([expose(seed, flow_noise=(level,) * 2, **quiet)[:, 62:66].astype(float) for seed in range(5)])
        for level in (0.0, 0.5)
    )
    assert uneven.mean() == pytest.approx(even.mean(), rel=0.05)
    assert uneven.mean(axis=2).std(axis=1).mean() > 1.3 * even.mean(axis=2).std(axis=1).mean()


def test_more_noise_makes_no_brighter_picture_of_the_mesh():
    means = [expose(1, speckle=(level, level))[:, :50].mean() for level in (0.0, 0.5)]
    assert means[1] == pytest.approx(means[0], rel=0.05)


LIMITS = {
    name: limit
    for name, field in ImagingConfig.model_fields.items()
    for limit in field.metadata
    if isinstance(limit, Within)
}


@pytest.mark.parametrize("lines", [64, 500])
@pytest.mark.parametrize("name", sorted(LIMITS.keys() - {"scan_lines"}))
def test_the_limits_of_every_setting_give_a_picture(name, lines):
    kind = type(getattr(ImagingConfig(), name)[0])
    flow = np.zeros((lines, lines), np.float32)
    with np.errstate(all="raise"):
        for end in (LIMITS[name].low, LIMITS[name].high):
            acquisition = draw(0, scan_lines=(lines, lines), **{name: (kind(end), kind(end))})
            acquisition.expose(flow, flow, flow, flow, flow, STILL, LINES)
