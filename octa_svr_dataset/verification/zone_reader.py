"""What a clause claims of the foveal avascular zone and of diffuse loss."""

from collections.abc import Iterator

from octa_svr_dataset.verification.claims import Claim
from octa_svr_dataset.verification.clauses import Clause

_UNSEEN = r"\b(?:cannot|can not|can't|could not|not (?:be )?|no longer|nor|no) ?(?:be |been )?(?:\w+ )?(?:made out|seen|recogni[sz]|discern|identif|"\
    r"delineat|locat|found|visible|distinguish|determin|outlined|told)|\bno (?:\w+ ){0,3}(?:avascular zone|faz)\b|\bindistinct\b|\bobscured\b|\bnot stand out\b"

_MERGED = r"\b(?:merg\w+|run together|runs together|ran together|flows? (?:together|into)|fus\w+|blends?|continuous with|confluent|join\w* into|"\
    r"coalesc\w+|most of (?:its|the) (?:border|rim|edge|outline|margin)|(?:border|rim|edge|outline|margin)\w* (?:is |are )?(?:mostly|largely) (?:lost|gone|missing|open)|"\
    r"little (?:of|remains|is left)|hardly any of (?:its|the)|dissolv\w+|swallow\w*|more than half of (?:its|the))"

_OPEN = r"\b(?:open|interrupt\w*|incomplete|adjoin\w*|gap|breach\w*|broken|abut\w*|border(?:s|ed|ing) (?:on|by|the)|touch\w*|reach\w*|breaks?|"\
    r"adjacent|discontinu\w+|eroded|disrupt\w*|missing|lost|runs up to|extends? (?:in)?to|not closed|not complete|opens)\b"

_CLOSED = r"\b(?:closed|intact|complete(?:ly)?|continuous|unbroken|uninterrupted|well[ -]defined|well[ -]delimited|clearly (?:delimited|bounded|outlined)|"\
    r"sharply|on all sides|all (?:the way )?round|all around|circumscribed|preserved|clean|ring of capillaries|unremarkable)\b"

_CENTER = r"\b(?:at|in|near|on) (?:or near )?the (?:very )?(?:center|middle)\b|\bcent(?:er|re)d\b|\bcentral(?:ly)?\b|\bmidpoint\b"

_USUAL = r"\b(?:usual|normal|typical|ordinary|average|healthy (?:range|eyes)|unremarkable|expected|common|within (?:the )?(?:range|limits))\b"

_SMALL = r"\b(?:small(?:er)?|narrow|below the (?:usual|range|normal))\b"

_LARGE = r"\b(?:large[r]?|wide[r]?|widen\w*|enlarged|big(?:ger)?|above the (?:usual|range|normal)|beyond)\b"


def read_zone(clause: Clause, subject: str, *, is_poor_named: bool = False) -> Iterator[Claim]:
    """Claims of a clause on the avascular zone; `subject` is what was spoken of before."""
    del is_poor_named
    kinds = [kind.value for kind in clause.kinds()]
    is_named = "faz" in kinds
    if not is_named and (subject != "faz" or any(kind != "dropout" for kind in kinds)):
        return
    if clause.has(_UNSEEN) and not clause.has(r"(?:border|rim|edge|outline|margin)"):
        if is_named or clause.has(r"\b(?:it|one|zone)\b|^\s*(?:not|no)\b"):
            yield Claim(aspect="zone_visible", subject="faz", holds=False)
        return
    is_denied = any(mention.tag == "negation" for mention in clause.mentions)
    claims = list(_traits(clause, kinds, is_denied=is_denied))
    if is_named or claims:
        yield Claim(aspect="zone_visible", subject="faz")
    yield from claims


def _traits(clause: Clause, kinds: list[str], *, is_denied: bool) -> Iterator[Claim]:
    if clause.has(_MERGED) and not is_denied:
        yield Claim(aspect="zone_delimited", subject="faz", holds=False)
        return
    if clause.has(_OPEN):
        yield Claim(aspect="zone_open", subject="faz", holds=not is_denied)
    elif clause.has(_CLOSED):
        yield Claim(aspect="zone_open", subject="faz", holds=is_denied)
    areas = [mention.value for mention in clause.mentions if mention.tag == "area"]
    if areas and not clause.has(r"\b(?:than|range|between|exceed\w*|published|average of)\b"):
        yield Claim(aspect="zone_area", subject="faz", value=areas[0])
    directions = [mention.value for mention in clause.mentions if mention.tag == "direction"]
    if directions and "dropout" not in kinds:
        yield Claim(aspect="zone_place", subject="faz", value=directions[0])
    elif clause.has(_CENTER) and "dropout" not in kinds and not directions:
        yield Claim(aspect="zone_place", subject="faz", value="centered", holds=not is_denied)
    for size, pattern in (("usual", _USUAL), ("small", _SMALL), ("large", _LARGE)):
        if clause.has(pattern) and "dropout" not in kinds:
            if size == "usual" and is_denied:
                continue
            yield Claim(aspect="zone_size", subject="faz", value=size, holds=not is_denied)
            break


def read_diffuse_loss(clause: Clause, subject: str) -> Iterator[Claim]:
    """Claims of a clause on diffuse loss: presence, degree, share."""
    mentions = [kind for kind in clause.kinds() if kind.value == "diffuse_loss"]
    if not mentions and (subject != "diffuse_loss" or clause.kinds()):
        return
    if mentions and clause.is_denied(mentions[0]):
        yield Claim(aspect="presence", subject="diffuse_loss", value=True, holds=False)
        return
    degrees = [mention.value for mention in clause.mentions if mention.tag == "degree"]
    shares = [mention.value for mention in clause.mentions if mention.tag == "percent"]
    if mentions:
        yield Claim(aspect="presence", subject="diffuse_loss", value=True)
    if degrees:
        yield Claim(aspect="degree", subject="diffuse_loss", value=degrees[0])
    if shares:
        yield Claim(aspect="share", subject="diffuse_loss", value=shares[0])
