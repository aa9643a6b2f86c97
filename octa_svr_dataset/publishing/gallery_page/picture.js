"use strict";
/* The picture, its twin, the layers on it; zoom; what lies under a pointer. */

const MOST_ZOOM = 8;
const MOST_ENLARGED = 6;
const view = {zoom: 1, row: 0, column: 0};
/* What is shown: an example with its pictures, label maps, and a path for each region. */
let scene = null;
const colorOf = (region) => region.kind === "quadrant" ? QUADRANT_COLOR : (KINDS[region.kind] || {color: "#fff"}).color;

async function loadScene(item) {
  const [image, twin, maps] = await Promise.all([pictureOf(item.picture), item.twin && pictureOf(item.twin), labelMaps(item)]);
  const paths = new Map(), outlines = {};
  for (const region of item.regions) {
    const layer = KINDS[region.kind] && KINDS[region.kind].layer;
    if (maps && layer && !outlines[layer]) outlines[layer] = contours(maps[layer], item.size_px);
    const path = region.wedge ? wedgePath(region.wedge, item.size_px)
      : maps ? outlines[layer].get(region.instance) : region.box && boxPath(region);
    if (path) paths.set(region.id, path);
  }
  return {item, image, twin, maps, paths, copies: new Map(), vessels: maps && {artery: tinted(maps.vessels, item.size_px, "artery"), vein: tinted(maps.vessels, item.size_px, "vein")}};
}

/* A picture with each pixel as a square of whole pixels of the screen: scaled on from there, all stay alike in size. */
function enlarged(image, size, factor) {
  if (!scene.copies.has(image)) scene.copies.set(image, {});
  const copies = scene.copies.get(image);
  if (!copies[factor]) {
    copies[factor] = Object.assign(document.createElement("canvas"), {width: size * factor, height: size * factor});
    const context = copies[factor].getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, size * factor, size * factor);
  }
  return copies[factor];
}

