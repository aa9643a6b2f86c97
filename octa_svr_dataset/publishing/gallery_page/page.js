"use strict";
/* The page: which example is shown, what is lit, filters, keys. */

let at = 0, fitting = examples, pinned = null, shown = 0;
let lit = new Set();
let pointed = null, isTwinHeld = false, layersBefore = null;

const current = () => fitting[at] || null;
const shownMode = () => isTwinHeld ? "twin" : document.querySelector("input[name=mode]:checked").value;

/* ---- one example ---- */

async function show(index) {
  if (!fitting.length) return;
  at = (index + fitting.length) % fitting.length;
  const item = current(), turn = ++shown;
  pinned = pointed = null;
  lit = new Set();
  Object.assign(view, {zoom: 1, row: 0, column: 0});
  find("stage").classList.remove("zoomed");
  showDialogue(item, searchWords());
  showLayers(item);
  showStrip();
  drawPlots(fitting, item);
  tell("");
  const loaded = await loadScene(item);
  if (turn !== shown) return;
  scene = loaded;
  document.body.dataset.shown = item.id;
  showMode();
}

function showMode() {
  const item = current(), mode = shownMode();
  if (!item || !scene) return;
  const hasTwin = Boolean(scene.twin), wantsTwin = mode !== "picture";
  find("right").hidden = mode !== "both" || !(hasTwin || item.is_own_twin);
  find("no-twin").hidden = !wantsTwin || hasTwin;
  find("no-twin").textContent = item.is_own_twin ? "A healthy eye: this is its twin, too." : "The twin cannot be made for this row.";
  const isTwin = mode === "twin" && hasTwin;
  find("left-name").textContent = isTwin ? "healthy twin" : mode === "both" ? "picture" : "";
  find("picture").setAttribute("aria-label", isTwin ? `Healthy twin of ${item.id}` : `OCTA picture ${item.id}: ${className(item.label)}, severity ${item.severity}`);
  find("twin").setAttribute("aria-label", `Healthy twin of ${item.id}`);
  document.body.classList.toggle("both", !find("right").hidden);
  find("stage").classList.toggle("is-twin", isTwin);
  drawAll();
}

function showStrip() {
  const buttons = [...find("strip").children];
  const hadFocus = find("strip").contains(document.activeElement);
  buttons.forEach((button, number) => {
    button.tabIndex = number === at ? 0 : -1;
    if (number === at) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
  });
  const strip = find("strip"), chosen = buttons[at];
  if (chosen) {
    if (hadFocus) chosen.focus({preventScroll: true});
    strip.scrollTop = chosen.offsetTop - (strip.clientHeight - chosen.clientHeight) / 2;
    strip.scrollLeft = chosen.offsetLeft - (strip.clientWidth - chosen.clientWidth) / 2;
  }
  find("place").textContent = fitting.length ? `${at + 1} of ${fitting.length}` : "none";
}

function makeStrip() {
  find("strip").replaceChildren(...fitting.map((item, number) => {
    const name = `${number + 1}: ${className(item.label)}, severity ${item.severity}`;
    const button = element("button", {type: "button", title: name, "aria-label": name},
      element("img", {src: `data:image/webp;base64,${item.picture}`, alt: "", loading: "lazy", decoding: "async"}),
      element("span", {class: `dot ${item.label}`, "aria-hidden": "true"}));
    button.addEventListener("click", () => show(number));
    return button;
  }));
}

/* ---- layers, and the findings of each ---- */

function showLayers(item) {
  const origins = {boxes: "No layers for this row: boxes stand for its findings.", again: "Layers and twin made again from the row's provenance.", stored: "Layers as stored with the row."};
  find("origin").textContent = origins[item.origin] || "";
  const rows = Object.entries(KINDS).map(([kind, {title}]) => {
    const regions = item.regions.filter((region) => region.kind === kind).sort((one, other) => other.is_visible - one.is_visible || one.instance - other.instance), isVessel = kind === "artery" || kind === "vein";
    const isEmpty = isVessel ? !item.layers : !regions.length;
    const box = element("input", {type: "checkbox", "data-kind": kind, disabled: isEmpty ? "" : null});
    box.checked = KINDS[kind].isOn;
    box.addEventListener("change", () => { KINDS[kind].isOn = box.checked; drawAll(); });
    const chips = regions.map((region) => regionButton(region, kind));
    return element("div", {class: `layer${isEmpty ? " empty" : ""}${regions.length > 2 ? " wide" : ""}`}, element("label", {"data-kind": kind}, box, element("span", {class: "swatch", "data-kind": kind, "aria-hidden": "true"}), title),
      element("span", {class: "chips"}, ...(chips.length ? chips : isVessel ? [] : [element("span", {class: "faint"}, "none")])));
  });
  const quadrants = item.regions.filter((region) => region.kind === "quadrant").map((region) => regionButton(region, "quadrant"));
  if (quadrants.length) rows.push(element("div", {class: "layer"}, element("span", {class: "plain"}, element("span", {class: "swatch", "data-kind": "quadrant", "aria-hidden": "true"}), "Quadrants"), element("span", {class: "chips"}, ...quadrants)));
  find("layers").replaceChildren(...rows);
}

function regionButton(region, kind) {
  const text = kind === "faz" || kind === "diffuse_loss" ? region.words[0] : kind === "quadrant" ? region.title.split(" ")[0] : String(region.instance);
  return element("button", {type: "button", class: region.is_visible ? "chip" : "chip unseen", "data-region": region.id, "data-kind": kind, "aria-pressed": "false",
    "aria-label": `${region.title}: ${region.words.join(", ")}`, title: `${region.title}: ${region.words.join(", ")}`}, text);
}

