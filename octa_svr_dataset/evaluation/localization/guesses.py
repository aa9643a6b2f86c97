"""What someone would mark who knows the training pictures and does not look: the floor of every figure."""

from collections.abc import Mapping, Sequence

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.marks import Marked, mark, mean_of
from octa_svr_dataset.evaluation.localization.truths import Places, said_places
from octa_svr_dataset.example import simulate
from octa_svr_dataset.seeding import SceneKey, Split
from octa_svr_dataset.text.answers import Box, ObjectsAnswer, Point

GUESSER = "training eyes' (no picture)"
"""Name of this reader in tables."""

NUM_EYES = 60
"""So many training pictures are guessed from, for 10 s of one core; a kind that none of them shows is not guessed."""

NUM_GUESSES = 20
"""Of the pictures with such an object, so many are guessed from in turn for every picture; figures are means over them,
so that no single guess makes the floor."""

Guesses = Mapping[str, Sequence[tuple[Box | Point, ...]]]
"""By name in `TARGETS`: all objects of each training picture that shows any."""


def training_guesses(config: SceneConfig, *, number: int = NUM_EYES) -> Guesses:
    """Objects in the first pictures of the training split of a configuration, of seed 0."""
    keys = [SceneKey(seed=0, split=Split.TRAIN, scene_index=index) for index in range(number)]
    seen = [simulate(config, key).findings for key in keys]
    size_px = config.imaging.size_px
    of_eyes = {target: [said_places(findings, target, size_px) for findings in seen] for target in TARGETS}
    return {target: [objects for objects in said if objects] for target, said in of_eyes.items()}


def guessed(guesses: Guesses, target: str, places: Places, patient: str | None) -> Marked | None:
    """How well the first eyes with such an object mark a picture, on average; absent where none has any."""
    of_eyes = guesses[target][:NUM_GUESSES]
    answers = [ObjectsAnswer(kind=TARGETS[target].name, objects=objects) for objects in of_eyes]
    return mean_of([mark(answer, target, places, patient) for answer in answers]) if answers else None
