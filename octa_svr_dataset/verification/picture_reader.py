"""What a clause claims of quadrants, of the course of vessels, and of the picture itself."""

import re
from collections.abc import Iterator

from octa_svr_dataset.verification.claims import LESIONS, Claim, Context
from octa_svr_dataset.verification.clauses import Clause

_REGION = r"\b(?:quadrants?|sectors?)\b"

_WORST = (
    r"\b(?:worst|most (?:affected|severely|heavily|strongly|marked|of the loss|damaged|loss|of its|capillar\w+)|"
    r"hardest|greatest|highest|heaviest|"
    r"the most\b(?! extensive)|most extensive|more than (?:of |in )?(?:any|the) other|stands? out|"
    r"largest (?:share|part|loss)|least (?:perfused|dense)|sparsest|(?:lost|affected) most|"
    r"suffers? most|predominat\w+|maxim(?:al|um)|leads?|ahead of|chiefly|concentrat\w+|lowest (?:density|perfusion)|"
    r"more (?:affected|loss|than|of it)|worse|larger than|exceeds?)\b"
)

_LEAST = (
    r"\b(?:least (?:affected|damaged|severely|heavily|loss|involved|of (?:its|the))|best preserved|most spared|"
    r"(?:lost|suffers?) (?:the )?least)\b"
)

_AMONG_ALL = r"\b(?:followed by|next|any other|(?:most|worst|largest)\b.*\bahead of)\b"
"""Says that no quadrant has lost more, though others are named."""

_EVEN = (
    r"\b(?:even(?:ly)?|alike|equal(?:ly)?|similar(?:ly)?|no more than the|too small to matter|not fav\w+|"
    r"favou?rs? (?:no|none)|shares? the|without a clear difference|no real difference|matched by|"
    r"hardly differ\w*|(?:no|little) difference|"
    r"no (?:single )?(?:quadrant|sector|side|region)\w* (?:stands? out|is (?:clearly )?(?:worse|worst|"
    r"spared)|clearly)|uniform(?:ly)?|comparabl[ey]|the same|about as much|balanced|"
    r"none of the (?:four )?(?:quadrants|sectors)|no clear difference|"
    r"to (?:much )?the same (?:extent|degree)|neither)\b"
)

_VESSELS = (
    r"\b(?:vessels?|course|calib(?:er|re)|width|veins?|arter(?:y|ies)|"
    r"venous|branches|tortu\w+|bead\w+|wind\w*)\b"
)

_UNREMARKABLE = (
    r"(?<!than )\b(?:usual|normal(?:ly)?|unremarkable|regular(?:ly)?|smooth(?:ly)?|straight|ordinary|even|"
    r"inconspicuous|nothing unusual|gentl[ey]|"
    r"nothing (?:remarkable|abnormal)|as in healthy|uniform|within (?:the )?(?:usual|normal|healthy)|steady|"
    r"steadily|constant)\b"
)

_QUALITY = r"\b(?:quality|picture|image|scan|recording|acquisition|exposure|signal|frame)\b"

_UNSHOWN = r"\b(?:ha?emorrhages?|bleedings?|exudates?|cotton[ -]wool spots?|o?edema|drusen|subretinal fluid)\b"

_UNAFFIRMED = (
    r"\b(?:no|not|none|nor|neither|without|cannot|unable|beyond|nothing|absent|free|may|might|could|whether|"
    r"invisible|instead|rather|unlike|mistaken|excluded|ruled out|doubtful)\b|n't\b"
)
"""Marks of a clause that does not say that it is there."""

_GRADES = {
    "good": r"\b(?:good|excellent|high|clear|crisp|sharp|"
    r"free of (?:\w+ )?(?:artifacts?|flaws?)|technically sound|sound|"
    r"reliable|fully (?:gradable|usable)|"
    r"no (?:technical |relevant |notable |disturbing )?(?:flaws?|artifacts?|faults?|defects?|limitations?))\b",
    "fair": r"\b(?:fair|acceptable|adequate|moderate|sufficient|reasonable|passable|satisfactory|usable|middling|"
    r"intermediate|medium|slightly limited|"
    r"decent|still (?:readable|legible|gradable|usable))\b",
    "poor": (
        r"\b(?:poor|bad|low|limited|inferior|weak|impaired|compromised|degraded|reduced|below average|insufficient|"
        r"mediocre)\b"
    ),
}


