"""Whether everything that is said can be told of a thing of its own."""

from collections.abc import Sequence


def assignable(fits: Sequence[Sequence[int]]) -> bool:
    """Whether each entry can take one of the things that it fits, and no thing is taken twice.

    Parameters
    ----------
    fits
        For each entry, the numbers of the things that it fits.
    """
    owner: dict[int, int] = {}

    def take(entry: int, tried: set[int]) -> bool:
        for thing in fits[entry]:
            if thing in tried:
                continue
            tried.add(thing)
            if thing not in owner or take(owner[thing], tried):
                owner[thing] = entry
                return True
        return False

    return all(take(entry, set()) for entry in range(len(fits)))


def box_overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (x1, y1, x2, y2), each side grown by half a unit: they were rounded."""
    width = min(one[2], other[2]) - max(one[0], other[0]) + 1.0
    height = min(one[3], other[3]) - max(one[1], other[1]) + 1.0
    if width <= 0.0 or height <= 0.0:
        return 0.0
    areas = [(box[2] - box[0] + 1.0) * (box[3] - box[1] + 1.0) for box in (one, other)]
    return width * height / (sum(areas) - width * height)
