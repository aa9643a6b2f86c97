import json
import logging
import shutil
from pathlib import Path

import datasets
import numpy as np
import pytest
from datasets import load_dataset
from PIL import Image

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.release import MOST_BROKEN, NAME, Release

QUESTION = "What do you see in this OCTA image"
NUM_ROWS = 60


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def pair(number: int, **changes) -> dict:
    """A line as the published code writes it."""
    return {
        "id": f"{number:05d}_q1",
        "image": f"images/M_{number:05d}.png",
        "conversations": [
            {"from": "human", "value": f"<image>\n{QUESTION}"},
            {"from": "gpt", "value": f"The foveal avascular zone is roughly centered ({number})."},
        ],
    } | changes


def pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (40 + number % 3, 40 + number % 3), dtype=np.uint8)


def write_release(folder: Path, *, name: str = "pairs.jsonl", extra: tuple[str | bytes, ...] = ()) -> Path:
    """A small release of whole rows; `extra` lines stand before the last one."""
    (folder / "images").mkdir(parents=True)
    lines: list[str | bytes] = []
    for number in range(NUM_ROWS):
        Image.fromarray(pixels(number)).save(folder / "images" / f"M_{number:05d}.png")
        lines.append(json.dumps(pair(number)))
    lines[-1:-1] = extra
    encoded = [line if isinstance(line, bytes) else line.encode() for line in lines]
    (folder / name).write_bytes(b"\n".join(encoded) + b"\n")
    records = [
        {"id": f"{number:05d}", "image": f"images/M_{number:05d}.png", "dropouts": [{"radius": 0.2}] * (number % 3)}
        for number in range(NUM_ROWS)
    ]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder


def load(folder: Path, tmp_path: Path, **keywords):
    return load_dataset("octa_svr", NAME, data_dir=str(folder), cache_dir=str(tmp_path / "cache"), **keywords)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return write_release(tmp_path_factory.mktemp("release") / "OCTA-100K-SVR")


@pytest.fixture(scope="module")
def rows(whole, tmp_path_factory) -> datasets.DatasetDict:
    return load(whole, tmp_path_factory.mktemp("rows"))


