import numpy as np

from octa_svr_dataset.grading import Label
from octa_svr_dataset.scene import add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.vessel_graph import VesselLayer


def test_an_eye_is_healthy_before_its_lesions_and_diseased_after(all_diseased, key):
    healthy = grow_healthy_scene(all_diseased, key)
    diseased = add_lesions(healthy, all_diseased.pathology, 2, key.rng(Stage.LESIONS))
    assert (healthy.label, healthy.severity) == (Label.HEALTHY, 0)
    assert (diseased.label, diseased.severity) == (Label.NPDR, 2)
    assert diseased.fovea is healthy.fovea
    assert len(diseased.graph) < len(healthy.graph)


def test_both_eyes_occur_equally_often(stumps_only):
    sides = [
        grow_healthy_scene(stumps_only, SceneKey(seed=0, split=Split.TRAIN, scene_index=i)).laterality
        for i in range(300)
    ]
    assert 120 < sides.count("od") < 180


def test_the_fovea_lies_anywhere_within_its_offset(stumps_only):
    offsets_mm = np.array([
        grow_healthy_scene(stumps_only, SceneKey(seed=0, split=Split.TRAIN, scene_index=i)).fovea.position_mm - 1.5
        for i in range(300)
    ])  # fmt: skip
    distances_mm = np.linalg.norm(offsets_mm, axis=1)
    assert distances_mm.max() <= stumps_only.growth.fovea_offset_mm
    assert np.mean(distances_mm < stumps_only.growth.fovea_offset_mm / 2) < 0.35
    assert np.all(np.abs(offsets_mm.mean(axis=0)) < 0.04)


def test_one_layer_shows_the_microaneurysms_on_its_own_vessels_alone(all_diseased):
    shown = dict.fromkeys(VesselLayer, 0)
    for index in range(4):
        key = SceneKey(seed=3, split=Split.TRAIN, scene_index=index)
        scene = add_lesions(grow_healthy_scene(all_diseased, key), all_diseased.pathology, 2, key.rng(Stage.LESIONS))
        for layer in VesselLayer:
            part = scene.in_layer(layer)
            nodes = {tuple(position) for position in part.graph.position_mm}
            assert all(tuple(dot.position_mm) in nodes for dot in part.lesions.microaneurysms)
            shown[layer] += len(part.lesions.microaneurysms)
    assert min(shown.values()) > 0
