"""What a folder of pictures holds, whatever its layout: which pictures there are, and what is known of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from octa_svr_dataset.evaluation.patients import count_patients
from octa_svr_dataset.grading import Label
from octa_svr_dataset.picture_files import read_image

SYNTHETIC_NOTE = "SYNTHETIC.txt"
"""A folder that holds a file of this name holds synthetic pictures."""

MaskKind = Literal["faz", "nonperfusion", "irma", "neovascularization"]
"""What a mask outlines."""

Eye = Literal["od", "os"]
"""Right and left eye."""

Layout = Literal["subfolders", "metadata", "table", "octa500", "drac22", "unlabeled"]
"""How a folder says what its pictures show."""

NARROWEST_MM, WIDEST_MM = 1.0, 24.0
"""Fields of view that scanners have, the widest of several scans put together."""

ULTRA_WIDE = "ultra-wide"
"""Track of pictures that no scan of the macula compares with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of a picture."""

    is_diseased: bool
    """Whether the eye has diabetic retinopathy of any kind."""

    label: Label | None
    """The class; absent where only the disease is known."""

    def contradicts(self, other: "Truth") -> bool:
        """Whether both cannot be true of one picture."""
        if self.is_diseased != other.is_diseased:
            return True
        return self.label is not None and other.label is not None and self.label != other.label


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderImage:
    """A picture in a folder."""

    path: Path
    """Where it lies, relative to the folder."""

    truth: Truth | None
    """What is known of it; absent where the folder does not say."""

    patient: str | None = None
    """Whose eye it shows; absent where the folder does not say, as is all that follows."""

    eye: Eye | None = None

    age: float | None = None
    """Years."""

    sex: str | None = None
    """"female" or "male", or what else the folder says."""

    masks: Mapping[MaskKind, Path] = field(default_factory=dict)
    """Where masks of it lie, relative to the folder; any pixel of them that is not black belongs to their kind."""

    field_of_view_mm: float | None = None

    is_ultra_wide: bool = False
    """Whether it shows far more than the macula."""

    @property
    def track(self) -> str:
        """Name of the pictures that it may be averaged with; fields of different width are different questions."""
        if self.is_ultra_wide:
            return ULTRA_WIDE
        return "field not stated" if self.field_of_view_mm is None else f"{self.field_of_view_mm:g} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something in a folder that is not evaluated."""

    name: str
    """A path, a class, or an identifier of a table."""

    reason: str
    """Why, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a layout makes of a folder, before its pictures are read."""

    layout: Layout
    images: tuple[FolderImage, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolder:
    """The pictures to evaluate on, in the order of their paths."""

    root: Path
    images: tuple[FolderImage, ...]
    is_synthetic: bool
    """Whether the folder says that its pictures are synthetic."""

    layout: Layout = "subfolders"
    left_out: tuple[LeftOut, ...] = ()
    """Classes that are not asked about, files that cannot be read, duplicates, identifiers without a picture."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Options that said how to read it, as they were given; of a label map, what it says."""

    def read(self, image: FolderImage) -> Image.Image:
        """Pixels of one of the pictures, 8-bit gray."""
        return read_image(self.root / image.path)

    def as_record(self) -> dict[str, Any]:
        """What a report says of the folder."""
        pictures = Counter(image.patient for image in self.images if image.patient is not None)
        classes = Counter("not stated" if image.truth is None else class_name(image.truth) for image in self.images)
        return {
            "layout": self.layout,
            "options": dict(self.options),
            "num_images": len(self.images),
            "classes": dict(sorted(classes.items())),
            "tracks": dict(sorted(Counter(image.track for image in self.images).items())),
            "num_patients": count_patients(image.patient for image in self.images),
            "num_patients_with_several_images": sum(number > 1 for number in pictures.values()),
            "is_synthetic": self.is_synthetic,
            "left_out": [{"name": entry.name, "reason": entry.reason} for entry in self.left_out],
        }


def class_name(truth: Truth) -> str:
    """Name of the class that is known: that of the label, or "diabetic" where only the disease is known."""
    return str(truth.label or "diabetic")


def said_of(left_out: Sequence[LeftOut], most: int = 8) -> list[str]:
    """A line for each of the first few things that are left out, and how many more there are."""
    lines = [f"left out: {entry.name}: {entry.reason}" for entry in left_out[:most]]
    return [*lines, *([f"left out: {len(left_out) - most} more, listed in the report"] if len(left_out) > most else [])]
