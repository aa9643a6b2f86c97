import base64
import hashlib
import io
import json
import re
import sys
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from publishing.built import built_rows, write_built

from octa_svr_dataset import cli
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.example import simulate
from octa_svr_dataset.publishing.gallery import gallery_html
from octa_svr_dataset.publishing.gallery_item import gallery_item
from octa_svr_dataset.publishing.gallery_pixels import Pixels
from octa_svr_dataset.publishing.preview import preview_of
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import LAYER_NAMES, example_row
from octa_svr_dataset.seeding import SceneKey, Split

EVIL = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>"


class Tags(HTMLParser):
    """Tags with their attributes, and the text of the scripts and styles between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append((self.tags[-1][0] if self.tags else "", data))


@pytest.fixture(scope="module")
def examples():
    config = resolve_config("dr_staging", overrides={"pathology.severity_shares": [0.2, 0.2, 0.2, 0.2, 0.2]})
    return [simulate(config, SceneKey(seed=3, split=Split.TEST, scene_index=index)) for index in range(6)]


@pytest.fixture(scope="module")
def twins(examples):
    return [simulate(example.config, example.key, lesions=False).rendering.image for example in examples]


@pytest.fixture(scope="module")
def items(examples, twins):
    return [
        gallery_item(
            example_row(example, "dr_staging"),
            "dr_staging",
            Pixels(layers=example.rendering.layers.as_dict(), twin=twin, origin="made"),
        )
        for example, twin in zip(examples, twins, strict=True)
    ]


@pytest.fixture(scope="module")
def rows():
    return built_rows("dropout_ma", 3)


def command(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["octa-svr", "preview", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0


def pixels_of(base64_webp: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(base64_webp))).convert("L"))


def test_pictures_and_twins_are_shown_as_they_are(examples, twins, items):
    for example, twin, item in zip(examples, twins, items, strict=True):
        assert np.array_equal(pixels_of(item["picture"]), example.rendering.image)
        if example.findings.label.is_diseased:
            assert np.array_equal(pixels_of(item["twin"]), twin)
    assert {item["label"] for item in items} == {"healthy", "npdr", "pdr"}


def test_a_healthy_eye_is_its_own_twin(examples, items):
    for example, item in zip(examples, items, strict=True):
        assert item["is_own_twin"] == (example.findings.severity == 0)
        assert (item["twin"] is None) == item["is_own_twin"]


def test_layers_come_out_as_they_went_in(examples, items):
    for example, item in zip(examples, items, strict=True):
        packed = item["layers"]
        data = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), f"<u{packed['bits'] // 8}")
        maps = data.reshape(len(LAYER_NAMES), item["size_px"], item["size_px"])
        for name, labels in zip(LAYER_NAMES, maps, strict=True):
            assert np.array_equal(labels, getattr(example.rendering.layers, name)), name


def test_more_instances_than_a_byte_counts_keep_their_numbers(examples):
    layers = dict(examples[0].rendering.layers.as_dict())
    layers["microaneurysms"] = np.full_like(layers["microaneurysms"], 300)
    item = gallery_item(
        example_row(examples[0], "dr_staging"), "dr_staging", Pixels(layers=layers, twin=None, origin="made")
    )
    assert item["layers"]["bits"] == 16
    assert np.frombuffer(zlib.decompress(base64.b64decode(item["layers"]["data"])), "<u2").max() == 300


def test_the_texts_are_whole(examples, items):
    for example, item in zip(examples, items, strict=True):
        contents = [message.content for message in example.dialogue.messages]
        shown = [
            text
            for turn in item["turns"]
            for text in (turn["question"], "".join(piece["text"] for piece in turn["answer"]))
        ]
        assert shown == contents
        for task, turn in zip(example.dialogue.tasks, item["turns"], strict=True):
            assert [piece["findings"] for piece in turn["answer"] if piece["findings"]] == [
                list(sentence.findings) for sentence in task.sentences
            ]


def test_each_thing_that_a_sentence_names_can_be_pointed_at(items):
    for item in items:
        names = {name for turn in item["turns"] for piece in turn["answer"] for name in piece["findings"]}
        regions = {region["id"]: region for region in item["regions"]}
        placed = {name for name in names if "/" in name}
        assert placed <= set(regions)
        assert all(regions[name]["is_visible"] for name in placed)


def test_a_region_lies_where_its_label_map_has_it(examples, items):
    layer_of = {"dropout": "dropout", "irma": "irma", "neovascularization": "neovascularization", "faz": "faz"}
    checked = 0
    for example, item in zip(examples, items, strict=True):
        for region in item["regions"]:
            if region["kind"] in layer_of:
                labels = getattr(example.rendering.layers, layer_of[region["kind"]])
                row, column = np.nonzero(labels == region["instance"])
                assert region["box"] == [row.min(), column.min(), row.max() + 1, column.max() + 1]
                checked += 1
            elif region["kind"] == "microaneurysm":
                row, column = np.nonzero(example.rendering.layers.microaneurysms == region["instance"])
                top, left, bottom, right = region["box"]
                assert top - 2 <= row.mean() <= bottom + 2
                assert left - 2 <= column.mean() <= right + 2
    assert checked > 5


def test_the_page_needs_nothing_and_runs_its_own_script_only(items):
    html = gallery_html(items, title="dr_staging", subtitle="test")
    page = Tags(html)
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    for name in ("script", "style"):
        texts = [re.search(rf"<{name}>(.*?)</{name}>", html, re.DOTALL)[1]]
        digest = base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    sources = [a[key] for _, a in page.tags for key in ("src", "href", "srcset") if a.get(key)]
    assert sources == ["data:,"]
    assert not [name for _, a in page.tags for name in a if name.startswith("on") or name == "style"]
    assert "http://www.w3.org/2000/svg" in html
    assert len(re.findall(r"https?://", html)) == 1, "the name of a namespace, which nobody loads"


def test_texts_of_a_row_cannot_end_the_script(rows):
    row = rows[0] | {"id": EVIL, "laterality": EVIL}
    row["messages"] = [{**message, "content": EVIL + message["content"]} for message in row["messages"]]
    row["tasks"] = [{**task, "task": EVIL, "sentences": []} for task in row["tasks"]]
    item = gallery_item(row, EVIL, Pixels(layers=None, twin=None, origin="boxes"))
    html = gallery_html([item], title=EVIL, subtitle=EVIL)
    assert html.count("<script") == 2
    assert html.count("</script>") == 2
    assert "onerror='" not in html
    stored = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1]
    assert json.loads(stored)["items"][0]["id"] == EVIL


def test_24_examples_stay_below_6_mb(items):
    """The six here are of all severities, most of them with a twin, and so larger than usual."""
    size = len(gallery_html(items, title="dr_staging", subtitle="test").encode())
    assert 24 / len(items) * size < 6e6


@pytest.fixture(scope="module")
def wide():
    """Examples of a field of 6 mm, 400 px wide, with their twins and items."""
    config, made = resolve_config("dr_staging_6mm"), []
    for index in range(4):
        key = SceneKey(seed=0, split=Split.TRAIN, scene_index=index)
        example, twin = simulate(config, key), simulate(config, key, lesions=False).rendering.image
        pixels = Pixels(layers=example.rendering.layers.as_dict(), twin=twin, origin="made")
        made.append((example, twin, gallery_item(example_row(example, "dr_staging_6mm"), "dr_staging_6mm", pixels)))
    return made


def test_24_wide_examples_stay_below_6_mb(wide):
    """Three of the four have a twin, as in the preset."""
    assert [item["twin"] is None for _, _, item in wide].count(False) == 3
    size = len(gallery_html([item for _, _, item in wide], title="dr_staging_6mm", subtitle="test").encode())
    assert 24 / len(wide) * size < 6e6


def test_wide_pictures_lose_less_than_their_grain_and_say_so(wide, items):
    for example, twin, item in wide:
        for pixels, shown in ((example.rendering.image, item["picture"]), (twin, item["twin"])):
            if shown is None:
                continue
            error = pixels_of(shown).astype(float) - pixels
            grain = pixels.astype(float)[:, 1:] - pixels[:, :-1]
            assert abs(error.mean()) < 0.5
            assert error.std() < 0.2 * grain.std()
    assert "too small to see" in gallery_html([item for _, _, item in wide], title="wide", subtitle="")
    assert "too small to see" not in gallery_html(items, title="dr_staging", subtitle="")


def test_masks_of_a_folder_are_shown_as_stored(tmp_path):
    rows = built_rows("dropout_ma", 2, include_masks=True)
    changed = np.zeros((304, 304), np.uint8)
    changed[10:20, 30:50] = 1
    buffer = io.BytesIO()
    Image.fromarray(changed).save(buffer, "PNG")
    rows[0]["masks"]["faz"] = {"bytes": buffer.getvalue(), "path": None}
    built = write_built(tmp_path / "built", "dropout_ma", rows)
    shown = preview_of(str(built), num=5, seed=None, split=None, config_file=None, overrides={})
    first, second = list(shown.items)
    assert shown.num == 2
    assert (first["origin"], second["origin"]) == ("stored", "stored")
    data = np.frombuffer(zlib.decompress(base64.b64decode(first["layers"]["data"])), np.uint8)
    faz = data.reshape(len(LAYER_NAMES), 304, 304)[LAYER_NAMES.index("faz")]
    assert np.array_equal(faz, changed)
    assert first["twin"] is not None or first["is_own_twin"]


def test_layers_of_a_folder_without_masks_are_made_again(tmp_path, rows):
    built = write_built(tmp_path / "built", "dropout_ma", rows)
    shown = list(preview_of(str(built), num=2, seed=None, split="train", config_file=None, overrides={}).items)
    assert [item["origin"] for item in shown] == ["again", "again"]
    assert [item["id"] for item in shown] == [row["id"] for row in rows[:2]]
    assert all(item["layers"] and (item["twin"] or item["is_own_twin"]) for item in shown)
    assert "2 with layers and healthy twins made again" in gallery_html(shown, title="built", subtitle="")


def test_rows_of_another_version_or_with_other_pixels_have_boxes_only(tmp_path, rows):
    older = [{**row, "provenance": {**row["provenance"], "version": "0.1.0"}} for row in rows[:1]]
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((304, 304), np.uint8)).save(buffer, "PNG")
    other = [{**rows[1], "image": {"bytes": buffer.getvalue(), "path": None}}]
    built = write_built(tmp_path / "built", "dropout_ma", older + other)
    shown = list(preview_of(str(built), num=2, seed=None, split=None, config_file=None, overrides={}).items)
    assert [item["origin"] for item in shown] == ["boxes", "boxes"]
    assert all(item["layers"] is None and item["twin"] is None for item in shown)
    assert "2 with boxes only" in gallery_html(shown, title="built", subtitle="")


def test_presets_of_a_folder_share_the_page(tmp_path, rows):
    built = write_built(tmp_path / "built", "dropout_ma", rows)
    write_built(built, "healthy", built_rows("healthy", 1))
    shown = list(preview_of(str(built), num=3, seed=None, split=None, config_file=None, overrides={}).items)
    assert [item["preset"] for item in shown] == ["dropout_ma", "dropout_ma", "healthy"]


def test_a_broken_row_is_named(rows):
    boxes = Pixels(layers=None, twin=None, origin="boxes")
    with pytest.raises(InputError, match=f"row '{rows[0]['id']}': image: is no picture"):
        gallery_item(rows[0] | {"image": {"bytes": b"no picture", "path": None}}, "dropout_ma", boxes)
    with pytest.raises(InputError, match=f"row '{rows[0]['id']}': is not usable: JSONDecodeError"):
        gallery_item(rows[0] | {"findings": "{"}, "dropout_ma", boxes)
    far = [{**task, "sentences": [{"start": 0, "end": 10**6, "findings": []}]} for task in rows[0]["tasks"]]
    with pytest.raises(InputError, match="a sentence from 0 to 1000000 lies outside its answer"):
        gallery_item(rows[0] | {"tasks": far}, "dropout_ma", boxes)


def test_a_row_without_provenance_is_named(tmp_path, rows):
    built = write_built(tmp_path / "built", "dropout_ma", [rows[0] | {"provenance": None}])
    shown = preview_of(str(built), num=1, seed=None, split=None, config_file=None, overrides={})
    with pytest.raises(InputError, match=f"row '{rows[0]['id']}': is not usable: TypeError"):
        list(shown.items)


def test_the_command_writes_the_page_once(tmp_path, monkeypatch, capsys):
    out = tmp_path / "new" / "gallery.html"
    assert command(monkeypatch, "healthy", "--num", 1, "--seed", 5, "--split", "test", "--out", out) == 0
    assert "healthy-s5-test-00000000" in out.read_text(encoding="utf-8")
    assert re.search(r"1 example in .* \(0\.\d MB\)", capsys.readouterr().out)
    assert command(monkeypatch, "healthy", "--num", 1, "--out", out) == 2
    assert "already exists; allowed: another name, or --overwrite" in capsys.readouterr().err
    assert command(monkeypatch, "healthy", "--num", 1, "--out", out, "--overwrite") == 0
    assert "healthy-s0-train-00000000" in out.read_text(encoding="utf-8")
    assert [path.name for path in out.parent.iterdir()] == ["gallery.html"]


REFUSED = {
    "no examples": (["healthy", "--num", "0"], "num: must be a whole number from 1 to 500, got 0"),
    "too many": (["healthy", "--num", "501"], "num: must be a whole number from 1 to 500, got 501"),
    "no number": (["healthy", "--num", "few"], "must be a whole number, got 'few'"),
    "a negative seed": (["healthy", "--seed", "-1"], "seed: must be a whole number of at least 0"),
    "no preset": (["heathy"], "target: 'heathy' is no folder and no preset; allowed:"),
    "no split": (["healthy", "--split", "dev"], "split: unknown value 'dev'; allowed: train, validation, test"),
    "no build": (["."], "holds no finished build of examples; allowed: a folder made by octa-svr build"),
    "a seed for a folder": ([".", "--seed", "1"], "seed, set, config_file: are of use with a preset only"),
    "an unknown setting": (["healthy", "--set", "imaging.size=3"], "imaging.size: unknown setting"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_shown_is_refused_in_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, *arguments, "--out", tmp_path / "gallery.html") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_file_to_write(tmp_path, monkeypatch, capsys):
    assert command(monkeypatch, "healthy", "--out", tmp_path) == 2
    assert "is a folder; allowed: the name of a file to write" in capsys.readouterr().err


def test_a_split_without_rows_is_refused(tmp_path, rows):
    built = write_built(tmp_path / "built", "dropout_ma", rows[:1])
    with pytest.raises(InputError, match=r"split: .* holds no row of 'test'; rows there: "):
        preview_of(str(built), num=1, seed=None, split="test", config_file=None, overrides={})
