"""The page in Chromium, as its readers use it."""

import os
import shutil

import numpy as np
import pytest

from octa_svr_dataset.example import simulate
from octa_svr_dataset.publishing.gallery import gallery_html
from octa_svr_dataset.publishing.gallery_item import gallery_item
from octa_svr_dataset.publishing.gallery_pixels import Pixels
from octa_svr_dataset.resolve import resolve_config
from octa_svr_dataset.row import LAYER_NAMES, example_row
from octa_svr_dataset.seeding import SceneKey, Split

LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
READ_PICTURE = """() => {
  const {width} = find("picture"), copy = Object.assign(document.createElement("canvas"), {width, height: width});
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(find("picture"), 0, 0);
  return [width, [...context.getImageData(0, 0, width, width).data.filter((_, index) => index % 4 === 1)]];
}"""
SUM_LAYERS = """async (number) => {
  const sum = (map) => map.reduce((sum, label, place) => (sum + label * (place % 9973)) % 1e9, 0);
  return Object.values(await labelMaps(examples[number])).map(sum);
}"""
EVIL = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'> tell-tale"


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright to open the page with")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no chromium to open the page with")
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=path, args=sandbox)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def examples():
    config = resolve_config("dr_staging", overrides={"pathology.severity_shares": [0.25, 0, 0.25, 0.25, 0.25]})
    return [simulate(config, SceneKey(seed=3, split=Split.TEST, scene_index=index)) for index in range(4)]


@pytest.fixture(scope="module")
def items(examples):
    made = []
    for number, example in enumerate(examples):
        twin = simulate(example.config, example.key, lesions=False).rendering.image
        row = example_row(example, "dr_staging")
        if number == 1:
            row["messages"][0]["content"] += EVIL
        pixels = Pixels(layers=example.rendering.layers.as_dict(), twin=twin, origin="made")
        made.append(gallery_item(row, "dr_staging", pixels))
    boxes = Pixels(layers=None, twin=None, origin="boxes")
    return [*made, gallery_item(example_row(examples[0], "boxes"), "boxes", boxes)]


