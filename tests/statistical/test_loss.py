"""Loss of capillaries over many eyes: what is gone inside dropout, how wide gaps get, what becomes of the spectrum.

- Gaps: 0.1 to 0.3 mm across, as dispersed loss leaves them; `test_bed` holds the intercapillary areas of healthy eyes.
- Avascular zone: larger in diabetic eyes on average, but with strongly overlapping distributions.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import regionprops

from octa_svr_dataset.evaluation.baselines import MESH_WAVELENGTHS_MM, VISIBLE_WAVELENGTHS_MM, coarse_mesh_power
from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.geometry import FieldOfView
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.raster import draw_network
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.pathology.effects import lost_in_dropout
from octa_svr_dataset.pathology.net import Net
from octa_svr_dataset.pathology.placement import draw_dropouts
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselGraph, VesselLayer

NUM_EYES = 24
NUM_SPECTRA = 64
NUM_DROPOUT_EYES = 200
FINE = FieldOfView(width_mm=3.0, size_px=912)
PLAIN = FieldOfView(width_mm=3.0, size_px=456)
RIM_MM = 0.15
EVEN = (1.0, 1.0)
"""The noise floor is that of the avascular zone everywhere."""
ALONE = {f"pathology.{name}.probability": [0, 0, 0, 0] for name in ("dropout", "foveal_loss", "microaneurysms")}

pytestmark = pytest.mark.slow


def area_under_curve(healthy: list[float], diseased: list[float]) -> float:
    is_diseased = np.repeat([False, True], [len(healthy), len(diseased)])
    auc = measure_auc(np.array([*healthy, *diseased]), is_diseased)
    assert auc is not None
    return auc.value


def healthy_eye(seed: int, **growth: object) -> Scene:
    config = resolve_config("dr_staging", overrides={f"growth.{name}": value for name, value in growth.items()})
    return grow_healthy_scene(config, SceneKey(seed=seed, split=Split.TRAIN, scene_index=0))


def picture(scene: Scene, exposure: int, **imaging_changes: object) -> Rendering:
    changes = {f"imaging.{name}": value for name, value in imaging_changes.items()}
    imaging = resolve_config("dr_staging", overrides=changes).imaging
    key = SceneKey(seed=exposure, split=Split.TRAIN, scene_index=0)
    return render(scene, imaging, EyeMotion.draw(imaging, key.rng(Stage.MOTION)), key.rng(Stage.IMAGING))


def pixels(graph: VesselGraph, inside: np.ndarray, is_chosen: np.ndarray) -> int:
    """Number of pixels inside an area that show chosen edges, all drawn as wide as a pixel."""
    edges = graph.edges[is_chosen]
    radii_mm = np.full(edges.shape, PLAIN.mm_per_px / 2)
    return int(
        (draw_network(PLAIN, graph.position_mm, edges, radii_mm, np.ones(len(graph))).brightness[inside] > 0.5).sum()
    )


def dropouts_of(scene: Scene, seed: int, strength: tuple[float, float], preset: str = "dropout_ma") -> Scene:
    """The eye with dropout alone, whose collaterals are no wider than they were."""
    narrow = {"strength": strength, "dilation": (1.0, 1.0)}
    config = resolve_config(preset).pathology.dropout.model_copy(update=narrow)
    rng = np.random.default_rng(seed)
    dropouts = draw_dropouts(config, 2, scene.graph, 3.0, scene.fovea, rng)
    net = Net.of(scene.graph)
    graph = net.without(lost_in_dropout(net, dropouts, config.spared_radius_mm, rng), config.spared_radius_mm)
    return replace(scene, graph=graph, lesions=replace(scene.lesions, dropouts=dropouts))


def share_left(healthy: Scene, diseased: Scene, radii_mm: tuple[float, float]) -> float:
    """Pixels inside dropout that show superficial vessels of some radii, over those of the healthy eye."""
    x_mm, y_mm = PLAIN.pixel_centers_mm()
    inside = np.any([dropout.level(x_mm, y_mm) < 1 for dropout in diseased.lesions.dropouts], axis=0)
    counts = []
    for scene in (healthy, diseased):
        graph = scene.graph.in_layer(VesselLayer.SUPERFICIAL)
        radius_mm = graph.radius_mm[graph.edges[:, 1]]
        counts.append(pixels(graph, inside, (radius_mm >= radii_mm[0]) & (radius_mm < radii_mm[1])))
    return counts[1] / counts[0] if counts[0] else 1.0


def flow_inside(shown: Rendering) -> float:
    """Mean flow signal in dropout over that of a rim outside; avascular zone excluded, its gray level subtracted."""
    inside, faz = shown.layers.dropout > 0, shown.layers.faz > 0
    rim = ndimage.distance_transform_edt(~inside) <= shown.fov.length_px(RIM_MM)
    floor = shown.image[faz].mean()
    return float((shown.image[inside].mean() - floor) / (shown.image[rim & ~inside & ~faz].mean() - floor))


def test_in_dropout_capillaries_are_gone_larger_vessels_stay_and_final_pixels_are_dark():
    for_each = {preset: [] for preset in ("dropout_ma", "dr_staging")}
    for seed in range(NUM_DROPOUT_EYES):
        healthy = healthy_eye(seed)
        for preset, rows in for_each.items():
            diseased = dropouts_of(healthy, seed, (0.90, 0.97), preset)
            shares = [share_left(healthy, diseased, radii_mm) for radii_mm in ((0.0, 0.006), (0.010, np.inf))]
            rows.append((*shares, flow_inside(picture(diseased, seed, pit_floor=EVEN))))
    for preset, rows in for_each.items():
        capillaries, larger, flow = np.array(rows).T
        print(
            f"\n{preset}, {len(rows)} eyes: capillaries {capillaries.mean():.3f} (at most {capillaries.max():.3f}),"
            f" larger vessels left at least {larger.min():.3f}, flow {flow.mean():.3f} (at most {flow.max():.3f})",
            end="",
        )
        assert capillaries.max() <= 0.25
        assert larger.min() >= 0.9
        assert flow.max() <= 0.5


def test_dropout_is_dark_in_the_final_pixels_and_darker_when_stronger():
    ratios = []
    for strength in (0.3, 0.5, 0.7, 0.9, 0.97):
        flows = []
        for seed in range(8):
            flows.append(
                flow_inside(picture(dropouts_of(healthy_eye(seed), seed, (strength, strength)), seed, pit_floor=EVEN))
            )
        ratios.append(np.mean(flows))
    print("\nflow inside over that of the rim, by strength:", np.round(ratios, 3), end="")
    assert np.all(np.diff(ratios) < 0)
    assert max(ratios[3:]) <= 0.5


def gaps(graph: VesselGraph) -> tuple[np.ndarray, np.ndarray]:
    """Widths, mm, and areas, mm2, of the intercapillary gaps, the widest of which is left out.

    That is the avascular zone. The width is the diameter of the largest circle that fits in.
    """
    radii_mm = np.full((len(graph.edges), 2), 0.002)
    is_free = draw_network(FINE, graph.position_mm, graph.edges, radii_mm, np.ones(len(graph))).brightness < 0.5
    gap, count = ndimage.label(is_free)
    clearance_px = ndimage.maximum(ndimage.distance_transform_edt(is_free), gap, range(1, count + 1))
    width_mm, area_mm2 = 2 * FINE.mm_per_px * clearance_px, FINE.area_mm2(1.0) * np.bincount(gap.ravel())[1:]
    order = np.argsort(width_mm)[:-1]
    return width_mm[order], area_mm2[order]


def test_gaps_of_100_to_300_um_arise_and_hardly_any_wider_ones():
    config = resolve_config("dr_staging", overrides=ALONE)
    shares = {severity: [] for severity in range(5)}
    wider = []
    for seed in range(8):
        healthy = healthy_eye(seed, age_loss=[0, 0])
        for severity, row in shares.items():
            rng = np.random.default_rng(10 * seed + severity)
            scene = add_lesions(healthy, config.pathology, severity, rng) if severity else healthy
            for layer in VesselLayer:
                width_mm, area_mm2 = gaps(scene.graph.in_layer(layer))
                row.append(area_mm2[(width_mm > 0.1) & (width_mm < 0.3)].sum() / 9.0)
                wider.append(np.sum(width_mm >= 0.3))
    means = [np.mean(row) for row in shares.values()]
    print(
        "\nshare of gaps of 0.1 to 0.3 mm in a layer, by severity:",
        np.round(means, 3),
        "wider:",
        np.mean(wider),
        end="",
    )
    assert np.all(np.diff(means) > 0)
    assert means[4] > 2.5 * means[0]
    assert np.mean(wider) < 0.5


def fine_mesh_power(gray: np.ndarray, fov: FieldOfView) -> float:
    """Share of the power, normalized as that of the coarse mesh, at shorter wavelengths."""
    window = np.hanning(fov.size_px)
    power = np.abs(np.fft.fft2((gray - gray.mean()) * np.outer(window, window))) ** 2
    frequency = np.fft.fftfreq(fov.size_px, fov.mm_per_px)
    per_mm = np.hypot(frequency[:, None], frequency[None, :])
    is_seen = (per_mm >= 1 / VISIBLE_WAVELENGTHS_MM[1]) & (per_mm <= 1 / VISIBLE_WAVELENGTHS_MM[0])
    return float(power[is_seen & (per_mm > 1 / MESH_WAVELENGTHS_MM[0])].sum() / power[is_seen].sum())


@pytest.mark.parametrize(("overrides", "least"), [({}, 0.9), (ALONE, 0.85)], ids=["all", "dispersed"])
def test_the_spectrum_moves_to_the_wavelengths_of_a_coarser_mesh(overrides, least):
    """The goal of all lesions together is 0.9, of dispersed loss alone 0.85."""
    config = resolve_config("dr_staging", overrides=overrides)
    coarse, fine = ({severity: [] for severity in range(5)} for _ in range(2))
    for seed in range(NUM_SPECTRA):
        healthy = healthy_eye(seed)
        for severity in coarse:
            rng = np.random.default_rng(10 * seed + severity)
            scene = add_lesions(healthy, config.pathology, severity, rng) if severity else healthy
            shown = picture(scene, 100 * (severity + 1) + seed)
            coarse[severity].append(coarse_mesh_power(shown.image, shown.fov))
            fine[severity].append(fine_mesh_power(shown.image, shown.fov))
    medians, means = (
        np.array([[mean(values[severity]) for severity in range(5)] for values in (coarse, fine)])
        for mean in (np.median, np.mean)
    )
    area = area_under_curve(coarse[0], coarse[2] + coarse[3] + coarse[4])
    print(
        f"\npower by severity: coarse {np.round(medians[0], 4)}, fine {np.round(medians[1], 4)}; AUC {area:.3f}", end=""
    )
    assert np.all(np.diff(medians[0]) > 0.0)
    assert np.all(np.diff(means[0]) > 0.002)
    assert np.all(np.diff(means[1]) < 0.0)
    assert means[1][0] - means[1][2:].max() > 0.03
    assert area >= least


def test_avascular_zones_of_diseased_eyes_are_larger_and_rougher_but_overlap_with_healthy_ones():
    config = resolve_config("dr_staging")
    areas_mm2, circularities = ({severity: [] for severity in (0, 2, 4)} for _ in range(2))
    for seed in range(NUM_EYES):
        healthy = healthy_eye(seed)
        for severity, areas in areas_mm2.items():
            rng = np.random.default_rng(10 * seed + severity)
            scene = add_lesions(healthy, config.pathology, severity, rng) if severity else healthy
            shown = picture(scene, seed)
            (zone,) = regionprops(shown.layers.faz)
            areas.append(shown.fov.area_mm2(float(zone.area)))
            circularities[severity].append(4 * np.pi * zone.area / zone.perimeter_crofton**2)
    for severity, areas in areas_mm2.items():
        roundness = np.mean(circularities[severity])
        print(f"\nseverity {severity}: {np.mean(areas):.3f} +- {np.std(areas):.3f} mm2, {roundness:.3f}", end="")
    area = area_under_curve(areas_mm2[0], areas_mm2[2] + areas_mm2[4])
    print(f"; AUC {area:.2f}", end="")
    assert 0.52 < area < 0.75
    assert np.mean(circularities[0]) > np.mean(circularities[2] + circularities[4])
