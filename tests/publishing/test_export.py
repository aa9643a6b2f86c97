import io
import json
import logging

import numpy as np
import pytest
import yaml
from built_folder import built_folder
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export import FORMATS, export
from octa_svr_dataset.publishing.export_coco import CATEGORIES, INSTANCES
from octa_svr_dataset.publishing.export_graphs import read_eye
from octa_svr_dataset.publishing.export_llamafactory import USUAL_CUTOFF_LEN
from octa_svr_dataset.publishing.export_rows import open_source
from octa_svr_dataset.publishing.export_tokens import token_counter
from octa_svr_dataset.release import Release

NUM = {"dr_staging": {"train": 4, "validation": 1}}
NOTHING_GIVEN = {
    "preset": None,
    "split": None,
    "num": None,
    "seed": None,
    "config_file": None,
    "overrides": {},
    "needs": (),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return built_folder(tmp_path_factory.mktemp("export") / "octa_svr", NUM, full=True)


def source_of(target, form="coco", **changes):
    return open_source(str(target), **(NOTHING_GIVEN | {"needs": FORMATS[form]} | changes))


def export_to(out, folder, form, *, cutoff_len=USUAL_CUTOFF_LEN, **changes):
    source = source_of(folder, form, **changes)
    counter = token_counter(None, 512 * 512)
    export(source, form, out, progress=lambda rows, *_: rows, counter=counter, cutoff_len=cutoff_len)
    return out


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    """Folders by format."""
    parent = tmp_path_factory.mktemp("formats")
    return {form: export_to(parent / form, folder, form) for form in FORMATS}


@pytest.fixture(scope="module")
def rows(folder):
    return {split: list(source_of(folder, "graphs").rows(split)) for split in NUM["dr_staging"]}


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestShareGpt:
    def test_the_reader_of_the_published_dataset_reads_it_back(self, folder, rows, tmp_path, caplog):
        out = export_to(tmp_path / "pairs", folder, "sharegpt", split="train")
        release = Release(out)
        with caplog.at_level(logging.WARNING):
            read = [row for _, row in release.rows(release.entries())]
        assert not caplog.records
        for row, one in zip(rows["train"], read, strict=True):
            assert one["id"] == row.row_id
            assert one["messages"] == row.columns["messages"]
            assert one["image"]["bytes"] == row.png
            assert json.loads(one["findings"])["findings"] == row.findings

    def test_pairs_have_the_prior_arts_keys_and_one_placeholder(self, exported):
        for pair in lines_of(exported["sharegpt"] / "pairs.jsonl"):
            assert list(pair) == ["id", "image", "conversations"]
            assert pair["image"] == f"images/M_{pair['id']}.png"
            values = [turn["value"] for turn in pair["conversations"]]
            assert values[0].startswith("<image>\n")
            assert "".join(values).count("<image>") == 1
            assert {turn["from"] for turn in pair["conversations"]} == {"human", "gpt"}

    def test_metadata_tell_what_can_be_seen_and_nothing_else(self, exported, rows):
        told = {record["id"]: record for record in lines_of(exported["sharegpt"] / "metadata.jsonl")}
        num_hidden = 0
        for row in (*rows["train"], *rows["validation"]):
            record, findings = told[row.row_id], row.findings
            for theirs, ours in (("dropouts", "dropouts"), ("microaneurysms", "microaneurysms")):
                visible = [lesion for lesion in findings[ours] if lesion["is_visible"]]
                assert len(record[theirs]) == len(visible)
                num_hidden += len(findings[ours]) - len(visible)
            for region in record["dropouts"]:
                center_px = [int(share * row.size_px) for share in region["center_norm"]]
                first_row, first_column, end_row, end_column = region["box_px"]
                assert first_row <= center_px[0] < end_row
                assert first_column <= center_px[1] < end_column
        assert num_hidden > 0  # else this test could not fail


class TestLlamaFactory:
    def test_each_split_is_a_dataset_whose_files_are_there(self, exported, rows):
        out = exported["llamafactory"]
        info = json.loads((out / "dataset_info.json").read_text())
        assert list(info) == ["dr_staging_train", "dr_staging_validation"]
        for name, split_rows in zip(info, rows.values(), strict=True):
            assert info[name]["formatting"] == "sharegpt"
            records = lines_of(out / info[name]["file_name"])
            columns = info[name]["columns"]
            for record, row in zip(records, split_rows, strict=True):
                turns = record[columns["messages"]]
                assert [turn["value"].removeprefix("<image>\n") for turn in turns] == [
                    message["content"] for message in row.columns["messages"]
                ]
                (picture,) = record[columns["images"]]
                assert (out / picture).read_bytes() == row.png
                assert sum(turn["value"].count("<image>") for turn in turns) == 1

    def test_its_configuration_names_these_datasets(self, exported):
        out = exported["llamafactory"]
        settings = yaml.safe_load((out / "train.yaml").read_text())
        info = json.loads((out / "dataset_info.json").read_text())
        assert {settings["dataset"], settings["eval_dataset"]} == set(info)
        assert settings["learning_rate"] == 1e-5
        assert settings["cutoff_len"] == USUAL_CUTOFF_LEN

    def test_a_dialogue_that_would_be_cut_is_refused_and_nothing_is_left(self, folder, tmp_path):
        with pytest.raises(InputError, match=r"cutoff_len: \d of 5 dialogues may be longer than 400 tokens") as error:
            export_to(tmp_path / "out", folder, "llamafactory", cutoff_len=400)
        assert not list(tmp_path.iterdir())
        allowed = int(str(error.value).split("at least ")[1].split(",")[0])
        export_to(tmp_path / "out", folder, "llamafactory", cutoff_len=allowed)
        with pytest.raises(InputError, match="cutoff_len: 1 of 5"):
            export_to(tmp_path / "less", folder, "llamafactory", cutoff_len=allowed - 1)


class TestCoco:
    def test_masks_and_boxes_are_those_of_the_layers(self, exported, rows):
        content = json.loads((exported["coco"] / "annotations" / "instances_train.json").read_text())
        names = {category["id"]: category["name"] for category in content["categories"]}
        assert list(names.values()) == list(CATEGORIES)
        assert len({one["id"] for one in content["annotations"]}) == len(content["annotations"])
        for picture, row in zip(content["images"], rows["train"], strict=True):
            assert (picture["width"], picture["height"]) == (row.size_px, row.size_px)
            with Image.open(exported["coco"] / picture["file_name"]) as file:
                assert np.array_equal(np.asarray(file), np.asarray(Image.open(io.BytesIO(row.png))))
            found = [one for one in content["annotations"] if one["image_id"] == picture["id"]]
            masks = {name: [decoded(one) for one in found if names[one["category_id"]] == name] for name in CATEGORIES}
            for layer, findings in INSTANCES.items():
                name = {"dropout": "capillary_dropout", "microaneurysms": "microaneurysm"}.get(layer, layer)
                name = "intraretinal_microvascular_abnormality" if layer == "irma" else name
                visible = [lesion for lesion in row.findings[findings] if lesion["is_visible"]]
                assert len(masks[name]) == len(visible)
                for lesion, mask in zip(visible, masks[name], strict=True):
                    assert np.array_equal(mask, row.mask(layer) == lesion["instance_id"])
            assert np.array_equal(masks["vein"][0], row.mask("vessels") == 2)
            for one in found:
                rows_of_mask, columns = np.nonzero(decoded(one))
                left, top, width, height = one["bbox"]
                assert (left, top) == (columns.min(), rows_of_mask.min())
                assert (left + width - 1, top + height - 1) == (columns.max(), rows_of_mask.max())
                assert one["area"] == len(columns)
                assert one["iscrowd"] == (names[one["category_id"]] in ("artery", "vein"))

    def test_each_kind_of_lesion_occurs(self, exported):
        contents = [json.loads(path.read_text()) for path in (exported["coco"] / "annotations").iterdir()]
        found = {one["category_id"] for content in contents for one in content["annotations"]}
        assert found == set(range(1, len(CATEGORIES) + 1))


def decoded(annotation):
    """The mask of an annotation: runs of zeros and ones in turn, column by column."""
    lengths = annotation["segmentation"]["counts"]
    values = np.repeat(np.arange(len(lengths)) % 2, lengths)
    height, width = annotation["segmentation"]["size"]
    return values.reshape(width, height).T.astype(bool)


class TestGraphs:
    def test_a_graph_comes_back_with_its_kinds_and_layers(self, exported, rows):
        for row in rows["train"]:
            graph, original = read_eye(exported["graphs"] / "vessel_graphs" / row.row_id), row.graph
            assert sorted(edge_ends(graph)) == sorted(edge_ends(original))
            ours, theirs = (np.lexsort(one.position_mm.round(9).T) for one in (original, graph))
            assert np.allclose(original.position_mm[ours], graph.position_mm[theirs], atol=1e-12)
            has_parent = original.parent[ours] >= 0
            for name in ("radius_mm", "kind", "layer"):
                kept, found = getattr(original, name)[ours], getattr(graph, name)[theirs]
                assert np.allclose(kept[has_parent], found[has_parent], atol=1e-12), name
            assert len(np.unique(graph.kind)) == len(np.unique(graph.layer)) == 2

    def test_rows_of_nodes_are_rows_of_the_picture(self, exported, rows):
        row = rows["train"][0]
        folder = exported["graphs"] / "vessel_graphs" / row.row_id
        nodes = [
            line.split("],[")[0].strip("[]") for line in (folder / f"{row.row_id}.csv").read_text().splitlines()[1:]
        ]
        shares = np.array([node.split()[:2] for node in nodes], dtype=float)
        inside = shares[np.all((shares > 0.02) & (shares < 0.98), axis=1)]
        with Image.open(folder / "art_ven_img_gray.png") as file:
            vessels = np.asarray(file) > 0
        pixels = (inside * row.size_px).astype(int)
        share_on_vessels = vessels[pixels[:, 0], pixels[:, 1]].mean()
        assert share_on_vessels > 1.1 * vessels[pixels[:, 1], pixels[:, 0]].mean()

    def test_each_eye_has_the_files_of_the_prior_arts_first_stage(self, exported, rows):
        records = lines_of(exported["graphs"] / "records_graphs.jsonl")
        assert [record["id"] for record in records] == [row.row_id for split in rows.values() for row in split]
        for record in records:
            for key in ("graph_csv", "gray_image", "dropout_ma_json", "pathology_yml"):
                assert (exported["graphs"] / record[key]).is_file()
            told = yaml.safe_load((exported["graphs"] / record["pathology_yml"]).read_text())
            kept = json.loads((exported["graphs"] / record["dropout_ma_json"]).read_text())
            assert told["Dropout"]["regions"] == kept["dropouts"]
            assert told["MA"]["count"] == len(kept["microaneurysms"])

    def test_the_overlay_colors_lesions_and_nothing_else(self, exported, rows):
        for row in rows["train"]:
            path = exported["graphs"] / "vessel_graphs" / row.row_id / "pathology_vis.png"
            pixels = np.asarray(Image.open(path)).astype(int)
            is_colored = np.ptp(pixels, axis=2) > 0
            layers = ("faz", "diffuse_loss", "dropout", "irma", "neovascularization", "microaneurysms")
            assert not is_colored[~np.any([row.mask(layer) > 0 for layer in layers], axis=0)].any()
            visible = [lesion["instance_id"] for lesion in row.findings["dropouts"] if lesion["is_visible"]]
            assert is_colored[np.isin(row.mask("dropout"), visible)].all()

    def test_folders_of_the_prior_art_are_read_too(self, tmp_path):
        folder = tmp_path / "20230216_1"
        folder.mkdir()
        (folder / "20230216_1.csv").write_text("node1,node2,radius\n[0.0 0.5 0.01],[0.1 0.5 0.01],0.002\n")
        graph = read_eye(folder)
        assert graph.position_mm.tolist() == [[1.5, 0.0, 0.03], [1.5, 0.30000000000000004, 0.03]]
        with pytest.raises(InputError, match=r"holds no other\.csv"):
            read_eye(tmp_path / "other")
        (folder / "edges.csv").write_text("kind,layer\ncapillary,deep\n")
        with pytest.raises(InputError, match="unknown: 'CAPILLARY'"):
            read_eye(folder)


def edge_ends(graph):
    """Both ends of each segment and link, nm; a link between roots, as lesions leave it, comes back as a segment."""
    ends_nm = (graph.position_mm * 1e6).round().astype(int).tolist()
    return [sorted((ends_nm[first], ends_nm[second])) for first, second in graph.edges.tolist()]


class TestSource:
    def test_a_preset_gives_what_its_build_holds(self, folder):
        ours = list(source_of("dr_staging", num=2, seed=7).rows("train"))
        built = list(source_of(folder, num=2, split="train").rows("train"))
        assert [row.columns["messages"] for row in ours] == [row.columns["messages"] for row in built]
        assert [row.png for row in ours] == [row.png for row in built]
        assert [row.columns["label"] for row in ours] == [row.columns["label"] for row in built]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"preset": "healthy"}, "holds no 'healthy'; allowed: dr_staging"),
            ({"split": "test"}, "has no rows of 'test'"),
            ({"split": "all"}, "split"),
            ({"seed": 7}, "of use with a preset only"),
            ({"num": 0}, "num: must be a whole number of at least 1, got 0"),
        ],
    )
    def test_what_a_folder_cannot_give_is_refused(self, folder, changes, message):
        with pytest.raises(InputError, match=message):
            source_of(folder, **changes)

    def test_columns_that_were_not_built_are_asked_for(self, tmp_path):
        plain = built_folder(tmp_path / "plain", {"dr_staging": {"train": 1}, "dropout_ma": {"train": 1}})
        with pytest.raises(InputError, match=r"preset: .* holds several; allowed: --preset with one of dr_staging"):
            source_of(plain)
        with pytest.raises(InputError, match=r"needs the column 'masks'.*--include-masks"):
            source_of(plain, preset="dropout_ma")
        with pytest.raises(InputError, match="is no folder and no preset"):
            source_of("nothing")

    def test_a_folder_that_holds_something_is_left_alone(self, folder, tmp_path):
        (tmp_path / "mine.txt").write_text("mine")
        with pytest.raises(InputError, match="already holds something"):
            export_to(tmp_path, folder, "sharegpt")
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
