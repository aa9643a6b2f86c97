"""What a clause claims of lesions: that there are some, how many, where, how large."""

import re
from collections.abc import Iterator
from dataclasses import replace

from octa_svr_dataset.verification.claims import LESIONS, Claim, Item, Range
from octa_svr_dataset.verification.clauses import Clause
from octa_svr_dataset.verification.item_reader import read_items
from octa_svr_dataset.verification.lexicon import Mention

_NOUN_GAP = re.compile(
    r"^(?:\s|-|,|[a-z]+ly|areas?|places?|patch(?:es)?|zones?|regions?|"
    r"foci|focus|spots?|of|separate|distinct|"
    r"visible|"
    r"clear|clearly|definite|such|bright|small|dark|round|tiny|wide|winding|dilated|tortuous|"
    r"discrete|further|abnormal|"
    r"well|defined|recognizable|discernible|convincing|fine|looping|individual|isolated|"
    r"different|obvious|"
    r"intraretinal|capillary|vascular|suspected|likely|probable|large|medium|sized|"
    r"suspicious|circumscribed)*$"
)
"""What may stand between a number and the thing that it counts."""

_VAGUE = {
    "several": Range(low=2, high=None),
    "few": Range(low=2, high=None),
    "many": Range(low=4, high=None),
    "half a dozen": Range(low=5, high=7),
    "a dozen": Range(low=9, high=15),
    "dozens": Range(low=24, high=None),
}
"""What a word for a number leaves open, taken widely."""

_COUNTED = re.compile(
    r"^\s*(?:separate |distinct |different |visible |such |"
    r"clear )*(?:areas?|patch(?:es)?|places?|spots?|foci|"
    r"sites?|"
    r"locations?|regions?|of them|in number|in all|in total|lesions?|ones?\b)?"
)

_NO_COUNT = re.compile(
    r"\s*(?:grade|with an? |of (?:them|these|those|the)|lies?\b|is\b|to\b|above|below|in the|at the)"
)
"""After a number that counts some of the lesions, or none."""

_LIMIT_BEFORE = re.compile(r"\b(?:exceeds?|at most|at least|(?:more|fewer|less|greater|larger|higher) than)\s*$")

_LIMIT_AFTER = re.compile(r"\s*(?:the (?:highest|lowest|largest|smallest|greatest) number|or (?:fewer|less|more)\b)")

_TOTAL = (
    r"\b(?:total|together|in all|altogether|combined|sum|overall|in sum|taken together|add(?:s|ing)? up|(?:spread|"
    r"distributed|divided) (?:over|across|among))\b"
)

_LIMITED = (
    r"\b(?:could|may|might|can)\b[\w ,]*\b(?:missed|overlooked|hidden|escape\w*|unseen|unnoticed|lost|obscured|"
    r"masked)\b|\bcannot be (?:excluded|ruled out)\b|"
    r"\bescape (?:notice|detection)\b|\blimits? the (?:detection|reading|assessment)\b|\b(?:caution|"
    r"reservation\w*|uncertain)\b|\bhard(?:er)? to (?:see|tell|detect)\b|"
    r"\b(?:too (?:\w+ )?(?:blurred|noisy|dark|dim|poor)|may hide|might hide|could hide|with (?:confidence|"
    r"certainty)|hides?)\b|\b(?:not|may|could|might|can|nothing about [\w ]+) limits?\b"
)
"""That small things might not be seen in a picture like this."""

_NONE = (
    r"^\W*(?:and |but )?(?:none\b(?! of (?:the|which)| holds)|no one\b|not one\b|not a single one\b|there (?:is|"
    r"are) none\b)"
)

_SCATTERED = (
    r"\b(?:scatter\w*|spread(?! over \w+ (?:areas|places|patches))|dispersed|distributed|on (?:several|"
    r"different|all|various|many) sides|in (?:several|various|different|many) directions|"
    r"rather than in one place|none of which|no (?:common|single|one|particular|"
    r"clear|preferred) (?:side|direction|cluster|place|sector|location)|(?:do|does) not (?:cluster|gather|"
    r"crowd)|without (?:a )?cluster\w*|not (?:cluster|confined)\w*)"
)


