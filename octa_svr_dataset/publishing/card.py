"""The dataset card of a built folder: `README.md` with the front matter that the Hub and `load_dataset` read."""

from pathlib import Path
from string import Template
from typing import Any

import pyarrow.parquet as pq
from datasets import DatasetInfo, Features, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from octa_svr_dataset.command import unfinished_path, write_whole
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.grading import Label
from octa_svr_dataset.publishing.card_mark import is_ours, signed
from octa_svr_dataset.publishing.card_preview import preview, preview_name
from octa_svr_dataset.publishing.folder import BuiltFolder, open_built
from octa_svr_dataset.publishing.manifest import PACKAGES, Manifest
from octa_svr_dataset.seeding import Split

CARD_NAME = "README.md"

TITLE = "Synthetic OCTA with reasoning texts"

COLUMNS = {
    "id": "name of the row: configuration, seed, split, index",
    "image": "8-bit gray PNG, square",
    "label": "class of what can be seen: healthy, non-proliferative or proliferative diabetic retinopathy",
    "severity": "0 healthy to 4 proliferative, an OCTA surrogate of the clinical scale",
    "laterality": "od (right eye) or os (left eye)",
    "messages": "questions (role user) and answers (role assistant) in turn, as chat templates expect them",
    "tasks": "for each question its task, its answer for machines (JSON), and of each sentence of the answer the first "
    "and one past the last character and the findings that it tells",
    "findings": "JSON: avascular zone, every lesion with place, size, box and visibility, quality, and what the "
    "picture alone tells",
    "provenance": "version, seed, split, index, hash of the settings, width of the field in mm, projection",
    "masks": "pixel layers as PNG: vessels (1 artery, 2 vein), faz, diffuse_loss, and by instance from 1 dropout, "
    "microaneurysms, irma, neovascularization",
    "graph": "the vessels: position_mm (x, y, z), parent (-1 at roots), radius_mm, kind (0 artery, 1 vein), layer "
    "(0 superficial, 1 deep), links (pairs of nodes that close the capillary bed)",
}
"""Meaning of each column."""

_SIZES = {1e3: "n<1K", 1e4: "1K<n<10K", 1e5: "10K<n<100K", 1e6: "100K<n<1M", 1e7: "1M<n<10M", 1e8: "10M<n<100M"}
_LARGEST = "100M<n<1B"

_TAGS = ["octa", "oct-angiography", "retina", "diabetic-retinopathy", "medical", "synthetic", "grounding", "reasoning"]


def write_card(path: str | Path) -> None:
    """Write the card of a built folder, and its sheets of pictures, in place of those that were written here.

    Raises
    ------
    InputError
        The folder is no finished build, or cannot be written, or has a README.md that is another's or was edited.
    """
    built = open_built(path)
    try:
        _require_no_other(built.path / CARD_NAME)
        captions = {}
        for preset, manifest in built.manifests.items():
            sheet, classes = preview(built, preset, _splits(manifest)[0])
            _write_bytes(built.path / preview_name(preset), sheet)
            captions[preset] = classes
        write_whole(built.path / CARD_NAME, signed(card_text(built, captions)))
    except OSError as error:
        raise InputError(f"{str(built.path)!r}: cannot write the dataset card: {error.strerror}") from None


def _require_no_other(path: Path) -> None:
    """Refuse to write over a README.md that is not as it was written here."""
    if path.exists() and not is_ours(path.read_bytes().decode("utf-8", errors="replace")):
        raise InputError(
            f"{str(path)!r} is not of octa-svr, or was edited, and stays as it is; remove it, and octa-svr push or the "
            "same octa-svr build makes one"
        )


def card_text(built: BuiltFolder, captions: dict[str, list[str]]) -> str:
    """The card.

    Parameters
    ----------
    built
        The folder.
    captions
        Classes of the pictures on the sheet of each preset.
    """
    template = Template((Path(__file__).parent / "card_template.md").read_text(encoding="utf-8"))
    features = [_features(built, preset) for preset in built.manifests]
    types = {name: _type_name(feature) for columns in features for name, feature in columns.items()}
    several = "Each configuration has rows of its own:" if len(built.manifests) > 1 else "There is one configuration:"
    body = template.substitute(
        title=TITLE,
        previews="\n\n".join(_preview_line(preset, classes) for preset, classes in captions.items()),
        usage="\n".join(
            f'ds = load_dataset("./{built.path.resolve().name}", "{preset}")' for preset in built.manifests
        ),
        configurations=f"{several} {', '.join(f'`{preset}`' for preset in built.manifests)}.",
        builds="\n".join(_build_line(manifest) for manifest in built.manifests.values()),
        classes=_class_table(built),
        columns="\n".join(f"| `{name}` | {types[name]} | {what} |" for name, what in COLUMNS.items() if name in types),
        packages=", ".join(["Python", *PACKAGES]),
        version=", ".join(sorted({manifest.version for manifest in built.manifests.values()})),
    )
    return f"---\n{_front_matter(built).to_yaml(line_break=chr(10))}\n---\n\n{body}"


