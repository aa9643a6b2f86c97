"""Small built folders, laid out as `octa-svr build` leaves them, for tests of what reads them."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.example import simulate
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, Manifest, ShardEntry, no_classes, plan_of
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import example_row
from octa_svr_dataset.seeding import SceneKey, Split

SEED = 7


@cache
def row(preset: str, split: str, index: int, *, full: bool) -> dict[str, Any]:
    """One row; `full` with masks and graph."""
    key = SceneKey(seed=SEED, split=Split.from_name(split), scene_index=index)
    example = simulate(resolve_config(preset), key)
    columns = example_row(example, preset, include_masks=full, include_graph=full)
    return row_features(full, full).encode_example(columns)


def built_folder(folder: Path, num: dict[str, dict[str, int]], *, rows_per_shard: int = 2, full: bool = False) -> Path:
    """Make a folder with so many rows by preset and split; masks and graph where `full`."""
    for preset, num_rows in num.items():
        config: SceneConfig = resolve_config(preset)
        plan = plan_of(
            preset,
            config,
            seed=SEED,
            num={split.label: num_rows.get(split.label, 0) for split in Split},
            rows_per_shard=rows_per_shard,
            include_masks=full,
            include_graph=full,
        )
        (folder / preset).mkdir(parents=True)
        features = row_features(full, full)
        entries, classes = [], {split.label: no_classes() for split in Split}
        for shard in plan.planned_shards():
            rows = [row(preset, shard.split, index, full=full) for index in range(shard.start, shard.stop)]
            file = folder / preset / shard.file
            pq.write_table(pa.Table.from_pylist(rows, schema=features.arrow_schema), file)
            entries.append(ShardEntry(**vars(shard), pixels_sha256="", texts_sha256="", bytes=file.stat().st_size))
            counts = Counter(features["label"].int2str(one["label"]) for one in rows)
            classes[shard.split] = {name: n + counts[name] for name, n in classes[shard.split].items()}
        manifest = Manifest(**plan.as_dict(), shards=tuple(entries), classes=classes)
        (folder / preset / MANIFEST_NAME).write_text(manifest.to_json())
    return folder