class TestWholeReleases:
    def test_every_row_is_read_in_its_order(self, rows):
        assert list(rows) == ["train"]
        assert rows["train"]["id"][:] == [f"{number:05d}_q1" for number in range(NUM_ROWS)]

    def test_the_columns_are_ours(self, rows):
        assert rows["train"].features == row_features()

    def test_pictures_come_back_as_they_were(self, rows):
        for number in (0, 1, 2, NUM_ROWS - 1):
            np.testing.assert_array_equal(np.asarray(rows["train"][number]["image"]), pixels(number))

    def test_a_picture_in_color_becomes_gray(self, whole, tmp_path):
        folder = tmp_path / "release"
        shutil.copytree(whole, folder)
        for number, mode in enumerate(("RGB", "RGBA", "P")):
            Image.fromarray(pixels(number)).convert(mode).save(folder / "images" / f"M_{number:05d}.png")
        rows = load(folder, tmp_path, split="train")
        for number in range(3):
            assert rows[number]["image"].mode == "L"
            np.testing.assert_array_equal(np.asarray(rows[number]["image"]), pixels(number))

    def test_conversations_become_messages_without_the_placeholder(self, rows):
        assert rows["train"][7]["messages"] == [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "The foveal avascular zone is roughly centered (7)."},
        ]

    def test_what_the_release_does_not_tell_stays_open(self, rows):
        row = rows["train"][5]
        assert (row["label"], row["severity"], row["laterality"], row["tasks"]) == (-1, -1, "", [])
        assert row["provenance"]["index"] == 5

    def test_the_metadata_of_a_picture_is_kept_as_it_stands(self, rows):
        assert json.loads(rows["train"][5]["findings"]) == {
            "id": "00005", "image": "images/M_00005.png", "dropouts": [{"radius": 0.2}] * 2
        }  # fmt: skip

    def test_a_stream_and_two_processes_give_the_same_rows(self, rows, whole, tmp_path):
        stream = load(whole, tmp_path, split="train", streaming=True)
        assert stream.num_shards > 1
        assert [row["id"] for row in stream] == rows["train"]["id"][:]
        assert [row["image"].tobytes() for row in stream] == [row.tobytes() for row in rows["train"]["image"]]
        assert load(whole, tmp_path, split="train", num_proc=2)["id"][:] == rows["train"]["id"][:]

    def test_nothing_is_logged(self, whole, caplog):
        release = Release(whole)
        assert len(list(release.rows(release.entries()))) == NUM_ROWS
        assert not caplog.records

    def test_the_diversified_pairs_come_first(self, whole, tmp_path):
        folder = tmp_path / "both"
        shutil.copytree(whole, folder)
        (folder / "pairs_diversified.jsonl").write_text(json.dumps(pair(3, id="other")) + "\n")
        assert load(folder, tmp_path, split="train")["id"][:] == ["other"]
        (folder / "pairs.jsonl").unlink()
        assert load(folder, tmp_path, split="train")["id"][:] == ["other"]

    def test_metadata_may_be_missing_or_broken(self, whole, tmp_path, caplog):
        folder = tmp_path / "release"
        shutil.copytree(whole, folder)
        lines = (folder / "metadata.jsonl").read_text().splitlines()
        (folder / "metadata.jsonl").write_text("\n".join(["{", *lines[1:]]))
        release = Release(folder)
        found = dict(release.rows(release.entries()))
        assert (found[1]["findings"], json.loads(found[2]["findings"])["id"]) == ("", "00001")
        assert "metadata.jsonl:1: JSON" in caplog.text
        assert f"metadata.jsonl: 1 of {NUM_ROWS} lines are broken and left out (JSON 1)" in caplog.text
        (folder / "metadata.jsonl").unlink()
        assert {row["findings"] for _, row in Release(folder).rows(Release(folder).entries())} == {""}

    def test_a_text_that_concludes_a_class_gives_the_label(self, whole, tmp_path):
        folder = tmp_path / "release"
        shutil.copytree(whole, folder)
        answers = ["New vessels.\nConclusion: PDR.", "No sign of PDR."]
        lines = [
            json.dumps(pair(n, conversations=[pair(n)["conversations"][0], {"from": "gpt", "value": answer}]))
            for n, answer in enumerate(answers)
        ]
        (folder / "pairs.jsonl").write_text("\r\n".join(["", *lines]))
        assert load(folder, tmp_path, split="train")["label"][:] == [2, -1]

    def test_a_changed_file_is_read_again(self, whole, tmp_path):
        folder = tmp_path / "release"
        shutil.copytree(whole, folder)
        before = load(folder, tmp_path, split="train")[3]["image"].tobytes()
        Image.fromarray(pixels(99)).save(folder / "images" / "M_00003.png")
        assert load(folder, tmp_path, split="train")[3]["image"].tobytes() != before


def conversations(*turns) -> list[dict]:
    return [{"from": role, "value": value} for role, value in turns]


