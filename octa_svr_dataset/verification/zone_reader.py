"""What a clause claims of the foveal avascular zone and of diffuse loss."""

import re
from collections.abc import Iterator

from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.clauses import Clause

_UNSEEN = (
    r"\b(?:cannot|can not|can't|could not|not (?:be )?|no longer|nor|no) ?(?:be |been )?(?:\w+ )?(?:made out|"
    r"seen|recogni[sz]|discern|identif|"
    r"delineat|locat|found|visible|distinguish|determin|outlined|told)|\bno (?:\w+ ){0,3}(?:avascular zone|"
    r"faz)\b|\bindistinct\b|\bobscured\b|\bnot stand out\b"
)

_MERGED = (
    r"\b(?:merg\w+|run together|runs together|ran together|flows? (?:together|into)|fus\w+|blends?|"
    r"continuous with|continues into|pass(?:es)? into|confluent|join\w* into|"
    r"coalesc\w+|most of (?:its|the) (?:border|rim|edge|outline|margin)|(?:border|rim|edge|outline|"
    r"margin)\w* (?:is |are )?(?:mostly|largely) (?:lost|gone|missing|open)|"
    r"little (?:of|remains|is left)|hardly any of (?:its|the)|dissolv\w+|swallow\w*|more than half of (?:its|the))"
)

_OPEN = (
    r"\b(?:open|interrupt\w*|incomplete|adjoin\w*|gap|breach\w*|broken|abut\w*|border(?:s|ed|ing) (?:on|by|the)|"
    r"touch\w*|reach\w*|breaks?|"
    r"adjacent|discontinu\w+|eroded|disrupt\w*|missing|lost|runs up to|extends? (?:in)?to|not closed|"
    r"not complete|opens)\b"
)

_CLOSED = (
    r"\b(?:closed|intact|complete(?:ly)?|continuous|unbroken|uninterrupted|well[ -]defined|well[ -]delimited|"
    r"clearly (?:delimited|bounded|outlined)|"
    r"sharply|on all sides|all (?:the way )?round|all around|circumscribed|preserved|clean|ring of capillaries|"
    r"unremarkable)\b"
)

_CENTER = (
    r"\b(?:at|in|near|on) (?:or near )?the (?:very )?(?:center|middle)\b|\bcent(?:er|r)ed\b|\bcentral(?:ly)?\b|"
    r"\bmidpoint\b"
)

_BORDER = r"\b(?:borders?|rim|edges?|outlines?|margins?|ring|circumference|boundary|perimeter)\b"

_PRONOUN = r"\b(?:it|its|this|that|which|zone|such)\b|" + _BORDER

_USUAL = (
    r"\b(?:(?:usual|normal|typical|ordinary|average|expected|common)\b(?! (?:size )?eyes)|(?:range|size|"
    r"area) (?:that|of|in|which) (?:\w+ ){0,2}healthy|"
    r"healthy (?:range|eyes (?:show|have))|unremarkable|within (?:the )?(?:\w+ )?(?:range|limits)|"
    r"nothing (?:unusual|remarkable))"
)

_SMALL = r"\b(?:small(?:er)?|narrow|lower end|below the (?:usual|range|normal))\b"

_LARGE = (
    r"\b(?:larger?|wider?|widen\w*|enlarge[dm]\w*|big(?:ger)?|above the (?:usual|range|normal)|upper end|beyond|"
    r"exceeds?)\b"
)


