"""Nuisance is independent of disease: quality that is measured outside the lesions does not tell the class.

Each diseased eye is compared with a healthy twin under another exposure; both classes have the same eyes, the same
exposures and the same masks, so what is left of an AUC is due to lesions and not to which exposures chance has drawn.
"""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from octa_svr_dataset.evaluation.discrimination import measure_auc
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.measurement.branches import measure_branches
from octa_svr_dataset.measurement.sampling import fine
from octa_svr_dataset.measurement.vessels import map_vessels
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage

pytestmark = pytest.mark.slow

NUM_EYES = 18
SEVERITIES = (1, 2, 3, 4) * 3
MARGIN_MM = 0.15
MIDDLE_MM = 0.08
LEAST_TISSUE = 0.03
"""With a smaller share of the field left as it was, only the avascular zone is measured."""

MOST_CHANGED = 0.06
"""Tissue is as it was where lesions change gray levels, averaged over 0.05 mm, by at most this share."""


def picture(scene: Scene, exposure: int) -> Rendering:
    imaging = resolve_config("dr_staging").imaging
    key = SceneKey(seed=51, split=Split.TRAIN, scene_index=exposure)
    return render(scene, imaging, EyeMotion.draw(imaging, key.rng(Stage.MOTION)), key.rng(Stage.IMAGING))


def lesions_of(shown: Rendering) -> np.ndarray:
    """(H, W) bool. Every lesion, and the avascular zone."""
    names = ("dropout", "diffuse_loss", "microaneurysms", "irma", "neovascularization", "faz")
    return np.any([getattr(shown.layers, name) > 0 for name in names], axis=0)


def untouched(shown: Rendering, twin: Rendering) -> np.ndarray:
    """(H, W) bool. Tissue away from every lesion and from the avascular zone, where the bed is that of the twin."""
    lesions, fov = lesions_of(shown), shown.fov
    blur_px = fov.length_px(0.05)
    before, after = (np.asarray(rendering.image, float) for rendering in (twin, shown))
    changed = ndimage.gaussian_filter(np.abs(after - before), blur_px)
    is_same = changed <= MOST_CHANGED * ndimage.gaussian_filter(before, blur_px)
    return is_same & (ndimage.distance_transform_edt(~lesions) > fov.length_px(MARGIN_MM))


def stripes(gray: np.ndarray, tissue: np.ndarray) -> float:
    """Standard deviation of the mean of tissue from row to row, slow changes taken out."""
    is_wide = tissue.sum(axis=1) > 30
    fast = gray - ndimage.uniform_filter1d(gray, 9, axis=0)
    return float(np.std((fast * tissue).sum(axis=1)[is_wide] / tissue.sum(axis=1)[is_wide]))


def quality(shown: Rendering, scene: Scene, tissue: np.ndarray) -> list[float]:
    """Level, noise and grain in the middle of the avascular zone; gain, band contrast and stripes of the tissue."""
    gray = shown.image.astype(float)
    row, column = shown.to_row_col(scene.fovea.position_mm)
    rows, columns = np.indices(gray.shape) + 0.5
    middle = np.hypot(rows - row, columns - column) <= shown.fov.length_px(MIDDLE_MM)
    noise = gray[middle].std()
    measures = [gray[middle].mean(), noise, np.diff(gray, axis=1)[middle[:, 1:] & middle[:, :-1]].std() / noise]
    if tissue.mean() < LEAST_TISSUE:
        return [*measures, np.nan, np.nan, np.nan]
    band = ndimage.gaussian_filter(gray, 1.0) - ndimage.gaussian_filter(gray, 6.0)
    mean = gray[tissue].mean()
    return [*measures, mean, band[tissue].std() / mean, stripes(gray, tissue)]


def tells_class(healthy: np.ndarray, diseased: np.ndarray, groups: np.ndarray) -> float:
    """AUC of a logistic regression, cross-validated over eyes."""
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    measures, is_diseased = np.concatenate([healthy, diseased]), np.repeat([False, True], len(healthy))
    folds = {"groups": np.tile(groups, 2), "cv": GroupKFold(5)}
    score = cross_val_predict(model, measures, is_diseased, method="predict_proba", **folds)[:, 1]
    auc = measure_auc(score, is_diseased)
    assert auc is not None
    return auc.value