/* ---- pointing ---- */

const tell = (text) => { find("told").textContent = text; };

/* Lights what is pointed at, or else what was clicked. */
function light(target) {
  const item = current(), chosen = target || pinned;
  if (!item) return;
  if (!chosen) {
    lit = new Set();
    markSentences(new Set());
    tell("");
  } else if (chosen.piece) {
    lit = chosen.piece.lights;
    markSentences(new Set([chosen.piece]));
    tell([...lit].slice(0, 4).map((id) => item.byId.get(id).title).join(", ") + (lit.size > 4 ? ` and ${lit.size - 4} more` : ""));
  } else {
    lit = new Set([chosen.region]);
    const speaking = [...sentences.values()].filter((piece) => piece.about.has(chosen.region));
    markSentences(new Set(speaking));
    const region = item.byId.get(chosen.region);
    tell(`${region.title}: ${region.words.join(", ")}; ${speaking.length === 1 ? "1 sentence" : `${speaking.length || "no"} sentences`}`);
  }
  for (const chip of find("layers").querySelectorAll("[data-region]")) {
    chip.classList.toggle("lit", lit.has(chip.dataset.region));
    chip.setAttribute("aria-pressed", String(Boolean(pinned) && pinned.region === chip.dataset.region));
  }
  drawAll();
}

/* What a pointer or the focus is on changes with every move; only another target changes the page. */
function point(target) {
  if (isSame(target || {}, pointed || {})) return;
  pointed = target;
  light(target);
}

const isSame = (one, other) => Boolean(one && other) && one.piece === other.piece && one.region === other.region;

function pin(target) {
  pointed = target;
  pinned = isSame(pinned, target) ? null : target;
  light(pinned);
  if (pinned && pinned.region) revealSentences();
}

const sentenceOf = (event) => { const span = event.target.closest(".sentence"); return span && {piece: sentences.get(span)}; };
const chipOf = (event) => { const chip = event.target.closest("[data-region]"); return chip && {region: chip.dataset.region}; };

for (const [id, targetOf] of [["talk", sentenceOf], ["layers", chipOf]]) {
  find(id).addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") point(targetOf(event)); });
  find(id).addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") point(null); });
  find(id).addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) point(targetOf(event)); });
  find(id).addEventListener("focusout", () => point(null));
  find(id).addEventListener("click", (event) => { const target = targetOf(event); if (target) pin(target); });
}
find("talk").addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && sentenceOf(event)) { event.preventDefault(); pin(sentenceOf(event)); }
});

/* ---- pointers on the picture: point, click, drag, pinch ---- */

const pointers = new Map();
let wasMoved = false;

function pointAt(canvas, event) {
  const region = scene && regionAt(pointOf(canvas, event));
  canvas.style.cursor = region ? "pointer" : view.zoom > 1 ? "grab" : "default";
  return region && {region: region.id};
}

function drag(canvas, event) {
  const before = pointers.get(event.pointerId), others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  const after = {x: event.clientX, y: event.clientY};
  pointers.set(event.pointerId, after);
  const scale = pointOf(canvas, event).scale;
  if (others.length) {
    const apart = (place) => Math.hypot(place.x - others[0].x, place.y - others[0].y);
    wasMoved = true;
    zoomBy(apart(after) / Math.max(apart(before), 1), pointOf(canvas, {clientX: (after.x + others[0].x) / 2, clientY: (after.y + others[0].y) / 2}));
  } else if (wasMoved || Math.hypot(after.x - before.startX, after.y - before.startY) > 5 || view.zoom > 1) {
    wasMoved = wasMoved || Math.hypot(after.x - before.startX, after.y - before.startY) > 5;
    if (view.zoom > 1) moveTo(view.row - (after.y - before.y) / scale, view.column - (after.x - before.x) / scale);
  }
  Object.assign(after, {startX: before.startX, startY: before.startY});
}

for (const canvas of [find("picture"), find("twin")]) {
  canvas.addEventListener("pointerdown", (event) => {
    if (!pointers.size) wasMoved = false;
    pointers.set(event.pointerId, {x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY});
    if (view.zoom > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!scene) return;
    if (pointers.has(event.pointerId)) drag(canvas, event);
    else if (event.pointerType !== "touch") point(pointAt(canvas, event));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", (event) => { pointers.delete(event.pointerId); if (event.pointerType !== "touch") point(null); });
  canvas.addEventListener("click", (event) => { if (scene && !wasMoved) pin(pointAt(canvas, event)); });
  canvas.addEventListener("dblclick", (event) => { if (scene) zoomBy(view.zoom > 1 ? 1 / view.zoom : 3, pointOf(canvas, event)); });
  canvas.addEventListener("wheel", (event) => {
    if (!scene || !event.ctrlKey) return;
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 200), pointOf(canvas, event));
  }, {passive: false});
}
for (const [id, factor] of [["in", 1.5], ["out", 1 / 1.5], ["whole", 1 / MOST_ZOOM]]) find(id).addEventListener("click", () => { if (scene) zoomBy(factor); });
for (const input of document.querySelectorAll("input[name=mode]")) input.addEventListener("change", showMode);
new ResizeObserver(drawAll).observe(find("stage"));

/* ---- start ---- */

find("back").addEventListener("click", () => show(at - 1));
find("next").addEventListener("click", () => show(at + 1));
find("help").addEventListener("click", () => find("keys").showModal());
if (matchMedia("(max-width: 30rem)").matches) find("more").open = false;
makeFilters();
applyFilters();
