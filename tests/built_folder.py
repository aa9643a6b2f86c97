"""Small built folders, laid out as `octa-svr build` leaves them, for tests of what reads them."""

from functools import cache
from pathlib import Path
from typing import Any

from octa_svr_dataset.builder import row_features
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.example import simulate
from octa_svr_dataset.publishing.build import manifest_of
from octa_svr_dataset.publishing.manifest import MANIFEST_NAME, plan_of
from octa_svr_dataset.publishing.shard_files import write_shard
from octa_svr_dataset.publishing.storage import Storage
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
        storage = Storage(str(folder / preset))
        contents = {}
        for shard in plan.planned_shards():
            rows = (row(preset, shard.split, index, full=full) for index in range(shard.start, shard.stop))
            contents[shard.file] = write_shard(plan, shard, storage, rows)
        manifest = manifest_of(plan, contents)
        (folder / preset / MANIFEST_NAME).write_text(manifest.to_json())
    return folder
