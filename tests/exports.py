"""Exports of a few rows, for tests of each format."""

import json

from octa_svr_dataset.publishing.export import FORMATS, export
from octa_svr_dataset.publishing.export_llamafactory import USUAL_CUTOFF_LEN
from octa_svr_dataset.publishing.export_rows import open_source
from octa_svr_dataset.publishing.export_tokens import token_counter

NOTHING_GIVEN = {
    "preset": None,
    "split": None,
    "num": None,
    "seed": None,
    "config_file": None,
    "overrides": {},
    "needs": (),
}


def source_of(target, form="coco", **changes):
    return open_source(str(target), **(NOTHING_GIVEN | {"needs": FORMATS[form]} | changes))


def export_to(out, folder, form, *, cutoff_len=USUAL_CUTOFF_LEN, **changes):
    source = source_of(folder, form, **changes)
    counter = token_counter(None, 512 * 512)
    export(source, form, out, progress=lambda rows, *_: rows, counter=counter, cutoff_len=cutoff_len)
    return out


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
