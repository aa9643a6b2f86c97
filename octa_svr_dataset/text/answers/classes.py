"""Which class a text claims, negations and hedges understood.

Every mention of a class is a claim, a denial or neither, by the words around it in its clause:

- "NPDR", "consistent with NPDR", "most likely NPDR" claim; "no sign of PDR", "PDR is unlikely" deny;
- "cannot exclude NPDR", "possible PDR", "could be PDR", "compared with a healthy eye", "NPDR?" do neither.

No diabetic retinopathy at all, or neither NPDR nor PDR, is healthy; diabetic retinopathy that is not
proliferative is NPDR. Claims that contradict each other are no answer, and neither is a denial alone.
"""

import re

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers.forms import BINARY, ClassAnswer
from octa_svr_dataset.text.answers.output import UnparsableAnswerError, last_lines

_ANY = "diabetic retinopathy"
"""Diabetic retinopathy of a kind that is not told."""


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_DISEASE = r"(?:\s(?:diabetic\s)?(?:retinopathy|DR|disease)\b)?"
_EYE = r"(?:retinal?|eye|macula|fundus|scan|image|picture|angiogram|OCTA|vasculature)"
_ENDS = r"(?=\s*(?:[.,;:!?)/\n]|$|(?:and|or|versus|vs|but|with|without)\b))"

_NO_WAY = r"not?\b|never|hardly|barely|scarcely|far\b|anything|less\b"
_LOOKS = rf"(?:is|are|appears?|looks?|seems?)\s(?:to\sbe\s)?(?:(?!{_NO_WAY})\w+\s){{0,2}}?"
_MENTION = _pattern(
    rf"(?P<npdr>\b(?:non|pre)[-\s]*proliferative{_DISEASE}(?:\s\(NPDR\))?|\bNPDR\b(?:\s\(non[^()]*\))?)",
    rf"(?P<pdr>\bproliferative{_DISEASE}(?:\s\(PDR\))?|\bPDR\b(?:\s\(proliferative[^()]*\))?)",
    r"(?P<any>\bdiabetic\s(?:retinopathy|eye\sdisease)(?:\s\(DR\))?|\bDR\b"
    r"|(?:(?<=\bno )|(?<=\bno apparent )|(?<=\bno visible ))retinopathy)",
    rf"(?P<healthy>\b(?:healthy|normal|unremarkable)[-\s](?:\w+\s)?{_EYE}\b"
    rf"|\b(?:{_EYE}|this|it|everything)\s{_LOOKS}(?:healthy|normal|unremarkable){_ENDS}"
    rf"|(?:^\s?|\b(?:as|or|and|say|label)\s|[:/(]\s?)healthy{_ENDS})",
)
"""The kinds of names; longer ones first, so that non-proliferative is not taken for proliferative."""

_BARE_HEALTHY = re.compile(
    r"^(?:(?:appears |looks |(?:most )?likely |probably )?(?:healthy|normal|unremarkable)|within normal limits"
    r"|no\s(?:(?:apparent|clear|obvious|relevant|retinal|significant|vascular|visible)\s){0,2}abnormalit(?:y|ies)"
    r"(?:\s(?:is|are|was|were))?(?:\s(?:detected|evident|found|identified|noted|present|seen|visible))?"
    r")(?:\s\([^()]*\))?[\s.!]*$",
    re.IGNORECASE,
)

_CLAUSE_END = _pattern(
    r"[.;:!\n](?=\s|$)",
    r"\?",
    r",?(?<!\banything)\s(?:but|however|although|though|yet|whereas|while|rather|instead|because|since|leaving|making)\b",
    r",\s(?:this|it|the|which|these|there|indicating|consistent|suggesting|so|hence)\b",
    r",?\sand\s(?:this|it|the|there|is|are|shows?|suggests?|hence|so|therefore|thus|has|fits?|consistent)\b",
    r",\s(?=(?:\w+\s){0,3}?(?:N?PDR|retinopathy)(?:\s\(\w+\))?\s"
    r"(?:is|was|remains|seems|would\sbe|(?:un)?likely|probable|present|absent)\b)",
)

_HEDGE_BEFORE = _pattern(
    r"(?:\b(?:can|could)\s?(?:not|n't)|\b(?:unable|difficult|hard|impossible|not possible)\sto|n't|\bdo(?:es)? not)"
    r"\s(?:\w+\s){0,2}?(?:exclude|rule|say|tell|determine|distinguish|confirm|differentiate|decide|provide|diagnose)\b",
    r"\bnot\s(?:sure|certain|clear|excluded)\b",
    r"\b(?:uncertain|unclear|equivocal|borderline|questionable|whether|if|either)\b",
    r"\b(?:possible|possibly|perhaps|maybe|might|may|could|would(?!\s(?:say|call|classify|grade|conclude|go|lean|favor)))\b",
    r"\b(?:should|risk\sof|develop\w*|progress(?!ed\s(?:in)?to\b)\w*|differential|versus|vs|suspicio\w+|suspect\w*|r/o)\b",
    r"\b(?:compar\w+|than|unlike|as\sin|screen\w*\sfor|less\slikely)\b",
    r"\b(?:beyond|past|short\sof|exceed\w*|surpass\w*)\s(?:\w+\s){0,3}$",
)

