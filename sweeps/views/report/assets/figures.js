const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
const drawings = [];

function layout(more) {
  const axis = { gridcolor: css("--grid"), linecolor: css("--line"), zeroline: false, automargin: true, ticks: "" };
  const coarse = matchMedia("(pointer: coarse)").matches;
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", dragmode: coarse ? false : "zoom",
    font: { family: "system-ui, sans-serif", size: 12, color: css("--text") },
    margin: { l: 8, r: 8, t: 28, b: 8, pad: 2 }, hovermode: "closest", showlegend: false,
    hoverlabel: { bgcolor: css("--panel"), bordercolor: css("--line"), font: { color: css("--text"), size: 12 }, align: "left" },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", itemclick: "toggle" },
    ...more, xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis },
  };
}

/** Where to draw, how: `make` gives traces and layout. */
function drawing(id, make, height) {
  const place = $(`plot-${id}`);
  if (!place) return;
  drawings.push({ id, draw() {
    const made = make();
    if (height) place.style.height = `${height}px`;
    Plotly.react(place, made.traces, layout(made.layout), CONFIG);
    place.dataset.drawn = "1";
  } });
}
const redraw = (id) => drawings.filter((one) => one.id === id).forEach((one) => one.draw());

function axisOf(param) {
  if (param.choices) {
    const short = param.choices.map((label) => plain(label.length > 16 ? `${label.slice(0, 15)}…` : label));
    return { tickmode: "array", tickvals: range(short.length), ticktext: short, range: [-0.5, short.length - 0.5] };
  }
  if (param.log) {
    const low = Math.log10(param.low), high = Math.log10(param.high), room = (high - low || 1) * 0.04;
    const found = marks(param);
    return { type: "log", range: [low - room, high + room], tickmode: "array", tickvals: found, ticktext: found.map(number), tickangle: 0 };
  }
  const room = (param.high - param.low || 1) * 0.04;
  const found = marks(param);
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
  return {
    traces: [
      { name: "best of each trial", type: "scatter", mode: "markers", x: bests.map(at), y: bests.map((step) => step[2]),
        marker: { size: 5, color: bests.map((step) => colour(T.state[step[0]])), opacity: 0.45 }, text: bests.map(hover), hoverinfo: "text" },
      { name: "best so far", type: "scatter", mode: "lines+markers", ...line, line: { shape: "hv", color: css("--text"), width: 2 },
        marker: { size: steps.map(() => 6).concat(0), color: css("--text") }, text: last, hoverinfo: "text" },
    ],
    layout: {
      showlegend: true, xaxis: { title: { text: COURSE[by] }, rangemode: "tozero" },
      yaxis: { title: { text: plain(data.metric) }, range: shown }, annotations: outside(values, shown),
    },
  };
});

drawing("curves", () => {
  const traces = [], values = [];
  const states = [...new Set(T.state)].sort((a, b) => STATES.indexOf(b) - STATES.indexOf(a));
  const curve = (place) => data.curves[place];
  const draw = (places, style) => {
    const x = [], y = [], text = [];
    for (const place of places) {
      const [reports, found] = curve(place);
      reports.forEach((report, i) => { x.push(report); y.push(found[i]); text.push(plain(`${T.id[place]} report ${report}: ${number(found[i])}`)); });
      x.push(null); y.push(null); text.push("");
    }
    traces.push({ type: "scatter", mode: "lines", x, y, text, hoverinfo: "text", ...style });
    const last = places.filter((place) => curve(place)[0].length);
    traces.push({
      type: "scatter", mode: "markers", x: last.map((place) => curve(place)[0].slice(-1)[0]), y: last.map((place) => curve(place)[1].slice(-1)[0]),
      text: last.map((place) => plain(describe(place))), hoverinfo: "text", showlegend: false, legendgroup: style.legendgroup,
      opacity: style.opacity, marker: { size: Math.max(4, 2 * style.line.width), color: style.line.color },
    });
  };
  for (const state of states) {
    const places = range(N).filter((place) => T.state[place] === state && passes[place] && place !== data.winner && curve(place)[0].length);
    if (!places.length) continue;
    const faded = state === "stopped" || state === "failed" || state === "diverged";
    draw(places, { name: state, legendgroup: state, opacity: faded ? (N > 200 ? 0.3 : 0.55) : 0.9, line: { color: colour(state), width: faded ? 1 : 1.5 } });
  }
  for (const place of chosen.marked) draw([place], { name: T.id[place], legendgroup: "marked", opacity: 1, line: { color: css("--mark"), width: 2.5 } });
  if (data.winner !== null && passes[data.winner]) draw([data.winner], { name: `winner ${T.id[data.winner]}`, legendgroup: "winner", opacity: 1, line: { color: css("--winner"), width: 3 } });
  data.curves.forEach(([, found]) => values.push(...found));
  const seen = ends(values, data.winner === null ? [] : [T.value[data.winner]]), farthest = Math.max(1, ...T.reached);
  return { traces, layout: {
    showlegend: true, annotations: outside(values, seen), yaxis: { title: { text: plain(data.metric) }, range: seen },
    xaxis: { title: { text: "report" }, range: [1 - 0.03 * farthest, farthest * 1.03], nticks: 12, tickformat: "d" },
  } };
});

