"""Whose pictures a folder holds: several of one patient tell less than as many of different ones."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from octa_svr_dataset.command import write_whole
from octa_svr_dataset.errors import InputError

PATIENTS_NAME = "patients.csv"
"""File of a folder of pictures that says whose each is."""

COLUMNS = ("path", "patient")


def read_patients(root: Path, paths: Sequence[Path], *, field: str) -> dict[Path, str]:
    """Patient of each picture, as `patients.csv` names them; empty where there is no such file.

    Parameters
    ----------
    root
        Folder of the pictures.
    paths
        Where they lie, relative to it.
    field
        Name of the folder in messages.

    Raises
    ------
    InputError
        The file is no such table, or does not name each picture once.
    """
    file = root / PATIENTS_NAME
    if not file.exists():
        return {}
    try:
        lines = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{field}: cannot read {str(file)!r}: {error}") from None
    if not lines or tuple(lines[0]) != COLUMNS or any(len(line) != 2 or not all(line) for line in lines[1:]):
        raise InputError(
            f"{field}: {str(file)!r} is no table of pictures and patients; allowed: the first line "
            f"{','.join(COLUMNS)}, then one line a picture with both"
        )
    named = Counter(Path(path) for path, _ in lines[1:])
    for path in (*paths, *named):
        if named[path] != 1 or path not in paths:
            reason = f"names {path.as_posix()!r} {named[path]} times" if path in paths else f"names {path.as_posix()!r}"
            raise InputError(f"{field}: {str(file)!r} {reason}; allowed: each picture of the folder, once")
    return {Path(path): patient for path, patient in lines[1:]}


def write_patients(root: Path, patients: Mapping[Path, str]) -> None:
    """Write the file that `read_patients` reads; no name may hold a comma, a quote or a line break."""
    lines = [",".join(COLUMNS), *(f"{path.as_posix()},{patient}" for path, patient in patients.items())]
    write_whole(root / PATIENTS_NAME, "\n".join(lines) + "\n")


def independent_number(patients: Iterable[str | None]) -> float:
    """How many independent pictures tell as much as these, each with its patient or None where nobody knows.

    Pictures of one patient are taken to be judged alike (Kish 1965, Survey Sampling: an intraclass correlation of 1),
    which errs toward wide intervals; one whose patient is not known counts as its own.
    """
    counts = Counter(patients)
    sizes = [1] * counts.pop(None, 0) + list(counts.values())
    return sum(sizes) ** 2 / max(sum(size**2 for size in sizes), 1)


def count_patients(patients: Iterable[str | None]) -> int | None:
    """How many different patients there are; absent where nobody knows."""
    known = {patient for patient in patients if patient is not None}
    return len(known) or None


def said_of_patients(patients: Sequence[str | None]) -> str:
    """How many pictures there are, and of how many patients, in words."""
    counts = Counter(patient for patient in patients if patient is not None)
    pictures = f"{len(patients)} picture{'s' * (len(patients) != 1)}"
    if not counts:
        return f"{pictures}, nobody says of which patients"
    several = sum(number > 1 for number in counts.values())
    unknown = patients.count(None)
    return (
        f"{pictures} of {len(counts)} patient{'s' * (len(counts) != 1)}, {several or 'none'} of them with several"
        f"{f'; of {unknown} nobody says whose they are' if unknown else ''}"
    )