_DENIAL_BEFORE = _pattern(
    r"\b(?:no|not|never|without|neither|nor|lack\w*|unlikely|against)\b",
    r"n't\b",
    r"\b(?:hardly|barely|scarcely|far\sfrom|anything\sbut)\s(?:an?\s)?$",
    r"\b(?:absence\sof|negative\sfor|free\sof|rules?\sout|ruled\sout|exclud\w+)\b",
)

_AFTER = re.compile(
    r"^(?:\s(?:is|are|was|can|could|may|might|seems?|appears?|has\sbeen|be)\b)*"
    r"(?:(?P<hedge>(?:\s(?:can|could))?\s?(?:not|n't)(?:\sbe)?\s(?:\w+\s)?(?:excluded|ruled\sout|determined|confirmed)"
    r"|\s(?:(?:has|have|had|already|now|that|which)\s)*"
    r"(?:progress|advanc|evolv|develop|transition|turn)(?:ed|ing)\s(?:in)?to\b"
    r"|\s(?:\w+\s)?(?:less\slikely|improbable|doubtful)\b"
    r"|\scannot\b|(?<=\bbe)\spresent|\s(?:possible|suspected|uncertain|versus|vs)\b)"
    r"|(?P<denial>(?<=is)\s?(?:not\b|n't)|\snot\s(?:present|seen|visible|found|detected|evident|likely|identified)"
    r"|\s(?:excluded|ruled\sout|absent|unlikely)\b|:\s(?:no|none|absent|negative)\b(?=\s*(?:[.,;\n]|$))))",
    re.IGNORECASE,
)

SHOWN = 60
"""So many characters of a passage that claims nothing stand in the message."""

REACH = 200
"""A word denies or hedges what follows within so many characters: the length of a long list of lesions."""

_ASIDE = re.compile(r"^(?:yes|no|well|ok|okay|sure|certainly)[,.]\s+", re.IGNORECASE)


def read_class(text: str, scheme: str) -> ClassAnswer:
    """The class that a text concludes: in its lines `Conclusion: ...`, else in all of it.

    Parameters
    ----------
    text
        From `final_text`.
    scheme
        "three", where diabetic retinopathy of no kind is no answer, or "binary".
    """
    passages = last_lines(text, "conclusion", "answer", "diagnosis", "classification", "class") or [text]
    labels = {_label_of(passage, scheme) for passage in passages}
    if len(labels) > 1:
        raise UnparsableAnswerError(f"the conclusions disagree: {', '.join(sorted(labels))}")
    return ClassAnswer(label=labels.pop(), scheme=scheme)


def _label_of(text: str, scheme: str) -> Label:
    """The class that a passage claims."""
    if _BARE_HEALTHY.match(text):
        return Label.HEALTHY
    claimed, denied = _claims(_ASIDE.sub("", text))
    if claimed & denied:
        raise UnparsableAnswerError(f"the output claims and denies {', '.join(sorted(claimed & denied))}")
    if _ANY in denied or {Label.NPDR, Label.PDR} <= denied:
        claimed = claimed | {Label.HEALTHY}
    diseases = claimed - {Label.HEALTHY}
    if Label.HEALTHY in claimed and diseases:
        raise UnparsableAnswerError(f"the output contradicts itself: {', '.join(sorted(claimed))}")
    if Label.HEALTHY in claimed:
        return Label.HEALTHY
    if scheme == BINARY and diseases:
        return Label.NPDR
    if diseases == {_ANY} and Label.PDR in denied:
        return Label.NPDR
    kinds = diseases - {_ANY}
    if len(kinds) > 1:
        raise UnparsableAnswerError("the output claims both npdr and pdr")
    if diseases and not kinds:
        raise UnparsableAnswerError("the output says diabetic retinopathy, but not of which kind")
    if not kinds:
        denials = ", it only denies some" if denied else ""
        raise UnparsableAnswerError(f"the output claims no class{denials}: {text[:SHOWN]!r}")
    return Label(kinds.pop())


def _claims(text: str) -> tuple[set[str], set[str]]:
    """Classes that a text claims, and classes that it denies."""
    names: dict[str, set[str]] = {"claim": set(), "denial": set(), "hedge": set()}
    start = 0
    for end, mark, next_start in [
        *((match.start(), match[0], match.end()) for match in _CLAUSE_END.finditer(text)),
        (len(text), "", len(text)),
    ]:
        for mention in _MENTION.finditer(text[start:end]) if mark != "?" else ():
            first, last = start + mention.start(), start + mention.end()
            stance = _stance(text[max(first - REACH, start) : first], text[last : last + REACH])
            names[stance].add(_ANY if mention.lastgroup == "any" else str(mention.lastgroup))
        start = next_start
    return names["claim"], names["denial"]


def _stance(before: str, after: str) -> str:
    """What the words of a clause before a mention, and those right after it, make of it: a claim, a denial, a hedge."""
    match = _AFTER.match(after)
    if _HEDGE_BEFORE.search(before) or (match and match["hedge"]):
        return "hedge"
    return "denial" if _DENIAL_BEFORE.search(before) or match else "claim"
