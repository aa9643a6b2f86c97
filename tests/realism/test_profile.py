from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.realism.fit import FittedSetting
from octa_svr_dataset.realism.profile import config_of_pictures, read_pictures, write_profile
from octa_svr_dataset.version import VERSION


def write_picture(path: Path, size_px: tuple[int, int] = (304, 304), lines: int = 60) -> None:
    path.parent.mkdir(exist_ok=True)
    gray = np.full(size_px[::-1], 90, np.uint8)
    gray[::2] = lines
    Image.fromarray(gray).save(path)


class TestRead:
    def test_pictures_without_labels_are_taken(self, tmp_path):
        for name, lines in (("a.png", 60), ("b.png", 61)):
            write_picture(tmp_path / name, lines=lines)
        assert [picture.shape for picture in read_pictures(tmp_path)] == [(304, 304)] * 2

    def test_diseased_eyes_are_left_out(self, tmp_path):
        for lines, folder in enumerate(("healthy", "npdr", "pdr")):
            write_picture(tmp_path / folder / "a.png", lines=lines)
        assert len(read_pictures(tmp_path)) == 1

    def test_a_few_pixels_over_are_cut_off(self, tmp_path):
        write_picture(tmp_path / "a.png", (1024, 1016))
        assert read_pictures(tmp_path)[0].shape == (1016, 1016)

    @pytest.mark.parametrize("size_px", [(400, 300), (245, 245), (800, 400)])
    def test_a_small_or_oblong_picture_is_refused(self, tmp_path, size_px):
        write_picture(tmp_path / "a.png", size_px)
        with pytest.raises(InputError, match=f"{size_px[0]} x {size_px[1]} px; allowed: squares of at least 304 px"):
            read_pictures(tmp_path)

    def test_a_blank_picture_is_refused(self, tmp_path):
        write_picture(tmp_path / "a.png", lines=90)
        with pytest.raises(InputError, match=r"a\.png' is blank; allowed: pictures of eyes"):
            read_pictures(tmp_path)

    @pytest.mark.parametrize(("lines", "reason"), [(90, "it is blank"), (60, "the same pixels as 'a.png'")])
    def test_a_picture_that_is_blank_or_there_twice_is_refused_beside_others(self, tmp_path, lines, reason):
        write_picture(tmp_path / "a.png")
        write_picture(tmp_path / "b.png", lines=lines)
        with pytest.raises(InputError, match=f"folder: 'b.png' in .* cannot be used: {reason}; allowed"):
            read_pictures(tmp_path)

    def test_a_folder_of_diseased_eyes_only_is_refused(self, tmp_path):
        write_picture(tmp_path / "npdr" / "a.png")
        with pytest.raises(InputError, match="holds diseased eyes only"):
            read_pictures(tmp_path)


def test_the_profile_is_a_mapping_of_settings_that_says_where_it_comes_from(tmp_path):
    gain = FittedSetting(name="gain", default=(0.85, 1.2), fitted=(0.7, 1.0), known=0.83)
    lines = FittedSetting(name="motion_lines", default=(0, 4), fitted=(0, 4), known=0.02)
    write_profile(tmp_path / "mine.yaml", [gain, lines], num_pictures=1, command="octa-svr fit-appearance real")
    text = (tmp_path / "mine.yaml").read_text()
    assert yaml.safe_load(text) == {"gain": [0.7, 1.0], "motion_lines": [0, 4]}
    assert f"1 real picture, fitted by octa_svr_dataset {VERSION} with" in text
    assert "octa-svr fit-appearance real" in text
    assert "83 %" in text
    assert "default" in text


def test_the_smallest_numbers_are_written_as_yaml_reads_them(tmp_path):
    noise = FittedSetting(name="row_noise", default=(0.0, 0.02), fitted=(0.00001234, 0.01), known=0.5)
    write_profile(tmp_path / "mine.yaml", [noise], num_pictures=1, command="octa-svr fit-appearance real")
    assert yaml.safe_load((tmp_path / "mine.yaml").read_text()) == {"row_noise": [0.00001234, 0.01]}


def test_the_fit_is_made_on_pictures_of_their_kind():
    config = config_of_pictures(6.0, "deep")
    assert (config.field_of_view_mm, config.imaging.projection, config.imaging.size_px) == (6.0, "deep", 304)
    with pytest.raises(InputError, match=r"imaging\.projection: "):
        config_of_pictures(3.0, "sideways")