BROKEN = {
    "cut JSON": ('{"id": "x", "image": "images/M_00001.png", "conv', "JSON: "),
    "bytes that are no text": (b'{"id": "\xff\xfe"}', "JSON: "),
    "no object": ("[1, 2]", "JSON: must be an object"),
    "nested without end": ('{"id": ' + "[" * 100_000, "JSON: "),
    "half a character": (json.dumps(pair(1, id="x\ud800")), "JSON: holds half a surrogate"),
    "no id": (json.dumps(pair(1, id=None)), "id: is missing"),
    "no picture named": (json.dumps(pair(1, id="x", image="")), "image: is missing"),
    "no conversation": (json.dumps(pair(1, id="x", conversations=[])), "conversations: is missing"),
    "a picture that is a number": (json.dumps(pair(1, id="x", image=7)), "id, image: must be text"),
    "a missing picture": (json.dumps(pair(1, id="x", image="images/M_99999.png")), "image: 'images/M_99999.png' does"),
    "a folder for a picture": (json.dumps(pair(1, id="x", image="images")), "image: 'images' does not exist"),
    "a way out": (json.dumps(pair(1, id="x", image="../outside.png")), "image: '../outside.png' lies outside"),
    "an absolute path": (json.dumps(pair(1, id="x", image="/etc/hostname")), "image: '/etc/hostname' lies outside"),
    "a link out": (json.dumps(pair(1, id="x", image="images/link.png")), "image: 'images/link.png' lies outside"),
    "no path": (json.dumps(pair(1, id="x", image="a\0b")), "image: 'a\\x00b' is no path"),
    "no PNG": (json.dumps(pair(1, id="x", image="images/text.png")), "image: 'images/text.png' is no whole PNG"),
    "an empty file": (json.dumps(pair(1, id="x", image="images/empty.png")), "image: 'images/empty.png' is no whole"),
    "a cut PNG": (json.dumps(pair(1, id="x", image="images/cut.png")), "image: 'images/cut.png' is no whole PNG"),
    "a damaged PNG": (json.dumps(pair(1, id="x", image="images/damaged.png")), "image: cannot read"),
    "a tiny PNG": (json.dumps(pair(1, id="x", image="images/tiny.png")), "image: "),
    "an id twice": (json.dumps(pair(1)), "id: '00001_q1' is that of line 2, too"),
    "an unknown speaker": (
        json.dumps(pair(1, id="x", conversations=conversations(("bot", "?")))),
        "conversations: must be turns",
    ),
    "a turn of no text": (json.dumps(pair(1, id="x", conversations=[{"from": "gpt"}])), "conversations: must be turns"),
    "text for turns": (json.dumps(pair(1, id="x", conversations="hello")), "conversations: must be turns"),
    "an empty turn": (
        json.dumps(pair(1, id="x", conversations=conversations(("human", "<image>"), ("gpt", "a")))),
        "conversations: a turn says nothing",
    ),
    "no answer": (
        json.dumps(pair(1, id="x", conversations=conversations(("human", "what?")))),
        "conversations: questions and answers must take turns",
    ),
}  # fmt: skip


@pytest.fixture
def folder_with(tmp_path):
    """Makes a release with an extra line, and files that broken lines name."""

    def make(*extra: str | bytes) -> Path:
        Image.fromarray(pixels(1)).save(tmp_path / "outside.png")
        folder = write_release(tmp_path / "release", extra=extra)
        images = folder / "images"
        content = (images / "M_00001.png").read_bytes()
        (images / "link.png").symlink_to(tmp_path / "outside.png")
        (images / "text.png").write_text("not a picture, though it is called one")
        (images / "empty.png").write_bytes(b"")
        (images / "cut.png").write_bytes(content[:-100])
        (images / "damaged.png").write_bytes(content[:60] + bytes(200) + content[260:])
        Image.fromarray(pixels(1)[:5, :5]).save(images / "tiny.png")
        return folder

    return make


