// Two buttons, and none that would send a chart to anybody: what the library offers by itself uploads it.
const CONFIG = { responsive: true, displaylogo: false, modeBarButtons: [["toImage", "resetScale2d"]], plotlyServerURL: "", showSendToCloud: false, showEditInChartStudio: false };
const drawings = [];

function layout(more) {
  const axis = { gridcolor: css("--grid"), linecolor: css("--line"), zeroline: false, automargin: false, ticks: "", title: { standoff: 6 } };
  const coarse = matchMedia("(pointer: coarse)").matches;
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: coarse ? false : "zoom",
    font: { family: "system-ui, sans-serif", size: 12, color: css("--text") },
    margin: { l: 64, r: 12, t: 30, b: 44, pad: 2 }, hovermode: "closest", showlegend: false,
    hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: css("--text"), size: 12 }, align: "left" },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", itemclick: "toggle" },
    ...more, xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis },
  };
}

/** Where to draw, how: `make` gives traces and layout. */
function drawing(id, make, height) {
  const place = $(`plot-${id}`), small = height || place?.classList.contains("small");
  if (!place) return;
  drawings.push({ id, draw() {
    const made = make();
    if (height) place.style.height = `${height}px`;
    Plotly.react(place, made.traces, layout({ ...made.layout, shapes: made.shapes || [], width: place.clientWidth, height: place.clientHeight }), { ...CONFIG, displayModeBar: small ? false : "hover" });
    place.dataset.drawn = "1";
  } });
}
const redraw = (id) => drawings.filter((one) => one.id === id).forEach((one) => one.draw());

// So many dots or lines as elements of their own take seconds to draw. As one shape, with a trace that nobody sees for
// what is said of them, they take none.
const MANY = 250;

/** Dots or lines: traces and shapes. `points` is a list of lines, each a list of [x, y, text]; of dots each has one point. */
function drawn(points, { size, color, opacity = 1, kind, ...more }) {
  const flat = points.flatMap((line) => (kind === "dots" ? line : [...line, [null, null, ""]]));
  const trace = { type: "scatter", x: flat.map((one) => one[0]), y: flat.map((one) => one[1]), text: flat.map((one) => plain(one[2])), hoverinfo: "text", ...more };
  if (points.length <= MANY) {
    const look = kind === "dots" ? { mode: "markers", marker: { size, color, opacity, line: { width: 0 } } } : { mode: "lines", opacity, line: { width: size, color } };
    return { traces: [{ ...trace, ...look }], shapes: [] };
  }
  const path = points.map((line) => `M${line.map(([x, y]) => `${x},${y}`).join("L")}${line.length === 1 ? `L${line[0][0]},${line[0][1]}` : ""}`).join("");
  const shape = { type: "path", path, opacity, line: { color, width: size }, fillcolor: "rgba(0,0,0,0)", layer: "between", name: more.name, legendgroup: more.legendgroup, showlegend: Boolean(more.name) && more.showlegend !== false };
  return { traces: [{ ...trace, mode: "none", showlegend: false }], shapes: [shape] };
}

function dots(places, x, y, text, style) {
  return drawn(places.map((place) => [[x(place), y(place), text(place)]]).filter(([[a, b]]) => finite(a) && finite(b)), { ...style, kind: "dots" });
}

/** Dots in several colours. */
function painted(places, paint, x, y, text, style) {
  const groups = new Map();
  for (const place of places) {
    const color = paint(place);
    if (!groups.has(color)) groups.set(color, []);
    groups.get(color).push(place);
  }
  return together(...[...groups].map(([color, group], index) => dots(group, x, y, text, { ...style, color, ...(index ? { showlegend: false } : {}) })));
}

function together(...parts) {
  return { traces: parts.flatMap((one) => one.traces), shapes: parts.flatMap((one) => one.shapes) };
}