/* Canvas with one kind of vessels in its color. */
function tinted(labels, size, kind) {
  const canvas = Object.assign(document.createElement("canvas"), {width: size, height: size});
  const context = canvas.getContext("2d"), pixels = context.createImageData(size, size);
  const color = parseInt(KINDS[kind].color.slice(1), 16);
  for (let index = 0; index < labels.length; index++) {
    if (labels[index] === KINDS[kind].label) pixels.data.set([color >> 16, (color >> 8) & 255, color & 255, 255], 4 * index);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function drawAll() {
  if (!scene) return;
  const mode = shownMode(), isTwin = mode === "twin" && (scene.twin || scene.item.is_own_twin);
  drawOn(find("picture"), isTwin && scene.twin ? scene.twin : scene.image, !isTwin);
  if (!find("right").hidden) drawOn(find("twin"), scene.twin || scene.image, false);
}

function drawOn(canvas, image, hasLayers) {
  const {size_px: size, regions} = scene.item, side = canvas.clientWidth;
  if (!side) return;
  const pixels = Math.round(side * devicePixelRatio);
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d"), scale = pixels / size * view.zoom, unit = devicePixelRatio / scale;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.setTransform(scale, 0, 0, scale, -view.column * scale, -view.row * scale);
  context.imageSmoothingQuality = "high";
  context.drawImage(enlarged(image, size, Math.min(Math.ceil(scale), MOST_ENLARGED)), 0, 0, size, size);
  if (hasLayers) drawVessels(context, lit.has("vessel_shape") ? 0.9 : 0.65, lit.has("vessel_shape"));
  if (hasLayers) for (const region of regions) if (KINDS[region.kind] && KINDS[region.kind].isOn) drawRegion(context, region, unit);
  const shining = regions.filter((region) => lit.has(region.id) && scene.paths.has(region.id));
  if (shining.length) {
    drawVeil(context, shining, size);
    for (const region of shining) drawLit(context, region, unit);
  }
  const tagged = regions.filter((region) => scene.paths.has(region.id) && (lit.has(region.id) ||
    (hasLayers && region.kind !== "microaneurysm" && region.is_visible && KINDS[region.kind] && KINDS[region.kind].isOn)));
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  for (const region of tagged) drawTag(context, region, side);
}

/* Darkens all that is outside of the regions that shine. */
function drawVeil(context, shining, size) {
  const cover = Object.assign(document.createElement("canvas"), {width: context.canvas.width, height: context.canvas.height});
  const shade = cover.getContext("2d");
  shade.setTransform(context.getTransform());
  shade.fillStyle = "rgba(4, 8, 12, 0.5)";
  shade.fillRect(0, 0, size, size);
  shade.globalCompositeOperation = "destination-out";
  shade.fillStyle = "#000";
  for (const region of shining) shade.fill(scene.paths.get(region.id), "evenodd");
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(cover, 0, 0);
  context.restore();
}

function drawVessels(context, alpha, isLit) {
  if (!scene.vessels) return;
  context.globalAlpha = alpha;
  for (const kind of ["artery", "vein"]) {
    if (KINDS[kind].isOn || isLit) context.drawImage(enlarged(scene.vessels[kind], scene.item.size_px, 2), 0, 0, scene.item.size_px, scene.item.size_px);
  }
  context.globalAlpha = 1;
}

function drawRegion(context, region, unit) {
  const path = scene.paths.get(region.id);
  if (!path) return;
  context.save();
  if (region.kind === "diffuse_loss") {
    context.fillStyle = hatch(context, colorOf(region));
    context.fill(path, "evenodd");
  }
  const widths = {microaneurysm: 1.4, diffuse_loss: 0.7};
  strokeTwice(context, path, colorOf(region), (widths[region.kind] || 1.6) * unit, region, unit);
  context.restore();
}

function strokeTwice(context, path, color, width, region, unit) {
  context.globalAlpha = region.is_visible ? 1 : 0.6;
  context.setLineDash(region.is_visible ? (region.kind === "irma" ? [5 * unit, 2 * unit] : []) : [2 * unit, 3 * unit]);
  context.lineWidth = width + 1.6 * unit;
  context.strokeStyle = "rgba(0, 0, 0, 0.55)";
  context.stroke(path);
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke(path);
}

function drawLit(context, region, unit) {
  context.save();
  const path = scene.paths.get(region.id);
  context.globalAlpha = 0.16;
  context.fillStyle = colorOf(region);
  if (region.kind !== "quadrant") context.fill(path, "evenodd");
  context.globalAlpha = 1;
  strokeTwice(context, path, "#fff", 4.4 * unit, region, unit);
  strokeTwice(context, path, colorOf(region), 2.6 * unit, region, unit);
  context.restore();
}

/* Slanted lines of the width of a screen's pixel, whatever the zoom. */
function hatch(context, color) {
  const step = Math.round(6 * devicePixelRatio);
  const tile = Object.assign(document.createElement("canvas"), {width: step, height: step});
  const lines = tile.getContext("2d");
  lines.strokeStyle = color;
  lines.globalAlpha = 0.75;
  lines.lineWidth = devicePixelRatio;
  for (const shift of [-step, 0, step]) { lines.moveTo(shift - 1, step + 1); lines.lineTo(shift + step + 1, -1); }
  lines.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(context.getTransform().inverse());
  return pattern;
}

/* Name of a region at its upper right, that of the avascular zone in its middle, kept inside the picture. */
function drawTag(context, region, side) {
  const box = region.wedge ? null : region.box;
  const kind = KINDS[region.kind];
  const text = region.kind === "faz" ? "FAZ" : kind && kind.tag ? `${kind.tag}${region.instance}` : "";
  if (!box || !text) return;
  const scale = side / scene.item.size_px * view.zoom;
  context.font = "600 11px system-ui, sans-serif";
  const width = context.measureText(text).width + 8;
  const [down, right] = region.kind === "faz" ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [box[0], box[3]];
  const left = (right - view.column) * scale - (region.kind === "faz" ? width / 2 : 4), top = (down - view.row) * scale - (region.kind === "faz" ? 8 : 12);
  if (left < -width || top < -20 || left > side + 20 || top > side) return;
  const x = Math.min(Math.max(left, 2), side - width - 2), y = Math.min(Math.max(top, 2), side - 18);
  context.fillStyle = "rgba(10, 13, 17, 0.82)";
  context.beginPath();
  context.roundRect(x, y, width, 16, 4);
  context.fill();
  context.fillStyle = colorOf(region);
  context.textBaseline = "middle";
  context.fillText(text, x + 4, y + 8.5);
}

/* Place in the picture under a pointer. */
function pointOf(canvas, event) {
  const frame = canvas.getBoundingClientRect(), scale = frame.width / scene.item.size_px * view.zoom;
  return {row: (event.clientY - frame.top) / scale + view.row, column: (event.clientX - frame.left) / scale + view.column, scale};
}

/* Region at a place, the smallest kind first; dots are caught a little beside, too. */
function regionAt(point) {
  const {item, maps} = scene, row = Math.floor(point.row), column = Math.floor(point.column);
  if (row < 0 || column < 0 || row >= item.size_px || column >= item.size_px) return null;
  const beside = Math.max(2, 8 / point.scale);
  const isNear = ({box: [top, left, bottom, right]}, reach) => point.row >= top - reach && point.row <= bottom + reach && point.column >= left - reach && point.column <= right + reach;
  for (const kind of ["microaneurysm", "irma", "neovascularization", "dropout", "faz", "diffuse_loss"]) {
    const ofKind = item.regions.filter((region) => region.kind === kind);
    if (kind === "microaneurysm" || !maps) {
      const near = ofKind.filter((region) => region.box && isNear(region, kind === "microaneurysm" ? beside : 0));
      const away = ({box}) => Math.hypot((box[0] + box[2]) / 2 - point.row, (box[1] + box[3]) / 2 - point.column);
      if (near.length) return near.sort((one, other) => away(one) - away(other))[0];
    } else {
      const instance = maps[KINDS[kind].layer][row * item.size_px + column];
      const region = instance && ofKind.find((one) => one.instance === instance);
      if (region) return region;
    }
  }
  return item.regions.find((region) => region.wedge && isInWedge(region.wedge, point)) || null;
}

/* Zoom by a factor around a place, which stays where it is. */
function zoomBy(factor, point = null) {
  const size = scene.item.size_px, old = view.zoom;
  const {row, column} = point || {row: view.row + size / old / 2, column: view.column + size / old / 2};
  view.zoom = Math.min(Math.max(old * factor, 1), MOST_ZOOM);
  moveTo(row - (row - view.row) * old / view.zoom, column - (column - view.column) * old / view.zoom);
}

function moveTo(row, column) {
  const most = scene.item.size_px * (1 - 1 / view.zoom);
  view.row = Math.min(Math.max(row, 0), most);
  view.column = Math.min(Math.max(column, 0), most);
  find("stage").classList.toggle("zoomed", view.zoom > 1);
  drawAll();
}