class TestBrokenRows:
    @pytest.mark.parametrize("kind", BROKEN)
    def test_a_broken_row_is_named_and_the_others_are_read(self, kind, folder_with, caplog):
        line, problem = BROKEN[kind]
        folder = folder_with(line)
        release = Release(folder)
        with caplog.at_level(logging.WARNING):
            assert len(list(release.rows(release.entries()))) == NUM_ROWS
        assert f"{folder / 'pairs.jsonl'}:{NUM_ROWS}: {problem}" in caplog.text

    def test_the_broken_rows_are_counted_by_kind(self, folder_with, caplog):
        release = Release(folder_with(BROKEN["cut JSON"][0], BROKEN["no PNG"][0], BROKEN["a missing picture"][0]))
        assert len(release.entries()) == NUM_ROWS
        assert f"3 of {NUM_ROWS + 3} rows are broken and left out (JSON 1, image 2)" in caplog.text

    def test_the_rows_of_a_stream_are_reported_as_well(self, folder_with, tmp_path, caplog):
        stream = load(folder_with(BROKEN["a damaged PNG"][0]), tmp_path, split="train", streaming=True)
        assert len(list(stream)) == NUM_ROWS
        assert len(list(stream)) == NUM_ROWS
        assert "damaged.png" in caplog.text

    @pytest.mark.parametrize("kind", ["cut JSON", "a damaged PNG"])
    def test_too_many_broken_rows_are_refused_in_one_line(self, kind, folder_with, tmp_path):
        num = int(MOST_BROKEN * NUM_ROWS) + 2
        lines = [BROKEN[kind][0].replace('"x"', f'"x{number}"') for number in range(num)]
        folder = folder_with(*lines)
        with pytest.raises((InputError, datasets.exceptions.DatasetGenerationError)) as caught:
            load(folder, tmp_path)
        error = caught.value if isinstance(caught.value, InputError) else caught.value.__cause__
        assert isinstance(error, InputError)
        assert f"rows of {str(folder / 'pairs.jsonl')!r} are broken, at most 5% may be (line {NUM_ROWS}: " in str(error)
        assert "\n" not in str(error)

    def test_too_many_broken_lines_of_metadata_are_refused_in_one_line(self, tmp_path):
        folder = write_release(tmp_path / "release")
        lines = (folder / "metadata.jsonl").read_text().splitlines()
        num = int(MOST_BROKEN * NUM_ROWS)
        (folder / "metadata.jsonl").write_text("\n".join(["{"] * num + lines[num:]))
        assert len(Release(folder).entries()) == NUM_ROWS
        (folder / "metadata.jsonl").write_text("\n".join(["{"] * (num + 1) + lines[num + 1 :]))
        message = (
            rf"^data_dir: {num + 1} of {NUM_ROWS} lines of .*metadata\.jsonl' are broken, at most 5% may be \(line 1"
        )
        with pytest.raises(InputError, match=message):
            Release(folder).entries()

    def test_a_release_without_a_whole_row_is_refused(self, tmp_path):
        folder = write_release(tmp_path / "release")
        shutil.rmtree(folder / "images")
        with pytest.raises(InputError, match=r"no row of .* is whole \(line 1: image: 'images/M_00000.png' does not"):
            Release(folder).entries()
        (folder / "pairs.jsonl").write_text("\n")
        with pytest.raises(InputError, match=r"no row of .* is whole$"):
            Release(folder).entries()


class TestRefusals:
    @pytest.mark.parametrize(
        ("keywords", "problem"),
        [
            ({}, "data_dir: must be the folder of the published OCTA-100K-SVR, got None"),
            ({"data_dir": "nowhere"}, "data_dir: 'nowhere' is no folder"),
            ({"data_dir": "hf://datasets/a/b"}, "data_dir: 'hf://datasets/a/b' is no folder"),
            ({"data_dir": "."}, "data_dir: '.' holds no pairs_diversified.jsonl and no pairs.jsonl"),
            ({"data_dir": ".", "seed": 3}, "seed: unknown keyword argument; allowed: data_dir"),
        ],
    )
    def test_what_is_no_release_is_refused(self, keywords, problem, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match="^" + problem.replace(".", r"\.")):
            load_dataset("octa_svr", NAME, cache_dir=str(tmp_path / "cache"), **keywords)

    def test_no_preset_takes_a_folder(self, whole):
        with pytest.raises(InputError, match="data_dir: unknown keyword"):
            load_dataset("octa_svr", "healthy", data_dir=str(whole))

    def test_the_folder_of_pictures_may_be_a_link(self, whole, tmp_path):
        folder = tmp_path / "release"
        folder.mkdir()
        (folder / "images").symlink_to(whole / "images")
        shutil.copy(whole / "pairs.jsonl", folder)
        assert len(Release(folder).entries()) == NUM_ROWS
