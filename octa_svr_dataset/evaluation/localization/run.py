"""Ask where things lie in every picture, compare with what is known, beside what takes no model."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from octa_svr_dataset.evaluation.localization.cases import Case, Cases
from octa_svr_dataset.evaluation.localization.guesses import GUESSER, Guesses, guessed
from octa_svr_dataset.evaluation.localization.kinds import TARGETS
from octa_svr_dataset.evaluation.localization.marks import Marked, mark, read_places
from octa_svr_dataset.evaluation.localization.references import ZONE_REFERENCES
from octa_svr_dataset.evaluation.localization.store import AnswerStore, Key
from octa_svr_dataset.evaluation.localization.table import LocalizationTable, make_table
from octa_svr_dataset.evaluation.localization.truths import answer_json, as_record

Answerer = Callable[[Sequence[Image.Image], str], Iterable[str]]
"""Gives the outputs to one question about each of some pictures, in their order."""


def localize(
    sources: Sequence[Cases],
    model: str,
    answer: Answerer,
    store: AnswerStore,
    rng: np.random.Generator,
    *,
    batch_size: int,
    advance: Callable[[], None],
) -> tuple[LocalizationTable, ...]:
    """One table a source of pictures.

    Parameters
    ----------
    sources
        Pictures whose objects are known.
    model
        Its name.
    answer
        The model.
    store
        Keeps its answers; what stands there is not asked again.
    rng
        Draws bootstrap samples.
    batch_size
        Pictures that are asked about at a time.
    advance
        Called after every picture.
    """
    tables = []
    lines: dict[Key, Mapping[str, Any]] = {}
    for source in sources:
        marks: dict[str, list[Marked]] = defaultdict(list)
        unread, guesses = source.read(), source.guesses()
        while cases := list(islice(unread, batch_size)):
            for target in TARGETS:
                asked = [case for case in cases if target in case.places]
                for case, output in zip(asked, _outputs(asked, target, answer, store), strict=True):
                    read, problem = read_places(output)
                    marks[model].append(mark(read, target, case.places[target], case.patient))
                    lines[_key(case, target)] = {
                        "kind": TARGETS[target].name,
                        "answered": None if read is None else [as_record(place) for place in read.objects],
                        "problem": problem,
                        "true": answer_json(case.places[target].objects, TARGETS[target].name),
                    }
            for case in cases:
                for name, marked in _references(case, guesses):
                    marks[name].append(marked)
                advance()
        tables.append(make_table(source.name, source.is_synthetic, marks, rng))
    store.rewrite(lines)
    return tuple(tables)


def _outputs(cases: Sequence[Case], target: str, answer: Answerer, store: AnswerStore) -> Iterator[str]:
    """The model's outputs, in the order of the pictures; new ones are kept."""
    open_cases = [case for case in cases if _key(case, target) not in store]
    if open_cases:
        outputs = answer([case.picture for case in open_cases], TARGETS[target].question)
        for case, output in zip(open_cases, outputs, strict=True):
            store.append(_key(case, target), output)
    for case in cases:
        yield store.get(_key(case, target))


def _references(case: Case, guesses: Guesses) -> Iterator[tuple[str, Marked]]:
    """What readers mark that are no model."""
    if "faz" in case.places:
        gray = np.asarray(case.picture)
        for name, find in ZONE_REFERENCES.items():
            yield name, mark(find(gray, case.width_mm), "faz", case.places["faz"], case.patient)
    for target, places in case.places.items():
        floor = guessed(guesses, target, places, case.patient)
        if floor is not None:
            yield GUESSER, floor


def _key(case: Case, target: str) -> Key:
    return case.path, case.digest, TARGETS[target].question
