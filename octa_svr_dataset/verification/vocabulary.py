"""Words of English for what an OCTA picture shows, by what they mean; written without sight of the templates.

Patterns are of words and short phrases, never of whole sentences. They are matched in lower case, longest first.
"""

NUMERALS = {
    name: number
    for number, name in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
            *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
            "twenty",
        )
    )
}

_MADE_OF = r"(?:of|with|without|devoid of|bare of|lacking)"

_GAP = r"(?:(?!\b(?:not|no|nor|without|neither|free|mild|moderate|marked)\b)[\w -])"
"""A letter between two words of a phrase, where no negation begins."""

KINDS: dict[str, tuple[str, ...]] = {
    "faz": (r"(?:foveal )?avascular (?:zone|area at the fovea)", r"\bfaz\b", r"\b(?:the|this|that) (?:foveal )?zone\b"),
    "diffuse_loss": (
        r"(?:diffuse(?:ly)?|dispersed|scattered|generali[sz]ed|fine(?:ly)?)" + _GAP + r"{0,25}?"
        r"\b(?:loss(?:es)?|thinn\w+|rarefaction|rarefied|gaps|"
        r"drop-?out of single capillaries)(?: of (?:the )?capillar\w+)?",
        r"(?:small|fine|tiny|minute) gaps",
        r"(?:capillary )?rarefaction",
        (
            r"(?:capillary )?(?:bed|mesh|"
            r"network)"
        )
        + _GAP
        + r"{0,30}?\b(?:thinned|sparser|rarefied|coarsened|coarser|thinner)\b"
        r"(?: out)?(?: diffusely)?",
        r"(?:thinn(?:ed|ing)|coarsen(?:ed|ing|s)?|rarefied)" + _GAP + r"{0,30}?(?:bed|mesh|network|capillar\w+)",
        r"capillaries (?:are|is) (?:lost|missing|absent|gone) diffusely",
        r"capillary bed has (?:lost more|thinned)",
        r"capillaries (?:are|is) diffusely (?:lost|missing|absent|gone)",
        r"diffusely (?:thinned|rarefied|coarsened)",
        r"(?:bed|mesh|network) is (?:thinned|coarsened) diffusely",
        r"thinning(?: out)?(?: of the (?:bed|mesh|capillaries))?",
        r"loss that is (?:diffuse|dispersed)",
    ),
    "dropout": (
        r"capillary drop-?outs?",
        r"(?:capillary )?non-?perfusion",
        r"non-?perfused (?:areas?|patch(?:es)?|zones?|regions?)",
        r"drop-?outs?",
        r"(?:areas?|patch(?:es)?|islands?|regions?|places?|spots?) (?:of (?:capillary|focal) (?:loss|closure)"
        r"|that (?:lacks?|ha(?:s|ve) lost) (?:its|"
        r"their )?capillaries|" + _MADE_OF + r" (?:capillaries|perfusion|flow))",
        r"(?:capillary )?perfusion (?:is|has been|was|are) (?:lost|missing|absent)",
        (
            r"(?:capillar(?:y perfusion|y bed|ies)) (?:is|are|has been|have been) (?:lost|missing|absent|"
            r"gone)(?! diffusely)"
        ),
        r"(?:capillary )?closure",
        r"(?:focal )?capillary loss(?! of)",
        r"perfusion (?:defects?|gaps?)",
        r"(?:lost|missing|absent) (?:capillary )?perfusion",
        r"flow voids?",
        r"(?:ischa?emic|dark|bare|empty|perfusionless) (?:areas?|patch(?:es)?|islands?|regions?)",
    ),
    "microaneurysm": (
        r"micro-?aneurysms?",
        r"(?:small |round |bright |punctate |focal )+(?:dots?|spots?|bulbs?)",
        r"dots?\b",
        r"(?:capillary )?(?:outpouchings?|bulges)",
    ),
    "irma": (
        r"intra-?retinal micro-?vascular abnormalit(?:y|ies)(?: \(irmas?\))?",
        r"\birmas?\b",
        r"(?:intra-?retinal |capillary |vascular |abnormal )*shunt(?:s|ing)?(?: vessels?)?",
    ),
    "neovascularization": (
        r"neo-?vasculari[sz]ations?",
        r"neo-?vascular (?:tufts?|nets?|networks?|tangles?|complex(?:es)?|vessels?)",
        r"(?:tufts?|tangles?|fronds?|nets?) of (?:\w+,? ){0,4}(?:vessels|loops|capillaries)",
        r"(?:fine |abnormal )*new vessels?",
        r"newly (?:formed|grown) vessels",
        r"(?:vascular )?(?:tufts?|tangles?|fronds?)\b",
    ),
}
"""Kinds of things that a picture may show."""