def read_lesions(clause: Clause, subject: str, *, is_generic: bool = False) -> Iterator[Claim]:
    """Claims of a clause on the four kinds of lesions.

    Parameters
    ----------
    clause
        The clause.
    subject
        What was spoken of before; pronouns stand for it.
    is_generic
        Whether the sentence speaks of lesions as such, not of those of the picture.
    """
    if is_generic:
        return
    mentions = [kind for kind in clause.kinds() if kind.value in LESIONS]
    if clause.has(_SCATTERED) and (mentions or (subject in LESIONS and not clause.kinds())):
        owner = str(mentions[0].value) if mentions else subject
        count = _count(clause, mentions, is_named=True)
        if count is not None:
            yield Claim(aspect="count", subject=owner, value=count)
        yield Claim(aspect="scattered", subject=owner)
        return
    if mentions and clause.has(r"\belsewhere than\b"):
        places = {mention.tag: mention.value for mention in clause.mentions if mention.tag in ("direction", "quadrant")}
        yield Claim(aspect="somewhere", subject=str(mentions[0].value), value=Item(**places), holds=False)
        return
    is_limited = clause.has(_LIMITED)
    affirmed: list[str] = []
    for mention in mentions:
        denied = clause.is_denied(mention)
        if denied:
            yield from _denial(clause, mention)
        elif mention.value not in affirmed and not is_limited:
            affirmed.append(mention.value)
            yield Claim(aspect="presence", subject=mention.value, value=True)
    if is_limited:
        is_denied = clause.has(
            r"\b(?:does not|do not|nothing|"
            r"without) (?:[\w ]+ )?(?:limits?|hid\w+)\b|\bnothing about\b"
        )
        yield Claim(aspect="limited", subject="quality", holds=not is_denied)
        return
    owner = affirmed[0] if affirmed else subject
    if not affirmed and (mentions or owner not in LESIONS):
        return
    if not mentions and clause.has(_NONE):
        yield Claim(aspect="presence", subject=owner, value=True, holds=False)
        return
    if owner == "dropout" and clause.has(r"\bfocal\b"):
        is_wide = clause.has(
            r"\b(?:more than|too (?:large|wide|extensive)|beyond|exceed\w*|larger than|wider than|not (?:just|only|"
            r"merely)|no longer)\b"
        ) and not clause.has(
            r"\b(?:not|nor|never|without) (?:more|too|beyond|exceed\w*|larger|wider)\b|"
            r"\bno (?:more|larger|wider) than\b"
        )
        yield Claim(aspect="wide_dropout", subject="dropout", holds=is_wide)
        return
    if any(kind.value in ("faz", "diffuse_loss") for kind in clause.kinds()[:1]) or _tells_of_zone(clause):
        return
    yield from _numbers(clause, owner, mentions)
    yield from _distribution(clause, owner)


def _tells_of_zone(clause: Clause) -> bool:
    is_named = any(kind.value == "faz" for kind in clause.kinds())
    return is_named and clause.has(r"\b(?:border|rim|edge|outline|margin|adjoin\w*|touch\w*|reach\w*|merg\w*)\b")


def _denial(clause: Clause, mention: Mention) -> Iterator[Claim]:
    kind = str(mention.value)
    before = clause.text[: mention.start].lower()
    if re.search(r"\b(?:other|further|more|additional|second|another)\b", before):
        return
    places = [other for other in clause.mentions if other.tag in ("direction", "quadrant", "ring")]
    if not places:
        yield Claim(aspect="presence", subject=kind, value=True, holds=False)
        return
    item = Item()
    for place in places:
        item = replace(item, **{place.tag: place.value})
    yield Claim(aspect="somewhere", subject=kind, value=item, holds=False)


