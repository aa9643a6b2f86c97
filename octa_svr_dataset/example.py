"""One example, from settings and a key to picture and words: the whole pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.findings import Findings, observe
from octa_svr_dataset.imaging.motion import EyeMotion
from octa_svr_dataset.imaging.rendering import Rendering, render
from octa_svr_dataset.pathology.disease import draw_severity
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.scene import Scene, add_lesions, grow_healthy_scene
from octa_svr_dataset.seeding import SceneKey, Split, Stage
from octa_svr_dataset.text.dialogue import Dialogue, write_dialogue

LESION_TRIES = 4
"""Lesions of which nothing can be seen are drawn again as often; then the most visible ones are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A picture of a scene with what can be seen in it and what is said of it."""

    config: SceneConfig
    key: SceneKey
    scene: Scene
    rendering: Rendering
    findings: Findings
    dialogue: Dialogue


def make_example(
    preset: str,
    *,
    seed: int = 0,
    split: str = "train",
    index: int = 0,
    config_file: str | PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    lesions: bool = True,
) -> Example:
    """Make any single example of a dataset, alone.

    Parameters
    ----------
    preset
        Name of a preset, as in `load_dataset("octa_svr", preset)`.
    seed, split, index
        Which example; the same as row `index` of that split.
    config_file, overrides
        Changes to the preset, as in `octa_svr_dataset.resolve.resolve_config`.
    lesions
        False gives the healthy twin: the same eye and exposure before any lesion.

    Raises
    ------
    InputError
        An argument is not usable; the message names it.
    """
    if not isinstance(lesions, bool):
        raise InputError(f"lesions: must be True or False, got {lesions!r}")
    config = resolve_config(preset, config_file=config_file, overrides=overrides)
    return simulate(config, SceneKey(seed=seed, split=Split.from_name(split), scene_index=index), lesions=lesions)


def simulate(
    config: SceneConfig, key: SceneKey, *, lesions: bool = True, healthy_scene: Scene | None = None
) -> Example:
    """Simulate the scene of a row, take its picture, observe and describe it.

    Where there are several views of a scene, row `index` shows view `index % views` of scene `index // views`.
    The eye before any lesion may be given, where it has been grown before.
    """
    first = replace(key, scene_index=key.scene_index - key.scene_index % config.imaging.views)
    scene, rendering, findings = _visible_scene(config, first, lesions=lesions, healthy_scene=healthy_scene)
    if key != first:
        rendering, findings = _seen(scene, config, key)
    dialogue = write_dialogue(findings, rendering.fov, scene.laterality, config.text, key.rng(Stage.TEXT))
    return Example(config=config, key=key, scene=scene, rendering=rendering, findings=findings, dialogue=dialogue)


def with_other_texts(example: Example) -> Iterator[Example]:
    """The same picture with other texts, without end: what its stream of the text would say next."""
    rng = example.key.rng(Stage.TEXT)
    about = example.findings, example.rendering.fov, example.scene.laterality, example.config.text
    write_dialogue(*about, rng)
    while True:
        yield replace(example, dialogue=write_dialogue(*about, rng))


def _visible_scene(
    config: SceneConfig, key: SceneKey, *, lesions: bool, healthy_scene: Scene | None
) -> tuple[Scene, Rendering, Findings]:
    """Scene whose disease, if any, can be seen in its first view.

    Eye and exposure stay while only the lesions are drawn again.
    """
    scene_key = replace(key, scene_index=key.scene_index // config.imaging.views)
    scene = healthy_scene or grow_healthy_scene(config, scene_key)
    lesion_rng = scene_key.rng(Stage.LESIONS)
    severity = draw_severity(config.pathology, lesion_rng)
    if not (lesions and severity):
        return scene, *_seen(scene, config, key)
    for _ in range(LESION_TRIES):
        diseased = add_lesions(scene, config.pathology, severity, lesion_rng)
        rendering, findings = _seen(diseased, config, key)
        if findings.label.is_diseased:
            return diseased, rendering, findings
    diseased = add_lesions(scene, config.pathology, severity, lesion_rng, strongest=True)
    return diseased, *_seen(diseased, config, key)


def _seen(scene: Scene, config: SceneConfig, key: SceneKey) -> tuple[Rendering, Findings]:
    """Picture of a scene in the view of a row, and what it shows."""
    scene_key = replace(key, scene_index=key.scene_index // config.imaging.views)
    motion = EyeMotion.draw(config.imaging, scene_key.rng(Stage.MOTION))
    rendering = render(scene, config.imaging, motion, key.rng(Stage.IMAGING))
    return rendering, observe(scene, rendering)