DIRECTIONS: dict[str, tuple[str, ...]] = {
    "upper left": (r"(?:to the |in the |the |at the |on the )*(?:upper|top)[ -]left", r"above and to the left"),
    "upper right": (r"(?:to the |in the |the |at the |on the )*(?:upper|top)[ -]right", r"above and to the right"),
    "lower left": (r"(?:to the |in the |the |at the |on the )*(?:lower|bottom)[ -]left", r"below and to the left"),
    "lower right": (r"(?:to the |in the |the |at the |on the )*(?:lower|bottom)[ -]right", r"below and to the right"),
    "upper": (
        r"(?:directly |straight |just )?above(?! the (?:usual|range|limit|retina|background|threshold))",
        r"(?:in|at|on|toward|towards) the (?:upper|top) (?:part|side|half|sector|third|edge)",
        r"(?:the )?upper (?:sector|side|part|direction|one)",
        r"\bupper\b",
    ),
    "lower": (
        (
            r"(?:directly |straight |just )?(?:below|beneath|underneath)(?! (?:the (?:limit|usual|range|threshold|"
            r"visib))|what)"
        ),
        r"(?:in|at|on|toward|towards) the (?:lower|bottom) (?:part|side|half|sector|third|edge)",
        r"(?:the )?lower (?:sector|side|part|direction|one)",
        r"\blower\b(?! (?:than|grades?|end|limit|density))",
    ),
    "left": (
        (
            r"(?:to|on|at|in|toward|towards) (?:the|"
            r"its) left(?:[ -]hand)?"
        ),
        r"\bleft(?:ward)?(?: (?:side|sector))?(?! eye)",
    ),
    "right": (
        r"(?:to|on|at|in|toward|towards) (?:the|its) right(?:[ -]hand)?",
        r"\bright(?:ward)?(?: (?:side|sector))?(?! eye| away)",
    ),
}
"""The eight picture directions."""

QUADRANTS = {
    name: (rf"\b{name[:-1]}\w*" if name.endswith("l") else rf"\b{name}(?:ly)?",)
    for name in ("superior", "inferior", "nasal", "temporal")
}

RINGS = {
    "fovea": (r"within the fovea(?! and)", r"in the fovea\b", r"inside the fovea\b"),
    "parafovea": (r"\bparafovea(?:l|lly)?(?: (?:region|ring))?",),
    "perifovea": (r"\bperifovea(?:l|lly)?(?: (?:region|ring))?",),
}

SIZES = {
    "small": (r"\bsmall\b", r"\btiny\b"),
    "medium": (r"\bmedium(?:-sized)?\b", r"\bmid-?sized?\b", r"\bmoderately sized\b", r"\bintermediate\b"),
    "large": (r"\blarge\b", r"\bsizeable\b", r"\bbig\b", r"\benlarged\b"),
}

DEGREES = {
    "mild": (r"\bmild(?:ly)?\b", r"\bslight(?:ly)?\b", r"\blow-grade\b"),
    "moderate": (r"\bmoderate(?:ly)?\b",),
    "marked": (r"\bmarked(?:ly)?\b", r"\bpronounced\b", r"\bconsiderabl[ye]\b"),
}

_ODD_COURSE = (
    r"\b(?:abnormal|irregular|erratic) (?:\w+ )?course\b|\bcourse (?:is|looks) (?:abnormal|irregular|erratic)\b"
)

