import io
import json
import logging

import numpy as np
import pytest
import yaml
from built_folder import built_folder
from exports import export_to, lines_of, source_of
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.export import FORMATS
from octa_svr_dataset.publishing.export_coco import CATEGORIES, INSTANCES
from octa_svr_dataset.publishing.export_llamafactory import USUAL_CUTOFF_LEN
from octa_svr_dataset.release import Release

NUM = {"dr_staging": {"train": 4, "validation": 1}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return built_folder(tmp_path_factory.mktemp("export") / "octa_svr", NUM, full=True)


@pytest.fixture(scope="module")
def exported(folder, tmp_path_factory):
    """Folders by format."""
    parent = tmp_path_factory.mktemp("formats")
    return {form: export_to(parent / form, folder, form) for form in FORMATS}


@pytest.fixture(scope="module")
def rows(folder):
    return {split: list(source_of(folder, "graphs").rows(split)) for split in NUM["dr_staging"]}


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
    """The mask of an annotation: runs of zeros and ones in turn, column by column; by the format's description."""
    lengths, value, shift = [], 0, 0
    for character in annotation["segmentation"]["counts"]:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    values = np.repeat(np.arange(len(lengths)) % 2, lengths)
    height, width = annotation["segmentation"]["size"]
    return values.reshape(width, height).T.astype(bool)


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
