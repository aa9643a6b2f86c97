import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from texts import (
    FOV,
    diffuse,
    dot,
    dropout,
    faz,
    findings_of,
    quality,
    random_findings,
    regions,
    shape,
    vessels,
)

from octa_svr_dataset.config import TextConfig
from octa_svr_dataset.findings import Findings
from octa_svr_dataset.text.answers import parse_answer
from octa_svr_dataset.text.dialogue import QUESTION, Dialogue, write_dialogue
from octa_svr_dataset.text.tasks import TASKS
from octa_svr_dataset.text.writer import Writer

FORMS = ("think", "prose", "stages", "answer_only")

MIXED = TextConfig(form="mixed", opening="drawn", turns=(1, 4))

MARKUP = re.compile(
    r"</?think>|^## [A-Z][a-z ]+$|^(Fovea|Perfusion|Microaneurysms|Vessels|Image quality|Synthesis): ", re.MULTILINE
)

LEAST_ODD = r"  | \.|\.\.| ,|,,|[{}%]{2}|undefined|\ba (?=[aeio])|\ban (?=[^aeiouO])|\b(\w+) \1\b"


def only(task: str, **settings) -> TextConfig:
    """Settings under which one task is asked."""
    weights = {name: float(name == task) for name in TASKS}
    return TextConfig(**{"form": "prose", "opening": "drawn", **settings, "tasks": weights})


def written(findings: Findings, config: TextConfig = MIXED, seed: int = 0, laterality: str = "od") -> Dialogue:
    return write_dialogue(findings, FOV, laterality, config, np.random.default_rng(seed))


def turns(dialogue: Dialogue) -> list[tuple[object, str, str]]:
    contents = [message.content for message in dialogue.messages]
    return list(zip(dialogue.tasks, contents[::2], contents[1::2], strict=True))


def answers_to(findings: Findings, task: str, num: int = 40, **settings) -> list[str]:
    return [written(findings, only(task, **settings), seed).messages[1].content for seed in range(num)]


def data_of(findings: Findings, task: str, num: int = 60) -> list[dict]:
    return [json.loads(written(findings, only(task), seed).tasks[0].answer) for seed in range(num)]


@pytest.fixture(scope="module")
def many() -> list[tuple[Findings, Dialogue]]:
    found = [random_findings(np.random.default_rng(seed)) for seed in range(500)]
    return [
        (findings, written(findings, seed=seed, laterality="od" if seed % 2 else "os"))
        for seed, findings in enumerate(found)
    ]


def test_roles_alternate_and_each_turn_has_its_task(many):
    for _, dialogue in many:
        assert [message.role for message in dialogue.messages] == ["user", "assistant"] * len(dialogue.tasks)
        assert 1 <= len(dialogue.tasks) <= 4
    assert {task.task for _, dialogue in many for task in dialogue.tasks} == set(TASKS)


def test_each_text_reads_as_the_answer_that_its_task_holds(many):
    for _, dialogue in many:
        for task, _, text in turns(dialogue):
            data = json.loads(task.answer)
            read = parse_answer(task.task, text, scheme=data.get("scheme", "three"), options=data.get("options"))
            if "label" in data and task.task != "classify":
                assert read.label == data["label"]
            for name in ("count", "severity", "region", "value"):
                if name in data and hasattr(read, name):
                    assert getattr(read, name) == data[name], (text, data)
            if "choice" in data:
                assert read.letter == data["choice"]
            if task.task == "yes_no":
                assert read.is_yes == (data["answer"] == "yes")
            if task.task == "locate":
                assert [next(iter(place.values())) for place in data["objects"]] == [
                    [getattr(o, axis) for axis in o.__slots__] for o in read.objects
                ]


def test_no_answer_differs_from_the_findings(many):
    for findings, dialogue in many:
        for task in dialogue.tasks:
            data = json.loads(task.answer)
            if task.task in ("describe", "report"):
                assert data["label"] == findings.label
            if task.task == "explain_grade":
                assert data["severity"] == findings.severity
            if data.get("kind") == "microaneurysm":
                assert data.get("count", len(data.get("objects", []))) == len(findings.visible_microaneurysms)


def test_what_is_not_visible_changes_no_word():
    for seed in range(150):
        findings = random_findings(np.random.default_rng(seed))
        shown = replace(
            findings,
            dropouts=findings.visible_dropouts,
            microaneurysms=findings.visible_microaneurysms,
            irma=findings.visible_irma,
            neovascularization=findings.visible_neovascularization,
        )
        assert written(findings, seed=seed) == written(shown, seed=seed)


