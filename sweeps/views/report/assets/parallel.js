// Parallel coordinates (Inselberg, 1985), our own: with logarithms, choices, inactive parameters and brushes, as SVG that
// prints. In a narrow place the axes lie across, one below the other.
const AXES = [...P.map((param, index) => ({ ...param, column: T.params[index] })), valueAxis()];

function valueAxis() {
  const found = ends(T.value, data.winner === null ? [] : [T.value[data.winner]]) || [0, 1];
  return { name: data.metric, short: data.metric, low: found[0], high: found[1], log: false, column: T.value };
}

/** Where a trial is on an axis, from 0 to 1; null where its parameter is inactive. */
function share(axis, value) {
  if (!finite(value)) return null;
  if (axis.choices) return axis.choices.length > 1 ? 0.04 + 0.92 * (value / (axis.choices.length - 1)) : 0.5;
  return Math.min(Math.max(unit(axis, value), 0), 1);
}

function valueAt(axis, place) {
  return axis.log ? axis.low * (axis.high / axis.low) ** place : axis.low + (axis.high - axis.low) * place;
}

function ticks(axis) {
  if (axis.choices) return axis.choices.map((label, value) => [share(axis, value), label]);
  return marks(axis).map((value) => [share(axis, value), number(value)]);
}

/** Whether a trial is inside all brushes. */
function brushed(place) {
  for (const [index, kept] of chosen.brushes) {
    const value = AXES[index].column[place];
    if (!finite(value)) return false;
    if (AXES[index].choices ? !kept.choices.has(value) : value < kept.low || value > kept.high) return false;
  }
  return true;
}

/** Keep what lies between two places of an axis; nothing between them lets go. */
function brush(index, from, to) {
  const axis = AXES[index], low = Math.min(from, to), high = Math.max(from, to);
  if (high - low < 0.012) chosen.brushes.delete(index);
  else if (axis.choices) {
    const kept = range(axis.choices.length).filter((value) => share(axis, value) >= low && share(axis, value) <= high);
    if (kept.length) chosen.brushes.set(index, { choices: new Set(kept) }); else chosen.brushes.delete(index);
  } else chosen.brushes.set(index, { low: low <= 0.005 ? -Infinity : valueAt(axis, low), high: high >= 0.995 ? Infinity : valueAt(axis, high) });
  fillNarrow();
  refilter();
}

