"""Pixels and words of a few examples, held exactly: changing one means raising `VERSION` with it.

Hashes hold for the versions in constraints.txt on x86-64, whatever the CPU can do.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import pytest
from processes import json_printed_by

EXPECTED = Path(__file__).with_name("examples.json")

HASH_EXAMPLES = """
import hashlib, json
from octa_svr_dataset import VERSION, make_example

rows = {"version": VERSION}
for preset, seed, split, index, projection in [
    ("dropout_ma", 0, "train", 0, "full"), ("dropout_ma", 7, "train", 12, "full"),
    ("dropout_ma", 7, "test", 3, "superficial"), ("healthy", 0, "validation", 1, "deep"),
    ("dr_staging", 0, "train", 0, "superficial"), ("dr_staging", 0, "train", 1, "full"),
    ("dr_staging", 0, "test", 6, "full"),
]:
    example = make_example(
        preset, seed=seed, split=split, index=index, overrides={"imaging.projection": projection}
    )
    digest = hashlib.sha256(example.rendering.image.tobytes())
    for layer in example.rendering.layers.as_dict().values():
        digest.update(layer.tobytes())
    rows[f"{preset} {seed} {split} {index} {projection}"] = {
        "pixels": digest.hexdigest()[:16], "text": example.dialogue.messages[1].content,
    }
print(json.dumps(rows))
"""

OLD_CPU = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}
"""Compile and calculate as for an x86-64 processor without AVX, FMA and what came later."""


@pytest.fixture(scope="module")
def pinned() -> None:
    constraints = (Path(__file__).parents[2] / "constraints.txt").read_text()
    for package in ("numpy", "scipy", "numba", "scikit-image"):
        if f"{package}=={version(package)}\n" not in constraints:
            pytest.skip(f"pixels are held for the versions in constraints.txt; {package} is {version(package)}")


@pytest.mark.usefixtures("pinned")
def test_pixels_and_words_are_those_of_this_version():
    assert json_printed_by(HASH_EXAMPLES) == json.loads(EXPECTED.read_text())


@pytest.mark.slow
@pytest.mark.usefixtures("pinned")
def test_pixels_and_words_do_not_depend_on_what_the_cpu_can_do(tmp_path):
    assert json_printed_by(HASH_EXAMPLES, **OLD_CPU, NUMBA_CACHE_DIR=str(tmp_path)) == json_printed_by(HASH_EXAMPLES)


def test_examples_differ_from_one_another():
    rows = json.loads(EXPECTED.read_text())
    hashes = [hashlib.sha256(json.dumps(row).encode()).digest() for name, row in rows.items() if name != "version"]
    assert len(set(hashes)) == len(hashes) == 7