TRAITS = {
    "tortuous": (r"\btortu\w+", r"\bwind(?:s|ing)?\b", r"\bmeander\w*", r"\bserpentine\b", r"\bwinding\b", _ODD_COURSE),
    "beaded": (
        r"\bbead(?:ed|ing|s)\b",
        r"(?:width|calib(?:er|re)) (?:that )?varies",
        r"(?:irregular|uneven) (?:in )?(?:width|calib\w+)",
    ),
    "noisy": (r"\bnois[ey]\w*", r"\bgrain(?:y|iness)?\b", r"\bspeckled?\b"),
    "blurred": (
        r"\bblur\w*",
        r"\bout of focus\b",
        r"\bdefocus\w*",
        r"\bunsharp\b",
        r"\b(?:lack of|limited|reduced|imperfect|insufficient|poor) (?:sharpness|focus)\b",
        r"\bsoft(?:ness)?\b",
    ),
    "motion": (r"\bmotion\b", r"\beye movements?\b", r"\bmovements?\b", r"\bstrip(?:e|ing|es|y)\b", r"\bsaccad\w+"),
    "dark": (
        r"\bdark(?:ness)?\b(?! (?:area|patch|island|region|zone))",
        r"\bdim(?:ness|ly)?\b",
        r"\bunderexpos\w+",
        r"\b(?:low|weak) (?:overall )?(?:signal|brightness|exposure)\b",
    ),
}

LABELS = {
    "healthy": (
        (
            r"\bhealthy\b(?! (?:eyes|range|people|persons|subjects|ones|"
            r"beds?|retinas|and diseased))"
        ),
        r"\bno (?:visible |clear )?(?:sign|evidence|indication)s? of (?:any )?(?:diabetic )?retinopathy",
        r"\bnormal (?:retina|eye|findings?|picture|image|appearance)\b",
        r"\bwithout (?:diabetic )?retinopathy\b",
        r"\bno (?:visible |apparent )?(?:diabetic )?retinopathy\b",
    ),
    "npdr": (
        (
            r"\bnon-?proliferative (?:diabetic )?(?:retinopathy|"
            r"disease|stage)(?: \(npdr\))?"
        ),
        r"\bnpdr\b",
        r"\bnon-?proliferative\b",
    ),
    "pdr": (
        (
            r"\bproliferative (?:diabetic )?(?:retinopathy|"
            r"disease|stage)(?: \(pdr\))?"
        ),
        r"\bpdr\b",
        r"\bproliferative\b",
    ),
    "diseased": (r"\bdiabetic retinopathy(?: \(dr\))?", r"\bretinopathy\b", r"\bdr\b"),
}

_NPDR = r"(?:non-?proliferative(?: diabetic)?(?: retinopathy| disease)?(?: \(npdr\))?|npdr)"

STAGES = {
    grade: (rf"\b{word} {_NPDR}", rf"\b{_NPDR} (?:of|at|in) (?:an? |the )?{word} (?:degree|stage|form|severity)")
    for grade, word in ((1, "mild"), (2, "moderate"), (3, "(?:severe|marked)"))
}
"""Grades of non-proliferative retinopathy by their names."""