def test_the_sentences_cover_the_whole_text_but_its_markup(many):
    for _, dialogue in many:
        for task, _, text in turns(dialogue):
            rest = list(text)
            for sentence in task.sentences:
                assert sentence.findings
                covered = text[sentence.start : sentence.end]
                assert covered == covered.strip() != ""
                assert (
                    covered[0].isupper()
                    or covered[0] in "[0123456789"
                    or covered in ("not measurable",)
                    or len(covered.split()) == 1
                )
                rest[sentence.start : sentence.end] = " " * len(covered)
            assert not MARKUP.sub("", "".join(rest)).strip(), text


def test_each_sentence_names_findings_that_are_there(many):
    for findings, dialogue in many:
        known = {"faz", "dropout", "diffuse_loss", "microaneurysm", "irma", "neovascularization"}
        known |= {"vessel_shape", "quality", "severity", "label"}
        known |= {f"dropout/{f.instance_id}" for f in findings.visible_dropouts}
        known |= {f"microaneurysm/{f.instance_id}" for f in findings.visible_microaneurysms}
        known |= {f"irma/{f.instance_id}" for f in findings.visible_irma}
        known |= {f"neovascularization/{f.instance_id}" for f in findings.visible_neovascularization}
        known |= {f"region/{f.quadrant}" for f in findings.regions}
        assert {name for task in dialogue.tasks for sentence in task.sentences for name in sentence.findings} <= known


def test_every_text_is_clean_prose(many):
    for _, dialogue in many:
        for message in dialogue.messages:
            prose = re.sub(r"\[\{.*\}\]", "", message.content)
            assert not re.search(LEAST_ODD, prose), (re.search(LEAST_ODD, prose), prose)
            assert not re.search(
                r"\bone (areas|microaneurysms|shunts|tufts)|\b(two|three|four) (area|microaneurysm|tuft)\b", prose
            ), prose


def test_no_sentence_of_the_answers_comes_again_in_a_dialogue(many):
    num = 0
    for _, dialogue in many:
        text = "\n".join(message.content for message in dialogue.messages[1::2])
        said = Counter(part for part in re.split(r"(?<=[.?])\s+", text) if len(part.split()) > 3)
        assert {part for part, times in said.items() if times > 1 and not part.startswith("Conclusion: ")} == set()
        num += said.total()
    assert num > 5000


def test_nasal_and_temporal_are_said_only_after_the_eye_is_named(many):
    num = 0
    for _, dialogue in many:
        before = ""
        for message in dialogue.messages:
            if re.search("nasal|temporal", message.content):
                assert re.search(r"(right eye \(OD\)|left eye \(OS\))", before + message.content)
                num += 1
            before += message.content
    assert num > 50


def test_no_question_is_asked_twice():
    config = TextConfig(opening="drawn", turns=(20, 20))
    for seed in range(20):
        tasks = written(findings_of(), config, seed).tasks
        assert len(tasks) == 20
        objects = [json.loads(task.answer) for task in tasks]
        asked = Counter(
            (task.task, *(data.get(name) for name in ("kind", "quantity", "scheme")))
            for task, data in zip(tasks, objects, strict=True)
            if task.task not in ("yes_no", "multiple_choice", "compare_regions")
        )
        assert set(asked.values()) == {1}


def test_where_there_is_no_other_question_a_dialogue_is_shorter():
    assert len(written(findings_of(), only("classify", turns=(5, 5))).tasks) == 2


def test_the_opening_of_the_prior_art_is_its_question():
    for seed in range(20):
        dialogue = written(findings_of(), TextConfig(turns=(1, 3)), seed)
        assert dialogue.messages[0].content == QUESTION == "What do you see in this OCTA image?"
        assert dialogue.tasks[0].task == "describe"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_its_look(form):
    findings = findings_of(dropouts=(dropout(1),))
    for text in answers_to(findings, "describe", form=form):
        assert text.startswith("<think>\n") is (form == "think")
        assert text.count("\n</think>\n\n") == (form == "think")
        assert ("\nSynthesis: " in text) is (form == "stages")
        assert text.endswith("Conclusion: non-proliferative diabetic retinopathy (NPDR).")
        assert (len(text) < 60) is (form == "answer_only")
    assert set(answers_to(findings, "count", form="answer_only")) == {"0", "1"}