def read_regions(clause: Clause, context: Context) -> Iterator[Claim]:
    """Claims of a clause on what quadrants have lost, and which is worst."""
    if any(kind.value in ("microaneurysm", "irma", "neovascularization", "faz") for kind in clause.kinds()):
        return
    named = quadrants_in(clause, context.laterality)
    is_about = clause.has(_REGION) or context.subject == "regions" or (bool(named) and clause.has(r"\bdensity\b"))
    is_even = clause.has(_EVEN)
    tags = {mention.tag for mention in clause.mentions if mention.value != "other"}
    tells_lesions = "area" in tags or ("rank" in tags and "percent" not in tags and not is_even)
    if not is_about or tells_lesions:
        return
    shares = [mention.value for mention in clause.mentions if mention.tag == "percent"]
    is_density = clause.has(
        r"\b(?:density|dense|show\w* (?:a )?vessels?|covered by vessels|vessels? (?:cover|occup|fill|take)\w*|"
        r"occupied by vessels)\b"
    )
    is_denied = any(mention.tag == "negation" for mention in clause.mentions)
    aspect = "region_density" if is_density else "region_share"
    for region, share in zip(named, shares, strict=False):
        yield Claim(aspect=aspect, subject="regions", value=(region, share))
    if len(shares) == 2 and not named and not is_density:
        yield Claim(aspect="pair_shares", subject="regions", value=(context.quadrants, tuple(shares)))
    for region in named:
        if context.quadrants and region not in context.quadrants:
            yield Claim(aspect="asked_region", subject="regions", value=(region, context.quadrants))
    among = tuple(named) if len(named) > 1 and not clause.has(_AMONG_ALL) else context.quadrants
    if is_even and not named and not clause.has(_REGION) and clause.has(_VESSELS):
        return
    if is_even or (is_denied and clause.has(_WORST)):
        is_spread = clause.has(r"\b(?:all|evenly|uniform\w*|not fav\w+|balanced)\b")
        is_top = clause.has(r"\b(?:largest|most|highest|greatest|worst)\b") and len(named) == 2
        value = tuple(named), context.quadrants, is_spread, is_top
        yield Claim(aspect="even_regions", subject="regions", value=value)
    elif named and clause.has(_LEAST) and not clause.has(_WORST) and not is_denied:
        yield Claim(aspect="least_region", subject="regions", value=(named[0], among))
    elif named and clause.has(_WORST):
        yield Claim(aspect="worst_region", subject="regions", value=(named[0], among))
    elif is_denied and not shares and clause.has(r"\b(?:loss|lost|affected|dropout)\b"):
        for region in named or context.quadrants:
            yield Claim(aspect="region_share", subject="regions", value=(region, (0.0, 0)))


def read_unshown(clause: Clause) -> Iterator[Claim]:
    """Claims of a clause that the picture shows what no picture of flow can show."""
    if clause.has(_UNSHOWN) and not clause.has(_UNAFFIRMED):
        yield Claim(aspect="unshown", subject="picture")


def is_on_unshown(clause: Clause) -> bool:
    """Whether a clause speaks of nothing but what no picture of flow can show."""
    return clause.has(_UNSHOWN) and not clause.kinds()


def quadrants_in(clause: Clause, laterality: str) -> list[str]:
    """Quadrants that a clause names, also by their side of the picture."""
    right, left = ("nasal", "temporal") if laterality == "od" else ("temporal", "nasal")
    sides = {"upper": "superior", "lower": "inferior", "left": left, "right": right}
    named = []
    for mention in clause.mentions:
        if mention.tag == "quadrant":
            named.append(str(mention.value))
        elif mention.tag == "direction" and mention.value in sides:
            named.append(sides[mention.value])
        elif mention.tag == "direction" and clause.has(r"\bquadrants? (?:to|in|at|on)\b"):
            named.append(str(mention.value))
    return named