NEGATIONS = {
    "ahead": (
        (
            r"\bno\b(?! (?:more|fewer|less|"
            r"larger) than| (?:\w+ )?doubts?\b| mistaking\b)"
        ),
        r"\bnot (?:a|any|one|a single)\b",
        r"\bwithout\b(?! (?:\w+ )?doubts?\b)",
        r"\bneither\b",
        r"\bnor\b",
        r"\bfree (?:of|from)\b",
        r"\black(?:s|ing|ed)?(?: of)?\b",
        r"\babsence of\b",
        r"\bnone of\b",
        r"\bnone\b",
        r"\bzero\b",
        r"\bnothing\b",
        r"\b(?:do|does|did|can|could)(?: not|n't|not) (?:show|see|find|detect|"
        r"identify|discern|recognize|make out|contain|reveal|display|include|have|exhibit|feature|suggest|indicate)\b",
        r"\bcannot (?:see|find|detect|identify|discern|recognize|make out)\b",
        r"\bfails? to (?:show|find)\b",
        r"\binstead of\b",
        r"\brather than\b",
    ),
    "around": (r"\b(?:is|are|was|were) (?:\w+ )?not\b", r"\b(?:is|are)n't\b"),
    "behind": (
        (
            r"\b(?:is|are|was|were|be|being|remains?) (?:also |clearly |entirely |completely |all )?(?:absent|"
            r"lacking|missing|nowhere|ruled out|denied|excluded)\b"
        ),
        r"\b(?:denied|excluded|ruled out)\b",
        r"\bcannot be\b",
        r"\bcan ?not\b",
        r"\bcould not be\b",
        r"\bdoes not (?:stand out|appear|occur|show up)\b",
        (
            r"\bdo not (?:stand out|appear|occur|"
            r"show up)\b"
        ),
        r"\bnowhere\b",
        r"\bnot (?:visible|seen|found|present|discernible|"
        r"recognizable|detect\w+|evident|identif\w+|apparent|observed)\b",
        r"\babsent\b",
        r"\bhas not\b",
    ),
}

RANKS = {
    "largest": (r"\b(?:largest|biggest|widest|dominant|main|larger|most extensive)\b",),
    "smallest": (r"\bsmall(?:est|er)\b",),
    "second": (r"\b(?:second[ -](?:largest|biggest)|next(?: largest)?)\b",),
    "other": (r"\b(?:others?|rest|remaining|further|remainder)\b",),
}

QUANTIFIERS = {
    "most": (
        (
            r"\b(?:most|majority|mostly|predominantly|mainly|chiefly|more than half|over half|cluster\w*|"
            r"concentrat\w+)\b"
        ),
    ),
    "all": (r"(?<!in )\b(?:all|each|every|both|exclusively|throughout)\b(?! in all)",),
    "several": (r"\b(?:several|multiple|a number of|various)\b",),
    "many": (r"(?<!how )(?<!as )(?<!not )\bmany\b(?! of\b)", r"\bnumerous\b", r"\ba (?:large|great) number of\b"),
    "half a dozen": (r"\bhalf a dozen\b",),
    "a dozen": (r"\ba dozen\b",),
    "dozens": (r"\b(?:several|many|some|a few|two|three|four) dozens?\b", r"\bdozens\b", r"\bhundreds\b"),
    "few": (r"\b(?:a few|some|a couple of)\b",),
    "more": (r"\b(?:more|greater|larger) than\b", r"\bexceed(?:s|ing)?\b", r"\bover (?=\d)"),
    "less": (r"\b(?:less|fewer|smaller) than\b", r"\bunder (?=\d)"),
    "least": (r"\bat least\b", r"\bno fewer than\b"),
    "atmost": (r"\bat most\b", r"\bno more than\b", r"\bup to\b"),
}

AREA = r"(?P<value>\d+(?:\.\d+)?) ?(?:mm(?:²|2|\^2)|square mill?imet(?:er|re)s?|sq\.? mm)"
LENGTH_UM = r"(?P<value>\d+(?:\.\d+)?) ?(?:µm|μm|um|micrometers?|microns?)"
PERCENT = r"(?P<value>\d+(?:\.\d+)?) ?(?:%|percent|per cent)"
NUMBER = r"(?<![\d.])(?P<value>\d+(?:\.\d+)?)(?![\d.]*\d)"

GRADES = (
    r"\bgraded?\b(?: (?!with|without|if)\w+){0,3} (?P<value>[0-4])\b(?![\d.]*\d)",
    r"\b(?:next|following) (?:higher |lower )?grade,? (?P<value>[0-4])\b",
    (
        r"\b(?:grade|severity|stage|level)s?(?: grade| level)?(?: is| of| at| to|:| remains| stays|"
        r" would be)? ?(?P<value>[0-4])\b"
    ),
)
