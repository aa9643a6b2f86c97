"use strict";
/* Outlines of what label maps hold, in pixels of the picture. */

/* Path of each instance of a map: its border with all else, corners rounded within a pixel. */
function contours(labels, size) {
  const borders = new Map();
  const at = (row, column) => (row < 0 || column < 0 || row >= size || column >= size ? 0 : labels[row * size + column]);
  const width = size + 1;
  for (let row = 0; row < size; row++) for (let column = 0; column < size; column++) {
    const label = labels[row * size + column];
    if (!label) continue;
    if (!borders.has(label)) borders.set(label, new Map());
    const edges = borders.get(label), corner = row * width + column;
    const add = (from, to) => edges.has(from) ? edges.get(from).push(to) : edges.set(from, [to]);
    if (at(row - 1, column) !== label) add(corner, corner + 1);
    if (at(row, column + 1) !== label) add(corner + 1, corner + width + 1);
    if (at(row + 1, column) !== label) add(corner + width + 1, corner + width);
    if (at(row, column - 1) !== label) add(corner + width, corner);
  }
  return new Map([...borders].map(([label, edges]) => [label, rounded(loops(edges), width)]));
}

/* Closed walks along directed edges; each edge is walked once. */
function loops(edges) {
  const walks = [];
  for (const start of edges.keys()) while (edges.get(start).length) {
    const walk = [start];
    for (let next = edges.get(start).pop(); next !== start; next = edges.get(next).pop()) walk.push(next);
    walks.push(walk);
  }
  return walks;
}

function rounded(walks, width) {
  const path = new Path2D();
  for (const walk of walks) {
    const corners = walk.map((corner) => [corner % width, Math.floor(corner / width)]);
    const middle = (one, other) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
    const edges = corners.map((corner, number) => middle(corner, corners[(number + 1) % corners.length]));
    const turns = edges.map((edge, number) => middle(edge, edges[(number + 1) % edges.length]));
    path.moveTo(...turns[turns.length - 1]);
    edges.forEach((edge, number) => path.quadraticCurveTo(...edge, ...turns[number]));
    path.closePath();
  }
  return path;
}

/* Path of a region of which only the box is known; a dot is round. */
function boxPath(region) {
  const path = new Path2D(), [top, left, bottom, right] = region.box;
  if (region.kind === "microaneurysm") path.ellipse((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2, 0, 0, 2 * Math.PI);
  else path.rect(left, top, right - left, bottom - top);
  return path;
}

/* Path of a quadrant: between the diagonals through the fovea, from the ring around it to the sides of the picture. */
function wedgePath({row, column, inner_px: inner, side}, size) {
  const turn = {right: 0, down: 1, left: 2, up: 3}[side] * Math.PI / 2;
  const path = new Path2D(), far = 3 * size;
  path.arc(column, row, inner, turn - Math.PI / 4, turn + Math.PI / 4);
  path.lineTo(column + far * Math.cos(turn + Math.PI / 4), row + far * Math.sin(turn + Math.PI / 4));
  path.lineTo(column + far * Math.cos(turn - Math.PI / 4), row + far * Math.sin(turn - Math.PI / 4));
  path.closePath();
  return path;
}

/* Whether a point lies in a quadrant. */
function isInWedge({row, column, inner_px: inner, side}, point) {
  const down = point.row - row, right = point.column - column;
  if (Math.hypot(down, right) < inner) return false;
  if (Math.abs(down) > Math.abs(right)) return side === (down > 0 ? "down" : "up");
  return side === (right > 0 ? "right" : "left");
}
