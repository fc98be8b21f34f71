const body = document.querySelector("#all-trials tbody");
const rows = body ? [...body.rows] : [];
const places = new Map(rows.map((row, place) => [row, place])); // of the trials, however they are sorted
const texts = rows.map((row) => row.textContent.toLowerCase());

const SIGNS = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

/** What the filter says of a trial: `name=value`, `name<value` and so on, or any text of its row. */
function matches(place, word) {
  const [, name, sign, wanted] = word.match(/^(.+?)(<=|>=|!=|==?|<|>)(.*)$/s) || [];
  if (sign === undefined) return texts[place].includes(word);
  if (name === "state") return (T.state[place] === wanted) === (sign !== "!=");
  const index = P.findIndex((param) => [param.name, param.short].some((one) => one.toLowerCase() === name));
  const metric = [data.metric.toLowerCase(), "value"].includes(name);
  if (index < 0 && !metric) return texts[place].includes(word);
  const value = metric ? T.value[place] : T.params[index][place];
  if (value === null) return wanted === "inactive" && sign !== "!=";
  const label = !metric && P[index].choices ? P[index].choices[value].toLowerCase() : null;
  const known = label === null ? value : Number(label);
  if (SIGNS[sign]) return SIGNS[sign](known, Number(wanted));
  const same = label === null ? Math.abs(value - Number(wanted)) <= Math.abs(value) * 5e-3 : label === wanted;
  return same === (sign !== "!=");
}

/** The words of the filter; those that name trials are taken together, of the others all must hold. */
function wordsOf(text) {
  const words = text.toLowerCase().replace(/\s*(<=|>=|!=|==?|<|>)\s*/g, "$1").split(/[\s,]+/).filter((word) => word && word !== "and");
  return { named: words.filter((word) => /^t\d{4,}$/.test(word)), rest: words.filter((word) => !/^t\d{4,}$/.test(word)) };
}

function refilter() {
  const { named, rest } = wordsOf(chosen.text);
  const asked = (place) => (!named.length || named.includes(T.id[place])) && rest.every((word) => matches(place, word));
  passes = range(N).map((place) => (!chosen.states || chosen.states.has(T.state[place])) && brushed(place) && asked(place));
  rows.forEach((row) => { row.hidden = !passes[places.get(row)]; });
  const left = passes.filter(Boolean).length;
  if ($("count")) $("count").textContent = `${left} of ${N} trials`;
  for (const shown of document.querySelectorAll(".shown")) {
    shown.firstChild.textContent = left === N ? `Showing all ${N} trials.` : `Showing ${left} of ${N} trials.`;
    shown.querySelector("button").hidden = left === N;
  }
  listeners.forEach((listener) => listener());
}
for (const button of document.querySelectorAll(".shown button")) button.addEventListener("click", () => $("filters").reset());

function mark(place) {
  if (chosen.marked.has(place)) chosen.marked.delete(place); else chosen.marked.add(place);
  rows.forEach((row) => row.querySelector("button").setAttribute("aria-pressed", String(chosen.marked.has(places.get(row)))));
  listeners.forEach((listener) => listener());
}

function sort(head) {
  const column = head.cellIndex, now = head.getAttribute("aria-sort"), best = up && head.textContent.trim() === data.metric;
  const falling = best ? now !== "descending" : now === "ascending"; // the best first
  for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const key = (row) => {
    const text = row.cells[column].textContent;
    if (!head.classList.contains("number")) return text;
    const value = Number(text.replace(/,/g, ""));
    return Number.isNaN(value) ? null : value;
  };
  const keyed = rows.map((row, place) => [key(row), place, row]);
  const absent = (value) => value === null || value === "";
  keyed.sort(([a, i], [b, j]) => {
    if (absent(a) || absent(b)) return absent(a) - absent(b) || i - j; // what has no value is last, whichever way
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
    return (falling ? -order : order) || i - j;
  });
  body.append(...keyed.map(([, , row]) => row));
}

if (body) {
  $("count").textContent = `${N} of ${N} trials`;
  document.querySelector("#all-trials thead").addEventListener("click", (event) => { if (event.target.tagName === "BUTTON") sort(event.target.closest("th")); });
  body.addEventListener("click", (event) => { if (event.target.tagName === "BUTTON") mark(places.get(event.target.closest("tr"))); });
  const form = $("filters");
  const read = () => {
    chosen.text = $("filter").value;
    const boxes = [...form.querySelectorAll("input[name=state]")];
    chosen.states = boxes.every((box) => box.checked) ? null : new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    refilter();
  };
  let waiting = null;
  $("filter").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(read, 120); });
  form.addEventListener("change", read);
  form.addEventListener("submit", (event) => { event.preventDefault(); read(); });
  form.addEventListener("reset", () => setTimeout(() => { chosen.brushes.clear(); fillNarrow(); read(); }));
}

// Tables of what a figure shows, made when they are asked for.
const TABLES = {
  trials: () => [["trial", "state", data.metric, ...P.map((param) => param.name)], range(N).map((place) => [T.id[place], T.state[place], number(T.value[place]), ...P.map((_, index) => valueText(index, place))])],
  curves: () => {
    const reports = [...new Set(data.curves.flatMap(([found]) => found))].sort((a, b) => a - b);
    const line = (place) => { const [found, values] = data.curves[place], at = new Map(found.map((one, i) => [one, values[i]])); return reports.map((one) => (at.has(one) ? number(at.get(one)) : "")); };
    return [["trial", ...reports.map((report) => `report ${report}`)], range(N).map((place) => [T.id[place], ...line(place)])];
  },
  contour: () => {
    const pair = [Number($("contour-x").value), Number($("contour-y").value)], values = levelValues("contour-at");
    return [["trial", ...pair.map((index) => P[index].name), data.metric], range(N).filter((place) => finite(values[place])).map((place) => [T.id[place], ...pair.map((index) => valueText(index, place)), number(values[place])])];
  },
};

function fill(details) {
  details.querySelector(".scroll")?.remove();
  const [heads, found] = TABLES[details.dataset.table]();
  const title = `${details.querySelector("summary").textContent}: ${found.length} trials`;
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const lines = found.map((line) => element("tr", {}, ...line.map((text, place) => (place ? element("td", {}, text) : element("th", { scope: "row" }, text)))));
  const table = element("table", {}, element("caption", {}, title), element("thead", {}, head), element("tbody", {}, ...lines));
  details.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table));
}
for (const details of document.querySelectorAll("details[data-table]")) {
  // On paper, long ones are left out: the table of all trials is there.
  if (N > 60 || details.dataset.table === "trials") details.classList.add("long");
  details.addEventListener("toggle", () => { if (details.open) fill(details); });
}