/** Room for labels as long as these; not measured, which would draw everything twice. */
function room(labels, most = 190) {
  return Math.min(most, 14 + 6.6 * Math.max(0, ...labels.map((label) => String(label).length)));
}

function axisOf(param, most = 6) {
  if (param.choices) {
    const short = param.choices.map((label) => plain(label.length > 16 ? `${label.slice(0, 15)}…` : label));
    return { tickmode: "array", tickvals: range(short.length), ticktext: short, range: [-0.5, short.length - 0.5] };
  }
  if (param.log) {
    const low = Math.log10(param.low), high = Math.log10(param.high), room = (high - low || 1) * 0.04;
    const found = marks(param, most);
    return { type: "log", range: [low - room, high + room], tickmode: "array", tickvals: found, ticktext: found.map(number), tickangle: 0 };
  }
  const room = (param.high - param.low || 1) * 0.04;
  const found = marks(param, most);
  return { range: [param.low - room, param.high + room], tickmode: "array", tickvals: found, ticktext: found.map(number), tickangle: 0 };
}

const COURSE = ["trials begun", "full trainings' worth", "device seconds", "hours by the clock"];
drawing("course", () => {
  const by = Number($("course-x").value), { steps, bests, end } = data.course;
  const at = (step) => step[3 + by];
  const line = { x: steps.map(at), y: steps.map((step) => step[2]) };
  if (steps.length) { line.x.push(Math.max(end[by], line.x[line.x.length - 1])); line.y.push(line.y[line.y.length - 1]); }
  const hover = (step) => plain(`${T.id[step[0]]} at report ${step[1]}: ${data.metric} ${number(step[2])}`);
  const values = bests.map((step) => step[2]), shown = ends(values, steps.slice(-1).map((step) => step[2]));
  const last = steps.length ? [...steps.map(hover), plain(`in all: ${number(end[by])} ${COURSE[by]}`)] : [];
  const each = painted(bests, (step) => colour(T.state[step[0]]), at, (step) => step[2], hover, { name: "best of each trial", legendgroup: "each", size: 5, opacity: 0.5 });
  const best = {
    name: "best so far", type: "scatter", mode: "lines+markers", ...line, line: { shape: "hv", color: css("--text"), width: 2 },
    marker: { size: steps.map(() => 6).concat(0), color: css("--text") }, text: last, hoverinfo: "text",
  };
  return {
    ...together(each, { traces: [best], shapes: [] }),
    layout: {
      showlegend: true, xaxis: { title: { text: COURSE[by] }, rangemode: "tozero" },
      yaxis: { title: { text: plain(data.metric) }, range: shown }, annotations: outside(values, shown),
    },
  };
});

drawing("curves", () => {
  const parts = [], values = [];
  const states = [...new Set(T.state)].sort((a, b) => STATES.indexOf(b) - STATES.indexOf(a));
  const points = (place) => data.curves[place][0].map((report, i) => [report, data.curves[place][1][i], `${T.id[place]} report ${report}: ${number(data.curves[place][1][i])}`]);
  const draw = (places, { size, ...style }) => {
    const there = places.filter((place) => data.curves[place][0].length), lines = there.map(points);
    const last = lines.map((line) => line[line.length - 1]);
    parts.push(drawn(lines, { ...style, size, kind: "lines" }));
    parts.push(drawn(last.map(([x, y], i) => [[x, y, describe(there[i])]]), { ...style, size: Math.max(4, 2 * size), kind: "dots", showlegend: false }));
  };
  for (const state of states) {
    const places = range(N).filter((place) => T.state[place] === state && passes[place] && place !== data.winner && data.curves[place][0].length);
    if (!places.length) continue;
    const faded = state === "stopped" || state === "failed" || state === "diverged";
    draw(places, { name: state, legendgroup: state, opacity: (faded ? 0.55 : 0.9) * (N > MANY ? 0.6 : 1), color: colour(state), size: faded || N > MANY ? 1 : 1.5 });
  }
  for (const place of chosen.marked) draw([place], { name: T.id[place], legendgroup: "marked", color: css("--mark"), size: 2.5 });
  if (data.winner !== null && passes[data.winner]) draw([data.winner], { name: `winner ${T.id[data.winner]}`, legendgroup: "winner", color: css("--winner"), size: 3 });
  data.curves.forEach(([, found]) => values.push(...found));
  const seen = ends(values, data.winner === null ? [] : [T.value[data.winner]]), farthest = Math.max(1, ...T.reached);
  return { ...together(...parts), layout: {
    showlegend: true, annotations: outside(values, seen), yaxis: { title: { text: plain(data.metric) }, range: seen },
    xaxis: { title: { text: "report" }, range: [1 - 0.03 * farthest, farthest * 1.03], nticks: 12, tickformat: "d" },
  } };
});

