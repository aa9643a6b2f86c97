"""False measures made of true ones: areas and shares of an answer."""

import re

import numpy as np

from octa_svr_dataset.verification.rows import Row

_AREA = re.compile(r"(?P<value>\d+\.\d+)(?= ?mm²)")

_PERCENT = re.compile(r"(?<![\d.])(?P<value>\d+)(?= ?(?:%|percent))")


def change_area(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    """An area changed by two fifths and more, with as many digits."""
    del question, row
    matches = [*_AREA.finditer(answer)]
    if not matches:
        return None
    match = matches[int(rng.integers(len(matches)))]
    said = float(match["value"])
    digits = len(match["value"].partition(".")[2])
    changed = round(said * float(rng.uniform(1.5, 2.5) if rng.integers(2) else rng.uniform(0.2, 0.5)), digits)
    if abs(changed - said) < 0.4 * said:
        return None
    return f"{answer[: match.start('value')]}{changed:.{digits}f}{answer[match.end('value') :]}"


def change_share(question: str, answer: str, row: Row, rng: np.random.Generator) -> str | None:
    """A percentage changed by ten points and more."""
    del question, row
    matches = [*_PERCENT.finditer(answer)]
    if not matches:
        return None
    match = matches[int(rng.integers(len(matches)))]
    said = int(match["value"])
    others = [share for share in range(101) if 10 <= abs(share - said) <= 40]
    return f"{answer[: match.start('value')]}{others[int(rng.integers(len(others)))]}{answer[match.end('value') :]}"
