"""What a clause claims of quadrants, of the course of vessels, and of the picture itself."""

import re
from collections.abc import Iterator

from octa_svr_dataset.verification.claims import Claim, Context
from octa_svr_dataset.verification.clauses import Clause

_REGION = r"\b(?:quadrants?|sectors?|halves|half|regions?|sides?)\b"

_WORST = r"\b(?:worst|most (?:affected|severely|heavily|strongly|marked|of the loss|damaged|loss|of its)|hardest|greatest|highest|heaviest|"\
    r"the most\b|more than (?:any|the) other|stands? out|largest (?:share|part|loss)|least (?:perfused|dense)|sparsest|lost most|suffers? most|"\
    r"predominat\w+|maximal|leads?|tops?|ahead of|chiefly|concentrat\w+|lowest (?:density|perfusion))"

_EVEN = r"\b(?:even(?:ly)?|alike|equal(?:ly)?|similar(?:ly)?|no (?:single )?(?:quadrant|sector|side|region)\w* (?:stands? out|is (?:clearly )?(?:worse|worst|"\
    r"spared)|clearly)|uniform(?:ly)?|comparabl[ey]|the same|about as much|balanced|none of the (?:four )?(?:quadrants|sectors)|no clear difference|"\
    r"to (?:much )?the same (?:extent|degree)|neither)\b"

_VESSELS = r"\b(?:vessels?|course|calib(?:er|re)|width|veins?|arter(?:y|ies)|venous|branches|tortu\w+|bead\w+|wind\w*)\b"

_UNREMARKABLE = r"\b(?:usual|normal(?:ly)?|unremarkable|regular(?:ly)?|smooth(?:ly)?|straight|ordinary|even|inconspicuous|nothing unusual|gentl[ey]|"\
    r"nothing (?:remarkable|abnormal)|as in healthy|uniform|within (?:the )?(?:usual|normal|healthy)|steady|steadily|constant)\b"

_QUALITY = r"\b(?:quality|picture|image|scan|recording|acquisition|exposure|signal|frame)\b"

_GRADES = {
    "good": r"\b(?:good|excellent|high|clear|crisp|sharp|free of (?:\w+ )?(?:artifacts?|flaws?)|technically sound|sound|reliable|fully (?:gradable|usable)|"
    r"no (?:technical |relevant |notable |disturbing )?(?:flaws?|artifacts?|faults?|defects?|limitations?))\b",
    "fair": r"\b(?:fair|acceptable|adequate|moderate|sufficient|reasonable|passable|satisfactory|usable|middling|intermediate|medium|slightly limited|"
    r"decent|still (?:readable|legible|gradable|usable))\b",
    "poor": r"\b(?:poor|bad|low|limited|inferior|weak|impaired|compromised|degraded|reduced|below average|insufficient|mediocre)\b",
}


def read_regions(clause: Clause, context: Context) -> Iterator[Claim]:
    """Claims of a clause on what quadrants have lost, and which is worst."""
    named = quadrants_in(clause, context.laterality)
    if not (clause.has(_REGION) or context.subject == "regions" or (named and clause.has(r"\bdensity\b"))):
        return
    shares = [mention.value for mention in clause.mentions if mention.tag == "percent"]
    aspect = "region_density" if clause.has(r"\bdensity|show\w* (?:a )?vessels?|covered by vessels\b") else "region_share"
    is_denied = any(mention.tag == "negation" for mention in clause.mentions)
    for region, share in zip(named, shares, strict=False):
        yield Claim(aspect=aspect, subject="regions", value=(region, share))
    among = tuple(named) if len(named) > 1 else context.quadrants
    if clause.has(_EVEN) or (is_denied and clause.has(_WORST)):
        if named or clause.has(r"quadrant|sector|side|two|both|all|them|loss") or context.subject == "regions":
            yield Claim(aspect="even_regions", subject="regions", value=among)
    elif named and clause.has(_WORST):
        yield Claim(aspect="worst_region", subject="regions", value=(named[0], among))
    elif is_denied and clause.has(r"\b(?:loss|lost|affected|dropout)\b") and not shares:
        for region in named or context.quadrants:
            yield Claim(aspect="region_share", subject="regions", value=(region, (0.0, 0)))


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
    return named


def read_shape(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on how the larger vessels run."""
    if any(kind.value in ("irma", "neovascularization", "microaneurysm", "faz") for kind in clause.kinds()):
        return
    traits = [mention for mention in clause.mentions if mention.tag == "trait" and mention.value in ("tortuous", "beaded")]
    for mention in traits:
        yield Claim(aspect="trait", subject=str(mention.value), holds=not clause.is_denied(mention))
    if traits or not (clause.has(_VESSELS) or subject == "vessel_shape"):
        return
    if clause.has(r"\b(?:too few|cannot be (?:judged|measured|assessed|followed)|not (?:be )?(?:measur|assess|judg)\w*|hardly any)"):
        yield Claim(aspect="shape_measurable", subject="vessel_shape", holds=False)
    elif clause.has(_UNREMARKABLE):
        for trait in ("tortuous", "beaded"):
            yield Claim(aspect="trait", subject=trait, holds=False)


def read_quality(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on how good the picture is, and on its flaws."""
    traits = [m for m in clause.mentions if m.tag == "trait" and m.value in ("noisy", "blurred", "motion", "dark")]
    is_about = clause.has(r"\bquality\b") or subject == "quality" or (clause.has(_QUALITY) and bool(traits))
    if not is_about:
        return
    for mention in traits:
        yield Claim(aspect="trait", subject=str(mention.value), holds=not clause.is_denied(mention))
    for grade, pattern in _GRADES.items():
        match = re.search(pattern, clause.text.lower())
        if match and (clause.has(r"\bquality\b") or (subject == "quality" and clause.has(r"\b(?:picture|image|scan|it|recording)\b"))):
            is_denied = bool(re.search(r"\bnot (?:\w+ )?$", clause.text.lower()[: match.start()]))
            yield Claim(aspect="quality", subject="quality", value=grade, holds=not is_denied)
            break