drawing("importance", () => {
  const shown = [...data.importance].reverse();
  return {
    traces: [{
      type: "bar", orientation: "h", x: shown.map((one) => one.share), y: range(shown.length),
      text: shown.map((one) => `${(100 * one.share).toFixed(0)}%${one.told ? "" : innerWidth < 600 ? ", unsure" : ", not told from chance"}`), textposition: "outside", cliponaxis: false,
      textfont: { color: css("--text") }, hoverinfo: "skip",
      marker: { color: shown.map((one) => (one.told ? css("--finished") : "rgba(0,0,0,0)")), line: { width: 1.5, color: shown.map((one) => css(one.told ? "--finished" : "--stopped")) } },
    }],
    layout: {
      margin: { l: room(shown.map((one) => one.name)), r: innerWidth < 600 ? 92 : 172, t: 8, b: 8 }, bargap: 0.35, dragmode: false, xaxis: { visible: false, range: [0, Math.max(...shown.map((one) => one.share)) * 1.02], fixedrange: true },
      yaxis: { tickmode: "array", tickvals: range(shown.length), ticktext: shown.map((one) => plain(one.name)), fixedrange: true, showgrid: false },
    },
  };
}, 70 + 30 * data.importance.length);

function levelValues(id) {
  const by = $(id).value;
  return by === "best" ? T.value : data.levels[Number(by)].values;
}

P.forEach((param, index) => drawing(`slice-${index}`, () => {
  const best = $("slices-at").value === "best", values = levelValues("slices-at"), column = T.params[index];
  const there = range(N).filter((place) => finite(values[place]) && finite(column[place]) && !T.outside[place]);
  const spread = (place) => (param.choices ? column[place] + (((place * 7919) % 101) / 101 - 0.5) * 0.4 : column[place]);
  const text = (place) => `${T.id[place]}: ${valueText(index, place)}, ${number(values[place])}`;
  const group = (places, style) => dots(places, spread, (place) => values[place], text, style);
  const size = there.length > MANY ? 4 : 6, faint = (place) => best && T.state[place] !== "finished";
  const rest = there.filter((place) => place !== data.winner), seen = ends(there.map((place) => values[place]), best ? [T.value[data.winner]] : []);
  const won = group(there.filter((place) => place === data.winner), {}).traces[0];
  return {
    ...together(
      group(rest.filter(faint), { size, color: css("--stopped"), opacity: 0.5 }),
      group(rest.filter((place) => !faint(place)), { size: size + 1, color: css("--finished"), opacity: 0.75 }),
      { traces: [{ ...won, marker: { size: 11, symbol: "diamond", color: css("--winner"), line: { width: 1, color: css("--page") } } }], shapes: [] },
    ),
    layout: { margin: { l: 52, r: 12, t: 8, b: 26 }, xaxis: axisOf(param), yaxis: { range: seen, nticks: 5 } },
  };
}));