def read_zone(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on the avascular zone; `subject` is what was spoken of before."""
    kinds = [kind.value for kind in clause.kinds()]
    is_named = "faz" in kinds or is_on_fovea(clause) or clause.has(r"\bcentered on the fovea\b")
    is_about_border = clause.has(_BORDER)
    is_meant = subject == "faz" and clause.has(_PRONOUN) and (not kinds or (kinds == ["dropout"] and is_about_border))
    if not (is_named or is_meant):
        return
    if clause.has(r"\bcircularity\b"):
        values = [mention.value for mention in clause.mentions if mention.tag == "number"]
        decimals = re.findall(r"\b0\.\d+", clause.text)
        if values and decimals:
            said = float(decimals[0]), len(decimals[0]) - 2
            yield Claim(aspect="zone_circularity", subject="faz", value=said)
        return
    if clause.has(_UNSEEN) and not is_about_border:
        is_delimited = clause.has(r"\b(?:delimited|delineated|outlined)\b")
        yield Claim(aspect="zone_delimited" if is_delimited else "zone_visible", subject="faz", holds=False)
        return
    is_denied = any(mention.tag == "negation" for mention in clause.mentions)
    claims = list(_traits(clause, kinds, is_denied=is_denied))
    if is_named or claims:
        yield Claim(aspect="zone_visible", subject="faz")
    yield from claims


def is_on_fovea(clause: Clause) -> bool:
    """Whether a clause says where the fovea lies, or what is with it."""
    return clause.has(r"^\W*(?:the|this) fovea (?:lies|is|sits)\b")


def read_border_question(clause: Clause) -> Claim:
    """Whether a question asks if the border is closed, or if it is not."""
    is_closed = clause.has(_CLOSED) or clause.has(r"\b(?:whole|entire|traced?|follow(?:ed)?|delimited|complete)\b")
    is_negated = clause.has(r"\b(?:not|no|lacks?|fails?|impossible|without|incompletely|in part|any part|nowhere)\b")
    is_open = clause.has(_OPEN) or clause.has(_MERGED)
    is_free = (
        is_open
        and not is_closed
        and clause.has(
            r"\b(?:free of|without (?:any |a )?(?:gap|interruption|break)|"
            r"no (?:gap|interruption|break))"
        )
    )
    return Claim(aspect="zone_closed", subject="faz", holds=is_free or not (is_open or is_negated))


def is_about_border(clause: Clause) -> bool:
    """Whether a clause speaks of the border of the avascular zone, or of whether it is delimited all round."""
    return clause.has(_BORDER) or clause.has(r"\b(?:in)?completely (?:delimited|bounded|outlined|enclosed)\b")


def _traits(clause: Clause, kinds: list[str], *, is_denied: bool) -> Iterator[Claim]:
    if clause.has(_MERGED) and not (
        is_denied
        and clause.has(
            r"\b(?:does|do|did|has|is) not (?:\w+ )?(?:merge|"
            r"run|flow|fuse|blend)"
        )
    ):
        yield Claim(aspect="zone_delimited", subject="faz", holds=False)
        return
    if clause.has(_UNSEEN):
        yield Claim(aspect="zone_delimited", subject="faz", holds=False)
        return
    if clause.has(_OPEN):
        yield Claim(aspect="zone_open", subject="faz", holds=not is_denied)
    elif clause.has(_CLOSED):
        yield Claim(aspect="zone_closed", subject="faz", holds=not is_denied)
    areas = [mention.value for mention in clause.mentions if mention.tag == "area"]
    if areas and not clause.has(r"\b(?:than|range|between|exceed\w*|published|average of)\b"):
        yield Claim(aspect="zone_area", subject="faz", value=areas[0])
    directions = [mention.value for mention in clause.mentions if mention.tag == "direction"]
    is_off = clause.has(r"\b(?:not (?:quite |exactly |fully )?|off[ -]?|slightly off )(?:the )?cent(?:er|re)")
    if directions and ("dropout" not in kinds or clause.has(r"\b(?:center|centre|middle)\b")):
        yield Claim(aspect="zone_place", subject="faz", value=directions[0])
    elif not directions and clause.has(_CENTER) and not clause.has(r"\bin the (?:center|middle) of (?:it|the zone)"):
        yield Claim(aspect="zone_place", subject="faz", value="centered", holds=not (is_denied or is_off))
    for size, pattern in (("large", _LARGE), ("small", _SMALL), ("usual", _USUAL)):
        match = re.search(pattern, clause.text.lower())
        if match and "dropout" not in kinds:
            denied = re.search(r"\b(?:not|neither|nor|no)\b(?: \w+){0,2} $", clause.text.lower()[: match.start()])
            yield Claim(aspect="zone_size", subject="faz", value=size, holds=denied is None)
            if not denied:
                break


def read_diffuse_loss(clause: Clause, subject: str, *, is_affirmed: bool = False) -> Iterator[Claim]:
    """Claims of a clause on diffuse loss; `is_affirmed` where a negation in it denies something else."""
    mentions = [kind for kind in clause.kinds() if kind.value == "diffuse_loss"]
    if clause.has(r"\b(?:quadrants?|sectors?)\b") and not mentions:
        return
    is_of_picture = clause.has(r"\bquality\b") or any(mention.tag == "trait" for mention in clause.mentions)
    if not mentions and (subject != "diffuse_loss" or clause.kinds() or is_of_picture):
        return
    if mentions and clause.is_denied(mentions[0]) and not is_affirmed:
        yield Claim(aspect="presence", subject="diffuse_loss", value=True, holds=False)
        return
    degrees = [mention.value for mention in clause.mentions if mention.tag == "degree"]
    shares = [mention.value for mention in clause.mentions if mention.tag == "percent"]
    if mentions:
        yield Claim(aspect="presence", subject="diffuse_loss", value=True)
    for degree in dict.fromkeys(degrees):
        yield Claim(aspect="degree", subject="diffuse_loss", value=degree)
    if shares:
        yield Claim(aspect="share", subject="diffuse_loss", value=shares[0])
