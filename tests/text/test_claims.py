"""What a free text claims of the class: negations, hedges, contradictions."""

import time

import pytest

from octa_svr_dataset.grading import Label
from octa_svr_dataset.text.answers import TASKS, UnparsableAnswerError, parse_answer

CLAIMS = {
    Label.HEALTHY: """
        The patient does not have diabetic retinopathy.
        There is no evidence to suggest diabetic retinopathy.
        The retina seems normal.
        The scan shows a normal healthy retina.
        No apparent diabetic retinopathy (healthy).
        Evidence of DR is absent.
        DR is unlikely.
        Neither NPDR nor PDR.
        Not NPDR; not PDR.
        No signs of NPDR or PDR.
        No evidence of microaneurysms, capillary dropout, IRMA, new vessels or other signs of diabetic retinopathy.
        No microaneurysms, no dropout, no new vessels. Conclusion: healthy.
        Conclusion: The retina is healthy and shows no signs of diabetic retinopathy (NPDR or PDR).
        Conclusion: within normal limits
        No abnormality detected
        No visible abnormalities are seen.
    """,
    Label.NPDR: """
        There isn't any sign of proliferative diabetic retinopathy; NPDR is the diagnosis.
        Findings do not support a diagnosis of PDR and are consistent with NPDR.
        It looks like NPDR to me.
        The absence of neovascularization excludes PDR, leaving NPDR.
        Without neovascularization, the eye has NPDR.
        With no neovascularization, NPDR is the most likely diagnosis.
        No neovascularization is seen and the findings fit NPDR.
        The image does not show PDR but shows NPDR.
        PDR: absent. NPDR: present.
        Healthy: no. NPDR: yes. PDR: no.
        Diagnosis: NPDR, not PDR.
        NPDR (not PDR)
        NPDR with moderate severity, risk of progression to PDR
        The answer could be either NPDR or PDR, but I would go with NPDR.
        No neovascularization or IRMA, and hence the retinopathy is non-proliferative.
        Unlike healthy eyes, this eye shows dropout - NPDR.
        Diabetic retinopathy is present, but not proliferative diabetic retinopathy.
        Pre-proliferative retinopathy
        {"label": "npdr"}
        NPDR that has not progressed to PDR
        Hardly any vessel is lost, but it is NPDR.
    """,
    Label.PDR: """
        This is an advanced stage: proliferative DR.
        Impression: PDR with new vessels elsewhere.
        Early proliferative changes are visible.
        NPDR is excluded by the tuft of new vessels; this is PDR.
        It was NPDR? It is PDR.
        NPDR has progressed to PDR.
        NPDR is unlikely, PDR likely.
        The retinopathy has progressed to PDR.
        The disease is beyond NPDR: it is PDR.
    """,
    None: """
        I don't think this is PDR.
        I can't say if it's NPDR or PDR.
        NPDR cannot be ruled out.
        NPDR cannot be excluded.
        PDR can be excluded; NPDR cannot.
        Rule out PDR.
        PDR is not present.
        Not proliferative.
        This is not a healthy retina.
        The eye is not healthy.
        Unhealthy.
        It is hardly healthy.
        It is anything but healthy.
        The retina is far from normal.
        It is beyond NPDR.
        It is beyond the stage of NPDR.
        It falls short of PDR.
        NPDR is less likely than PDR.
        It is hardly NPDR.
        NPDR is progressing to PDR.
        Suspected NPDR.
        Possible PDR.
        NPDR?
        PDR may be present.
        The FAZ is larger than in a healthy eye.
        The capillaries look normal above the fovea.
        Differential: NPDR versus hypertensive retinopathy.
        NPDR. On second thought, it is not NPDR.
        The retina is healthy. Diagnosis: NPDR and healthy.
        Conclusion: cannot be determined
        Conclusion: inconclusive
    """,
}
ROWS = [(label, line.strip()) for label, lines in CLAIMS.items() for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("label", "text"), ROWS, ids=[text for _, text in ROWS])
def test_a_text_claims_its_class_and_no_other(label, text):
    if label is None:
        with pytest.raises(UnparsableAnswerError):
            parse_answer("describe", text)
    else:
        assert parse_answer("describe", text).label is label


@pytest.mark.parametrize(
    "part", ["NPDR ", "no ", "1", "1,234 ", "[", '{"a":', "<think>", "non  -  proliferative ", "A "]
)
def test_an_output_that_repeats_itself_for_ever_is_read_soon(part):
    text = part * (8000 // len(part))
    start = time.perf_counter()
    for task in TASKS:
        try:
            parse_answer(task, text)
        except UnparsableAnswerError:
            continue
    assert time.perf_counter() - start < 10.0
