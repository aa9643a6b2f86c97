"""How laboratories write classes, as ours: a `--label_map`, and synonyms that are beyond doubt."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.evaluation.folders.images import LeftOut, Truth
from octa_svr_dataset.grading import Label

_HEALTHY = Truth(is_diseased=False, label=Label.HEALTHY)
_NPDR = Truth(is_diseased=True, label=Label.NPDR)
_PDR = Truth(is_diseased=True, label=Label.PDR)
_DIABETIC = Truth(is_diseased=True, label=None)

SKIP = "skip"
"""Class of a label map that leaves pictures out."""

MAPPED: dict[str, Truth | None] = {
    "healthy": _HEALTHY,
    "npdr": _NPDR,
    "pdr": _PDR,
    "diabetic": _DIABETIC,
    SKIP: None,
}
"""What a label map may say."""

CLASS_FOLDERS: dict[str, Truth] = {
    **dict.fromkeys(
        (
            "healthy",
            "normal",
            "control",
            "controls",
            "healthy_control",
            "healthy_controls",
            "normal_control",
            "no_dr",
            "nodr",
            "non_dr",
            "non_diabetic",
            "nondiabetic",
            "without_dr",
            "dr_negative",
            "no_retinopathy",
            "no_apparent_dr",
            "no_apparent_retinopathy",
            "r0",
            "icdr_0",
        ),
        _HEALTHY,
    ),
    **dict.fromkeys(
        (
            "npdr",
            "mild",
            "moderate",
            "severe",
            "background_dr",
            "background_retinopathy",
            "preproliferative",
            "preproliferative_dr",
            "ppdr",
            "r1",
            "r2",
            "icdr_1",
            "icdr_2",
            "icdr_3",
            *(f"{degree}_{name}" for degree in ("early", "mild", "moderate", "severe") for name in ("npdr", "dr")),
            *(f"npdr_{degree}" for degree in ("mild", "moderate", "severe")),
            "mild_to_moderate_npdr",
            "moderate_to_severe_npdr",
            "very_severe_npdr",
        ),
        _NPDR,
    ),
    **dict.fromkeys(
        ("pdr", "early_pdr", "active_pdr", "stable_pdr", "high_risk_pdr", "r3", "r3a", "r3s", "icdr_4"), _PDR
    ),
    **dict.fromkeys(("dr", "diabetic", "with_dr", "dr_positive"), _DIABETIC),
}
"""Names of classes that are understood; what `normalized_class` makes of a name is looked up here."""

OTHER_CLASSES = frozenset(
    {
        "amd",
        "armd",
        "age_related_macular_degeneration",
        "cnv",
        "csc",
        "cscr",
        "central_serous_chorioretinopathy",
        "rvo",
        "brvo",
        "crvo",
        "retinal_vein_occlusion",
        "glaucoma",
        "myopia",
        "macular_hole",
        "epiretinal_membrane",
        "erm",
        "uveitis",
        "other",
        "others",
        "ungradable",
        "ungradeable",
        "unknown",
    }
)
"""Names of what is not asked about: other diseases, and eyes that nobody has graded."""

_REWRITTEN = (
    (r"^\d+_(?=[a-z])", ""),
    (r"retinopathy_diabetic|diabetic_retinopathies|diabetic_retinopathy", "dr"),
    (r"non_?proliferat(iv)?e(_(dr|retinopathy))?(_npdr)?(?=_|$)", "npdr"),
    (r"pre_proliferat(iv)?e", "preproliferative"),
    (r"(?<![a-z])proliferat(iv)?e(_(dr|retinopathy))?(_pdr)?(?=_|$)", "pdr"),
    (r"^(mild|moderate|severe|npdr|pdr|dr|healthy|normal|control)_(eyes?|patients?|subjects?|group)$", r"\1"),
    (r"^icdr_?(?:grade_)?(\d)$", r"icdr_\1"),
)

_SIGNS = ((r"[\s_]*\(?\+\)?$", "positive"), (r"[\s_]*\(?[-\u2212]\)?$", "negative"))

_NUMBER = re.compile(r"(?:(?:dr|grade|class|stage|level|severity|label)_?)?(\d+)")


def normalized_class(name: str) -> str:
    """A name in lower case, with underscores for what parts words, and one spelling of each disease.

    Letters of all scripts count, with their vowel signs and however they are composed. A sign at its end is part of a
    name (`DR-`), and so is a question mark: no synonym knows a doubt.
    """
    text = re.sub(r"^(\d+)\.0+$", r"\1", unicodedata.normalize("NFKC", name).strip().lower())
    for sign, word in _SIGNS:
        text = re.sub(sign, f" {word}", text)
    text = re.sub("_+", "_", "".join(char if _is_of_word(char) else "_" for char in text)).strip("_")
    for pattern, spelling in _REWRITTEN:
        text = re.sub(pattern, spelling, text)
    return text


def _is_of_word(char: str) -> bool:
    """Whether a character is part of a word; marks that only say how to draw the one before are not."""
    is_selector = "\ufe00" <= char <= "\ufe0f"
    return char.isalnum() or char == "?" or (unicodedata.category(char) in ("Mn", "Mc") and not is_selector)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReader:
    """Reads names of classes, by a label map first and by the synonyms after it."""

    mapped: Mapping[str, Truth | None]
    """By normalized name; None leaves pictures of the class out."""

    def extended(self, mapped: Mapping[str, Truth | None]) -> "ClassReader":
        """A reader that knows more names, which the label map may overrule."""
        return ClassReader(mapped={**mapped, **self.mapped})

    def as_record(self) -> dict[str, str]:
        """What the label map says, by normalized name."""
        meanings = {truth: word for word, truth in MAPPED.items()}
        return {name: meanings[truth] for name, truth in self.mapped.items()}

    def knows(self, name: str) -> bool:
        """Whether a name is that of a class, or of one that is not asked about."""
        key = normalized_class(name)
        return key in self.mapped or key in CLASS_FOLDERS or key in OTHER_CLASSES

    def read(self, name: str) -> Truth | LeftOut:
        """What a known name says, or why its pictures are left out."""
        key = normalized_class(name)
        if key in self.mapped:
            return self.mapped[key] or LeftOut(name=name, reason="the label map skips this class")
        return CLASS_FOLDERS.get(key) or LeftOut(name=name, reason="this class is not asked about")

    def require_known(self, names: Iterable[str], *, field: str, what: str) -> None:
        """Refuse names of no class.

        Parameters
        ----------
        names
            As the folder writes them.
        field, what
            Option and thing to name in the message.
        """
        unknown = sorted({name for name in names if not self.knows(name)})
        numbers = [name for name in unknown if _NUMBER.fullmatch(normalized_class(name))]
        if numbers:
            raise InputError(
                f"{field}: {what} {numbers[0]!r} is a number{_others('as are', numbers)}, which means another grade in "
                "each scale (0 to 2, or 0 to 4 of the ICDR); allowed: a --label_map that says what each means, such as "
                "{0: healthy, 1: npdr, 2: npdr, 3: npdr, 4: pdr}"
            )
        if unknown:
            raise InputError(
                f"{field}: {what} {unknown[0]!r} names no class{_others('nor do', unknown)}; allowed: healthy, npdr, "
                f"pdr, dr and how they are usually written, or a --label_map that says which of {', '.join(MAPPED)} it "
                "stands for"
            )


def read_label_map(path: Path | None) -> ClassReader:
    """The reader of classes that a YAML file of names and `healthy`, `npdr`, `pdr`, `diabetic` or `skip` asks for.

    Raises
    ------
    InputError
        The file is no such map.
    """
    if path is None:
        return ClassReader(mapped={})
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"label_map: cannot read {str(path)!r}: {error}") from None
    if not isinstance(given, dict) or not given:
        raise InputError(f"label_map: {str(path)!r} is no map; allowed: a line a class, such as '2: npdr'")
    mapped: dict[str, Truth | None] = {}
    for name, value in given.items():
        if isinstance(name, bool) or name is None:
            raise InputError(f"label_map: {name!r} is what YAML makes of a bare word; allowed: the word in quotes")
        if not isinstance(value, str) or value not in MAPPED:
            raise InputError(f"label_map: {name!r} stands for {value!r}; allowed: {', '.join(MAPPED)}")
        key = normalized_class(str(name))
        if mapped.setdefault(key, MAPPED[value]) != MAPPED[value]:
            raise InputError(f"label_map: {name!r} is given twice, in two meanings; allowed: one")
    return ClassReader(mapped=mapped)


def _others(words: str, names: list[str], most: int = 4) -> str:
    """The names after the first one, of which a few are enough, as an insertion; empty where there are none."""
    quoted = [*map(repr, names[1 : 1 + most]), *["others"] * (len(names) > 1 + most)]
    return f" ({words} {', '.join(quoted)})" if quoted else ""
