"""Streams of a build and of the builder, into PyTorch's DataLoader with workers and ranks."""

import itertools

import datasets
import pytest
from datasets import load_dataset
from datasets.distributed import split_dataset_by_node
from small_builds import CHEAP, build_here, small_plan

from octa_svr_dataset import builder

NUM_ROWS = 12
IDS = [f"dropout_ma-s7-train-{index:08d}" for index in range(NUM_ROWS)]

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture(scope="module", params=["built", "made on demand"])
def stream(request, tmp_path_factory):
    """A function that opens the training split as a stream of six shards."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(builder, "EXAMPLES_PER_SHARD", 2)
        monkeypatch.setattr(builder, "FEW_SHARDS", 6)
        cache = str(tmp_path_factory.mktemp("cache"))
        if request.param == "built":
            folder = tmp_path_factory.mktemp("built")
            build_here(folder, small_plan(num_train=NUM_ROWS, num_test=0, rows_per_shard=2))
            files = f"{folder}/dropout_ma/train-*.parquet"
            yield lambda: load_dataset("parquet", data_files=files, split="train", streaming=True, cache_dir=cache)
        else:
            sizes = {"seed": 7, "num_train": NUM_ROWS, "overrides": CHEAP}
            yield lambda: load_dataset(
                "octa_svr", "dropout_ma", split="train", streaming=True, cache_dir=cache, **sizes
            )


def ids_of(rows):
    return [row["id"] for row in rows]


def loaded_by(rows, num_workers):
    torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
    return ids_of(torch.utils.data.DataLoader(rows.select_columns(["id"]), batch_size=None, num_workers=num_workers))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_every_row_comes_once_whatever_the_number_of_workers_and_ranks(stream, num_workers):
    for world_size in (1, 2):
        parts = [split_dataset_by_node(stream(), rank=rank, world_size=world_size) for rank in range(world_size)]
        ids = [loaded_by(part, num_workers) for part in parts]
        assert sorted(itertools.chain.from_iterable(ids)) == IDS
        assert {len(part) for part in ids} == {NUM_ROWS // world_size}


@pytest.mark.parametrize("num_seen", [1, 3, 5])
def test_a_rank_resumes_exactly(stream, num_seen):
    whole = ids_of(split_dataset_by_node(stream(), rank=1, world_size=2))
    interrupted = split_dataset_by_node(stream(), rank=1, world_size=2)
    seen = ids_of(itertools.islice(interrupted, num_seen))
    resumed = split_dataset_by_node(stream(), rank=1, world_size=2)
    resumed.load_state_dict(interrupted.state_dict())
    assert seen + ids_of(resumed) == whole
    assert len(whole) == NUM_ROWS // 2
