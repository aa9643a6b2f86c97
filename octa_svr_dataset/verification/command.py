"""`octa-svr verify`: which rows, and how the outcome is printed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import preset_names, resolve_config
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.verification.rows import Row, count_rows, rows_of_folder, rows_of_preset
from octa_svr_dataset.verification.verify import Tally

USUAL_NUM = 100
"""Scenes of a preset where no number is given."""

MOST_PRINTED = 20
"""Contradictions and unmapped sentences of each sort that are printed; `--json` holds all."""


def rows_to_verify(
    target: str,
    *,
    num: int | None,
    seed: int,
    split: str,
    texts_per_scene: int,
    config_file: Path | None,
    overrides: Mapping[str, Any],
) -> tuple[Iterator[Row], int | None]:
    """Rows of a folder or of a preset, and how many they are; None where only reading them tells.

    Raises
    ------
    InputError
        The target is neither, or an option is not usable with it.
    """
    if num is not None and num < 1:
        raise InputError(f"num: must be a whole number of at least 1, got {num}")
    if texts_per_scene < 1:
        raise InputError(f"texts_per_scene: must be a whole number of at least 1, got {texts_per_scene}")
    folder = Path(target)
    if folder.is_dir():
        if texts_per_scene > 1 or overrides or config_file:
            raise InputError("texts_per_scene, set, config_file: are of use with a preset only, and this is a folder")
        known = count_rows(folder)
        return rows_of_folder(folder, num), min(known, num or known) or None
    if target not in preset_names():
        raise InputError(
            f"target: {target!r} is no folder and no preset; allowed: a folder of Parquet shards or of save_to_disk, "
            f"{', '.join(preset_names())}"
        )
    config = resolve_config(target, config_file=config_file, overrides=overrides)
    chosen_split, number = Split.from_name(split), num or USUAL_NUM
    keys = [SceneKey(seed=seed, split=chosen_split, scene_index=index) for index in range(number)]
    return rows_of_preset(target, config, keys, texts_per_scene=texts_per_scene), number * texts_per_scene


def as_json(tally: Tally) -> str:
    """The outcome for machines."""
    return json.dumps(
        {
            "rows": tally.rows,
            "sentences": tally.sentences,
            "mapped_share": tally.mapped_share,
            "claims": dict(sorted(tally.claims.items())),
            "contradictions": [
                {"id": wrong.row_id, "kind": wrong.kind, "sentence": wrong.sentence, "reason": wrong.reason}
                for wrong in tally.contradictions
            ],
            "unmapped": dict(tally.unmapped.most_common()),
        }
    )


def as_text(tally: Tally) -> str:
    """The outcome for people."""
    lines = [
        f"{tally.rows} rows, {tally.sentences} sentences, {sum(tally.claims.values())} claims; "
        f"{100 * tally.mapped_share:.2f} % of the sentences mapped to a claim",
        f"{len(tally.contradictions)} contradictions",
    ]
    for kind, number in Counter(wrong.kind for wrong in tally.contradictions).most_common():
        lines.append(f"  {kind}: {number}")
        same_kind = [wrong for wrong in tally.contradictions if wrong.kind == kind]
        lines += [f"    {wrong.row_id}: {wrong.sentence!r} {wrong.reason}" for wrong in same_kind[:MOST_PRINTED]]
    if tally.unmapped:
        lines.append(f"{sum(tally.unmapped.values())} sentences mapped to no claim")
        lines += [f"  {number} x {sentence!r}" for sentence, number in tally.unmapped.most_common(MOST_PRINTED)]
    return "\n".join(lines)