def test_the_answer_is_yes_as_often_as_no_whatever_the_findings():
    for findings in (findings_of(), random_findings(np.random.default_rng(6))):
        answers = [data["answer"] for data in data_of(findings, "yes_no", num=600)]
        assert 250 < answers.count("yes") < 350


def test_options_come_in_any_order():
    letters = Counter(data["choice"] for data in data_of(findings_of(), "multiple_choice", num=400))
    assert set(letters) >= set("ABCD")
    assert max(letters.values()) < 200


def test_a_description_stays_under_450_tokens():
    long = findings_of(
        faz=faz(size="large"),
        dropouts=tuple(dropout(n, direction="upper left") for n in range(1, 4)),
        diffuse_loss=diffuse("mild"),
        microaneurysms=tuple(dot(n, direction="upper left") for n in range(1, 41)),
        irma=tuple(vessels(n, direction=d) for n, d in enumerate(("upper left", "lower left", "right"), start=1)),
        neovascularization=(vessels(1), vessels(2)),
        regions=regions(0.5, 0.1, 0.2, 0.3),
        vessel_shape=shape(is_tortuous=True, is_beaded=True),
        quality=quality("poor", "is_noisy", "is_blurred", "has_motion", "is_dark"),
    )
    lengths = [1.4 * len(text.split()) for text in answers_to(long, "describe", num=200, form="think")]
    assert max(lengths) < 450


def test_of_two_thousand_descriptions_none_has_450_tokens():
    seen = [random_findings(np.random.default_rng([seed, 2])) for seed in range(500)]
    texts = [answers_to(findings, "describe", num=4, form="think") for findings in seen]
    assert max(1.4 * len(text.split()) for one in texts for text in one) < 450


def test_of_two_quadrants_one_has_lost_more_and_of_four_the_most():
    findings = findings_of(regions=regions(0.3, 0.1, 0.5, 0.2))
    config = only("compare_regions")
    words = {True: set(), False: set()}
    for seed in range(150):
        question, answer = (message.content for message in written(findings, config, seed).messages)
        is_two = len(set(re.findall("superior|nasal|inferior|temporal", question))) == 2
        words[is_two] |= set(re.findall(r"\b(?:more|most|worse|worst|largest|greatest)\b", question + answer))
    assert {"more", "worse"} <= words[True]
    assert not words[True] & {"most", "worst", "largest", "greatest"}
    assert {"most", "worst", "largest", "greatest"} <= words[False]


def test_the_thoughts_before_a_report_go_through_all_that_it_tells():
    for seed in range(100):
        findings = random_findings(np.random.default_rng([seed, 3]))
        dialogue = written(findings, only("report", form="think"), seed)
        thought, _, told = dialogue.messages[1].content.partition("</think>")
        named = {True: set(), False: set()}
        for sentence in dialogue.tasks[0].sentences:
            named[sentence.start < len(thought)] |= {name.partition("/")[0] for name in sentence.findings}
        assert named[False] - named[True] <= {"region", "vessel_shape", "label"}
        assert 0.15 < len(thought) / len(told) < 0.9
        assert thought.count("\n") == 7


def test_each_object_that_is_located_is_told_by_place_and_size_in_the_order_of_the_list():
    places = {3: "to the right of", 1: "to the lower left of", 2: "above"}
    lesions = [(n, {"ring": "fovea", "direction": d}) for n, d in ((3, "right"), (1, "lower left"), (2, "upper"))]
    areas = [dropout(n, area_mm2=(4.0 - n) / 10, box_px=(50 * n, 0, 200, 9), **place) for n, place in lesions]
    tufts = [vessels(n, area_mm2=n / 10, box_px=(50 * n, 0, 200, 9), **place) for n, place in lesions]
    dots = [dot(n, center_px=(50.0 * n, 9.0), diameter_um=10.0 * n, **place) for n, place in lesions]
    findings = findings_of(
        dropouts=tuple(areas), irma=tuple(tufts), neovascularization=tuple(tufts), microaneurysms=tuple(dots)
    )
    expected = {
        "capillary dropout": ["0.30", "0.20", "0.10"],
        "intraretinal microvascular abnormality": ["0.10", "0.20", "0.30"],
        "neovascularization": ["0.10", "0.20", "0.30"],
        "microaneurysm": ["10", "20", "30"],
    }
    seen = set()
    for seed in range(120):
        dialogue = written(findings, only("locate", form="think"), seed)
        kind = json.loads(dialogue.tasks[0].answer)["kind"]
        thought = dialogue.messages[1].content.partition("</think>")[0]
        if kind in expected:
            assert re.findall(r"([\d.]+) (?:mm²|µm)", thought) == expected[kind]
            assert re.findall("|".join(places.values()), thought) == [places[1], places[2], places[3]]
            seen.add(kind)
    assert seen == set(expected)