const NS = "http://www.w3.org/2000/svg";
function shape(name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawParallel() {
  const place = $("plot-parallel"), width = Math.max(280, place.clientWidth), across = width < 90 * AXES.length + 80;
  const step = across ? 72 : (width - 150) / Math.max(AXES.length - 1, 1), inactive = AXES.some((axis) => axis.column.some((value) => value === null));
  const length = across ? width - (inactive ? 104 : 48) : 300, height = across ? 34 + step * (AXES.length - 1) + 30 : length + (inactive ? 96 : 54);
  // Along its axis: 0 to 1, and what is inactive beyond the low end.
  const along = (at) => (across ? 24 + (at === null ? length + 34 : at * length) : 34 + (at === null ? length + 34 : (1 - at) * length));
  const base = (index) => (across ? 34 + index * step : 60 + index * step);
  const point = (index, at) => (across ? [along(at), base(index)] : [base(index), along(at)]);
  const svg = shape("svg", { class: "parallel", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  const order = range(N).sort((a, b) => (T.state[a] === "finished") - (T.state[b] === "finished") || (a === data.winner) - (b === data.winner));
  const shades = ranks(T.value), dark = getComputedStyle(root).colorScheme === "dark", lines = shape("g", {});
  for (const trial of order) {
    if (T.outside[trial]) continue;
    const own = chosen.marked.has(trial), won = trial === data.winner, faded = T.state[trial] !== "finished";
    const d = AXES.map((axis, index) => point(index, share(axis, axis.column[trial])).map((one) => one.toFixed(1)).join(" ")).join("L");
    const opacity = !passes[trial] ? 0.04 : own || won ? 1 : faded ? (N > 300 ? 0.22 : 0.45) : 0.85;
    const stroke = own ? css("--mark") : won ? css("--winner") : shade(dark ? 0.35 + 0.65 * shades[trial] : shades[trial]);
    lines.append(shape("path", { d: `M${d}`, stroke, "stroke-opacity": opacity, "data-place": trial, ...(own || won ? { style: "stroke-width:3" } : {}) }));
  }
  svg.append(lines);
  AXES.forEach((axis, index) => {
    const [x1, y1] = point(index, 0), [x2, y2] = point(index, 1), group = shape("g", {});
    const cut = axis.short.length > 14 && !across ? `${axis.short.slice(0, 13)}…` : axis.short;
    group.append(shape("line", { x1, y1, x2, y2, class: "axis" }));
    group.append(shape("text", across ? { x: 4, y: y1 - 14, class: "name" } : { x: x1, y: 16, "text-anchor": "middle", class: "name" }, cut));
    const found = ticks(axis), every = across ? Math.ceil(found.length / Math.max(2, Math.floor(length / 58))) : 1;
    found.forEach(([at, label], mark) => {
      if (mark % every) return;
      const [x, y] = point(index, at), short = label.length > 12 ? `${label.slice(0, 11)}…` : label;
      group.append(shape("text", across ? { x, y: y + 16, class: "tick", "text-anchor": "middle" } : { x: x - 7, y: y + 4, class: "tick", "text-anchor": "end" }, short));
      group.append(shape("line", across ? { x1: x, x2: x, y1: y - 3, y2: y + 3, class: "axis" } : { x1: x - 3, x2: x + 3, y1: y, y2: y, class: "axis" }));
    });
    if (axis.column.some((value) => value === null)) {
      const [x, y] = point(index, null);
      group.append(shape("text", across ? { x, y: y - 10, class: "tick", "text-anchor": "middle" } : { x, y: y + 16, class: "tick", "text-anchor": "middle" }, index < P.length ? "inactive" : "no value"));
    }
    const kept = chosen.brushes.get(index);
    if (kept) {
      const edges = axis.choices ? [...kept.choices].map((value) => share(axis, value)) : [share(axis, Math.max(kept.low, axis.low)), share(axis, Math.min(kept.high, axis.high))];
      const margin = axis.choices ? 0.03 : 0, a = along(Math.min(...edges) - margin), b = along(Math.max(...edges) + margin), start = Math.min(a, b), size = Math.max(Math.abs(a - b), 4);
      group.append(shape("rect", across ? { x: start, y: y1 - 9, width: size, height: 18, class: "brush" } : { x: x1 - 9, y: start, width: 18, height: size, class: "brush" }));
    }
    const grip = shape("rect", { ...(across ? { x: 12, y: y1 - 10, width: length + 24, height: 20 } : { x: x1 - 13, y: 26, width: 26, height: length + 16 }), class: "grip", "data-axis": index });
    grip.addEventListener("pointerdown", (event) => dragged(event, svg, index, across, length));
    group.append(grip);
    svg.append(group);
  });
  svg.addEventListener("pointerover", (event) => { if (event.target.dataset?.place) $("readout").textContent = describe(Number(event.target.dataset.place)); });
  svg.addEventListener("click", (event) => { if (event.target.dataset?.place) mark(Number(event.target.dataset.place)); });
  const readout = $("readout") || element("p", { id: "readout", class: "readout" }, [
    AXES.slice(0, -1).some((axis) => axis.column.some((value) => value === null)) ? "Lines that leave an axis pass where the parameter is inactive." : "",
    T.value.some((value) => finite(value) && (value < AXES[AXES.length - 1].low || value > AXES[AXES.length - 1].high)) ? `Values beyond the ends of ${data.metric} are drawn at its ends.` : "",
  ].join(" ").trim());
  place.replaceChildren(svg, readout);
  place.dataset.drawn = "1";
}

function dragged(event, svg, index, across, length) {
  event.preventDefault();
  const box = svg.getBoundingClientRect(), zoom = svg.viewBox.baseVal.width / box.width;
  const at = (one) => {
    const along = across ? ((one.clientX - box.left) * zoom - 24) / length : 1 - ((one.clientY - box.top) * zoom - 34) / length;
    return Math.min(Math.max(along, 0), 1);
  };
  const from = at(event);
  const move = (one) => { if (Math.abs(at(one) - from) > 0.012) $("readout").textContent = `${AXES[index].short}: ${rangeText(AXES[index], from, at(one))}`; };
  const end = (one) => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    brush(index, from, at(one));
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
}

function rangeText(axis, from, to) {
  const low = Math.min(from, to), high = Math.max(from, to);
  if (axis.choices) return axis.choices.filter((_, value) => share(axis, value) >= low && share(axis, value) <= high).join(", ");
  return `${number(valueAt(axis, low))} to ${number(valueAt(axis, high))}`;
}

/** The same brushes as fields, for the keyboard. */
function makeNarrow() {
  AXES.forEach((axis, index) => {
    const field = element("fieldset", {}, element("legend", {}, axis.name));
    if (axis.choices) axis.choices.forEach((label, value) => field.append(element("label", {}, element("input", { type: "checkbox", "data-axis": index, value }), label)));
    else for (const end of ["from", "to"]) field.append(element("label", {}, `${end} `, element("input", { type: "number", step: "any", "data-axis": index, "data-end": end })));
    field.addEventListener("change", () => narrowed(index, field));
    $("narrow").append(field);
  });
  fillNarrow();
}

function narrowed(index, field) {
  const inputs = [...field.querySelectorAll("input")];
  if (AXES[index].choices) {
    const kept = inputs.filter((one) => one.checked).map((one) => Number(one.value));
    if (kept.length === inputs.length || !kept.length) chosen.brushes.delete(index); else chosen.brushes.set(index, { choices: new Set(kept) });
  } else {
    const [low, high] = inputs.map((one) => (one.value === "" ? null : Number(one.value)));
    if (low === null && high === null) chosen.brushes.delete(index);
    else chosen.brushes.set(index, { low: low ?? -Infinity, high: high ?? Infinity });
  }
  fillNarrow();
  refilter();
}

function fillNarrow() {
  for (const input of document.querySelectorAll("#narrow input")) {
    const kept = chosen.brushes.get(Number(input.dataset.axis));
    if (input.type === "checkbox") input.checked = !kept || kept.choices.has(Number(input.value));
    else {
      const value = kept && (input.dataset.end === "from" ? kept.low : kept.high);
      input.value = finite(value) ? Number(value.toPrecision(4)) : "";
    }
  }
}

if ($("plot-parallel")) {
  makeNarrow();
  drawings.push({ id: "parallel", draw: drawParallel });
  listeners.push(drawParallel);
  let waiting = null, before = 0;
  new ResizeObserver(([one]) => {
    if (Math.abs(one.contentRect.width - before) < 2) return;
    before = one.contentRect.width;
    clearTimeout(waiting);
    waiting = setTimeout(() => { if ($("plot-parallel").dataset.drawn) drawParallel(); }, 80);
  }).observe($("plot-parallel"));
}