def _numbers(clause: Clause, owner: str, mentions: list[Mention]) -> Iterator[Claim]:
    """The count, and the lesions that are told apart."""
    total = [mention.value for mention in clause.mentions if mention.tag == "area"] if clause.has(_TOTAL) else []
    if total:
        yield Claim(aspect="total_area", subject=owner, value=total[-1])
    count = _count(clause, mentions)
    if any(mention.value in ("most", "all") for mention in clause.mentions if mention.tag == "quantifier"):
        if count is not None and mentions:
            yield Claim(aspect="count", subject=owner, value=count)
        return
    items = list(read_items(clause, is_total=bool(total)))
    if not items:
        if count is not None:
            yield Claim(aspect="count", subject=owner, value=count)
        return
    if count is not None and (
        clause.has(
            r"\bthere (?:is|are)\b|\b(?:shows?|see|"
            r"only)\b"
        )
        or not _counts_item(items, count)
    ):
        yield Claim(aspect="count", subject=owner, value=count)
    yield Claim(aspect="items", subject=owner, value=tuple(items))
    if count is not None and _counts_item(items, count):
        yield Claim(aspect="count_there", subject=owner, value=tuple(items))


def _counts_item(items: list[Item], count: Range) -> bool:
    """Whether a number counts the lesions of one place, which need not be all."""
    return items[0].number == count.low and (count.low > 1 or len(items) == 1)


def _count(clause: Clause, mentions: list[Mention], *, is_named: bool = False) -> Range | None:
    """How many there are in all, as the clause says; None where it does not."""
    for number in clause.mentions:
        if number.tag != "number" or not float(number.value).is_integer():
            continue
        after = clause.text[number.end :].lower()
        before = clause.text[: number.start].lower()
        if re.match(
            r"\s*(?:grade|with an? |of (?:them|these|those|the)|lies?\b|is\b|to\b|above|below|in the|at the)", after
        ):
            continue
        named = [kind for kind in mentions if kind.start >= number.end]
        counts_kind = bool(named) and _NOUN_GAP.match(clause.text[number.end : named[0].start].lower()) is not None
        counts_noun = re.match(
            (
                r"\s*(?:(?:\w+ ){0,2}(?:areas?|patch(?:es)?|places?|spots?|foci|sites?|locations?|lesions?|dots?)\b|"
                r"(?:\w+ ){0,4}(?:dilations?|channels?|networks?)\b|"
                r"in (?:number|all|total)|$|[.,)])"
            ),
            after,
        )
        is_limit = _LIMIT_BEFORE.search(before) or _LIMIT_AFTER.match(after)
        if not (counts_kind or is_limit or (counts_noun and not is_named)):
            continue
        value = int(number.value)
        if re.match(r"[\w ,]*?\bor (?:fewer|less)\b", after):
            return Range(low=0, high=value)
        if re.match(r"[\w ,]*?\bor more\b", after):
            return Range(low=value, high=None)
        if re.search(r"\bat least\s*$", before):
            return Range(low=value, high=None)
        if re.search(r"\b(?:fewer than|less than|under)\s*$", before):
            return Range(low=0, high=value - 1)
        if re.search(r"\b(?:at most|up to|no (?:more|greater|larger|higher) than)\s*$", before):
            return Range(low=0, high=value)
        if re.search(r"\b(?:(?:more|greater|larger|higher) than|exceeds?|exceeding)\s*$", before):
            return Range(low=value + 1, high=None)
        if re.match(r"\s*(?:is |be )?the (?:highest|largest|greatest) number", after):
            return Range(low=0, high=value)
        if re.match(r"\s*(?:is |be )?the (?:lowest|smallest) number", after):
            return Range(low=value, high=None)
        return Range(low=value, high=value)
    for mention in clause.mentions:
        follows = [kind for kind in mentions if kind.start >= mention.end]
        is_predicate = bool(mentions) and re.search(r"\bare\s*$", clause.text[: mention.start].lower())
        if mention.tag == "quantifier" and mention.value in _VAGUE and (follows or is_predicate):
            return _VAGUE[mention.value]
    return None


def _distribution(clause: Clause, owner: str) -> Iterator[Claim]:
    """Where most or all of them lie, or that they lie scattered."""
    quantifiers = [mention.value for mention in clause.mentions if mention.tag == "quantifier"]
    places = {m.tag: m.value for m in clause.mentions if m.tag in ("direction", "quadrant", "ring")}
    for quantifier in ("most", "all"):
        if quantifier in quantifiers and places:
            yield Claim(aspect=quantifier, subject=owner, value=Item(**places))