def _front_matter(built: BuiltFolder) -> DatasetCardData:
    """What the Hub reads: license, tasks, size; of each configuration its files, columns and numbers of rows."""
    num_rows = sum(sum(manifest.num.values()) for manifest in built.manifests.values())
    has_masks = any(manifest.include_masks for manifest in built.manifests.values())
    tasks = ["image-text-to-text", "visual-question-answering", "image-classification"]
    data = DatasetCardData(
        pretty_name=TITLE,
        license="mit",
        language=["en"],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        source_datasets=["original"],
        task_categories=[*tasks, *(["image-segmentation", "object-detection"] if has_masks else [])],
        tags=_TAGS,
        size_categories=[next((name for limit, name in _SIZES.items() if num_rows < limit), _LARGEST)],
    )
    DatasetInfosDict({preset: _info(built, preset) for preset in built.manifests}).to_dataset_card_data(data)
    MetadataConfigs(
        {
            preset: {
                "data_files": [{"split": split, "path": f"{preset}/{split}-*.parquet"} for split in _splits(manifest)]
            }
            for preset, manifest in built.manifests.items()
        }
    ).to_dataset_card_data(data)
    return data


def _info(built: BuiltFolder, preset: str) -> DatasetInfo:
    manifest = built.manifests[preset]
    splits = SplitDict()
    for split in _splits(manifest):
        num_bytes = sum(shard.bytes for shard in manifest.shards if shard.split == split)
        splits.add(SplitInfo(name=split, num_bytes=num_bytes, num_examples=manifest.num[split]))
    return DatasetInfo(
        features=_features(built, preset),
        splits=splits,
        download_size=manifest.num_bytes,
        dataset_size=manifest.num_bytes,
    )


def _features(built: BuiltFolder, preset: str) -> Features:
    """Columns as the first file of a configuration has them."""
    file = built.path / preset / built.manifests[preset].shards[0].file
    return Features.from_arrow_schema(pq.read_schema(file))


def _splits(manifest: Manifest) -> list[str]:
    """Names of the splits that hold rows."""
    return [split.label for split in Split if manifest.num[split.label]]


def _preview_line(preset: str, classes: list[str]) -> str:
    return f"![Pictures of {preset}]({preview_name(preset)})\n\n*`{preset}`, line by line: {', '.join(classes)}.*"


def _build_line(manifest: Manifest) -> str:
    config = manifest.scene_config
    cells = [
        *(f"`{manifest.preset}`", manifest.version, str(manifest.seed), f"`{manifest.config_hash}`"),
        *(f"{config.field_of_view_mm:g} mm, {config.imaging.projection}", f"{config.imaging.size_px} px"),
        *("yes" if held else "no" for held in (manifest.include_masks, manifest.include_graph)),
    ]
    return f"| {' | '.join(cells)} |"


def _class_table(built: BuiltFolder) -> str:
    """Numbers of rows by configuration, split and class."""
    names = [str(label) for label in Label]
    lines = [f"| configuration | split | rows | {' | '.join(names)} |", "|---|---|" + "---:|" * (len(names) + 1)]
    for preset, manifest in built.manifests.items():
        for split in _splits(manifest):
            counts = [str(manifest.classes[split].get(name, 0)) for name in names]
            lines.append(f"| `{preset}` | {split} | {manifest.num[split]} | {' | '.join(counts)} |")
    return "\n".join(lines)


def _type_name(feature: Any) -> str:
    """Type of a column in a word or two."""
    if isinstance(feature, dict):
        return "struct"
    name = getattr(feature, "dtype", None)
    return {"Image": "image", "ClassLabel": "class", "List": "list"}.get(type(feature).__name__, str(name))


def _write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    unfinished = unfinished_path(path)
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