@pytest.fixture(scope="module")
def pairs() -> list[list[tuple[Rendering, Rendering, Scene, np.ndarray]]]:
    """By eye: picture, that of the twin under the same exposure, eye, and what lesions have left untouched."""
    config = resolve_config("dr_staging")
    rows = []
    for eye in range(NUM_EYES):
        healthy = grow_healthy_scene(config, SceneKey(seed=50, split=Split.TRAIN, scene_index=eye))
        row = []
        for number, severity in enumerate(SEVERITIES):
            exposure = eye * len(SEVERITIES) + number
            diseased = add_lesions(healthy, config.pathology, severity, np.random.default_rng(exposure))
            shown, twin = picture(diseased, exposure), picture(healthy, exposure)
            row.append((shown, twin, healthy, untouched(shown, twin)))
        rows.append(row)
    return rows


def measured(pairs, spoil: Callable[[np.ndarray], np.ndarray] = lambda image: image):
    """Measures of healthy and of diseased pictures, and the eye of each; `spoil` changes diseased pictures.

    Brighter exposures leave more tissue, as lesions change less of their gray levels: a twin is shown under the
    exposure of another picture of the eye that has tissue, too, or none either: classes have the same exposures.
    """
    healthy, diseased, groups = [], [], []
    for eye, row in enumerate(pairs):
        has_tissue = np.array([tissue.mean() >= LEAST_TISSUE for *_, tissue in row])
        for alike in (np.flatnonzero(has_tissue), np.flatnonzero(~has_tissue)):
            for number, before in zip(alike, np.roll(alike, 1), strict=True):
                shown, _, scene, tissue = row[number]
                spoiled = Rendering(fov=shown.fov, image=spoil(shown.image), layers=shown.layers, motion=shown.motion)
                diseased.append(quality(spoiled, scene, tissue))
                healthy.append(quality(row[before][1], scene, tissue))
                groups.append(eye)
    return np.array(healthy), np.array(diseased), np.array(groups)


def test_quality_outside_the_lesions_does_not_tell_the_class(pairs):
    healthy, diseased, groups = measured(pairs)
    auc = tells_class(healthy, diseased, groups)
    has_tissue = np.isfinite(healthy[:, 3])
    tissue_auc = tells_class(healthy[has_tissue], diseased[has_tissue], groups[has_tissue])
    print(f"\nAUC {auc:.3f} of {len(groups)} pictures a class, {tissue_auc:.3f} of the {has_tissue.sum()} with tissue")
    assert len(groups) >= 200
    assert has_tissue.sum() >= 60
    assert 0.45 <= auc <= 0.55
    assert 0.4 <= tissue_auc <= 0.6


def test_a_scanner_that_took_brighter_pictures_of_the_diseased_would_be_noticed(pairs):
    healthy, diseased, groups = measured(pairs, lambda image: np.minimum(image * 1.15, 255.0))
    assert tells_class(healthy, diseased, groups) > 0.6


def test_larger_vessels_outside_the_lesions_are_as_bright_as_in_the_healthy_twin():
    """Those of the twin, looked up in both pictures, in eyes whose vessels neither wind more nor bead.

    Lines that are found in each picture anew would be other vessels: disease takes the narrower ones.
    """
    unmoved = {f"pathology.{name}.probability": [0, 0, 0, 0] for name in ("tortuosity", "veins")}
    pathology = resolve_config("dr_staging", overrides=unmoved).pathology
    grays = []
    for eye in range(NUM_EYES):
        healthy = grow_healthy_scene(
            resolve_config("dr_staging"), SceneKey(seed=50, split=Split.TRAIN, scene_index=eye)
        )
        for severity in range(1, 5):
            exposure = 4 * eye + severity
            diseased = add_lesions(healthy, pathology, severity, np.random.default_rng(exposure))
            shown, twin = picture(diseased, exposure), picture(healthy, exposure)
            branches = measure_branches(map_vessels(fine(twin.image, twin.fov)))
            assert branches is not None
            row, column = np.clip(np.rint(branches.points_px), 0, twin.fov.size_px - 1).astype(int).T
            is_outside = ~lesions_of(shown)[row, column]
            grays.append([np.quantile(one.image[row, column][is_outside], 0.75) for one in (shown, twin)])
    of_eye, of_twin = np.array(grays).T
    auc = measure_auc(np.concatenate([of_twin, of_eye]), np.repeat([False, True], len(grays)))
    assert auc is not None
    print(f"\nlarger vessels: AUC {auc.value:.3f}, {np.median(of_eye / of_twin) - 1:+.4f} of their gray level")
    assert 0.45 <= auc.value <= 0.55
    assert abs(np.median(of_eye / of_twin) - 1) <= 0.01
