const data = JSON.parse(document.getElementById("payload").textContent);
const T = data.trials, N = T.id.length, P = data.params;
const up = data.goal === "maximize";
const root = document.documentElement;
const $ = (id) => document.getElementById(id);
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const range = (count) => Array.from({ length: count }, (_, place) => place);
// Plotly reads a few tags in texts; nothing that people named may be one.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const STATES = ["finished", "running", "stopped", "failed", "diverged"];
const colour = (state) => css(STATES.includes(state) ? `--${state}` : "--other");
const finite = (value) => value !== null && value !== undefined && Number.isFinite(value);

function number(value) {
  if (!finite(value)) return "-";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace(/\.?0*e\+?/, "e");
  return String(Number(value.toPrecision(size >= 1000 ? 6 : 4)));
}

/** Seconds, for people. */
function time(seconds) {
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3600).toPrecision(3))} h`;
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** What a parameter of a trial is, for people. */
function valueText(param, place) {
  const value = T.params[param][place];
  if (value === null) return "inactive";
  return P[param].choices ? P[param].choices[value] : number(value);
}

function describe(place) {
  const params = P.map((param, index) => `${param.short}=${valueText(index, place)}`).join("  ");
  return `${T.id[place]} (${T.state[place]})  ${data.metric}=${number(T.value[place])}  ${params}`;
}

/** The ends of an axis that shows what matters: single bad values lie outside, and all that `keep` has inside. */
function ends(values, keep = []) {
  const sorted = values.filter(finite).sort((a, b) => a - b);
  if (!sorted.length) return undefined;
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const spread = at(0.9) - at(0.1) || Math.abs(at(0.5)) * 0.1 || 1;
  let low = Math.max(sorted[0], at(0.1) - 1.2 * spread), high = Math.min(sorted[sorted.length - 1], at(0.9) + 1.2 * spread);
  for (const value of keep.filter(finite)) { low = Math.min(low, value); high = Math.max(high, value); }
  const room = (high - low || Math.abs(high) * 0.1 || 1) * 0.06;
  return [low - room, high + room];
}

// Cividis, which is the same to all eyes: Nuñez, Anderton, Renslow (2018).
const CIVIDIS = [[0, 32, 76], [0, 66, 107], [84, 91, 108], [124, 123, 120], [164, 156, 116], [209, 193, 95], [255, 233, 69]];
function shade(share) {
  const place = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1), low = Math.min(Math.floor(place), CIVIDIS.length - 2);
  const mixed = CIVIDIS[low].map((from, i) => Math.round(from + (CIVIDIS[low + 1][i] - from) * (place - low)));
  return `rgb(${mixed.join(",")})`;
}
const SCALE = range(7).map((place) => [place / 6, shade(place / 6)]);

/** From 0, the worst, to 1, the best, by rank: for colours. */
function ranks(values) {
  const known = range(values.length).filter((place) => finite(values[place]));
  known.sort((a, b) => (up ? values[a] - values[b] : values[b] - values[a]));
  const found = new Array(values.length).fill(0);
  known.forEach((place, rank) => { found[place] = known.length > 1 ? rank / (known.length - 1) : 1; });
  return found;
}

// What passes the filters, and what was marked: all drawings of trials hear of it.
const chosen = { text: "", states: null, brushes: new Map(), marked: new Set() };
let passes = new Array(N).fill(true);
const listeners = [];

/** Says how many values an axis leaves out, and how to see them. */
function outside(values, shown) {
  const left = shown ? values.filter((value) => finite(value) && (value < shown[0] || value > shown[1])).length : 0;
  if (!left) return [];
  const low = values.some((value) => finite(value) && value < shown[0]);
  const text = `${left} ${left > 1 ? "values" : "value"} ${low ? "below" : "above"}: double click for all`;
  return [{ text, xref: "paper", yref: "paper", x: 1, y: low ? 0.01 : 0.99, xanchor: "right", yanchor: low ? "bottom" : "top", showarrow: false, font: { size: 11, color: css("--muted") }, bgcolor: css("--page") }];
}

/** Round places on an axis, with what to write there: decades and their halves where it is logarithmic. */
function marks(axis, most = 6) {
  if (axis.log) {
    const first = Math.floor(Math.log10(axis.low) + 1e-9), last = Math.ceil(Math.log10(axis.high) - 1e-9);
    const inside = (values) => values.filter((value) => value >= axis.low * 0.999 && value <= axis.high * 1.001);
    const decades = range(last - first + 1).map((place) => 10 ** (first + place));
    for (const times of [[1, 2, 5], [1, 3], [1]]) {
      const found = inside(decades.flatMap((decade) => times.map((one) => one * decade)));
      if (found.length <= most) return found;
    }
    const found = inside(decades), every = Math.ceil(found.length / most);
    return found.filter((_, place) => place % every === 0);
  }
  const rough = (axis.high - axis.low) / (most - 1) || 1, power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  if (axis.whole) step = Math.max(1, Math.round(step));
  const first = Math.ceil(axis.low / step - 1e-9), count = Math.floor(axis.high / step + 1e-9) - first + 1;
  return range(Math.max(count, 0)).map((place) => Number(((first + place) * step).toPrecision(12)));
}