def test_of_many_microaneurysms_it_is_told_how_many_lie_where():
    findings = findings_of(microaneurysms=tuple(dot(n, direction="left" if n < 5 else "upper") for n in range(1, 7)))
    for text in answers_to(findings, "locate", form="think"):
        if '"microaneurysm"' in text:
            assert re.search("four to the left of the fovea and two above the fovea", text)


def test_unspecific_signs_alone_leave_the_eye_healthy_and_are_called_so():
    findings = findings_of(faz=faz(size="large", area_mm2=0.6), vessel_shape=shape(is_tortuous=True))
    for text in answers_to(findings, "describe"):
        assert text.endswith("Conclusion: healthy retina.")
        assert len(re.findall(r"nonspecific|not specific", text)) == 3


def test_the_size_of_an_open_zone_is_not_told():
    findings = findings_of(faz=faz(borders_dropout=True), dropouts=(dropout(1, area_mm2=0.77),))
    for text in answers_to(findings, "describe"):
        assert re.findall(r"([\d.]+) mm²", text) == ["0.77"]
    for data in data_of(findings, "measure"):
        if data["quantity"] in ("faz_area", "faz_circularity"):
            assert data["value"] is None


def test_absent_things_measure_nothing():
    values = {data["quantity"]: data["value"] for data in data_of(findings_of(), "measure", num=300)}
    assert values["largest_dropout_area"] is None
    assert values["total_dropout_area"] == values["diffuse_loss_share"] == values["lost_share_nasal"] == 0
    assert values["faz_area"] == 0.25
    assert len(values) == 14


def test_a_picture_is_too_poor_only_where_its_quality_says_so():
    for faults in ((), ("is_noisy", "is_dark"), ("is_blurred", "has_motion"), ("has_motion", "is_dark")):
        findings = findings_of(quality=quality("poor" if faults else "good", *faults))
        texts = answers_to(findings, "count", num=80)
        is_limited = bool({"is_noisy", "is_blurred"} & set(faults))
        dots = [text for text in texts if "small" in text]
        assert bool(dots) is is_limited
        assert all(("noisy" in text) is ("is_noisy" in faults) for text in dots)


def test_quadrants_that_hardly_differ_are_equal():
    alike, one = findings_of(regions=regions(0.3, 0.1, 0.34, 0.1)), findings_of(regions=regions(0.3, 0.1, 0.5, 0.2))
    assert {data["region"] for data in data_of(alike, "compare_regions")} == {"equal"}
    assert {data["region"] for data in data_of(one, "compare_regions")} == {"inferior", "temporal"}


def test_what_would_lower_the_grade_is_what_it_rests_on():
    without = {
        "2": findings_of(irma=(vessels(1),), dropouts=(dropout(1),)),
        "0": findings_of(neovascularization=(vessels(1),)),
        "1": findings_of(dropouts=(dropout(1),), microaneurysms=(dot(1),)),
    }
    for lower, findings in without.items():
        for text in answers_to(findings, "explain_grade"):
            assert re.search(rf"\b{lower}\b", text.split("\nGrade:")[0])
            assert text.endswith(f"Grade: {findings.severity}")


def test_beading_counts_with_wide_dropout_only():
    beaded = shape(is_beaded=True)
    wide, narrow = (dropout(1, area_mm2=0.9),), (dropout(1, area_mm2=0.2),)
    for text in answers_to(findings_of(dropouts=wide, vessel_shape=beaded), "explain_grade"):
        assert re.search(r"venous beading.*\b2\b.*\nGrade: 3$", text, re.DOTALL)
    for text in answers_to(findings_of(dropouts=narrow, vessel_shape=beaded), "describe"):
        assert re.search("wide capillary dropout|dropout were wide", text)
        assert "the beading of the veins" not in text
        assert not re.search("venous beading,? consistent", text)
        assert text.endswith("(NPDR).")
    for text in answers_to(findings_of(vessel_shape=beaded), "describe"):
        assert text.endswith("Conclusion: healthy retina.")


def test_beading_is_named_where_the_grade_below_rests_on_it():
    proliferative = findings_of(
        dropouts=(dropout(1, area_mm2=0.9),), neovascularization=(vessels(1),), vessel_shape=shape(is_beaded=True)
    )
    for task in ("explain_grade", "classify"):
        for text in answers_to(proliferative, task):
            assert re.search("bead|varies along", text)


