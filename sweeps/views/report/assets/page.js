function drawAll() { drawings.forEach((one) => one.draw()); }

// Light, dark, or as the system has it.
const THEMES = ["auto", "light", "dark"];
function store(kind, key, value) { try { kind().setItem(key, value); } catch { /* a page from a file may not remember */ } }
function stored(kind, key) { try { return kind().getItem(key); } catch { return null; } }
const theme = $("theme");
function paint(name) {
  if (name === "auto") delete root.dataset.theme; else root.dataset.theme = name;
  theme.textContent = `Theme: ${name}`;
}
theme.hidden = false;
theme.addEventListener("click", () => {
  const now = THEMES[(THEMES.indexOf(root.dataset.theme || "auto") + 1) % THEMES.length];
  paint(now);
  store(() => localStorage, "sweeps-theme", now);
  drawAll();
});
paint(THEMES.includes(stored(() => localStorage, "sweeps-theme")) ? stored(() => localStorage, "sweeps-theme") : "auto");
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentNode.querySelector("code");
    try { await navigator.clipboard.writeText(code.textContent); button.textContent = "Copied"; } catch {
      getSelection().selectAllChildren(code); // where a page may not write to the clipboard
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

// On paper: in light colours, as wide as a page, with everything open.
let before = null;
addEventListener("beforeprint", () => {
  if (before) return;
  before = { theme: root.dataset.theme, open: [...document.querySelectorAll("details")].map((one) => [one, one.open]) };
  root.dataset.theme = "light";
  root.classList.add("printing");
  for (const [details] of before.open) { if (details.dataset.table && !details.classList.contains("long")) fill(details); details.open = true; }
  drawAll();
});
addEventListener("afterprint", () => {
  if (!before) return;
  if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
  for (const [details, open] of before.open) details.open = open;
  root.classList.remove("printing");
  before = null;
  drawAll();
});

// A page that is made again while the sweep goes on comes back as it was left.
const KEY = `sweeps-report ${location.pathname}`;
const fields = () => [...document.querySelectorAll("select, #filter, #filters input")];
const folds = () => [...document.querySelectorAll("details")];
if (root.dataset.watched) {
  const saved = JSON.parse(stored(() => sessionStorage, KEY) || "null");
  if (saved) {
    fields().forEach((field) => {
      const known = saved.fields[field.id || field.value];
      if (known === undefined) return;
      if (field.type === "checkbox") field.checked = known;
      else if (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === known)) field.value = known;
    });
    folds().forEach((details, place) => { details.open = Boolean(saved.open[place]); });
    saved.marked.forEach((id) => { if (T.id.includes(id)) chosen.marked.add(T.id.indexOf(id)); });
    saved.brushes.forEach(([name, kept]) => {
      const index = AXES.findIndex((axis) => axis.name === name);
      if (index >= 0) chosen.brushes.set(index, kept.choices ? { choices: new Set(kept.choices) } : { low: kept.low ?? -Infinity, high: kept.high ?? Infinity });
    });
    if (typeof fillNarrow === "function") fillNarrow();
    if (body) $("filters").dispatchEvent(new Event("change"));
    history.scrollRestoration = "manual";
    scrollTo(0, saved.scroll);
  }
  addEventListener("pagehide", () => store(() => sessionStorage, KEY, JSON.stringify({
    scroll: scrollY, open: folds().map((details) => details.open), marked: [...chosen.marked].map((place) => T.id[place]),
    fields: Object.fromEntries(fields().map((field) => [field.id || field.value, field.type === "checkbox" ? field.checked : field.value])),
    brushes: [...chosen.brushes].map(([index, kept]) => [AXES[index].name, kept.choices ? { choices: [...kept.choices] } : { low: finite(kept.low) ? kept.low : null, high: finite(kept.high) ? kept.high : null }]),
  })));
}

if (matchMedia("(max-width: 1099px)").matches) document.querySelector("nav details").open = false;

// One figure at a time, so that the page can be read and scrolled meanwhile.
(function next(place) {
  // The table of a thousand rows is laid out last, so that no figure has to wait for it.
  if (place === drawings.length) document.querySelector(".scroll.high")?.classList.add("ready");
  if (place === drawings.length) { root.dataset.drawn = String(Math.round(performance.now())); return; }
  drawings[place].draw();
  setTimeout(next, 0, place + 1);
})(0);
