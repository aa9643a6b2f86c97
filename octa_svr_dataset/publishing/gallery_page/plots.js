"use strict";
/* Distributions as bars: all examples pale, those that fit the filters full. */

const PLOT = {width: 300, height: 140, left: 30, right: 8, top: 18, bottom: 22};

const PLOTS = [
  {title: "Class", names: Object.keys(CLASS_NAMES), label: className, value: (item) => item.label},
  {title: "Severity", names: [0, 1, 2, 3, 4], value: (item) => item.severity},
  {title: "Avascular zone, mm²", step: 0.1, value: (item) => item.figures.faz_mm2, missing: "not visible"},
  {title: "Vessel density, % of the area", step: 2, value: (item) => 100 * item.figures.density},
  {title: "Worst quadrant, % lost", step: 10, value: (item) => item.figures.lost === null ? null : 100 * item.figures.lost},
  {title: "Areas of dropout", step: 1, counts: true, value: (item) => item.figures.dropout},
  {title: "Microaneurysms", step: 1, counts: true, value: (item) => item.figures.microaneurysm},
  {title: "IRMA", step: 1, counts: true, value: (item) => item.figures.irma},
  {title: "New vessels (tufts)", step: 1, counts: true, value: (item) => item.figures.neovascularization},
  {title: "Words in the answers", step: 50, value: (item) => item.figures.words},
];

const figure = (value, step) => value.toFixed(Number.isInteger(step) ? 0 : 1);

/* Bars of a plot: a name for people, a label for the axis, and which examples belong to them. */
function binsOf(plot) {
  if (plot.names) return plot.names.map((name) => ({name: String(plot.label ? plot.label(name) : name), label: String(plot.label ? plot.label(name) : name), holds: (item) => plot.value(item) === name}));
  const values = examples.map(plot.value).filter((value) => value !== null && Number.isFinite(value));
  if (!values.length) return [];
  let step = plot.step;
  while ((Math.max(...values) - Math.min(...values)) / step > 14) step *= 2;
  const numberOf = (value) => Math.floor(value / step + 1e-9);
  const first = plot.counts ? 0 : numberOf(Math.min(...values)), last = Math.max(numberOf(Math.max(...values)), first + 1);
  return Array.from({length: last - first + 1}, (_, index) => {
    const low = (first + index) * step;
    const name = plot.counts && step === 1 ? String(low) : plot.counts ? `${low} to ${low + step - 1}` : `${figure(low, step)} to ${figure(low + step, step)}`;
    return {name, label: figure(low, step), holds: (item) => plot.value(item) !== null && numberOf(plot.value(item)) === first + index};
  });
}

const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

function drawPlots(fitting, current) {
  find("bars").replaceChildren(...PLOTS.map((plot) => drawPlot(plot, fitting, current)));
}

function drawPlot(plot, fitting, current) {
  const bins = binsOf(plot).map((bin) => ({...bin, all: examples.filter(bin.holds).length, some: fitting.filter(bin.holds).length}));
  const missing = examples.filter((item) => plot.value(item) === null).length;
  const {width, height, left, right, top, bottom} = PLOT, most = Math.max(1, ...bins.map((bin) => bin.all));
  const slot = (width - left - right) / Math.max(bins.length, 1), room = height - top - bottom;
  const y = (count) => top + room * (1 - count / most), every = Math.ceil(bins.length / 7);
  const words = `${plot.title}: ${bins.filter((bin) => bin.all).map((bin) => `${bin.name}: ${bin.some} of ${bin.all}`).join("; ")}`;
  const drawn = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words});
  for (const tick of new Set([0, most])) {
    drawn.append(svg("line", {x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "axis"}), svg("text", {x: left - 5, y: y(tick) + 4, "text-anchor": "end"}, String(tick)));
  }
  bins.forEach((bin, index) => {
    const x = left + index * slot, middle = x + slot / 2;
    const bar = (count, name) => svg("rect", {x: x + slot * 0.1, width: slot * 0.8, y: y(count), height: room * count / most, rx: 1.5, class: name});
    drawn.append(svg("g", {}, svg("title", {}, `${bin.name}: ${bin.some} of ${bin.all}`),
      svg("rect", {x, y: top, width: slot, height: room, class: "slot"}), bar(bin.all, "all"), bar(bin.some, "some")));
    if (plot.names || index % every === 0) drawn.append(svg("text", {x: plot.names || plot.counts ? middle : x, y: height - bottom + 15, "text-anchor": "middle"}, bin.label));
    if (current && bin.holds(current)) drawn.append(svg("path", {d: `M${middle - 5} 4h10l-5 8z`, class: "here"}));
  });
  const note = plot.missing && missing ? ` (${missing} ${plot.missing})` : "";
  return element("figure", {}, element("figcaption", {}, plot.title + note), drawn);
}
