"""Which pictures of a folder are asked about: those of one width of field, all of them or some."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folder import FolderImage


def of_track(images: Sequence[FolderImage], track: str | None) -> tuple[FolderImage, ...]:
    """Pictures of one width of field, the named one, or the only one there is: different widths are never pooled.

    Raises
    ------
    InputError
        There are several, and none is named, or one that there is not.
    """
    counts = Counter(image.track for image in images)
    track = track if track is None or track in counts else next(filter(counts.__contains__, _track_names(track)), track)
    if track is None and len(counts) == 1:
        return tuple(images)
    if track not in counts:
        found = ", ".join(f"{name} ({count} pictures)" for name, count in sorted(counts.items()))
        raise InputError(f"track: {'none is named' if track is None else f'got {track!r}'}; allowed: {found}")
    return tuple(image for image in images if image.track == track)


def _track_names(given: str) -> Iterator[str]:
    """Names of tracks that a user may mean, such as `6 mm` by `6mm`, `6.0 MM` or `6`."""
    yield given.strip().lower()
    width = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:mm)?", given.strip().lower())
    if width:
        yield f"{float(width[1].replace(',', '.')):g} mm"


def spread(images: tuple[FolderImage, ...], limit: int | None) -> list[FolderImage]:
    """All pictures, or `limit` of them at even distances, so that no class is left out for its name."""
    if limit is None or limit >= len(images):
        return list(images)
    return [images[position * len(images) // limit] for position in range(limit)]