def test_one_of_two_is_the_larger():
    two = findings_of(neovascularization=(vessels(1), vessels(2)), dropouts=(dropout(1), dropout(2)))
    for text in (*answers_to(two, "count"), *answers_to(two, "measure")):
        assert not re.search("largest|most extensive", text)


def test_dropout_that_takes_the_rim_lies_around_the_fovea():
    merged = faz(is_delimited=False, borders_dropout=True)
    ring = dropout(1, ring="fovea", box_px=(100, 100, 200, 200))
    for text in answers_to(findings_of(faz=merged, dropouts=(ring,)), "describe"):
        assert re.search("(?<!ring )around the fovea", text)
        assert "above the fovea" not in text
    for area in (dropout(1, ring="parafovea", box_px=(100, 100, 200, 200)), dropout(1, ring="fovea")):
        for text in answers_to(findings_of(faz=merged, dropouts=(area,)), "describe"):
            assert not re.search("(?<!ring )around the fovea", text)


def test_where_the_degree_of_diffuse_loss_is_told_its_share_is_not():
    for degree in ("mild", "moderate", "marked"):
        findings = findings_of(diffuse_loss=diffuse(degree))
        assert not any("%" in text for text in answers_to(findings, "describe"))
        shares = [data["value"] for data in data_of(findings, "measure", 300) if data["quantity"].startswith("diffuse")]
        assert set(shares) == {10}


def test_a_conclusion_is_asked_for_without_a_description():
    config = only("describe", form="answer_only")
    for seed in range(100):
        question = written(findings_of(), config, seed).messages[0].content
        assert "conclu" in question
        assert not re.search("[Dd]escribe|[Ww]alk|What do you see|findings", question)


def test_a_side_is_reasoned_about_as_it_is_asked():
    areas = tuple(dropout(number, direction="upper" if number < 6 else "left") for number in range(1, 7))
    for seed in range(300):
        dialogue = written(findings_of(dropouts=areas), only("yes_no", form="think"), seed)
        question, text = (message.content for message in dialogue.messages)
        side = re.search(r"(above|below|to the [a-z ]+ of) the fovea", question)
        if side and "ropout" in question:
            assert side[0] in text


def test_the_order_of_stages_varies():
    findings = findings_of()
    heads = {
        tuple(re.findall(r"^([A-Z][a-z ]+): ", text, re.MULTILINE))
        for text in answers_to(findings, "describe", form="stages")
    }
    assert len(heads) == 12
    assert all(head[-2:] == ("Synthesis", "Conclusion") for head in heads)


def test_the_same_stream_writes_the_same_words_and_another_others():
    findings = random_findings(np.random.default_rng(1))
    assert written(findings, seed=3) == written(findings, seed=3) != written(findings, seed=4)


def test_neither_question_nor_wording_tells_the_class(monkeypatch):
    linear_model = pytest.importorskip("sklearn.linear_model")
    model_selection = pytest.importorskip("sklearn.model_selection")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    from scipy.sparse import csr_matrix, hstack
    from sklearn.metrics import roc_auc_score

    drawn: list[int] = []
    phrase_in = Writer.phrase_in

    def recorded(self, statement, wording, **words):
        if not statement.startswith("question"):
            drawn.append(wording)
        return phrase_in(self, statement, wording, **words)

    monkeypatch.setattr(Writer, "phrase_in", recorded)
    labels, asked, wordings = [], [], []
    for seed in range(1500):
        findings = random_findings(np.random.default_rng([seed, 1]))
        drawn.clear()
        dialogue = written(findings, replace_form(seed), seed)
        labels.append(findings.label.is_diseased)
        asked.append(" ".join(message.content for message in dialogue.messages[::2]))
        wordings.append(np.eye(8)[drawn[:8]].ravel())
    features = hstack(
        [text.CountVectorizer(ngram_range=(1, 2), min_df=5).fit_transform(asked), csr_matrix(np.array(wordings))]
    )
    classifier = linear_model.LogisticRegression(C=0.1, max_iter=1000)
    scores = model_selection.cross_val_predict(classifier, features, labels, cv=5, method="decision_function")
    assert 0.45 < roc_auc_score(labels, scores) < 0.55


def replace_form(seed: int) -> TextConfig:
    """A description first, so that every dialogue has eight draws, then any tasks."""
    return TextConfig(form=("think", "prose", "stages")[seed % 3], turns=(2, 4))
