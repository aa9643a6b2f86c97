"""Where things lie: readers whose every answer is known, against masks and label maps."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder, open_image_folder
from octa_svr_dataset.evaluation.localization.cases import Case, Cases, folder_cases, synthetic_cases
from octa_svr_dataset.evaluation.localization.guesses import GUESSER, guessed, training_guesses
from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.marks import mark, read_places
from octa_svr_dataset.evaluation.localization.run import localize
from octa_svr_dataset.evaluation.localization.store import LOCALIZATION_NAME, AnswerStore
from octa_svr_dataset.evaluation.localization.table import LocalizationRow, LocalizationTable
from octa_svr_dataset.evaluation.localization.truths import answer_json, mask_kinds, places_in_mask
from octa_svr_dataset.evaluation.predictions import picture_hash
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.text.answers import Box
from octa_svr_dataset.text.wordings import embedded_wordings

SETTINGS = {"training_field_mm": 3.0, "crop": False, "contrast": "none", "size_px": 304, "training_levels": None}
PREPROCESSING = Preprocessing(field_of_view_mm=None, **SETTINGS)


@pytest.fixture(scope="module")
def synthetic() -> Cases:
    """Sixteen pictures of every severity, made once."""
    made = synthetic_cases("dr_staging", resolve_config("dr_staging"), 16)
    cases = list(made.read())
    guesses = training_guesses(resolve_config("dr_staging"), number=20)
    return replace(made, read=lambda: iter(cases), guesses=lambda: guesses)


class Reader:
    """Answers with the truth, or always with the same words; counts what it is asked."""

    def __init__(self, cases: Cases, said: str | None = None) -> None:
        self.said = said
        self.number_asked = 0
        self.truths = {
            (picture_hash(case.picture), TARGETS[kind].question): json.dumps(answer_json(places.objects, kind))
            for case in cases.read()
            for kind, places in case.places.items()
        }

    def __call__(self, pictures: Sequence[Image.Image], question: str) -> list[str]:
        self.number_asked += len(pictures)
        return [self.said or self.truths[picture_hash(picture), question] for picture in pictures]


def tabled(cases: Cases, reader: Reader, out: Path) -> LocalizationTable:
    out.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    (table,) = localize([cases], "model", reader, AnswerStore(out), rng, batch_size=5, advance=lambda: None)
    return table


def of_model(table: LocalizationTable) -> dict[str, LocalizationRow]:
    return {row.target: row for row in table.rows if row.reader == "model"}


def test_each_question_is_one_of_the_training_texts():
    wordings = embedded_wordings()
    forms = [form.render({}) for form in wordings["question/form_answer_only"]]
    for kind, target in TARGETS.items():
        name = "locate_faz" if kind == "faz" else "locate_points" if target.is_point else "locate_boxes"
        words = {"kind": target.said.one, "kinds": target.said.several, "label": target.name}
        asked = [wording.render(words) for wording in wordings[f"question/{name}"]]
        assert target.question in {f"{question} {form}" for question in asked for form in forms}


def test_who_tells_the_truth_finds_everything_and_nothing_else(synthetic, tmp_path):
    rows = of_model(tabled(synthetic, Reader(synthetic), tmp_path))
    assert rows.keys() == {target.name for target in TARGETS.values()}
    for row in rows.values():
        assert row.num_with + row.num_without == 16
        assert row.num_with >= 1
        assert row.found.value == row.precision.value == row.pointing.value == 1.0
        assert row.overlap is None if row.target == "microaneurysm" else row.overlap.value == 1.0
        assert row.false_alarms is None or row.false_alarms.value == row.false_per_picture == 0.0


def test_who_finds_nothing_raises_no_false_alarm(synthetic, tmp_path):
    for row in of_model(tabled(synthetic, Reader(synthetic, "[]"), tmp_path)).values():
        assert row.found.value == row.pointing.value == 0.0
        assert row.precision is None
        assert row.false_alarms is None or row.false_alarms.value == 0.0
        assert row.unparsable_rate == 0.0


def test_who_always_points_to_the_corner_is_wrong_everywhere(synthetic, tmp_path):
    said = '[{"bbox_2d": [0, 0, 12, 12]}]'
    for row in of_model(tabled(synthetic, Reader(synthetic, said), tmp_path)).values():
        assert row.found.value == row.precision.value == 0.0
        assert row.pointing.value <= 0.2
        assert row.false_alarms is None or row.false_alarms.value == row.false_per_picture == 1.0


def test_babble_is_unparsable_and_marks_nothing(synthetic, tmp_path):
    for row in of_model(tabled(synthetic, Reader(synthetic, "It lies [somewhere."), tmp_path)).values():
        assert row.unparsable_rate == 1.0
        assert row.found.value == 0.0
        assert row.false_alarms is None or row.false_alarms.value == 0.0


def test_who_does_not_look_finds_little_but_the_zone(synthetic, tmp_path):
    """The floor: marks of training pictures. Lesions lie elsewhere in each eye, the avascular zone in the middle."""
    rows = {row.target: row for row in tabled(synthetic, Reader(synthetic), tmp_path).rows if row.reader == GUESSER}
    assert {target.name for target in TARGETS.values()} >= rows.keys() >= {"microaneurysm", "capillary dropout"}
    assert rows["foveal avascular zone"].overlap.value > 0.15
    assert rows["foveal avascular zone"].overlap.value > rows["capillary dropout"].overlap.value
    assert rows["capillary dropout"].overlap.value < 0.25
    assert rows["microaneurysm"].found.value < 0.2
    assert all(row.false_alarms is None or row.false_alarms.value == 1.0 for row in rows.values())


def test_the_floor_of_a_picture_is_the_mean_of_guesses_by_hand_and_the_same_in_any_order():
    mask = np.zeros((100, 100), bool)
    mask[40:60, 40:60] = True
    zone = Box(x1=400, y1=400, x2=600, y2=600)
    half, nowhere = replace(zone, x2=500), Box(x1=0, y1=0, x2=100, y2=100)
    places = places_in_mask(mask, "faz")
    eyes = ((zone,), (half,), (nowhere, zone), (nowhere,))
    for drawn in (eyes, eyes[::-1]):
        floor = guessed({"faz": drawn}, "faz", places, "P1")
        assert (floor.num_answered, floor.num_found, floor.num_true) == (1.25, 0.75, 1)
        assert (floor.overlap, floor.aim) == (pytest.approx(2.5 / 4), pytest.approx((1 + 1 + 0.5 + 0) / 4))
    assert guessed({"faz": ()}, "faz", places, None) is None


def test_the_floor_does_not_hang_on_one_guess(synthetic, tmp_path):
    """The same pictures in another order have the same floor, as each is guessed from the same eyes."""
    turned = replace(synthetic, read=lambda: iter([*synthetic.read()][::-1]))
    first, second = (
        {row.target: (row.found.value, row.pointing.value) for row in table.rows if row.reader == GUESSER}
        for table in (tabled(cases, Reader(synthetic, "[]"), tmp_path) for cases in (synthetic, turned))
    )
    assert first.keys() == second.keys()
    assert all(first[target] == pytest.approx(second[target]) for target in first)


def test_points_where_boxes_are_asked_for_aim_but_do_not_overlap():
    mask = np.zeros((100, 100), bool)
    mask[40:60, 30:50] = True
    places = places_in_mask(mask, "dropout")
    point, box = '[{"point_2d": [400, 500]}]', '[{"bbox_2d": [300, 400, 500, 800]}]'
    aimed = mark(read_places(point)[0], "dropout", places, None)
    assert (aimed.num_found, aimed.overlap, aimed.aim) == (0, 0.0, 1.0)
    half = mark(read_places(box)[0], "dropout", places, None)
    assert (half.num_found, half.overlap, half.aim) == (1, pytest.approx(0.5), 1.0)
    other = mark(read_places('[{"bbox_2d": [300, 400, 500, 600], "label": "irma"}]')[0], "dropout", places, None)
    assert (other.num_answered, other.num_found, other.aim) == (1, 0, 0.0)


def test_one_large_box_finds_one_of_several_objects_at_most():
    mask = np.zeros((100, 100), bool)
    mask[10:20, 10:20] = mask[10:20, 22:32] = mask[80:90, 80:90] = True
    places = places_in_mask(mask, "irma")
    assert len(places.objects) == 3
    around_two = mark(read_places('[{"bbox_2d": [100, 100, 320, 200]}]')[0], "irma", places, None)
    assert (around_two.num_found, around_two.num_answered) == (0, 1)
    assert around_two.overlap == pytest.approx(100 / 220)


def test_specks_are_no_objects_and_a_zone_is_one():
    mask = np.zeros((512, 512), bool)
    mask[5, 5] = True
    mask[200:300, 200:280] = mask[100:110, 100:110] = True
    assert len(places_in_mask(mask, "dropout").objects) == 2
    (zone,) = places_in_mask(mask, "faz").objects
    assert (zone.x1, zone.y1, zone.x2, zone.y2) == (391, 391, 547, 586)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def folder_of_one(root: Path, mask: np.ndarray, size_px: int = 600) -> None:
    save(root / "eye.png", np.random.default_rng(1).integers(0, 255, (size_px, size_px), np.uint8))
    save(root / "masks" / "eye.png", mask)


def read_case(root: Path, preprocessing: Preprocessing) -> Case:
    folder = open_image_folder(root, masks="nonperfusion")
    (case,) = folder_cases(folder, folder.images, preprocessing, resolve_config("dr_staging")).read()
    return case


def test_masks_take_the_way_of_their_pictures(tmp_path):
    """Of a 6 mm scan, what lies outside of the central 3 mm is cut away, and the rest is twice as large."""
    mask = np.zeros((600, 600, 3), np.uint8)
    mask[210:240, 300:390] = (0, 90, 0)
    mask[10:40, 10:40] = 255
    mask[440:470, 200:230] = 255
    folder_of_one(tmp_path, mask)
    whole = read_case(tmp_path, Preprocessing(field_of_view_mm=6.0, **SETTINGS)).places["dropout"]
    assert len(whole.objects) == 3
    assert whole.layer.shape == (608, 608)
    cut = read_case(tmp_path, Preprocessing(field_of_view_mm=6.0, **(SETTINGS | {"crop": True})))
    top, bottom = cut.places["dropout"].objects
    assert cut.picture.size == cut.places["dropout"].layer.shape == (304, 304)
    assert (top.x1, top.y1, top.x2, top.y2) == pytest.approx((500, 200, 800, 300), abs=4)
    assert bottom.y2 == 1000, "cut at the border"


def test_an_empty_mask_says_that_there_is_nothing_and_none_says_nothing(tmp_path):
    folder_of_one(tmp_path, np.zeros((600, 600), np.uint8))
    save(tmp_path / "other.png", np.random.default_rng(2).integers(0, 255, (64, 64), np.uint8))
    (case,) = read_masks(tmp_path, "faz")
    assert case.path == "eye.png"
    assert {kind: places.objects for kind, places in case.places.items()} == {"faz": ()}


@pytest.mark.parametrize(
    ("kind", "mask_px", "message"),
    [
        ("faz", 599, "real_dir: the mask 'masks/eye.png' has 599 x 599 px, its picture 600 x 600; allowed: "),
        ("drusen", 600, "masks: unknown kind 'drusen'; allowed: faz, "),
        (None, 600, "localize: no picture of real_dir has a mask; allowed: "),
    ],
)
def test_masks_of_no_use_end_in_one_line(tmp_path, kind, mask_px, message):
    folder_of_one(tmp_path, np.zeros((mask_px, mask_px), np.uint8))
    with pytest.raises(InputError, match=message):
        read_masks(tmp_path, kind)


def test_where_all_lesions_of_a_picture_are_drawn_a_missing_mask_says_that_there_is_none():
    image = FolderImage(path=Path("1.png"), truth=None, masks={"irma": Path("irma/1.png")})
    drawn = ImageFolder(root=Path(), images=(image,), is_synthetic=False, layout="drac22")
    assert mask_kinds(drawn, image) == ("dropout", "irma", "neovascularization")
    assert mask_kinds(replace(drawn, layout="subfolders"), image) == ("irma",)
    graded = replace(image, masks={})
    assert mask_kinds(drawn, graded) == (), "a picture that has grades alone says nothing of lesions"


def read_masks(root: Path, kind: str | None) -> list[Case]:
    folder = open_image_folder(root, masks=kind)
    return list(folder_cases(folder, folder.images, PREPROCESSING, resolve_config("dr_staging")).read())


def test_a_kind_for_masks_that_are_not_there_is_refused(tmp_path):
    save(tmp_path / "eye.png", np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8))
    with pytest.raises(InputError, match="masks: got 'faz', but no picture lies in"):
        open_image_folder(tmp_path, masks="faz")


def test_what_is_answered_is_not_asked_again(synthetic, tmp_path):
    reader = Reader(synthetic)
    first = tabled(synthetic, reader, tmp_path)
    number = reader.number_asked
    assert number == 16 * len(TARGETS)
    file = tmp_path / LOCALIZATION_NAME
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert tabled(synthetic, reader, tmp_path) == first
    assert 0 < reader.number_asked - number < number
    assert file.read_bytes() == whole
    assert tabled(synthetic, reader, tmp_path) == first


def test_real_zones_are_found_by_measuring_and_better_than_by_a_fixed_box(reference, tmp_path):
    """Masks of experts: Wang et al. 2021 (32 scans)."""
    folder = open_image_folder(reference / "real_faz", masks="faz")
    config = resolve_config("dr_staging")
    cases = folder_cases(folder, folder.images, PREPROCESSING, config)
    cases = replace(cases, guesses=lambda: training_guesses(config, number=4))
    table = tabled(cases, Reader(cases, "[]"), tmp_path)
    rows = {row.reader: row for row in table.rows}
    measured, fixed = rows["octa-svr measure"], rows["central box (no picture)"]
    assert measured.num_with == 32
    assert measured.overlap.value > 0.75 > fixed.overlap.high
    assert measured.found.value >= 0.95
    assert measured.pointing.value >= 0.95
    assert measured.overlap.low < measured.overlap.value < measured.overlap.high
    assert measured.overlap.method == "cluster bootstrap"
    assert measured.found.method == "analytic"
