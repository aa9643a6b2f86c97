import re
import time

import pytest
from jinja2 import StrictUndefined, nodes
from jinja2.sandbox import SandboxedEnvironment

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import config_hash, resolve_config
from octa_svr_dataset.text.wordings import Wording, embedded_wordings, load_wordings

CANNOT_BE_SEEN = re.compile(
    r"hemorrhag|exudate|leak|edema|oedema|acuity|\bvision\b|treat|inject|laser|cotton|fluid|drusen|bleed|fluoresc|cyst"
    r"|swelling|thick|therapy|prognos|follow-up|refer|glucose|insulin|glycemic|hypertens|years|patient|\bage\b|symptom",
    re.IGNORECASE,
)
"""What an en-face OCTA image cannot show, or what no reader of it should decide."""

PHRASES = re.compile(r"^(dropout/item|locate/(item|dot)|quality/(noise|blur|motion|darkness))$")
"""Statements that are parts of a sentence."""

ARITHMETIC = (
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Pow,
    nodes.Filter,
    nodes.Call,
)


def of_user(**files: str):
    return load_wordings(tuple((name.replace("__", "/").replace("_MORE", "+"), text) for name, text in files.items()))


@pytest.mark.parametrize("statement", sorted(embedded_wordings()))
def test_each_statement_has_eight_wordings_and_none_twice(statement):
    sources = [wording.source for wording in embedded_wordings()[statement]]
    assert len(sources) == 8 or (len(sources) >= 12 and statement.startswith("question")), (
        "as many, or numbers would tell"
    )
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize(
    "task",
    [
        "describe",
        "classify",
        "locate",
        "count",
        "yes_no",
        "choice",
        "compare_regions",
        "measure",
        "report",
        "explain_grade",
    ],
)
def test_each_task_has_twelve_questions(task):
    num = [len(lines) for name, lines in embedded_wordings().items() if name.startswith(f"question/{task}")]
    assert sum(num) >= 12


def test_a_question_without_topics_has_twelve_wordings():
    for task in ("describe", "classify_three", "classify_binary", "count", "compare_regions", "report", "explain_grade",
                 "locate_boxes", "locate_points", "locate_faz", "yes_no_present", "yes_no_present_not"):  # fmt: skip
        assert len(embedded_wordings()[f"question/{task}"]) >= 12, task


def test_wordings_neither_compute_nor_call():
    environment = SandboxedEnvironment()
    for wordings in embedded_wordings().values():
        for wording in wordings:
            assert not list(environment.parse(wording.source).find_all(ARITHMETIC)), wording


def test_wordings_are_sentences_without_what_cannot_be_seen():
    for statement, wordings in embedded_wordings().items():
        for wording in wordings:
            assert not CANNOT_BE_SEEN.search(wording.source), wording
            assert not re.search(r"  | ,| \.|\.\.", wording.source), wording
            assert PHRASES.match(statement) or wording.source[-1] in ".?", wording


def test_no_wording_leaves_a_fact_out():
    for statement, wordings in embedded_wordings().items():
        names = [wording.names() - {"is_one"} for wording in wordings]
        if not statement.startswith(("question", "synthesis", "grade")):
            assert all(n == names[0] for n in names), statement


def test_words_are_put_in_their_places_as_jinja_would_put_them(monkeypatch):
    def not_compiled(*_):
        pytest.fail("a wording of ours waits a millisecond for Jinja to compile it")

    environment = SandboxedEnvironment(undefined=StrictUndefined)
    wordings = [wording for wordings in embedded_wordings().values() for wording in wordings]
    for is_one in (True, False):
        words = [dict.fromkeys(w.names() - {"is_one"}, "{{ a }}  word ") | {"is_one": is_one} for w in wordings]
        texts = [environment.from_string(w.source).render(said) for w, said in zip(wordings, words, strict=True)]
        with monkeypatch.context() as patched:
            patched.setattr(SandboxedEnvironment, "from_string", not_compiled)
            rendered = [wording.render(said) for wording, said in zip(wordings, words, strict=True)]
        assert rendered == [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ size }}{{ area }}.", "small0.10."),
        ("[{{ size }}] {b} {{ true }} }}", "[small] {b} True }}"),
        ("{{ [size, area]|join('-') }}", "small-0.10"),
        ("{{{ size }}", None),
        ('{{ "a" if size else "b" }} {{size}}', "a small"),
        ("{# none #}{{ size }}", "small"),
    ],
)
def test_what_looks_like_a_place_for_a_word_is_read_as_jinja_reads_it(source, text):
    wording = Wording(file="a.j2", line=1, source=source)
    if text is None:
        with pytest.raises(InputError, match=r"a\.j2, line 1"):
            wording.render({"size": "small"})
    else:
        assert wording.render({"size": "small", "area": "0.10"}) == text


