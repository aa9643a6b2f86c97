"""How the check of claims judges texts that are true, and the same texts beside another picture.

    python benchmarks/explanation.py --num 40

Prints what becomes of the claims of the first test pictures of a preset, by aspect. The texts are true of their
pictures, so that what is contradicted is an error of the check.
"""

import argparse
from collections import Counter

import numpy as np

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.example import simulate
from octa_svr_dataset.explanation.explain import Described, explain
from octa_svr_dataset.measurement.picture import measure_picture
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.seeding import SceneKey, Split


def main() -> None:
    """Print shares and aspects."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dr_staging")
    parser.add_argument("--num", type=int, default=40, help="pictures")
    options = parser.parse_args()
    config = resolve_config(options.preset, overrides={"text.form": "prose"})
    described = [
        describe(config, SceneKey(seed=0, split=Split.TEST, scene_index=index)) for index in range(options.num)
    ]
    explanation = explain(described, config.imaging.projection, np.random.default_rng(0))
    print(f"{explanation.num_understood} of {explanation.num_sentences} sentences understood; {explanation.counts}")
    for name, share in (("its own picture", explanation.supported), ("the next one", explanation.elsewhere)):
        if share is not None:
            print(f"supported by {name}: {share.value:.3f} [{share.low:.3f}, {share.high:.3f}]")
    aspects = Counter((claim.claim.split(": ")[1].split()[0], claim.outcome) for claim in explanation.claims)
    for (aspect, outcome), number in sorted(aspects.items()):
        if outcome != "not checkable":
            print(f"{aspect:16} {outcome:12} {number}")


def describe(config: SceneConfig, key: SceneKey) -> Described:
    """A picture with the texts that are true of it."""
    example = simulate(config, key)
    answers = [message.content for message in example.dialogue.messages if message.role == "assistant"]
    return Described(
        path=str(key.scene_index),
        patient=None,
        eye=example.scene.laterality,
        output="\n".join(answers),
        measures=measure_picture(example.rendering.image, config.field_of_view_mm, config.imaging.projection),
    )


if __name__ == "__main__":
    main()