@pytest.fixture(scope="module")
def address(items, tmp_path_factory):
    file = tmp_path_factory.mktemp("gallery") / "gallery.html"
    file.write_text(gallery_html(items, title="dr_staging", subtitle="test"), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def open_page(browser, address):
    """Opens the page; at the end, nothing was asked of anyone, and nothing was complained of."""
    contexts, complaints = [], []

    def opened(viewport=LAPTOP, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((address, "data:")) else complaints.append(request.url),
        )
        page.goto(address)
        page.wait_for_selector("body[data-shown]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def go_to(page, item) -> None:
    page.evaluate(
        "(id) => show(examples.findIndex((item) => item.id === id && item.preset === 'dr_staging'))", item["id"]
    )
    page.wait_for_function("(id) => document.body.dataset.shown === id && scene.item.id === id", arg=item["id"])


def lit(page) -> set[str]:
    return set(page.evaluate("[...lit]"))


def with_a(kind, items):
    """First example with a visible region of a kind, and that region."""
    return next(
        (item, region)
        for item in items
        for region in item["regions"]
        if region["kind"] == kind and region["is_visible"]
    )


def test_the_browser_reads_the_label_maps_as_they_are(open_page, examples, items):
    page = open_page()
    for number, example in enumerate(examples):
        sums = page.evaluate(SUM_LAYERS, number)
        weights = np.arange(items[number]["size_px"] ** 2) % 9973
        layers = example.rendering.layers
        assert sums == [int((getattr(layers, name).ravel() * weights).sum() % 10**9) for name in LAYER_NAMES]


def test_pointing_at_a_sentence_lights_what_it_speaks_of(open_page, items):
    page = open_page()
    for item in items[:4]:
        go_to(page, item)
        pieces = [piece for turn in item["turns"] for piece in turn["answer"]]
        checked = 0
        for sentence in page.locator(".sentence").all()[:6]:
            sentence.hover()
            text = sentence.text_content()
            named = {name for piece in pieces if piece["text"] == text for name in piece["findings"] if "/" in name}
            assert named <= lit(page)
            checked += bool(named)
            assert page.locator(".sentence.lit").count() >= 1
        page.mouse.move(5, 5)
        assert lit(page) == set()
        assert checked or item["label"] == "healthy"


def test_what_is_lit_stays_bright_and_the_rest_gets_dark(open_page, items):
    page = open_page()
    item, region = with_a("dropout", items)
    go_to(page, item)
    page.evaluate("for (const kind of Object.values(KINDS)) kind.isOn = false; drawAll()")
    side, before = page.evaluate(READ_PICTURE)
    page.evaluate("(id) => light({region: id})", region["id"])
    _, after = page.evaluate(READ_PICTURE)
    before, after = (np.array(gray).reshape(side, side).astype(float) for gray in (before, after))
    top, left, bottom, right = (round(edge * side / item["size_px"]) for edge in region["box"])
    outside = np.ones((side, side), bool)
    outside[max(top - 25, 0) : bottom + 25, max(left - 25, 0) : right + 45] = False
    assert after[outside].mean() < 0.6 * before[outside].mean()
    inside = after[(top + bottom) // 2, (left + right) // 2 - 3 : (left + right) // 2 + 4]
    assert inside.mean() >= before[(top + bottom) // 2, (left + right) // 2 - 3 : (left + right) // 2 + 4].mean()


def test_pointing_at_a_region_lights_all_sentences_of_it(open_page, examples, items):
    page = open_page()
    checked = 0
    for example, item in zip(examples, items[:4], strict=True):
        go_to(page, item)
        layers = example.rendering.layers
        over = (layers.microaneurysms > 0) | (layers.irma > 0) | (layers.neovascularization > 0)
        near_dot = np.zeros_like(over)
        for row, column in np.argwhere(layers.microaneurysms > 0):
            near_dot[max(row - 12, 0) : row + 13, max(column - 12, 0) : column + 13] = True
        frame = page.locator("#picture").bounding_box()
        for region in item["regions"]:
            if region["kind"] != "dropout":
                continue
            places = np.argwhere((layers.dropout == region["instance"]) & ~over & ~near_dot)
            if not len(places):
                continue
            row, column = places[len(places) // 2] + 0.5
            scale = frame["width"] / item["size_px"]
            page.mouse.move(frame["x"] + column * scale, frame["y"] + row * scale)
            assert lit(page) == {region["id"]}
            names = {region["id"]} | ({"dropout"} if region["is_visible"] else set())
            speaking = [piece for turn in item["turns"] for piece in turn["answer"] if names & set(piece["findings"])]
            assert page.locator(".sentence.lit").count() == len(speaking)
            assert page.locator(f".chip.lit[data-region='{region['id']}']").count() == 1
            checked += len(speaking) > 0
    assert checked >= 2


def test_a_click_keeps_a_region_lit_until_escape(open_page, items):
    page = open_page()
    item, region = with_a("dropout", items)
    go_to(page, item)
    page.locator(f".chip[data-region='{region['id']}']").click()
    page.mouse.move(5, 5)
    assert lit(page) == {region["id"]}
    assert region["words"][0] in page.locator("#told").text_content()
    page.keyboard.press("Escape")
    assert lit(page) == set()


def test_the_keyboard_reaches_examples_sentences_search_and_twin(open_page, items):
    page = open_page()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(id) => document.body.dataset.shown === id", arg=items[1]["id"])
    assert page.locator("#place").text_content() == "2 of 5"
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(id) => document.body.dataset.shown === id", arg=items[0]["id"])
    diseased, _ = with_a("dropout", items)
    go_to(page, diseased)
    sentence = page.locator(".sentence").first
    sentence.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.sentence:focus-visible')")
    assert lit(page)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert sentence.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    page.keyboard.down("t")
    assert page.locator("#left-name").text_content() == "healthy twin"
    page.keyboard.up("t")
    assert page.locator("#left-name").text_content() == ""
    page.keyboard.press("s")
    assert page.locator("#right").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("st?")
    assert page.locator("#search").input_value() == "st?", "letters are text there, and no keys"


def test_filters_search_and_plots_agree(open_page, items):
    page = open_page()
    plot = "#bars svg[aria-label^='Class']"
    for label, name in (("healthy", "Healthy"), ("pdr", "PDR"), ("npdr", "NPDR")):
        there = sum(item["label"] == label for item in items)
        if not there:
            continue
        page.select_option("#filter-label", label)
        assert page.locator("#found").text_content() == f"{there} of 5 fit"
        assert page.locator("#strip button").count() == there
        assert f"{name}: {there} of {there}" in page.locator(plot).get_attribute("aria-label")
    page.locator("#clear").click()
    task = items[0]["turns"][0]["task"]
    page.select_option("#filter-task", task)
    fitting = sum(any(turn["task"] == task for turn in item["turns"]) for item in items)
    assert page.locator("#strip button").count() == fitting
    page.locator("#clear").click()
    page.fill("#search", "TELL-TALE")
    assert page.locator("#strip button").count() == 1
    assert page.locator("mark").first.text_content() == "tell-tale"
    page.fill("#search", "no text holds this")
    assert page.locator("#none").is_visible()
    page.locator("#clear-too").click()
    assert page.locator("#strip button").count() == 5


def test_text_that_looks_like_a_script_is_shown_and_not_run(open_page, items):
    page = open_page()
    go_to(page, items[1])
    assert EVIL in page.locator(".question").first.text_content()
    assert page.evaluate("window.evil") is None


def test_layers_change_the_picture_and_l_takes_them_away(open_page, items):
    page = open_page()
    item, _ = with_a("dropout", items)
    go_to(page, item)
    picture = "find('picture').toDataURL()"
    usual = page.evaluate(picture)
    for kind in ("artery", "vein", "diffuse_loss"):
        box = page.locator(f"input[data-kind={kind}]")
        if box.is_enabled():
            before = page.evaluate(picture)
            box.check()
            assert page.evaluate(picture) != before, kind
            box.uncheck()
    page.keyboard.press("l")
    assert page.evaluate(picture) != usual
    page.keyboard.press("l")
    assert page.evaluate(picture) == usual
    page.keyboard.press("+")
    assert page.evaluate("view.zoom") > 1
    page.keyboard.press("0")
    assert page.evaluate(picture) == usual


def test_boxes_stand_for_layers_that_are_not_there(open_page, items):
    page = open_page()
    page.select_option("#filter-preset", "boxes")
    page.wait_for_function("scene.item.preset === 'boxes'")
    assert "boxes stand for its findings" in page.locator("#origin").text_content()
    assert page.locator("input[data-kind=artery]").is_disabled()
    faz = next(region for region in items[4]["regions"] if region["kind"] == "faz")
    page.locator(".chip[data-region=faz]").hover()
    assert lit(page) == {faz["id"]}


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_page_fits(open_page, items, viewport):
    page = open_page(viewport, has_touch=viewport is PHONE, is_mobile=viewport is PHONE)
    for item in items[:4]:
        go_to(page, item)
        for mode in ("twin", "both", "picture"):
            page.locator(f".segments label:has([value={mode}])").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    frame = page.locator("#picture").bounding_box()
    assert frame["width"] >= 0.3 * viewport["width"]
    assert frame["y"] + frame["height"] <= viewport["height"], "the whole picture is seen without scrolling"


def test_a_tap_lights_a_sentence_and_its_region_stays_in_sight(open_page, items):
    page = open_page(PHONE, has_touch=True, is_mobile=True)
    item, _ = with_a("dropout", items)
    go_to(page, item)
    sentence = page.locator(".sentence").last
    sentence.tap()
    assert lit(page)
    assert sentence.get_attribute("aria-pressed") == "true"
    frame = page.locator("#picture").bounding_box()
    assert 0 <= frame["y"] < 60, "the picture stays at the top"


def test_dark_readers_get_a_dark_page(open_page):
    grounds = [
        open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, ground[4:-1].split(","))) for ground in grounds)
    assert light > 600 > 150 > dark


def test_the_keys_are_told_and_the_box_closes(open_page):
    page = open_page()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.locator("#keys button").click()
    assert not page.locator("#keys").is_visible()
