"""How many false texts `octa-svr verify` finds, by kind of mutation.

Usage: python benchmarks/verify_mutations.py [--num 1000] [--texts-per-scene 20] [--seed 0] [--show 5]

Takes rows of several presets in turn, changes one thing in one of their answers, and asks whether the pixels refute
the changed text. Columns are not looked at: each of them could have been changed along with the text.
"""

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np

from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.verification.mutations import MUTATIONS, mutate
from octa_svr_dataset.verification.rows import Row, rows_of_preset
from octa_svr_dataset.verification.truth import Truth, truth_of
from octa_svr_dataset.verification.verify import is_refuted

PRESETS = ("dr_staging", "dropout_ma", "hard_negatives", "healthy")

TEXT = {"text.opening": "drawn", "text.turns": [3, 6], "text.form": "mixed"}
"""Long dialogues of all tasks and forms: there is more in them to be changed."""


def main() -> None:
    """Print the share of the mutations of each kind that are found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=1000, help="mutations of each kind")
    parser.add_argument("--texts-per-scene", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=5, help="missed ones of each kind to print")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    made, found = Counter[str](), Counter[str]()
    for row, truth in _rows(options.seed, options.texts_per_scene):
        open_kinds = [kind for kind in MUTATIONS if made[kind] < options.num]
        if not open_kinds:
            break
        for kind in open_kinds:
            mutant = mutate(row, kind, rng)
            if mutant is None:
                continue
            made[kind] += 1
            if is_refuted(mutant, truth):
                found[kind] += 1
            elif made[kind] - found[kind] <= options.show:
                _show(kind, row, mutant)
    print("| mutation | made | found | share |\n|---|---|---|---|")
    for kind in MUTATIONS:
        print(f"| {kind} | {made[kind]} | {found[kind]} | {100 * found[kind] / max(made[kind], 1):.1f} % |")


def _rows(seed: int, texts_per_scene: int) -> Iterator[tuple[Row, Truth]]:
    """Rows without end, with what their pixels say."""
    index, last = 0, None
    while True:
        for preset in PRESETS:
            key = SceneKey(seed=seed, split=Split.TEST, scene_index=index)
            for row in rows_of_preset(
                preset, resolve_config(preset, overrides=TEXT), [key], texts_per_scene=texts_per_scene
            ):
                if last is None or last[0].image is not row.image:
                    last = row, truth_of(row)
                yield row, last[1]
        index += 1


def _show(kind: str, row: Row, mutant: Row) -> None:
    for (question, before), (_, after) in zip(row.turns, mutant.turns, strict=True):
        if before != after:
            start = next(
                place for place, (one, other) in enumerate(zip(before + " ", after + " ", strict=False)) if one != other
            )
            print(
                f"missed {kind} {row.row_id}: {question[-80:]!r}\n  before {before[max(start - 80, 0) : start + 80]!r}"
            )
            print(f"  after  {after[max(start - 80, 0) : start + 80]!r}")


if __name__ == "__main__":
    main()