def read_shape(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on how the larger vessels run."""
    if any(kind.value in ("irma", "neovascularization", "microaneurysm", "faz") for kind in clause.kinds()):
        return
    tells_calibre = clause.has(r"\b(?:calib(?:er|re)|width|wide|vessels)\b") and subject not in LESIONS
    if tells_calibre and any(mention.tag == "length" for mention in clause.mentions):
        for mention in clause.mentions:
            if mention.tag == "length":
                yield Claim(aspect="calibre", subject="vessel_shape", value=mention.value)
        return
    traits = [
        mention for mention in clause.mentions if mention.tag == "trait" and mention.value in ("tortuous", "beaded")
    ]
    if clause.has(
        r"\b(?:too (?:few|little)|cannot be (?:judged|measured|assessed|followed)|"
        r"not (?:be )?(?:measur|assess|judg)\w*|hardly any)"
    ):
        if traits or clause.has(_VESSELS):
            yield Claim(aspect="shape_measurable", subject="vessel_shape", holds=False)
        return
    is_usual = clause.has(_UNREMARKABLE) or clause.has(r"\bno more than\b")
    for mention in traits:
        yield Claim(aspect="trait", subject=str(mention.value), holds=not (clause.is_denied(mention) or is_usual))
    if is_usual and not traits and (clause.has(_VESSELS) or subject == "vessel_shape"):
        for trait, words in (
            (
                "tortuous",
                (
                    r"\b(?:course|run|follow|straight|smoothly|"
                    r"path|vessels)\b"
                ),
            ),
            ("beaded", r"\b(?:width|calib\w+|walls?|contour)\b"),
        ):
            if clause.has(words):
                yield Claim(aspect="trait", subject=trait, holds=False)


def read_quality(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on how good the picture is, and on its flaws."""
    traits = [m for m in clause.mentions if m.tag == "trait" and m.value in ("noisy", "blurred", "motion", "dark")]
    is_named = clause.has(r"\bquality\b")
    if not (is_named or subject == "quality" or (clause.has(_QUALITY) and traits)):
        return
    for mention in traits:
        is_limit = clause.has(r"\b(?:too|this) (?:\w+ )?(?:noisy|blurred|dark|dim)\b|\bhide\b")
        yield Claim(aspect="trait", subject=str(mention.value), holds=is_limit or not clause.is_denied(mention))
    is_reduced = is_named and clause.has(_REDUCED)
    if is_reduced:
        is_free = clause.has(r"\b(?:free of|without|nothing|no \w+)\b[\w ]*\b(?:reduce|impair|limit|lower)s?\b")
        yield Claim(aspect="quality", subject="quality", value=("fair", "poor"), holds=not is_free)
    if is_named and not (is_reduced and not clause.has(r"\b(?:good|fair|poor) (?:\w+ )?quality\b")):
        yield from _grade_of_quality(clause)


_REDUCED = (
    r"\b(?:reduces?|impairs?|limits?|lowers?|detracts? from)\b[\w ]*\bquality\b|"
    r"\bquality\b[\w ]*\b(?:reduced|impaired|limited|compromised|less than good)\b|\b(?:short of|less than) good\b"
)


def _grade_of_quality(clause: Clause) -> Iterator[Claim]:
    """The grade whose word stands nearest to "quality"."""
    text = clause.text.lower()
    place = text.index("quality")
    predicate = re.search(r"\bquality\b[^,]*?\b(?:is|as)\b", text)
    start = predicate.end() if predicate else 0
    found = [
        (match.start() < start, abs(match.start() - place), grade, match.start())
        for grade, pattern in _GRADES.items()
        for match in re.finditer(pattern, text)
    ]
    if found:
        *_, grade, start = min(found)
        is_denied = (
            re.search(r"\b(?:not|no longer|anything but|short of|less than) (?:\w+ )?$", text[:start]) is not None
        )
        joined = re.findall(r"\b(good|fair|poor) or (?:of )?(good|fair|poor)\b", text)
        grades = joined[0] if joined else (grade,)
        yield Claim(aspect="quality", subject="quality", value=grades, holds=not is_denied)


def quality_of(word: str) -> str:
    """The grade of quality that a short answer names; empty where it names none."""
    return next((grade for grade in _GRADES if re.fullmatch(rf"(?:\w+ )?{grade}(?: quality)?", word)), "")
