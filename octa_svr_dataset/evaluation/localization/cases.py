"""Pictures whose objects are known, read or made one at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage, ImageFolder
from octa_svr_dataset.evaluation.localization.guesses import Guesses, training_guesses
from octa_svr_dataset.evaluation.localization.truths import (
    Places,
    mask_kinds,
    places_in_example,
    places_in_folder,
)
from octa_svr_dataset.evaluation.predictions import picture_hash
from octa_svr_dataset.evaluation.preprocessing import Preprocessing
from octa_svr_dataset.example import simulate
from octa_svr_dataset.seeding import SceneKey, Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture with what is known of it."""

    path: str
    """Of its file, or preset, split and index."""

    patient: str | None
    picture: Image.Image
    """As the model sees it."""

    digest: str
    """Tells pictures apart by their pixels."""

    width_mm: float
    """Width of its field."""

    places: dict[str, Places]
    """By name in `TARGETS`; kinds of which nothing is known are absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Pictures of one source."""

    name: str
    is_synthetic: bool
    number: int
    read: Callable[[], Iterator[Case]]

    guesses: Callable[[], Guesses]
    """Gives what the reader marks who does not look."""


def folder_cases(
    folder: ImageFolder, images: Sequence[FolderImage], preprocessing: Preprocessing, training: SceneConfig
) -> Cases:
    """Those of some pictures of a folder that have masks; `training` are the settings of what guesses are made from.

    Raises
    ------
    InputError
        None has.
    """
    known = [(image, mask_kinds(folder, image)) for image in images if image.masks]
    if not known:
        raise InputError(
            "localize: no picture of real_dir has a mask; allowed: masks/<kind>/ beside the pictures, or --masks where "
            "masks/ holds those of one kind"
        )

    def read() -> Iterator[Case]:
        for image, kinds in known:
            picture = folder.read(image)
            yield Case(
                path=image.path.as_posix(),
                patient=image.patient,
                picture=preprocessing.apply(picture, image.field_of_view_mm),
                digest=picture_hash(picture),
                width_mm=preprocessing.width_mm(image.field_of_view_mm),
                places={kind: places_in_folder(folder, image, kind, preprocessing, picture.size) for kind in kinds},
            )

    return Cases(
        name="masks of the folder",
        is_synthetic=folder.is_synthetic,
        number=len(known),
        read=read,
        guesses=lambda: training_guesses(training),
    )


def synthetic_cases(preset: str, config: SceneConfig, number: int) -> Cases:
    """The first pictures of the test split of a preset, of seed 0."""

    def read() -> Iterator[Case]:
        for index in range(number):
            example = simulate(config, SceneKey(seed=0, split=Split.TEST, scene_index=index))
            picture = Image.fromarray(example.rendering.image)
            yield Case(
                path=f"{preset}/test/{index}",
                patient=f"eye {index // config.imaging.views}",
                picture=picture,
                digest=picture_hash(picture),
                width_mm=config.field_of_view_mm,
                places=places_in_example(example),
            )

    return Cases(
        name=f"synthetic test split of {preset}",
        is_synthetic=True,
        number=number,
        read=read,
        guesses=lambda: training_guesses(config),
    )