drawing("importance", () => {
  const shown = [...data.importance].reverse();
  return {
    traces: [{
      type: "bar", orientation: "h", x: shown.map((one) => one.share), y: range(shown.length),
      text: shown.map((one) => `${(100 * one.share).toFixed(0)}%${one.told ? "" : ", not told from chance"}`), textposition: "outside", cliponaxis: false,
      textfont: { color: css("--text") }, hoverinfo: "skip",
      marker: { color: shown.map((one) => (one.told ? css("--finished") : "rgba(0,0,0,0)")), line: { width: 1.5, color: shown.map((one) => css(one.told ? "--finished" : "--stopped")) } },
    }],
    layout: {
      margin: { l: 8, r: 150, t: 8, b: 8 }, bargap: 0.35, dragmode: false, xaxis: { visible: false, range: [0, Math.max(...shown.map((one) => one.share)) * 1.02], fixedrange: true },
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
  const group = (places, style) => ({
    type: "scatter", mode: "markers", x: places.map(spread), y: places.map((place) => values[place]), hoverinfo: "text",
    text: places.map((place) => plain(`${T.id[place]}: ${valueText(index, place)}, ${number(values[place])}`)), ...style,
  });
  const size = there.length > 300 ? 4 : 6, faint = (place) => best && T.state[place] !== "finished";
  const rest = there.filter((place) => place !== data.winner);
  const seen = ends(there.map((place) => values[place]), best ? [T.value[data.winner]] : []);
  return {
    traces: [
      group(rest.filter(faint), { marker: { size, color: css("--stopped"), opacity: there.length > 300 ? 0.35 : 0.5 } }),
      group(rest.filter((place) => !faint(place)), { marker: { size: size + 1, color: css("--finished"), opacity: 0.75 } }),
      group(there.filter((place) => place === data.winner), { marker: { size: 11, symbol: "diamond", color: css("--winner"), line: { width: 1, color: css("--page") } } }),
    ],
    layout: { margin: { l: 8, r: 8, t: 8, b: 8 }, xaxis: axisOf(param), yaxis: { range: seen, nticks: 5 } },
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
      text: bars.map((one) => `${Number(one.seconds.toPrecision(3))} s`), textposition: "outside", cliponaxis: false, textfont: { color: css("--text") },
      marker: { color: bars.map((one) => (one.name === "saved" ? "rgba(0,0,0,0)" : paint(one))), line: { width: 1.5, color: bars.map(paint) } },
    }],
    layout: {
      margin: { l: 8, r: 70, t: 8, b: 8 }, bargap: 0.35, dragmode: false, xaxis: { visible: false, range: [0, Math.max(...bars.map((one) => one.seconds)) * 1.02 || 1], fixedrange: true },
      yaxis: { tickmode: "array", tickvals: range(bars.length), ticktext: bars.map((one) => one.label), fixedrange: true, showgrid: false },
    },
  };
}, 90 + 32 * (data.cost.length + (data.saved > 0 ? 1 : 0)));

for (const [price, found] of Object.entries(data.fronts)) drawing(`front-${price}`, () => {
  const unit = price === "seconds" ? "device seconds" : "parameters that train", cost = new Map(found.trial.map((trial, i) => [trial, found.cost[i]]));
  const group = (trials, style) => ({
    type: "scatter", x: trials.map((trial) => cost.get(trial)), y: trials.map((trial) => T.value[trial]), hoverinfo: "text",
    text: trials.map((trial) => plain(`${T.id[trial]} (${T.state[trial]}): ${number(T.value[trial])} at ${number(cost.get(trial))} ${unit}`)), ...style,
  });
  const rest = found.trial.filter((trial) => !found.front.includes(trial));
  const worth = found.trial.map((trial) => T.value[trial]), seen = ends(worth, found.front.slice(-1).map((trial) => T.value[trial]));
  const least = Math.min(...found.cost), most = Math.max(...found.cost), wide = least > 0 && most / least > 30;
  return {
    traces: [
      group(rest, { mode: "markers", marker: { size: 5, color: rest.map((trial) => colour(T.state[trial])), opacity: 0.5 }, name: "beaten" }),
      group(found.front, { mode: "lines+markers", line: { shape: "hv", color: css("--text"), width: 2 }, marker: { size: 8, color: css("--text") }, name: "the front" }),
    ],
    layout: {
      showlegend: true, annotations: outside(worth, seen), yaxis: { title: { text: plain(data.metric) }, range: seen },
      xaxis: { title: { text: unit }, ...(wide ? axisOf({ log: true, low: least, high: most }) : { rangemode: "tozero", nticks: 6 }) },
    },
  };
});

for (const [id, redrawn] of [["course-x", ["course"]], ["slices-at", P.map((_, index) => `slice-${index}`)], ["contour-x", ["contour"]], ["contour-y", ["contour"]], ["contour-at", ["contour"]]]) {
  $(id)?.addEventListener("change", () => redrawn.forEach(redraw));
}
listeners.push(() => redraw("curves"));
