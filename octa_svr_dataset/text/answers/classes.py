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

_RETINOPATHY = r"(?:\s+(?:diabetic\s+)?retinopathy|\s+DR\b|\s+disease)?(?:\s*\(N?PDR\))?"
_MENTION = re.compile(
    rf"(?P<npdr>\b(?:non|pre)[-\s]*proliferative{_RETINOPATHY}|\bNPDR\b(?:\s*\(non[-\s]?proliferative[^()]*\))?)"
    rf"|(?P<pdr>\bproliferat(?:ive|ion)\b{_RETINOPATHY}|\bPDR\b(?:\s*\(proliferative[^()]*\))?)"
    r"|(?P<any>\bdiabetic\s+(?:retinopathy|eye\s+disease)(?:\s*\(DR\))?|\bDR\b|(?<=\bno )retinopathy)"
    r"|(?P<healthy>\b(?:healthy|normal|unremarkable)[-\s](?:looking\s)?(?:(?:retinal?|macular?|OCTA|human)\s)*"
    r"(?:retina|eye|macula|fundus|scan|image|angiogram|OCTA|retinal vasculature|vasculature)\b"
    r"|(?:\b(?:is|are|appears?|looks?|seems?|remains?|as|eye|retina|class|label|healthy or diabetic)[\s:]+"
    r"(?:to be\s)?(?:entirely\s|completely\s|otherwise\s|within normal limits and\s)?)(?:healthy|normal)(?=\s*(?:[.,;:!)\n]|$|and\b)))",
    re.IGNORECASE,
)
_BARE_HEALTHY = re.compile(r"^(?:healthy|normal)(?:\s*\([^()]*\))?[\s.!]*$", re.IGNORECASE)

_CLAUSE_END = re.compile(
    r"[.;:!\n](?=\s|$)|\?|,?\s(?:but|however|although|though|yet|whereas|while|rather|instead)\b"
    r"|,\s(?:this|it|the|which|these|there|indicating|consistent|suggesting|so|and (?:this|it|the|there))\b",
    re.IGNORECASE,
)
_HEDGE_BEFORE = re.compile(
    r"\b(?:(?:can|could)(?:not|n't| not)|unable to|difficult to|hard to|impossible to|not possible to|do(?:es)? not|don't|doesn't)"
    r"\s(?:\w+\s){0,2}?(?:exclude|rule|say|tell|determine|distinguish|confirm|differentiate|decide|provide|diagnose)"
    r"|\bnot (?:sure|certain|clear|excluded)|\b(?:uncertain|unclear|whether|if|possible|possibly|perhaps|maybe|might|may|could|would"
    r"|should|risk of|develop|progress\w*|differential|versus|vs|suspicio\w+|compar\w+|than|unlike|like in|typical of"
    r"|equivocal|borderline|either|question of|screening for|classif\w+ (?:as|into|between))\b",
    re.IGNORECASE,
)
_DENIAL_BEFORE = re.compile(
    r"\b(?:no|not|n't|without|absence of|lack\w*|negative for|free of|rules? out|ruled out|exclud\w+|neither|nor|unlikely"
    r"|against|argues? against|never)\b|n't\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^\W*(?:(?:is|are|was|can|could|may|might|seems?|appears?|has been|be)\s)*"
    r"(?:(?P<hedge>(?:can|could)?(?:not|n't)\s(?:be\s)?(?:\w+\s)?(?:excluded|ruled out)|(?<=be )(?:present|possible)|possible"
    r"|suspected|uncertain|questionable)|(?P<denial>not\b|n't|excluded|ruled out|absent|unlikely))",
    re.IGNORECASE,
)
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
    lines = last_lines(text, "conclusion", "answer", "diagnosis", "classification", "class")
    labels = {_label_of(line, scheme) for line in lines} or {_label_of(text, scheme)}
    if len(labels) > 1:
        raise UnparsableAnswerError(f"the conclusions disagree: {', '.join(sorted(labels))}")
    return ClassAnswer(label=labels.pop(), scheme=scheme)


def _label_of(text: str, scheme: str) -> Label:
    """The class that a passage claims."""
    if _BARE_HEALTHY.match(text):
        return Label.HEALTHY
    claimed, denied = _claims(_ASIDE.sub("", text))
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
        raise UnparsableAnswerError(f"the output claims no class{', it only denies some' if denied else ''}")
    return Label(kinds.pop())


def _claims(text: str) -> tuple[set[str], set[str]]:
    """Classes that a text claims, and classes that it denies."""
    claimed: set[str] = set()
    denied: set[str] = set()
    start = 0
    for end in [*_CLAUSE_END.finditer(text), None]:
        clause = text[start : end.start() if end else len(text)]
        start = end.end() if end else len(text)
        if end and end[0] == "?":
            continue
        for mention in _MENTION.finditer(clause):
            name = _ANY if mention.lastgroup == "any" else str(mention.lastgroup)
            before, after = clause[: mention.start()], _AFTER.match(clause[mention.end() :])
            if _HEDGE_BEFORE.search(before) or (after and after["hedge"]):
                continue
            is_denied = bool(_DENIAL_BEFORE.search(before)) or bool(after and after["denial"])
            (denied if is_denied else claimed).add(name)
    denied.discard(Label.HEALTHY)
    return claimed, denied