def test_a_file_of_the_user_replaces_wordings_and_another_adds_to_them():
    replaced = of_user(dropout__none="No hole.\n\n{# a comment #}\nNothing is missing.\n")
    assert [wording.source for wording in replaced.of("dropout/none")] == ["No hole.", "Nothing is missing."]
    added = of_user(dropout__none_MORE="No hole.\n")
    assert len(added.of("dropout/none")) == len(embedded_wordings()["dropout/none"]) + 1
    both = of_user(dropout__none_MORE="No gap.\n", dropout__none="No hole.\n")
    assert [wording.source for wording in both.of("dropout/none")] == ["No hole.", "No gap."]
    assert len(load_wordings(()).of("dropout/none")) == len(embedded_wordings()["dropout/none"])


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"dropout__none": "No hole.\nNo {{ gap }}."},
            r"text\.templates: dropout/none\.j2, line 2: unknown name 'gap'",
        ),
        (
            {"dropout__one": "\nOne of {{ areal }}."},
            r"dropout/one\.j2, line 2: unknown name 'areal'; .*area, place, size",
        ),
        ({"dropout__one": "{% if %}"}, r"text\.templates: dropout/one\.j2, line 1: Expected an expression"),
        ({"dropout__won": "One."}, r"dropout/won\.j2 is named after no statement; allowed: .*dropout/one"),
        ({"dropout__one": "\n"}, r"text\.templates: dropout/one\.j2 holds no wording"),
    ],
)
def test_what_is_wrong_in_a_file_of_the_user_is_told_with_its_line(files, message):
    with pytest.raises(InputError, match=message):
        of_user(**files)


@pytest.mark.parametrize(
    "source", ["{{ size.no.thing }}", "{{ size.__class__.__mro__ }}", "{{ size / 0 }}", "{{ size + 1 }}"]
)
def test_what_fails_only_when_it_is_said_is_told_with_its_line_too(source):
    wording = of_user(dropout__one=f"Fine.\n{source}").of("dropout/one")[1]
    with pytest.raises(InputError, match=r"^text\.templates: dropout/one\.j2, line 2: "):
        wording.render({"size": "small", "area": "0.10", "place": "above the fovea"})


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 9999999999 }}",
        "{{ size * 9999999999 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ '%9999999999d' % 1 }}",
        "{{ '{:9999999999}'.format(1) }}",
        "{{ size.center(9999999999) }}",
        "{{ size|center(9999999999) }}",
        "{{ size|join(place)|join(place)|join(place) }}",
        "{% set a = size ~ size %}{% set a = a ~ a %}{{ a }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in size %}{% for b in size %}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "word " * 500,
        "{{ 1 / 0 }}",
        "{{ '' }}",
        "{% if false %}Never.{% endif %}",
    ],
)
def test_a_wording_that_is_endless_or_empty_is_refused_when_it_is_read(source):
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"^text\.templates: dropout/one\.j2, line 2: .+") as caught:
        of_user(dropout__one=f"Fine.\n{source}")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - start < 2.0


def test_a_wording_that_grows_or_says_nothing_only_with_its_words_is_refused_when_it_is_said():
    for source, size in (("{% for c in size %}{{ size }}{% endfor %}", "x" * 99), ("{{ size }}", "")):
        wording = of_user(dropout__one=source).of("dropout/one")[0]
        with pytest.raises(InputError, match=r"line 1: must say something, in at most 2000 characters"):
            wording.render({"size": size})


def test_a_wording_may_choose_loop_and_join():
    source = (
        "{% if size == 'small' %}A {{ size|upper }}{% endif %} {% for c in size %}{{ c }}{% endfor %} {{ size[:2] }}."
    )
    assert of_user(dropout__one=source).of("dropout/one")[0].render({"size": "small"}) == "A SMALL small sm."


def test_a_folder_of_templates_is_read_once_and_changes_the_configuration(tmp_path):
    (tmp_path / "dropout").mkdir()
    file = tmp_path / "dropout" / "none.j2"
    hashes = {config_hash(resolve_config("healthy"))}
    for text in ("No hole.", "No gap."):
        file.write_text(text)
        config = resolve_config("healthy", overrides={"text.templates": str(tmp_path)})
        assert (config.text.templates, config.text.wordings) == ("default", {"dropout/none": text})
        hashes.add(config_hash(config))
    assert len(hashes) == 3


@pytest.mark.parametrize("name", ["nowhere", "empty", "file"])
def test_a_folder_without_templates_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("No hole.")
    with pytest.raises(InputError, match=r"^text\.templates: .*" + name):
        resolve_config("healthy", overrides={"text.templates": str(tmp_path / name)})
