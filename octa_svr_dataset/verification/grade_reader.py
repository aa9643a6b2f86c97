"""What a sentence claims of the class, the grade, and of the scale behind them."""

import re
from collections.abc import Iterator

from octa_svr_dataset.verification.claims import LESIONS, Claim
from octa_svr_dataset.verification.clauses import Clause, cut_clauses
from octa_svr_dataset.verification.lexicon import Mention, find_mentions

CONDITIONAL = re.compile(
    r"\b(?:would(?! not be specific)|were (?:there|it|they|an?|any)|had (?:there|it|they|an?|any)|if(?! (?:only|"
    r"any|at all))|unless|could (?:raise|lower|change|move)|"
    r"(?:only|it) takes?(?! up)|required? for|needed for|to reach)\b"
)
"""Marks of a sentence on what is not so."""

_GENERIC = re.compile(
    r"\b(?:define[sd]?|defining|hallmark|by definition|in general|generally|typically|often|are (?:considered|"
    r"regarded|counted)|"
    r"tells? apart|distinguish\w*|separates|are the (?:earliest|first)|is the (?:earliest|first)|earliest sign|"
    r"begins? (?:with|at)|"
    r"stands? for|are a sign|is a sign|comes? with|(?:next|higher|lower|lowest|highest|top) (?:\w+ )?grades?|"
    r"grade (?:lies|is) (?:lower|higher)|no (?:lower|higher))\b"
)
"""Marks of a sentence on the scale itself."""

_UNSPECIFIC = re.compile(
    r"\b(?:not (?:\w+ )?specific|un-?specific|non-?specific|on its own|by itself|does not count|"
    r"occurs? in (?:\w+ )?healthy|without weight|no weight|nothing is concluded|"
    r"plays? no part|did not decide|does not decide|does not rest on|not counted as|variant|irrespective of|"
    r"as some healthy eyes have|occurs without disease|"
    r"overlap)\b"
)
"""Marks of a clause that gives a sign no weight."""

_LOWEST = re.compile(
    r"\b(?:lowest grade|bottom of the scale|no (?:lower grade|grade (?:lies|is|stands) (?:lower|below)|"
    r"room below)|cannot (?:be lowered|fall|go lower|get lower|be lower)|lower than this|"
    r"nothing (?:could|can|would) lower|no (?:\w+ )?(?:lesions?|findings?|signs?|changes?) (?:\w+ )?(?:would|"
    r"could|can) lower|scale begins here|not (?:be )?lowered|below (?:it|this)[\w ,]*(?:no|nothing))"
)

_HIGHEST = re.compile(
    r"\b(?:highest grade|top of the scale|no (?:higher grade|grade (?:lies|is|stands) (?:higher|above)|"
    r"room above)|cannot (?:be raised|rise|go higher|get higher|be higher)|higher than this|"
    r"nothing (?:could|can|would) raise|not (?:be )?raised|no (?:\w+ )?(?:lesions?|findings?|signs?|"
    r"changes?) (?:\w+ )?(?:would|could|can) raise|scale ends here|(?:make|push|raise) the grade any (?:higher|"
    r"further)|above (?:it|this)[\w ,]*(?:no|nothing))"
)


_NO_CONDITION = re.compile(r"\b(?:that|which) would (?:suggest|count|indicate)\b|\bwhere it would be expected\b")
"""Says in a sentence of what is what something else would be."""


def is_conditional(text: str) -> bool:
    """Whether a sentence speaks of what is not so."""
    return CONDITIONAL.search(_NO_CONDITION.sub("", text.lower())) is not None


def is_generic(text: str) -> bool:
    """Whether a sentence speaks of the scale."""
    lowered = text.lower()
    return any(pattern.search(lowered) is not None for pattern in (_GENERIC, _LOWEST, _HIGHEST))


def read_unspecific(clause: Clause, subject: str) -> Iterator[Claim]:
    """Signs to which a clause gives no weight."""
    if _UNSPECIFIC.search(clause.text.lower()) is None:
        return
    subjects = [str(mention.value) for mention in clause.mentions if mention.tag in ("kind", "trait")] or [subject]
    for name in subjects:
        yield Claim(aspect="unspecific", subject=name)


def read_labels(clause: Clause) -> Iterator[Claim]:
    """Claims of a clause on the class and the grade of this eye."""
    for mention in clause.mentions:
        denied = clause.is_denied(mention) or _DENIES.search(clause.text[: mention.start].lower()) is not None
        if mention.tag == "label":
            yield Claim(aspect="label", subject="label", value=mention.value, holds=not denied)
        elif mention.tag == "stage":
            yield Claim(aspect="label", subject="label", value="npdr", holds=not denied)
            if not denied:
                yield Claim(aspect="grade", subject="severity", value=mention.value)
        elif mention.tag == "grade" and _NOT_THIS.search(clause.text[: mention.start].lower()) is None:
            yield Claim(aspect="grade", subject="severity", value=mention.value)
    if clause.has(
        r"\b(?:none of the|no) (?:\w+ )?lesions? (?:\w+ ){0,6}(?:visible|"
        r"seen|counts?|found|present|made out)"
    ):
        yield Claim(aspect="label", subject="label", value="healthy")


