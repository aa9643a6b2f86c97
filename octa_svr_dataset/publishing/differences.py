"""In what two builds differ: the first setting or version, with both values."""

import json
from collections.abc import Mapping
from typing import Any

from octa_svr_dataset.publishing.manifest import BuildPlan


def difference(plan: BuildPlan, stored: BuildPlan) -> str | None:
    """The first field in which two plans differ, with both values; None where they are alike."""
    ours, theirs = plan.as_dict(), stored.as_dict()
    for name in ("format", "content", "preset", "version", "config", "packages", *ours):
        described = first_difference(ours[name], theirs[name], "" if name == "config" else name)
        if described:
            return described
    return None


def first_difference(ours: Any, theirs: Any, name: str) -> str | None:
    """Name of the first value that differs between nested mappings, with both values; None where none does."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in dict.fromkeys([*ours, *theirs]):
            inner = f"{name}.{key}" if name else str(key)
            described = first_difference(ours.get(key), theirs.get(key), inner)
            if described:
                return described
        return None
    same = list(ours) == list(theirs) if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple) else None
    return None if same or ours == theirs else f"{name}: is {_short(theirs)} there, and {_short(ours)} here"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:60]}..."
