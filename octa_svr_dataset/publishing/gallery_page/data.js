"use strict";
/* The examples, what can be pointed at in them, and the label maps, unpacked when they are needed. */

const find = (id) => document.getElementById(id);
const page = JSON.parse(find("data").textContent);
const examples = page.items;

/* Colors of Okabe and Ito (2008), brightened for a dark picture; each kind also has a line or a tag of its own. */
const KINDS = {
  artery: {title: "Arteries", color: "#ff8150", layer: "vessels", label: 1, isOn: false},
  vein: {title: "Veins", color: "#5bbcf5", layer: "vessels", label: 2, isOn: false},
  faz: {title: "FAZ", color: "#f5e94a", layer: "faz", isOn: true},
  diffuse_loss: {title: "Diffuse loss", color: "#b9c7ff", layer: "diffuse_loss", isOn: false},
  dropout: {title: "Dropout", color: "#f08fc4", layer: "dropout", tag: "D", isOn: true},
  microaneurysm: {title: "Microaneurysms", color: "#ffb000", layer: "microaneurysms", tag: "M", isOn: true},
  irma: {title: "IRMA", color: "#ffffff", layer: "irma", tag: "I", isOn: true},
  neovascularization: {title: "New vessels", color: "#35e0b0", layer: "neovascularization", tag: "N", isOn: true},
};
const QUADRANT_COLOR = "#dfe7ee";
const VESSELS = {id: "vessel_shape", kind: "vessels", title: "Vessels", words: ["course and width of the larger ones"], is_visible: true};
const LESIONS = ["dropout", "diffuse_loss", "microaneurysm", "irma", "neovascularization"];

for (const item of examples) item.byId = new Map([...item.regions, VESSELS].map((region) => [region.id, region]));

/* Regions that a finding stands for: itself, or all visible ones of a kind. */
function regionsOf(item, finding) {
  if (item.byId.has(finding)) return [finding];
  return item.regions.filter((region) => region.kind === finding && region.is_visible).map((region) => region.id);
}

const visibleLesions = (item) => item.regions.filter((region) => region.is_visible && LESIONS.includes(region.kind)).map((region) => region.id);

/* What a piece of an answer speaks of, and what lights up with it: class and grade rest on all visible lesions. */
for (const item of examples) for (const turn of item.turns) for (const piece of turn.answer) {
  piece.about = new Set(piece.findings.flatMap((finding) => regionsOf(item, finding)));
  const isVerdict = piece.findings.some((finding) => finding === "label" || finding === "severity");
  piece.lights = new Set(isVerdict ? [...piece.about, ...visibleLesions(item)] : piece.about);
}

const unpackedMaps = new Map();
const MOST_UNPACKED = 8;

/* Label maps of an example by layer, row by row; null where only boxes are known, or where the browser is too old. */
async function labelMaps(item) {
  if (!item.layers || !window.DecompressionStream) return null;
  if (!unpackedMaps.has(item)) {
    if (unpackedMaps.size >= MOST_UNPACKED) unpackedMaps.delete(unpackedMaps.keys().next().value);
    unpackedMaps.set(item, unpack(item));
  }
  return unpackedMaps.get(item);
}

async function unpack(item) {
  const packed = Uint8Array.from(atob(item.layers.data), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const size = item.size_px ** 2, bytes = item.layers.bits / 8;
  const read = bytes === 2 ? Uint16Array : Uint8Array;
  return Object.fromEntries(page.layer_names.map((name, number) => [name, new read(buffer, number * size * bytes, size)]));
}

/* A picture that the page holds, ready to be drawn. */
async function pictureOf(base64) {
  const image = new Image();
  image.src = `data:image/webp;base64,${base64}`;
  await image.decode();
  return image;
}
