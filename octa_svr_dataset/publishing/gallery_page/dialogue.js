"use strict";
/* The dialogue: questions, and answers whose sentences can be pointed at; search in all of it. */

const TASK_NAMES = {describe: "Description", classify: "Classification", locate: "Location", count: "Count", yes_no: "Yes or no",
  multiple_choice: "Multiple choice", compare_regions: "Comparison", measure: "Measurement", report: "Report", explain_grade: "Grade, explained"};
const taskName = (task) => TASK_NAMES[task] || task;
const CLASS_NAMES = {healthy: "Healthy", npdr: "NPDR", pdr: "PDR"};
const className = (label) => CLASS_NAMES[label] || label;
const EYES = {od: "right eye (OD)", os: "left eye (OS)"};

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const textOf = (turn) => turn.answer.map((piece) => piece.text).join("");
for (const item of examples) item.text = item.turns.map((turn) => `${turn.question}\n${textOf(turn)}`).join("\n").toLowerCase();

/* Pieces of the text that is shown, by their elements. */
let sentences = new Map();

function showDialogue(item, words) {
  sentences = new Map();
  const facts = [`severity ${item.severity}`, EYES[item.laterality] || item.laterality, `${item.field_mm} mm field`,
    item.projection === "full" ? "full projection" : `${item.projection} projection`];
  const head = element("header", {class: "facts"}, element("strong", {class: `badge ${item.label}`}, className(item.label)),
    element("span", {}, facts.join(" · ")), element("code", {class: "faint"}, item.id));
  const turns = item.turns.map((turn) => element("article", {class: "turn", "aria-label": taskName(turn.task)},
    element("p", {class: "task"}, taskName(turn.task)),
    element("p", {class: "question"}, ...marked(turn.question, words)),
    element("div", {class: "answer"}, ...turn.answer.flatMap((piece) => pieceElements(item, piece, words)))));
  find("talk").replaceChildren(head, ...turns);
  find("talk").scrollTop = 0;
}

function pieceElements(item, piece, words) {
  if (!piece.lights.size) return piece.findings.length ? marked(piece.text, words) : plain(piece.text, words);
  const kinds = [...piece.lights].map((id) => item.byId.get(id).kind);
  const span = element("span", {class: "sentence", tabindex: "0", role: "button", "aria-pressed": "false"}, ...marked(piece.text, words));
  const kind = piece.about.size && kinds.every((one) => one === kinds[0]) ? kinds[0] : "several";
  span.dataset.kind = kind;
  sentences.set(span, piece);
  return [span];
}

/* What stands between sentences: tags of reasoning and headings look like such. */
function plain(text, words) {
  return text.split(/(<\/?think>|^#+ .*$)/m).filter(Boolean).map((part) => {
    if (/^<\/?think>$/.test(part)) return element("span", {class: "think"}, part);
    return /^#+ /.test(part) ? element("span", {class: "heading"}, ...marked(part, words)) : part;
  });
}

/* Text with the words of the search marked. */
function marked(text, words) {
  if (!words) return [text];
  const parts = [], lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(words); at >= 0 && lower.length === text.length; at = lower.indexOf(words, from)) {
    parts.push(text.slice(from, at), element("mark", {}, text.slice(at, at + words.length)));
    from = at + words.length;
  }
  return [...parts, text.slice(from)];
}

/* Marks the sentences that are pointed at or that speak of the region that is. */
function markSentences(chosen) {
  for (const [span, piece] of sentences) {
    span.classList.toggle("lit", chosen.has(piece));
    span.setAttribute("aria-pressed", String(pinned !== null && pinned.piece === piece));
  }
}

function revealSentences() {
  const first = [...sentences.keys()].find((span) => span.classList.contains("lit"));
  if (first) first.scrollIntoView({block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
}
