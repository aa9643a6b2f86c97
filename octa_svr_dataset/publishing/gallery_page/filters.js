"use strict";
/* Which examples are shown, and the keys of the page. */

const FILTERS = [
  {name: "preset", title: "Preset", values: (item) => [item.preset], label: String},
  {name: "label", title: "Class", values: (item) => [item.label], label: className},
  {name: "severity", title: "Severity", values: (item) => [String(item.severity)], label: String},
  {name: "task", title: "Task", values: (item) => item.turns.map((turn) => turn.task), label: taskName},
  {name: "laterality", title: "Eye", values: (item) => [item.laterality], label: (side) => EYES[side] || side},
];

const searchWords = () => find("search").value.trim().toLowerCase();

function makeFilters() {
  for (const filter of FILTERS) {
    const values = [...new Set(examples.flatMap(filter.values))].sort();
    if (filter.name === "preset" && values.length < 2) continue;
    const select = element("select", {id: `filter-${filter.name}`}, element("option", {value: ""}, "all"),
      ...values.map((value) => element("option", {value}, filter.label(value))));
    find("choices").append(element("label", {}, `${filter.title} `, select));
  }
  find("filters").addEventListener("input", applyFilters);
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["clear", "clear-too"]) find(id).addEventListener("click", () => { find("filters").reset(); applyFilters(); });
}

function applyFilters() {
  const words = searchWords(), before = current();
  const chosen = FILTERS.map((filter) => [filter, find(`filter-${filter.name}`)]).filter(([, select]) => select && select.value);
  fitting = examples.filter((item) => item.text.includes(words) && chosen.every(([filter, select]) => filter.values(item).includes(select.value)));
  const isFiltered = Boolean(words || chosen.length);
  find("clear").disabled = !isFiltered;
  find("found").textContent = isFiltered ? `${fitting.length} of ${examples.length} fit` : `${examples.length} examples`;
  find("none").hidden = fitting.length > 0;
  document.body.classList.toggle("nothing", !fitting.length);
  makeStrip();
  if (fitting.length) show(Math.max(fitting.indexOf(before), 0));
  else { showStrip(); drawPlots(fitting, null); }
}

/* ---- keys ---- */

function chooseMode(mode) {
  document.querySelector(`input[name=mode][value=${mode}]`).checked = true;
  showMode();
}

function switchLayers() {
  const isAnyOn = Object.values(KINDS).some((kind) => kind.isOn);
  if (isAnyOn) layersBefore = Object.entries(KINDS).filter(([, kind]) => kind.isOn).map(([name]) => name);
  for (const [name, kind] of Object.entries(KINDS)) kind.isOn = !isAnyOn && (layersBefore || Object.keys(KINDS)).includes(name);
  for (const box of find("layers").querySelectorAll("input[data-kind]")) box.checked = KINDS[box.dataset.kind].isOn;
  drawAll();
}

const ACTIONS = {
  ArrowLeft: () => show(at - 1), ArrowRight: () => show(at + 1), "/": () => find("search").focus(), "?": () => find("keys").showModal(),
  s: () => chooseMode(shownMode() === "both" ? "picture" : "both"), l: switchLayers, Escape: () => { pinned = pointed = null; light(null); },
  "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: () => zoomBy(1 / MOST_ZOOM),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input[type=search], select, dialog") || (event.target.type === "radio" && event.key.startsWith("Arrow"));
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping || !scene) return;
  if (event.key.toLowerCase() === "t" && !event.repeat) { isTwinHeld = true; showMode(); }
  const action = ACTIONS[event.key] || ACTIONS[event.key.toLowerCase()];
  if (action) { event.preventDefault(); action(); }
});
document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "t") { isTwinHeld = false; showMode(); } });
window.addEventListener("blur", () => { isTwinHeld = false; showMode(); });
