"""What `--only` starts from: whether a stored build can serve, and which settings have to be as there."""

from collections.abc import Mapping
from typing import Any

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.build import stored_plan
from octa_svr_dataset.publishing.differences import first_difference
from octa_svr_dataset.publishing.manifest import BuildPlan, Manifest
from octa_svr_dataset.publishing.storage import Storage

SOURCE_OF = {"text": "examples", "appearance": "graphs"}
"""What each stage is made from."""


def open_source(only: str, url: str, plan: BuildPlan) -> str:
    """Folder or URL of the files that a stage of a plan starts from.

    Raises
    ------
    InputError
        It is none, is not finished, or a setting differs that the stage does not redo.
    """
    storage = Storage(url).inside(plan.preset)
    stored = stored_plan(storage)
    if not isinstance(stored, Manifest):
        state = "an unfinished" if stored else "no"
        raise InputError(f"from: {url!r} holds {state} build of {plan.preset}; allowed: a finished one")
    if stored.content != SOURCE_OF[only]:
        made_by = "octa-svr build --only graphs" if only == "appearance" else "octa-svr build"
        raise InputError(f"from: {url!r} holds {stored.content}; allowed for --only {only}: a folder of {made_by}")
    differs = first_difference(_needed(only, plan), _needed(only, stored), "")
    if differs:
        raise InputError(f"{differs}; allowed: as there, or a build without --only {only}")
    _require_enough(only, url, plan, stored)
    return storage.url


def _needed(only: str, plan: BuildPlan) -> Mapping[str, Any]:
    """What has to be alike: all that the stored columns are a function of."""
    common = {"version": plan.version, "seed": plan.seed}
    if only == "text":
        return common | {name: part for name, part in plan.config.items() if name != "text"}
    return common | {name: plan.config[name] for name in ("growth", "field_of_view_mm")}


def _require_enough(only: str, url: str, plan: BuildPlan, stored: Manifest) -> None:
    views = plan.scene_config.imaging.views if only == "appearance" else 1
    for split, num_rows in plan.num.items():
        if stored.num[split] * views < num_rows:
            raise InputError(f"num_{split}: {url!r} has {stored.num[split]} {stored.content}, too few for {num_rows}")
    for name in ("include_masks", "include_graph"):
        if only == "text" and getattr(plan, name) and not getattr(stored, name):
            raise InputError(f"{name}: the rows in {url!r} are without; allowed: false, or a build without --only")