drawing("cost", () => {
  const bars = data.cost.map((one) => ({ ...one, label: `${one.name} (${one.trials})` }));
  if (data.saved > 0) bars.push({ name: "saved", label: "saved by stopping early", seconds: data.saved });
  bars.reverse();
  const colours = { won: "--winner", finished: "--finished", stopped: "--stopped", "failed or diverged": "--failed", saved: "--running" };
  const paint = (one) => css(colours[one.name] || "--other");
  return {
    traces: [{
      type: "bar", orientation: "h", x: bars.map((one) => one.seconds), y: range(bars.length), hoverinfo: "skip",
      text: bars.map((one) => time(one.seconds)), textposition: "outside", cliponaxis: false, textfont: { color: css("--text") },
      marker: { color: bars.map((one) => (one.name === "saved" ? "rgba(0,0,0,0)" : paint(one))), line: { width: 1.5, color: bars.map(paint) } },
    }],
    layout: {
      margin: { l: room(bars.map((one) => one.label)), r: 70, t: 8, b: 8 }, bargap: 0.35, dragmode: false, xaxis: { visible: false, range: [0, Math.max(...bars.map((one) => one.seconds)) * 1.02 || 1], fixedrange: true },
      yaxis: { tickmode: "array", tickvals: range(bars.length), ticktext: bars.map((one) => one.label), fixedrange: true, showgrid: false },
    },
  };
}, 90 + 32 * (data.cost.length + (data.saved > 0 ? 1 : 0)));

for (const [price, found] of Object.entries(data.fronts)) drawing(`front-${price}`, () => {
  const unit = price === "seconds" ? "device seconds" : "parameters that train", cost = new Map(found.trial.map((trial, i) => [trial, found.cost[i]]));
  const at = (trial) => cost.get(trial), worthOf = (trial) => T.value[trial];
  const text = (trial) => `${T.id[trial]} (${T.state[trial]}): ${number(T.value[trial])} at ${number(at(trial))} ${unit}`;
  const front = new Set(found.front), rest = found.trial.filter((trial) => !front.has(trial));
  const worth = found.trial.map((trial) => T.value[trial]), seen = ends(worth, found.front.slice(-1).map((trial) => T.value[trial]));
  const least = Math.min(...found.cost), most = Math.max(...found.cost), wide = least > 0 && most / least > 30;
  const line = {
    type: "scatter", mode: "lines+markers", x: found.front.map(at), y: found.front.map(worthOf), text: found.front.map((trial) => plain(text(trial))), hoverinfo: "text",
    name: "the front", line: { shape: "hv", color: css("--text"), width: 2 }, marker: { size: 8, color: css("--text") },
  };
  return {
    ...together(painted(rest, (trial) => colour(T.state[trial]), at, worthOf, text, { size: 5, opacity: 0.5, name: "beaten", legendgroup: "beaten" }), { traces: [line], shapes: [] }),
    layout: {
      showlegend: true, annotations: outside(worth, seen), yaxis: { title: { text: plain(data.metric) }, range: seen },
      xaxis: { title: { text: unit }, ...(wide ? axisOf({ log: true, low: least, high: most }) : { rangemode: "tozero", nticks: 6 }) },
    },
  };
});

// A parameter against itself says nothing: the other axis takes what this one had.
const pair = [$("contour-x"), $("contour-y")];
pair.forEach((field, place) => {
  if (!field) return;
  let before = field.value;
  field.addEventListener("change", () => {
    if (pair[1 - place].value === field.value) { pair[1 - place].value = before; pair[1 - place].dispatchEvent(new Event("change")); }
    before = field.value;
  });
});
for (const [id, redrawn] of [["course-x", ["course"]], ["slices-at", P.map((_, index) => `slice-${index}`)], ["contour-x", ["contour"]], ["contour-y", ["contour"]], ["contour-at", ["contour"]]]) {
  $(id)?.addEventListener("change", () => redrawn.forEach(redraw));
}
listeners.push(() => redraw("curves"));
