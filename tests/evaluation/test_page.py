import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from evaluation.made_up import HEALTHY, NPDR, PDR, evaluated, folder_of, measured, response_of

from octa_svr_dataset.evaluation.assessment import assess
from octa_svr_dataset.evaluation.page import MOST_SHOWN, shown, write_page

TRUTHS = [HEALTHY] * 10 + [NPDR] * 8 + [PDR] * 8
EVIL = "<script>alert('&')</script> Conclusion: healthy retina."


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    root = folder_of(tmp_path_factory.mktemp("eyes"), TRUTHS)
    shares = np.linspace(0.05, 0.95, len(TRUTHS))
    responses = [response_of(HEALTHY, probability=float(share)) for share in shares]
    responses[12] = replace(responses[12], output=EVIL)
    return evaluated(root, responses)


@pytest.fixture(scope="module")
def html(made_up, tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("out")
    write_page(assess(made_up, measured(made_up), np.random.default_rng(0)), made_up.picture, out)
    return (out / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_beside_it(html):
    tags = Reader(html).tags
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "object")]
    sources = [value for _, attributes in tags for name, value in attributes.items() if name in ("src", "href")]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "url(" not in html


def test_what_a_model_says_is_shown_and_never_run(html):
    assert "<script>" not in html
    assert "<script>alert('&')</script>" in Reader(html).text


def test_the_page_holds_table_confusion_curves_and_errors(html):
    tags, text = Reader(html).tags, Reader(html).text
    assert {attributes["aria-label"] for tag, attributes in tags if tag == "svg"} == {"ROC curve", "Reliability curve"}
    for words in (
        "majority class",
        "age (confounder)",
        "supervised on this folder",
        "read as npdr",
        "50.0% (no",
        "26 pictures, nobody says of which patients",
    ):
        assert words in text
    assert len([tag for tag, _ in tags if tag == "img"]) == MOST_SHOWN
    assert "12 of 16 pictures read wrongly" in text


def test_the_roc_curve_runs_from_corner_to_corner(html):
    points = re.search(r'<polyline points="([^"]+)"', html)[1].split()
    assert (points[0], points[-1]) == ("0.0,240.0", "240.0,0.0")


def test_the_likelihood_of_the_conclusion_has_its_curve_in_both_plots(made_up, tmp_path):
    logs = (math.log(0.25), math.log(0.45), math.log(0.3))
    concluding = [replace(made_up.responses[0], conclusion_log_probabilities=logs), *made_up.responses[1:]]
    both = replace(made_up, responses=tuple(concluding))
    write_page(assess(both, measured(both), np.random.default_rng(0)), both.picture, tmp_path)
    page = Reader((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len([tag for tag, _ in page.tags if tag == "polyline"]) == 4
    assert "1 of\n  the 26 answers" in page.text
    assert "likelihood of its conclusion, 1 picture: probability 0.75, share 0.00" in page.text


def test_the_surest_errors_come_first(made_up):
    errors = shown(assess(made_up, measured(made_up), np.random.default_rng(0)), made_up.picture)
    probabilities = [error.probability for error in errors]
    assert probabilities == sorted(probabilities), "all are diseased eyes called healthy"
    assert {error.truth for error in errors} == {"npdr", "pdr"}


def test_how_sure_a_model_is_of_its_words_is_told_by_its_conclusion(made_up):
    """The last picture is that of which the label likelihood is least wrong; its conclusion is wrong for certain."""
    wrong = (math.log(0.999), math.log(0.0006), math.log(0.0004))
    responses = [*made_up.responses[:-1], replace(made_up.responses[-1], conclusion_log_probabilities=wrong)]
    both = replace(made_up, responses=tuple(responses))
    errors = shown(assess(both, measured(both), np.random.default_rng(0)), both.picture)
    assert errors[0].path == both.images[-1].path.as_posix()
    assert errors[0].probability == pytest.approx(0.001)


def test_a_page_without_labels_or_probabilities_says_so(tmp_path):
    root = folder_of(tmp_path / "eyes", TRUTHS[:3], is_labeled=False)
    made_up = evaluated(root, [response_of(None)] * 3)
    write_page(assess(made_up, measured(made_up), np.random.default_rng(0)), made_up.picture, tmp_path)
    page = Reader(Path(tmp_path / "report.html").read_text(encoding="utf-8"))
    text = page.text
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 3, (
        "every answer is shown where none is known to be wrong"
    )
    assert "Balanced accuracy is undefined, as the folder has no labels." in text
    assert "unparsable 3" in text


def test_one_picture_is_no_pictures(tmp_path):
    for truths, is_labeled in (([HEALTHY], False), ([HEALTHY, HEALTHY, NPDR, NPDR], True)):
        root = folder_of(tmp_path / f"eyes {len(truths)}", truths, is_labeled=is_labeled)
        said = [*truths[:-1], HEALTHY] if is_labeled else [None]
        shares = np.linspace(0.1, 0.9, len(truths))
        responses = [response_of(word, probability=float(p)) for word, p in zip(said, shares, strict=True)]
        made_up = evaluated(root, responses)
        write_page(assess(made_up, measured(made_up), np.random.default_rng(0)), made_up.picture, tmp_path)
        html = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "1 of 1 picture" in html
        assert is_labeled == (", 1 picture: probability" in html)
        assert not re.search(r"\b1 pictures", html)