_DENIES = re.compile(r"\b(?:not|rules? out|excludes?|against|argues against)\b[\w ]*$")

_NOT_THIS = re.compile(r"\b(?:not|above|below|beyond|short of|than|scale from|from)\b[\w ]*$")


def read_conditional(text: str) -> Iterator[Claim]:
    """Claims of a conditional sentence: which grade would stand with, or without, some kinds of lesions."""
    added, removed = _changed(text)
    if "diffuse_loss" in removed:
        for degree in (mention.value for mention in find_mentions(text) if mention.tag == "degree"):
            yield Claim(aspect="degree", subject="diffuse_loss", value=degree)
    lowered = text.lower()
    mentions = find_mentions(text)
    outcomes: list[tuple[str, object]] = [
        ("grade", mention.value) for mention in mentions if mention.tag in ("grade", "stage")
    ]
    outcomes += [("label", mention.value) for mention in mentions if mention.tag == "label"]
    outcomes += [("grade", int(number)) for number in re.findall(r"\b(?:to|at|be|is) ([0-4])\b(?!\.\d)", lowered)]
    direction = ""
    if re.search(r"\b(?:raised?|higher|increase|lift|push|advance|worse|upgrade|up)\b", lowered):
        direction = "up"
    elif re.search(r"\b(?:lower(?:ed)?|drop|fall|reduce|down|decrease|downgrade)\b", lowered):
        direction = "down"
    yield Claim(
        aspect="counterfactual",
        subject="severity",
        value=(frozenset(added), frozenset(removed), tuple(outcomes), direction),
    )


def _grounds(clause: Clause) -> list[Mention]:
    """Mentions of what a grade may rest on."""
    return [
        mention
        for mention in clause.mentions
        if (mention.tag == "kind" and mention.value in (*LESIONS, "diffuse_loss")) or mention.value == "beaded"
    ]


def _changed(text: str) -> tuple[set[str], set[str]]:
    """Kinds of lesions that a conditional sentence adds, and those that it takes away."""
    added: set[str] = set()
    removed: set[str] = set()
    if _ALL_SIGNS.search(text.lower()):
        removed |= {*LESIONS, "diffuse_loss", "beaded"}
    for part in _ALTERNATIVE.split(text):
        clause = Clause(text=part, mentions=find_mentions(part))
        end, is_removed = 0, False
        for kind in _grounds(clause):
            between = clause.text[end : kind.start].lower()
            end = kind.end
            if _TAKEN.search(between) or clause.is_denied(kind):
                is_removed = True
            elif not _CONNECTED.fullmatch(between):
                is_removed = False
            (removed if is_removed else added).add(str(kind.value))
    return added - removed, removed


_ALTERNATIVE = re.compile(r";|, (?:but|while|whereas)\b|,? and (?=with|without|if)\b")

_CONNECTED = re.compile(
    r"\W*(?:(?:and|or|the|any|of|all|an?|areas?|venous|visible|mild|moderate|marked|single|both|these|those|\w+ed|one|two|three|four)\W*)*"
)
"""What may stand between two things that are taken away together."""

_TAKEN = re.compile(
    r"\b(?:without|absence|no|not|absent|lack|neither|nor|removed?|taking away|disregard\w*|ignoring|leaving|"
    r"minus)\b[^,]*$"
)

_ALL_SIGNS = re.compile(
    r"\babsence of (?:this|these|those|all|the) (?:\w+ )?signs?\b|\b(?:this|these|those|all|the|such|"
    r"any) (?:\w+ )?(?:signs?|lesions?|findings?|changes)\b[\w ,]*\b(?:absent|missing|gone|not|disappear\w*|"
    r"could not)\b|"
    r"\b(?:without|if none of|if no|in the absence of|were it not for|but for|apart from|disregarding|ignoring|"
    r"leaving out|leave out)\b(?: \w+){0,3} (?:signs?|lesions?|findings?|them|changes)\b"
)


def read_generic(text: str) -> Iterator[Claim]:
    """Claims of a sentence on the scale: what stands for which grade, and where the scale ends."""
    lowered = text.lower()
    for pattern, grade in ((_LOWEST, 0), (_HIGHEST, 4)):
        if pattern.search(lowered):
            yield Claim(aspect="grade", subject="severity", value=grade)
    for clause in cut_clauses(text):
        kinds = tuple(str(kind.value) for kind in _grounds(clause))
        grades = tuple(mention.value for mention in clause.mentions if mention.tag in ("grade", "stage"))
        labels = tuple(mention.value for mention in clause.mentions if mention.tag == "label")
        if kinds and (grades or labels):
            is_next = clause.has(r"\bnext\b|\bfollowing\b")
            yield Claim(aspect="scale", subject="severity", value=(kinds, grades, labels, is_next))
