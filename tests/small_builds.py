"""Small builds in this process, for tests."""

from typing import Any

from octa_svr_dataset.publishing.build import Outcome, build
from octa_svr_dataset.publishing.building import plan_of_options
from octa_svr_dataset.publishing.manifest import BuildPlan
from octa_svr_dataset.publishing.progress import RowProgress
from octa_svr_dataset.publishing.stages import make_shard
from octa_svr_dataset.publishing.storage import Storage

FEW_VESSELS = {"growth.superficial.iterations": 15, "growth.deep.iterations": 5}
SMALL_PICTURES = {"imaging.size_px": 64}
CHEAP = {**FEW_VESSELS, **SMALL_PICTURES}


def small_plan(*, overrides=CHEAP, content="examples", preset="dropout_ma", **keywords: Any) -> BuildPlan:
    sizes = {"seed": 7, "num_train": 7, "num_validation": 0, "num_test": 2, "rows_per_shard": 3}
    return plan_of_options(preset, content=content, overrides=overrides, **(sizes | keywords))


def here(tasks, *, on_tick):
    """The engine of this process."""
    del on_tick
    yield from map(make_shard, tasks)


def build_here(folder, plan: BuildPlan, engine=here, **keywords: Any) -> Outcome:
    return build(plan, Storage(str(folder)).inside(plan.preset), engine, RowProgress("", ""), **keywords)
