import shutil

import pytest
from small_builds import CHEAP, FEW_VESSELS, SMALL_PICTURES, build_here, small_plan

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import make_example
from octa_svr_dataset.findings import Findings
from octa_svr_dataset.publishing import graphs, stages
from octa_svr_dataset.publishing.building import source_of
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split

OTHER_TEXTS = {"text.form": "prose", "text.turns": [2, 2]}
OTHER_PICTURES = {"imaging.size_px": 72, "imaging.gain": [0.8, 0.9], "pathology.severity_shares": [0, 0, 0, 0.5, 0.5]}


@pytest.fixture(scope="module")
def stored_graphs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    build_here(folder, small_plan(overrides=FEW_VESSELS, content="graphs", rows_per_shard=4))
    return folder


@pytest.fixture(scope="module")
def stored_examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    build_here(folder, small_plan(include_masks=True))
    return folder


def files(folder):
    return {path.name: path.read_bytes() for path in (folder / "dropout_ma").iterdir()}


def no_call(*_, **__):
    raise AssertionError("was made again")


class TestAppearance:
    @pytest.mark.parametrize("overrides", [SMALL_PICTURES, OTHER_PICTURES, SMALL_PICTURES | {"imaging.views": 3}])
    def test_pictures_of_stored_graphs_equal_a_full_build(self, stored_graphs, tmp_path, monkeypatch, overrides):
        plan = small_plan(overrides=FEW_VESSELS | overrides, num_train=5, num_test=1, include_graph=True)
        build_here(tmp_path / "full", plan)
        monkeypatch.setattr("octa_svr_dataset.example.grow_healthy_scene", no_call)
        source = source_of("appearance", str(stored_graphs), str(tmp_path / "stage"), plan)
        build_here(tmp_path / "stage", plan, source=source)
        assert files(tmp_path / "stage") == files(tmp_path / "full")

    @pytest.mark.parametrize("preset", ["dropout_ma", "dr_staging", "healthy"])
    def test_a_stored_eye_comes_back_bit_by_bit(self, preset):
        config = resolve_config(preset, overrides=FEW_VESSELS)
        key = SceneKey(seed=3, split=Split.TEST, scene_index=5)
        scene = grow_healthy_scene(config, key)
        again = graphs.scene_of_row(graphs.graph_row(scene, preset, key), config)
        assert again.laterality == scene.laterality
        assert again.fovea.suppression_radius_mm == scene.fovea.suppression_radius_mm
        assert again.fovea.position_mm.tobytes() == scene.fovea.position_mm.tobytes()
        for name in ("position_mm", "parent", "radius_mm", "kind", "layer", "links"):
            assert getattr(again.graph, name).tobytes() == getattr(scene.graph, name).tobytes()
        assert again.lesions == scene.lesions


class TestText:
    @pytest.mark.parametrize("preset", ["dropout_ma", "dr_staging"])
    def test_findings_come_back_from_their_json(self, preset):
        for index in range(4):
            findings = make_example(preset, seed=1, index=index, overrides=CHEAP).findings
            assert Findings.from_json(findings.to_json()) == findings

    def test_new_texts_for_stored_pictures_equal_a_full_build(self, stored_examples, tmp_path, monkeypatch):
        plan = small_plan(overrides=CHEAP | OTHER_TEXTS, include_masks=True)
        build_here(tmp_path / "full", plan)
        monkeypatch.setattr(stages, "simulate", no_call)
        source = source_of("text", str(stored_examples), str(tmp_path / "stage"), plan)
        build_here(tmp_path / "stage", plan, source=source)
        assert files(tmp_path / "stage") == files(tmp_path / "full")
        assert files(tmp_path / "stage") != files(stored_examples)

    def test_fewer_rows_and_columns_and_other_files_may_be_asked_for(self, stored_examples, tmp_path):
        plan = small_plan(overrides=CHEAP | OTHER_TEXTS, num_train=5, num_test=0, rows_per_shard=2)
        source = source_of("text", str(stored_examples), str(tmp_path / "stage"), plan)
        build_here(tmp_path / "stage", plan, source=source)
        build_here(tmp_path / "full", plan)
        assert files(tmp_path / "stage") == files(tmp_path / "full")


class TestRefusals:
    @pytest.mark.parametrize(
        ("only", "changes", "message"),
        [
            ("text", {"overrides": CHEAP | {"imaging.size_px": 72}}, r"imaging\.size_px: is 64 there, and 72 here"),
            ("text", {"seed": 8}, "seed: is 7 there, and 8 here; allowed: as there, or a build without --only text"),
            ("text", {"num_train": 8}, "num_train: .* has 7 examples, too few for 8"),
            ("text", {"include_graph": True}, "include_graph: the rows in .* are without"),
            (
                "appearance",
                {"overrides": {"growth.deep.iterations": 5}},
                r"growth\.superficial\.iterations: is 15 there",
            ),
            ("appearance", {"overrides": FEW_VESSELS | {"field_of_view_mm": 2.5}}, r"field_of_view_mm: is 3.0 there"),
            ("appearance", {"num_test": 3}, "num_test: .* has 2 graphs, too few for 3"),
            ("words", {}, "only: unknown value 'words'; allowed: graphs, text, appearance"),
        ],
    )
    def test_what_the_stage_does_not_redo_is_named(
        self, stored_graphs, stored_examples, tmp_path, only, changes, message
    ):
        folder = stored_graphs if only == "appearance" else stored_examples
        with pytest.raises(InputError, match=message):
            source_of(only, str(folder), str(tmp_path), small_plan(**changes))

    def test_a_source_of_the_wrong_kind_or_none_is_refused(self, stored_graphs, stored_examples, tmp_path):
        plan = small_plan()
        for only, source, message in [
            ("text", stored_graphs, "holds graphs; allowed for --only text"),
            ("appearance", stored_examples, "holds examples; allowed for --only appearance"),
            ("text", tmp_path, "holds no build of dropout_ma"),
            ("text", tmp_path / "out", "must be another folder"),
        ]:
            with pytest.raises(InputError, match=message):
                source_of(only, str(source), str(tmp_path / "out"), plan)
        for only, source, message in [(None, "x", "from: has no effect"), ("text", None, "from: --only text needs")]:
            with pytest.raises(InputError, match=message):
                source_of(only, source, "out", plan)

    def test_an_unfinished_source_is_refused(self, stored_examples, tmp_path):
        shutil.copytree(stored_examples, tmp_path / "copy")
        (tmp_path / "copy" / "dropout_ma" / "build.json").write_text(small_plan(include_masks=True).to_json())
        with pytest.raises(InputError, match="holds an unfinished build"):
            source_of("text", str(tmp_path / "copy"), str(tmp_path / "out"), small_plan())
